"""A server of HTTP/1.1 and foo/2: `python server.py [PORT]`.

Each client that offers foo/2 gets it.
"""

import asyncio
import contextlib
import socket
import struct
import sys

import switchover as http

CONFIG = http.Config(content=1 << 20)
TIMEOUTS = {http.Awaiting.REQUEST: 60.0, http.Awaiting.HEAD: 30.0, http.Awaiting.CONTENT: 30.0}
"""Seconds for the first byte of a request, the rest of its head, and its content.

Each byte of content adds a millisecond.
"""
SENDING = 30.0
LINGER_MAX, LINGER_IDLE, LINGER_BYTES = 4.0, 1.0, 1 << 20
LONGEST, IDLE = 65536, 60.0
"""The longest line of foo/2 in bytes, and the seconds to wait for more of it."""


class Client:
    """The connection to a client: reads and writes with timeouts."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer
        self.connection = http.Connection(http.Role.SERVER, CONFIG)
        self.awaited, self.deadline = http.Awaiting.NOTHING, 0.0

    async def next_event(self) -> http.Event | http.Paused:
        """Returns the next event; reads while the engine needs more bytes for it."""
        while (event := self.connection.next_event()) is http.NEED_DATA:
            if self.connection.owes is http.Owes.CONTINUE:
                await self.send(self.connection.send_informational(100))
            await self.receive()
        if not isinstance(event, http.Data):
            self.awaited = http.Awaiting.NOTHING
        return event

    async def receive(self) -> None:
        """Reads once, within the deadline."""
        loop, awaiting = asyncio.get_running_loop(), self.connection.awaiting
        if awaiting is not self.awaited:
            self.awaited, self.deadline = awaiting, loop.time() + TIMEOUTS.get(awaiting, 60.0)
        async with asyncio.timeout_at(self.deadline):
            data = await self.reader.read(65536)
        if awaiting is http.Awaiting.CONTENT:
            self.deadline += len(data) / 1000
        self.connection.receive_data(data)

    async def send(self, data: bytes) -> None:
        """Sends the data, or resets the connection of a client that does not read."""
        self.writer.write(data)
        try:
            async with asyncio.timeout(SENDING):
                await self.writer.drain()
        except TimeoutError:
            reset(self.writer.transport)
            raise ConnectionAbortedError from None
        await asyncio.sleep(0)  # a turn for other clients, which `drain` alone does not give

    async def refuse(self, status: int) -> None:
        """Sends an error response, unless a response has begun.

        A client that has sent nothing of a request gets none.
        """
        if self.connection.awaiting is not http.Awaiting.REQUEST:
            with contextlib.suppress(http.LocalProtocolError, OSError):
                await self.send(self.connection.reject(status))

    async def leave(self) -> None:
        """Closes the connection in the way that `Connection.closing` names.

        Closing with unread bytes could make the client lose the last response (RFC 9112, section 9.6).
        """
        if self.connection.closing is http.Closing.RESET:
            with contextlib.suppress(OSError):
                reset(self.writer.transport)
        elif self.connection.closing is http.Closing.LINGER:
            await self.linger()
        self.writer.close()
        if self.writer.transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(SENDING, reset, self.writer.transport)

    async def linger(self) -> None:
        """Half-closes the connection, then reads and discards for a while."""
        dropped = 0
        with contextlib.suppress(OSError):
            self.writer.write_eof()
            async with asyncio.timeout(LINGER_MAX):
                while dropped < LINGER_BYTES and (data := await asyncio.wait_for(self.reader.read(65536), LINGER_IDLE)):
                    dropped += len(data)


def reset(transport: asyncio.BaseTransport) -> None:
    """Resets the connection.

    After a FIN the client could take a cut answer for a whole one (RFC 9112, section 8).
    """
    assert isinstance(transport, asyncio.WriteTransport)
    with contextlib.suppress(OSError):  # it is closed
        at_once = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
    transport.abort()


async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one connection, from its first byte to its last."""
    client = Client(reader, writer)
    connection = client.connection
    request: http.Request | None = None
    try:
        while True:
            match await client.next_event():
                case http.Request() as request:
                    pass
                case http.Paused(http.PausedReason.CLOSED):
                    break
                case http.Paused() if request:
                    await client.send(answer(connection, request))
                case http.Switched(leftover=leftover) if request:
                    await speak_foo(request, leftover, client)
                    await client.linger()
                    break
                case _:
                    pass  # content that this server does not use, and its end
    except http.RemoteProtocolError as error:
        await client.refuse(error.status or 400)
    except TimeoutError:
        await client.refuse(408)
    except ConnectionError:
        pass  # the peer has gone
    await client.leave()


def answer(connection: http.Connection, request: http.Request) -> bytes:
    """Returns a 101 if foo/2 was offered, else a response that advertises it."""
    if selection := connection.select(["foo/2"]):
        return connection.accept(selection)
    # A HEAD gets the head that a GET would get.
    method = b"GET" if request.method == b"HEAD" else request.method
    body = b"%s %s in HTTP/1.1\n" % (method, request.target)
    connection.advertise(["foo/2"])
    status = 200 if method in (b"GET", b"POST") else 501
    return connection.respond(status, {"Content-Type": "text/plain"}, body)


async def speak_foo(request: http.Request, leftover: bytes, client: Client) -> None:
    """Speaks foo/2: the first line answers the request.

    Then lines come back in upper case until QUIT.
    """
    await client.send(b"foo/2 answers %s %s\n" % (request.method, request.target))
    data = leftover
    while True:
        *lines, rest = data.split(b"\n")
        shouted, has_quit = shout(lines)
        await client.send(shouted)
        if has_quit:
            return
        async with asyncio.timeout(IDLE):
            more = await client.reader.read(65536)
        if not more or len(rest) > LONGEST:
            return
        data = rest + more


def shout(lines: list[bytes]) -> tuple[bytes, bool]:
    """Returns the lines before QUIT in upper case, and whether there was a QUIT."""
    until = next((number for number, line in enumerate(lines) if line.strip() == b"QUIT"), len(lines))
    return b"".join(line.upper() + b"\n" for line in lines[:until]), until < len(lines)


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    server = await asyncio.start_server(serve_connection, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
