"""Servers for the switchboard's probe, by name: `websockets` and `aiohttp`.

Each sends a message and then echoes messages.
"""

import asyncio
import socket
import sys


async def websockets():
    from websockets.asyncio.server import serve

    async def echo(client):
        await client.send("welcome")
        async for message in client:
            await client.send(message)

    def plain(client, request):
        return client.respond(200, "in HTTP/1.1\n") if request.path == "/plain" else None

    async with serve(echo, "127.0.0.1", 0, max_size=1 << 24, process_request=plain) as server:
        tell(server.sockets[0])
        await asyncio.get_running_loop().create_future()


async def aiohttp():
    from aiohttp import web

    async def echo(request):
        client = web.WebSocketResponse(max_msg_size=1 << 24)
        if not client.can_prepare(request):
            wanted = {"Upgrade": "websocket", "Connection": "Upgrade"}
            return web.Response(status=426, text="a WebSocket, please\n", headers=wanted)
        await client.prepare(request)
        await client.send_str("welcome")
        async for message in client:
            await client.send_str(message.data)
        return client

    async def plain(request):
        await request.read()
        return web.Response(text="in HTTP/1.1\n")

    app = web.Application()
    app.router.add_get("/", echo)
    app.router.add_get("/plain", plain)
    app.router.add_post("/plain", plain)
    runner = web.AppRunner(app)
    await runner.setup()
    listener = socket.create_server(("127.0.0.1", 0))
    await web.SockSite(runner, listener).start()
    tell(listener)
    await asyncio.get_running_loop().create_future()


def tell(listener):
    print(f"listening {listener.getsockname()[1]}", flush=True)


asyncio.run({"websockets": websockets, "aiohttp": aiohttp}[sys.argv[1]]())
