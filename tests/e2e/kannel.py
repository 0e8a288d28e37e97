"""The real Kannel: bearerbox, smsbox, and its fake SMSC as the phone company."""
import atexit
import os
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

from harness import Processes, free_port, wait_for

FAKESMSC = "/usr/lib/kannel/test/fakesmsc"
CONF = """
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = admin
status-password = status
smsbox-port = {box}
smsbox-interface = 127.0.0.1
box-allow-ip = "127.0.0.1"

group = smsc
smsc = fake
smsc-id = fake
host = 127.0.0.1
port = {smsc}
connect-allow-ip = 127.0.0.1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = affo
password = s3cret
max-messages = 5
concatenation = true
black-list-regex = "^[+]4999"

group = sms-service
keyword = default
text = "no"
"""


class Kannel:
    """Its three programs on free ports; all anew when another program took one meanwhile."""

    def __init__(self):
        self.directory = tempfile.mkdtemp(prefix="affo-kannel-")
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        self.processes = Processes()
        for _ in range(5):
            if self.start():
                return
            self.processes.end()
        raise AssertionError("Kannel doesn't start: " + self.log("bearerbox") + self.log("smsbox"))

    def start(self):
        names = ("admin", "box", "smsc", "sendsms")
        ports = set()
        while len(ports) < len(names):
            ports.add(free_port())
        self.ports = dict(zip(names, ports))
        with open(self.path("kannel.conf"), "w", encoding="utf-8") as file:
            file.write(CONF.format(**self.ports))
        self.bearerbox = self.run("bearerbox", ["bearerbox", self.path("kannel.conf")])
        if not self.comes(lambda: "Status: running" in self.status()):
            return False
        self.run("fakesmsc", [FAKESMSC, "-H", "127.0.0.1", "-r", str(self.ports["smsc"]), "-m", "0",
                              "x"], stdin=subprocess.PIPE)
        self.run("smsbox", ["smsbox", self.path("kannel.conf")])
        return self.comes(lambda: "FAKE:" in self.status() and "(online" in self.status()
                          and "(on-line" in self.status() and self.answers())

    def comes(self, condition):
        """Whether it becomes true before one of the programs has ended."""
        try:
            wait_for(lambda: self.has_ended() or condition(), "Kannel")
        except AssertionError:  # another program may hold a port that Kannel goes on without
            return False
        return not self.has_ended()

    def has_ended(self):
        return any(process.poll() is not None for process in self.processes.all)

    def run(self, name, args, **options):
        with open(self.path(name + ".log"), "wb") as log:
            return self.processes.start(args, cwd=self.directory, stdout=log, stderr=log, **options)

    def get(self, port, path):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[port]}{path}",
                                        timeout=30) as answer:
                return answer.read().decode("utf-8", "replace")
        except urllib.error.HTTPError as error:
            return f"error {error.code}"
        except OSError:
            return ""

    def status(self):
        return self.get("admin", "/status.txt?password=status")

    def answers(self):
        return self.get("sendsms", "/cgi-bin/sendsms") != ""

    def path(self, name):
        return os.path.join(self.directory, name)

    def log(self, name):
        with open(self.path(name + ".log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def sent(self, text):
        """Waits until the phone company got a message with that text, and gives its line."""
        def found():
            lines = [line for line in self.log("fakesmsc").split("\n")
                     if "Got message" in line and text in line]
            return lines and lines[-1]
        return wait_for(found, f"{text!r} at the SMSC")

    def settings(self, **more):
        return {"url": f"http://127.0.0.1:{self.ports['sendsms']}/cgi-bin/sendsms",
                "username": "affo", "password": "s3cret", "from": "12345", **more}

    def end(self):
        self.processes.end()
