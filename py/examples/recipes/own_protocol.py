"""A server and a client of a protocol of your own, foo/2.

Usage: `python own_protocol.py serve [PORT]`, `python own_protocol.py ask PORT [LINE...]`.

Lines of foo/2 come back in upper case, until QUIT. A client that does not offer foo/2 gets an answer in HTTP.
"""

import sys
from contextlib import suppress

import anyio
from anyio.abc import SocketAttribute
from switchover.aio import Declined, Exchange, SwitchedStream, connect_upgrade, serve

LONGEST = 65_536
IDLE = 60


async def handler(exchange: Exchange) -> None:
    """Answers one request, in foo/2 if the client offers it."""
    if exchange.upgrade != "foo/2":
        await exchange.respond(200, {"Content-Type": "text/plain"}, b"%s in HTTP/1.1\n" % exchange.request.target)
        return
    stream = await exchange.accept()
    with suppress(TimeoutError, anyio.IncompleteRead, anyio.DelimiterNotFound):
        while True:
            with anyio.fail_after(IDLE):
                line = await stream.receive_until(b"\n", LONGEST)
                if line.strip() == b"QUIT":
                    return
                await stream.send(line.upper() + b"\n")


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    await serve(listener, handler, ["foo/2"])


async def ask(port: int, lines: list[str]) -> None:
    """Prints what comes back: lines of foo/2 after a switch, else the answer."""
    async with await anyio.connect_tcp("127.0.0.1", port) as transport:
        try:
            stream = await connect_upgrade(transport, "/foo", {"Host": f"127.0.0.1:{port}"}, ["foo/2"])
        except Declined as declined:
            print(declined)
            print(declined.answer.content.decode(errors="replace"), end="" if declined.answer.is_whole else " (cut)\n")
            return
        for line in [*lines, "QUIT"]:
            await stream.send(line.encode() + b"\n")
        # A character may be cut between two reads.
        while data := await received(stream):
            sys.stdout.buffer.write(data)
            sys.stdout.flush()


async def received(stream: SwitchedStream) -> bytes:
    """Returns the next bytes of the new protocol; empty at their end."""
    with anyio.fail_after(IDLE), suppress(anyio.EndOfStream):
        return await stream.receive()
    return b""


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        anyio.run(ask, int(sys.argv[2]), sys.argv[3:])
    else:
        anyio.run(main, int(sys.argv[2]) if len(sys.argv) > 2 else 8080)
