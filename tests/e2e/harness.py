"""One running service behind the real nginx, in a directory of its own, and TAP on top of it.

    site = Site()               # master, pools, queue and nginx on a free port of 127.0.0.1
    answer = site.post("/user/", {"email": "a@example.com", "password": "long enough"})
    assert answer.status == 201

A test program defines functions named test_* and ends with run(globals()). Started as root, the
service runs as an ordinary user, from copies of the programs that this user can reach.
"""
import atexit
import http.client
import itertools
import json
import os
import pwd
import random
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

SRC = os.environ["srcdir"]
BUILD = os.environ["builddir"]
PROGRAMS = ["affo-userd", "affo-userd-worker", "affo-userd-queue", "affo-userd-send",
            "affo-userctl"]
BASE = "/api/v1.0"
# Seconds until a condition that must come is given up.
PATIENCE = float(os.environ.get("AFFO_PATIENCE", "60"))
IS_ROOT = os.geteuid() == 0


def ordinary_user():
    """Whom the service runs as: www-data or nobody for root, else whoever runs the tests."""
    if not IS_ROOT:
        return pwd.getpwuid(os.geteuid())
    for name in ("www-data", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise RuntimeError("neither www-data nor nobody exists")


def wait_for(condition, what, patience=PATIENCE):
    """Polls until condition() gives something true, and gives that."""
    end = time.monotonic() + patience
    while True:
        got = condition()
        if got:
            return got
        if time.monotonic() > end:
            raise AssertionError(f"waited {patience} s in vain for {what}")
        time.sleep(0.02)


def free_port():
    """A port that nobody listened on a moment ago, below the range of outgoing connections."""
    for _ in range(1000):
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue
    raise RuntimeError("no free port")


class Skip(Exception):
    """Raised by a test that this machine or user can't run; says why."""


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The error's code; None for an answer without one."""
        try:
            return self.json().get("code")
        except (ValueError, AttributeError):
            return None

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


class Processes:
    """What was started here, and is ended here."""

    def __init__(self):
        self.all = []
        atexit.register(self.end)

    def start(self, args, user=None, **options):
        if user is not None and IS_ROOT:
            options.update(user=user.pw_uid, group=user.pw_gid, extra_groups=[])
        process = subprocess.Popen(args, stdin=options.pop("stdin", subprocess.DEVNULL), **options)
        self.all.append(process)
        return process

    def end(self):
        for process in self.all:
            if process.poll() is None:
                process.terminate()
        for process in self.all:
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.all = []


class Site:
    """settings: text that is read last (AFFO_EXTRA_CONF); gateways: the text of the list;
    server: what nginx serves besides, DIR in it is where the printed files are."""

    def __init__(self, settings="", gateways=None, start=True, fast=2, hash_workers=2,
                 base=BASE, nginx_rate=1000000, server="location / { return 404; }"):
        self.user = ordinary_user()
        self.base, self.nginx_rate, self.server = base, nginx_rate, server
        self.dir = tempfile.mkdtemp(prefix="affo-e2e-", dir="/tmp")
        atexit.register(shutil.rmtree, self.dir, ignore_errors=True)
        self.processes = Processes()
        self.bin = self.path("bin")
        os.mkdir(self.bin)
        for program in PROGRAMS:
            shutil.copy(os.path.join(BUILD, program), self.bin)
        self.messages = self.path("messages")
        for name in ("keys", "data", "run", "nginx", "messages"):
            os.mkdir(self.path(name), 0o700)
        if gateways is None:
            gateways = (f'{{ name = "sms-file"; type = "file"; channel = "sms"; '
                        f'directory = "{self.messages}"; }},\n'
                        f'{{ name = "mail-file"; type = "file"; channel = "email"; '
                        f'directory = "{self.messages}"; }}')
        # Cheap hashes, and limits that tests of other matters don't meet; the tests of limits
        # and hashes set their own in `settings`.
        self.write("affo-userd.conf", f'''
run_dir = "{self.path("run")}";
listen = "{self.path("run/fcgi.sock")}";
listen_hash = "{self.path("run/hash.sock")}";
database = "{self.path("data/users.db")}";
log = "{self.path("affo-userd.log")}";
token: {{ key_file = "{self.path("keys/token.key")}"; }};
outbox: {{ key_file = "{self.path("keys/outbox.key")}";
    public_key_file = "{self.path("keys/outbox.pub")}"; }};
verification: {{ key_file = "{self.path("keys/verification.key")}"; }};
reset: {{ url_prefixes = ( "https://example.com/" ); }};
workers: {{ fast = {fast}; hash = {hash_workers}; }};
password: {{ memory = "8k"; passes = 1; }};
limits: {{ login_account = "1000/15m"; login_address = "100000/15m";
    register_address = "100000/1h"; recipient = "1000/1h"; send_address = "100000/1h"; }};
gateways: ( {gateways} );
''')
        self.write("extra.conf", settings)
        self.write("clock", struct.pack("=q", 0))
        self.environment = dict(os.environ, AFFO_EXTRA_CONF=self.path("extra.conf"),
                                AFFO_CLOCK_FILE=self.path("clock"), HOME=self.dir)
        self.environment.pop("NOTIFY_SOCKET", None)
        self.own()
        self.ctl("key", "generate", "all")
        self.ctl("db", "init")
        self.port = free_port()
        self.userd = self.nginx = None
        if start:
            self.start()

    # Files ------------------------------------------------------------------------------------

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, content):
        mode = "wb" if isinstance(content, bytes) else "w"
        with open(self.path(name), mode) as file:
            file.write(content)
        if IS_ROOT:
            os.chown(self.path(name), self.user.pw_uid, self.user.pw_gid)

    def own(self):
        """Gives the directory to the service's user."""
        os.chmod(self.dir, 0o755)
        if not IS_ROOT:
            return
        for folder, folders, files in os.walk(self.dir):
            for name in [""] + folders + files:
                os.chown(os.path.join(folder, name), self.user.pw_uid, self.user.pw_gid)

    def log(self):
        try:
            with open(self.path("affo-userd.log"), encoding="utf-8", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    # Programs ---------------------------------------------------------------------------------

    def run(self, *args, **options):
        """One of the programs as the service's user, to its end."""
        if IS_ROOT:
            options.update(user=self.user.pw_uid, group=self.user.pw_gid, extra_groups=[])
        if "input" not in options:
            options["stdin"] = subprocess.DEVNULL
        return subprocess.run([os.path.join(self.bin, args[0]), *args[1:]], text=True,
                              capture_output=True, env=self.environment, timeout=120, **options)

    def ctl(self, *args, input=None, check=True):
        options = {} if input is None else {"input": input}
        done = self.run("affo-userctl", "-c", self.path("affo-userd.conf"), *args, **options)
        if check and done.returncode != 0:
            raise AssertionError(f"affo-userctl {args}: {done.returncode}\n{done.stdout}"
                                 f"{done.stderr}")
        return done

    def start(self):
        Site.running.append(self)
        self.start_userd()
        self.start_nginx()
        self.wait_until_up()

    def start_userd(self):
        self.userd = self.processes.start(
            [os.path.join(self.bin, "affo-userd"), "-c", self.path("affo-userd.conf")],
            user=self.user, env=self.environment, stderr=open(self.path("stderr"), "ab"))

    def start_nginx(self):
        for name in ("affo-user-http.conf", "affo-user.conf", "affo-user-params.conf",
                     "affo-user-protect.conf"):
            text = self.ctl("nginx-snippet", "--dir", self.path("nginx"), name).stdout
            # All tests come from one address; nginx's limits by address have a test of their own.
            self.write("nginx/" + name, re.sub(r"rate=\d+r/s", f"rate={self.nginx_rate}r/s", text))
        temp = "\n".join(f"{name}_temp_path {self.path('nginx/' + name)};" for name in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        self.write("nginx/nginx.conf", f'''
daemon off;
worker_processes 2;
pid {self.path("nginx/nginx.pid")};
error_log {self.path("nginx/error.log")};
events {{ worker_connections 2048; }}
http {{
    access_log off;
    {temp}
    include {self.path("nginx/affo-user-http.conf")};
    server {{
        listen 127.0.0.1:{self.port};
        server_name localhost;
        server_tokens off;
        include {self.path("nginx/affo-user.conf")};
        error_page 404 /_affo_user/404;
        {self.server.replace("DIR", self.path("nginx"))}
    }}
}}
''')
        self.nginx = self.processes.start(
            ["/usr/sbin/nginx", "-e", self.path("nginx/error.log"), "-p", self.path("nginx"),
             "-c", self.path("nginx/nginx.conf")], user=self.user,
            stderr=open(self.path("nginx/stderr"), "ab"))

    def wait_until_up(self):
        def is_up():
            for process, name in ((self.userd, "affo-userd"), (self.nginx, "nginx")):
                if process.poll() is not None:
                    raise AssertionError(f"{name} ended with {process.returncode}:\n" +
                                         self.log()[-3000:] + self.read_stderr())
            try:
                # Both pools answer: the second with 400, since there is no body.
                return (self.get("/openapi.json").status == 200 and
                        self.post("/auth/login/", raw=b"").status == 400)
            except OSError:
                return False
        try:
            wait_for(is_up, "the service's first answer")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.log()[-4000:]}{self.read_stderr()}") from None

    def read_stderr(self):
        text = ""
        for name in ("stderr", "nginx/stderr", "nginx/error.log"):
            try:
                with open(self.path(name), encoding="utf-8", errors="replace") as file:
                    text += file.read()[-2000:]
            except FileNotFoundError:
                pass
        return text

    def reload(self):
        """HUP, and waits until none of the former children is left."""
        programs = ("affo-userd-worker", "affo-userd-queue")
        former = {pid for program in programs for pid in self.children(program)}
        self.userd.send_signal(signal.SIGHUP)
        wait_for(lambda: not former & {pid for program in programs
                                       for pid in self.children(program)},
                 "the end of the former children")
        self.wait_until_up()

    def stop(self):
        if self in Site.running:
            Site.running.remove(self)
        self.processes.end()
        self.userd = self.nginx = None

    def set_clock(self, seconds):
        """Moves the service's time to so many seconds beside the real one."""
        with open(self.path("clock"), "r+b") as file:
            file.write(struct.pack("=q", int(seconds * 1000)))

    def children(self, name):
        """The pids of the master's living children of that program."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                    fields = file.read().rsplit(")", 1)[1].split()
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    program = os.path.basename(file.read().split(b"\0")[0].decode())
            except (OSError, IndexError):
                continue
            if fields[0] != "Z" and int(fields[1]) == self.userd.pid and program == name:
                found.append(int(pid))
        return found

    # Requests ---------------------------------------------------------------------------------

    def request(self, method, path, body=None, token=None, headers=None, raw=None, base=None):
        """body is sent as JSON, raw as it is; base="" takes the path as a whole."""
        send = {}
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            send["Content-Type"] = "application/json"
        if token is not None:
            send["Authorization"] = "Bearer " + token
        send.update(headers or {})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            connection.request(method, (self.base if base is None else base) + path, raw, send)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()

    def get(self, path, token=None, **more):
        return self.request("GET", path, token=token, **more)

    def post(self, path, body=None, token=None, **more):
        return self.request("POST", path, body, token, **more)

    def patch(self, path, body=None, token=None, **more):
        return self.request("PATCH", path, body, token, **more)

    def delete(self, path, token=None, **more):
        return self.request("DELETE", path, token=token, **more)

    # People -----------------------------------------------------------------------------------

    numbers = itertools.count(1)
    running = []  # sites of this program that were started and not stopped
    password = "correct horse"

    def new_email(self):
        return f"user{next(self.numbers)}@example.com"

    def new_phone(self):
        return f"+4915{next(self.numbers):09d}"

    def register(self, **members):
        """A new user; gives the answer's object, `access_token` included."""
        body = {"email": self.new_email(), "password": self.password, **members}
        answer = self.post("/user/", body)
        assert answer.status == 201, answer
        return answer.json()

    def staff(self, role):
        """A new user with that role, made by affo-userctl; the object of its login."""
        email = self.new_email()
        self.ctl("user", "add", email, "--role", role, input=self.password + "\n")
        return self.login(email)

    def login(self, email, password=None):
        answer = self.post("/auth/login/", {"email": email, "password": password or self.password})
        assert answer.status == 200, answer
        return answer.json()

    def message_files(self, channel, recipient):
        """The files of that recipient, oldest first; one that begins with a dot isn't whole yet."""
        folder = os.path.join(self.messages, channel, recipient)
        try:
            return [os.path.join(folder, name) for name in sorted(os.listdir(folder))
                    if not name.startswith(".")]
        except FileNotFoundError:
            return []

    def wait_messages(self, channel, recipient, n):
        """The texts of at least n messages, oldest first."""
        def arrived():
            files = self.message_files(channel, recipient)
            return files if len(files) >= n else None
        texts = []
        for name in wait_for(arrived, f"{n} messages for {recipient}"):
            with open(name, encoding="utf-8") as file:
                texts.append(file.read())
        return texts


def run(names):
    """Runs every test_* of a program's globals(), printing TAP; a failure shows its cause."""
    tests = [(name, test) for name, test in names.items()
             if name.startswith("test_") and callable(test)]
    print(f"1..{len(tests)}", flush=True)
    failed = 0
    for number, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {number} - {name[5:]}", flush=True)
        except Skip as why:
            print(f"ok {number} - {name[5:]} # SKIP {why}", flush=True)
        except Exception:  # whatever it is, it is this test's failure
            failed += 1
            print(f"not ok {number} - {name[5:]}", flush=True)
            for line in traceback.format_exc().split("\n"):
                print("# " + line)
            for site in Site.running:
                for line in (site.log()[-3000:] + site.read_stderr()).split("\n"):
                    print("# log: " + line)
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


signal.signal(signal.SIGTERM, lambda signo, frame: sys.exit(1))
# Whoever runs the tests in the background may have had these ignored, and a shell that is started
# so can't trap them: what is started here gets them as they are on a terminal.
for _signo in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    signal.signal(_signo, signal.SIG_DFL)
