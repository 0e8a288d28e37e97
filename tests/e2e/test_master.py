"""affo-userd(8) alone: its children are stand-ins that note what they were given."""
import os
import pwd
import re
import signal
import socket
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import IS_ROOT, run, wait_for  # noqa: E402
from lone_master import Master, processes  # noqa: E402


def started_up(**options):
    """With two fast workers, one that hashes and the queue."""
    master = Master(**options).start()
    master.wait_started(4)
    return master


def test_children_get_what_they_need_and_nothing_else():
    master = Master()
    # What whoever starts us left open, or set, is no child's business.
    leak = os.open("/dev/null", os.O_RDONLY)
    os.set_inheritable(leak, True)
    master.start(pass_fds=[leak], environment={"NOTIFY_SOCKET": "/nowhere", "WATCHDOG_USEC": "1",
                                               "LISTEN_FDS": "1", "AFFO_WAKE_FD": "77"})
    os.close(leak)
    master.wait_started(4)
    by = {note["who"]: note for note in master.notes()}
    assert sorted(note["who"] for note in master.notes()) == ["fast", "fast", "hash", "queue"]
    for who, note in by.items():
        environment, fds = note["environment"], note["fds"]
        passed = ["AFFO_CONF_FD", "AFFO_WAKE_FD"] + ["AFFO_MASTER_FD"] * (who == "queue")
        assert note["ppid"] == master.process.pid
        assert note["args"] == ([] if who == "queue" else ["-p", who]), note
        assert sorted(fds) == sorted(["0", "1", "2"] + [environment[name] for name in passed])
        assert fds["1"] == "/dev/null" and fds["2"] == master.path("log"), fds
        assert fds["0"].startswith("socket:") or (who == "queue" and fds["0"] == "/dev/null")
        assert "NOTIFY_SOCKET" not in environment and "LISTEN_FDS" not in environment
        assert "WATCHDOG_USEC" not in environment and environment["AFFO_WAKE_FD"] != "77"
        assert note["signals"][0].strip("0") == "", note["signals"]
        assert 'name = "one"' in note["conf"]
    assert by["fast"]["fds"]["0"] != by["hash"]["fds"]["0"]
    wait_for(lambda: master.notes("queue", "woken"), "a wake")
    for name in ("fcgi.sock", "hash.sock"):
        assert os.stat(master.path("run/" + name)).st_mode & 0o777 == 0o660
    assert os.stat(master.path("log")).st_mode & 0o777 == 0o640
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0, master.said()
    assert os.listdir(master.path("run")) == [], os.listdir(master.path("run"))
    assert not master.living()


def test_the_configuration_is_tested_as_it_is_used():
    master = Master()
    done = master.call("-t")
    assert done.returncode == 0 and "test is successful" in done.stderr, done
    done = master.call("-t", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), done
    done = master.call("-T", "-q")
    assert done.returncode == 0 and f'run_dir = "{master.dir}/run"' in done.stdout, done
    assert not master.read("bin/notes") and not os.listdir(master.path("run"))
    master.configure('pasword: { min = 3; };\nmax_body = "1m";')
    bad = [line for line in master.read("conf").splitlines()].index('max_body = "1m";') + 1
    for args in (["-t"], []):
        done = master.call(*args)
        assert done.returncode == 78, done
        assert re.search(rf"max_body.* in {master.dir}/conf:{bad}\n", done.stderr), done
        assert re.search(rf"pasword.* in {master.dir}/conf:{bad - 1}\n", done.stderr), done
    master.configure()
    os.unlink(master.path("data/token"))
    for args in (["-t"], []):
        done = master.call(*args)
        assert done.returncode == 78 and "data/token" in done.stderr, done
    assert not os.listdir(master.path("run")), os.listdir(master.path("run"))


def test_words_that_it_does_not_know_are_refused():
    master = Master()
    for args in (["-s", "restart"], ["-x"], ["start"]):
        assert master.call(*args).returncode == 64, args
    for option in ("-v", "-V"):
        done = master.call(option)
        assert done.returncode == 0 and done.stdout.startswith("affo-userd version: "), done
    done = master.call("-h")
    assert done.returncode == 0 and done.stdout.startswith("usage: "), done
    for word in ("stop", "quit", "reload", "reopen"):
        done = master.call("-s", word)
        assert done.returncode == 1 and "no affo-userd runs" in done.stderr, done


def test_a_second_start_is_refused_and_a_killed_one_is_no_hindrance():
    master = started_up()
    done = master.call()
    assert done.returncode == 1, done
    assert f"process {master.process.pid}" in done.stderr and "runs here" in done.stderr, done
    assert master.read("run/affo-userd.pid") == f"{master.process.pid}\n"
    master.signal(signal.SIGKILL)
    master.wait_end()
    wait_for(lambda: not master.living(), "the children's end after their master's")
    done = master.call("-s", "quit")
    assert done.returncode == 1 and "has ended" in done.stderr, done
    before = master.count()
    master.start()
    master.wait_started(4, after=before)
    assert master.call("-s", "quit").returncode == 0
    assert master.wait_end() == 0
    assert not master.living()


def test_another_run_dir_moves_sockets_and_pid_file():
    master = Master()
    os.mkdir(master.path("other"), 0o755)
    if IS_ROOT:
        os.chown(master.path("other"), master.user.pw_uid, master.user.pw_gid)
    process = processes.start([master.path("bin/affo-userd"), "-c", master.path("conf"), "-p",
                               master.path("other")], user=master.user, env=master.environment)
    wait_for(lambda: len(master.notes()) == 4, "four children")
    assert sorted(os.listdir(master.path("other"))) == ["affo-userd.pid", "fcgi.sock",
                                                        "hash.sock"]
    assert f'run_dir = "{master.path("other")}"' in master.notes()[0]["conf"]
    assert master.call("-s", "stop").returncode == 1
    assert master.call("-p", master.path("other"), "-s", "stop").returncode == 0
    assert process.wait(60) == 0


def test_a_reload_replaces_all_once_the_new_ones_are_up():
    master = started_up()
    before = master.count()
    old = {note["pid"] for note in master.notes()}
    master.configure(fast=3, hash_workers=2)
    assert master.call("-s", "reload").returncode == 0
    master.wait_started(6, after=before)
    wait_for(lambda: not old & master.living(), "the end of the old ones")
    ends = {note["pid"]: note["signal"] for note in master.notes(what="end")}
    assert all(ends.get(pid) == signal.SIGQUIT for pid in old), (ends, old)
    # The queues never met.
    order = [(note["what"], note["pid"] in old) for note in master.all_notes()
             if note["who"] == "queue"]
    assert order.index(("end", True)) < order.index(("start", False)), order
    # No gateways, no queue.
    before = master.count()
    master.configure(gateways="()")
    master.signal(signal.SIGHUP)
    master.wait_started(3, after=before)
    wait_for(lambda: len(master.living()) == 3, "three children")
    assert not master.notes("queue", after=before)
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0


def test_without_a_socket_of_its_own_it_starts_the_queue_alone():
    master = Master('listen = "";').start()
    master.wait_started(1, "queue")
    assert len(master.notes()) == 1 and '"listen" is empty' in master.said(), master.said()
    assert os.listdir(master.path("run")) == ["affo-userd.pid"]
    master.signal(signal.SIGHUP)
    master.wait_started(2, "queue")
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0
    assert len(master.notes()) == 2, master.notes()


def test_a_bad_configuration_changes_nothing():
    master = started_up()
    before = master.count()
    living = master.living()
    for settings, log, sentence in (
            ('max_body = "1m";\npasword = 1;', "DIR/log", "pasword"),
            (f'listen = "{master.path("run/new.sock")}";', "DIR/log", "that takes a restart"),
            ("", "/nowhere/at/all", "the directory /nowhere/at does not exist"),
            ("", "DIR/run", "cannot open the log")):
        said = master.said().count("going on with the old one")
        master.configure(settings, log=log)
        master.signal(signal.SIGHUP)
        master.wait_said("going on with the old one", said + 1)
        assert sentence in master.said(), master.said()
    assert not master.notes(after=before) and not master.notes(what="end"), master.said()
    assert master.living() == living, (living, master.living(), master.said())
    # And one that only looks good leaves the old workers where they are.
    master.configure()
    master.spoil("worker")
    master.signal(signal.SIGHUP)
    master.wait_said("is started in 400 ms")
    workers = {note["pid"] for note in master.notes() if note["who"] in ("fast", "hash")}
    assert workers & living <= master.living(), master.said()
    master.mend("worker")
    wait_for(lambda: not living & master.living(), "the end of the old ones")
    master.signal(signal.SIGQUIT)
    assert master.wait_end() == 0


def test_who_dies_is_replaced_and_the_log_says_why():
    master = started_up()
    victim = master.notes("hash")[0]["pid"]
    os.kill(victim, signal.SIGKILL)
    master.wait_started(2, "hash")
    assert f"hash worker {victim} was killed by signal 9 (SIGKILL)" in master.said()
    victim = master.notes("queue")[0]["pid"]
    os.kill(victim, signal.SIGSYS)
    master.wait_started(2, "queue")
    assert re.search(rf"queue {victim} was killed .*sandbox forbids \(SIGSYS\)", master.said())
    # At once, again and again: slower each time.
    master.spoil("worker", "exit 3")
    for note in master.notes("fast"):
        os.kill(note["pid"], signal.SIGKILL)
    master.wait_said("is started in 400 ms")
    assert "ended with status 3" in master.said()
    master.mend("worker")
    wait_for(lambda: len(master.living()) == 4, "four living children")
    # One that cannot be executed.
    os.chmod(master.path("bin/affo-userd-queue"), 0o644)
    os.kill(master.notes("queue")[-1]["pid"], signal.SIGKILL)
    master.wait_said("could not be executed")
    os.chmod(master.path("bin/affo-userd-queue"), 0o755)
    wait_for(lambda: len(master.living()) == 4, "four living children")
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0


def test_the_queue_gets_senders_that_know_nothing():
    master = Master()
    master.start(environment={"AFFO_SECRET": "s", "TZ": "UTC"})
    master.wait_started(4)
    master.write("bin/ask", "one two unknown one one")
    wait_for(lambda: len(master.notes("queue", "answer")) == 5, "five answers")
    answers = [(note["name"], note["has_fd"], note["said"])
               for note in master.notes("queue", "answer")]
    assert answers == [("one", True, "HELLO"), ("two", True, "HELLO"), ("unknown", False, None),
                       ("one", True, "HELLO"), ("one", False, None)], answers
    for note in master.notes("send"):
        assert sorted(note["fds"]) == ["0", "1", "2"] and note["fds"]["1"] == "/dev/null", note
        assert note["args"] == [] and note["conf"] is None
        names = set(note["environment"])
        assert "TZ" in names and not [name for name in names if name.startswith("AFFO_") and
                                      name != "AFFO_CLOCK_FILE"], names
    # They end with the queue that asked for them, and the next one gets others.
    before = master.count()
    os.kill(master.notes("queue")[0]["pid"], signal.SIGKILL)
    wait_for(lambda: len(master.notes("queue", "answer", before)) == 5, "five answers more")
    assert [note["has_fd"] for note in master.notes("queue", "answer", before)][2] is False
    first = {note["pid"] for note in master.notes("send")[:3]}
    wait_for(lambda: not first & master.living(), "the end of the first three senders")
    # Senders that die at once are not started as fast as they are asked for.
    master.spoil("send")
    master.write("bin/ask", "one two unknown one one" + " two" * 4)
    master.wait_said("the next sender is started in")
    master.signal(signal.SIGQUIT)
    assert master.wait_end() == 0
    assert not master.living()


def test_a_new_log_is_opened_and_given_to_new_children():
    master = started_up()
    before = master.count()
    os.rename(master.path("log"), master.path("log.1"))
    assert master.call("-s", "reopen").returncode == 0
    notes = master.wait_started(4, after=before)
    assert all(note["fds"]["2"] == master.path("log") for note in notes), notes
    wait_for(lambda: len(master.living()) == 4, "the end of the old ones")
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0
    assert "ended" in master.read("log") and "opening the log anew" in master.read("log.1")


def listen(ears, heard):
    while text := ears.recv(1000).decode():
        heard.append(text)


def test_systemd_is_told_and_its_sockets_are_taken():
    for address in ("path", "abstract"):
        master = Master()
        name = master.path("notify") if address == "path" else "@affo" + master.dir
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ears, \
                socket.socket(socket.AF_UNIX) as fast, socket.socket(socket.AF_UNIX) as hashing:
            ears.bind(name.replace("@", "\0"))
            if address == "path":
                os.chmod(name, 0o666)
            for end, path in ((fast, "activated.fast"), (hashing, "activated.hash")):
                end.bind(master.path(path))
                end.listen(5)
            # Out of the way of systemd's numbers, 3 and 4.
            high = [os.dup2(end.fileno(), 200 + i) for i, end in enumerate((fast, hashing))]
            script = 'exec 3<&200 4<&201; LISTEN_PID=$$; export LISTEN_PID; exec "$@"'
            master.start("bash", "-c", script, "bash", pass_fds=high, environment={
                "NOTIFY_SOCKET": name, "WATCHDOG_USEC": "200000", "LISTEN_FDS": "2",
                "LISTEN_FDNAMES": "fcgi:hash"})
            for fd in high:
                os.close(fd)
            inodes = {"fast": os.fstat(fast.fileno()).st_ino,
                      "hash": os.fstat(hashing.fileno()).st_ino}
            master.wait_started(4)
            for who, inode in inodes.items():
                assert master.notes(who)[0]["fds"]["0"] == f"socket:[{inode}]"
            assert sorted(os.listdir(master.path("run"))) == ["affo-userd.pid"]
            heard = []

            def hear(start):
                """Until something comes that starts so; what was heard before is gone."""
                def has_come():
                    while heard:
                        text = heard.pop(0)
                        if text.startswith(start):
                            return text
                    return None
                return wait_for(has_come, start)

            threading.Thread(target=listen, args=(ears, heard), daemon=True).start()
            hear("READY=1")
            hear("STATUS=running: 2 fast and 1 hash workers, a queue")
            hear("WATCHDOG=1")
            hear("WATCHDOG=1")
            master.signal(signal.SIGHUP)
            assert hear("RELOADING=1\nMONOTONIC_USEC=").split("=")[-1].isdigit()
            hear("READY=1")
            master.signal(signal.SIGQUIT)
            hear("STOPPING=1")
            assert master.wait_end() == 0
            assert os.path.exists(master.path("activated.fast"))
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
                last.sendto(b"", ears.getsockname())


def test_root_binds_and_gives_everything_away():
    if not IS_ROOT:
        return
    master = Master(as_root=True)
    master.configure('group = "daemon";')
    assert master.call("-t").returncode == 0
    master.start()
    master.wait_started(4)
    for note in master.notes():
        assert (note["uid"], note["gid"]) == (master.user.pw_uid, master.user.pw_gid), note
    st = os.stat(master.path("run/fcgi.sock"))
    assert st.st_uid == master.user.pw_uid and st.st_mode & 0o777 == 0o660
    assert st.st_gid == pwd.getpwnam("daemon").pw_gid
    with open(f"/proc/{master.process.pid}/status", encoding="ascii") as file:
        status = file.read()
    uid = master.user.pw_uid
    assert f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n" in status and "CapPrm:\t0000000000000000" in status
    # What only root can read is no use: said at the start, and not at the next reload.
    second = Master(as_root=True)
    os.chown(second.path("data/token"), 0, 0)
    for args in (["-t"], []):
        done = second.call(*args)
        assert done.returncode == 78 and "data/token" in done.stderr, done
    second.configure('user = "nobody-of-that-name";')
    second.write("conf", second.read("conf").replace(f'user = "{second.user.pw_name}";\n', ""))
    done = second.call()
    assert done.returncode == 78 and "nobody-of-that-name does not exist" in done.stderr, done
    before = master.count()
    master.signal(signal.SIGHUP)
    master.wait_started(4, after=before)
    master.signal(signal.SIGTERM)
    assert master.wait_end() == 0
    assert os.listdir(master.path("run")) == []


run(globals())
