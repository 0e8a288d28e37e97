"""A site that tells what reached it, by HTTP and by FastCGI, on free ports of 127.0.0.1.

    site = Echo()               # site.http_port, site.fastcgi_port
    {"method": "POST", "uri": "/a?b", "headers": {"x-auth-user": "3"}, "body": "..."}

Headers have their names in small letters; names with an underscore are kept as they came.
"""
import http.server
import json
import socketserver
import struct
import threading


class HttpHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {}
        for name, value in self.headers.items():
            assert name.lower() not in headers, f"{name} came twice"
            headers[name.lower()] = value
        text = json.dumps({"method": self.command, "uri": self.path, "headers": headers,
                           "length": len(body)}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = answer

    def log_message(self, *args):
        pass


class FastcgiHandler(socketserver.StreamRequestHandler):
    BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6

    def record(self):
        _, kind, _, length, padding, _ = struct.unpack(">BBHHBB", self.rfile.read(8))
        content = self.rfile.read(length)
        self.rfile.read(padding)
        return kind, content

    @staticmethod
    def pairs(text):
        at, found = 0, {}
        while at < len(text):
            lengths = []
            for _ in range(2):
                if text[at] < 128:
                    lengths.append(text[at])
                    at += 1
                else:
                    lengths.append(struct.unpack(">I", text[at:at + 4])[0] & 0x7fffffff)
                    at += 4
            name = text[at:at + lengths[0]].decode()
            assert name not in found, f"{name} came twice"
            at += lengths[0]
            found[name] = text[at:at + lengths[1]].decode()
            at += lengths[1]
        return found

    def handle(self):
        params, body = b"", b""
        while True:
            kind, content = self.record()
            if kind == self.PARAMS:
                params += content
            elif kind == self.STDIN:
                if not content:
                    break
                body += content
        got = self.pairs(params)
        headers = {name[5:].lower().replace("_", "-"): value for name, value in got.items()
                   if name.startswith("HTTP_")}
        text = b"Content-Type: application/json\r\n\r\n" + json.dumps(
            {"method": got.get("REQUEST_METHOD"), "uri": got.get("REQUEST_URI"),
             "headers": headers, "length": len(body)}).encode()
        for kind, content in ((self.STDOUT, text), (self.STDOUT, b""), (self.END, bytes(8))):
            self.wfile.write(struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content)


class FastcgiServer(socketserver.ThreadingTCPServer):
    daemon_threads = True


class Echo:
    def __init__(self):
        servers = (http.server.ThreadingHTTPServer(("127.0.0.1", 0), HttpHandler),
                   FastcgiServer(("127.0.0.1", 0), FastcgiHandler))
        for server in servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()
        self.http_port, self.fastcgi_port = (server.server_address[1] for server in servers)
