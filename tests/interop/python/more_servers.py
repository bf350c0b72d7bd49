"""More servers for the probe, by name, each an echo of messages that speaks first."""

import asyncio
import socket
import sys


async def tornado():
    from tornado.httpserver import HTTPServer
    from tornado.web import Application
    from tornado.websocket import WebSocketHandler

    class Echo(WebSocketHandler):
        async def open(self):
            await self.write_message("welcome")

        async def on_message(self, message):
            await self.write_message(message)

    server = HTTPServer(Application([("/", Echo)], websocket_max_message_size=1 << 24))
    server.add_sockets([listener()])
    await asyncio.get_running_loop().create_future()


async def uvicorn(implementation):
    from uvicorn import Config, Server

    settings = Config(
        application, http="h11", ws=implementation, ws_max_size=1 << 24, log_level="warning", lifespan="off"
    )
    await Server(settings).serve([listener()])


async def hypercorn():
    from hypercorn.asyncio import serve
    from hypercorn.config import Config

    settings = Config()
    with listener() as inherited:
        settings.bind = [f"fd://{inherited.fileno()}"]
        await serve(application, settings)


async def application(scope, receive, send):
    """ASGI, which uvicorn and hypercorn serve."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"12")]})
        await send({"type": "http.response.body", "body": b"in HTTP/1.1\n"})
        return
    await receive()
    await send({"type": "websocket.accept"})
    await send({"type": "websocket.send", "text": "welcome"})
    while (event := await receive())["type"] == "websocket.receive":
        await send({"type": "websocket.send", "bytes": event.get("bytes"), "text": event.get("text")})


def listener():
    taken = socket.create_server(("127.0.0.1", 0))
    taken.setblocking(False)
    print(f"listening {taken.getsockname()[1]}", flush=True)
    return taken


SERVERS = {
    "tornado": tornado,
    "uvicorn-wsproto": lambda: uvicorn("wsproto"),
    "uvicorn-websockets": lambda: uvicorn("websockets-sansio"),
    "hypercorn": hypercorn,
}
asyncio.run(SERVERS[sys.argv[1]]())
