"""A site behind affo-user-protect.conf: who gets in, as whom, and what others are told."""
import os
import re
import socket
import sys
import urllib.parse

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from echo import Echo  # noqa: E402
from harness import PATIENCE, SRC, Site, run  # noqa: E402

ORIGIN = "https://example.com"
ACCESS = 900
PAGE = {"Accept": "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"}
echo = Echo()


def protected(path, role="", login="/login/?next=", more=""):
    return f'''
location ^~ {path} {{
    set $affo_user_role "{role}";
    set $affo_user_login "{login}";
    include DIR/affo-user-protect.conf;
    {more or f"proxy_pass http://127.0.0.1:{echo.http_port};"}
}}'''


def readme_location():
    """The example of README, with this site's directory and port."""
    with open(os.path.join(SRC, "README"), encoding="utf-8") as file:
        text = re.search(r"\n    location \^~ /members/ \{\n(.*\n)*?    \}\n", file.read())[0]
    for old, new in (("include affo-", "include DIR/affo-"),
                     ("127.0.0.1:3000", f"127.0.0.1:{echo.http_port}")):
        assert old in text
        text = text.replace(old, new)
    return text


FASTCGI = f'''
    fastcgi_param REQUEST_METHOD $request_method;
    fastcgi_param REQUEST_URI $request_uri;
    fastcgi_param CONTENT_LENGTH $content_length;
    fastcgi_pass 127.0.0.1:{echo.fastcgi_port};'''
# The server is a careless one: its errors become pages with status 200.
site = Site(settings=f'cookie: {{ origins = [ "{ORIGIN}" ]; }};', server=f'''
    error_page 401 403 500 502 503 504 =200 /open;
    fastcgi_intercept_errors on;
    location = /open {{ return 200 "open"; }}
    {readme_location()}
    {protected("/large/", more=f"client_max_body_size 8m;"
                               f"proxy_pass http://127.0.0.1:{echo.http_port};")}
    {protected("/editors/", "editor,admin", "https://accounts.example/login?back=")}
    {protected("/cafe/", "caf%C3%A9")}
    {protected("/plain/", login="")}
    {protected("/slip/", "editor&x=1")}
    {protected("/blank/", "editor, admin")}
    {protected("/php/", more=FASTCGI)}
    {protected("/nested/", more="location ~ [.]php$ { include DIR/affo-user-protect.conf;" +
               FASTCGI + "}")}
    {protected("/hop/", more="try_files $uri.none /editors$uri;")}
    location / {{ return 404; }}
''')


def get_in(answer):
    """What the site behind saw; the request reached it."""
    assert answer.status == 200 and answer.headers["Content-Type"] == "application/json", answer
    return answer.json()


def refused(answer, status, code):
    assert answer.status == status and answer.code == code, answer
    assert answer.headers["Content-Type"].split("+")[0].startswith("application/"), answer
    assert answer.headers["Cache-Control"] == "no-store", answer
    assert answer.json()["status"] == status and answer.json()["request_id"], answer
    return answer


def sent_to(answer, login, path):
    address = f"http://127.0.0.1:{site.port}{path}"
    assert answer.status == 302, answer
    assert answer.headers["Location"] == login + urllib.parse.quote(address, safe="-._~"), (
        answer.headers["Location"])
    assert answer.headers["Cache-Control"] == "no-store", answer
    return answer


def open_(method, path, token=None, **more):
    return site.request(method, path, token=token, base="", **more)


def login_by_cookie(email):
    """The token of the cookie that the login has set."""
    answer = site.post("/auth/login/", {"email": email, "password": site.password,
                                        "cookie": True}, headers={"Origin": ORIGIN})
    assert answer.status == 200 and "access_token" not in answer.json(), answer
    return cookie_of(answer)


def cookie_of(answer):
    parts = answer.headers["Set-Cookie"].split("; ")
    assert set(parts[1:]) == {"Path=/", "Max-Age=2592000", "Secure", "HttpOnly",
                              "SameSite=Lax"}, parts
    name, token = parts[0].split("=", 1)
    assert name == "__Host-affo", parts
    return token


def by_cookie(token, origin=None, **more):
    headers = {"Cookie": f"theme=dark; __Host-affo={token}", **more}
    if origin is not None:
        headers["Origin"] = origin
    return headers


def test_browsers_without_a_token_are_sent_to_the_login_page():
    for path in ("/members/", "/members/a?b=c%20d&e=/f%2fg&h", "/members//x", "/members/%C3%BC"):
        sent_to(open_("GET", path, headers=PAGE), "/login/?next=", path)
    sent_to(open_("HEAD", "/members/", headers=PAGE), "/login/?next=", "/members/")
    sent_to(open_("POST", "/members/", raw=b"x", headers=PAGE), "/login/?next=", "/members/")
    sent_to(open_("GET", "/members/", token="x", headers=PAGE), "/login/?next=", "/members/")
    sent_to(open_("GET", "/editors/?role=", headers=PAGE),
            "https://accounts.example/login?back=", "/editors/?role=")
    # An address that is too long is left out, never cut.
    answer = open_("GET", "/members/?" + 3000 * "x", headers=PAGE)
    assert answer.status == 302 and answer.headers["Location"] == "/login/?next=", answer
    refused(open_("GET", "/plain/", headers=PAGE), 401, "MissingTokenHeader")


def test_programs_without_a_token_get_json():
    for headers in ({}, {"Accept": "*/*"}, {"Accept": "application/json"},
                    {**PAGE, "X-Requested-With": "XMLHttpRequest"}):
        for path in ("/members/", "/editors/", "/php/"):
            answer = refused(open_("GET", path, headers=headers), 401, "MissingTokenHeader")
            assert answer.headers["WWW-Authenticate"] == 'Bearer realm="affo"', answer
    answer = refused(open_("GET", "/members/", token="x"), 401, "InvalidTokenHeader")
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"], answer


def test_the_site_learns_who_asks():
    user = site.register()
    claims = site.get("/auth/verify_token/", user["access_token"]).json()
    for path in ("/members/a/b?c=d", "/php/a/b?c=d", "/nested/x.php"):
        seen = get_in(open_("GET", path, user["access_token"]))
        headers = seen["headers"]
        assert seen["method"] == "GET" and seen["uri"] == path, seen
        assert headers["x-auth-user"] == str(user["id"]), seen
        assert headers["x-auth-email"] == user["email"], seen
        assert headers.get("x-auth-roles", "") == "", seen
        assert headers["x-auth-session"] == claims["jti"], seen
    answer = open_("HEAD", "/members/", user["access_token"])
    assert answer.status == 200 and answer.body == b"", answer


def test_names_beyond_ascii_arrive_whole():
    admin = site.staff("admin")
    email = f"o'neil+{site.new_email().split('@')[0]}@b\u00fccher.example"
    user = site.register(email=email)
    roles = ["caf\u00e9", "a b", '100%"', "\u732b"]
    answer = site.patch(f"/user/{user['id']}/role/", roles, admin["access_token"])
    assert answer.status == 200, answer
    for path in ("/members/", "/php/", "/cafe/"):
        headers = get_in(open_("GET", path, user["access_token"]))["headers"]
        assert headers["x-auth-email"].isascii() and headers["x-auth-roles"].isascii(), headers
        assert urllib.parse.unquote(headers["x-auth-email"]) == email, headers
        assert [urllib.parse.unquote(role) for role in headers["x-auth-roles"].split(",")
                ] == roles, headers


def test_a_token_gets_in_while_it_lives():
    user = site.register()
    token = user["access_token"]
    try:
        get_in(open_("GET", "/members/", token))
        site.set_clock(ACCESS + 5)
        refused(open_("GET", "/members/", token), 401, "ExpiredAccessError")
        sent_to(open_("GET", "/members/", token, headers=PAGE), "/login/?next=", "/members/")
        token = site.post("/auth/refresh/", token=token).json()["access_token"]
        get_in(open_("GET", "/members/", token))
        assert site.post("/auth/logout/", token=token).status == 204
        for _ in range(6):  # on every worker
            refused(open_("GET", "/members/", token), 403, "BlacklistedError")
        sent_to(open_("GET", "/members/", token, headers=PAGE), "/login/?next=", "/members/")
    finally:
        site.set_clock(0)


def test_a_role_is_needed_where_one_is_set():
    admin, user = site.staff("admin"), site.register()
    token = user["access_token"]

    def set_roles(*roles):
        answer = site.patch(f"/user/{user['id']}/role/", list(roles), admin["access_token"])
        assert answer.status == 200, answer
    for _ in range(4):
        for path in ("/editors/", "/editors/?role=", "/editors/?role=reader", "/hop/x"):
            refused(open_("GET", path, token), 403, "MissingRoleError")
    # Logging in again would not help.
    refused(open_("GET", "/editors/", token, headers=PAGE), 403, "MissingRoleError")
    set_roles("editor2", "reader")
    refused(open_("GET", "/editors/", token), 403, "MissingRoleError")
    set_roles("reader", "editor")
    for path in ("/editors/", "/hop/x"):
        seen = get_in(open_("GET", path, token))
        assert seen["headers"]["x-auth-roles"] == "reader,editor", seen
    get_in(open_("GET", "/editors/", admin["access_token"]))
    set_roles()
    for _ in range(6):
        refused(open_("GET", "/editors/", token), 403, "MissingRoleError")
    get_in(open_("GET", "/members/", token))


def test_a_role_that_is_none_lets_nobody_in():
    for path in ("/slip/", "/blank/"):
        refused(open_("GET", path, site.staff("editor")["access_token"]), 503, "Unavailable")


def test_what_clients_send_as_ours_never_arrives():
    user = site.register()
    spoofed = {"X-Auth-User": "1", "x-auth-email": "root@example.com", "X-AUTH-ROLES": "admin",
               "X-Auth-Session": "x", "X_Auth_User": "1", "X_Auth_Roles": "admin",
               "X-Auth-Error": "", "X-Auth-Return": "x", "AFFO-METHOD": "GET"}
    for path in ("/members/", "/php/", "/nested/x.php", "/large/"):
        headers = get_in(open_("GET", path, user["access_token"], headers=spoofed))["headers"]
        assert headers["x-auth-user"] == str(user["id"]), headers
        assert headers["x-auth-email"] == user["email"], headers
        assert headers.get("x-auth-roles", "") == "", headers
        assert headers["x-auth-session"] != "x", headers
        assert not any("_auth_" in name for name in headers), headers
        refused(open_("GET", path, headers=spoofed), 401, "MissingTokenHeader")
    refused(open_("GET", "/editors/", user["access_token"], headers=spoofed), 403,
            "MissingRoleError")


def test_bodies_go_to_the_site_and_not_to_the_service():
    token = site.register()["access_token"]
    for size in (0, 1, 100, 70000, 3 << 20):
        seen = get_in(open_("POST", "/large/", token, raw=size * b"x"))
        assert seen["method"] == "POST" and seen["length"] == size, seen
    seen = get_in(open_("PUT", "/large/", token, raw=iter([b"abc", b"def" * 1000])))
    assert seen["headers"].get("content-length") == "3003", seen
    assert seen["method"] == "PUT" and seen["length"] == 3003, seen
    assert get_in(open_("DELETE", "/php/", token))["method"] == "DELETE"
    assert get_in(open_("PATCH", "/php/", token, raw=b"{}"))["length"] == 2
    refused(open_("POST", "/large/", raw=70000 * b"x"), 401, "MissingTokenHeader")
    # A request for the service inside of a body stays a body.
    for _ in range(4):
        assert get_in(open_("GET", "/members/", token))["method"] == "GET"


def raw(request):
    """The answer's status to bytes that no client library would send, and its body."""
    with socket.create_connection(("127.0.0.1", site.port), PATIENCE) as connection:
        connection.sendall(request)
        answer = b""
        while part := connection.recv(65536):
            answer += part
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


def raw_get(path, *headers):
    lines = [f"GET {path} HTTP/1.1", "Host: example.com", "Connection: close", *headers]
    return raw("\r\n".join(lines + ["", ""]).encode())


def test_two_tokens_are_not_one_too_many():
    ann, bob = site.register(), site.register()
    header = f"Authorization: Bearer {ann['access_token']}"
    other = f"Authorization: Bearer {bob['access_token']}"
    cookie = f"Cookie: __Host-affo={bob['access_token']}"
    seen = get_in(open_("GET", "/members/", ann["access_token"],
                        headers=by_cookie(bob["access_token"])))
    assert seen["headers"]["x-auth-user"] == str(ann["id"]), seen
    refused(open_("GET", "/members/", "x", headers=by_cookie(bob["access_token"])), 401,
            "InvalidTokenHeader")
    for headers, status in (([header, other], 400), ([header, header], 400),
                            (["Authorization: Basic eDp5", cookie], 401),
                            ([f"{cookie}; __Host-affo=x"], 401), ([cookie, cookie], 503)):
        got, body = raw_get("/members/", *headers)
        assert got == status and b"x-auth" not in body, (headers, got, body)


def test_other_spellings_of_a_path_stay_closed():
    token = f"Authorization: Bearer {site.register()['access_token']}"
    found = 0
    for path in ("/members/", "/members/../members/x", "/members/%2e%2e/members/x",
                 "/x/../members/x", "/x/%2e%2e/members/x", "/x/..%2fmembers/x",
                 "/x/%2e%2e%2fmembers/x", "//members/x", "/members//x", "/./members/x",
                 "/%6dembers/x", "/%6D%65mbers/x", "/members%2fx", "/members%2Fx",
                 "/members/..;/x", "/x/..;/members/x", "/members/%00", "/members/x%00",
                 "/members/%zz", "/members/;x", "/members/#x", "/members/?", "/members/\\",
                 "/x\\..\\members/x", "/MEMBERS/x", "/members", "/x/%252e%252e/members/x",
                 "/members/%2e%2e%2f%2e%2e/members/", "http://example.com/members/x",
                 "http://example.com//members/x", "/_affo_user/check", "/_affo_user/401",
                 "/_affo_user/../members/x", "/api/v1.0/../../members/x",
                 "/api/v1.0/%2e%2e/%2e%2e/members/x"):
        status, body = raw_get(path)
        assert status in (301, 400, 401, 404) and b"x-auth" not in body, (path, status, body)
        status, body = raw_get(path, token)
        # Where it is the site's after all, it is so with a token only.
        assert (status == 200) == (b'"x-auth-user": ' in body), (path, status, body)
        found += status == 200
    assert found >= 15, found


def test_the_cookie_gets_in_and_writes_from_our_pages_alone():
    user = site.register()
    token = login_by_cookie(user["email"])
    foreign = (None, "null", "https://evil.example", ORIGIN + ".evil.example", ORIGIN + ":8443",
               f"http://127.0.0.1:{site.port}")
    seen = get_in(open_("GET", "/members/", headers=by_cookie(token)))
    assert seen["headers"]["x-auth-user"] == str(user["id"]), seen
    get_in(open_("GET", "/members/", headers=by_cookie(token, "https://evil.example")))
    name = {"first_name": "Ann"}
    for origin in foreign:
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            refused(open_(method, "/large/", raw=b"{}", headers=by_cookie(token, origin)), 403,
                    "OriginDenied")
        answer = open_("POST", "/large/", raw=b"{}", headers=by_cookie(token, origin, **PAGE))
        refused(answer, 403, "OriginDenied")
        refused(site.patch("/user/current/", name, headers=by_cookie(token, origin)), 403,
                "OriginDenied")
        refused(site.post("/auth/logout/", headers=by_cookie(token, origin)), 403, "OriginDenied")
    seen = get_in(open_("POST", "/large/", raw=b"{}", headers=by_cookie(token, ORIGIN)))
    assert seen["method"] == "POST" and seen["length"] == 2, seen
    answer = site.patch("/user/current/", name, headers=by_cookie(token, ORIGIN))
    assert answer.status == 200 and answer.json()["first_name"] == "Ann", answer


def test_the_cookie_is_refreshed_and_cleared():
    user = site.register()
    token = login_by_cookie(user["email"])
    try:
        site.set_clock(ACCESS + 5)
        sent_to(open_("GET", "/members/", headers=by_cookie(token, **PAGE)), "/login/?next=",
                "/members/")
        refused(site.post("/auth/refresh/", headers=by_cookie(token)), 403, "OriginDenied")
        answer = site.post("/auth/refresh/", headers=by_cookie(token, ORIGIN))
        assert answer.status == 200 and answer.json() == {}, answer
        token = cookie_of(answer)
        get_in(open_("GET", "/members/", headers=by_cookie(token)))
        answer = site.post("/auth/logout/", headers=by_cookie(token, ORIGIN))
        assert answer.status == 204, answer
        assert answer.headers["Set-Cookie"] == (
            "__Host-affo=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Lax"), answer.headers
        sent_to(open_("GET", "/members/", headers=by_cookie(token, **PAGE)), "/login/?next=",
                "/members/")
        refused(open_("GET", "/members/", headers=by_cookie(token)), 403, "BlacklistedError")
    finally:
        site.set_clock(0)


def test_services_ask_what_a_token_is_worth():
    service, user = site.staff("service"), site.register()
    form = {"Content-Type": "application/x-www-form-urlencoded"}

    def introspect(token, caller=service["access_token"]):
        return site.post("/auth/introspect/", token=caller, headers=form,
                         raw=urllib.parse.urlencode({"token": token}).encode())
    claims = site.get("/auth/verify_token/", user["access_token"]).json()
    answer = introspect(user["access_token"])
    assert answer.status == 200 and answer.json() == {
        "active": True, "sub": str(user["id"]), "username": user["email"], "token_type": "Bearer",
        "exp": claims["exp"], "iat": claims["iat"], "jti": claims["jti"], "scope": "",
        "roles": []}, answer
    refused(introspect("x", user["access_token"]), 403, "MissingRoleError")
    assert site.post("/auth/logout/", token=user["access_token"]).status == 204
    for token in (user["access_token"], "x", service["access_token"][:-1]):
        answer = introspect(token)
        assert answer.status == 200 and answer.json() == {"active": False}, answer


def test_a_service_that_is_away_lets_nobody_in():
    token = site.register()["access_token"]
    site.userd.terminate()
    site.userd.wait(PATIENCE)
    for path in ("/members/", "/editors/", "/plain/", "/php/"):
        for headers in ({}, PAGE):
            answer = refused(open_("GET", path, token, headers=headers), 503, "Unavailable")
            assert int(answer.headers["Retry-After"]) >= 1, answer
    site.start_userd()
    site.wait_until_up()
    get_in(open_("GET", "/members/", token))


run(globals())
