"""A copy of affo-userd with stand-ins for all other programs beside it."""
import atexit
import base64
import json
import os
import shutil
import signal
import subprocess
import tempfile

from harness import BUILD, IS_ROOT, SRC, Processes, ordinary_user, wait_for

processes = Processes()
GATEWAYS = '''( { name = "one"; type = "file"; channel = "sms"; directory = "DIR/data"; },
    { name = "two"; type = "file"; channel = "email"; directory = "DIR/data"; } )'''


class Master:
    """A copy of affo-userd with stand-ins beside it, and a configuration of its own."""

    def __init__(self, settings="", as_root=False):
        self.user = ordinary_user()
        self.as_root = as_root
        self.dir = tempfile.mkdtemp(prefix="affo-master-", dir="/tmp")
        atexit.register(self.clean_up)
        os.chmod(self.dir, 0o755)
        for name in ("run", "data", "bin"):
            os.mkdir(self.path(name), 0o755)
        shutil.copy(os.path.join(BUILD, "affo-userd"), self.path("bin"))
        with open(os.path.join(SRC, "tests/e2e/fake_child.py"), encoding="utf-8") as file:
            self.stand_in = file.read()
        for name in ("worker", "queue", "send"):
            self.mend(name)
        seal = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
        for name, text in (("token", "t" * 40), ("verification", "v" * 40), ("outbox", seal),
                           ("public", seal)):
            self.write("data/" + name, text, 0o600)
        self.configure(settings)
        self.process = None
        self.environment = {key: value for key, value in os.environ.items() if key not in (
            "NOTIFY_SOCKET", "WATCHDOG_USEC", "LISTEN_FDS", "AFFO_EXTRA_CONF")}
        if IS_ROOT:
            for folder, _, names in os.walk(self.dir):
                for name in [""] + names:
                    os.chown(os.path.join(folder, name), self.user.pw_uid, self.user.pw_gid)

    def configure(self, settings="", fast=2, hash_workers=1, gateways=GATEWAYS, log="DIR/log"):
        user = f'user = "{self.user.pw_name}";' if self.as_root else ""
        self.write("conf", f'''
{user}
run_dir = "DIR/run";
database = "DIR/data/users.db";
log = "{log}";
token: {{ key_file = "DIR/data/token"; }};
verification: {{ key_file = "DIR/data/verification"; }};
outbox: {{ key_file = "DIR/data/outbox"; public_key_file = "DIR/data/public"; }};
workers: {{ fast = {fast}; hash = {hash_workers}; }};
gateways: {gateways};
{settings}
'''.replace("DIR", self.dir), 0o644)

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text, mode=0o644):
        """In one step, since stand-ins read while we write."""
        with open(self.path(name) + ".new", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(self.path(name) + ".new", mode)
        if IS_ROOT:
            os.chown(self.path(name) + ".new", self.user.pw_uid, self.user.pw_gid)
        os.rename(self.path(name) + ".new", self.path(name))

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def options(self):
        if IS_ROOT and not self.as_root:
            return {"user": self.user.pw_uid, "group": self.user.pw_gid, "extra_groups": []}
        return {}

    def call(self, *args):
        """affo-userd to its end."""
        return subprocess.run([self.path("bin/affo-userd"), "-c", self.path("conf"), *args],
                              text=True, capture_output=True, timeout=120, env=self.environment,
                              stdin=subprocess.DEVNULL, **self.options())

    def start(self, *before, **more):
        self.process = processes.start(
            [*before, self.path("bin/affo-userd"), "-c", self.path("conf")],
            user=None if self.as_root else self.user,
            env={**self.environment, **more.pop("environment", {})},
            stderr=open(self.path("stderr"), "ab"), **more)
        return self

    def notes(self, who=None, what="start", after=0):
        return [note for note in self.all_notes()[after:]
                if note["what"] == what and who in (None, note["who"])]

    def all_notes(self):
        # The last line may be half written.
        return [json.loads(line) for line in self.read("bin/notes").split("\n")[:-1]]

    def count(self):
        return len(self.all_notes())

    def wait_started(self, n, who=None, after=0):
        def are_there():
            assert self.process.poll() is None, self.said()
            found = self.notes(who, after=after)
            return found if len(found) >= n else None
        return wait_for(are_there, f"{n} started {who}")

    def said(self):
        return self.read("log") + self.read("stderr")

    def wait_said(self, text, n=1):
        wait_for(lambda: self.said().count(text) >= n, f'"{text}" in the log')

    def signal(self, signo):
        self.process.send_signal(signo)

    def wait_end(self):
        return self.process.wait(60)

    def living(self):
        """The pids of our own stand-ins that are alive."""
        return {note["pid"] for note in self.notes() if is_alive(note["pid"], self.dir)}

    def spoil(self, name, script="exit 1"):
        """From now on that program ends as soon as it is started."""
        self.write("bin/affo-userd-" + name, f"#!/bin/sh\n{script}\n", 0o755)

    def mend(self, name):
        self.write("bin/affo-userd-" + name, self.stand_in, 0o755)

    def clean_up(self):
        processes.end()
        for pid in self.living():
            os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.dir, ignore_errors=True)


def is_alive(pid, directory):
    try:
        with open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as file:
            return directory in file.read()
    except OSError:
        return False
