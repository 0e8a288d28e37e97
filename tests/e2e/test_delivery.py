"""Messages on their way to gateways that are AFFO services, or broken."""
import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from gateways import Affo  # noqa: E402
from harness import Site, run, wait_for  # noqa: E402

gateway = Affo()
site = Site(gateways=gateway.conf("a"), settings='verification: { bad_recipient_time = "2h"; };')


def ask(phone):
    return site.post("/verification/phone/", {"phone": phone})


def outbox(phone):
    """The messages to that phone as affo-userctl lists them, newest first."""
    return [row for row in json.loads(site.ctl("outbox", "list", "--json").stdout)
            if row["recipient"] == phone]


def wait_state(phone, state):
    return wait_for(lambda: [row for row in outbox(phone)[:1] if row["state"] == state],
                    f"the state {state}")[0]


def test_a_bad_number_is_remembered_for_the_configured_time():
    phone = site.new_phone()
    gateway.answer = 400, {"code": "InvalidPhone", "description": "no such number"}
    assert ask(phone).status == 200
    assert wait_state(phone, "rejected")["result"] == "bad_recipient: InvalidPhone"
    gateway.answer = 201, {}
    answer = ask(phone)
    assert (answer.status, answer.code) == (400, "InvalidPhone"), answer
    try:
        site.set_clock(2 * 3600 - 60)
        assert ask(phone).code == "InvalidPhone"
        site.set_clock(2 * 3600 + 60)
        assert ask(phone).status == 200
        wait_for(lambda: len(gateway.bodies(phone)) == 2, "the message")
    finally:
        site.set_clock(0)
    assert len(gateway.bodies(phone)) == 2 and len(outbox(phone)) == 2


run(globals())
