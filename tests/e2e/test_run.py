"""`./bootstrap run` from a user's side: the run directory, the ready line, starting again, and
README's first steps, word by word."""
import atexit
import http.client
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import urllib.request

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import BUILD, IS_ROOT, SRC, Processes, Skip, free_port, run, wait_for  # noqa: E402

processes = Processes()
port = free_port()
home = tempfile.mkdtemp(prefix="affo-run-", dir="/tmp")
os.chmod(home, 0o755)
environment = {**os.environ, "PORT": str(port)}
environment.pop("AFFO_EXTRA_CONF", None)
started = []


@atexit.register
def clean_up():
    processes.end()
    for name in os.listdir(home):
        if os.path.islink(os.path.join(home, name)):
            shutil.rmtree(os.path.realpath(os.path.join(home, name)), ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)


def start(run_dir="run", **more):
    log = os.path.join(home, f"log{len(started)}")
    process = processes.start(["sh", os.path.join(SRC, "build-aux/run"), BUILD], cwd=home,
                              stdout=open(log, "wb"), stderr=subprocess.STDOUT,
                              env={**environment, "RUN_DIR": run_dir, **more})
    started.append(process)
    process.log_name = log
    return process


def log_of(process):
    with open(process.log_name, encoding="utf-8") as file:
        return file.read()


def wait_ready(process):
    def is_ready():
        assert process.poll() is None, log_of(process)
        return f"\nready https://localhost:{port}/api/v1.0/\n" in log_of(process)
    wait_for(is_ready, "the ready line")


def end(process, signo=signal.SIGTERM):
    process.send_signal(signo)
    assert process.wait(60) == 0, log_of(process)


def below(directory):
    """The pids of living processes whose command line names the directory's programs."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                words = file.read().split(b"\0")
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                state = file.read().rsplit(")", 1)[1].split()[0]
        except OSError:
            continue
        if state != "Z" and any(directory.encode() in word for word in words):
            found.append((pid, words))
    return found


def test_run_makes_its_directory_and_says_ready():
    process = start()
    wait_ready(process)
    directory = os.path.join(home, "run")
    with open(os.path.join(directory, "accounts"), encoding="utf-8") as file:
        accounts = file.read()
    assert re.fullmatch(r"admin \S+@\S+ \S{16,}\nservice \S+@\S+ \S{16,}\n", accounts)
    assert os.stat(os.path.join(directory, "accounts")).st_mode & 0o777 == 0o600
    for name in ("ca.pem", "fcgi.sock", "hash.sock", "messages"):
        assert os.path.exists(os.path.join(directory, name)), name
    if IS_ROOT:
        assert os.stat(directory).st_uid != 0
    # By any of its names; a system without /etc/hosts may not know localhost's address.
    context = ssl.create_default_context(cafile=os.path.join(directory, "ca.pem"))
    for address, name in [("127.0.0.1", "localhost"), ("127.0.0.1", "127.0.0.1")] + \
            ([("::1", "::1")] if has_v6() else []):
        with socket.create_connection((address, port), timeout=60) as plain, \
                context.wrap_socket(plain, server_hostname=name) as connection:
            connection.sendall(f"GET /api/v1.0/openapi.json HTTP/1.1\r\nHost: localhost\r\n"
                               "Connection: close\r\n\r\n".encode())
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert answer.status == 200 and "max-age" in answer.headers["Strict-Transport-Security"]


def has_v6():
    with socket.socket(socket.AF_INET6) as probe:
        try:
            probe.bind(("::1", 0))
            return True
        except OSError:
            return False


def test_a_second_run_and_a_taken_port_are_refused():
    second = start()
    assert second.wait(60) == 1 and "is in use by another run" in log_of(second), log_of(second)
    third = start("other")
    assert third.wait(60) == 1 and f"port {port} is taken" in log_of(third), log_of(third)


def test_the_first_steps_of_the_readme_work():
    with open(os.path.join(SRC, "README"), encoding="utf-8") as file:
        readme = file.read()
    section = readme.split("First steps\n---", 1)[1].split("Install on a server", 1)[0]
    blocks = re.findall(r"(?:^    .*\n)+", section, re.MULTILINE)
    commands = [block for block in blocks if "curl" in block]
    assert len(commands) == 3
    script = "set -e\n" + "\n".join(commands).replace(":8443/", f":{port}/")
    done = subprocess.run(["sh", "-c", script], cwd=home, text=True, capture_output=True,
                          timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, (done.stdout, done.stderr)
    assert '"access_token":"' in done.stdout and '"roles":["admin"]' in done.stdout, done.stdout
    assert re.search(r"\b\d{6}\b", done.stdout.rsplit("}", 1)[-1]), done.stdout


def test_it_ends_without_leaving_a_process_and_starts_again_with_its_data():
    directory = os.path.realpath(os.path.join(home, "run"))
    end(started[0])
    wait_for(lambda: not below(directory + "/"), "the end of all processes")
    again = start()
    wait_ready(again)
    body = b'{"email":"me@example.com","password":"correct horse"}'
    request = urllib.request.Request(f"https://127.0.0.1:{port}/api/v1.0/auth/login/", body,
                                     {"Content-Type": "application/json"})
    context = ssl.create_default_context(cafile=os.path.join(directory, "ca.pem"))
    with urllib.request.urlopen(request, context=context, timeout=60) as answer:
        assert answer.status == 200
    end(again, signal.SIGINT)
    wait_for(lambda: not below(directory + "/"), "the end of all processes")


def test_extra_settings_are_read_last_and_a_bad_one_is_named():
    extra = os.path.join(home, "extra.conf")
    with open(extra, "w", encoding="utf-8") as file:
        file.write("\npasword: { min = 8; };\n")
    os.chmod(extra, 0o644)
    process = start("third", AFFO_EXTRA_CONF=extra)
    assert process.wait(60) != 0
    text = log_of(process)
    assert "pasword" in text and "password" in text and "extra.conf:2" in text, text


def test_root_in_a_directory_of_its_own_runs_elsewhere_and_leaves_a_link():
    if not IS_ROOT:
        raise Skip("only root can be in a directory that the service's user cannot reach")
    private = os.path.join(home, "private")
    os.mkdir(private, 0o700)
    link = os.path.join(private, "run")
    process = start(link)
    wait_ready(process)
    assert os.path.islink(link) and os.stat(link).st_uid != 0, log_of(process)
    assert os.path.exists(os.path.join(link, "accounts"))
    end(process)
    again = start(link)
    wait_ready(again)
    end(again)
    shutil.rmtree(os.path.realpath(link))


run(globals())
