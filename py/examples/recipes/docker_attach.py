"""Docker's attach, by an upgrade to `tcp`.

Usage: `python docker_attach.py CONTAINER [SOCKET or HOST:PORT]`.

Standard input is sent to the container, and its output is printed; EOF on standard input ends the container's input. It
needs a running container that was created with open standard input: `docker run --detach --interactive busybox cat`.
"""

import os
import sys
from contextlib import suppress

import anyio
from anyio.abc import ByteStream
from switchover.aio import Declined, SwitchedStream, connect_upgrade

VERSION = "v1.42"
"""The first version of the API whose Content-Type tells how output is framed."""
FRAMED = b"application/vnd.docker.multiplexed-stream"


async def attach(container: str, address: str) -> None:
    """Attaches to the container until it ends."""
    target = f"/{VERSION}/containers/{container}/attach?stream=1&stdin=1&stdout=1&stderr=1"
    async with await connected(address) as transport:
        try:
            headers = {"Host": "docker", "Content-Length": "0"}
            stream = await connect_upgrade(transport, target, headers, ["tcp"], method="POST")
        except Declined as declined:
            sys.exit(f"{declined}\n{declined.answer.content.decode(errors='replace')}".strip())
        is_whole = False
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(give_input, stream)
            is_whole = await show_output(stream)
            tasks.cancel_scope.cancel()
        if not is_whole:
            sys.exit("the output is cut short")


async def connected(address: str) -> ByteStream:
    """Connects to a Unix socket if the address is a path, else to a host and port."""
    if address.startswith("/"):
        return await anyio.connect_unix(address)
    host, _, port = address.rpartition(":")
    return await anyio.connect_tcp(host, int(port))


async def give_input(stream: SwitchedStream) -> None:
    """Sends standard input to the container, and its EOF."""
    data = b"begin"
    while data:
        with suppress(PermissionError):  # a file, which can always be read
            await anyio.wait_readable(0)
        data = os.read(0, 65_536)
        # A container that has ended takes nothing more; what it has printed may still come.
        with suppress(anyio.BrokenResourceError):
            if data:
                await stream.send(data)
            else:
                await stream.send_eof()


async def show_output(stream: SwitchedStream) -> bool:
    """Prints the container's output; returns False if it ends within a frame.

    Output of a terminal is raw; other output is in frames that say whether it is standard output or standard error.
    """
    response = stream.switched.response
    is_framed = response is not None and response.headers.get("Content-Type") == FRAMED
    while True:
        try:
            data = await stream.receive(8 if is_framed else 65_536)
        except anyio.EndOfStream:
            return True
        if is_framed:
            try:
                await show_frame(stream, data)
            except (anyio.EndOfStream, anyio.IncompleteRead):
                return False
        else:
            write(1, data)


async def show_frame(stream: SwitchedStream, begin: bytes) -> None:
    """Prints a frame; `begin` is the received part of its head of 8 bytes."""
    head = begin + await stream.receive_exactly(8 - len(begin)) if len(begin) < 8 else begin
    to, left = (2 if head[0] == 2 else 1), int.from_bytes(head[4:])
    while left:
        data = await stream.receive(min(left, 65_536))
        left -= len(data)
        write(to, data)


def write(to: int, data: bytes) -> None:
    """Writes all of the data to standard output or standard error."""
    while data:
        data = data[os.write(to, data) :]


if __name__ == "__main__":
    anyio.run(attach, sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "/var/run/docker.sock")
