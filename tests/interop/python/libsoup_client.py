"""A WebSocket client with libsoup: text, 1 MiB of bytes, an orderly close.

It must run in the Python that has Debian's `gi`.
"""

import sys

import gi

gi.require_version("Soup", "3.0")
from gi.repository import GLib, Soup  # noqa: E402  (the version is chosen first)

LARGE = bytes(range(256)) * 4096


class Client:
    def __init__(self, url):
        self.left = [(Soup.WebsocketDataType.TEXT, "héllo".encode()), (Soup.WebsocketDataType.BINARY, LARGE)]
        self.failure = "it took too long"
        self.loop = GLib.MainLoop()
        GLib.timeout_add_seconds(15, self.loop.quit)
        session = Soup.Session()
        message = Soup.Message.new("GET", url)
        session.websocket_connect_async(message, None, [], GLib.PRIORITY_DEFAULT, None, self.connected)
        self.loop.run()

    def connected(self, session, result):
        self.socket = session.websocket_connect_finish(result)
        self.socket.set_max_incoming_payload_size(1 << 24)
        self.socket.connect("message", self.received)
        self.socket.connect("closed", self.closed)
        self.send()

    def send(self):
        kind, data = self.left[0]
        self.socket.send_message(kind, GLib.Bytes.new(data))

    def received(self, socket, kind, message):
        if (kind, message.get_data()) != self.left.pop(0):
            self.failure = "bytes differ"
            self.loop.quit()
        elif self.left:
            self.send()
        else:
            socket.close(Soup.WebsocketCloseCode.NORMAL, "enough")

    def closed(self, socket):
        self.failure = "" if socket.get_close_code() == 1000 else f"closed with {socket.get_close_code()}"
        self.loop.quit()


sys.exit(Client(sys.argv[1]).failure or None)
