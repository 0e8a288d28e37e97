"""The web servers of nginx/fronts, each with the file that is shipped but for its paths."""
import os
import re
import shutil
import stat

from harness import SRC, Site, Skip, wait_for

MODULES = "/usr/lib/apache2/modules"


class Front(Site):
    """A service, and in place of nginx another web server on self.port. The class's `program` is
    it, `file` what is shipped for it, `second_pool` the part of that file that is to be left out
    where there is one pool."""

    program = file = second_pool = None
    settings = ""

    def __init__(self, settings="", has_one_pool=False, **options):
        if not os.path.exists(self.program):
            raise Skip(f"there is no {self.program}")
        self.has_one_pool = has_one_pool
        super().__init__(settings=self.settings + settings, **options)

    def shipped(self, **more):
        """The text of the file with the paths of this site; `more`: what else stands in it."""
        with open(os.path.join(SRC, "nginx/fronts", self.file), encoding="utf-8") as file:
            text = file.read()
        if self.has_one_pool:
            text, n = re.subn(self.second_pool, "", text)
            assert n == 1 and "/run/affo-user/hash.sock" not in text, text
        for old, new in more.items():
            assert old in text, (self.file, old)
            text = text.replace(old, new)
        return text.replace("/run/affo-user/", self.path("run/"))

    def start_nginx(self):
        for name in ("front", "front/htdocs", "front/tmp", "front/errors"):
            os.makedirs(self.path(name), exist_ok=True)
        errors = os.path.join(SRC, "nginx/fronts/lighttpd-errors")
        for name in os.listdir(errors):
            shutil.copyfile(os.path.join(errors, name), self.path("front/errors/" + name))
        self.configure()
        self.own()
        output = open(self.path("nginx/stderr"), "ab")
        self.nginx = self.processes.start(
            [self.program, *self.arguments()], user=self.user, cwd=self.path("front"),
            env=dict(self.environment, XDG_DATA_HOME=self.path("front/tmp"),
                     XDG_CONFIG_HOME=self.path("front/tmp")), stdout=output, stderr=output)

    def configure(self):
        raise NotImplementedError

    def arguments(self):
        raise NotImplementedError

    def stop(self):
        super().stop()
        wait_for(lambda: not self.below(), "the end of what the web server has started")

    def below(self):
        """The pids of living processes with a word of this directory in their command line."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    if self.dir.encode() + b"/" in file.read():
                        found.append(int(pid))
            except OSError:
                continue
        return found


class Apache(Front):
    program = "/usr/sbin/apache2"
    modules = ()

    def write_conf(self, host, server=""):
        loads = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in
                          ("mpm_event", "authz_core", "mime", "headers", *self.modules))
        self.write("front/httpd.conf", f"""
ServerRoot "{self.path("front")}"
ServerName localhost
PidFile "{self.path("front/pid")}"
DefaultRuntimeDir "{self.path("front/tmp")}"
Mutex "file:{self.path("front/tmp")}" default
ErrorLog "{self.path("nginx/error.log")}"
{loads}
TypesConfig /dev/null
Listen 127.0.0.1:{self.port}
{server}
<VirtualHost *:{self.port}>
DocumentRoot "{self.path("front/htdocs")}"
{host}
</VirtualHost>
""")

    def arguments(self):
        return ["-D", "FOREGROUND", "-f", self.path("front/httpd.conf")]


class ApacheProxy(Apache):
    file = "apache-proxy.conf"
    second_pool = r"ProxyPassMatch .*\n"
    modules = ("proxy", "proxy_fcgi", "unique_id")

    def configure(self):
        self.write_conf(self.shipped())


class ApacheFcgid(Apache):
    """Apache starts the workers; affo-userd has none, and delivers."""

    file = "apache-fcgid.htaccess"
    modules = ("fcgid", "rewrite")
    settings = 'listen = ""; listen_hash = "";\n'

    def configure(self):
        # Its module keeps a table in POSIX shared memory.
        if not os.stat("/dev/shm").st_mode & stat.S_IWOTH:
            raise Skip("mod_fcgid needs a /dev/shm that everybody can write to")
        self.write_conf(f"""
<Directory "{self.path("front/htdocs")}">
    AllowOverride All
    Require all granted
</Directory>
""", f"""
FcgidIPCDir "{self.path("front/tmp")}"
FcgidProcessTableFile "{self.path("front/tmp/fcgid_shm")}"
""")
        self.write("front/htdocs/.htaccess", self.shipped())
        self.write("front/htdocs/affo-user.fcgi", f"""#!/bin/sh
export AFFO_EXTRA_CONF='{self.path("extra.conf")}' AFFO_CLOCK_FILE='{self.path("clock")}'
exec '{self.bin}/affo-userd-worker' -c '{self.path("affo-userd.conf")}'
""")
        os.chmod(self.path("front/htdocs/affo-user.fcgi"), 0o755)


class Lighttpd(Front):
    program = "/usr/sbin/lighttpd"
    file = "lighttpd.conf"
    second_pool = r'\t\$HTTP\["url"\].*\{\n.*\n\t\}\n'

    def configure(self):
        self.write("front/lighttpd.conf", f"""
server.bind = "127.0.0.1"
server.port = {self.port}
server.document-root = "{self.path("front/htdocs")}"
server.errorlog = "{self.path("nginx/error.log")}"
server.upload-dirs = ( "{self.path("front/tmp")}" )
""" + self.shipped(**{"/usr/share/affo-user-service/fronts/lighttpd-errors/":
                      self.path("front/errors/")}))

    def arguments(self):
        return ["-D", "-f", self.path("front/lighttpd.conf")]


class Caddy(Front):
    program = "/usr/bin/caddy"
    file = "Caddyfile"
    second_pool = r"\t\t@affo_user_hash [^\0]*?\n\t\t\}\n"

    def configure(self):
        self.write("front/Caddyfile", "{\n\tadmin off\n\tauto_https off\n}\n" + self.shipped(
            **{"\nexample.com {": f"\nhttp://127.0.0.1:{self.port} {{"}))

    def arguments(self):
        return ["run", "--adapter", "caddyfile", "--config", self.path("front/Caddyfile")]
