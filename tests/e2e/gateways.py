"""Gateways that tests send through: an AFFO SMS service, and servers that fail in every way.

    gateway = Affo()                        # answers 201 to all, on a free port of 127.0.0.1
    site = Site(gateways=gateway.conf("a"))
    gateway.answer = 400, {"code": "InvalidPhone"}
"""
import atexit
import http.server
import json
import socket
import struct
import threading


class Affo:
    """Takes messages as an AFFO SMS service does, and remembers each: what `answer` says now is the
    answer, a status and an object; or bytes, sent as they are; or None, and the connection ends."""

    def __init__(self, answer=(201, {})):
        self.answer = answer
        self.received = []  # (idempotency key, body as an object), in the order of arrival
        self.lock = threading.Lock()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with outer.lock:
                    outer.received.append((self.headers["Idempotency-Key"], json.loads(body)))
                    answer = outer.answer
                if isinstance(answer, tuple):
                    text = json.dumps(answer[1]).encode()
                    answer = (b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\n"
                              b"Content-Length: %d\r\n\r\n" % (answer[0], len(text))) + text
                else:
                    self.close_connection = True
                if answer:
                    self.wfile.write(answer)

            def handle(self):
                try:
                    super().handle()
                except OSError:  # the sender was killed
                    pass

            def log_message(self, *args):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 64

        self.server = Server(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        atexit.register(self.server.shutdown)

    def conf(self, name, more=""):
        return conf(name, self.port, more)

    def keys(self):
        with self.lock:
            return [key for key, _ in self.received]

    def bodies(self, phone):
        """What came for that phone."""
        with self.lock:
            return [body for _, body in self.received if body["phone"] == phone]

    def __len__(self):
        return len(self.received)


class Broken:
    """A server that gives every connection to serve(connection), in a thread of its own; counts
    them. Without `serve`: nobody listens there, and connecting is refused."""

    def __init__(self, serve=None):
        self.serve, self.n = serve, 0
        self.open = []
        self.socket = socket.socket()
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        if serve is not None:
            self.socket.listen(64)
            threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            connection, _ = self.socket.accept()
            self.n += 1
            threading.Thread(target=self.handle, args=(connection,), daemon=True).start()

    def handle(self, connection):
        try:
            self.serve(connection)
        except OSError:  # the other end had enough
            connection.close()

    def conf(self, name, more=""):
        return conf(name, self.port, more)


def conf(name, port, more=""):
    """A gateway of the configuration's list: type affo, for SMS."""
    return (f'{{ name = "{name}"; type = "affo"; channel = "sms"; '
            f'url = "http://127.0.0.1:{port}/"; {more} }}')


def read_request(connection):
    """Until the blank line, and as much of the body as comes with it."""
    text = b""
    while b"\r\n\r\n" not in text:
        chunk = connection.recv(65536)
        if not chunk:
            break
        text += chunk
    return text


# For Broken ---------------------------------------------------------------------------------------

def resets(connection):
    read_request(connection)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def hangs(connection):
    """Reads whatever comes, says nothing, until the other end gives up."""
    while connection.recv(65536):
        pass
    connection.close()


def says(text):
    """Answers with these bytes, whatever was asked, and closes."""
    def serve(connection):
        read_request(connection)
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        connection.close()
    return serve
