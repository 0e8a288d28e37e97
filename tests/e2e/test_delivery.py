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


def fail_and(command, phone):
    """Asks for a code while the gateway fails, and has an admin hold or cancel the message once it
    has; gives how often it was tried until then. Afterwards the gateway is well again."""
    gateway.answer = 500, {}
    assert ask(phone).status == 200
    name = wait_for(lambda: [row["id"] for row in outbox(phone) if row["attempts"] > 0],
                    "a failed round")[0]
    # It may be under way again.
    wait_for(lambda: site.ctl("outbox", command, name, check=False).returncode == 0, command)
    gateway.answer = 201, {}
    site.ctl("gateway", "enable", "a")
    return name, len(gateway.bodies(phone))


def test_a_held_message_is_not_sent_until_it_is_released():
    phone, other = site.new_phone(), site.new_phone()
    name, tried = fail_and("hold", phone)
    try:
        site.set_clock(120)  # it would be due long since
        assert ask(other).status == 200
        wait_state(other, "sent")
        assert outbox(phone)[0]["state"] == "held" and len(gateway.bodies(phone)) == tried
        site.ctl("outbox", "release", name)
        wait_state(phone, "sent")
    finally:
        site.set_clock(0)
    assert len(gateway.bodies(phone)) == tried + 1


def test_a_cancelled_message_is_never_sent():
    phone, other = site.new_phone(), site.new_phone()
    _, tried = fail_and("cancel", phone)
    try:
        site.set_clock(120)
        assert ask(other).status == 200
        wait_state(other, "sent")
    finally:
        site.set_clock(0)
    assert outbox(phone)[0]["state"] == "cancelled" and len(gateway.bodies(phone)) == tried


def test_a_disabled_gateway_gets_no_message_and_the_log_says_so():
    phone = site.new_phone()
    site.ctl("gateway", "disable", "a")
    wait_for(lambda: "gateway a was disabled by an admin" in site.log(), "the queue's word")
    assert ask(phone).status == 200
    row = wait_for(lambda: [row for row in outbox(phone) if row["attempts"] > 0],
                   "a round without gateways")[0]
    assert row["gateway"] is None and "no gateway is in service" in row["result"], row
    assert gateway.bodies(phone) == []
    site.ctl("gateway", "enable", "a")
    site.ctl("outbox", "retry")
    wait_state(phone, "sent")
    assert len(gateway.bodies(phone)) == 1
    wait_for(lambda: "gateway a was enabled by an admin" in site.log(), "the queue's word")


run(globals())
