"""A worker among web servers that err, stall and lie: no nginx in between."""
import json
import os
import resource
import select
import shutil
import signal

import fastcgi
from fastcgi import (ABORT, BEGIN, DATA, GET_VALUES, MAX_BODY, PARAMS, STDIN, Closed, Connection,
                     Worker, begin, length, pair, record, request, stream, variables)
from harness import Site, run, wait_for

BASE = "/api/v1.0"
MAX_REQUESTS = 20
HELD_MAX = 16 << 20  # SERVER_HELD_MAX

# Many silent peers at once need as many descriptors.
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
FILES = 4096 if hard == resource.RLIM_INFINITY else min(hard, 4096)
resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, FILES), hard))

site = Site(f"workers: {{ max_requests = {MAX_REQUESTS}; }};", start=False)
alone = Worker(site)
fast = Worker(site, "-p", "fast")
hashing = Worker(site, "-p", "hash")


def raw_params(*pairs):
    return b"".join(pair(*one) for one in pairs)


def registered():
    body = json.dumps({"email": site.new_email(), "password": site.password}).encode()
    answer = alone.ask("POST", BASE + "/user/", body)
    assert answer.status == 201, answer
    return json.loads(answer.body)


def test_worker_serves_all_routes_alone():
    user = registered()
    answer = alone.ask("GET", BASE + "/user/current/", token=user["access_token"])
    assert answer.status == 200, answer
    assert json.loads(answer.body)["email"] == user["email"], answer
    assert answer.headers["cache-control"] == "no-store", answer
    assert answer.headers["x-content-type-options"] == "nosniff", answer
    body = json.dumps({"email": user["email"], "password": "wrong"}).encode()
    answer = alone.ask("POST", BASE + "/auth/login/", body)
    assert answer.status == 401 and b"AuthFailure" in answer.body, answer
    answer = alone.ask("POST", BASE + "/auth/logout/", token=user["access_token"])
    assert (answer.status, answer.body) == (204, b""), answer
    assert "content-type" not in answer.headers, answer


def test_worker_keeps_a_connection_that_is_to_be_kept():
    with alone.connect() as connection:
        for number in range(50):
            answer = connection.ask("GET", BASE + "/auth/verify_token/",
                                    REQUEST_ID=f"request-{number}")
            assert answer.status == 401, answer
            assert answer.headers["x-request-id"] == f"request-{number}", answer
    with alone.connect() as connection:
        assert connection.ask("GET", BASE + "/", keep=False).status == 404
        assert connection.is_closed()


def test_hashing_pool_serves_one_request_a_connection():
    with hashing.connect() as connection:
        assert connection.ask("GET", BASE + "/").status == 404
        assert connection.is_closed()


def test_fast_pool_refuses_to_hash():
    body = json.dumps({"email": site.new_email(), "password": site.password}).encode()
    answer = fast.ask("POST", BASE + "/user/", body)
    assert answer.status == 503 and "retry-after" in answer.headers, answer
    assert "listen_hash" in site.log(), site.log()
    # For an id that nobody has nothing is hashed, so it is no matter of the pool.
    answer = fast.ask("POST", BASE + "/user/x/set_password/", b'{"password":"long enough"}',
                      token=registered()["access_token"])
    assert answer.status == 403, answer


def test_request_that_waited_too_long_is_not_hashed():
    body = json.dumps({"email": site.new_email(), "password": site.password}).encode()
    answer = hashing.ask("POST", BASE + "/user/", body, AFFO_AT="1764560000.123")
    assert answer.status == 503 and b'"Unavailable"' in answer.body, answer
    assert int(answer.headers["retry-after"]) > 0, answer
    assert hashing.ask("POST", BASE + "/user/", body).status == 201


def test_answer_to_head_options_and_a_missing_slash():
    answer = alone.ask("HEAD", BASE + "/openapi.json")
    assert answer.status == 200 and answer.body == b"", answer
    assert int(answer.headers["content-length"]) > 1000, answer
    answer = alone.ask("OPTIONS", BASE + "/user/current/")
    assert (answer.status, answer.body) == (204, b""), answer
    assert answer.headers["allow"] == "GET, HEAD, PATCH, DELETE, OPTIONS", answer
    answer = alone.ask("POST", BASE + "/auth/lo%67in?a=%2F/&b")
    assert answer.status == 308, answer
    assert answer.headers["location"] == BASE + "/auth/lo%67in/?a=%2F/&b", answer


def early_answers():
    """Requests that are answered before their body is looked at: status and variables."""
    token = registered()["access_token"]
    yield 401, "POST", "/auth/logout/", {}
    yield 401, "PATCH", "/user/current/", {}
    yield 404, "POST", "/nowhere/", {}
    yield 405, "PUT", "/auth/login/", {}
    yield 415, "POST", "/auth/login/", {"content_type": "text/plain"}
    yield 415, "PATCH", "/user/current/", {"token": token, "HTTP_CONTENT_ENCODING": "gzip"}
    yield 400, "POST", "/auth/login/", {}
    yield 400, "POST", "/%zz/", {}
    yield 400, "POST", "/user/", {"extra": [("REQUEST_URI", BASE + "/user/")]}
    yield 308, "POST", "/auth/login", {}
    yield 204, "OPTIONS", "/auth/login/", {}
    yield 200, "GET", "/user/current/", {"token": token}
    yield 200, "HEAD", "/openapi.json", {}


def test_body_is_never_taken_for_a_request():
    forged = request("GET", BASE + "/user/1/", REMOTE_ADDR="127.0.0.1", REQUEST_ID="smuggled")
    for status, method, path, more in early_answers():
        for fill in (0, 8184 - len(forged) // 2, 60000):
            body = bytes(fill) + forged * 3
            with alone.connect() as connection:
                answer = connection.ask(method, BASE + path, body, **more)
                assert answer.status == status, (status, method, path, fill, answer)
                answer = connection.ask("GET", BASE + "/", REQUEST_ID="the-next-one")
                assert answer.status == 404, (method, path, fill, answer)
                assert answer.headers["x-request-id"] == "the-next-one", answer


def test_body_is_taken_to_the_limit():
    def login(size):
        body = b'{"email":"nobody@example.com","password":"wrong"}'
        return alone.ask("POST", BASE + "/auth/login/", body + b" " * (size - len(body)))
    assert login(MAX_BODY).status == 401
    answer = login(MAX_BODY + 1)
    assert answer.status == 413 and b"BodyTooLarge" in answer.body, answer


def test_body_beyond_the_limit_is_drained_and_the_connection_closed():
    forged = request("GET", BASE + "/user/1/", REQUEST_ID="smuggled")
    for size in (MAX_BODY + 1, 300_000, 3_000_000):
        body = (forged * (size // len(forged) + 1))[:size]
        with alone.connect() as connection:
            # All of it is taken, so a web server gets to reading the answer.
            assert connection.send(request("POST", BASE + "/auth/login/", body))
            answer = connection.answer()
            assert answer.status == 413, answer
            assert connection.is_closed()
    with alone.connect() as connection:
        # Announced, and not come: as little as that is enough.
        assert connection.ask("POST", BASE + "/auth/login/", CONTENT_LENGTH="99999999",
                              ).status == 413


def test_length_must_be_that_of_the_body():
    body = b'{"email":"a@example.com","password":"x"}'
    for announced in (len(body) - 1, len(body) + 1):
        answer = alone.ask("POST", BASE + "/auth/login/", body, CONTENT_LENGTH=str(announced))
        assert answer.status == 400, answer
    # Streaming fronts announce none; those that ask on another request's behalf send none.
    assert alone.ask("POST", BASE + "/auth/login/", body, CONTENT_LENGTH="").status == 401
    token = registered()["access_token"]
    answer = alone.ask("GET", BASE + "/auth/verify_token/", token=token, CONTENT_LENGTH="7")
    assert answer.status == 200, answer


def test_variables_that_decide_come_once():
    for name in ("REQUEST_METHOD", "REQUEST_URI", "REMOTE_ADDR", "HTTP_AUTHORIZATION",
                 "CONTENT_TYPE", "CONTENT_LENGTH", "AFFO_AT"):
        value = dict(variables("GET", BASE + "/user/current/")).get(name, "")
        extra = [(name, value)] if name != "AFFO_AT" else [(name, "1.0"), (name, "1.0")]
        answer = alone.ask("GET", BASE + "/user/current/", extra=extra)
        assert answer.status == 400 and b"BadRequest" in answer.body, (name, answer)
    for name in ("REQUEST_METHOD", "REQUEST_URI", "REMOTE_ADDR"):
        answer = alone.ask("GET", BASE + "/user/current/", **{name: None})
        assert answer.status == 400, (name, answer)


def malformed():
    """What is no request: nothing of it may be answered, and the worker must outlive it."""
    good = raw_params(*variables("GET", BASE + "/openapi.json"))
    whole = request("GET", BASE + "/openapi.json")
    yield "a name of 2 GiB", begin() + stream(PARAMS, b"\xff\xff\xff\xff\x01" + good)
    yield "a name of 32 MiB", begin() + stream(PARAMS, length(1 << 25) + b"\x01" + good)
    yield "a value of 2 GiB", begin() + stream(PARAMS, b"\x01\xff\xff\xff\xffA" + good)
    yield "cut parameters", begin() + stream(PARAMS, good[:-1]) + record(STDIN)
    yield "a cut length", begin() + stream(PARAMS, good + b"\x80\x00") + record(STDIN)
    yield "a name with =", begin() + stream(PARAMS, good + pair("REMOTE_ADDR=1", "2"))
    yield "a value with NUL", begin() + stream(PARAMS, good + pair("A", "b\0c"))
    yield "an abort at once", begin() + record(ABORT)
    yield "an abort in the parameters", begin() + record(PARAMS, good) + record(ABORT)
    yield "an abort in the body", begin() + stream(PARAMS, good) + record(ABORT)
    yield "another version", b"\x02" + whole[1:]
    yield "no beginning", stream(PARAMS, good) + record(STDIN)
    yield "two beginnings", begin() + whole
    yield "another role", begin(role=2) + stream(PARAMS, good) + record(STDIN)
    yield "another id", begin() + record(PARAMS, good, number=2)
    yield "a management record", record(GET_VALUES, pair("FCGI_MAX_CONNS", ""), number=0)
    yield "data of a filter", begin() + stream(PARAMS, good) + record(DATA, b"x")
    yield "a body before the parameters' end", begin() + record(PARAMS, good) + record(STDIN)
    yield "two requests at once", whole + whole
    yield "a request and a byte", whole + b"\x01"
    yield "HTTP", b"GET /api/v1.0/ HTTP/1.1\r\nHost: localhost\r\n\r\n"
    yield "a short beginning", record(BEGIN, b"\0\1\1") + stream(PARAMS, good)


def test_malformed_requests_are_dropped():
    for what, data in malformed():
        with alone.connect() as connection:
            connection.send(data)
            assert connection.is_closed(), what
        assert alone.process.poll() is None, what
    assert alone.is_up()


def test_parameters_are_bounded():
    with alone.connect() as connection:
        filler = pair("HTTP_X", "x" * 65000)
        taken = connection.send(begin() + record(PARAMS, filler) * 1800)
        assert not taken, "120 MB of parameters were read"
        assert connection.is_closed()
    # What nginx's buffers let a client fill is served.
    answer = alone.ask("GET", BASE + "/", extra=[(f"HTTP_X{n}", "x" * 8000) for n in range(4)])
    assert answer.status == 404, answer
    assert alone.is_up()


def test_silent_and_half_sent_requests_hold_up_nobody():
    half = request("GET", BASE + "/", b"x" * 100)
    waiting = []
    try:
        for number in range(300):
            connection = alone.connect()
            connection.send(half[:number * len(half) // 301])
            waiting.append(connection)
        with alone.connect() as connection:
            for _ in range(50):
                assert connection.ask("GET", BASE + "/").status == 404
        site.set_clock(30)
        assert alone.is_up()
        for connection in waiting:
            assert connection.is_closed()
    finally:
        site.set_clock(0)
        for connection in waiting:
            connection.socket.close()


def test_request_may_come_in_pieces():
    whole = request("POST", BASE + "/auth/login/", b'{"email":"a@example.com","password":"x"}')
    cuts = range(0, len(whole) + 1, 37)

    def is_answered():
        with alone.connect() as connection:
            for start, end in zip(cuts, [*cuts[1:], len(whole)]):
                connection.send(whole[start:end])
            try:
                return connection.answer().status == 401
            except Closed:  # a machine so slow that the pieces took longer than they may
                return False
    wait_for(is_answered, "an answer to a request in pieces")


def send_when_there_is_room(connection, data, size):
    """As Apache does: a piece only when most of the socket's buffer is free."""
    for start in range(0, len(data), size):
        _, is_writable, _ = select.select([], [connection.socket], [], fastcgi.PATIENCE)
        assert is_writable, f"no room after {start} of {len(data)} bytes"
        if not connection.send(data[start:start + size]):
            raise Closed


def test_request_is_taken_off_the_socket_while_it_comes():
    body = b'{"email":"nobody@example.com","password":"wrong"}'
    whole = request("POST", BASE + "/auth/login/", body + b" " * (MAX_BODY - len(body)))
    for data, size, status in ((whole, 8200, 401), (whole, 500, 401), (whole[:-8], 1, None),
                               (request("POST", BASE + "/auth/login/", bytes(300000)), 8200, 413)):
        def is_answered():
            with alone.connect() as connection:
                try:
                    if status is None:  # all but the end, and then that
                        connection.send(data)
                        connection.send(whole[len(data):])
                        return connection.answer().status == 401
                    send_when_there_is_room(connection, data, size)
                    answer = connection.answer()
                    assert answer.status == status, answer
                    return status == 413 or connection.ask("GET", BASE + "/").status == 404
                except Closed:  # a machine so slow that it took longer than it may
                    return False
        wait_for(is_answered, f"an answer to {len(data)} bytes by {size}")


def is_open(connection):
    connection.socket.setblocking(False)
    try:
        return connection.socket.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_what_has_come_of_requests_is_bounded():
    half = request("POST", BASE + "/auth/login/", bytes(60000))[:-8]
    room = HELD_MAX // len(half)
    waiting = []
    try:
        for number in range(room + 5):
            if number % 20 == 0:  # so that none of them gets too old meanwhile
                site.set_clock(3600 - number)
            waiting.append(alone.connect())
            waiting[-1].send(half)
            assert number < room or waiting[-1].is_closed(), number
        assert alone.is_up()
        assert [number for number in range(room) if not is_open(waiting[number])] == []
    finally:
        site.set_clock(0)
        for connection in waiting:
            connection.socket.close()
    assert alone.is_up()


def test_more_silent_peers_than_slots_hold_up_nobody():
    waiting = []
    try:
        for _ in range(min(FILES - 100, 1200)):
            waiting.append(alone.connect())
        assert alone.is_up()
    finally:
        for connection in waiting:
            connection.socket.close()
    assert alone.is_up()


def test_peers_that_leave_cost_nothing():
    whole = request("GET", BASE + "/openapi.json")
    for number in range(200):
        with alone.connect() as connection:
            connection.send(whole[:number * len(whole) // 199])
    assert alone.is_up()


def test_worker_retires_after_its_requests_without_failing_one():
    worker = Worker(site, "-p", "fast")
    kept = [worker.connect() for _ in range(4)]
    try:
        # Past the limit: the worker takes no new connections, and serves those that it has.
        for number in range(2 * MAX_REQUESTS):
            assert kept[number % 4].ask("GET", BASE + "/").status == 404, number
        assert worker.process.poll() is None
        wait_for(lambda: not accepts(worker), "the end of listening")
        for connection in kept:
            assert connection.ask("GET", BASE + "/").status == 404
    finally:
        for connection in kept:
            connection.socket.close()
    assert worker.process.wait(fastcgi.PATIENCE) == 0


def accepts(worker):
    try:
        with worker.connect():
            return True
    except ConnectionRefusedError:
        return False


def test_worker_stops_gracefully_on_quit_and_at_once_on_term():
    worker = Worker(site)
    with worker.connect() as connection:
        assert connection.ask("GET", BASE + "/").status == 404
        worker.process.send_signal(signal.SIGQUIT)
        wait_for(lambda: not accepts(worker), "the end of listening")
        assert connection.ask("GET", BASE + "/").status == 404
        worker.process.send_signal(signal.SIGTERM)
        assert worker.process.wait(fastcgi.PATIENCE) == 0
        assert connection.is_closed()


def test_worker_refuses_what_it_cannot_start_with():
    done = site.run("affo-userd-worker", "-c", site.path("affo-userd.conf"))
    assert done.returncode == 78 and "standard input" in done.stderr, done
    done = site.run("affo-userd-worker", "-p", "slow")
    assert done.returncode == 64 and "usage:" in done.stderr, done
    site.write("bad.conf", "no_such_setting = 1;\n")
    worker = Worker(site, "-c", site.path("bad.conf"))
    assert worker.process.wait(fastcgi.PATIENCE) == 78


def test_spawn_fcgi_starts_a_working_worker():
    program = shutil.which("spawn-fcgi") or "/usr/bin/spawn-fcgi"
    worker = Worker(site, by=(program, "-n", "-s", "PATH", "--"))
    wait_for(lambda: os.path.exists(worker.path) and accepts(worker), "spawn-fcgi's socket")
    body = json.dumps({"email": site.new_email(), "password": site.password}).encode()
    with Connection(worker.path) as connection:
        assert connection.ask("POST", BASE + "/user/", body).status == 201
        # Alone it is never retired: nobody would start the next one.
        for _ in range(2 * MAX_REQUESTS):
            assert connection.ask("GET", BASE + "/").status == 404
    assert accepts(worker)
    worker.end()


def test_all_workers_are_alive_at_the_end():
    for worker in (alone, hashing):
        assert worker.process.poll() is None
        assert worker.is_up()
    for worker in (alone, fast, hashing):
        worker.end()
        assert worker.process.returncode == 0, worker.process.returncode


run(globals())
