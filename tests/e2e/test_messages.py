"""Password reset and phone verification through the outbox and the file gateway."""
import email
import email.policy
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import Site, run  # noqa: E402

site = Site(settings='verification: { test_recipients = ( "+1234567890" ); test_code = "1111"; };')
TEMPLATE = "https://example.com/reset?token={token}"


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def ask_reset(address, template=TEMPLATE):
    answer = expect(site.post("/password/reset/", {"email": address, "url_template": template}),
                    200)
    assert answer.body == b"" and answer.headers["Content-Type"] is None


def reset_token(address, n=1):
    """The token in the n-th mail to that address."""
    text = site.wait_messages("email", address, n)[n - 1]
    mail = email.message_from_string(text, policy=email.policy.default)
    assert not mail.defects and address in mail["To"], text
    body = mail.get_body(("plain",)).get_content()
    found = re.search(r"https://example\.com/reset\?token=([A-Za-z0-9_-]{43})", body)
    assert found, body
    return found.group(1)


def confirm(token, password="brand new one"):
    return site.post("/password/reset/confirm/", {"token": token, "new_password": password})


def test_a_reset_goes_by_mail_and_works_once():
    user = site.register(first_name="Ann")
    ask_reset(user["email"].upper())
    token = reset_token(user["email"])
    expect(confirm(token, "short"), 400, "ValidationError")
    expect(confirm(token), 200)
    expect(confirm(token), 400, "InvalidToken")
    expect(site.get("/user/current/", user["access_token"]), 403, "BlacklistedError")
    site.login(user["email"], "brand new one")


def test_only_the_newest_reset_token_works():
    user = site.register()
    ask_reset(user["email"])
    first = reset_token(user["email"])
    ask_reset(user["email"])
    second = reset_token(user["email"], 2)
    expect(confirm(first), 400, "InvalidToken")
    expect(confirm(second), 200)


def test_a_reset_token_dies_with_time_and_with_changes():
    user = site.register()
    ask_reset(user["email"])
    token = reset_token(user["email"])
    try:
        site.set_clock(3605)
        expect(confirm(token), 400, "InvalidToken")
    finally:
        site.set_clock(0)
    user = site.register()
    for n, change in enumerate((
            lambda: site.post("/user/current/set_password/", {"password": "another one"},
                              user["access_token"]),
            lambda: site.patch("/user/current/", {"email": site.new_email()},
                               user["access_token"])), 1):
        ask_reset(user["email"])
        token = reset_token(user["email"], n)
        expect(change(), 200, None)
        expect(confirm(token), 400, "InvalidToken")


def test_unknown_and_inactive_addresses_get_the_same_answer_and_no_mail():
    gone, admin = site.register(), site.staff("admin")
    site.delete(f"/user/{gone['id']}/", admin["access_token"])
    ask_reset(gone["email"])
    ask_reset("stranger@example.com")
    known = site.register()
    ask_reset(known["email"])
    reset_token(known["email"])  # asked for later, and it is here
    assert not site.message_files("email", gone["email"])
    assert not site.message_files("email", "stranger@example.com")


def test_whoever_asks_cannot_choose_the_host():
    user = site.register()
    for template in ("https://evil.example/{token}", "https://example.com.evil.example/{token}",
                     "https://example.com@evil.example/{token}", "https://example.com/",
                     "https://example.com/{token}{token}", "https://example.com/ {token}",
                     "http://example.com/{token}", "https://{token}.example.com/",
                     "https://example.com/{token}" + "x" * 2048, "",
                     "https://example.com/é{token}"):
        expect(site.post("/password/reset/", {"email": user["email"], "url_template": template}),
               400, "ValidationError")
    ask_reset(user["email"], "{token}")


def test_bad_confirmations_are_invalid_tokens():
    for token in ("", "x", "A" * 43, "é", "A" * 5000):
        expect(confirm(token), 400, "InvalidToken")
    expect(site.post("/password/reset/confirm/", {"token": 1, "new_password": "long enough"}),
           400, "ValidationError")


def code_of(phone, n=1):
    text = site.wait_messages("sms", phone, n)[n - 1]
    return re.search(r"\b(\d{6})\b", text).group(1)


def ask_code(phone, **more):
    answer = expect(site.post("/verification/phone/", {"phone": phone, **more}), 200)
    assert answer.body == b"" and answer.headers["Content-Type"] is None


def confirm_code(phone, code):
    return site.post("/verification/phone/confirm/", {"phone": phone, "code": code})


def wrong(code):
    return f"{(int(code) + 1) % 1000000:06d}"


def test_a_code_goes_by_sms_and_verifies_the_phone_once():
    phone = site.new_phone()
    user = site.register(phone=phone)
    ask_code(phone[:3] + " (" + phone[3:6] + ") " + phone[6:], resend=None)
    code = code_of(phone)
    expect(confirm_code(phone, wrong(code)), 400, "InvalidPhoneCode")
    expect(confirm_code(phone[1:], code), 200)
    expect(confirm_code(phone, code), 400, "InvalidPhoneCode")
    me = site.get("/user/current/", user["access_token"]).json()
    assert me["phone_verified"] is True
    other = site.patch("/user/current/", {"phone": site.new_phone()}, user["access_token"]).json()
    assert other["phone_verified"] is False


def test_asking_again_sends_the_same_code():
    phone = site.new_phone()
    ask_code(phone)
    ask_code(phone, resend=True)
    assert code_of(phone, 1) == code_of(phone, 2)


def test_five_wrong_guesses_kill_a_code():
    phone = site.new_phone()
    ask_code(phone)
    code = code_of(phone)
    for _ in range(4):
        expect(confirm_code(phone, wrong(code)), 400, "InvalidPhoneCode")
    ask_code(phone)  # four are not five
    assert code_of(phone, 2) == code
    expect(confirm_code(phone, wrong(code)), 400, "InvalidPhoneCode")
    expect(confirm_code(phone, code), 400, "InvalidPhoneCode")


def test_a_code_dies_after_ten_minutes():
    phone = site.new_phone()
    ask_code(phone)
    code = code_of(phone)
    try:
        site.set_clock(605)
        expect(confirm_code(phone, code), 400, "InvalidPhoneCode")
    finally:
        site.set_clock(0)


def test_what_is_no_phone_is_refused():
    for phone in ("", "abc", "+0123456789", "123456", "1" * 16, "+49 171 x", "٤٩١٧١٥٥٥"):
        expect(site.post("/verification/phone/", {"phone": phone}), 400, "InvalidPhone")
    for body in ({}, {"phone": 1}, {"phone": "+4917100000001", "resend": "yes"}):
        expect(site.post("/verification/phone/", body), 400, "ValidationError")
    expect(confirm_code(site.new_phone(), "None"), 400, "InvalidPhoneCode")


def test_test_recipients_have_a_fixed_code_and_get_no_message():
    ask_code("+1234567890")
    expect(confirm_code("+1234567890", "1112"), 400, "InvalidPhoneCode")
    expect(confirm_code("+1234567890", "1111"), 200)
    first, second = site.register(phone="+1234567890"), site.register(phone="1234567890")
    assert first["phone"] == second["phone"] == "+1234567890"
    phone = site.new_phone()
    ask_code(phone)
    code_of(phone)
    assert not site.message_files("sms", "+1234567890")


run(globals())
