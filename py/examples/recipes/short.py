"""Serves HTTP/1.1, and foo/2 to clients that offer it: `python short.py [PORT]`."""

import sys

import anyio
from switchover.aio import Exchange, serve


async def handler(exchange: Exchange) -> None:
    """Answers one request; after a switch what comes goes back in upper case."""
    if exchange.upgrade is None:
        await exchange.respond(200, {"Content-Type": "text/plain"}, b"hello in HTTP/1.1\n")
        return
    stream = await exchange.accept()
    with anyio.move_on_after(60) as silence:
        async for data in stream:
            await stream.send(data.upper())
            silence.deadline = anyio.current_time() + 60


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print("listening on", listener.extra(anyio.abc.SocketAttribute.local_port), flush=True)
    await serve(listener, handler, ["foo/2"])


anyio.run(main, int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
