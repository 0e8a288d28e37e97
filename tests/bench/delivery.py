"""The rows of `make bench` that are about delivery."""
import os
import signal
import statistics
import threading
import time

from gateways import Affo, Broken, hangs
from harness import Site, wait_for

CAPS = '''
verification: { lifetime = "1d"; };
sms: { per_number = 1000000; per_account = 1000000; per_address = 1000000; per_prefix = 1000000;
    per_day = 1000000; };
'''
CLIENTS = 4


def ask(site, n):
    """For n codes; how long each answer took, in seconds."""
    took = []

    def work(phones):
        for phone in phones:
            begin = time.monotonic()
            answer = site.post("/verification/phone/", {"phone": phone})
            took.append(time.monotonic() - begin)
            assert answer.status == 200, answer
    phones = [site.new_phone() for _ in range(n)]
    threads = [threading.Thread(target=work, args=(phones[i::CLIENTS],)) for i in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(took) == n
    return took


def messages_per_second(n=2000):
    """Through a gateway that answers at once; queue and sender on one processor."""
    gateway = Affo()
    site = Site(gateways=gateway.conf("a"), settings=CAPS)
    queue = site.children("affo-userd-queue")[0]
    for pid in (site.userd.pid, queue):  # the sender gets it from the master
        os.sched_setaffinity(pid, {min(os.sched_getaffinity(0))})
    os.kill(queue, signal.SIGSTOP)
    ask(site, n)
    os.kill(queue, signal.SIGCONT)
    # From the first message on: what came before it was starting the sender.
    wait_for(lambda: len(gateway) > 0, "the first message")
    begin, already = time.monotonic(), len(gateway)
    wait_for(lambda: len(gateway) >= n, f"{n} messages", 300)
    rate = (n - already) / (time.monotonic() - begin)
    site.stop()
    return rate


def dead_to_alive(rounds=8, n=100):
    """The median answer with a ring of gateways that refuse and hang, to that with one that
    works."""
    alive = Site(gateways=Affo().conf("a"), settings=CAPS)
    dead = Site(gateways=", ".join((Broken().conf("a"), Broken(hangs).conf("b"),
                                    Broken().conf("c"), Broken(hangs).conf("d"))), settings=CAPS)
    took = {alive: [], dead: []}
    for _ in range(rounds):
        for site in took:
            took[site] += ask(site, n)
    ratio = statistics.median(took[dead]) / statistics.median(took[alive])
    alive.stop()
    dead.stop()
    return ratio


def measure(row):
    row("messages a second, instant gateway, one processor", f"{messages_per_second():.0f}",
        ">= 200")
    row("p50 of POST /verification/phone/, all dead to alive", f"{dead_to_alive():.2f}", "1.0")
