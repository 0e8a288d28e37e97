#!/usr/bin/python3 -IS
"""Stands in for affo-userd-worker, -queue and -send beside a copy of affo-userd: notes what it was
given. The queue asks for the senders that the file "ask" names.
"""
import json
import os
import signal
import socket
import sys
import time

program = os.path.abspath(__file__)
here = os.path.dirname(program)
who = {"affo-userd-worker": sys.argv[-1], "affo-userd-queue": "queue",
       "affo-userd-send": "send"}[os.path.basename(program)]


def note(what, **more):
    line = json.dumps({"who": who, "pid": os.getpid(), "what": what, **more}) + "\n"
    fd = os.open(os.path.join(here, "notes"), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    os.write(fd, line.encode())
    os.close(fd)


def end(signo, frame):
    note("end", signal=signo)
    os._exit(0)


def descriptors():
    found = {}
    for fd in os.listdir("/proc/self/fd"):
        try:
            found[fd] = os.readlink("/proc/self/fd/" + fd)
        except OSError:
            continue  # of the listing itself
    return found


def blocked_or_ignored():
    with open("/proc/self/status", encoding="ascii") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return [lines["SigBlk"], lines["SigIgn"]]


given = descriptors()
signals = blocked_or_ignored()
if who == "send":
    for signo in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        signal.signal(signo, signal.SIG_IGN)
else:
    for signo in (signal.SIGTERM, signal.SIGQUIT, signal.SIGINT):
        signal.signal(signo, end)
conf = os.environ.get("AFFO_CONF_FD")
note("start", ppid=os.getppid(), args=sys.argv[1:], environment=dict(os.environ), fds=given,
     uid=os.getuid(), gid=os.getgid(), signals=signals,
     conf=os.pread(int(conf), 1 << 20, 0).decode("latin-1") if conf else None)

if who == "send":
    with socket.socket(fileno=0) as peer:
        while data := peer.recv(100):
            peer.send(data.upper())
    note("end", signal=0)
    sys.exit(0)
if who == "queue":
    wake = int(os.environ["AFFO_WAKE_FD"])
    master = socket.socket(fileno=int(os.environ["AFFO_MASTER_FD"]))
    master.settimeout(60)
    asked, held = 0, []
    while True:
        try:
            note("woken", bytes=len(os.read(wake, 64)))
        except BlockingIOError:
            pass
        try:
            with open(os.path.join(here, "ask"), encoding="ascii") as file:
                names = file.read().split()
        except FileNotFoundError:
            names = []
        for name in names[asked:]:
            asked += 1
            master.send(name.encode())
            data, fds, flags, _ = socket.recv_fds(master, 100, 1)
            said = None
            if fds:
                held.append(socket.socket(fileno=fds[0]))
                held[-1].settimeout(60)
                try:
                    held[-1].send(b"hello")
                    said = held[-1].recv(100).decode()
                except OSError as error:
                    said = str(error)
            note("answer", name=data.decode(), has_fd=bool(fds), said=said)
        time.sleep(0.02)
os.write(int(os.environ["AFFO_WAKE_FD"]), b"w")
while True:
    time.sleep(60)
