"""Logins that people see and end, and that an end holds everywhere from its answer on."""
import base64
import http.client
import itertools
import json
import sys
import threading
import time

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import BASE, PATIENCE, Answer, Site, run, wait_for  # noqa: E402

site = Site(fast=4, hash_workers=2)
admin = site.staff("admin")
service = site.staff("service")
ADMIN, SERVICE = admin["access_token"], service["access_token"]

CLIENTS = 8   # at once, in each race
BEFORE = 4    # answers that each has had when the login is ended
AFTER = 4     # requests that each begins after it was
ROUNDS = 2


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def jti(token):
    payload = token.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["jti"]


def sessions(token, who="current"):
    return expect_list(site.get(f"/user/{who}/session/", token))


def expect_list(answer):
    assert answer.status == 200 and isinstance(answer.json(), list), answer
    return answer.json()


def is_alive(token):
    answer = site.get("/auth/verify_token/", token)
    assert answer.status == 200 or answer.code == "BlacklistedError", answer
    return answer.status == 200


def test_a_user_sees_the_logins():
    user = site.register()
    bodies = {"email": user["email"], "password": site.password}
    agents = ["Browser/1", "é" * 128, "x" * 255 + "é" * 9, "\xff", "x" * 257]
    tokens = []
    for agent in agents:
        raw = agent if agent == "\xff" else agent.encode().decode("latin-1")
        answer = site.post("/auth/login/", bodies, headers={"User-Agent": raw})
        tokens.append(answer.json()["access_token"])
    found = {one["id"]: one for one in sessions(tokens[0])}
    assert set(found) == {jti(token) for token in tokens + [user["access_token"]]}
    for one in found.values():
        assert set(one) == {"id", "created_at", "last_seen", "ip", "user_agent", "current"}, one
        assert one["ip"] == "127.0.0.1" and one["created_at"].endswith("Z"), one
        assert one["last_seen"] == one["created_at"], one
        assert one["current"] is (one["id"] == jti(tokens[0])), one
    # Cut at 256 bytes between characters, and null when it isn't UTF-8, or wasn't there.
    assert [found[jti(token)]["user_agent"] for token in tokens] == \
        ["Browser/1", "é" * 128, "x" * 255, None, "x" * 256]
    assert found[jti(user["access_token"])]["user_agent"] is None
    times = [one["last_seen"] for one in sessions(tokens[0])]
    assert times == sorted(times, reverse=True), times


def test_strangers_see_and_end_nothing():
    ann, bob = site.register(), site.register()
    path, one = f"/user/{ann['id']}/session/", jti(ann["access_token"])
    for method, at in (("GET", path), ("DELETE", path + "?scope=all"),
                       ("DELETE", f"{path}{one}/")):
        expect(site.request(method, at), 401, "MissingTokenHeader")
        expect(site.request(method, at, token=bob["access_token"]), 403, "AccessDenied")
    for token in (ADMIN, SERVICE):
        assert [session["current"] for session in sessions(token, ann["id"])] == [False]
        expect(site.get("/user/999999/session/", token), 400, "NoSuchUser")
        expect(site.delete("/user/999999/session/?scope=all", token), 400, "NoSuchUser")
    # A login of another user, whoever asks.
    for who, token in (("current", bob["access_token"]), (bob["id"], ADMIN)):
        expect(site.delete(f"/user/{who}/session/{one}/", token), 404, "NotFound")
    # A service may look at an admin, and end nothing.
    path = f"/user/{admin['id']}/session/"
    assert [session["id"] for session in sessions(SERVICE, admin["id"])] == [jti(ADMIN)]
    for at in (f"{path}{jti(ADMIN)}/", path + "?scope=all", path + "?scope=others"):
        expect(site.delete(at, SERVICE), 403, "AccessDenied")
    assert is_alive(ADMIN) and is_alive(ann["access_token"])
    assert site.delete(f"/user/{ann['id']}/session/{one}/", SERVICE).status == 204
    assert not is_alive(ann["access_token"])


def test_a_scope_is_asked_for():
    user = site.register()
    token = user["access_token"]
    for query in ("", "?scope", "?scope=local", "?scope=ALL", "?scope=all&scope=all",
                  "?scope=al%zz"):
        answer = expect(site.delete(f"/user/current/session/{query}", token), 400,
                        "ValidationError")
        assert [error["pointer"] for error in answer.json()["errors"]] == ["/scope"], answer
    for body in ({"scope": "everything"}, {"scope": 1}, []):
        expect(site.post("/auth/logout/", body, token), 400, "ValidationError")
    expect(site.post("/auth/logout/", token=token, raw=b"{"), 400, "BadRequest")
    assert is_alive(token)
    assert site.delete("/user/current/session/?x=1&scope=%61ll", token).status == 204
    assert not is_alive(token)


def test_a_user_has_twenty_logins_and_the_idlest_gives_way():
    user = site.register()
    tokens = [user["access_token"]]
    try:
        for number in range(1, 20):
            site.set_clock(number)
            tokens.append(site.login(user["email"])["access_token"])
        assert len(sessions(tokens[0])) == 20
        site.set_clock(20)
        newest = site.login(user["email"])["access_token"]
        assert not is_alive(tokens[0])
        assert [one["id"] for one in sessions(newest)] == \
            [jti(token) for token in [newest] + tokens[:0:-1]]
    finally:
        site.set_clock(0)


def test_a_use_is_seen_within_two_minutes():
    user = site.register()
    token, other = user["access_token"], site.login(user["email"])["access_token"]
    login = sessions(token)[0]["created_at"]
    try:
        site.set_clock(120)
        for _ in range(8):
            assert is_alive(token)
        site.set_clock(240)

        # Workers write when a minute has gone by since they noticed.
        def seen():
            assert is_alive(other)
            found = {one["id"]: one["last_seen"] for one in sessions(other)}
            return found if found[jti(token)] > login else None
        # Longer than a worker sleeps that had its last request before the clock was moved.
        wait_for(seen, "the time of the use", patience=4 * PATIENCE)
    finally:
        site.set_clock(0)


def test_the_admin_sees_and_ends_logins_with_affo_userctl():
    user = site.register()
    who, bodies = user["email"], {"email": user["email"], "password": site.password}
    answer = site.post("/auth/login/", bodies, headers={"User-Agent": "Evil/\x1b[2J"})
    token = answer.json()["access_token"]
    shown = json.loads(site.ctl("session", "list", who.upper(), "--json").stdout)
    wanted = [{name: value for name, value in one.items() if name != "current"}
              for one in sessions(token)]
    assert shown == wanted and len(shown) == 2, (shown, wanted)
    table = site.ctl("session", "list", str(user["id"])).stdout
    assert table.startswith("ID ") and "127.0.0.1" in table and "\x1b" not in table, table
    for args in ((who, jti(ADMIN)), (who, "x")):
        done = site.ctl("session", "end", *args, check=False)
        assert done.returncode == 1 and "has no login" in done.stderr, done
    done = site.ctl("session", "end", str(user["id"]), jti(token))
    assert "1 login of user" in done.stdout, done
    assert not is_alive(token) and is_alive(user["access_token"])
    assert "1 login of user" in site.ctl("session", "end", who, "--all").stdout
    assert "0 logins of user" in site.ctl("session", "end", who, "--all").stdout
    assert not is_alive(user["access_token"])
    assert json.loads(site.ctl("session", "list", who, "--json").stdout) == []


# The end of a login against its use --------------------------------------------------------------

class Client(threading.Thread):
    """Uses a token until it was ended; records when each request began, and what came of it."""

    # Read and write, on both pools: a body that lacks its password ends at 400 behind the token.
    USES = (("GET", "/auth/verify_token/", None), ("GET", "/user/current/", None),
            ("PATCH", "/user/current/", "first_name"), ("GET", "/user/current/session/", None),
            ("POST", "/user/current/set_password/", "none"))

    def __init__(self, number, token, race):
        super().__init__(daemon=True)
        self.token, self.race = token, race
        self.uses = itertools.islice(itertools.cycle(self.USES), number % len(self.USES), None)
        self.log = []
        self.error = None
        self.connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=PATIENCE)

    def use(self):
        method, path, member = next(self.uses)
        body = None if member is None else json.dumps({member: f"{time.monotonic()}"})
        headers = {"Authorization": "Bearer " + self.token}
        if body is not None:
            headers["Content-Type"] = "application/json"
        began = time.monotonic()
        try:
            self.connection.request(method, BASE + path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (ConnectionError, http.client.BadStatusLine):
            self.connection.close()  # nginx ends a kept connection now and then
            return
        if answer.status == 503:
            return  # an overloaded machine: neither let in nor refused
        code = json.loads(text).get("code") if answer.status >= 400 else None
        is_refused = answer.status == 403 and code == "BlacklistedError"
        assert is_refused or answer.status in (200, 400), (method, path, answer.status, text)
        self.log.append((began, is_refused, f"{method} {path}: {answer.status}"))

    def run(self):
        end = time.monotonic() + PATIENCE
        try:
            while time.monotonic() < end:
                self.use()
                ended_at = self.race.ended_at
                if ended_at is not None and \
                        sum(began > ended_at for began, _, _ in self.log) >= AFTER:
                    return
            raise AssertionError(f"too slow: {len(self.log)} answers")
        except Exception as error:  # for the main thread to show
            self.error = error
        finally:
            self.connection.close()


class Race:
    """Clients with the victims' tokens; revoke() ends all of those."""

    def __init__(self, victims, revoke):
        self.ended_at = None
        clients = [Client(number, victims[number % len(victims)], self)
                   for number in range(CLIENTS)]
        for client in clients:
            client.start()

        def warm():
            for client in clients:
                assert client.error is None, client.error
            return all(len(client.log) >= BEFORE for client in clients)
        wait_for(warm, "the first answers")
        answer = revoke()
        self.ended_at = time.monotonic()
        assert not isinstance(answer, Answer) or answer.status in (200, 204), answer
        for client in clients:
            client.join(2 * PATIENCE)
            assert not client.is_alive() and client.error is None, client.error
            assert not client.log[0][1], "refused before the end"
            late = [what for began, is_refused, what in client.log
                    if began > self.ended_at and not is_refused]
            assert not late, f"a use that began after the end succeeded: {late}"


def race(revoke, victims=1, survivor=True):
    """revoke(user, victim, other) ends `victims` of the user's logins, and not `other` unless it
    takes all."""
    for _ in range(ROUNDS):
        user = site.register()
        others = [site.login(user["email"])["access_token"] for _ in range(victims)]
        ends, other = [user["access_token"]] + others[:-1], others[-1]
        Race(ends, lambda: revoke(user, ends[0], other))
        if survivor is not None:
            assert is_alive(other) is survivor
        for token in ends:
            expect(site.post("/auth/refresh/", token=token), 403, "BlacklistedError")


def test_logout_holds_at_once():
    race(lambda user, victim, other: site.post("/auth/logout/", token=victim))


def test_logout_of_others_holds_at_once():
    race(lambda user, victim, other: site.post("/auth/logout/", {"scope": "others"}, other),
         victims=3)


def test_logout_of_all_holds_at_once():
    race(lambda user, victim, other: site.post("/auth/logout/", {"scope": "all"}, other),
         victims=2, survivor=False)


def test_the_end_of_a_login_holds_at_once():
    race(lambda user, victim, other: site.delete(f"/user/current/session/{jti(victim)}/", other))


def test_the_end_of_other_logins_holds_at_once():
    race(lambda user, victim, other: site.delete("/user/current/session/?scope=others", other),
         victims=2)


def test_the_end_of_all_logins_by_an_admin_holds_at_once():
    race(lambda user, victim, other: site.delete(f"/user/{user['id']}/session/?scope=all", ADMIN),
         victims=2, survivor=False)


def test_a_new_password_holds_at_once():
    race(lambda user, victim, other: site.post("/user/current/set_password/",
                                               {"password": "battery staple"}, other))


def test_deactivation_holds_at_once():
    race(lambda user, victim, other: site.delete(f"/user/{user['id']}/", ADMIN), survivor=False)


def test_an_end_by_the_admins_command_holds_at_once():
    race(lambda user, victim, other: site.ctl("session", "end", user["email"], jti(victim)))
    race(lambda user, victim, other: site.ctl("session", "end", user["email"], "--all"),
         victims=2, survivor=False)


run(globals())
