"""What is shipped beside the programs agrees with them: manual pages, and units for systemd."""
import os
import re
import subprocess
import sys

SRC, BUILD = os.environ["srcdir"], os.environ["builddir"]
sys.path.insert(0, os.path.join(SRC, "tests/e2e"))
from harness import run  # noqa: E402

PAGES = sorted(name for name in os.listdir(os.path.join(SRC, "man")) if name[-1].isdigit())
UNITS = ("affo-userd-fcgi.socket", "affo-userd-hash.socket", "affo-userd.service")


def read(*name):
    with open(os.path.join(*name), encoding="utf-8") as file:
        return file.read()


def unit(name):
    """Key -> values, of all sections together."""
    where = BUILD if name.endswith(".service") else SRC
    values = {}
    for line in read(where, "nginx/systemd", name).splitlines():
        key, equals, value = line.partition("=")
        if equals and not key.startswith("#"):
            values.setdefault(key, []).append(value)
    return values


def test_manual_pages_are_well_formed_and_name_each_other_rightly():
    assert len(PAGES) >= 6, PAGES
    for page in PAGES:
        done = subprocess.run(["mandoc", "-T", "lint", "-W", "warning",
                               os.path.join(SRC, "man", page)], capture_output=True, text=True)
        assert done.returncode == 0 and not done.stdout, done.stdout + done.stderr
        for name, section in re.findall(r"^\.Xr (affo\S+) (\d)", read(SRC, "man", page), re.M):
            assert f"{name}.{section}" in PAGES, (page, name, section)


def test_every_option_that_a_program_lists_stands_in_its_page():
    for program in ("affo-userd", "affo-userd-worker"):
        done = subprocess.run([os.path.join(BUILD, program), "-h"], capture_output=True,
                              text=True, timeout=60)
        assert done.returncode == 0, done
        options = set()
        for word in re.findall(r"(?<![\w-])-([A-Za-z]+)\b", done.stdout):
            options |= set(word)
        page = read(SRC, "man", program + ".8")
        described = set(re.findall(r"^\.It Fl (\w)", page, re.M))
        assert options and options == described, (program, options ^ described)


def test_units_name_what_is_installed_and_configured():
    service = unit("affo-userd.service")
    for command in service["ExecStart"] + service["ExecReload"]:
        assert re.match(r"/[^@$]*/(affo-userd( -t -q)?|kill -HUP \$MAINPID)$", command), command
    # The master gives its children 33 s after QUIT.
    assert int(service["TimeoutStopSec"][0]) > 33
    assert service["KillSignal"] == ["SIGQUIT"] and service["KillMode"] == ["mixed"]
    assert service["RestartPreventExitStatus"] == ["78"]
    readme, sample = read(SRC, "README"), read(SRC, "src/affo-userd.conf")
    for name, setting in (("fcgi", "listen"), ("hash", "listen_hash")):
        socket = unit(f"affo-userd-{name}.socket")
        assert f'\n#{setting} = "{socket["ListenStream"][0]}";\n' in sample, socket
        assert socket["FileDescriptorName"] == [name]
        assert socket["SocketMode"] == ["0660"] and socket["SocketUser"] == service["User"]
        assert socket["Service"] == ["affo-userd.service"]
    assert service["Sockets"] == [" ".join(UNITS[:2])]
    for name in UNITS:
        assert name in readme, name
    assert f"u {service['User'][0]} " in read(SRC, "nginx/systemd/affo-user.sysusers")


run(globals())
