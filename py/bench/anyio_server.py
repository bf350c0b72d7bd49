"""Runs a server on anyio: with `switchover.aio`, or with a plain handler.

`anyio_server.py ENGINE LOOP [OPTION...]` prints its port. ENGINE is `switchover` or `anyio`. The
options of `server.py` are accepted, and do nothing.

Both respond with the same five bytes, and a date that they format. The handler of anyio looks for the end of a head and
parses nothing.
"""

from __future__ import annotations

import sys
from email.utils import formatdate
from typing import Any

import anyio
from anyio.abc import SocketAttribute, SocketStream
from switchover import aio

TYPE = "text/plain"


async def respond(exchange: aio.Exchange) -> None:
    """Responds to any request with a 200 of five bytes, and a Date."""
    await exchange.respond(200, [("Content-Type", TYPE), ("Date", formatdate(usegmt=True))], b"hello")


async def handle(stream: SocketStream) -> None:
    """Sends a 200 of five bytes for each empty line, which ends a request's head."""
    async with stream:
        received = b""
        while True:
            try:
                received += await stream.receive()
                *heads, received = received.split(b"\r\n\r\n")
                for _ in heads:
                    date = formatdate(usegmt=True)
                    head = f"HTTP/1.1 200 OK\r\nContent-Type: {TYPE}\r\nDate: {date}\r\nContent-Length: 5\r\n\r\n"
                    await stream.send(head.encode() + b"hello")
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return


async def main(engine: str) -> None:
    """Runs the server on a free port of 127.0.0.1, and prints the port."""
    listener: Any = await anyio.create_tcp_listener(local_host="127.0.0.1")
    print(listener.extra(SocketAttribute.local_port), flush=True)
    if engine == "switchover":
        await aio.serve(listener, respond)
    else:
        await listener.serve(handle)


if __name__ == "__main__":
    anyio.run(main, sys.argv[1], backend_options={"use_uvloop": sys.argv[2] == "uvloop"})
