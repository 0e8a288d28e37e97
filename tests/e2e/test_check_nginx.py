"""`affo-userctl check nginx`: all is well with the shipped files, and every pitfall is named."""
import functools
import json
import os
import re
import socket
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
from harness import BASE, Site, free_port, run, wait_for  # noqa: E402

FILES = ("affo-user-http.conf", "affo-user.conf", "affo-user-params.conf",
         "affo-user-protect.conf")
TLS = '''
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305;
    set $affo_user_hsts "max-age=63072000";
    add_header Strict-Transport-Security $affo_user_hsts always;
    server_tokens off;
'''
PROTECTED = '''
    location ^~ /members/ {
        set $affo_user_role "";
        set $affo_user_login "/login/?next=";
        include DIR/affo-user-protect.conf;
        try_files $uri /page;
    }
    location = /page { internal; return 200 "secret"; }
    location / { return 404; }
'''
count = 0


def start_service(settings=""):
    site = Site(settings=settings, start=False)
    site.start_userd()
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                    "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", site.path("key.pem"), "-out", site.path("cert.pem")],
                   check=True, capture_output=True, timeout=120)
    site.own()
    return site


# As strict as by default, and with limits that are never met.
site = start_service('limits: { send_address = "30/1h"; };')
lenient = start_service()


@functools.cache
def snippets(site):
    return {name: site.ctl("nginx-snippet", "--dir", "DIR", name).stdout for name in FILES}


class Nginx:
    """One nginx before that service, with edits: {file or "tls" or "server": [(old, new), ...]};
    old is a regular expression that must match."""

    def __init__(self, edits, site=site):
        global count
        count += 1
        self.site, self.folder, self.port = site, f"web{count}", free_port()
        os.mkdir(site.path(self.folder))
        directory = site.path(self.folder)
        texts = dict(snippets(site), tls=TLS, server=PROTECTED, http="")
        for name, changes in edits.items():
            for old, new in changes:
                texts[name], n = re.subn(old, lambda _: new, texts[name], flags=re.S)
                assert n >= 1, (name, old)
        for name in FILES:
            site.write(f"{self.folder}/{name}", texts[name].replace("DIR/", directory + "/"))
        temp = "\n".join(f"{name}_temp_path {directory}/{name};" for name in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        site.write(f"{self.folder}/nginx.conf", f"""
daemon off;
worker_processes 1;
pid {directory}/nginx.pid;
error_log {directory}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log off;
    {temp}
    include {directory}/affo-user-http.conf;
    {texts["http"].replace("DIR/", directory + "/")}
    server {{
        listen 127.0.0.1:{self.port} ssl;
        server_name localhost;
        ssl_certificate {site.path("cert.pem")};
        ssl_certificate_key {site.path("key.pem")};
        {texts["tls"]}
        include {directory}/affo-user.conf;
        {texts["server"].replace("DIR/", directory + "/")}
    }}
}}
""")
        site.own()
        self.process = site.processes.start(
            ["/usr/sbin/nginx", "-e", f"{directory}/error.log", "-p", directory,
             "-c", f"{directory}/nginx.conf"], user=site.user,
            stderr=open(site.path("nginx.stderr"), "ab"))
        wait_for(self.is_up, "nginx")

    def is_up(self):
        with open(self.site.path("nginx.stderr"), encoding="utf-8") as file:
            assert self.process.poll() is None, file.read()[-2000:]
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=60).close()
            return True
        except OSError:
            return False

    def check(self, *options, want=(), base=BASE, scheme="https"):
        """The command's end; want: the names of all bad lines, None: whatever."""
        done = self.site.ctl("check", "nginx", f"{scheme}://127.0.0.1:{self.port}{base}",
                             *options, check=False)
        if want is not None:
            bad = {line.split()[1] for line in done.stdout.splitlines() if line[:4] == "bad "}
            assert bad == set(want) and done.stderr == "", done.stdout + done.stderr
            assert done.returncode == (1 if want else 0), done
        return done

    def stop(self):
        self.process.terminate()
        self.process.wait(60)


def named(edits, want, *options, site=site, says="", **more):
    """Exactly these checks are bad behind an nginx with these edits, and the text says so."""
    nginx = Nginx(edits, site)
    options = options or ("--no-limits",)
    try:
        done = nginx.check("--ca", site.path("cert.pem"), *options, want=want, **more)
        assert says in done.stdout, done.stdout
    finally:
        nginx.stop()


def param(line):
    """The edit that puts a line to the parameters, beside those of its name."""
    return {"affo-user-params.conf": [(r"\Z", line + "\n")]}


def changed_param(name, line):
    return {"affo-user-params.conf": [(rf"fastcgi_param {name} [^\n]*\n", line + "\n")]}


def test_all_is_well_with_the_shipped_files():
    nginx = Nginx({})
    done = nginx.check("--ca", site.path("cert.pem"), "--protected", "/members/")
    names = [line.split()[1] for line in done.stdout.splitlines()]
    assert len(names) == len(set(names)) > 30, names
    assert {"service", "hashing", "hsts", "protected-post", "limits", "forwarded"} <= set(names)
    done = nginx.check("--insecure", "--json", "--no-limits", base="")
    told = json.loads(done.stdout)
    assert told["url"].endswith(BASE) and told["requests"] < 60, told
    assert all(line["ok"] and line["text"] for line in told["checks"]), told
    assert "limits" not in {line["name"] for line in told["checks"]}, told
    nginx.stop()


def test_its_usage():
    for arguments, says in (((), "usage:"), (("http://a/", "http://b/"), "usage:"),
                            (("example.com",), "is no URL"), (("ftp://a.example/",), "is no URL"),
                            (("https://user:x@a.example/",), "is no URL"),
                            (("https://a.example/?x=y",), "is no URL"),
                            (("https://a.example/", "--protected", "members"), "is no path"),
                            (("https://a.example/", "--protected", "/a b"), "is no path"),
                            (("https://a.example/", "--protected", "/" + 1000 * "a"), "is no path"),
                            (("https://a.example/", "--unknown"), "--unknown")):
        done = site.ctl("check", "nginx", *arguments, check=False)
        assert done.returncode == 2 and says in done.stderr and not done.stdout, done


def test_a_site_that_is_not_there_or_not_trusted():
    done = site.ctl("check", "nginx", f"https://127.0.0.1:{free_port()}/", check=False)
    assert done.returncode == 1 and done.stdout.startswith("bad  service "), done
    nginx = Nginx({})
    done = nginx.check("--no-limits", want=["service"])
    assert "certificate" in done.stdout and "--ca FILE" in done.stdout, done.stdout
    nginx.check("--no-limits", scheme="http", want=["service"])
    nginx.stop()


def test_parameters_that_come_twice_or_not_at_all():
    says = "without fastcgi_params"
    named(param("fastcgi_param REQUEST_METHOD $request_method;"), ["service"], says=says)
    named(changed_param("REQUEST_URI", ""), ["service"], says=says)
    named(changed_param("REMOTE_ADDR", "fastcgi_param REMOTE_ADDR $http_x_forwarded_for;"),
          ["service"], says=says)


def test_a_wrong_base_path():
    named({}, ["service"], base="/api/v2", says="no location for this path")
    named({"affo-user.conf": [(r"location \^~ /api/v1\.0/", "location ^~ /accounts/")]},
          ["service"], base="/accounts/", says="another base_path")
    named({"affo-user.conf": [(r"location = /api/v1\.0 \{.*?\}", "")]}, ["base"],
          says="`location = BASE_PATH`")


def test_a_service_that_is_not_reached():
    named({"affo-user-http.conf": [(r"unix:\S+fcgi\.sock", "unix:/nonexistent")]}, ["service"],
          says="affo-userd running")
    named({"affo-user-http.conf": [(r"unix:\S+hash\.sock", "unix:/nonexistent")]}, ["hashing"])
    named({"server": [("^", "return 301 https://example.com$request_uri;")]}, ["service"],
          says="sends clients elsewhere")


def test_hashing_routes_in_the_fast_pool():
    named({"affo-user.conf": [("fastcgi_pass affo_user_hash;", "fastcgi_pass affo_user_fast;")]},
          ["hashing"], says="listen_hash")
    named({"affo-user.conf": [(r"\|user/\[\^/\]\+/set_password", "")]}, ["hashing"],
          says="/user/current/set_password/")


def test_paths_that_nginx_changed():
    named(changed_param("REQUEST_URI", "fastcgi_param REQUEST_URI $uri;"), ["slash", "paths"],
          says="$request_uri")
    named(param("fastcgi_hide_header Location;"), ["slash"])


def test_methods_and_tokens_that_do_not_arrive():
    limit = "limit_except GET POST { deny all; }"
    named({"affo-user.conf": [("limit_req zone=affo_user_all", limit + "\n    limit_req "
                                                                "zone=affo_user_all")]},
          ["methods"])
    named(param('fastcgi_param HTTP_AUTHORIZATION "";'), ["token"], says="CGIPassAuth")
    named(param('fastcgi_param HTTP_AUTHORIZATION "Bearer x";'),
          ["no-token", "paths", "methods", "spoofing", "hashing"])
    named(param("fastcgi_param HTTP_AUTHORIZATION $http_x_auth_user;"), ["token", "spoofing"])
    named(param("fastcgi_pass_request_body off;"), ["bodies", "hashing", "roomy-body"])


def test_errors_in_another_shape():
    named({"affo-user-params.conf": [("intercept_errors off", "intercept_errors on")]},
          ["errors", "bodies", "hashing", "roomy-body"], says="fastcgi_intercept_errors off")
    named({"affo-user.conf": [("error_page 400 414 494 /_affo_user/400;",
                               "error_page 400 414 494 @bad; location @bad { return 500 bad; }"),
                              ]}, ["malformed", "long-lines"], says="never a named location")
    named({"affo-user.conf": [("error_page 400 414 494", "error_page 400")]}, ["long-lines"])
    named({"affo-user.conf": [("error_page 405 [^\n]*", "")],
           "affo-user-params.conf": [("error_page 405 [^\n]*", "")]}, ["malformed"])
    named({"affo-user-params.conf": [("error_page 413 [^\n]*", "")]},
          ["large-body", "headers"], says="/_affo_user/413")


def test_sizes_of_bodies():
    def size(value):
        return {"affo-user-params.conf": [(r"client_max_body_size \d+",
                                           f"client_max_body_size {value}")]}
    named(size("1k"), ["roomy-body"], says="client_max_body_size")
    named(size("0"), ["huge-body"], says="kept on disk")


def test_headers_that_are_missing():
    named({"tls": [("add_header [^\n]*", "")]}, ["hsts"])
    named({"affo-user.conf": [("limit_req zone=affo_user_all", "add_header X-Site a;\n"
                                                               "limit_req zone=affo_user_all")]},
          ["hsts"], says="takes away")
    named({"tls": [("server_tokens off", "server_tokens on")]}, ["version"])
    named(param("fastcgi_hide_header Cache-Control;"), ["headers"])
    named({"http": [(r"\Z", "fastcgi_cache_path DIR/cache keys_zone=cache:1m;")],
           "affo-user-params.conf": [(r"\Z", "fastcgi_cache cache; fastcgi_cache_key $request_uri;"
                                           "fastcgi_cache_valid any 1h;")]}, ["cache"])


def test_versions_of_tls():
    named({"tls": [("TLSv1.2 TLSv1.3", "TLSv1.2")]}, ["tls-1.3"])
    named({"tls": [("TLSv1.2 TLSv1.3", "TLSv1.1 TLSv1.2 TLSv1.3"),
                   ("ssl_ciphers [^;]*", "ssl_ciphers ALL:@SECLEVEL=0")]}, ["tls-old"])
    port = free_port()
    nginx = Nginx({"tls": [(r"\Z", f"listen 127.0.0.1:{port};")]})
    nginx.port = port
    nginx.check("--no-limits", scheme="http", want=["tls"])
    nginx.stop()


def test_limits_that_are_missing_or_go_by_what_clients_say():
    named({}, ["limits"], "--insecure", site=lenient, says="none was refused")
    named({"affo-user.conf": [("^", f"""location = {BASE}/password/reset/ {{
               limit_req zone=once burst=3 nodelay;
               include DIR/affo-user-params.conf;
               fastcgi_pass affo_user_fast;
           }}\n""")],
           "affo-user-params.conf": [("limit_req_status [^\n]*", "")],
           "http": [(r"\Z", "limit_req_zone $server_name zone=once:1m rate=1r/m;")]},
          ["limits"], "--insecure", site=lenient, says="503 Unavailable")
    named({"tls": [(r"\Z", "set_real_ip_from 0.0.0.0/0; real_ip_header X-Forwarded-For;")]},
          ["forwarded"], "--insecure", says="set_real_ip_from")


def unprotected(edits, want, says=""):
    named(edits, want, "--no-limits", "--protected", "/members/", says=says)


def test_protected_locations_that_are_open():
    for line in ('return 200 "secret";', 'satisfy any; allow all;'):
        unprotected({"server": [("try_files", line + " try_files")]},
                    ["protected"], says="`return`")
    unprotected({"server": [("include [^\n]*protect.conf;", r"error_page 401 =200 /page; include "
                             "DIR/affo-user-protect.conf;")]},
                ["protected"])


def test_protected_locations_that_other_locations_take_from():
    pages = 'location ~ [.](php|css)$ { return 404; } location ^~ /members/'
    unprotected({"server": [(r"location \^~ /members/", pages.replace("location ^~", "location"))]},
                ["protected-files"], says="location ^~")
    unprotected({"server": [(r"location \^~ /members/", pages)]}, [])
    unprotected({"server": [("^", "merge_slashes off;"), ("location / .*?}",
                                                          "location / { return 200 site; }")]},
                ["protected-path"], says="merge_slashes")


def test_protected_locations_that_ask_the_wrong_way():
    def edit(old, new):
        return {"affo-user.conf": [(old, new)]}
    unprotected(edit("REQUEST_METHOD GET", "REQUEST_METHOD $request_method"),
                ["protected"], says="REQUEST_METHOD GET")
    unprotected({"affo-user.conf": [
        ('fastcgi_param CONTENT_LENGTH "";', "fastcgi_param CONTENT_LENGTH $content_length;")]},
        ["protected-post"], says="CONTENT_LENGTH")
    unprotected(edit("client_max_body_size 0;", "client_max_body_size 1k;"), ["protected-post"],
                says="client_max_body_size 0")
    unprotected(edit("fastcgi_param REQUEST_METHOD GET;",
                     "fastcgi_param REQUEST_METHOD GET; fastcgi_param REQUEST_METHOD GET;"),
                ["protected"], says="fastcgi_params")


run(globals())
