"""Login, refresh, logout, verify: affo-user-api(7), "Tokens" and "Logins", from outside."""
import base64
import hashlib
import hmac
import json
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import Site, run  # noqa: E402

site = Site()
ACCESS, REFRESH = 900, 30 * 86400


def claims_of(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def sign(claims, header=None, key=None):
    """A token signed with the site's own key: what only the service could have made."""
    if key is None:
        with open(site.path("keys/token.key"), "rb") as file:
            key = file.read().rstrip(b"\n")

    def part(value):
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        return base64.urlsafe_b64encode(text).rstrip(b"=")
    head = part(header or {"typ": "JWT", "alg": "HS256"}) + b"." + part(claims)
    return (head + b"." + part(hmac.new(key, head, hashlib.sha256).digest())).decode()


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def test_registration_gives_the_user_and_a_token():
    user = site.register(first_name="Ann", phone="+49 (171) 555-0001")
    assert set(user) == {"id", "email", "phone", "first_name", "last_name", "is_active",
                         "last_login", "roles", "updated_at", "created_at", "phone_verified",
                         "access_token"}, user
    assert user["phone"] == "+491715550001" and user["last_name"] is None
    assert user["roles"] == [] and user["is_active"] is True and user["phone_verified"] is False
    assert user["last_login"] == user["created_at"] and user["created_at"].endswith("Z")
    claims = claims_of(user["access_token"])
    assert claims["id"] == user["id"] and claims["rls"] == "" and isinstance(claims["jti"], str)
    assert claims["exp"] - claims["iat"] == ACCESS and claims["rf_exp"] - claims["iat"] == REFRESH


def test_login_gives_the_user_and_a_token_whatever_the_spelling():
    user = site.register()
    again = site.login(user["email"].upper())
    assert again["id"] == user["id"] and again["email"] == user["email"]
    answer = expect(site.get("/auth/verify_token/", again["access_token"]), 200)
    assert answer.json() == claims_of(again["access_token"])


def test_every_failing_login_has_the_same_answer():
    user, admin = site.register(), site.staff("admin")
    passwordless, gone = site.register(password=None), site.register()
    assert site.delete(f"/user/{gone['id']}/", admin["access_token"]).status == 204
    bodies = []
    for email, password in ((user["email"], "wrong horse"), ("nobody@example.com", "x"),
                            (passwordless["email"], "None"), (gone["email"], site.password),
                            ("not an address", "x"), ("a" * 300 + "@example.com", "x"),
                            (user["email"], "x" * 5000)):
        answer = expect(site.post("/auth/login/", {"email": email, "password": password}),
                        401, "AuthFailure")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        body = answer.json()
        body.pop("request_id")
        bodies.append(body)
    assert all(body == bodies[0] for body in bodies)


def test_login_asks_for_two_strings():
    for body in ({}, {"email": "a@example.com"}, {"email": 1, "password": "x"},
                 {"email": "a@example.com", "password": None}):
        expect(site.post("/auth/login/", body), 400, "ValidationError")


def test_the_authorization_header_has_one_bearer_token():
    token = site.register()["access_token"]
    expect(site.get("/auth/verify_token/"), 401, "MissingTokenHeader")
    for value in ("", "Basic abc", "Bearer", "Bearer ", token, f"Bearer {token} x"):
        answer = site.get("/auth/verify_token/", headers={"Authorization": value})
        assert answer.status == 401, (value, answer)
        assert answer.code in ("MissingTokenHeader", "InvalidTokenHeader"), (value, answer)
    for scheme in ("bearer", "BEARER", "Bearer"):
        expect(site.get("/auth/verify_token/", headers={"Authorization": f"{scheme} {token}"}),
               200)
    expect(site.get(f"/auth/verify_token/?access_token={token}"), 401, "MissingTokenHeader")


def test_only_our_own_signature_and_algorithm_pass():
    token = site.register()["access_token"]
    head, payload, signature = token.split(".")
    claims = claims_of(token)
    assert site.get("/auth/verify_token/", sign(claims)).status == 200
    none = base64.urlsafe_b64encode(b'{"typ":"JWT","alg":"none"}').rstrip(b"=").decode()
    for bad in (f"{none}.{payload}.", f"{none}.{payload}.{signature}", f"{head}.{payload}",
                f"{head}.{payload}.", f"{head}.{payload}.{signature[:-2]}",
                f"{head}.{payload}.{signature}=", sign(claims, key=b"0" * 32),
                sign(claims, {"typ": "JWT", "alg": "HS384"}), sign(claims, {"alg": "hs256"}),
                sign(claims, {"typ": "JWT", "alg": "HS256", "crit": ["x"]}),
                sign([claims]), sign({**claims, "id": str(claims["id"])}),
                sign({**claims, "exp": 2 ** 60}), sign({**claims, "nbf": 2 ** 40}),
                sign({**claims, "iat": claims["iat"] + 3600})):
        expect(site.get("/auth/verify_token/", bad), 401, "InvalidTokenHeader")
    for name in ("iat", "exp", "jti", "id", "rls", "rf_exp"):
        missing = {key: value for key, value in claims.items() if key != name}
        expect(site.get("/auth/verify_token/", sign(missing)), 401, "MissingClaimError")
    expect(site.get("/auth/verify_token/", sign({**claims, "jti": "A" * 22})),
           403, "BlacklistedError")
    expect(site.get("/auth/verify_token/", sign({**claims, "id": 10 ** 9})),
           401, "MissingUserError")


def test_a_token_has_two_lives():
    token = site.register()["access_token"]
    try:
        expect(site.post("/auth/refresh/", token=token), 401, "EarlyRefreshError")
        site.set_clock(ACCESS + 5)
        expect(site.get("/auth/verify_token/", token), 401, "ExpiredAccessError")
        fresh = expect(site.post("/auth/refresh/", token=token), 200).json()
        assert set(fresh) == {"access_token"}
        old, new = claims_of(token), claims_of(fresh["access_token"])
        assert all(old[name] == new[name] for name in ("jti", "id", "rf_exp"))
        assert new["exp"] > old["exp"]
        expect(site.get("/auth/verify_token/", fresh["access_token"]), 200)
        # The old one again, long after its successor was used: a copy is about.
        site.set_clock(2 * ACCESS + 60)
        expect(site.post("/auth/refresh/", token=token), 403, "BlacklistedError")
        expect(site.post("/auth/refresh/", token=fresh["access_token"]), 403, "BlacklistedError")
    finally:
        site.set_clock(0)


def test_a_refresh_ends_with_the_login():
    token = site.register()["access_token"]
    try:
        site.set_clock(REFRESH + 5)
        expect(site.post("/auth/refresh/", token=token), 401, "ExpiredRefreshError")
    finally:
        site.set_clock(0)


def test_logout_kills_the_login_and_no_other():
    user = site.register()
    other = site.login(user["email"])["access_token"]
    token = user["access_token"]
    answer = expect(site.post("/auth/logout/", token=token), 204)
    assert answer.body == b"" and answer.headers["Content-Type"] is None
    expect(site.get("/auth/verify_token/", token), 403, "BlacklistedError")
    expect(site.post("/auth/logout/", token=token), 403, "BlacklistedError")
    expect(site.get("/auth/verify_token/", other), 200)


def test_an_expired_token_may_log_out():
    token = site.register()["access_token"]
    try:
        site.set_clock(ACCESS + 5)
        expect(site.post("/auth/logout/", token=token), 204)
        expect(site.post("/auth/refresh/", token=token), 403, "BlacklistedError")
    finally:
        site.set_clock(0)


def test_deactivation_ends_everything():
    user, admin = site.register(), site.staff("admin")
    for _ in range(2):
        answer = site.delete(f"/user/{user['id']}/", admin["access_token"])
        assert answer.status == 204 and answer.body == b""
    expect(site.get("/auth/verify_token/", user["access_token"]), 403, "BlacklistedError")
    expect(site.post("/user/", {"email": user["email"], "password": site.password}),
           400, "AlreadyExists")


def test_a_changed_role_counts_at_once():
    user, admin = site.register(), site.staff("admin")
    token = user["access_token"]
    for _ in range(4):  # warms every worker's cache
        assert site.get("/auth/verify_token/", token).json()["rls"] == ""
    answer = site.patch(f"/user/{user['id']}/role/", ["editor", "café"], admin["access_token"])
    assert answer.status == 200 and answer.json() == ["editor", "café"], answer
    for _ in range(8):
        assert site.get("/auth/verify_token/", token).json()["rls"] == "editor,café"


run(globals())
