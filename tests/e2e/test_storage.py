"""A database that cannot be used: 503 and never a false success, and back by itself."""
import contextlib
import fcntl
import os
import shutil
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import IS_ROOT, Site, run, wait_for  # noqa: E402

site = Site('db_timeout = "200ms";')
DATABASE = site.path("data/users.db")
# Made before the troubles: what must be readable, and later unchanged.
ann = site.register()


def sql(text, path=DATABASE):
    with contextlib.closing(sqlite3.connect(path, timeout=60, isolation_level=None)) as database:
        return database.execute(text).fetchall()


def emails():
    return {row[0] for row in sql('SELECT email FROM "user"')}


def expect_unavailable(answer):
    assert answer.status == 503 and answer.code == "Unavailable", answer
    assert int(answer.headers["Retry-After"]) >= 1
    assert "/" not in answer.json()["detail"] and "SQL" not in answer.json()["detail"]


def expect_no_write():
    """Writes are refused, and nothing of them is there afterwards."""
    email = site.new_email()
    expect_unavailable(site.post("/user/", {"email": email, "password": site.password}))
    expect_unavailable(site.patch(f"/user/{ann['id']}/", {"first_name": "Never"},
                                  ann["access_token"]))
    return email


def expect_read():
    assert site.get("/user/current/", ann["access_token"]).status == 200
    assert site.get("/auth/verify_token/", ann["access_token"]).status == 200


def expect_no_read():
    expect_unavailable(site.get("/user/current/", ann["access_token"]))


def wait_until_works(master):
    """All workers are back, and the master is the one that was there before."""
    def works():
        answers = [site.post("/user/", {"email": site.new_email(), "password": site.password}),
                   site.patch(f"/user/{ann['id']}/", {"first_name": "Ann"}, ann["access_token"]),
                   site.get("/user/current/", ann["access_token"])]
        for answer in answers:
            if answer.status >= 400:
                expect_unavailable(answer)
        return [answer.status for answer in answers] == [201, 200, 200]
    wait_for(works, "the database to be used again")
    assert site.userd.pid == master and site.userd.poll() is None


def expect_logged(text, since):
    wait_for(lambda: text in site.log()[since:], f"\"{text}\" in the log")


def integrity():
    assert sql("PRAGMA integrity_check") == [("ok",)]
    assert sql("PRAGMA foreign_key_check") == []


def test_a_foreign_lock_past_the_timeout_refuses_writes_only():
    master, since = site.userd.pid, len(site.log())
    with contextlib.closing(sqlite3.connect(DATABASE, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        refused = expect_no_write()
        expect_read()
        other.execute("ROLLBACK")
    expect_logged("another program has it locked", since)
    wait_until_works(master)
    assert refused not in emails()


def test_a_held_write_lock_past_the_timeout_refuses_writes_only():
    master, since = site.userd.pid, len(site.log())
    with open(DATABASE + ".lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        refused = expect_no_write()
        expect_read()
    expect_logged("the write lock " + DATABASE + ".lock was not free", since)
    wait_until_works(master)
    assert refused not in emails()


def limit_file_sizes(size):
    """Of the workers, by their own user: root of a container may not."""
    options = {"user": site.user.pw_uid, "group": site.user.pw_gid,
               "extra_groups": []} if IS_ROOT else {}
    code = ("import resource, sys\n"
            "size = int(sys.argv[1])\n"
            "for pid in map(int, sys.argv[2:]):\n"
            "    hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)[1]\n"
            "    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, hard))\n")
    subprocess.run([sys.executable, "-c", code, str(size),
                    *map(str, site.children("affo-userd-worker"))], check=True, **options)


def test_a_full_disk_refuses_writes_only():
    master = site.userd.pid
    # A reader keeps the wal from starting over, so that writes go beyond the limit; the log is
    # shorter than it.
    with contextlib.closing(sqlite3.connect(DATABASE, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute('SELECT count(*) FROM "user"').fetchall()
        size = len(site.log()) + 100000
        while os.path.getsize(DATABASE + "-wal") <= size:
            site.register()
        since = len(site.log())
        limit_file_sizes(size)
        refused = expect_no_write()
        expect_read()
        expect_logged("is unavailable: ", since)
        limit_file_sizes(-1)
        reader.execute("ROLLBACK")
    wait_until_works(master)
    assert refused not in emails()
    integrity()


def test_another_version_refuses_everything_until_it_is_migrated():
    master, since = site.userd.pid, len(site.log())
    version = sql("PRAGMA user_version")[0][0]
    sql(f"PRAGMA user_version = {version - 1}")
    refused = expect_no_write()
    expect_no_read()
    expect_logged("run affo-userctl db migrate", since)
    sql(f"PRAGMA user_version = {version + 1}")
    expect_no_read()
    sql(f"PRAGMA user_version = {version}")
    wait_until_works(master)
    assert refused not in emails()


def test_a_file_taken_away_and_put_back_loses_nothing():
    master, since = site.userd.pid, len(site.log())
    os.rename(DATABASE, DATABASE + ".aside")
    expect_no_write()
    expect_no_read()
    expect_logged("was replaced or removed", since)
    assert not os.path.exists(DATABASE)
    os.rename(DATABASE + ".aside", DATABASE)
    wait_until_works(master)
    integrity()


def copy_database(to):
    """As a backup does: whole, and in one file."""
    with contextlib.closing(sqlite3.connect(DATABASE, timeout=60)) as source, \
            contextlib.closing(sqlite3.connect(to)) as target:
        source.backup(target)
    os.chmod(to, 0o600)
    if IS_ROOT:
        os.chown(to, site.user.pw_uid, site.user.pw_gid)


def test_a_restored_backup_is_served_without_a_restart():
    master = site.userd.pid
    backup = site.path("data/backup.db")
    copy_database(backup)
    late = site.register()
    assert site.get("/user/current/", late["access_token"]).status == 200
    # Away with the old file first: no new process may open it meanwhile.
    os.rename(DATABASE, DATABASE + ".old")
    for ending in ("-wal", "-shm"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(DATABASE + ending)
    os.rename(backup, DATABASE)
    wait_until_works(master)
    # No worker has anything of the former file any more, not even in a cache.
    wait_for(lambda: site.get("/auth/verify_token/", late["access_token"]).status in (401, 403),
             "the former file to be forgotten")
    for _ in range(20):
        assert site.get("/user/current/", late["access_token"]).status in (401, 403)
    assert late["email"] not in emails()
    integrity()


def start_with(prepare, repair, cause, reads=False):
    """Starts on a database that prepare() has spoiled; repair() mends it while the service runs."""
    site.stop()
    # Everything into the one file.
    sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copy2(DATABASE, DATABASE + ".good")
    if IS_ROOT:
        os.chown(DATABASE + ".good", site.user.pw_uid, site.user.pw_gid)
    prepare()
    since = len(site.log())
    site.start()
    master = site.userd.pid
    expect_no_write()
    if reads:
        expect_read()
    else:
        expect_no_read()
    expect_logged(cause, since)
    repair()
    wait_until_works(master)
    with contextlib.suppress(FileNotFoundError):
        os.unlink(DATABASE + ".good")
    integrity()


def put_back():
    os.rename(DATABASE + ".good", DATABASE)


def test_it_starts_without_a_database_and_is_there_when_the_file_is():
    start_with(lambda: os.unlink(DATABASE), put_back, "there is no such file")


def test_it_starts_on_garbage_and_is_there_when_the_file_is():
    def spoil():
        with open(DATABASE, "r+b") as file:
            file.write(b"not a database\n" * 100)
    start_with(spoil, put_back, "is this the right path?")


def test_it_starts_on_a_file_that_it_may_not_open_and_is_there_when_it_may():
    start_with(lambda: os.chmod(DATABASE, 0), lambda: os.chmod(DATABASE, 0o600),
               "look at the permissions")


def test_a_read_only_file_is_read():
    start_with(lambda: os.chmod(DATABASE, 0o400), lambda: os.chmod(DATABASE, 0o600),
               "cannot be written", reads=True)


def test_of_fifty_parallel_registrations_of_an_email_one_succeeds():
    email = site.new_email()
    spellings = [email, email.upper(), email.capitalize(), email.title()]
    answers = []
    barrier = threading.Barrier(50)

    def register(number):
        barrier.wait()
        answers.append(site.post("/user/", {"email": spellings[number % 4],
                                            "password": site.password}))
    threads = [threading.Thread(target=register, args=(number,)) for number in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    created = [answer for answer in answers if answer.status == 201]
    assert len(answers) == 50 and len(created) == 1, answers
    for answer in answers:
        # Busy is an honest answer; a second success or another error is not.
        assert answer.status == 201 or answer.code in ("AlreadyExists", "Unavailable"), answer
    assert sum(row.lower() == email for row in emails()) == 1
    assert site.login(email)["id"] == created[0].json()["id"]


run(globals())
