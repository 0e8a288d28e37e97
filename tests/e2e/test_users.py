"""Users, roles and passwords: affo-user-api(7), "Users", from outside."""
import sys
import threading

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import Site, run  # noqa: E402

site = Site()
admin = site.staff("admin")
service = site.staff("service")
ADMIN, SERVICE = admin["access_token"], service["access_token"]


def expect(answer, status, code=None):
    assert answer.status == status and answer.code == code, answer
    return answer


def pointers(answer):
    expect(answer, 400, "ValidationError")
    assert answer.headers["Content-Type"] == "application/problem+json"
    return {error["pointer"] for error in answer.json()["errors"]}


def test_registration_names_every_fault():
    answer = site.post("/user/", {"email": "a@b", "password": "short", "phone": "12",
                                  "first_name": "x" * 65, "last_name": 1, "roles": ["admin"]})
    assert pointers(answer) == {"/email", "/password", "/phone", "/first_name", "/last_name",
                                "/roles"}


def test_registration_takes_good_addresses_and_no_other():
    for email in ("plain", "@example.com", "a@", "a@b", "a b@example.com", "a@exa mple.com",
                  "a..b@example.com", ".a@example.com", "a@-b.com", "\"a\"@example.com",
                  "a@example.com.", "a@[127.0.0.1]", "a@exаmple。com", "a@\u212a.example",
                  "a" * 65 + "@example.com", "a@" + "b" * 64 + ".com", "", "a@b@example.com",
                  "a@example.com\r\nBcc: x@example.com"):
        assert "/email" in pointers(site.post("/user/", {"email": email})), email
    for email in ("o'brien+tag@sub.example.com", "x@münchen.example", "A@Example.COM",
                  "a" * 64 + "@example.org"):
        answer = expect(site.post("/user/", {"email": email}), 201)
        assert answer.json()["email"] == email


def test_an_email_is_one_whatever_its_spelling():
    expect(site.post("/user/", {"email": "One@bücher.example"}), 201)
    for email in ("one@BÜCHER.example", "one@xn--bcher-kva.example", "ONE@bücher.EXAMPLE"):
        answer = site.post("/user/", {"email": email})
        assert answer.code in ("AlreadyExists", "ValidationError") and answer.status == 400, answer
    expect(site.post("/user/", {"email": "one@xn--bcher-kva.example"}), 400, "AlreadyExists")


def test_a_phone_is_unique_and_normalised():
    phone = site.new_phone()
    site.register(phone=phone)
    expect(site.post("/user/", {"email": site.new_email(), "phone": phone[1:3] + " " + phone[3:]}),
           400, "AlreadyExists")
    for empty in (None, ""):
        assert site.register(phone=empty)["phone"] is None


def test_limits_of_members_from_both_sides():
    assert site.register(first_name="é" * 64)["first_name"] == "é" * 64
    assert "/first_name" in pointers(site.post("/user/", {"email": site.new_email(),
                                                          "first_name": "é" * 65}))
    site.register(password="x" * 8)
    assert "/password" in pointers(site.post("/user/", {"email": site.new_email(),
                                                        "password": "x" * 7}))
    site.register(password="x" * 1024)
    assert "/password" in pointers(site.post("/user/", {"email": site.new_email(),
                                                        "password": "x" * 1025}))


def test_who_may_read_whom():
    user, other = site.register(), site.register()
    for name in (user["id"], "current"):
        answer = expect(site.get(f"/user/{name}/", user["access_token"]), 200)
        assert answer.json() == {key: value for key, value in user.items()
                                 if key != "access_token"}
    for path in (f"/user/{other['id']}/", "/user/999999999/", "/user/abc/", "/user/01/",
                 "/user/9223372036854775808/"):
        expect(site.get(path, user["access_token"]), 403, "AccessDenied")
    for token in (ADMIN, SERVICE):
        expect(site.get(f"/user/{user['id']}/", token), 200)
        for path in ("/user/999999999/", "/user/abc/", "/user/9223372036854775808/"):
            expect(site.get(path, token), 400, "NoSuchUser")
            expect(site.get(path + "role/", token), 400, "NoSuchUser")
            expect(site.patch(path, {}, token), 400, "NoSuchUser")
            expect(site.post(path + "set_password/", {"password": "long enough"}, token),
                   400, "NoSuchUser")
    expect(site.delete("/user/999999999/", ADMIN), 400, "NoSuchUser")
    expect(site.patch("/user/999999999/role/", [], ADMIN), 400, "NoSuchUser")


def test_a_user_changes_itself():
    user = site.register()
    path, token = f"/user/{user['id']}/", user["access_token"]
    phone = site.new_phone()
    changed = expect(site.patch(path, {"first_name": "Zoë", "phone": phone}, token), 200).json()
    assert changed["first_name"] == "Zoë" and changed["phone"] == phone
    assert changed["email"] == user["email"] and "access_token" not in changed
    # What was read may be sent back; what can't be set is ignored.
    assert expect(site.patch(path, {**changed, "is_active": False, "roles": ["admin"]}, token),
                  200).json()["roles"] == []
    expect(site.patch(path, {}, token), 200)
    assert expect(site.patch(path, {"phone": None}, token), 200).json()["phone"] is None
    assert pointers(site.patch(path, {"password": "long enough", "nonsense": 1}, token)) == \
        {"/password", "/nonsense"}
    assert "/email" in pointers(site.patch(path, {"email": None}, token))
    expect(site.patch(path, {"email": admin["email"].upper()}, token), 400, "AlreadyExists")


def test_the_service_role_cannot_take_over_an_admin():
    path = f"/user/{admin['id']}/"
    expect(site.patch(path, {"email": site.new_email()}, SERVICE), 403, "AccessDenied")
    expect(site.post(path + "set_password/", {"password": "long enough"}, SERVICE),
           403, "AccessDenied")
    user = site.register()
    expect(site.patch(f"/user/{user['id']}/", {"last_name": "x"}, SERVICE), 200)
    expect(site.post(f"/user/{user['id']}/set_password/", {"password": "long enough"}, SERVICE),
           200)


def test_roles_are_the_admins():
    user = site.register()
    path = f"/user/{user['id']}/role/"
    expect(site.patch(path, ["admin"], user["access_token"]), 403, "MissingRoleError")
    expect(site.patch(path, ["admin"], SERVICE), 403, "MissingRoleError")
    expect(site.delete(f"/user/{user['id']}/", user["access_token"]), 403, "MissingRoleError")
    assert expect(site.get(path, user["access_token"]), 200).json() == []
    sixteen = [f"role{n}" for n in range(16)]
    assert expect(site.patch(path, sixteen, ADMIN), 200).json() == sixteen
    assert expect(site.get(path, SERVICE), 200).json() == sixteen
    for bad in (sixteen + ["more"], ["a,b"], [" a"], ["a "], [""], ["a\n"], ["a", "a"], ["x" * 65],
                [1], {"roles": []}, "admin", [None]):
        expect(site.patch(path, bad, ADMIN), 400, "ValidationError")
    assert expect(site.patch(path, ["x" * 64], ADMIN), 200).json() == ["x" * 64]
    assert expect(site.patch(path, [], ADMIN), 200).json() == []


def test_a_new_password_ends_all_other_logins():
    user = site.register()
    other = site.login(user["email"])["access_token"]
    answer = site.post("/user/current/set_password/", {"password": "quite another"},
                       user["access_token"])
    assert answer.status == 200 and answer.body == b"" and answer.headers["Content-Type"] is None
    expect(site.get("/user/current/", user["access_token"]), 200)
    expect(site.get("/user/current/", other), 403, "BlacklistedError")
    expect(site.post("/auth/login/", {"email": user["email"], "password": site.password}),
           401, "AuthFailure")
    site.login(user["email"], "quite another")
    assert "/password" in pointers(site.post("/user/current/set_password/", {"password": "short"},
                                             user["access_token"]))


def test_fifty_registrations_of_one_address_make_one_user():
    answers = []

    def register(n):
        email = "".join(c.upper() if n >> i & 1 else c for i, c in enumerate("fifty@example.com"))
        answers.append(site.post("/user/", {"email": email, "password": site.password}))
    threads = [threading.Thread(target=register, args=(n,)) for n in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = [(answer.status, answer.code) for answer in answers]
    assert found.count((201, None)) == 1 and found.count((400, "AlreadyExists")) == 49, found



run(globals())
