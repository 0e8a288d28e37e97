"""The conventions of affo-user-api(7), behind the real nginx."""
import http.client
import json
import re
import socket
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import BASE, Site, run  # noqa: E402

site = Site()
token = site.register()["access_token"]
PROBLEM = "application/problem+json"


def expect(answer, status, code=None, kind=PROBLEM):
    assert answer.status == status and answer.code == code, answer
    if code is not None:
        assert answer.headers["Content-Type"] == kind, answer.headers
        body = answer.json()
        assert body["status"] == status and body["type"] == "about:blank", body
        assert body["title"] and body["detail"] and body["description"] == body["detail"], body
        assert body["request_id"] == answer.headers["X-Request-ID"], body
    return answer


def raw(text):
    """Sends bytes to nginx; the answer's status and body."""
    with socket.create_connection(("127.0.0.1", site.port), timeout=60) as connection:
        connection.sendall(text)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, answer.headers, answer.read()


def test_unknown_paths_are_not_found():
    for path in ("/", "/nothing/", "/user/1/nothing/", "/auth/", "/auth//login/", "/auth/./login/",
                 "/auth/login//", "/AUTH/LOGIN/", "/user/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/"):
        expect(site.get(path), 404, "NotFound")
    expect(site.get("/elsewhere", base=""), 404, "NotFound")
    expect(site.get("", base=BASE), 404, "NotFound")


def test_a_missing_slash_is_redirected_and_to_no_host():
    for method in ("GET", "POST", "DELETE"):
        answer = site.request(method, "/auth/login?a=b%20c")
        assert answer.status == 308, answer
        assert answer.headers["Location"] == BASE + "/auth/login/?a=b%20c"
    assert site.get("/user/7").headers["Location"] == BASE + "/user/7/"
    assert site.get("/nothing").status == 404


def test_methods():
    answer = expect(site.get("/auth/login/"), 405, "MethodNotAllowed")
    assert set(re.split(", *", answer.headers["Allow"])) == {"POST", "OPTIONS"}
    answer = expect(site.post("/user/current/", {}, token), 405, "MethodNotAllowed")
    assert set(re.split(", *", answer.headers["Allow"])) == \
        {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}
    answer = expect(site.request("OPTIONS", "/user/current/"), 204)
    assert "PATCH" in answer.headers["Allow"] and answer.body == b""
    expect(site.request("BREW", "/user/current/", token=token), 405, "MethodNotAllowed")
    answer = site.request("HEAD", "/user/current/", token=token)
    assert answer.status == 200 and answer.body == b""
    assert answer.headers["Content-Type"] == "application/json"


def test_media_types():
    good = json.dumps({"email": "nobody@example.com", "password": "x"}).encode()
    for kind in ("application/json", "APPLICATION/JSON", "application/json; charset=UTF-8",
                 "application/vnd.api+json", 'application/json;charset="utf-8"'):
        answer = site.post("/auth/login/", raw=good, headers={"Content-Type": kind})
        expect(answer, 401, "AuthFailure", "application/json")
    for kind in ("text/plain", "application/jsonp", "application/json; charset=latin-1", "json",
                 "application/x-www-form-urlencoded", "application/+json"):
        answer = site.post("/auth/login/", raw=good, headers={"Content-Type": kind})
        expect(answer, 415, "UnsupportedMediaType")
    expect(site.post("/auth/login/", raw=good, headers={"Content-Encoding": "gzip"}),
           415, "UnsupportedMediaType")
    expect(site.post("/auth/login/", raw=good, headers={"Content-Encoding": "identity"}),
           401, "AuthFailure", "application/json")
    # A route without a body looks at neither.
    answer = site.post("/auth/logout/", token=site.register()["access_token"], raw=b"<x/>",
                       headers={"Content-Type": "text/xml"})
    assert answer.status == 204, answer


def test_json_is_strict():
    for text in (b"", b"{", b"nonsense", b"\xef\xbb\xbf{}", b'{"email":"a","email":"b"}',
                 b'{"email":"a\\u0000"}', b'{"email":"\\ud800"}', b'{"email":"\xff"}', b"{} x",
                 b'{"email":NaN}', b'{"email":01}', b"[" * 40 + b"]" * 40, b"{'email':1}"):
        expect(site.post("/auth/login/", raw=text), 400, "BadRequest")
    for text in (b"[]", b"1", b'"x"', b"null"):
        expect(site.post("/auth/login/", raw=text), 400, "ValidationError")


def test_bodies_have_a_limit():
    fits = b'{"email":"nobody@example.com","password":"x"}'
    fits += b" " * (65536 - len(fits))
    expect(site.post("/auth/login/", raw=fits), 401, "AuthFailure", "application/json")
    expect(site.post("/auth/login/", raw=fits + b" "), 413, "BodyTooLarge")


def test_bad_escapes_are_bad_requests():
    for path in ("/user/%zz/", "/user/%4/", "/user/%00/", "/user/a%00b/"):
        status, headers, body = raw(f"GET {BASE}{path} HTTP/1.1\r\nHost: localhost\r\n"
                                    f"Authorization: Bearer {token}\r\n"
                                    "Connection: close\r\n\r\n".encode())
        assert status == 400 and json.loads(body)["code"] == "BadRequest", (path, status, body)
        assert headers["Content-Type"] == PROBLEM


def test_segments_are_decoded_once():
    assert site.get("/user/%63urrent/", token).status == 200
    expect(site.get("/user/%2563urrent/", token), 403, "AccessDenied", "application/json")
    expect(site.get("/user/current%2F/", token), 403, "AccessDenied", "application/json")


def test_every_answer_has_its_headers():
    for answer in (site.get("/user/current/", token), site.get("/user/current/"),
                   site.get("/nothing/"), site.request("OPTIONS", "/user/"),
                   site.post("/auth/login/", raw=b"x" * 70000)):
        assert answer.headers["Cache-Control"] == "no-store", answer
        assert answer.headers["X-Content-Type-Options"] == "nosniff", answer
        assert re.fullmatch("[0-9A-Za-z._-]{8,64}", answer.headers["X-Request-ID"]), answer
    answer = site.get("/user/current/")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="affo"'
    answer = site.get("/user/current/", "nonsense")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_many_short_headers_are_no_reason_to_fail():
    headers = b"".join(b"X%d: b\r\n" % i for i in range(700))
    status, _, body = raw(b"GET /api/v1.0/user/current/ HTTP/1.1\r\nHost: a\r\n" + headers +
                          b"\r\n")
    assert status == 401 and json.loads(body)["code"] == "MissingTokenHeader", body


def test_what_nginx_refuses_has_the_same_shape():
    status, headers, body = raw(b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")
    assert status == 400 and json.loads(body)["code"] == "BadRequest", body
    assert headers["Content-Type"] == PROBLEM
    status, _, body = raw(b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: a\r\n\r\n")
    assert status in (400, 414) and json.loads(body)["code"] == "BadRequest", body
    status, _, body = raw(b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40000 + b"\r\n\r\n")
    assert status == 400 and json.loads(body)["code"] == "BadRequest", body


def test_two_authorization_headers_are_refused():
    status, _, body = raw(f"GET {BASE}/user/current/ HTTP/1.1\r\nHost: a\r\n"
                          f"Authorization: Bearer {token}\r\nAuthorization: Bearer {token}\r\n"
                          "Connection: close\r\n\r\n".encode())
    assert status in (400, 401), (status, body)


def test_openapi_is_served_without_a_token():
    document = site.get("/openapi.json")
    assert document.status == 200 and document.headers["Content-Type"] == "application/json"
    assert document.json()["openapi"].startswith("3.1")
    assert site.get("/openapi.yaml").body == document.body


def test_errors_repeat_nothing_that_was_sent():
    secret = "s3cr3t-zebra"
    for answer in (site.post("/auth/login/", {"email": secret, "password": secret}),
                   site.post("/user/", {"email": secret, "password": "x"}),
                   site.get(f"/{secret}/"), site.get("/user/current/", secret),
                   site.post("/password/reset/confirm/", {"token": secret,
                                                          "new_password": secret})):
        assert answer.status >= 400 and secret.encode() not in answer.body, answer
    assert secret not in site.log()


run(globals())
