"""The other web servers: each serves the whole service with the file that is shipped for it."""
import functools
import http.client
import json
import socket
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from fronts import ApacheFcgid, ApacheProxy, Caddy, Lighttpd  # noqa: E402
from harness import BASE, PATIENCE, Skip, run, wait_for  # noqa: E402

PROBLEM = "application/problem+json"
LOGIN = b'{"email":"nobody@example.com","password":"wrong"}'
sites = {}


def site_of(front):
    """The front's site, which is started when the first of its tests asks for it; once."""
    if front not in sites:
        try:
            sites[front] = front()
        except (AssertionError, Skip) as error:
            sites[front] = error
            raise
    if isinstance(sites[front], Skip):
        raise sites[front]
    if isinstance(sites[front], Exception):
        raise AssertionError("it did not start, as a former test says")
    return sites[front]


def raw(site, head, body=b""):
    """Sends a request that http.client wouldn't write; the answer's status and body."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=PATIENCE) as connection:
        connection.sendall(f"{head}\r\nHost: 127.0.0.1:{site.port}\r\nConnection: close\r\n"
                           .encode() + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.read()


def expect(answer, status, code, kind=PROBLEM):
    """In the service's shape, whoever has answered."""
    assert answer.status == status and answer.code == code, answer
    assert answer.headers["Content-Type"] == kind, answer.headers
    body = answer.json()
    assert body["type"] == "about:blank" and body["title"] and body["detail"], body
    assert body["description"] == body["detail"] and body["status"] == status, body
    return answer


def people_come_and_go(front):
    site = site_of(front)
    user = site.register(first_name="Zoë")
    token = site.login(user["email"])["access_token"]
    claims = site.get("/auth/verify_token/", token)
    assert claims.status == 200 and claims.json()["id"] == user["id"], claims
    assert site.patch("/user/current/", {"last_name": "Ö"}, token).json()["last_name"] == "Ö"
    head = site.request("HEAD", "/user/current/", token=token)
    assert head.status == 200 and head.body == b"", head
    assert "PATCH" in site.request("OPTIONS", "/user/current/").headers["Allow"]
    assert site.post("/auth/logout/", token=token).status == 204
    expect(site.get("/user/current/", token), 403, "BlacklistedError", "application/json")
    admin = site.staff("admin")["access_token"]
    assert site.delete(f"/user/{user['id']}/", admin).status == 204
    assert site.post("/verification/phone/", {"phone": "+4915112345"}).status == 200
    assert site.wait_messages("sms", "+4915112345", 1)


def paths_arrive_as_they_were_sent(front):
    site = site_of(front)
    token = site.register()["access_token"]
    for method in ("GET", "POST"):
        answer = site.request(method, "/auth/login?a=b%20c")
        assert answer.status == 308 and answer.body == b"", answer
        assert answer.headers["Location"] == BASE + "/auth/login/?a=b%20c", answer.headers
    assert site.get("/user/%63urrent/", token).status == 200
    expect(site.get("/user/%2563urrent/", token), 403, "AccessDenied", "application/json")
    for path in ("", "/", "/nothing/", "/auth//verify_token/", "/auth/./verify_token/",
                 "/user/../auth/verify_token/"):
        expect(site.get(path, token), 404, "NotFound")
    answer = site.get("/user/current%2F/", token)
    assert answer.status == 403 or front is ApacheFcgid and answer.status == 404, answer
    # A hashing route under another spelling goes to the pool that hashes.
    answer = site.post("/%61uth/login/", raw=LOGIN)
    expect(answer, 401, "AuthFailure", "application/json")
    assert site.get("/nothing/", base="").status == 404


def errors_have_the_services_shape(front):
    site = site_of(front)
    answer = expect(site.post("/auth/login/", raw=LOGIN), 401, "AuthFailure", "application/json")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="affo"', answer.headers
    assert answer.headers["Cache-Control"] == "no-store", answer.headers
    assert answer.headers["X-Request-ID"] == answer.json()["request_id"], answer
    assert expect(site.post("/user/", {"email": "a"}), 400, "ValidationError").json()["errors"]
    expect(site.get("/auth/login/"), 405, "MethodNotAllowed")
    expect(site.get("/user/current/"), 401, "MissingTokenHeader", "application/json")
    expect(site.post("/auth/login/", raw=LOGIN, headers={"Content-Type": "text/plain"}),
           415, "UnsupportedMediaType")


def bodies_are_taken_to_their_limit_and_not_beyond(front):
    site = site_of(front)
    for size in (20000, 65536):
        answer = site.post("/auth/login/", raw=LOGIN + b" " * (size - len(LOGIN)))
        expect(answer, 401, "AuthFailure", "application/json")
    for size in (65537, 300000, 3000000):
        expect(site.post("/auth/login/", raw=LOGIN + b" " * (size - len(LOGIN))),
               413, "BodyTooLarge")
    status, body = raw(site, f"POST {BASE}/auth/login/ HTTP/1.1",
                       b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
                       b"%x\r\n%s\r\n0\r\n\r\n" % (len(LOGIN), LOGIN))
    assert status == 401 and json.loads(body)["code"] == "AuthFailure", (status, body)


def headers_make_nobody_another(front):
    site = site_of(front)
    user = site.register()
    forged = {"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9",
              "Forwarded": "for=203.0.113.9", "Remote-Addr": "203.0.113.9",
              "X-Auth-User-Id": "1", "X-Auth-Roles": "admin"}
    answer = site.post("/auth/login/", {"email": user["email"], "password": site.password},
                       headers=forged)
    assert answer.status == 200, answer
    token = answer.json()["access_token"]
    logins = site.get("/user/current/session/", token, headers=forged).json()
    assert {login["ip"] for login in logins} == {"127.0.0.1"}, logins
    assert site.get("/user/current/", headers=forged).status == 401
    two = f"Authorization: Bearer {token}\r\n" * 2
    status, _ = raw(site, f"GET {BASE}/user/current/ HTTP/1.1", f"{two}\r\n".encode())
    assert status in (400, 401), status
    assert site.get(f"/user/current/?access_token={token}").status == 401


def a_service_that_is_away_is_unavailable(front):
    site = site_of(front)
    if front is ApacheFcgid:  # it starts what has gone; so it gets what can't be started
        site.nginx.terminate()
        site.nginx.wait(PATIENCE)
        site.write("affo-userd.conf", "nonsense")
        site.start_nginx()
        wait_for(lambda: answers(site), "Apache's first answer")
    else:
        site.userd.terminate()
        site.userd.wait(PATIENCE)
    for answer in (site.get("/openapi.json"), site.post("/auth/login/", raw=LOGIN)):
        # mod_fcgid says 500 of a worker that doesn't start, or 503.
        assert answer.status == 503 or front is ApacheFcgid and answer.status == 500, answer
        expect(answer, answer.status, "Unavailable")
    site.stop()


def answers(site):
    try:
        return site.get("/", base="").status
    except OSError:
        return None


def one_socket_serves_everything(front):
    """Without the part for the second pool; `workers.hash` bounds hashing then."""
    site = front('listen_hash = ""; workers: { hash = 1; };\n',
                 has_one_pool=True, fast=3)
    emails = [site.register()["email"] for _ in range(2)]
    results = []

    def work(email):
        for _ in range(5):
            results.append(site.post("/auth/login/", {"email": email, "password": site.password}))
            results.append(site.get("/openapi.json"))
    threads = [threading.Thread(target=work, args=[email]) for email in emails * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 60 and {answer.status for answer in results} == {200}, results
    site.stop()


for _front in (ApacheProxy, ApacheFcgid, Lighttpd, Caddy):
    for _case in (people_come_and_go, paths_arrive_as_they_were_sent,
                  errors_have_the_services_shape, bodies_are_taken_to_their_limit_and_not_beyond,
                  headers_make_nobody_another, a_service_that_is_away_is_unavailable,
                  *([one_socket_serves_everything] if _front.second_pool else [])):
        globals()[f"test_{_front.__name__.lower()}_{_case.__name__}"] = \
            functools.partial(_case, _front)

run(globals())
