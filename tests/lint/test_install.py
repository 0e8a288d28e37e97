"""`make install` puts every file where README and the pages say, and nothing else is needed."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

SRC, BUILD = os.environ["srcdir"], os.environ["builddir"]
root = tempfile.mkdtemp(prefix="affo-install-")
results = []


def check(name, faults):
    results.append((name, faults))


try:
    environment = {name: value for name, value in os.environ.items()
                   if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
    done = subprocess.run(["make", "-s", "-C", BUILD, "install", f"DESTDIR={root}", "prefix=/usr",
                           "sysconfdir=/etc", "localstatedir=/var", "exec_prefix=/usr"],
                          capture_output=True, text=True, env=environment, timeout=600,
                          stdin=subprocess.DEVNULL)
    check("make_install_works", [] if done.returncode == 0 else done.stderr.split("\n")[-20:])
    installed = {os.path.relpath(os.path.join(folder, name), root)
                 for folder, _, names in os.walk(root) for name in names}
    wanted = ["usr/sbin/affo-userd", "usr/bin/affo-userctl"]
    wanted += [f"usr/libexec/affo-user/affo-userd-{name}" for name in ("worker", "queue", "send")]
    wanted += [f"usr/share/man/man8/{name}.8" for name in
               ("affo-userd", "affo-userd-worker", "affo-userd-queue", "affo-userctl")]
    wanted += ["usr/share/man/man5/affo-userd.conf.5", "usr/share/man/man7/affo-user-api.7"]
    with open(os.path.join(SRC, "README"), encoding="utf-8") as file:
        section = file.read().split("Install on a server", 1)[1].split("Reading the source", 1)[0]
    named = r"(?<=[ (])/(usr/share/[\w/.-]+\w|etc/affo-user/[\w.-]+sample)"
    for path in re.findall(named, section):
        if not any(name == path or name.startswith(path + "/") for name in installed):
            wanted.append(path)
    check("everything_named_is_installed", [path for path in wanted if path not in installed])
    check("everything_stays_below_the_prefix", [
        path for path in installed if not path.startswith(("usr/", "etc/"))])
finally:
    shutil.rmtree(root, ignore_errors=True)

print(f"1..{len(results)}")
for number, (name, faults) in enumerate(results, 1):
    print(f"{'not ok' if faults else 'ok'} {number} - {name}")
    for fault in faults:
        print(f"# {fault}")
sys.exit(any(faults for _, faults in results))
