"""Queue and senders killed at random while messages are sent: none is lost, and what comes twice
comes under the same key, at most once more for each kill. `make kills` does it at full length."""
import contextlib
import os
import random
import re
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from gateways import Affo  # noqa: E402
from harness import BUILD, PATIENCE, Site, run, wait_for  # noqa: E402

MESSAGES = int(os.environ.get("AFFO_KILLS_MESSAGES", "200"))
PORTION = 10  # messages for each kill
KILLS = MESSAGES // PORTION
SEED = int(os.environ.get("AFFO_KILLS_SEED", "20261201"))
CLIENTS = 4
SETTLED_S = 1.1  # for a queue that dies sooner the master waits before it starts the next
LEASE_S = 61  # what a queue has claimed is claimed again after that
# What a queue may grow by while it sends: SQLite's cache of pages (2 MiB), and some.
GROWTH_MAX_KIB = 3072

gateway = Affo()
# One gateway, so that one message is under way at a time, and a kill costs one at most.
site = Site(gateways=gateway.conf("a"), settings='''
verification: { lifetime = "1d"; };
sms: { per_number = 1000000; per_account = 1000000; per_address = 1000000; per_prefix = 1000000;
    per_day = 1000000; };
''')
clock_s = 0


def rows(sql):
    with contextlib.closing(sqlite3.connect(site.path("data/users.db"), timeout=PATIENCE)) as db:
        return db.execute(sql).fetchall()


def count_waiting():
    return rows("SELECT count(*) FROM outbox WHERE state = 'pending'")[0][0]


class Posting:
    """Asks for one code for each of n new phones, with some clients at once; but for no more than
    are allowed so far."""

    def __init__(self, n, allowed=0):
        self.phones = [site.new_phone() for _ in range(n)]
        self.wrong = []
        self.allowed = threading.Semaphore(allowed)
        self.threads = [threading.Thread(target=self.post, args=(self.phones[i::CLIENTS],),
                                         daemon=True)
                        for i in range(CLIENTS)]
        for thread in self.threads:
            thread.start()

    def post(self, phones):
        for phone in phones:
            self.allowed.acquire()
            try:
                answer = site.post("/verification/phone/", {"phone": phone})
            except OSError as error:
                self.wrong.append(repr(error))
                return
            if answer.status != 200:
                self.wrong.append(repr(answer))
                return

    def join(self):
        for thread in self.threads:
            thread.join()
        assert self.wrong == []


def kill_queue():
    """Kills it, and lets the lease of what it had pass while none runs: a new one, which has
    messages under way, would take the leap for a gateway that hangs. So the master has to wait."""
    global clock_s
    pid = wait_for(lambda: site.children("affo-userd-queue"), "a queue")[0]
    site.userd.send_signal(signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        wait_for(lambda: pid not in site.children("affo-userd-queue"), "the queue's end")
        clock_s += LEASE_S
        site.set_clock(clock_s)
    finally:
        site.userd.send_signal(signal.SIGCONT)


def has_settled():
    """Whether the queue is so old that the master starts the next one at once."""
    for pid in site.children("affo-userd-queue"):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8",
                                                errors="replace") as file:
            started = int(file.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
            return time.clock_gettime(time.CLOCK_BOOTTIME) - started > SETTLED_S
    return False


def kill_sender():
    pid = wait_for(lambda: site.children("affo-userd-send"), "a sender")[0]
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def wait_until_sent():
    def is_done():
        if count_waiting() == 0:
            return True
        site.ctl("outbox", "retry")  # what a killed sender had waits for five seconds or more
        return False
    wait_for(is_done, "the end of all messages", 2 * PATIENCE)


def test_no_message_is_lost_to_kills_and_what_comes_twice_has_its_key():
    chance = random.Random(SEED)
    print(f"# {MESSAGES} messages, {KILLS} kills, AFFO_KILLS_SEED={SEED}", flush=True)
    posting = Posting(MESSAGES)
    killed = {kill_queue: 0, kill_sender: 0}
    for _ in range(KILLS):
        kill = chance.choice((kill_queue, kill_sender))
        if kill is kill_queue:
            wait_for(has_settled, "a queue that has lived for a second")
        # In the middle of a portion, and after some have got through: else the circuit breaker
        # would take killed senders for a dead gateway.
        wanted = len(gateway) + chance.randint(3, PORTION - 3)
        posting.allowed.release(PORTION)
        wait_for(lambda: len(gateway) >= wanted or posting.wrong, "messages between two kills")
        kill()
        killed[kill] += 1
    posting.join()
    wait_until_sent()

    assert rows("SELECT state, count(*) FROM outbox GROUP BY state") == [("sent", MESSAGES)]
    keys = {}
    for key, body in gateway.received:
        keys.setdefault(body["phone"], []).append(key)
    assert sorted(keys) == sorted(posting.phones)
    assert all(len(set(list_of)) == 1 for list_of in keys.values()), keys
    assert len({list_of[0] for list_of in keys.values()}) == MESSAGES
    twice = len(gateway) - MESSAGES
    print(f"# killed {killed[kill_queue]} queues and {killed[kill_sender]} senders; "
          f"{twice} messages more than once", flush=True)
    # On a machine that stops for ten seconds, an attempt may fail although it was none.
    slow = len(re.findall("gateway a failed: (?!the sender has ended)", site.log()))
    assert twice <= KILLS + slow, (twice, slow)


def memory_kib(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
        return int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE).group(1))


def test_the_queue_does_not_grow_with_the_messages():
    with open(os.path.join(BUILD, "config.h"), encoding="utf-8") as file:
        is_sanitized = "#define WITH_SANITIZERS" in file.read()
    sent = []
    for n in (MESSAGES // 6, MESSAGES):
        before = len(gateway)
        Posting(n, allowed=n).join()
        wait_for(lambda: count_waiting() == 0, "the end of all messages", 2 * PATIENCE)
        assert len(gateway) >= before + n
        sent.append((site.children("affo-userd-queue"), n))
        sent[-1] += (memory_kib(sent[-1][0][0]),)
    (first, n, kib), (second, more, kib_after) = sent
    assert first == second and len(first) == 1, sent
    print(f"# the queue has {kib} KiB after {n} messages, {kib_after} after {more} more",
          flush=True)
    # The memory of AddressSanitizer is its own affair.
    assert is_sanitized or kib_after <= kib + GROWTH_MAX_KIB, sent


run(globals())
