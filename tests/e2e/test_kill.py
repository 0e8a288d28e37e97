"""Kept connections, busy and at a trickle: a reload costs no request, and a killed process no more
than those that it was at.
"""
import http.client
import json
import os
import signal
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import BASE, PATIENCE, Site, run, wait_for  # noqa: E402

# A busy machine may be slow, and still no request is to fail.
site = Site('hash_deadline = "1m"; db_timeout = "1m";')
# Seconds between two requests of a client that trickles: its pace, nothing is judged by it.
TRICKLE = 0.1


class Client(threading.Thread):
    """Asks over one kept connection, again and again; remembers what was not 200."""

    def __init__(self, done, ask, pause):
        super().__init__()
        self.done, self.ask, self.pause = done, ask, pause
        self.answered, self.failed = 0, []
        self.connection = None

    def once(self):
        method, path, body, headers = self.ask
        while True:
            is_new = self.connection is None
            if is_new:
                self.connection = http.client.HTTPConnection("127.0.0.1", site.port,
                                                             timeout=PATIENCE)
            try:
                self.connection.request(method, BASE + path, body, headers)
                answer = self.connection.getresponse()
                answer.read()
                return answer.status
            except (http.client.RemoteDisconnected, ConnectionError):
                # nginx closes a kept connection after so many requests, as any client must expect.
                self.connection.close()
                self.connection = None
                if is_new:
                    raise

    def run(self):
        try:
            while not self.done.is_set():
                status = self.once()
                if status != 200:
                    self.failed.append(status)
                self.answered += 1
                if self.pause:
                    self.done.wait(self.pause)
        except OSError as error:
            self.failed.append(repr(error))
        finally:
            if self.connection is not None:
                self.connection.close()


class Crowd:
    """Clients of both pools, each busy and at a trickle."""

    def __init__(self):
        self.done = threading.Event()
        user, other = site.register(), site.register()
        bearer = {"Authorization": "Bearer " + user["access_token"]}
        typed = {"Content-Type": "application/json"}
        asks = [("GET", "/auth/verify_token/", None, bearer),
                ("PATCH", f"/user/{user['id']}/", json.dumps({"first_name": "A"}),
                 {**bearer, **typed}),
                ("POST", "/auth/login/",
                 json.dumps({"email": other["email"], "password": site.password}), typed)]
        self.clients = [Client(self.done, ask, pause) for ask in asks for pause in (0, TRICKLE)]

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, *_):
        self.done.set()
        for client in self.clients:
            client.join()

    def failed(self):
        return [failure for client in self.clients for failure in list(client.failed)]

    def go_on(self, n=5):
        """Waits until each client has had so many answers more."""
        before = [client.answered for client in self.clients]

        def has_gone_on():
            assert all(client.is_alive() for client in self.clients), self.failed()
            return all(client.answered >= start + n
                       for client, start in zip(self.clients, before))
        wait_for(has_gone_on, f"{n} answers more for each client")


def pids(kind):
    if kind not in ("fast", "hash"):
        return set(site.children("affo-userd-" + kind))
    found = set()
    for pid in site.children("affo-userd-worker"):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
        except OSError:
            continue
        if kind.encode() in words:
            found.add(pid)
    return found


def started_at(pid):
    """In the kernel's ticks, so that a number that was given anew is told; None: there is none."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rsplit(")", 1)[1].split()[19]
    except FileNotFoundError:
        return None


def kill_one(kind):
    """Kills one of that kind, and waits until another has come in its place."""
    def some():
        return pids(kind)
    before = wait_for(some, f"a process of kind {kind}")
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    if kind != "send":
        wait_for(lambda: pids(kind) - before, f"a new process of kind {kind}")


def test_a_reload_costs_neither_the_busy_nor_those_at_a_trickle_a_request():
    with Crowd() as crowd:
        crowd.go_on()
        site.reload()
        crowd.go_on()
    assert crowd.failed() == [], crowd.failed()


def test_a_killed_worker_costs_the_requests_that_it_was_at():
    for kind in ("fast", "hash"):
        with Crowd() as crowd:
            crowd.go_on()
            kill_one(kind)
            crowd.go_on(20)
            failed = crowd.failed()
        assert set(failed) <= {503}, failed
        # One of each client's, and one more for a connection that nginx had not seen end.
        assert len(crowd.failed()) <= 2 * len(crowd.clients), failed


def test_killed_deliverers_cost_no_request_and_no_later_message():
    phones = iter([site.new_phone() for _ in range(3)])

    def deliver():
        phone = next(phones)
        assert site.post("/verification/phone/", {"phone": phone}).status == 200
        site.wait_messages("sms", phone, 1)
    with Crowd() as crowd:
        deliver()
        kill_one("send")
        deliver()
        kill_one("queue")
        deliver()
        crowd.go_on()
    assert crowd.failed() == [], crowd.failed()


def test_told_to_stop_under_load_it_leaves_no_process():
    with Crowd() as crowd:
        crowd.go_on()
        children = {pid: started_at(pid) for kind in ("fast", "hash", "queue", "send")
                    for pid in pids(kind)}
        site.userd.send_signal(signal.SIGTERM)
        assert site.userd.wait(PATIENCE) == 0
        for pid, start in children.items():
            assert start is None or started_at(pid) != start, pid
    assert not {failure for failure in crowd.failed() if failure != 503}, crowd.failed()


run(globals())
