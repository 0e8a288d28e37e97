"""Real SMTP servers (STARTTLS, TLS, AUTH) and certificates for them."""
import asyncio
import atexit
import logging
import os
import shutil
import ssl
import subprocess
import tempfile
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult

from harness import PATIENCE

# What goes wrong here goes wrong on purpose.
logging.disable(logging.CRITICAL)
warnings.simplefilter("ignore")

# The service's user, who is another one when root runs the tests, reads certificates there.
directory = tempfile.mkdtemp(prefix="affo-mail-", dir="/tmp")
os.chmod(directory, 0o755)
atexit.register(shutil.rmtree, directory, ignore_errors=True)


def path(name):
    return os.path.join(directory, name)


def make_context(name, subject):
    """A TLS server's context; its certificate, which signs itself, is in NAME.pem."""
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-keyout", path(name + ".key"), "-out", path(name + ".pem"), "-days", "2",
         "-subj", "/CN=peer", "-addext", "subjectAltName=" + subject],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        check=True)
    os.chmod(path(name + ".pem"), 0o644)
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(path(name + ".pem"), path(name + ".key"))
    return made


class Server:
    """An SMTP server on a free port, in a thread. user: who must log in; None: anybody may send."""

    def __init__(self, starttls=None, tls=None, user=None, answers=None):
        self.user, self.answers = user, answers or {}
        self.mails, self.logins = [], []
        self.loop = asyncio.new_event_loop()
        self.context = starttls
        ready = threading.Event()

        def serve():
            asyncio.set_event_loop(self.loop)
            self.server = self.loop.run_until_complete(
                self.loop.create_server(self.factory, "127.0.0.1", 0, ssl=tls))
            self.port = self.server.sockets[0].getsockname()[1]
            ready.set()
            self.loop.run_forever()

        threading.Thread(target=serve, daemon=True).start()
        assert ready.wait(PATIENCE)

    def factory(self):
        return SMTP(self, hostname="peer.example", tls_context=self.context,
                    require_starttls=self.context is not None,
                    auth_required=self.user is not None, auth_require_tls=self.context is not None,
                    authenticator=self.authenticate, loop=self.loop)

    def authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((mechanism, data.login.decode(), session.ssl is not None))
        # Not handled: the server shall say 535 itself.
        return AuthResult(success=(data.login, data.password) == self.user, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.answers:
            return self.answers[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        self.mails.append(envelope)
        return "250 OK"

    def close(self):
        async def close():
            self.server.close()
        asyncio.run_coroutine_threadsafe(close(), self.loop).result(PATIENCE)

    def settings(self, tls, **more):
        return {"host": "127.0.0.1", "port": str(self.port), "tls": tls, **more}
