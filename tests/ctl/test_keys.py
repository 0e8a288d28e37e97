"""affo-userctl key: the directory of keys that tokens are signed with, and the life of a key."""
import json
import os
import re
import shutil
import stat
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.environ["srcdir"], "tests", "e2e"))
from harness import IS_ROOT, PATIENCE, Site, Skip, run  # noqa: E402

site = Site(start=False)
CONF, RING = site.path("affo-userd.conf"), site.path("keys/ring")
DAY = 86400


def ctl(*args):
    return site.ctl(*args, check=False)


def refused(done, *parts, status=1):
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    for part in parts:
        assert part in done.stderr, (part, done.stderr)
    return done


def accepted(done, *parts):
    assert done.returncode == 0 and done.stderr == "", (done.returncode, done.stdout, done.stderr)
    for part in parts:
        assert part in done.stdout, (part, done.stdout)
    return done


def begin(algorithm="ES256", with_key_file=True, settings=""):
    """A configuration with a directory that isn't there yet."""
    site.set_clock(0)
    shutil.rmtree(RING, ignore_errors=True)
    for name in os.listdir(site.path("keys")):
        if name.startswith("token.key"):
            os.unlink(site.path("keys/" + name))
    if with_key_file:
        site.write("keys/token.key", "0123456789abcdef0123456789abcdef\n")
        os.chmod(site.path("keys/token.key"), 0o600)
    site.write("extra.conf", f'token: {{ key_dir = "{RING}"; algorithm = "{algorithm}"; '
                             f'{settings} }};')


def keys():
    """{state: [entry]}, as the list says it."""
    states = {"next": [], "active": [], "retired": []}
    for entry in json.loads(accepted(ctl("key", "list", "--json")).stdout):
        states[entry["state"]].append(entry)
    return states


def the(state):
    entries = keys()[state]
    assert len(entries) == 1, entries
    return entries[0]


def test_the_key_file_goes_on_as_the_active_key():
    begin()
    done = accepted(ctl("key", "generate", "token"), "ring/index made; active: hs256-",
                    "HS256, of ")
    entry = the("active")
    assert entry["alg"] == "HS256" and entry["in_key_file"] is True, entry
    assert re.fullmatch(r"hs256-[A-Za-z0-9_-]{22}", entry["kid"]), entry
    assert os.listdir(RING) == ["index"]
    assert stat.S_IMODE(os.stat(RING).st_mode) == 0o700
    assert stat.S_IMODE(os.stat(RING + "/index").st_mode) == 0o600
    with open(RING + "/index", encoding="utf-8") as file:
        before = file.read()
    assert "0123456789abcdef" not in before + done.stdout
    accepted(ctl("key", "generate"), "ring/index exists: left as it is")
    with open(RING + "/index", encoding="utf-8") as file:
        assert file.read() == before


def test_a_new_place_begins_with_a_key_of_the_algorithm():
    for algorithm, file_name in (("ES256", ".pem"), ("RS256", ".pem"), ("HS256", ".key")):
        begin(algorithm, with_key_file=False)
        accepted(ctl("key", "generate", "all"), f", {algorithm}\n")
        entry = the("active")
        assert entry["alg"] == algorithm and entry["in_key_file"] is False, entry
        assert sorted(os.listdir(RING)) == sorted(["index", entry["kid"] + file_name])
        for name in os.listdir(RING):
            assert stat.S_IMODE(os.stat(f"{RING}/{name}").st_mode) == 0o600, name
        assert not os.path.exists(site.path("keys/token.key"))
        if file_name == ".pem":
            with open(f"{RING}/{entry['kid']}.pem", encoding="utf-8") as file:
                assert file.read().startswith("-----BEGIN PRIVATE KEY-----\n")


def test_a_key_is_next_then_active_then_retired_then_gone():
    begin()
    accepted(ctl("key", "generate", "next"), "active: hs256-", "next: ", "ES256",
             "affo-userd -s reload")
    old, new = the("active")["kid"], the("next")["kid"]
    refused(ctl("key", "generate", "next"), f"{new} is the next key already")
    refused(ctl("key", "retire", old), "is the active key")
    refused(ctl("key", "rotate"), f"{new} is too new", "wait until", "--now")
    assert the("active")["kid"] == old
    site.set_clock(30)
    refused(ctl("key", "rotate"), "too new")
    site.set_clock(301)
    accepted(ctl("key", "rotate"), f"active: {new}, ES256", f"retired: {old}, HS256", "reload")
    assert the("active")["kid"] == new and not keys()["next"]
    entry = the("retired")
    assert entry["kid"] == old and entry["needed_until"] > entry["retired_at"], entry
    accepted(ctl("key", "list"), "KID", "NEEDED UNTIL", old, new, "ES256", "retired", "active")
    refused(ctl("key", "rotate"), "there is no next key")
    # The last token that it signed lives for 30 days; a day more for who reloads late.
    site.set_clock(301 + 30 * DAY)
    refused(ctl("key", "retire", old), "until", "--now")
    site.set_clock(301 + 31 * DAY + 3600)
    accepted(ctl("key", "retire", old), f"{old} is gone", "token.key is used no more")
    assert os.path.exists(site.path("keys/token.key"))
    assert the("active")["kid"] == new and not keys()["retired"]


def test_whoever_cannot_wait_says_so():
    begin("RS256", with_key_file=False)
    accepted(ctl("key", "generate", "next"))
    first, second = the("active")["kid"], the("next")["kid"]
    accepted(ctl("key", "rotate", "--now"), f"active: {second}")
    refused(ctl("key", "retire", first), "--now")
    accepted(ctl("key", "retire", "--now", first), f"{first} is gone")
    assert sorted(os.listdir(RING)) == sorted(["index", second + ".pem"])


def test_a_next_key_can_be_taken_away():
    begin()
    accepted(ctl("key", "generate", "next"))
    kid = the("next")["kid"]
    accepted(ctl("key", "retire", kid), f"{kid} is gone")
    assert not keys()["next"] and os.listdir(RING) == ["index"]
    accepted(ctl("key", "generate", "next"))
    assert the("next")["kid"] != kid


def test_a_shorter_lifetime_does_not_forget_tokens_of_the_longer_one():
    begin("HS256", with_key_file=False, settings='refresh_lifetime = "90d";')
    accepted(ctl("key", "generate", "token"))
    site.write("extra.conf", f'token: {{ key_dir = "{RING}"; refresh_lifetime = "7d"; }};')
    accepted(ctl("key", "generate", "next"))
    accepted(ctl("key", "rotate"))  # nobody else has a secret: no need to wait
    site.set_clock(90 * DAY)
    refused(ctl("key", "retire", the("retired")["kid"]), "until")
    site.set_clock(91 * DAY + 3600)
    accepted(ctl("key", "retire", the("retired")["kid"]))


def test_there_are_16_keys_at_most():
    begin("HS256")
    accepted(ctl("key", "generate", "next"))
    for _ in range(14):
        accepted(ctl("key", "rotate", "--now"))
        accepted(ctl("key", "generate", "next"))
    accepted(ctl("key", "rotate", "--now"))
    assert len(keys()["retired"]) == 15
    refused(ctl("key", "generate", "next"), "there are 16 keys, which is the most")
    accepted(ctl("key", "retire", "--now", keys()["retired"][0]["kid"]))
    accepted(ctl("key", "generate", "next"))


def test_commands_take_turns():
    begin()
    accepted(ctl("key", "generate", "token"))
    done = []
    threads = [threading.Thread(target=lambda: done.append(ctl("key", "generate", "next")))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.returncode for one in done) == [0, 1, 1, 1], done
    assert len(os.listdir(RING)) == 2, os.listdir(RING)
    the("next")


def test_what_is_wrong_is_named():
    begin()
    for args in (("list",), ("rotate",), ("retire", "x")):
        refused(ctl("key", *args), "token.key_dir")
    accepted(ctl("key", "generate", "next"))
    refused(ctl("key", "retire", "../../etc/passwd"), 'there is no key "../../etc/passwd"')
    for args in (("retire",), ("retire", "a", "b"), ("rotate", "x"), ("list", "x"),
                 ("generate", "nonsense"), ("rotate", "--never")):
        refused(ctl("key", *args), "usage: ", status=2)
    kid = the("next")["kid"]
    os.rename(f"{RING}/{kid}.pem", f"{RING}/aside")
    done = site.run("affo-userd", "-c", CONF, "-t")
    assert done.returncode == 78 and f"{kid}.pem\" does not exist" in done.stderr, done
    site.write(f"keys/ring/{kid}.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\nthis is none\n")
    os.chmod(f"{RING}/{kid}.pem", 0o600)
    done = site.run("affo-userd", "-c", CONF, "-t")
    assert done.returncode == 78 and "is not the key that the index lists" in done.stderr, done
    os.rename(f"{RING}/aside", f"{RING}/{kid}.pem")
    done = site.run("affo-userd", "-c", CONF, "-t")
    assert done.returncode == 0, done
    site.write("keys/ring/index", "{}")
    os.chmod(RING + "/index", 0o600)
    refused(ctl("key", "list"), "index\" is not an index that affo-userctl key wrote")
    refused(ctl("key", "generate", "token"), "is not an index")
    site.write("extra.conf", "")
    for args in (("list",), ("rotate",), ("retire", "x"), ("generate", "next")):
        refused(ctl("key", *args), "token.key_dir is not set")


def test_root_makes_keys_that_the_service_can_read():
    if not IS_ROOT:
        raise Skip("needs root")
    begin()
    os.chown(site.path("keys"), 0, 0)
    os.chmod(site.path("keys"), 0o755)
    try:
        site.write("extra.conf", f'token: {{ key_dir = "{RING}"; algorithm = "ES256"; }};'
                                 f'user = "{site.user.pw_name}";')
        for args in (["generate", "token"], ["generate", "next"], ["rotate", "--now"], ["list"]):
            done = subprocess.run([os.path.join(site.bin, "affo-userctl"), "-c", CONF, "key",
                                   *args], env=site.environment, stdin=subprocess.DEVNULL,
                                  text=True, capture_output=True, timeout=PATIENCE)
            accepted(done)
        for name, mode in [("", 0o750)] + [("/" + name, 0o640) for name in os.listdir(RING)]:
            about = os.stat(RING + name)
            assert (about.st_uid, about.st_gid) == (0, site.user.pw_gid), (name, about)
            assert stat.S_IMODE(about.st_mode) == mode, (name, oct(about.st_mode))
        done = site.run("affo-userd", "-c", CONF, "-t")
        assert done.returncode == 0, done
    finally:
        site.own()


run(globals())
