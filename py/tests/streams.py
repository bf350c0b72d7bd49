"""Helpers of the tests of `switchover.aio`.

They are peers that send raw bytes, a server, its handler, and TLS contexts.
"""

from __future__ import annotations

import functools
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
from anyio.abc import AnyByteStream, ByteStream, SocketAttribute
from switchover.aio import (
    Exchange,
    Timeouts,
    serve_connection,
)

WAIT = 120
HOST = {"Host": "a"}
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
FOO = b"Upgrade: foo/2\r\nConnection: upgrade\r\n"
OFFER = b"GET /foo HTTP/1.1\r\nHost: a\r\n" + FOO + b"\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\n" + FOO + b"\r\n"
SHORT = Timeouts(request=0.5, head=0.5, content=0.5, response=0.5, expect_continue=0.5, write=0.5)


@asynccontextmanager
async def listening(behave: Callable[[ByteStream], Awaitable[None]]) -> AsyncGenerator[int]:
    """Runs a server that calls `behave` with each connection, and yields its port."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, behave)
        with anyio.fail_after(WAIT):
            yield listener.extra(SocketAttribute.local_port)
        tasks.cancel_scope.cancel()


@asynccontextmanager
async def answered(*pieces: bytes, rest: bool = True) -> AsyncGenerator[ByteStream]:
    """Yields a stream to a server that responds to a head with these pieces.

    With `rest` the server then sends what it receives back in upper case, and `end` after EOF.
    """

    async def behave(stream: ByteStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            async with stream:
                head = b""
                while b"\r\n\r\n" not in head:
                    head += await stream.receive()
                for piece in pieces:
                    await stream.send(piece)
                async for data in stream:
                    if rest:
                        await stream.send(data.upper())
                if rest:
                    await stream.send(b"end")

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        yield stream


@asynccontextmanager
async def served(
    handler: Callable[[Exchange], Awaitable[object]], *upgrades: str, **options: Any
) -> AsyncGenerator[Peers]:
    """Runs a server with `serve_connection`, and yields a maker of clients for it."""
    async with listening(functools.partial(count, handler=handler, upgrades=upgrades, **options)) as port:
        yield Peers(port)


ended: list[int] = []


async def count(stream: ByteStream, **options: Any) -> None:
    """Calls `serve_connection`, and appends to `ended` once it has returned."""
    await serve_connection(stream, **options)
    ended.append(1)


class Peers:
    """Clients of a server on a port."""

    def __init__(self, port: int) -> None:
        self.port = port

    async def connect(self, *pieces: bytes) -> ByteStream:
        stream: ByteStream = await anyio.connect_tcp("127.0.0.1", self.port)
        for piece in pieces:
            await stream.send(piece)
        return stream

    async def all(self, *pieces: bytes, close: bool = False) -> bytes:
        """Sends these pieces and returns all bytes until the server ends the connection."""
        async with await self.connect(*pieces) as stream:
            if close:
                await stream.send_eof()
            return await rest_of(stream)

    async def until(self, ending: bytes, *pieces: bytes) -> bytes:
        """Sends these pieces and returns the bytes received up to `ending`."""
        async with await self.connect(*pieces) as stream:
            return await until(stream, ending)


async def rest_of(stream: ByteStream) -> bytes:
    return b"".join([data async for data in stream])


async def until(stream: ByteStream, ending: bytes) -> bytes:
    got = b""
    while not got.endswith(ending):
        got += await stream.receive()
    return got


async def closed(stream: AnyByteStream) -> bool:
    """Returns whether this side of the stream has been closed, by sending a byte."""
    try:
        await stream.send(b"x")
    except anyio.ClosedResourceError:
        return True
    return False


def cuts(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


async def echo(exchange: Exchange) -> None:
    """Responds with the request; after a switch, sends bytes back in upper case."""
    request = exchange.request
    if exchange.upgrade:
        stream = await exchange.accept({"Server": "echo"})
        async for data in stream:
            await stream.send(data.upper())
        await stream.send(b"end")
        return
    content = await exchange.read()
    await exchange.respond(200, {"Content-Type": "text/plain"}, b"%s %s %s" % (request.method, request.target, content))


def contexts(authority: Any) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Returns the TLS context of a server, and that of a client."""
    server, client = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(server)
    authority.configure_trust(client)
    return server, client
