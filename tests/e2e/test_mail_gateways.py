"""Mail through a real SMTP server (STARTTLS, TLS, AUTH), directly and through msmtp."""
import email
import email.policy
import os
import tempfile

from harness import run
from sending import send
from smtp_server import Server, directory, make_context, path

MSMTP = "/usr/bin/msmtp"

context = make_context("own", "IP:127.0.0.1")
USER = (b"affo", b"s3cret")
LOGIN = {"user": "affo", "password": "s3cret", "ca_file": path("own.pem")}
starttls = Server(starttls=context, user=USER)
plain = Server(answers={"gone@example.com": "550 5.1.1 no such mailbox",
                        "later@example.com": "451 4.7.1 greylisted"})


def assert_mail(envelope, recipient="u@example.com"):
    assert envelope.mail_from == "no-reply@example.com", envelope.mail_from
    assert envelope.rcpt_tos == [recipient], envelope.rcpt_tos
    message = email.message_from_bytes(envelope.content, policy=email.policy.default)
    assert message["Subject"] == "Password reset required", message["Subject"]
    assert message["From"].addresses[0].addr_spec == "no-reply@example.com"
    text = message.get_content().replace("\r\n", "\n")
    assert text == "Zo\u00eb,\n.\n..\nhttps://example.com/?t=a=b\n", text


TEXT = "Zo\u00eb,\n.\n..\nhttps://example.com/?t=a=b\n"


def test_starttls_and_a_login():
    result, detail = send("smtp", starttls.settings("starttls", **LOGIN), "email", text=TEXT)
    assert result == "ok", (result, detail)
    assert_mail(starttls.mails[-1])
    assert starttls.logins[-1][1:] == ("affo", True), starttls.logins


def test_tls_from_the_first_byte():
    server = Server(tls=context)
    result, detail = send("smtp", server.settings("tls", ca_file=path("own.pem")), "email",
                          text=TEXT)
    assert result == "ok", (result, detail)
    assert_mail(server.mails[-1])


def test_a_wrong_password_is_misconfigured():
    result, detail = send("smtp", starttls.settings("starttls", **{**LOGIN, "password": "no"}),
                          "email")
    assert result == "misconfigured", (result, detail)


def test_an_unknown_certificate_is_misconfigured_and_gets_no_password():
    logins = len(starttls.logins)
    settings = {"user": "affo", "password": "s3cret"}
    result, detail = send("smtp", starttls.settings("starttls", **settings), "email")
    assert result == "misconfigured", (result, detail)
    assert len(starttls.logins) == logins


def test_a_certificate_of_another_name_is_misconfigured():
    server = Server(tls=make_context("other", "DNS:other.example"))
    result, detail = send("smtp", server.settings("tls", ca_file=path("other.pem")), "email")
    assert result == "misconfigured", (result, detail)
    assert not server.mails


def test_no_starttls_is_misconfigured():
    mails = len(plain.mails)
    result, detail = send("smtp", plain.settings("starttls"), "email")
    assert result == "misconfigured", (result, detail)
    assert len(plain.mails) == mails


def test_refused_recipients():
    for recipient, expected in [("gone@example.com", "permanent"), ("later@example.com", "later")]:
        result, detail = send("smtp", plain.settings("none"), "email", recipient=recipient)
        assert result == expected, (result, detail)


def test_a_sender_that_must_log_in_is_misconfigured():
    server = Server(user=USER)
    result, detail = send("smtp", server.settings("none"), "email")
    assert result == "misconfigured", (result, detail)


def by_msmtp(port, configuration="", **letter):
    home = tempfile.mkdtemp(dir=directory)
    if port:
        descriptor = os.open(os.path.join(home, ".msmtprc"), os.O_WRONLY | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("account default\nhost 127.0.0.1\n"
                       f"port {port}\ntls off\n{configuration}")
    return send("sendmail", {"path": MSMTP}, "email", environment={"HOME": home}, **letter)


def test_msmtp_takes_a_mail():
    result, detail = by_msmtp(plain.port, text=TEXT)
    assert result == "ok", (result, detail)
    assert_mail(plain.mails[-1])


def test_msmtp_tells_of_its_own_configuration():
    result, detail = by_msmtp(None)
    assert result == "misconfigured", (result, detail)
    assert detail.startswith("exit status 78: msmtp"), detail
    server = Server(user=USER)
    result, detail = by_msmtp(server.port, "auth plain\nuser affo\npassword no\n")
    assert result == "misconfigured", (result, detail)


def test_msmtp_tells_of_a_server_that_is_gone():
    server = Server()
    server.close()
    result, detail = by_msmtp(server.port)
    assert result == "later", (result, detail)


run(globals())
