"""From a request to a phone and a mailbox: worker, queue, senders, Kannel and an SMTP server."""
import email
import email.policy
import re

from harness import Site, run, wait_for
from kannel import Kannel
from smtp_server import Server, make_context, path

context = make_context("own", "IP:127.0.0.1")
server = Server(starttls=context, user=(b"affo", b"s3cret"))
kannel = Kannel()
# The first gateway of each ring is one that fails: nobody listens at port 1.
site = Site(start=False, gateways=f"""
{{ name = "sms-dead"; type = "vonage"; channel = "sms"; api_key = "a"; api_secret = "b";
   from = "AFFO"; url = "http://127.0.0.1:1"; }},
{{ name = "kannel"; type = "kannel"; channel = "sms"; username = "affo"; password = "s3cret";
   from = "12345"; url = "http://127.0.0.1:{kannel.ports['sendsms']}/cgi-bin/sendsms"; }},
{{ name = "mail-dead"; type = "smtp"; channel = "email"; host = "127.0.0.1"; port = 1;
   tls = "none"; }},
{{ name = "mail"; type = "smtp"; channel = "email"; host = "127.0.0.1"; port = {server.port};
   user = "affo"; password = "s3cret"; ca_file = "{path('own.pem')}"; }}
""", settings="""
sms: { countries = [ "+49" ]; };
reset: { sender = "Example <no-reply@example.com>"; };
""")
site.start()


def test_a_reset_reaches_the_mailbox():
    user = site.register()
    assert site.post("/password/reset/", {"email": user["email"],
                                          "url_template": "https://example.com/?t={token}"}
                     ).status == 200

    def arrived():
        return [mail for mail in server.mails if mail.rcpt_tos == [user["email"]]]

    found = wait_for(arrived, "the mail")[0]
    assert found.mail_from == "no-reply@example.com", found.mail_from
    mail = email.message_from_bytes(found.content, policy=email.policy.default)
    assert mail["From"].addresses[0].display_name == "Example", mail["From"]
    text = mail.get_body(("plain",)).get_content()
    token = re.search(r"https://example\.com/\?t=([A-Za-z0-9_-]{43})", text).group(1)
    answer = site.post("/password/reset/confirm/", {"token": token, "new_password": "brand new"})
    assert answer.status == 200, answer
    site.login(user["email"], "brand new")


def test_a_code_reaches_the_phone():
    phone = site.new_phone()
    answer = site.post("/verification/phone/", {"phone": phone})
    assert answer.status == 200, answer
    line = kannel.sent(phone)
    code = re.search(r"\b([0-9]{6})\b", line.split(phone, 1)[1]).group(1)
    answer = site.post("/verification/phone/confirm/", {"phone": phone, "code": code})
    assert answer.status == 200, answer


def test_no_secret_of_a_gateway_is_in_the_log():
    assert "s3cret" not in site.log()


run(globals())
