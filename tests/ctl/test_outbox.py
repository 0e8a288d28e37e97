"""affo-userctl outbox and gateway: what an operator sees of messages on their way, and changes."""
import json
import os
import sqlite3
import sys
import time

sys.path.insert(0, os.path.join(os.environ["srcdir"], "tests", "e2e"))
import gateways  # noqa: E402
from gateways import Affo, Broken  # noqa: E402
from harness import PATIENCE, Site, run  # noqa: E402

service = Affo()
nobody = Broken()
evil = Broken(gateways.says(b"HTTP/1.1 500 \x1b[31mred\r\nContent-Length: 5\r\n\r\n\x1b[31m"))
SECRET = "key-that-nobody-may-see"
site = Site(start=False, gateways=", ".join((
    service.conf("main"), nobody.conf("dead"), service.conf("spare", "enabled = false;"),
    evil.conf("evil"),
    f'{{ name = "mail"; type = "affo"; channel = "email"; '
    f'url = "http://127.0.0.1:{service.port}/"; }}',
    # Its port is none that listens; its secret must never be seen.
    f'{{ name = "paid"; type = "kannel"; channel = "sms"; username = "u"; '
    f'url = "http://127.0.0.1:{nobody.port}/"; password = "{SECRET}"; }}')),
    settings='sms: { countries = [ "+49" ]; }; reset: { sender = "a@example.com"; };')
NOW = int(time.time() * 1000)
PHONE = "+4915112345678"
SEALED = "c2VhbGVkIGJ5IHRoZSB3b3JrZXI"


def ctl(*args):
    return site.ctl(*args, check=False)


def refused(done, *parts, status=1):
    assert done.returncode == status and done.stdout == "", done
    for part in parts:
        assert part in done.stderr, (part, done.stderr)


def accepted(done, *parts):
    assert done.returncode == 0 and done.stderr == "", done
    for part in parts:
        assert part in done.stdout, (part, done.stdout)
    return done.stdout


def get(*args):
    return json.loads(accepted(ctl(*args, "--json")))


def rows(sql, *values):
    with sqlite3.connect(site.path("data/users.db"), timeout=PATIENCE) as db:
        found = db.execute(sql, values).fetchall()
    db.close()
    site.own()
    return found


def put(name, state="pending", lease_until=0, created_at=NOW, channel="sms"):
    done_at = None if state in ("pending", "held") else NOW
    rows("INSERT INTO outbox (id, kind, channel, state, recipient, language, sealed, is_resend, "
         "created_at, expires_at, retry_at, lease_until, attempts, gateway, result, done_at) "
         "VALUES (?, 'phone_code', ?, ?, ?, 'de', ?, 0, ?, ?, ?, ?, 2, 'main', 'later: 500', ?)",
         name, channel, state, PHONE, None if done_at else SEALED, created_at, NOW + 7200000,
         NOW + 3600000, lease_until, done_at)


def state_of(name):
    return rows("SELECT state, sealed FROM outbox WHERE id = ?", name)[0]


# The outbox -----------------------------------------------------------------------------------

def test_a_message_is_shown_without_what_it_says():
    put("show1")
    text = accepted(ctl("outbox", "show", "show1"), PHONE, "phone_code", "pending", "later: 500",
                    "main", "failed rounds 2")
    message = get("outbox", "show", "show1")
    assert message["id"] == "show1" and message["recipient"] == PHONE and message["attempts"] == 2
    assert message["under_way"] is False and message["done_at"] is None and message["retry_at"]
    assert SEALED not in text + json.dumps(message) and "sealed" not in message
    assert message == [row for row in get("outbox", "list") if row["id"] == "show1"][0]
    put("show2", state="sent")
    assert get("outbox", "show", "show2")["done_at"] is not None
    put("show3", state="void")
    for name in ("show3", "gone"):
        refused(ctl("outbox", "show", name), f'there is no message "{name}"')


def test_a_message_is_held_and_released():
    put("hold1")
    accepted(ctl("outbox", "hold", "hold1"), "message hold1 is held")
    assert state_of("hold1") == ("held", SEALED)
    accepted(ctl("outbox", "hold", "hold1"), "is held")
    # What all are told doesn't touch it.
    accepted(ctl("outbox", "retry"))
    assert state_of("hold1") == ("held", SEALED)
    accepted(ctl("outbox", "release", "hold1"), "message hold1 is due now")
    assert state_of("hold1") == ("pending", SEALED)
    assert rows("SELECT retry_at <= ? FROM outbox WHERE id = 'hold1'",
                int(time.time() * 1000)) == [(1,)]
    refused(ctl("outbox", "release", "hold1"), "message hold1 isn't held: it is pending")


def test_a_message_is_cancelled_and_what_it_says_is_gone():
    put("cancel1")
    put("cancel2", state="held")
    for name in ("cancel1", "cancel2"):
        accepted(ctl("outbox", "cancel", name), f"message {name} is cancelled")
        assert state_of(name) == ("cancelled", None)
        message = get("outbox", "show", name)
        assert message["result"] == "cancelled by an admin" and message["done_at"]
        refused(ctl("outbox", "hold", name), f"message {name} has ended: it is cancelled")
        refused(ctl("outbox", "release", name), "has ended: it is cancelled")


def test_what_is_under_way_or_over_is_left_alone():
    put("busy1", lease_until=NOW + 3600000)
    put("over1", state="sent")
    for command in ("hold", "cancel"):
        refused(ctl("outbox", command, "busy1"), "message busy1 is being sent just now")
        refused(ctl("outbox", command, "over1"), "message over1 has ended: it is sent")
        refused(ctl("outbox", command, "gone"), 'there is no message "gone"')
    assert get("outbox", "show", "busy1")["under_way"] is True
    assert state_of("busy1") == ("pending", SEALED) and state_of("over1") == ("sent", None)


def test_stats_count_messages_and_what_gateways_did():
    rows("DELETE FROM outbox")
    assert accepted(ctl("outbox", "stats")).startswith("no message waits\n")
    put("s1", created_at=NOW - 90000)
    put("s2", lease_until=NOW + 3600000)
    put("s3", state="sent", channel="email")
    put("s4", state="void")
    rows("INSERT INTO gateway_result VALUES ('main', 'ok', 3, 90, 50, 10, ?), "
         "('main', 'later', 1, 10, 10, 10, ?)", NOW, NOW - 1)
    stats = get("outbox", "stats")
    waiting = stats["waiting"]
    assert waiting["n"] == 2 and waiting["under_way"] == 1, stats
    assert 90 <= waiting["oldest_s"] < 90 + 10 * PATIENCE, stats
    counts = {(one["channel"], one["state"]): one["n"] for one in stats["messages"]}
    assert counts["sms", "pending"] == 2 and counts["email", "sent"] == 1, counts
    assert sum(counts.values()) == 3 and ("sms", "void") not in counts, counts
    main = [one for one in stats["gateways"] if one["name"] == "main"][0]
    assert main["sent"] == 3 and main["failed"] == 1 and main["last_result"] == "ok", main
    assert main["results"] == {"ok": 3, "bad_recipient": 0, "permanent": 0, "later": 1,
                               "misconfigured": 0}, main
    assert main["latency_ms"] == {"average": 25, "last": 10, "max": 50}, main
    accepted(ctl("outbox", "stats"), "2 messages wait, the oldest for ", "MISCONFIGURED", "main",
             "not enabled")
    rows("DELETE FROM outbox")
    rows("DELETE FROM gateway_result")


# Gateways -------------------------------------------------------------------------------------

def test_gateways_are_listed_in_the_order_of_the_ring_with_their_state():
    rows("INSERT INTO gateway_state VALUES ('dead', 0, 3, ?, 60000)", NOW + 3600000)
    listed = get("gateway", "list")
    assert [one["name"] for one in listed] == ["main", "dead", "spare", "evil", "mail", "paid"]
    main, dead, spare = listed[:3]
    assert main["service"] == "in service" and main["latency_ms"]["average"] is None, main
    assert dead["service"] == "out" and dead["faults"] == 3 and dead["out_until"], dead
    assert spare["service"] == "not enabled" and spare["enabled"] is False, spare
    text = accepted(ctl("gateway", "list"), "out until 20", "in service", "kannel")
    assert SECRET not in text + json.dumps(listed)
    rows("DELETE FROM gateway_state")


def test_a_gateway_is_disabled_and_enabled():
    accepted(ctl("gateway", "disable", "main"), "gateway main is disabled")
    one = get("gateway", "list")[0]
    assert (one["service"], one["disabled"], one["enabled"]) == ("disabled", True, True), one
    rows("UPDATE gateway_state SET faults = 3, out_until = ?, out_ms = 60000", NOW + 3600000)
    accepted(ctl("gateway", "enable", "main"), "gateway main is enabled")
    one = get("gateway", "list")[0]
    assert (one["service"], one["faults"]) == ("in service", 0), one
    accepted(ctl("gateway", "enable", "spare"), "is enabled, but not by the configuration")
    for command in ("enable", "disable"):
        refused(ctl("gateway", command, "none"), 'no gateway "none"', "gateway list")


def test_a_gateway_is_tested_with_one_message():
    before = len(service)
    accepted(ctl("gateway", "test", "main", "+49 151 (1234) 5678"), "ok: status 201")
    assert len(service) == before + 1
    key, body = service.received[-1]
    assert len(key) == 22 and body["phone"] == PHONE and "gateway main" in body["message"]
    # Whatever is switched off can be tried before it is switched on.
    accepted(ctl("gateway", "test", "spare", PHONE), "ok: status 201")
    answer = get("gateway", "test", "mail", "ann@example.com")
    assert answer["result"] == "ok" and answer["ms"] >= 0, answer
    assert service.received[-1][1]["to"] == ["ann@example.com"]
    assert rows("SELECT count(*) FROM gateway_result") == [(0,)]


def test_a_gateway_that_fails_its_test_is_a_failure():
    done = ctl("gateway", "test", "dead", PHONE)
    assert done.returncode == 1 and done.stdout.startswith("later: "), done
    done = ctl("gateway", "test", "paid", PHONE, "--json")
    assert done.returncode == 1 and json.loads(done.stdout)["result"] == "later", done
    assert SECRET not in done.stdout + done.stderr
    service.answer = 400, {"code": "InvalidPhone", "description": "no such number"}
    done = ctl("gateway", "test", "main", PHONE)
    service.answer = 201, {}
    assert done.returncode == 1 and done.stdout.startswith("bad_recipient: "), done
    before = len(service)
    refused(ctl("gateway", "test", "main", "ann@example.com"), "is no phone number")
    refused(ctl("gateway", "test", "mail", PHONE), "is no e-mail address")
    refused(ctl("gateway", "test", "none", PHONE), 'no gateway "none"')
    assert len(service) == before


def test_what_a_stranger_answers_does_not_reach_the_terminal_as_it_is():
    done = ctl("gateway", "test", "evil", PHONE)
    assert done.returncode == 1 and "\x1b" not in done.stdout, done
    assert "500" in done.stdout, done


def test_wrong_usage_is_status_2():
    for wrong in (["outbox", "show"], ["outbox", "show", "a", "b"], ["outbox", "hold"],
                  ["outbox", "release", "--json", "a"], ["outbox", "cancel"],
                  ["outbox", "stats", "x"], ["gateway", "list", "x"], ["gateway", "enable"],
                  ["gateway", "disable", "a", "b"], ["gateway", "test", "a"],
                  ["gateway", "test", "a", "b", "c"]):
        refused(ctl(*wrong), f"usage: affo-userctl {wrong[0]} {wrong[1]}", status=2)


run(globals())
