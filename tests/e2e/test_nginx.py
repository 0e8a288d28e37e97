"""What `affo-userctl nginx-snippet` prints is taken by nginx, for several configurations."""
import os
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import Site, run  # noqa: E402

FILES = ["affo-user-http.conf", "affo-user.conf", "affo-user-params.conf",
         "affo-user-protect.conf", "example-server.conf"]


def check(site, name, server):
    """nginx -t over the printed files, in a directory of their own; gives their texts."""
    folder = site.path(name)
    os.mkdir(folder)
    if site.user.pw_uid != os.geteuid():
        os.chown(folder, site.user.pw_uid, site.user.pw_gid)
    texts = {}
    for file in FILES:
        texts[file] = site.ctl("nginx-snippet", "--dir", folder, file).stdout
        site.write(f"{name}/{file}", texts[file])
        assert "@" not in texts[file].replace("@example", ""), texts[file]
    temp = "\n".join(f"{kind}_temp_path {folder}/{kind};" for kind in
                     ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    site.write(f"{name}/nginx.conf", f"""
pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{ access_log off; {temp} include {folder}/affo-user-http.conf; {server} }}
""".replace("DIR", folder))
    options = {}
    if os.geteuid() == 0:
        options = {"user": site.user.pw_uid, "group": site.user.pw_gid, "extra_groups": []}
    done = subprocess.run(["/usr/sbin/nginx", "-t", "-e", f"{folder}/error.log", "-c",
                           f"{folder}/nginx.conf"], text=True, capture_output=True, timeout=60,
                          stdin=subprocess.DEVNULL, **options)
    assert done.returncode == 0, done.stderr
    return texts


def test_the_locations_in_a_server_of_ones_own():
    site = Site(start=False)
    texts = check(site, "own", "server { listen 127.0.0.1:20001; include DIR/affo-user.conf; }")
    assert f"server unix:{site.path('run/fcgi.sock')} " in texts["affo-user-http.conf"]
    assert f"server unix:{site.path('run/hash.sock')} " in texts["affo-user-http.conf"]


def test_the_whole_example_server():
    site = Site(start=False)
    folder = site.path("tls")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=example.com",
                    "-keyout", site.path("key.pem"), "-out", site.path("cert.pem")],
                   check=True, capture_output=True, timeout=60)
    site.own()
    text = site.ctl("nginx-snippet", "--dir", folder, "example-server.conf").stdout
    text = text.replace("/etc/ssl/example.com/fullchain.pem", site.path("cert.pem"))
    text = text.replace("/etc/ssl/example.com/privkey.pem", site.path("key.pem"))
    text = text.replace("listen 443", "listen 127.0.0.1:20443").replace("listen 80;",
                                                                       "listen 127.0.0.1:20080;")
    text = "\n".join(line for line in text.split("\n") if "listen [::]" not in line)
    check(site, "tls", text)


def test_another_base_path_and_one_socket():
    site = Site(settings='base_path = "/accounts/v2.1";', start=False)
    texts = check(site, "base", "server { listen 127.0.0.1:20001; include DIR/affo-user.conf; }")
    assert "location ^~ /accounts/v2.1/ {" in texts["affo-user.conf"]
    assert r"^/accounts/v2\.1/(auth/login|" in texts["affo-user.conf"]


def test_an_unknown_snippet_is_refused_with_the_names():
    site = Site(start=False)
    done = site.ctl("nginx-snippet", "nonsense.conf", check=False)
    assert done.returncode != 0 and "affo-user-http.conf" in done.stderr, done.stderr


def test_another_base_path_is_served():
    site = Site(settings='base_path = "/accounts";', base="/accounts")
    assert site.get("/openapi.json").status == 200
    keys = site.get("/.well-known/jwks.json")
    assert keys.status == 200 and keys.headers["Cache-Control"] == "public, max-age=300", keys
    assert site.register()["id"] == 1
    assert site.get("/api/v1.0/openapi.json", base="").status == 404
    site.stop()


def test_nginx_limits_by_address_in_the_services_shape():
    site = Site(nginx_rate=1)
    statuses = set()
    for _ in range(1000):
        answer = site.post("/auth/login/", raw=b"")
        statuses.add(answer.status)
        if answer.status == 429:
            break
    assert statuses == {400, 429}, statuses
    assert answer.code == "TooManyRequests" and int(answer.headers["Retry-After"]) >= 1, answer
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert site.get("/openapi.json").status == 200
    site.stop()


def test_a_service_that_is_away_is_unavailable():
    site = Site()
    site.userd.terminate()
    site.userd.wait(60)
    for answer in (site.get("/openapi.json"), site.post("/auth/login/", raw=b"{}")):
        assert answer.status == 503 and answer.code == "Unavailable", answer
        assert int(answer.headers["Retry-After"]) >= 1
    site.start_userd()
    site.wait_until_up()
    site.stop()


run(globals())
