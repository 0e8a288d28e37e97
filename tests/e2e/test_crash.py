"""Workers and queue killed at random under writes: what was acknowledged is there."""
import contextlib
import os
import random
import signal
import sqlite3
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import PATIENCE, Site, run, wait_for  # noqa: E402

site = Site()
DATABASE = site.path("data/users.db")
WRITERS, ACKNOWLEDGED, KILLS = 4, 200, 20


class Writer(threading.Thread):
    """One user whose first name goes up; remembers the last number that was acknowledged."""

    def __init__(self, done):
        super().__init__()
        self.user = site.register()
        self.done = done
        self.asked = self.acknowledged = 0
        self.wrong = []

    def run(self):
        while not self.done.is_set():
            self.asked += 1
            try:
                answer = site.patch(f"/user/{self.user['id']}/",
                                    {"first_name": str(self.asked), "last_name": str(self.asked)},
                                    self.user["access_token"])
            except OSError as error:  # nginx itself is never killed
                self.wrong.append(repr(error))
                return
            if answer.status == 200:
                self.acknowledged = self.asked
            elif answer.status != 503:
                self.wrong.append(repr(answer))
                return


def kill_one(name):
    """Kills a child of the master; False when there is none just now."""
    pids = site.children(name)
    if not pids:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(random.choice(pids), signal.SIGKILL)
    return True


def test_no_acknowledged_write_is_lost_to_killed_workers():
    done = threading.Event()
    writers = [Writer(done) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()

    def acknowledged():
        return sum(writer.acknowledged for writer in writers)
    try:
        for number in range(KILLS):
            wanted = (number + 1) * ACKNOWLEDGED // KILLS
            wait_for(lambda: acknowledged() >= wanted or any(w.wrong for w in writers),
                     f"{wanted} acknowledged writes", 2 * PATIENCE)
            wait_for(lambda: kill_one("affo-userd-worker"), "a worker to kill")
        kill_one("affo-userd-queue")
        wait_for(lambda: acknowledged() >= ACKNOWLEDGED + 20 or any(w.wrong for w in writers),
                 "writes after the last kill", 2 * PATIENCE)
    finally:
        done.set()
        for writer in writers:
            writer.join()
    assert [writer.wrong for writer in writers] == [[]] * WRITERS
    for writer in writers:
        user = site.get(f"/user/{writer.user['id']}/", writer.user["access_token"]).json()
        # A write that was cut short may be there or not, but whole.
        assert int(user["first_name"]) >= writer.acknowledged, (user, writer.acknowledged)
        assert int(user["first_name"]) <= writer.asked
        assert user["first_name"] == user["last_name"]
    with contextlib.closing(sqlite3.connect(DATABASE, timeout=60)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_registration_that_was_answered_is_there_after_killed_workers():
    done = threading.Event()
    created, wrong = [], []

    def register():
        while not done.is_set():
            answer = site.post("/user/", {"email": site.new_email(), "password": site.password})
            if answer.status == 201:
                created.append(answer.json())
            elif answer.status != 503:
                wrong.append(answer)
                return
    threads = [threading.Thread(target=register) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    try:
        for number in range(10):
            wait_for(lambda: len(created) >= 5 * number or wrong, "registrations", 2 * PATIENCE)
            wait_for(lambda: kill_one("affo-userd-worker"), "a worker to kill")
    finally:
        done.set()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len({user["id"] for user in created}) == len(created)
    # The pools have to be whole again before each answer counts.
    wait_for(lambda: site.get("/user/current/", created[0]["access_token"]).status == 200,
             "answers")
    for user in created:
        answer = wait_for(lambda: (lambda got: got if got.status != 503 else None)(
            site.get("/user/current/", user["access_token"])), "an answer")
        assert answer.status == 200 and answer.json()["email"] == user["email"], answer


run(globals())
