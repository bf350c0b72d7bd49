"""`wsproto` as a client: a state machine without I/O, used with a plain socket."""

import os
import socket
import sys
from urllib.parse import urlsplit

from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Ping, Pong, Request, TextMessage


class Client:
    def __init__(self, url):
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), timeout=15)
        self.engine = WSConnection(ConnectionType.CLIENT)
        self.pending = iter([])
        self.send(Request(host=parts.netloc, target=parts.path))

    def send(self, event):
        self.socket.sendall(self.engine.send(event))

    def next(self):
        while True:
            for event in self.pending:
                if not isinstance(event, Ping):
                    return event
                self.send(event.response())
            self.engine.receive_data(self.socket.recv(65536) or None)
            self.pending = self.engine.events()

    def message(self):
        """Returns the next message, with its frames and pieces joined."""
        event = self.next()
        data = event.data
        while not event.message_finished:
            event = self.next()
            data += event.data
        return data


client = Client(sys.argv[1])
assert isinstance(client.next(), AcceptConnection)
for data, kind in [("héllo", TextMessage), (os.urandom(1 << 20), BytesMessage)]:
    client.send(kind(data=data))
    assert client.message() == data, "bytes differ"
client.send(Ping(payload=b"there?"))
assert client.next() == Pong(payload=b"there?")
client.send(CloseConnection(code=1000, reason="enough"))
assert client.next() == CloseConnection(code=1000, reason="enough")
