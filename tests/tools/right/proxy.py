"""A correct intermediary based on h11 and wsproto, unlike the audit's reference.

    proxy.py ORIGIN-PORT MODE [PORT]

It prints its port, a free one by default. `MODES` describes the ways in which correct intermediaries differ.
"""

import socket
import sys
import threading
import time
from functools import partial

import h11
from common import accept_of, end, in_thread, listen, next_event
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection

MODES = {
    "refusing": "refuses each request that has Connection or Upgrade",
    "dropping": "removes each offer, and forwards the rest",
    "ending": "ends WebSocket by itself on both sides, as a CDN does",
    "passing": "passes on WebSocket, and copies bytes after the 101",
    "closing": "closes the client's connection after each answer",
    "late": "forwards each request after half a second, and relays the answer after another",
    "copying": "copies bytes in both directions, and reads none",
    "forward": "is a forward proxy, which opens tunnels and removes each offer",
}
HOP = {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade", b"content-length"}
HOP |= {b"http2-settings", b"expect", b"proxy-authorization", b"trailer"}


def copy(source, sink):
    """Copies bytes until the source ends, and passes on the end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


class Exchange:
    """A connection of a client, and one to the origin for each request."""

    def __init__(self, client, port, mode):
        self.client, self.port, self.mode = client, port, mode
        self.http = h11.Connection(h11.SERVER)
        self.method = b""

    def run(self):
        with self.client:
            self.client.settimeout(60)
            try:
                if self.mode == "copying":
                    with socket.create_connection(("127.0.0.1", self.port), 5) as origin:
                        self.join(origin)
                    return
                while self.serve_one():
                    pass
            except h11.RemoteProtocolError as error:
                self.answer(error.error_status_hint or 400, True)
            except OSError:
                pass
            end(self.client)

    def event(self):
        return next_event(self.http, partial(self.client.recv, 65536), self.client.sendall)

    def answer(self, status, is_last=False):
        fields = [("Content-Length", "0")] + ([("Connection", "close")] if is_last else [])
        try:
            data = self.http.send(h11.Response(status_code=status, headers=fields))
            self.client.sendall(data + self.http.send(h11.EndOfMessage()))
        except (h11.LocalProtocolError, OSError):
            return False
        return self.next()

    def next(self):
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        return True

    def serve_one(self):
        request = self.event()
        if not isinstance(request, h11.Request):
            return False
        self.method = request.method
        fields = dict(request.headers)
        if self.mode == "refusing" and {b"connection", b"upgrade"} & fields.keys():
            return self.answer(400, True)
        if request.method == b"CONNECT":
            return self.connect(request)
        content = bytearray()
        while isinstance(event := self.event(), h11.Data):
            content += event.data
        return self.forward(request, fields, bytes(content))

    def connect(self, request):
        if self.mode != "forward":
            return self.answer(501, True)
        host, port = request.target.decode().rsplit(":", 1)
        try:
            origin = socket.create_connection((host, int(port)), 5)
        except OSError:
            return self.answer(502, True)
        with origin:
            self.event()
            self.client.sendall(self.http.send(h11.Response(status_code=200, headers=[])))
            origin.sendall(self.http.trailing_data[0])
            self.join(origin)
        return False

    def join(self, origin):
        thread = threading.Thread(target=copy, args=(self.client, origin), daemon=True)
        thread.start()
        copy(origin, self.client)
        thread.join(5)

    def forward(self, request, fields, content):
        named = {name.strip().lower() for name in fields.get(b"connection", b"").split(b",")}
        tokens = [token.strip() for token in fields.get(b"upgrade", b"").split(b",")]
        key = fields.get(b"sec-websocket-key")
        offers = request.http_version == b"1.1" and b"upgrade" in named and b"websocket" in tokens
        offers = offers and key and self.mode in ("ending", "passing", "late")
        kept = [(name, value) for name, value in request.headers if name not in HOP and name not in named]
        kept.append((b"Via", b"1.1 right"))
        if offers:
            kept += [(b"Connection", b"Upgrade"), (b"Upgrade", b"websocket")]
        if content:
            kept.append((b"Content-Length", str(len(content)).encode()))
        target = request.target
        if self.mode == "forward":
            target = b"/" + target.split(b"://")[-1].partition(b"/")[2]
        http = h11.Connection(h11.CLIENT)
        with socket.create_connection(("127.0.0.1", self.port), 5) as origin:
            origin.settimeout(60)
            if self.mode == "late":
                time.sleep(0.5)
            data = http.send(h11.Request(method=request.method, target=target, headers=kept))
            data += http.send(h11.Data(data=content)) if content else b""
            origin.sendall(data + http.send(h11.EndOfMessage()))
            return self.relay(http, origin, key if offers else None)

    def relay(self, http, origin, key):
        try:
            while True:
                answer = next_event(http, partial(origin.recv, 65536))
                if not isinstance(answer, h11.InformationalResponse):
                    break
                if answer.status_code == 101:
                    return self.switch(http, answer, origin, key)
                interim = h11.InformationalResponse(status_code=answer.status_code, headers=answer.headers)
                self.client.sendall(self.http.send(interim))
        except h11.RemoteProtocolError:
            return self.answer(502)
        content = bytearray()
        while isinstance(event := next_event(http, partial(origin.recv, 65536)), h11.Data):
            content += event.data
        fields = [(name, value) for name, value in answer.headers if name not in HOP]
        fields.append(("Content-Length", str(len(content))))
        if answer.status_code == 426 and self.mode != "forward":
            upgrade = [value for name, value in answer.headers if name == b"upgrade"]
            fields += [("Upgrade", b", ".join(upgrade)), ("Connection", "Upgrade")]
        if self.mode == "late":
            time.sleep(0.5)
        if self.mode == "closing":
            fields.append(("Connection", "close"))
        data = self.http.send(h11.Response(status_code=answer.status_code, headers=fields, reason=b"So"))
        if self.method != b"HEAD":
            data += self.http.send(h11.Data(data=bytes(content))) or b""
        self.client.sendall(data + (self.http.send(h11.EndOfMessage()) or b""))
        return self.next()

    def switch(self, http, answer, origin, key):
        fields = dict(answer.headers)
        accept = accept_of(key or b"")
        is_offered = key and fields.get(b"upgrade", b"").lower() == b"websocket"
        is_right = is_offered and b"upgrade" in fields.get(b"connection", b"").lower()
        if not is_right or fields.get(b"sec-websocket-accept") != accept:
            return self.answer(502, True)
        head = [("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Accept", accept)]
        self.client.sendall(self.http.send(h11.InformationalResponse(status_code=101, headers=head)))
        early, late = self.http.trailing_data[0], http.trailing_data[0]
        if self.mode in ("passing", "late"):
            origin.sendall(early)
            self.client.sendall(late)
            self.join(origin)
        else:
            self.end_websocket(origin, early, late)
        return False

    def end_websocket(self, origin, early, late):
        """Relays messages between two WebSockets, in its own frames; answers pings itself."""
        sides = [
            (Connection(ConnectionType.SERVER, trailing_data=early), self.client),
            (Connection(ConnectionType.CLIENT, trailing_data=late), origin),
        ]
        lock = threading.Lock()

        def pump(here, there):
            (speaks, stream), (other, sink) = here, there
            data = b""
            while True:
                with lock:
                    for event in speaks.events():
                        name = type(event).__name__
                        if name == "Ping":
                            stream.sendall(speaks.send(event.response()))
                        elif name in ("TextMessage", "BytesMessage"):
                            sink.sendall(other.send(type(event)(data=event.data)))
                        elif name == "CloseConnection":
                            sink.sendall(other.send(CloseConnection(code=event.code or 1000)))
                            return
                try:
                    data = stream.recv(65536)
                except OSError:
                    data = b""
                if not data:
                    end(sink)
                    return
                with lock:
                    speaks.receive_data(data)

        thread = threading.Thread(target=pump, args=(sides[1], sides[0]), daemon=True)
        thread.start()
        pump(*sides)
        thread.join(5)


def main(origin, mode, port=0):
    if mode not in MODES:
        sys.exit(f"no such mode: {mode}")
    listener = listen(int(port))
    while True:
        client, _ = listener.accept()
        in_thread(Exchange(client, int(origin), mode).run)


if __name__ == "__main__":
    main(*sys.argv[1:])
