"""What Python's e-mail parser reads in our mails is what went into them."""
import datetime
import email
import email.header
import email.policy
import email.utils
import os
import subprocess
import sys

COMPOSE = os.path.join(os.environ["builddir"], "tests/gateway/compose")
SENDERS = [
    ("no-reply@example.com", "", "no-reply@example.com"),
    ("AFFO <no-reply@example.com>", "AFFO", "no-reply@example.com"),
    ('"AFFO, Inc." <no-reply@example.com>', "AFFO, Inc.", "no-reply@example.com"),
    ('"A \\"B\\" C" <no-reply@example.com>', 'A "B" C', "no-reply@example.com"),
    ("Möbel <no-reply@bücher.example>", "Möbel", "no-reply@xn--bcher-kva.example"),
    ("株式会社アフォ" * 9 + " <a@example.com>", "株式会社アフォ" * 9, "a@example.com"),
    ("A " * 60 + "<" + "a" * 60 + "@example.com>", ("A " * 60).strip(), "a" * 60 + "@example.com"),
]
SUBJECTS = [
    "Password reset required", "", "a  b", " a", "a ", "=?UTF-8?B?YQ==?=", "Zoë's =?x", "a" * 300,
    "Пароль " * 40, "word " * 80 + "end", "𝄞" * 100,
]
TEXTS = [
    "", "Hello", "Hello\nworld\n", "a=b = c\n.\n..\nFrom me\n", "trailing \t\n \n", "ü" * 500,
    "long " * 300, "x" * 5000, "https://example.com/?t=" + "Ab-_" * 200 + "\n",
]
HTML = "<p>Zoë &amp; co.</p>\n" * 50

results = []


def compose(*arguments):
    return subprocess.run([COMPOSE, *arguments], stdout=subprocess.PIPE, check=True).stdout


def parse(raw):
    assert raw.replace(b"\r\n", b"").count(b"\n") == 0, "a bare LF"
    assert all(len(line) <= 998 for line in raw.split(b"\r\n")), "a line over 998 bytes"
    assert raw.isascii(), "a byte over 127"
    message = email.message_from_bytes(raw, policy=email.policy.default)
    defects = [defect for part in message.walk() for defect in part.defects]
    assert not defects, defects
    return message


def lines(text):
    """The text as a mail has it: its last line is ended."""
    return text if text == "" or text.endswith("\n") else text + "\n"


def body_of(part):
    return part.get_content().replace("\r\n", "\n")


def check(function):
    try:
        function()
        results.append((function.__name__, None))
    except Exception as error:  # every failure becomes a line of TAP
        results.append((function.__name__, repr(error)))


def the_sender_is_read_back():
    for sender, name, address in SENDERS:
        raw = compose(sender, "u@example.com", "s", "t")
        parse(raw)
        # The older interface: the newer one leaves blanks between encoded words of a name.
        header = email.message_from_bytes(raw)["From"].replace("\r\n", "")
        display, got = email.utils.parseaddr(header)
        display = str(email.header.make_header(email.header.decode_header(display)))
        assert (display, got) == (name, address), (display, got)


def the_recipient_is_read_back_with_an_ascii_domain():
    for recipient, address in [("U.ser+tag@Example.com", "U.ser+tag@example.com"),
                               ("u@bücher.example", "u@xn--bcher-kva.example")]:
        found = parse(compose("a@example.com", recipient, "s", "t"))["To"].addresses
        assert [one.addr_spec for one in found] == [address], found


def every_subject_is_read_back():
    for subject in SUBJECTS:
        got = parse(compose("a@example.com", "u@example.com", subject, "t"))["Subject"]
        assert got == subject, (got, subject)


def every_text_is_read_back():
    for text in TEXTS:
        message = parse(compose("a@example.com", "u@example.com", "s", text))
        assert message.get_content_type() == "text/plain"
        assert body_of(message) == lines(text), (body_of(message), text)


def html_is_the_last_alternative():
    for text in TEXTS[1:]:
        message = parse(compose("a@example.com", "u@example.com", "s", text, HTML))
        assert message.get_content_type() == "multipart/alternative"
        parts = list(message.iter_parts())
        assert [part.get_content_type() for part in parts] == ["text/plain", "text/html"], parts
        assert body_of(parts[0]).rstrip("\n") == text.rstrip("\n"), body_of(parts[0])
        assert body_of(parts[1]) == HTML


def date_and_ids_are_the_letters():
    message = parse(compose("A <a@example.com>", "u@example.com", "s", "t"))
    at = datetime.datetime(2026, 11, 22, 12, 31, 12, tzinfo=datetime.timezone.utc)
    assert message["Date"].datetime == at
    assert message["Message-ID"] == "<MDEyMzQ1Njc4OWFiY2Rl-_@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"


for test in [the_sender_is_read_back, the_recipient_is_read_back_with_an_ascii_domain,
             every_subject_is_read_back, every_text_is_read_back, html_is_the_last_alternative,
             date_and_ids_are_the_letters]:
    check(test)
print(f"1..{len(results)}")
for number, (name, fault) in enumerate(results, 1):
    print(f"{'not ok' if fault else 'ok'} {number} - {name}")
    if fault:
        print(f"# {fault}")
sys.exit(any(fault for _, fault in results))
