"""Tokens from outside: RFC 8725's attacks with each algorithm, keys that change under logins that
go on, and what one kind of secret is worth in the place of another."""
import email
import email.policy
import json
import os
import re
import signal
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from fastcgi import Connection  # noqa: E402
from harness import BASE, Site, run, wait_for  # noqa: E402
from jose import (Signer, b64, claims_of, header_of, hmac_signed,  # noqa: E402
                  public_pem, thumbprint, unb64, verify)

KEYS = "/.well-known/jwks.json"
ACCESS, DAY = 900, 86400


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def new_site(algorithm, with_key_file=True):
    """A site with a directory of keys, not started yet."""
    made = Site(start=False)
    if not with_key_file:
        os.unlink(made.path("keys/token.key"))
    use(made, algorithm)
    made.ctl("key", "generate", "token")
    return made


def use(site, algorithm):
    site.write("extra.conf", f'token: {{ key_dir = "{site.path("keys/ring")}"; '
                             f'algorithm = "{algorithm}"; }};')


def key(site, state):
    entry, = [one for one in json.loads(site.ctl("key", "list", "--json").stdout)
              if one["state"] == state]
    return entry


def signer(site):
    entry = key(site, "active")
    if entry["alg"] != "HS256":
        return Signer(entry["alg"], entry["kid"],
                      path=site.path(f"keys/ring/{entry['kid']}.pem"))
    name = "token.key" if entry["in_key_file"] else f"ring/{entry['kid']}.key"
    with open(site.path("keys/" + name), "rb") as file:
        return Signer("HS256", entry["kid"], secret=file.read().rstrip(b"\n"))


def public_keys(site):
    answer = expect(site.get(KEYS), 200)
    assert answer.headers["Cache-Control"] == "public, max-age=300", answer.headers
    assert answer.headers["Content-Type"] == "application/json", answer.headers
    return answer.json()


def pass_as(site, token):
    """Whom the token opens routes for."""
    return expect(site.get("/auth/verify_token/", token), 200).json()["id"]


# RFC 8725 --------------------------------------------------------------------------------------

def bad_headers(own):
    """Headers that must not pass although the signature is that of our own key."""
    kid = own.kid
    for alg in ("none", "None", "NONE", "nOnE", "", own.alg.lower(), own.alg + " ", "HS384",
                "HS512", "ES384", "ES512", "RS384", "PS256", "EdDSA", None, 256, [own.alg]):
        yield own.header(alg=alg)
    for alg in {"HS256", "ES256", "RS256"} - {own.alg}:
        yield own.header(alg=alg)
    for name in ("", kid + " ", kid.upper(), kid + ".pem", "./" + kid, "../ring/" + kid,
                 "../../../../../../dev/null", "/dev/null", "/proc/self/environ", kid + "\0",
                 "x' UNION SELECT 'AAAA", "' OR '1'='1", "1; DROP TABLE user", "%00", "%s%n",
                 "https://evil.example/" + kid, "file:///etc/passwd", "| id", "$(id)", [kid],
                 {"kid": kid}, None, 0, "A" * 2000):
        yield own.header(kid=name)
    yield {"alg": own.alg, "KID": kid}
    for more in ({"jku": "https://evil.example/jwks.json"}, {"x5u": "https://evil.example/x"},
                 {"jwk": {"kty": "oct", "k": b64(b"k" * 32)}}, {"x5c": ["AAAA"]}, {"x5t": "AAAA"},
                 {"crit": ["exp"]}, {"crit": []}, {"b64": False}, {"b64": True},
                 {"crit": ["b64"], "b64": False}, {"zip": "DEF"}, {"enc": "A128GCM"},
                 {"cty": "JWT"}, {"typ": "at+jwt"}, {"typ": ["JWT"]}):
        yield own.header(**more)
    good = json.dumps(own.header())
    yield good[:-1] + f', "alg": "{own.alg}"}}'
    yield good[:-1] + ', "alg": "none"}'
    yield '{"alg": "none", ' + good[1:]
    yield good[:-1] + f', "k\\u0069d": "{kid}"}}'
    for text in ("", " ", "null", "1", '"JWT"', "[]", f"[{good}]", good + "x", good + good,
                 "\ufeff" + good, good[:-1], good.replace('"', "'")):
        yield text


def bad_payloads(claims):
    """Payloads of another shape, or with claims of another type."""
    good = json.dumps(claims)
    for text in ("", " ", "null", "true", "1", '"x"', "[]", f"[{good}]", good + "x", good + good,
                 "\ufeff" + good, good[:-1], good[:-1] + f', "id": {claims["id"]}}}',
                 good[:-1] + ', "id": 1}', '{"id": 1, ' + good[1:],
                 good[:-1] + ', "i\\u0064": 1}', good[:-1] + ', "x": {"y": 1, "y": 2}}',
                 good[:-1] + ', "x": NaN}', good[:-1] + ', "x": "\\u0000"}',
                 good[:-1] + ', "x": "\\ud800"}', good.encode()[:-1] + b', "x": "\xff"}'):
        yield text
    for name in ("iat", "exp", "rf_exp", "id", "rc"):
        for value in (str(claims.get(name, 0)), None, True, [claims.get(name)], 1.5, 2 ** 53,
                      -2 ** 53, 10 ** 300, {}):
            yield {**claims, name: value}
    yield {**claims, "nbf": 2 ** 40}
    yield {**claims, "iat": claims["iat"] + 3600}
    for name in ("jti", "rls"):
        for value in (1, None, ["x"], {}, False):
            yield {**claims, name: value}


def bad_texts(token, own):
    """The token in other texts: without its parts, not canonical, with more or less around it."""
    head, payload, signature = token.split(".")
    for text in (f"{head}.{payload}", f"{head}.{payload}.", f"{head}..{signature}",
                 f".{payload}.{signature}", token + ".", "." + token, token + ".x",
                 token + "=", token + "A", token[:-1], f"{head}=.{payload}.{signature}",
                 f"{head}.{payload}==.{signature}", f"{payload}.{head}.{signature}",
                 f"{head}.{payload}.{b64(bytes(len(unb64(signature))))}",
                 f"{head}.{payload}.{b64(unb64(signature) + b'x')}",
                 f"{head}.{payload}.{'A' * 6000}", "e30.e30." + signature, "x" * 7000):
        yield text
    # The last letter has bits to spare, and only one of the texts with the same octets is it.
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    yield from (token[:-1] + letter for letter in letters if letter != token[-1] and
                unb64(signature[:-1] + letter) == unb64(signature))
    none = b64(b'{"typ":"JWT","alg":"none"}')
    for dead in ("", signature):
        yield f"{none}.{payload}.{dead}"
    for alg in ("HS384", "HS512"):
        secret = own.secret or b"x" * 32
        yield hmac_signed(claims_of(token), own.header(alg=alg), secret, "sha" + alg[2:])
        yield hmac_signed(claims_of(token), own.header(), secret, "sha" + alg[2:])


def confused(claims, own, key_set):
    """Signed by whoever has what everybody has: the public key, or nothing."""
    for jwk in key_set["keys"] or [{"kty": "RSA", "n": b64(b"\xff" * 256), "e": "AQAB"}]:
        pem = public_pem(jwk)
        for secret in (pem, pem.rstrip(b"\n"), b"", json.dumps(jwk).encode(),
                       own.kid.encode(), unb64(jwk.get("x") or jwk["n"])):
            for header in ({"alg": "HS256"}, {"alg": "HS256", "kid": own.kid}, own.header()):
                yield hmac_signed(claims, header, secret)


def attack(site, algorithm):
    own = signer(site)
    assert own.alg == algorithm
    user = site.register()
    token = user["access_token"]
    claims = claims_of(token)
    assert header_of(token) == own.header(), header_of(token)
    # What it is that the attacks change: our own signature passes, whoever made it.
    assert pass_as(site, own.sign(claims)) == user["id"]
    assert pass_as(site, own.sign(claims, {"kid": own.kid, "alg": own.alg})) == user["id"]
    tokens = [own.sign(claims, header) for header in bad_headers(own)]
    tokens += [own.sign(payload) for payload in bad_payloads(claims)]
    tokens += list(bad_texts(token, own)) + list(confused(claims, own, public_keys(site)))
    assert len(tokens) > 150
    for bad in tokens:
        answer = site.get("/auth/verify_token/", bad)
        assert (answer.status, answer.code) == (401, "InvalidTokenHeader"), (bad, answer)
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="affo", error="invalid_token"'
    for bad in tokens[::17]:
        for path in ("/auth/refresh/", "/auth/logout/"):
            expect(site.post(path, token=bad), 401, "InvalidTokenHeader")
    # Longer than nginx lets a header be, so without it.
    head, payload, _ = token.split(".")
    with Connection(site.path("run/fcgi.sock")) as connection:
        answer = connection.ask("GET", BASE + "/auth/verify_token/",
                                token=f"{head}.{payload}.{'A' * 22 * 1024}")
        assert answer.status == 401 and b"InvalidTokenHeader" in answer.body, answer
    for name in ("iat", "exp", "jti", "id", "rls", "rf_exp"):
        missing = {key: value for key, value in claims.items() if key != name}
        expect(site.get("/auth/verify_token/", own.sign(missing)), 401, "MissingClaimError")
    assert pass_as(site, token) == user["id"]


def test_attacks_on_hs256():
    site = new_site("HS256")
    site.start()
    attack(site, "HS256")
    assert public_keys(site) == {"keys": []}
    site.stop()


def test_attacks_on_es256():
    site = new_site("ES256", with_key_file=False)
    site.start()
    attack(site, "ES256")
    site.stop()


def test_attacks_on_rs256():
    site = new_site("RS256", with_key_file=False)
    site.start()
    attack(site, "RS256")
    site.stop()


# Keys that change ------------------------------------------------------------------------------

class Crowd:
    """Users who are logged in and use their tokens all the time; whoever is refused is noted."""

    def __init__(self, site):
        self.site, self.faults, self.rounds, self.stopping = site, [], 0, threading.Event()
        self.tokens = [site.register()["access_token"] for _ in range(3)]
        self.thread = threading.Thread(target=self.work)
        self.thread.start()

    def work(self):
        try:
            while not self.stopping.is_set():
                for token in self.tokens:
                    self.look(token)
                # A token that some worker has made just now: all the others must know its key.
                token = self.site.register()["access_token"]
                for _ in range(4):
                    self.look(token)
                self.rounds += 1
        except Exception as error:  # the main thread shows it
            self.faults.append(repr(error))

    def look(self, token):
        answer = self.site.get("/auth/verify_token/", token)
        if answer.status != 200:
            self.faults.append((header_of(token), answer))

    def end(self):
        seen = self.rounds
        try:
            wait_for(lambda: self.faults or self.rounds >= seen + 2, "two rounds more")
        finally:
            self.stopping.set()
            self.thread.join()
        assert not self.faults, self.faults[:5]


def reload_among_people(site):
    crowd = Crowd(site)
    try:
        site.reload()
    finally:
        crowd.end()


def test_from_hs256_to_es256_to_rs256_without_logging_anyone_out():
    site = Site()
    plain = site.register()
    assert header_of(plain["access_token"]) == {"typ": "JWT", "alg": "HS256"}
    assert public_keys(site) == {"keys": []}

    # Published: all know the key, nobody signs with it.
    use(site, "ES256")
    site.ctl("key", "generate", "next")
    refusal = site.ctl("key", "rotate", "--now", check=False)
    assert refusal.returncode == 1 and "a worker is running that doesn't know yet" in \
        refusal.stderr, refusal
    reload_among_people(site)
    hs, es = key(site, "active")["kid"], key(site, "next")["kid"]
    published, = public_keys(site)["keys"]
    assert published["kid"] == es == thumbprint(published)
    assert set(published) == {"kty", "crv", "x", "y", "alg", "use", "kid"}, published
    assert published["alg"] == "ES256"
    named = site.register()
    assert header_of(named["access_token"]) == {"typ": "JWT", "alg": "HS256", "kid": hs}

    # Active; the next one is made in the same go.
    assert site.ctl("key", "rotate", check=False).returncode == 1  # others keep the old set
    site.ctl("key", "rotate", "--now")
    use(site, "RS256")
    site.ctl("key", "generate", "next")
    reload_among_people(site)
    fresh = site.login(named["email"])
    assert header_of(fresh["access_token"]) == {"typ": "JWT", "alg": "ES256", "kid": es}
    assert verify(fresh["access_token"], public_keys(site))
    rs = key(site, "next")["kid"]
    rsa, = [one for one in public_keys(site)["keys"] if one["kid"] == rs]
    assert set(rsa) == {"kty", "n", "e", "alg", "use", "kid"}, rsa
    assert rs == thumbprint(rsa) and rsa["alg"] == "RS256"
    for user in (plain, named):
        assert pass_as(site, user["access_token"]) == user["id"]

    # A login goes from key to key by its refresh.
    site.set_clock(ACCESS + 60)
    moved = expect(site.post("/auth/refresh/", token=plain["access_token"]), 200).json()
    moved = moved["access_token"]
    assert header_of(moved)["kid"] == es
    for name in ("jti", "id", "rf_exp"):
        assert claims_of(moved)[name] == claims_of(plain["access_token"])[name]
    site.set_clock(0)

    # The old key goes for good: its tokens die, and no login but those.
    refusal = site.ctl("key", "retire", hs, check=False)
    assert refusal.returncode == 1 and "logins may have tokens" in refusal.stderr, refusal
    site.ctl("key", "retire", "--now", hs)
    site.ctl("key", "rotate", "--now")
    reload_among_people(site)
    for token in (plain["access_token"], named["access_token"]):
        expect(site.get("/auth/verify_token/", token), 401, "InvalidTokenHeader")
        expect(site.post("/auth/refresh/", token=token), 401, "InvalidTokenHeader")
        expect(site.post("/auth/logout/", token=token), 401, "InvalidTokenHeader")
    assert pass_as(site, fresh["access_token"]) == named["id"]
    last = site.login(named["email"])["access_token"]
    assert header_of(last) == {"typ": "JWT", "alg": "RS256", "kid": rs}
    assert verify(last, public_keys(site)) and verify(fresh["access_token"], public_keys(site))
    # Known to the service and retired: whoever has the file still cannot make tokens pass as HS256.
    with open(site.path("keys/token.key"), "rb") as file:
        secret = file.read().rstrip(b"\n")
    for header in ({"alg": "HS256"}, {"alg": "HS256", "kid": hs}):
        expect(site.get("/auth/verify_token/", hmac_signed(claims_of(last), header, secret)),
               401, "InvalidTokenHeader")

    # When its last token is dead, nobody needs --now.
    site.set_clock(32 * DAY)
    site.ctl("key", "retire", es)
    site.reload()
    only, = public_keys(site)["keys"]
    assert only["kid"] == rs
    assert not os.path.exists(site.path(f"keys/ring/{es}.pem"))
    expect(site.get("/auth/verify_token/", fresh["access_token"]), 401, "InvalidTokenHeader")
    assert verify(site.login(named["email"])["access_token"], public_keys(site))
    site.stop()


def test_a_reload_with_damaged_keys_changes_nothing():
    site = new_site("ES256", with_key_file=False)
    site.start()
    user = site.register()
    name = f"keys/ring/{key(site, 'active')['kid']}.pem"
    os.rename(site.path(name), site.path("aside"))
    done = site.run("affo-userd", "-c", site.path("affo-userd.conf"), "-t")
    assert done.returncode == 78 and "does not exist" in done.stderr, done
    site.userd.send_signal(signal.SIGHUP)
    wait_for(lambda: "going on with the old one" in site.log(), "the refusal of the reload")
    for _ in range(4):
        assert pass_as(site, user["access_token"]) == user["id"]
    os.rename(site.path("aside"), site.path(name))
    site.reload()
    assert pass_as(site, user["access_token"]) == user["id"]
    site.stop()


# One secret in another's place ------------------------------------------------------------------

def test_reset_tokens_codes_and_access_tokens_are_not_interchangeable():
    site = Site()
    phone, user = site.new_phone(), site.register()
    token = user["access_token"]
    expect(site.post("/password/reset/", {"email": user["email"],
                                          "url_template": "https://example.com/?t={token}"}), 200)
    expect(site.post("/verification/phone/", {"phone": phone}), 200)
    mail, = site.wait_messages("email", user["email"], 1)
    mail = email.message_from_string(mail, policy=email.policy.default)
    reset = re.search(r"example\.com/\?t=([A-Za-z0-9_-]{43})",
                      mail.get_body(("plain",)).get_content()).group(1)
    sms, = site.wait_messages("sms", phone, 1)
    code = re.search(r"\b[0-9]{6}\b", sms).group()
    jti = claims_of(token)["jti"]

    def confirm_reset(text):
        return site.post("/password/reset/confirm/",
                         {"token": text, "new_password": "brand new one"})

    def confirm_code(text):
        return site.post("/verification/phone/confirm/", {"phone": phone, "code": text})

    for text in (reset, code, jti):
        for answer in (site.get("/auth/verify_token/", text),
                       site.post("/auth/refresh/", token=text),
                       site.post("/auth/logout/", token=text),
                       site.get("/user/current/", text)):
            expect(answer, 401, "InvalidTokenHeader")
    for text in (token, code, jti):
        expect(confirm_reset(text), 400, "InvalidToken")
    for text in (token, reset, jti):
        expect(confirm_code(text), 400, "InvalidPhoneCode")
    # All of them are good where they belong.
    expect(site.get("/user/current/", token), 200)
    expect(confirm_code(code), 200)
    expect(confirm_reset(reset), 200)
    site.stop()


run(globals())
