"""A correct server based on h11 and wsproto, unlike the audit's reference server.

    server.py [MODE...] [port=PORT]

It prints its port, a free one by default. Each mode is a way in which correct servers differ; `MODES` describes them.
"""

import base64
import collections
import contextlib
import socket
import sys
import time
from functools import partial

import h11
from common import accept_of, end, in_thread, listen, next_event
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

MODES = {
    "echoing": "sends messages back, as most examples do",
    "silent": "answers pings alone",
    "chatty": "greets with a message of 100,000 bytes, and goes on to send",
    "storing": "delivers each message to all later clients",
    "limited": "answers 429 to more than eight requests in half a second",
    "slow": "takes its time for each answer, and sends it in pieces",
    "small": "has small buffers, and sends and receives a few bytes at a time",
    "single": "serves one connection at a time",
    "hungry": "wants an Origin, an Authorization, a Cookie and a subprotocol",
    "closing": "closes the connection after each answer",
    "wsonly": "closes the connection at any request that is no handshake",
    "dead": "exits when a handshake has content",
    "late": "answers after a second",
    "busy": "answers 503 to more than three handshakes in a second",
    "brief": "closes a WebSocket that says nothing for a tenth of a second",
    "hanging": "does not answer a request with an offer that it does not know",
}
LIMIT, WINDOW = 8, 0.5
BUSY_LIMIT, BUSY_WINDOW = 3, 1.0
stored = []
recent = collections.deque()


class Server:
    """A connection from a client, with its h11 state and the server's modes."""

    def __init__(self, stream, modes):
        self.stream, self.modes = stream, modes
        self.http = h11.Connection(h11.SERVER)
        self.method = b""

    def run(self):
        with self.stream:
            if self.has("small"):
                self.stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            self.stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.stream.settimeout(60)
            try:
                while self.serve_one():
                    pass
            except h11.RemoteProtocolError as error:
                self.refuse(error.error_status_hint or 400)
            except OSError:
                pass
            end(self.stream)

    def has(self, mode):
        return mode in self.modes

    def next_event(self):
        return next_event(self.http, self.receive, self.send)

    def receive(self):
        return self.stream.recv(7 if self.has("small") else 65536)

    def send(self, data):
        step = 5 if self.has("small") else 40 if self.has("slow") else max(len(data), 1)
        for at in range(0, len(data), step):
            self.stream.sendall(data[at : at + step])
            if self.has("slow"):
                time.sleep(0.002)

    def serve_one(self):
        """Answers a request; returns whether another may follow on the connection."""
        request = self.next_event()
        if not isinstance(request, h11.Request):
            return False
        self.method = request.method
        target = request.target.decode("latin-1").split("://")[-1]
        path = target[target.find("/") :] if "/" in target else target
        if self.has("hanging") and b"x-audit" in self.field(request, b"upgrade"):
            time.sleep(60)
        content = bytearray()
        while isinstance(event := self.next_event(), h11.Data):
            content += event.data
        if self.has("slow"):
            time.sleep(0.15)
        if self.has("late"):
            time.sleep(1)
        if self.has("limited") and self.is_limited(LIMIT, WINDOW):
            return self.answer(429, b"later\n", [("Retry-After", "1")])
        if path == "/ws" and (status := self.fault(request)) is not None:
            return self.decline(status)
        if path == "/ws":
            if self.has("busy") and self.is_limited(BUSY_LIMIT, BUSY_WINDOW):
                return self.answer(503, b"later\n", [])
            if self.has("dead") and content:
                sys.exit(1)
            self.switch(request)
            return False
        if self.has("wsonly"):
            return False
        if self.has("hungry") and self.lacks_credentials(request):
            return self.answer(401, b"who are you?\n", [("WWW-Authenticate", "Bearer")])
        if request.method == b"CONNECT":
            return self.answer(501, b"", [])
        return self.answer(200, bytes(content) or b"plain\n", [])

    @staticmethod
    def is_limited(limit, window):
        now = time.monotonic()
        while recent and now - recent[0] > window:
            recent.popleft()
        recent.append(now)
        return len(recent) > limit

    @staticmethod
    def field(request, name):
        return b", ".join(value for each, value in request.headers if each == name)

    def tokens(self, request, name):
        values = self.field(request, name).split(b",")
        return [value.strip().lower() for value in values if value.strip()]

    def lacks_credentials(self, request):
        wanted = (b"origin", b"authorization", b"cookie")
        return not all(self.field(request, name) for name in wanted)

    def fault(self, request):
        """Returns the status for a request that is no valid handshake, else None."""
        key = [value for name, value in request.headers if name == b"sec-websocket-key"]
        is_offer = b"upgrade" in self.tokens(request, b"connection")
        is_offer = is_offer and b"websocket" in self.tokens(request, b"upgrade")
        if request.http_version == b"1.0" or not is_offer or request.method != b"GET":
            return 404 if self.has("wsonly") else 426
        if self.field(request, b"sec-websocket-version") != b"13":
            return 426
        if len(key) != 1 or len(base64.b64decode(key[0] + b"==")) != 16:
            return 400
        if self.field(request, b"content-length") and self.field(request, b"transfer-encoding"):
            return 400
        if self.has("hungry"):
            if self.lacks_credentials(request):
                return 401
            if b"mqtt" not in self.tokens(request, b"sec-websocket-protocol"):
                return 400
        return None

    def decline(self, status):
        fields = [("Sec-WebSocket-Version", "13")]
        if status == 426:
            fields += [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        return self.answer(status, b"no handshake\n", fields)

    def refuse(self, status):
        with contextlib.suppress(h11.LocalProtocolError, OSError):
            self.answer(status, b"", [("Connection", "close")])

    def answer(self, status, content, fields):
        is_over = self.has("closing") or self.has("wsonly")
        fields = [*fields, ("Content-Length", str(len(content)))]
        if is_over:
            fields = [(name, "close, " + value if name == "Connection" else value) for name, value in fields]
            if not any(name == "Connection" for name, _ in fields):
                fields.append(("Connection", "close"))
        data = self.http.send(h11.Response(status_code=status, headers=fields, reason=b"So"))
        if self.method != b"HEAD":
            data += self.http.send(h11.Data(data=content)) or b""
        self.send(data + (self.http.send(h11.EndOfMessage()) or b""))
        if self.http.our_state is h11.MUST_CLOSE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True

    def switch(self, request):
        accept = accept_of(self.field(request, b"sec-websocket-key"))
        fields = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        if self.has("hungry"):
            fields.append(("Sec-WebSocket-Protocol", "mqtt"))
        self.send(self.http.send(h11.InformationalResponse(status_code=101, headers=fields)))
        socket_ = Connection(ConnectionType.SERVER, trailing_data=self.http.trailing_data[0])
        if self.has("chatty"):
            self.send(socket_.send(TextMessage(data="x" * 100_000)))
        for message in stored if self.has("storing") else []:
            self.send(socket_.send(message))
        self.speak(socket_)

    def speak(self, socket_):
        if self.has("brief"):
            self.stream.settimeout(0.1)
        while True:
            for event in socket_.events():
                if isinstance(event, Ping):
                    self.send(socket_.send(event.response()))
                elif isinstance(event, CloseConnection):
                    self.send(socket_.send(event.response()))
                    return
                elif isinstance(event, TextMessage | BytesMessage):
                    if self.has("storing"):
                        stored.append(type(event)(data=event.data))
                    elif not self.has("silent"):
                        self.send(socket_.send(type(event)(data=event.data)))
            if self.has("chatty"):
                self.send(socket_.send(TextMessage(data="more")))
            data = self.receive()
            socket_.receive_data(data or None)
            if not data:
                return


def main(words):
    port = next((int(word[5:]) for word in words if word.startswith("port=")), 0)
    modes = [word for word in words if not word.startswith("port=")]
    unknown = set(modes) - set(MODES)
    if unknown:
        sys.exit(f"no such mode: {unknown}")
    listener = listen(port)
    while True:
        stream, _ = listener.accept()
        serve = partial(Server(stream, modes).run)
        if "single" in modes or "dead" in modes:
            serve()
        else:
            in_thread(serve)


if __name__ == "__main__":
    main(sys.argv[1:])
