"""Raw FastCGI, as a web server speaks it and as none would; and workers to speak it to."""
import os
import socket
import struct

from harness import PATIENCE

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES = range(1, 10)
MAX_BODY = 64 * 1024


def record(kind, content=b"", number=1, padding=0, version=1):
    return (struct.pack(">BBHHBx", version, kind, number, len(content), padding) + content +
            bytes(padding))


def begin(keep=True, role=1):
    return record(BEGIN, struct.pack(">HB5x", role, keep))


def length(n, long=False):
    return struct.pack(">I", n | 0x80000000) if long or n > 127 else bytes([n])


def pair(name, value):
    name, value = name.encode(), value.encode()
    return length(len(name)) + length(len(value)) + name + value


def stream(kind, content, size=8184):
    """The content in records, and the empty one that ends it."""
    parts = [record(kind, content[at:at + size]) for at in range(0, len(content), size)]
    return b"".join(parts) + record(kind)


def variables(method, uri, body=b"", token=None, content_type="application/json", **more):
    """more: a value of None leaves that variable out."""
    named = {"REQUEST_METHOD": method, "REQUEST_URI": uri, "REMOTE_ADDR": "192.0.2.1",
             "CONTENT_TYPE": content_type if body else "",
             "CONTENT_LENGTH": str(len(body)) if body else "",
             "HTTP_AUTHORIZATION": f"Bearer {token}" if token else ""}
    named.update(more)
    return [(name, value) for name, value in named.items() if value is not None]


def request(method, uri, body=b"", keep=True, extra=(), **more):
    """extra: pairs that are sent besides, whatever their names."""
    pairs = variables(method, uri, body, **more) + list(extra)
    return (begin(keep) + stream(PARAMS, b"".join(pair(*one) for one in pairs)) +
            stream(STDIN, body))


class Closed(Exception):
    """The worker closed the connection before a whole answer."""


class Answer:
    def __init__(self, text):
        head, _, self.body = text.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        assert lines[0].startswith("Status: "), lines
        self.status = int(lines[0][8:11])
        self.headers = {name.lower(): value for name, _, value in
                        (line.partition(": ") for line in lines[1:])}

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"


class Connection:
    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE)
        self.socket.connect(path)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        """Sends all, or as much as the worker takes before it closes."""
        try:
            self.socket.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def read(self, n):
        data = b""
        while len(data) < n:
            try:
                part = self.socket.recv(n - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise Closed
            data += part
        return data

    def answer(self):
        """One answer, to its END record."""
        text = b""
        while True:
            version, kind, number, size, padding = struct.unpack(">BBHHBx", self.read(8))
            content = self.read(size + padding)[:size]
            assert (version, number) == (1, 1), (version, number)
            if kind == STDOUT:
                text += content
            elif kind == END:
                assert content[:5] == bytes(5), content
                return Answer(text)
            else:
                assert kind == STDERR and not content, (kind, content)

    def ask(self, *args, **more):
        self.send(request(*args, **more))
        return self.answer()

    def is_closed(self):
        """Whether the worker closes the connection, sending nothing."""
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


class Worker:
    """A worker on a socket of its own, with the files of a Site that isn't started."""
    count = 0

    def __init__(self, site, *options, by=()):
        Worker.count += 1
        self.site = site
        self.path = site.path(f"run/worker{Worker.count}.sock")
        program = [os.path.join(site.bin, "affo-userd-worker"), "-c",
                   site.path("affo-userd.conf"), *options]
        if by:
            self.process = site.processes.start(
                [part.replace("PATH", self.path) for part in by] + program, user=site.user,
                env=site.environment, stderr=open(site.path("stderr"), "ab"))
            return
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(self.path)
            os.chmod(self.path, 0o666)
            listener.listen(4096)
            self.process = site.processes.start(
                program, user=site.user, env=site.environment, stdin=listener,
                stderr=open(site.path("stderr"), "ab"))

    def connect(self):
        return Connection(self.path)

    def ask(self, *args, **more):
        with self.connect() as connection:
            return connection.ask(*args, **more)

    def is_up(self):
        """Whether it answers, which it does when nothing is the matter."""
        return self.ask("GET", "/api/v1.0/openapi.json").status == 200

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(PATIENCE)
