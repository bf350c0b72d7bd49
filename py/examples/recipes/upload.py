"""A plain request whose content is made while it is sent.

Usage: `python upload.py PORT [TARGET [LINE...]]`.
"""

import sys
from collections.abc import AsyncIterator

import anyio
from switchover import RemoteProtocolError
from switchover.aio import request


async def content(lines: list[str]) -> AsyncIterator[bytes]:
    """Yields each line as a piece of content."""
    for line in lines:
        yield line.encode() + b"\n"


async def ask(port: int, target: str, lines: list[str]) -> None:
    """Sends the lines, and prints the response as it comes."""
    headers = {"Host": f"127.0.0.1:{port}", "Transfer-Encoding": "chunked"}
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with request(stream, "POST", target, headers, content=content(lines)) as response:
            print(response.head.status, flush=True)
            async for data in response:
                sys.stdout.buffer.write(data)
                sys.stdout.flush()
        print("the stream carries another request:", response.persists)


if __name__ == "__main__":
    try:
        anyio.run(ask, int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/", sys.argv[3:])
    except (RemoteProtocolError, anyio.BrokenResourceError, OSError) as error:
        sys.exit(f"the request has failed: {error}")
