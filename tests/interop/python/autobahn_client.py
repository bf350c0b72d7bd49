"""`autobahn` as a client: sends a message, and waits until the connection ends."""

import asyncio
import sys
from urllib.parse import urlsplit

from autobahn.asyncio.websocket import WebSocketClientFactory, WebSocketClientProtocol

is_over = asyncio.Event()


class Client(WebSocketClientProtocol):
    def onOpen(self):  # noqa: N802  (as it is called there)
        self.sendMessage(b"hello")

    def onClose(self, was_clean, code, reason):  # noqa: N802
        print(reason)
        is_over.set()


async def main(url):
    factory = WebSocketClientFactory(url)
    factory.protocol = Client
    parts = urlsplit(url)
    await asyncio.get_running_loop().create_connection(factory, parts.hostname, parts.port)
    await is_over.wait()


asyncio.run(main(sys.argv[1]))
