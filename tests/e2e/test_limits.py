"""The limits of affo-userd.conf(5) with their defaults, n and n + 1, over all workers."""
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import Site, run  # noqa: E402

DEFAULTS = """limits: { login_account = "10/15m"; login_address = "50/15m";
    register_address = "60/1h"; recipient = "5/1h"; send_address = "30/1h"; };
"""
TEMPLATE = "https://example.com/{token}"


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def refused(answer):
    expect(answer, 429, "TooManyRequests")
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert int(answer.headers["Retry-After"]) >= 1


def parallel(n, work):
    """The statuses of n calls at once, sorted."""
    statuses = []
    threads = [threading.Thread(target=lambda: statuses.append(work().status)) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(statuses)


site = Site(settings=DEFAULTS)


def test_ten_failures_lock_an_account_for_a_quarter_of_an_hour():
    user, other = site.register(), site.register()
    good = {"email": user["email"], "password": site.password}
    for _ in range(20):  # a login that works counts nothing
        expect(site.post("/auth/login/", good), 200)
    # Any spelling of the address is the same account, and many at once are no way round.
    spellings = [user["email"], user["email"].upper()] * 8
    found = parallel(16, lambda: site.post("/auth/login/",
                                           {"email": spellings.pop(), "password": "wrong"}))
    assert found == [401] * 10 + [429] * 6, found
    refused(site.post("/auth/login/", good))
    expect(site.post("/auth/login/", {"email": other["email"], "password": site.password}), 200)
    try:
        site.set_clock(15 * 60 + 5)
        expect(site.post("/auth/login/", good), 200)
    finally:
        site.set_clock(0)


def test_fifty_failures_lock_an_address():
    site.set_clock(2 * 3600)
    try:
        for n in range(50):
            expect(site.post("/auth/login/", {"email": f"n{n}@example.com", "password": "x"}),
                   401, "AuthFailure")
        refused(site.post("/auth/login/", {"email": "n50@example.com", "password": "x"}))
    finally:
        site.set_clock(0)


def test_five_messages_an_hour_for_a_recipient_known_or_not():
    known, phone = site.register()["email"], site.new_phone()
    for address in (known, "unknown@example.com"):
        for _ in range(5):
            expect(site.post("/password/reset/",
                             {"email": address, "url_template": TEMPLATE}), 200)
        refused(site.post("/password/reset/",
                          {"email": address.upper(), "url_template": TEMPLATE}))
    found = parallel(8, lambda: site.post("/verification/phone/", {"phone": phone}))
    assert found == [200] * 5 + [429] * 3, found
    # What was sent before stays good.
    code = site.wait_messages("sms", phone, 5)[4].rsplit(" ", 1)[1].strip()
    expect(site.post("/verification/phone/confirm/", {"phone": phone, "code": code}), 200)


def test_thirty_messages_an_hour_from_an_address():
    site.set_clock(4 * 3600)
    try:
        for _ in range(30):
            expect(site.post("/verification/phone/", {"phone": site.new_phone()}), 200)
        refused(site.post("/verification/phone/", {"phone": site.new_phone()}))
        # What is refused anyway counts nothing.
        expect(site.post("/verification/phone/", {"phone": "x"}), 400, "InvalidPhone")
        site.set_clock(5 * 3600 + 5)
        expect(site.post("/verification/phone/", {"phone": site.new_phone()}), 200)
    finally:
        site.set_clock(0)


def test_sixty_registrations_an_hour_from_an_address():
    site.set_clock(8 * 3600)
    try:
        for _ in range(60):
            expect(site.post("/user/", {"email": site.new_email()}), 201)
        refused(site.post("/user/", {"email": site.new_email()}))
    finally:
        site.set_clock(0)


def test_limits_outlive_a_reload():
    site.set_clock(8 * 3600)
    try:
        pids = set(site.children("affo-userd-worker"))
        site.reload()
        assert not pids & set(site.children("affo-userd-worker"))
        refused(site.post("/user/", {"email": site.new_email()}))
    finally:
        site.set_clock(0)


def test_the_caps_of_sms_from_both_sides():
    caps = Site(settings="""sms: { countries = [ "+49", "+43" ]; per_number = 3; per_address = 9;
        per_prefix = 5; per_day = 7; }; alert_to = "ops@example.com";""")

    def ask(phone):
        return caps.post("/verification/phone/", {"phone": phone})
    for _ in range(3):
        expect(ask("+491701000000"), 200)
    refused(ask("+491701000000"))
    for n in range(2):
        expect(ask(f"+49170200000{n}"), 200)
    refused(ask("+491702000009"))  # five with +4917
    for n in range(2):
        expect(ask(f"+43660100000{n}"), 200)
    answer = ask("+436601000009")  # seven in all
    refused(answer)
    assert int(answer.headers["Retry-After"]) <= 86400
    expect(ask("+17775550100"), 200)  # not a country of ours: the same answer, and no SMS
    # All that is on its way has to arrive before the day is over.
    caps.wait_messages("sms", "+491701000000", 3)
    for phone in ("+491702000000", "+491702000001", "+436601000000", "+436601000001"):
        caps.wait_messages("sms", phone, 1)
    assert not caps.message_files("sms", "+17775550100")
    mails = caps.wait_messages("email", "ops@example.com", 1)
    assert "no SMS to +4917...: sms.per_number was reached" in mails[0], mails
    try:
        caps.set_clock(86400)
        expect(ask("+491701000000"), 200)
        caps.wait_messages("sms", "+491701000000", 4)
    finally:
        caps.set_clock(0)
    assert len(caps.message_files("email", "ops@example.com")) == 1
    caps.stop()


run(globals())
