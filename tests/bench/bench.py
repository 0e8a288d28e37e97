"""`make bench`: what the service promises as ratios within one run; never a test.

Every figure stands beside its yardstick, measured in turns in the same run: a trivial answer
through the same workers and nginx, a bare loop of SQLite commits, a bare Argon2id hash.
"""
import ctypes
import ctypes.util
import json
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../e2e"))
import delivery  # noqa: E402
from harness import BASE, Site  # noqa: E402

SECONDS = int(os.environ.get("BENCH_SECONDS", "3"))
ROUNDS = int(os.environ.get("BENCH_ROUNDS", "5"))
CLIENTS = 64


def wrk(site, path, token=None, seconds=SECONDS, clients=CLIENTS):
    """Requests a second, and the 99th percentile in milliseconds."""
    command = ["wrk", "-t2", f"-c{clients}", f"-d{seconds}s", "--latency",
               f"http://127.0.0.1:{site.port}{BASE}{path}"]
    if token:
        command[1:1] = ["-H", f"Authorization: Bearer {token}"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text and path != "/trivial/":
        raise RuntimeError(text)
    number, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", text).groups()
    scale = {"us": 0.001, "ms": 1, "s": 1000}[unit]
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text).group(1)), float(number) * scale


def row(name, value, goal):
    print(f"{name:58} {value:>12}   {goal}", flush=True)


def ratio_of(site, path, token):
    """The median over rounds of path's rate to that of OPTIONS-like trivial work: a 404 of the
    same workers, which touches neither token nor database."""
    ratios = []
    for _ in range(ROUNDS):
        trivial, _ = wrk(site, "/trivial/")
        rate, _ = wrk(site, path, token)
        ratios.append(rate / trivial)
    return statistics.median(ratios), trivial


def pss(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/smaps_rollup", encoding="utf-8") as file:
            total += int(re.search(r"^Pss:\s+(\d+)", file.read(), re.MULTILINE).group(1))
    return total / 1024


def commit_rate(directory):
    """Commits a second of a bare loop with the service's pragmas."""
    name = os.path.join(directory, "bare.db")
    db = sqlite3.connect(name, isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, x TEXT)")
    end, n = time.monotonic() + SECONDS, 0
    while time.monotonic() < end:
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO t (x) VALUES (?)", ("x" * 200,))
        db.execute("COMMIT")
        n += 1
    db.close()
    return n / SECONDS


def register_rate(site, clients=8):
    end = time.monotonic() + SECONDS
    done = []

    def work():
        n = 0
        while time.monotonic() < end:
            assert site.post("/user/", {"email": site.new_email()}).status == 201
            n += 1
        done.append(n)
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / SECONDS


def cpu_of(pids):
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def bare_hash_cpu(memory, passes, n=40):
    sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
    sodium.sodium_init()
    out = ctypes.create_string_buffer(128)
    begin = time.process_time()
    for _ in range(n):
        sodium.crypto_pwhash_str(out, b"correct horse", ctypes.c_ulonglong(13),
                                 ctypes.c_ulonglong(passes), ctypes.c_size_t(memory))
    return (time.process_time() - begin) / n


def main():
    site = Site(settings='password: { memory = "19m"; passes = 2; };')
    user = site.register()
    token = user["access_token"]
    ours = [site.userd.pid] + sum((site.children(name) for name in
                                   ("affo-userd-worker", "affo-userd-queue")), [])
    row("memory of all our processes, idle, MiB PSS", f"{pss(ours):.1f}", "<= 8 (must 12)")
    ratio, trivial = ratio_of(site, "/auth/verify_token/", token)
    row("trivial answer, requests a second", f"{trivial:.0f}", "the yardstick")
    row("GET /auth/verify_token/ to trivial", f"{ratio:.2f}", ">= 0.95 (must 0.6)")
    ratio, _ = ratio_of(site, "/auth/introspect/", token)
    row("GET /auth/introspect/ to trivial", f"{ratio:.2f}", ">= 0.95")
    ratio, _ = ratio_of(site, "/user/current/", token)
    row("GET /user/current/ to trivial", f"{ratio:.2f}", ">= 0.85")

    ratios = []
    for _ in range(ROUNDS):
        ratios.append(register_rate(site) / commit_rate(site.path("data")))
    row("registrations without password to bare commits", f"{statistics.median(ratios):.2f}",
        ">= 0.8 (8 clients in Python)")

    hashers = site.children("affo-userd-worker")
    ratios = []
    for _ in range(3):
        before, n = cpu_of(hashers), 40
        for _ in range(n):
            site.login(user["email"])
        ratios.append((cpu_of(hashers) - before) / n / bare_hash_cpu(19 * 1024 * 1024, 2))
    row("CPU of a login to that of a bare Argon2id", f"{statistics.median(ratios):.2f}", "<= 1.05")

    # A user has twenty logins at most: those above have ended the first one, and the flood below
    # is another user's.
    flooder, token = user["email"], site.register()["access_token"]
    _, quiet = wrk(site, "/auth/verify_token/", token, clients=2)
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            site.post("/auth/login/", {"email": flooder, "password": site.password})
    threads = [threading.Thread(target=flood) for _ in range(16)]
    for thread in threads:
        thread.start()
    _, flooded = wrk(site, "/auth/verify_token/", token, clients=2)
    stop.set()
    for thread in threads:
        thread.join()
    row("p99 of verify_token beside 16 logins to without", f"{flooded / quiet:.1f}", "<= 2")
    row("memory after all that, MiB PSS", f"{pss(ours):.1f}", "+1")
    print(json.dumps({"cores": os.cpu_count(), "load": os.getloadavg()}))
    site.stop()
    delivery.measure(row)


main()
