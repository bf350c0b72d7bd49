"""A client of HTTP/2 with `h2`, and of WebSocket over it with `wsproto`.

It uses extended CONNECT (RFC 8441), which neither library does by itself.

    h2_client.py HTTPS-URL WHAT

WHAT is one of these:

- `websocket` exchanges messages with `/ws`.
- `declined PATH` offers `websocket` at another path.
- `get` requests a page, to its end.
- `malformed NAME VALUE …` sends fields that HTTP/2 forbids; a `host` is sent in place of `:authority`.
- `connect` requests a tunnel.
- `half-close` half-closes its stream of `echo/1` before the server does.
- `reset` sends until nothing is read, resets the stream and sends another request.
- `cancel` resets the stream in the middle of its data.
- `leave` closes the connection after its data.
- `outcome` reports how the server ends the stream.

The program prints the outcome.
"""

import os
import socket
import ssl
import sys
import time
from urllib.parse import urlsplit

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RemoteSettingsChanged, ResponseReceived, StreamEnded, StreamReset
from h2.settings import SettingCodes
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Message, Ping, Pong, TextMessage


class Client:
    """A connection that uses one stream at a time; events are awaited one by one."""

    def __init__(self, url):
        self.host = urlsplit(url).netloc
        address = urlsplit(url).hostname, urlsplit(url).port
        context = ssl._create_unverified_context()
        context.set_alpn_protocols(["h2"])
        self.socket = context.wrap_socket(socket.create_connection(address, timeout=15), server_hostname="localhost")
        assert self.socket.selected_alpn_protocol() == "h2", self.socket.selected_alpn_protocol()
        # Malformed headers must be sent unchanged, so the library's checks are off.
        settings = H2Configuration(validate_outbound_headers=False, normalize_outbound_headers=False)
        self.engine, self.waiting = H2Connection(settings), []
        self.engine.initiate_connection()
        self.flush()
        changed = self.wait(RemoteSettingsChanged).changed_settings
        assert changed[SettingCodes.ENABLE_CONNECT_PROTOCOL].new_value == 1, changed

    def flush(self):
        self.socket.sendall(self.engine.data_to_send())

    def read(self):
        data = self.socket.recv(65536)
        assert data, "the connection has ended"
        self.waiting += self.engine.receive_data(data)
        self.flush()

    def next(self):
        while not self.waiting:
            self.read()
        return self.waiting.pop(0)

    def wait(self, *kinds):
        while not isinstance(event := self.next(), kinds):
            pass
        return event

    def request(self, fields):
        self.stream = self.engine.get_next_available_stream_id()
        self.engine.send_headers(self.stream, fields)
        self.flush()
        return self.wait(ResponseReceived, StreamReset)

    def connect(self, path="/ws", protocol="websocket", more=(("sec-websocket-version", "13"),)):
        pseudo = {
            ":method": "CONNECT",
            ":protocol": protocol,
            ":scheme": "https",
            ":path": path,
            ":authority": self.host,
        }
        if "host" in dict(more):
            del pseudo[":authority"]
        return self.request([*pseudo.items(), *more])

    def switch(self):
        """Opens a stream that switches to `echo/1`."""
        answer = self.connect("/", "echo/1", more=())
        assert status(answer) == "200", answer

    def send(self, data):
        while data:
            room = min(self.engine.local_flow_control_window(self.stream), self.engine.max_outbound_frame_size)
            if room:
                self.engine.send_data(self.stream, data[:room])
                data = data[room:]
                self.flush()
            else:
                self.read()

    def data(self):
        """Returns the next bytes of the stream; empty bytes at its end."""
        event = self.wait(DataReceived, StreamEnded)
        if isinstance(event, StreamEnded):
            return b""
        self.engine.acknowledge_received_data(event.flow_controlled_length, self.stream)
        self.flush()
        return event.data


def status(event):
    if isinstance(event, StreamReset):
        return f"reset {event.error_code.name}"
    return dict(event.headers)[b":status"].decode()


class Socket:
    """A WebSocket connection over the stream."""

    def __init__(self, client):
        self.client, self.frames, self.pending = client, Connection(ConnectionType.CLIENT), iter([])

    def send(self, event):
        self.client.send(self.frames.send(event))

    def next(self):
        while True:
            for event in self.pending:
                return event
            self.frames.receive_data(self.client.data() or None)
            self.pending = self.frames.events()

    def message(self):
        event = self.next()
        assert isinstance(event, Message), event
        data = event.data
        while not event.message_finished:
            event = self.next()
            data += event.data
        return data


def websocket(client):
    answer = client.connect()
    assert status(answer) == "200", answer
    names = {name for name, _ in answer.headers}
    assert not names & {b"upgrade", b"connection", b"sec-websocket-accept", b"content-length"}, names
    frames = Socket(client)
    for data, kind in [("héllo", TextMessage), (os.urandom(60_000), BytesMessage), (os.urandom(1 << 20), BytesMessage)]:
        frames.send(kind(data=data))
        assert frames.message() == data, "bytes differ"
    frames.send(Ping(payload=b"there?"))
    assert frames.next() == Pong(payload=b"there?")
    frames.send(CloseConnection(code=1000, reason="enough"))
    assert frames.next() == CloseConnection(code=1000, reason="enough")
    assert client.data() == b"", "the stream goes on"
    return "all came back"


def plain_connect(client):
    return status(client.request([(":method", "CONNECT"), (":authority", "127.0.0.1:1")]))


def half_close(client):
    client.switch()
    client.send(bytes(1 << 20))
    client.engine.end_stream(client.stream)
    client.flush()
    return b"".join(iter(client.data, b"")).decode()


def reset(client):
    client.switch()
    client.socket.settimeout(1)
    try:
        client.send(bytes(1 << 24))
    except TimeoutError:
        client.socket.settimeout(15)
        client.engine.reset_stream(client.stream)
        client.flush()
        # The test counts the bridge's descriptors meanwhile.
        time.sleep(1)
        return status(client.connect("/", "echo/1", more=()))
    return "all was read"


def cancel(client):
    client.switch()
    client.send(bytes(20_000))
    client.engine.reset_stream(client.stream)
    client.flush()
    # The connection must survive the reset of its stream.
    time.sleep(0.5)
    return "cancelled"


def outcome(client):
    """Returns the name of the event that ends the stream.

    The client sends some bytes before it reads those of the server.
    """
    client.switch()
    time.sleep(0.6)
    client.send(b"ack")
    time.sleep(0.3)
    while isinstance(event := client.wait(DataReceived, StreamEnded, StreamReset), DataReceived):
        client.engine.acknowledge_received_data(event.flow_controlled_length, client.stream)
        client.flush()
    return type(event).__name__


def leave(client):
    client.switch()
    client.send(bytes(60_000))
    client.engine.end_stream(client.stream)
    client.flush()
    time.sleep(0.2)
    client.socket.close()
    return "left"


def get(client):
    answer = client.request([(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", client.host)])
    client.wait(StreamEnded)
    return status(answer)


PLAYS = {
    "websocket": websocket,
    "declined": lambda client, path: status(client.connect(path)),
    "connect": plain_connect,
    "get": get,
    "half-close": half_close,
    "reset": reset,
    "cancel": cancel,
    "outcome": outcome,
    "leave": leave,
    "malformed": lambda client, *words: status(client.connect(more=[*zip(words[::2], words[1::2], strict=True)])),
}

client = Client(sys.argv[1])
print(PLAYS[sys.argv[2]](client, *sys.argv[3:]))
