"""A fake Docker daemon with one container and one command in it, `cat`.

It implements as much of Docker's API as `docker exec` needs.

Its 101 is that of a real daemon (`dockerd` 20.10.24), whose bytes are among the captures. A command without a
terminal uses a stream of frames: standard input comes back in frames of standard output.
"""

import contextlib
import http.server
import threading

SWITCH = (
    b"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n"
    b"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
)
STANDARD_OUTPUT = 1


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.answer(200, b"")

    def do_GET(self):
        self.answer(200, b'{"ID":"e1","Running":false,"ExitCode":0}')

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path.endswith("/exec/e1/start"):
            self.run_cat()
        else:
            self.answer(201, b'{"Id":"e1"}')

    def answer(self, status, content):
        self.send_response(status)
        fields = {"Api-Version": "1.41", "Content-Type": "application/json", "Content-Length": len(content)}
        for name, value in fields.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def run_cat(self):
        self.server.offers.append((self.headers["Connection"], self.headers["Upgrade"]))
        self.wfile.write(SWITCH)
        while piece := self.rfile.read1(65536):
            self.wfile.write(bytes([STANDARD_OUTPUT, 0, 0, 0]) + len(piece).to_bytes(4, "big") + piece)
        # `cat` ends only when its input ends.
        self.server.half_closes += 1
        self.close_connection = True

    def log_message(self, *_):
        """Discards the message, because nobody reads the log."""


class Daemon(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.offers, self.half_closes = [], 0


@contextlib.contextmanager
def daemon():
    with Daemon() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()
