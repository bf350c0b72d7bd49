"""Servers for the probe, by name: `websockets` and `aiohttp`, each an echo that speaks first."""

import asyncio
import sys


async def websockets():
    from websockets.asyncio.server import serve

    async def echo(socket):
        await socket.send("welcome")
        async for message in socket:
            await socket.send(message)

    async with serve(echo, "127.0.0.1", 0, max_size=1 << 24) as server:
        tell(server.sockets[0])
        await asyncio.get_running_loop().create_future()


async def aiohttp():
    from aiohttp import web

    async def echo(request):
        socket = web.WebSocketResponse(max_msg_size=1 << 24)
        if not socket.can_prepare(request):
            return web.Response(status=426, text="a WebSocket, please\n", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
        await socket.prepare(request)
        await socket.send_str("welcome")
        async for message in socket:
            await socket.send_str(message.data)
        return socket

    app = web.Application()
    app.router.add_get("/", echo)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    tell(runner.sites and next(iter(runner.sites))._server.sockets[0])
    await asyncio.get_running_loop().create_future()


def tell(socket):
    print(f"listening {socket.getsockname()[1]}", flush=True)


asyncio.run({"websockets": websockets, "aiohttp": aiohttp}[sys.argv[1]]())
