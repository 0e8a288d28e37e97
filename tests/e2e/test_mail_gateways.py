"""Mail through a real SMTP server (STARTTLS, TLS, AUTH), directly and through msmtp."""
import asyncio
import atexit
import email
import email.policy
import logging
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

from harness import PATIENCE, run
from sending import send

MSMTP = "/usr/bin/msmtp"

# What goes wrong here goes wrong on purpose.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

directory = tempfile.mkdtemp(prefix="affo-mail-")
atexit.register(shutil.rmtree, directory, ignore_errors=True)


def path(name):
    return os.path.join(directory, name)


def make_context(name, subject):
    """A TLS server's context; its certificate, which signs itself, is in NAME.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", path(name + ".key"), "-out", path(name + ".pem"), "-days", "2",
         "-subj", "/CN=peer", "-addext", "subjectAltName=" + subject],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path(name + ".pem"), path(name + ".key"))
    return made


class Server:
    """One SMTP server on a free port, in a thread. user: who must log in; None: anybody may send."""

    def __init__(self, starttls=None, tls=None, user=None, answers=None):
        self.user, self.answers = user, answers or {}
        self.mails, self.logins = [], []
        self.loop = asyncio.new_event_loop()
        self.context = starttls
        ready = threading.Event()

        def serve():
            asyncio.set_event_loop(self.loop)
            self.server = self.loop.run_until_complete(
                self.loop.create_server(self.factory, "127.0.0.1", 0, ssl=tls))
            self.port = self.server.sockets[0].getsockname()[1]
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=serve, daemon=True).start()
        assert ready.wait(PATIENCE)

    def factory(self):
        return SMTP(self, hostname="peer.example", tls_context=self.context,
                    require_starttls=self.context is not None,
                    auth_required=self.user is not None, auth_require_tls=self.context is not None,
                    authenticator=self.authenticate, loop=self.loop)

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((mechanism, data.login.decode(), session.ssl is not None))
        # Not handled: the server shall say 535 itself.
        return AuthResult(success=(data.login, data.password) == self.user, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 OK"

    def close(self):
        async def close():
            self.server.close()
        asyncio.run_coroutine_threadsafe(close(), self.loop).result(PATIENCE)

    def settings(self, tls, **more):
        return {"host": "127.0.0.1", "port": str(self.port), "tls": tls, **more}


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
    assert result == "misconfigured" and detail.startswith("exit status 78: msmtp"), (result, detail)
    server = Server(user=USER)
    result, detail = by_msmtp(server.port, "auth plain\nuser affo\npassword no\n")
    assert result == "misconfigured", (result, detail)


def test_msmtp_tells_of_a_server_that_is_gone():
    server = Server()
    server.close()
    result, detail = by_msmtp(server.port)
    assert result == "later", (result, detail)


run(globals())
