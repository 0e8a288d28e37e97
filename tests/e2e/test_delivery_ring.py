"""A ring in which all gateways but the last are broken, each in its way: messages leave by the
last one within the same round, and the others are left alone but for a probe now and then."""
import json
import sys
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from gateways import Affo, Broken, hangs, resets, says  # noqa: E402
from harness import PATIENCE, Site, run, wait_for  # noqa: E402

good, failing = Affo(), Affo(answer=(500, {}))
hanging = Broken(hangs)
HTML = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>It works!</html>"
AWAY = b"HTTP/1.1 307 Away\r\nLocation: http://127.0.0.1:%d/sms/\r\nContent-Length: 0\r\n\r\n"
LONG = b"HTTP/1.1 201 Created\r\nContent-Length: 10485760\r\n\r\n" + b"x" * 10485760
RING = {"refuses": Broken(), "resets": Broken(resets), "hangs": hanging, "fails": failing,
        "garbage": Broken(says(HTML)), "redirects": Broken(says(AWAY % good.port)),
        "endless": Broken(says(LONG)), "good": good}
BROKEN = [name for name in RING if name != "good"]
ATTEMPT_S = 16  # what takes longer the queue gives up
OUT_S = 60      # a gateway that was put out has rest for so long at least
STEP_S = 15

site = Site(gateways=", ".join(gateway.conf(name) for name, gateway in RING.items()),
            settings='''
verification: { lifetime = "1d"; };
sms: { per_number = 1000000; per_account = 1000000; per_address = 1000000; per_prefix = 1000000;
    per_day = 1000000; };
''')
clock_s = 0


def advance(seconds):
    global clock_s
    clock_s += seconds
    site.set_clock(clock_s)


def now_s():
    """As the service sees it."""
    return time.time() + clock_s


def listed():
    return {one["name"]: one for one in json.loads(site.ctl("gateway", "list", "--json").stdout)}


def wake():
    """The queue looks at its clock when a worker has a message, even one that is never sent."""
    answer = site.post("/password/reset/", {"email": "nobody@example.com",
                                            "url_template": "https://example.com/{token}"})
    assert answer.status == 200, answer


def send(is_hurried=True):
    """Sends one message; gives its row when it was sent. The gateway that hangs is given up as soon
    as it has the message."""
    phone = site.new_phone()
    hung = hanging.n
    assert site.post("/verification/phone/", {"phone": phone}).status == 200

    def is_sent():
        nonlocal hung
        if is_hurried and hanging.n > hung:
            hung = hanging.n
            advance(ATTEMPT_S)
            wake()
        rows = json.loads(site.ctl("outbox", "list", "--json").stdout)
        return [row for row in rows if row["recipient"] == phone and row["state"] == "sent"]
    return wait_for(is_sent, f"the message to {phone}", 2 * PATIENCE)[0]


def test_a_message_leaves_by_the_last_gateway_within_its_first_round():
    row = send(is_hurried=False)
    assert row["gateway"] == "good" and row["attempts"] == 0, row
    state = listed()
    for name in BROKEN:
        assert state[name]["failed"] == 1 and state[name]["sent"] == 0, state[name]
    # All had it, the one that redirects did not get it sent twice, and all under its id.
    assert good.bodies(row["recipient"])[0]["phone"] == row["recipient"]
    assert good.keys() == failing.keys() == [row["id"]]


def test_broken_gateways_are_probed_once_in_a_while():
    def are_out():
        send()
        state = listed()
        return state if all(state[name]["service"] == "out" for name in BROKEN) else None
    state = wait_for(are_out, "all broken gateways to be out", 4 * PATIENCE)
    before = {name: state[name]["failed"] for name in BROKEN}
    sent = len(good)
    probes = {name: [] for name in BROKEN}
    for _ in range(480 // STEP_S):
        advance(STEP_S)
        begin = now_s()
        row = send()
        assert row["gateway"] == "good" and row["attempts"] == 0, row
        state, end = listed(), now_s()
        for name in BROKEN:
            if state[name]["failed"] > before[name]:
                assert state[name]["failed"] == before[name] + 1, (name, state[name])
                probes[name].append((begin, end))
            before[name] = state[name]["failed"]
    assert len(good) == sent + 480 // STEP_S
    for name, times in probes.items():
        # Time flies: senders of the one that hangs may still be ending, and then it has no probe.
        assert times or name == "hangs", (name, times)
        for (begin, _), (_, end) in zip(times, times[1:]):
            assert end - begin >= OUT_S, (name, times)


def test_a_gateway_that_works_again_is_in_the_ring_again():
    failing.answer = 201, {}
    advance(2 * 3600)  # longer than any is out
    assert send()["gateway"] == "fails"
    assert listed()["fails"]["service"] == "in service"
    assert send()["gateway"] == "fails"


run(globals())
