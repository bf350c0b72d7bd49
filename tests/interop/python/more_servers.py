"""More servers for the switchboard's probe, by name; each greets, then echoes."""

import asyncio
import socket
import sys

from applications import application


async def tornado():
    from tornado.httpserver import HTTPServer
    from tornado.web import Application, RequestHandler
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        async def open(self):
            await self.write_message("welcome")

        async def on_message(self, message):
            await self.write_message(message)

    class Plain(RequestHandler):
        def get(self):
            self.write("in HTTP/1.1\n")

        post = get

    server = HTTPServer(Application([("/", Echo), ("/plain", Plain)], websocket_max_message_size=1 << 24))
    server.add_sockets([listener()])
    await asyncio.get_running_loop().create_future()


async def uvicorn(implementation, http="h11"):
    from uvicorn import Config, Server

    settings = Config(
        application, http=http, ws=implementation, ws_max_size=1 << 24, log_level="warning", lifespan="off"
    )
    await Server(settings).serve([listener()])


async def hypercorn():
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    settings = Config()
    with listener() as inherited:
        settings.bind = [f"fd://{inherited.fileno()}"]
        await serve(application, settings)


async def autobahn():
    from autobahn.asyncio.websocket import WebSocketServerFactory, WebSocketServerProtocol

    class Echo(WebSocketServerProtocol):
        def onOpen(self):  # noqa: N802  (as it is called there)
            self.sendMessage(b"welcome")

        def onMessage(self, payload, is_binary):  # noqa: N802
            self.sendMessage(payload, is_binary)

    factory = WebSocketServerFactory()
    factory.protocol = Echo
    await serves_for_ever(factory)


async def serves_for_ever(factory):
    async with await asyncio.get_running_loop().create_server(factory, sock=listener()) as server:
        await server.serve_forever()


def listener():
    taken = socket.create_server(("127.0.0.1", 0))
    taken.setblocking(False)
    print(f"listening {taken.getsockname()[1]}", flush=True)
    return taken


SERVERS = {
    "tornado": tornado,
    "uvicorn-wsproto": lambda: uvicorn("wsproto"),
    "uvicorn-websockets": lambda: uvicorn("websockets-sansio"),
    "uvicorn-httptools": lambda: uvicorn("wsproto", "httptools"),
    "autobahn": autobahn,
    "hypercorn": hypercorn,
}
asyncio.run(SERVERS[sys.argv[1]]())
