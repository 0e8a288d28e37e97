"""affo-userctl, command by command: what it prints, what it changes, and what it refuses."""
import json
import os
import pty
import select
import sqlite3
import stat
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.environ["srcdir"], "tests", "e2e"))
from harness import IS_ROOT, PATIENCE, Site, Skip, run  # noqa: E402

site = Site(start=False)
CONF = site.path("affo-userd.conf")


def ctl(*args, input=None):
    return site.ctl(*args, input=input, check=False)


def refused(done, *parts, status=1):
    """It failed, changed nothing worth telling, and said why."""
    assert done.returncode == status, (done.returncode, done.stdout, done.stderr)
    for part in parts:
        assert part in done.stderr, (part, done.stderr)
    for line in done.stderr.splitlines():
        assert not line.startswith("20"), line  # no time: these are for whoever types
    return done


def accepted(done, *parts):
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert done.stderr == "", done.stderr
    for part in parts:
        assert part in done.stdout, (part, done.stdout)
    return done


def user(who):
    return json.loads(accepted(ctl("user", "show", who, "--json")).stdout)


def rows(sql, *values):
    """A look into the database, and a change, as with the sqlite3 shell."""
    with sqlite3.connect(site.path("data/users.db"), timeout=PATIENCE) as db:
        found = db.execute(sql, values).fetchall()
    db.close()
    site.own()
    return found


def password_hash(who):
    return rows("SELECT password FROM user WHERE id = ?", user(who)["id"])[0][0]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


# Usage ----------------------------------------------------------------------------------------

def test_help_and_version_go_to_standard_output():
    accepted(ctl("-h"), "usage: affo-userctl", "user add EMAIL", "nginx-snippet")
    accepted(ctl("--help"), "usage: affo-userctl")
    assert "  db init\n" in ctl("-h").stdout
    assert accepted(ctl("-V")).stdout.startswith("affo-userctl 2")
    accepted(ctl("--version"))


def test_wrong_usage_is_status_2_and_says_what_is_right():
    refused(ctl(), "usage:", status=2)
    refused(ctl("-x"), "usage:", status=2)
    refused(ctl("usr"), 'unknown command "usr", did you mean "user"?', status=2)
    refused(ctl("user"), "user what?", status=2)
    refused(ctl("user", "shwo"), 'unknown command "shwo", did you mean "show"?', status=2)
    refused(ctl("frobnicate"), 'unknown command "frobnicate"; ', status=2)
    for wrong in (["user", "add"], ["user", "add", "a@example.com", "b@example.com"],
                  ["user", "add", "a@example.com", "--password", "x"], ["user", "show"],
                  ["user", "show", "1", "2"], ["user", "list", "x"], ["user", "passwd"],
                  ["user", "passwd", "1", "secret"], ["user", "role"],
                  ["user", "role", "1", "x", "--none"], ["user", "disable"], ["user", "enable"],
                  ["session", "list"], ["session", "list", "1", "2"], ["session", "end", "1"],
                  ["session", "end", "1", "x", "--all"], ["session", "end", "--all"],
                  ["key", "generate", "x"], ["key", "generate", "token", "outbox"],
                  ["db", "init", "x"], ["db", "migrate", "x"], ["db", "check", "x"],
                  ["outbox", "list", "x"], ["outbox", "retry", "a", "b"],
                  ["nginx-snippet", "a", "b"], ["nginx-snippet", "--dir"]):
        refused(ctl(*wrong), f"usage: affo-userctl {wrong[0]}", status=2)


def test_a_bad_configuration_is_status_78_with_every_error():
    site.write("bad.conf", 'run_dri = "/x";\nmax_body = "1g";\n')
    done = site.run("affo-userctl", "-c", site.path("bad.conf"), "user", "list")
    refused(done, f'affo-userctl: unknown setting "run_dri", did you mean "run_dir"? in '
            f'{site.path("bad.conf")}:1\n', f'in {site.path("bad.conf")}:2\n', status=78)
    done = site.run("affo-userctl", "-c", site.path("none.conf"), "db", "check")
    refused(done, "No such file or directory", status=78)


def test_an_answer_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run([os.path.join(site.bin, "affo-userctl"), "-h"], stdout=full,
                              stderr=subprocess.PIPE, text=True, timeout=PATIENCE,
                              stdin=subprocess.DEVNULL)
    assert done.returncode == 1 and "standard output" in done.stderr, done


# Users ----------------------------------------------------------------------------------------

def test_a_user_is_added_shown_and_listed():
    done = accepted(ctl("user", "add", "Ann@example.com", "--role", "admin", "--role", "staff x",
                        "--phone", "+49 151 (2345)-678", "--first-name", "Änn", "--last-name", "O",
                        input="long enough\n"), "(Ann@example.com) added")
    number = done.stdout.split()[1]
    ann = user("ann@EXAMPLE.com")
    assert ann == user(number) and str(ann["id"]) == number
    assert ann["email"] == "Ann@example.com" and ann["phone"] == "+491512345678", ann
    assert ann["roles"] == ["admin", "staff x"] and ann["is_active"] is True
    assert (ann["first_name"], ann["last_name"], ann["phone_verified"]) == ("Änn", "O", False)
    assert "password" not in ann
    accepted(ctl("user", "show", number), "Ann@example.com", "admin,staff x")
    listed = json.loads(accepted(ctl("user", "list", "--json")).stdout)
    assert ann in listed
    accepted(ctl("user", "list"), "EMAIL", "Ann@example.com")


def test_a_list_has_all_users_whatever_their_number():
    before = json.loads(ctl("user", "list", "--json").stdout)
    rows("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 205) "
         "INSERT INTO user (email, email_key, roles, is_active, phone_verified, last_login_at, "
         "created_at, updated_at) "
         "SELECT 'n' || i || '@many.example', 'n' || i || '@many.example', '', 1, 0, 0, 0, 0 "
         "FROM n")
    listed = json.loads(accepted(ctl("user", "list", "--json")).stdout)
    assert len(listed) == len(before) + 205
    assert len({one["id"] for one in listed}) == len(listed)
    assert len(accepted(ctl("user", "list")).stdout.splitlines()) == len(listed) + 1
    rows("DELETE FROM user WHERE email LIKE '%@many.example'")


def test_a_user_who_is_not_right_is_refused_with_all_faults():
    done = refused(ctl("user", "add", "nobody", "--phone", "12", "--role", "x" * 65,
                       input="short\n"), "email: ", "phone: ", "password: ", "roles")
    assert "short" not in done.stderr and done.stdout == ""
    refused(ctl("user", "add", "a@example.com", "--role", "a,b", input="long enough\n"), "a,b")
    refused(ctl("user", "add", "a@example.com", "--role", "", input="long enough\n"), "role")
    many = [word for number in range(17) for word in ("--role", f"r{number}")]
    refused(ctl("user", "add", "a@example.com", *many, input="long enough\n"))
    refused(ctl("user", "show", "a@example.com"), "no user has", '"a@example.com"')
    refused(ctl("user", "show", "999999"), "no user has")
    refused(ctl("user", "add", "a@example.com"), "standard input has no password")


def test_an_e_mail_address_is_taken_once():
    accepted(ctl("user", "add", "once@example.com", "--no-password"))
    refused(ctl("user", "add", "ONCE@example.com", "--no-password"), "another user has this")
    assert password_hash("once@example.com") is None


def test_added_users_can_be_printed_as_json():
    done = accepted(ctl("user", "add", "json@example.com", "--no-password", "--json"))
    assert json.loads(done.stdout) == user("json@example.com")


def test_a_password_is_set_from_standard_input():
    accepted(ctl("user", "add", "pw@example.com", "--no-password"))
    accepted(ctl("user", "passwd", "pw@example.com", input="first password\nmore"),
             "has a new password")
    first = password_hash("pw@example.com")
    assert first.startswith("$argon2id$") and "first" not in first
    refused(ctl("user", "passwd", "pw@example.com", input="short\n"), "password: ")
    refused(ctl("user", "passwd", "pw@example.com"), "standard input has no password")
    refused(ctl("user", "passwd", "nobody@example.com", input="long enough\n"), "no user has")
    assert password_hash("pw@example.com") == first


def on_terminal(*typed):
    """`user passwd` on a terminal: answers each prompt; gives the status, standard error and what
    the terminal showed."""
    try:
        master, slave = pty.openpty()
    except OSError as error:
        raise Skip(f"this system has no pseudo-terminals: {error}") from None
    options = {}
    if IS_ROOT:
        options = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []}
    process = subprocess.Popen(
        [os.path.join(site.bin, "affo-userctl"), "-c", CONF, "user", "passwd", "tty@example.com"],
        stdin=slave, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=site.environment,
        **options)
    said, end = b"", time.monotonic() + PATIENCE
    try:
        for prompt, line in zip((b"Password: ", b"Again: "), typed):
            while not said.endswith(prompt):
                assert time.monotonic() < end, said
                if select.select([process.stderr], [], [], 1)[0]:
                    chunk = os.read(process.stderr.fileno(), 4096)
                    assert chunk, said
                    said += chunk
            os.write(master, line)
        said += process.stderr.read()
        status = process.wait(PATIENCE)
        shown = b""
        while select.select([master], [], [], 0)[0]:
            shown += os.read(master, 4096)
        return status, said.decode(), shown.decode()
    finally:
        process.kill()
        process.wait()
        process.stderr.close()
        os.close(slave)
        os.close(master)


def test_a_password_is_asked_for_twice_on_a_terminal_and_not_shown():
    accepted(ctl("user", "add", "tty@example.com", "--no-password"))
    status, said, shown = on_terminal(b"typed secret\n", b"typed secret\n")
    assert status == 0, said
    assert "typed" not in shown and "typed" not in said
    first = password_hash("tty@example.com")
    assert first.startswith("$argon2id$")
    status, said, shown = on_terminal(b"typed secret\n", b"another one\n")
    assert status == 1 and "differ: nothing is changed" in said, said
    status, said, shown = on_terminal(b"\x03\n")
    assert status == 1 and "nothing is changed" in said, said
    assert password_hash("tty@example.com") == first


def test_roles_are_shown_replaced_and_taken_away():
    accepted(ctl("user", "add", "roles@example.com", "--no-password", "--role", "admin"))
    assert ctl("user", "role", "roles@example.com").stdout == "admin\n"
    accepted(ctl("user", "role", "roles@example.com", "service", "writer"), "has 2 roles")
    assert ctl("user", "role", "roles@example.com").stdout == "service\nwriter\n"
    refused(ctl("user", "role", "roles@example.com", "ok", "a,b"), "role 2: ")
    refused(ctl("user", "role", "roles@example.com", *[f"r{n}" for n in range(17)]))
    refused(ctl("user", "role", "roles@example.com", "twice", "twice"))
    assert user("roles@example.com")["roles"] == ["service", "writer"]
    accepted(ctl("user", "role", "--none", "roles@example.com"), "has 0 roles")
    assert accepted(ctl("user", "role", "roles@example.com")).stdout == ""
    refused(ctl("user", "role", "nobody@example.com"), "no user has")


def test_a_user_is_disabled_and_enabled():
    accepted(ctl("user", "add", "off@example.com", "--no-password"))
    accepted(ctl("user", "disable", "off@example.com"), "is disabled")
    assert user("off@example.com")["is_active"] is False
    accepted(ctl("user", "disable", "off@example.com"))
    accepted(ctl("user", "enable", str(user("off@example.com")["id"])), "is enabled")
    assert user("off@example.com")["is_active"] is True
    refused(ctl("user", "disable", "999999"), "no user has")


# Keys -----------------------------------------------------------------------------------------

def test_keys_are_made_once_and_never_replaced():
    names = ("token.key", "verification.key", "outbox.key", "outbox.pub")
    before = {name: read(site.path("keys/" + name)) for name in names}
    for name, text in before.items():
        assert len(text) == 44 and text.endswith("\n"), (name, len(text))
        mode = stat.S_IMODE(os.stat(site.path("keys/" + name)).st_mode)
        assert mode == (0o644 if name == "outbox.pub" else 0o600), (name, oct(mode))
    assert len(set(before.values())) == 4
    done = accepted(ctl("key", "generate", "all"))
    assert done.stdout.count("exists: left as it is") == 4, done.stdout
    assert before == {name: read(site.path("keys/" + name)) for name in names}
    assert sorted(os.listdir(site.path("keys"))) == sorted(names)
    os.unlink(site.path("keys/token.key"))
    accepted(ctl("key", "generate", "verification"), "left as it is")
    assert not os.path.exists(site.path("keys/token.key"))
    accepted(ctl("key", "generate", "token"), "token.key made")
    assert read(site.path("keys/token.key")) != before["token.key"]


def test_the_outbox_keys_stay_a_pair():
    public, secret = site.path("keys/outbox.pub"), site.path("keys/outbox.key")
    texts = read(public), read(secret)
    os.unlink(public)
    accepted(ctl("key", "generate", "outbox"), "outbox.pub made")
    assert (read(public), read(secret)) == texts
    os.rename(secret, secret + ".away")
    refused(ctl("key", "generate", "outbox"), "but not its secret key")
    os.rename(public, public + ".away")
    accepted(ctl("key", "generate", "outbox"), "outbox.key made", "outbox.pub made")
    os.rename(public + ".away", public)
    refused(ctl("key", "generate", "outbox"), "is not the public key of")
    os.rename(secret + ".away", secret)
    accepted(ctl("key", "generate", "outbox"))
    assert (read(public), read(secret)) == texts


def test_keys_need_a_directory_and_a_path():
    site.write("extra.conf", f'token: {{ key_file = "{site.path("none")}/token.key"; }};\n'
               'verification: { key_file = "codes"; };')
    done = ctl("key", "generate")
    site.write("extra.conf", "")
    refused(done, "token.key_file: directory", "No such file", "verification.key_file",
            "LoadCredential")
    assert "outbox.pub exists" in done.stdout


# Database, outbox, nginx ----------------------------------------------------------------------

def test_a_database_is_made_once_and_checked():
    refused(ctl("db", "init"), "exists already: nothing was done")
    accepted(ctl("db", "migrate"), "which is current")
    accepted(ctl("db", "check"), "ok: ")
    site.write("extra.conf", f'database = "{site.path("data/new.db")}";')
    try:
        refused(ctl("user", "list"), "affo-userctl db init")
        refused(ctl("db", "migrate"))
        accepted(ctl("db", "init"), "new.db made")
        assert stat.S_IMODE(os.stat(site.path("data/new.db")).st_mode) == 0o600
        assert json.loads(accepted(ctl("user", "list", "--json")).stdout) == []
        for ending in ("", "-wal", "-shm"):
            os.unlink(site.path("data/new.db" + ending))
        site.write("data/new.db", b"this is no database\n" * 1000)
        os.chmod(site.path("data/new.db"), 0o600)
        done = refused(ctl("db", "check"))
        assert "fault: " in done.stdout, done.stdout
        refused(ctl("user", "list"), "new.db")
    finally:
        site.write("extra.conf", "")


def test_messages_are_listed_and_sent_again():
    now = int(time.time() * 1000)
    columns = ("id, kind, channel, state, recipient, language, sealed, is_resend, created_at, "
               "expires_at, retry_at, lease_until, attempts")
    for number in range(103):
        rows(f"INSERT INTO outbox ({columns}) VALUES (?, 'phone_code', 'sms', 'pending', "
             "'+4915112345678', '', 'x', 0, ?, ?, ?, 0, 2)",
             f"m{number}", now + number, now + 7200000, now + 3600000)
    messages = json.loads(accepted(ctl("outbox", "list", "--json")).stdout)
    assert [one["id"] for one in messages] == [f"m{n}" for n in reversed(range(103))]
    first = messages[0]
    assert first["recipient"] == "+4915112345678" and first["attempts"] == 2
    assert first["state"] == "pending" and first["gateway"] is None
    assert "sealed" not in first
    accepted(ctl("outbox", "list"), "RECIPIENT", "m102", "phone_code")
    accepted(ctl("outbox", "retry", "m7"), "1 message is due now")
    assert rows("SELECT count(*) FROM outbox WHERE retry_at < ?", now + 3600000) == [(1,)]
    accepted(ctl("outbox", "retry"), "102 messages are due now")
    assert rows("SELECT count(*) FROM outbox WHERE retry_at < ?", now + 3600000) == [(103,)]
    refused(ctl("outbox", "retry", "m999"), 'no message "m999" waits')
    rows("DELETE FROM outbox")
    assert json.loads(ctl("outbox", "list", "--json").stdout) == []
    accepted(ctl("outbox", "retry"), "0 messages")


def test_files_for_nginx_have_the_configurations_values():
    names = accepted(ctl("nginx-snippet")).stdout.split()
    assert "affo-user.conf" in names and "affo-user-http.conf" in names
    texts = "".join(accepted(ctl("nginx-snippet", name)).stdout for name in names)
    for value in (site.path("run/fcgi.sock"), site.path("run/hash.sock"), " /api/v1.0 ",
                  "/api/v1\\.0/", "client_max_body_size 65536;"):
        assert value in texts, value
    for mark in ("FCGI_SOCKET", "HASH_SOCKET", "BASE_PATH", "MAX_BODY", "NGINX_DIR"):
        assert mark not in texts, mark
    include = "include /etc/nginx/x/affo-user-params.conf;"
    for folder in ("/etc/nginx/x", "/etc/nginx/x/"):
        accepted(ctl("nginx-snippet", "--dir", folder, "affo-user.conf"), include)
    accepted(ctl("nginx-snippet", "affo-user.conf"), "include affo-user-params.conf;")
    refused(ctl("nginx-snippet", "none.conf"), '"none.conf"', "affo-user.conf")
    refused(ctl("nginx-snippet", "--dir", "/a;b", "affo-user.conf"), "/a;b")
    site.write("extra.conf", 'listen = "/run/a b.sock"; listen_hash = "";')
    refused(ctl("nginx-snippet", "affo-user-http.conf"), '"/run/a b.sock"')
    site.write("extra.conf", 'listen = "/run/one.sock"; listen_hash = "";')
    text = accepted(ctl("nginx-snippet", "affo-user-http.conf")).stdout
    site.write("extra.conf", "")
    assert text.count("unix:/run/one.sock ") == 2, text


def test_root_leaves_nothing_behind_that_the_service_cannot_write():
    if not IS_ROOT:
        print("# needs root; the rest of this test was left out")
        return
    site.write("extra.conf", f'database = "{site.path("data/root.db")}";')
    try:
        for args in (["key", "generate"], ["db", "init"], ["db", "migrate"],
                     ["user", "add", "root@example.com", "--no-password"], ["outbox", "retry"]):
            done = subprocess.run([os.path.join(site.bin, "affo-userctl"), "-c", CONF, *args],
                                  env=site.environment, stdin=subprocess.DEVNULL, text=True,
                                  capture_output=True, timeout=PATIENCE)
            accepted(done)
        os.unlink(site.path("keys/token.key"))
        done = subprocess.run([os.path.join(site.bin, "affo-userctl"), "-c", CONF, "key",
                               "generate", "token"], env=site.environment, text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE)
        accepted(done, "token.key made")
    finally:
        site.write("extra.conf", "")
    for folder in ("data", "keys"):
        for name in os.listdir(site.path(folder)):
            owner = os.stat(site.path(f"{folder}/{name}")).st_uid
            assert owner == site.user.pw_uid, (folder, name, owner)


def test_the_examples_of_the_manual_work():
    blocks, lines = [], None
    for line in read(os.path.join(os.environ["srcdir"], "man", "affo-userctl.8")).splitlines():
        if line.startswith(".Bd -literal"):
            lines = []
        elif line == ".Ed":
            blocks.append("\n".join(lines) + "\n")
            lines = None
        elif lines is not None:
            lines.append(line)
    # The last one wants a site that runs: test_check_nginx.py has one, and asks it just that.
    assert blocks.pop().startswith("affo-userctl check nginx https://"), blocks
    assert len(blocks) == 3, blocks
    # The admin's shell: our configuration, a directory for nginx's, and an nginx that is content.
    for folder in ("shell", "nginx", "nginx/conf.d"):
        os.makedirs(site.path(folder), exist_ok=True)
    site.write("shell/affo-userctl", f"#!/bin/sh\nexec {site.bin}/affo-userctl -c {CONF} \"$@\"\n")
    site.write("shell/nginx", "#!/bin/sh\n")
    for name in ("affo-userctl", "nginx"):
        os.chmod(site.path("shell/" + name), 0o755)
    site.write("extra.conf", f'database = "{site.path("data/manual.db")}";')
    site.own()
    options = {}
    if IS_ROOT:
        options = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []}
    try:
        for block in blocks:
            done = subprocess.run(
                ["/bin/sh", "-eu", "-c", block.replace("/etc/nginx", site.path("nginx"))],
                cwd=site.path("shell"), input="long enough\n", text=True, capture_output=True,
                timeout=PATIENCE, env=dict(site.environment, PATH=site.path("shell") + ":" +
                                           site.environment["PATH"]), **options)
            assert done.returncode == 0 and done.stderr == "", (block, done)
        assert user("admin@example.com")["roles"] == ["admin"]
        assert user("shop@example.com")["roles"] == ["service"]
        assert site.path("nginx") + "/affo-user-params.conf" in read(
            site.path("nginx/affo-user.conf"))
    finally:
        site.write("extra.conf", "")


run(globals())
