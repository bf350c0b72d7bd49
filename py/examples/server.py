"""A server that speaks HTTP/1.1, and foo/2 with each client that offers it: `python server.py [PORT]`."""

import asyncio
import contextlib
import sys

import switchover as http


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection, from its first byte to its last."""
    connection = http.Connection(http.Role.SERVER)
    request: http.Request | None = None
    try:
        while True:
            match connection.next_event():
                case http.NEED_DATA:
                    if connection.owes is http.Owes.CONTINUE:
                        writer.write(connection.send_informational(100))
                    await writer.drain()
                    connection.receive_data(await reader.read(65536))
                case http.Request() as request:
                    pass
                case http.Paused(http.PausedReason.CLOSED):
                    break
                case http.Paused() if request:
                    writer.write(answer(connection, request))
                case http.Switched(leftover=leftover) if request:
                    await speak_foo(request, leftover, reader, writer)
                    break
                case _:
                    pass  # content that this server does not use, and its end
    except http.RemoteProtocolError as error:
        # Once, and only where no answer has begun.
        if connection.owes is http.Owes.RESPONSE:
            writer.write(connection.respond(error.status or 400))
    except ConnectionError:
        pass  # the peer has gone
    await leave(reader, writer)


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ends our direction and reads on for a moment: to close with bytes unread would take the last answer away."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            writer.write_eof()
            while await reader.read(65536):
                pass
    writer.close()


def answer(connection: http.Connection, request: http.Request) -> bytes:
    """Accepts foo/2 if it was offered; else says that it could have been."""
    if selection := connection.select(["foo/2"]):
        return connection.accept(selection)
    # A HEAD gets the head that a GET would get.
    method = b"GET" if request.method == b"HEAD" else request.method
    body = b"%s %s in HTTP/1.1\n" % (method, request.target)
    connection.advertise(["foo/2"])
    status = 200 if method in (b"GET", b"POST") else 501
    return connection.respond(status, {"Content-Type": "text/plain"}, body)


async def speak_foo(
    request: http.Request, leftover: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """foo/2: the first line answers the request, then lines come back in upper case until QUIT."""
    writer.write(b"foo/2 answers %s %s\n" % (request.method, request.target))
    while True:
        while b"\n" in leftover:
            line, leftover = leftover.split(b"\n", 1)
            if line.strip() == b"QUIT":
                return
            writer.write(line.upper() + b"\n")
        await writer.drain()
        data = await reader.read(65536)
        if not data:
            return
        leftover += data


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    server = await asyncio.start_server(serve, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
