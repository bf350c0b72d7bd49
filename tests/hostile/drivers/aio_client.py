"""A host of the hostile kit: clients of `switchover.aio`.

Each line on standard input sends a request, cancels one, or asks for the number of tasks. Usage:
`aio_client.py BACKEND`, where BACKEND is `asyncio`, `uvloop` or `trio`.
"""

import gc
import ssl
import sys
from collections.abc import AsyncIterator

import anyio
import anyio.lowlevel
import anyio.to_thread
import lies
import python_log
from switchover.aio import Declined, connect_upgrade, request

CONTENTS = {"large": b"x" * 2**20, "short": b"x" * 10, "long": b"x" * 200}


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    """Yields the content in pieces, as if it were being made meanwhile."""
    for start in range(0, len(content), 50_000):
        yield content[start : start + 50_000]
        await anyio.lowlevel.checkpoint()


async def ask(method: str, port: str, offer: str, content: str) -> str:
    """Sends one request and returns its outcome, such as `whole 200 10`."""
    headers = [("Host", f"127.0.0.1:{port}")]
    if content in CONTENTS:
        headers.append(("Transfer-Encoding", "chunked") if content == "large" else ("Content-Length", "100"))
    files = lies.certified()
    trusts = ssl.create_default_context(cafile=files["certfile"]) if files else None
    async with await anyio.connect_tcp("127.0.0.1", int(port), ssl_context=trusts) as transport:
        sent = CONTENTS.get(content, b"")
        if offer == "-":
            async with request(transport, method, "/", headers, content=pieces(sent)) as response:
                length = sum([len(data) async for data in response])
            return f"whole {response.head.status} {length}"
        try:
            stream = await connect_upgrade(
                transport, "/", headers, [offer], method=method, content=sent, largest=1 << 30
            )
        except Declined as declined:
            return f"whole {declined.answer.response.status} {len(declined.answer.content)}"
        await stream.send(b"hello")
        length = 0
        async for data in stream:
            length += len(data)
        return f"switched {length}"


async def task(name: str, words: list[str], scopes: dict[str, anyio.CancelScope]) -> None:
    """Sends one request and prints its outcome; prints nothing if it is cancelled."""
    with anyio.CancelScope() as scopes[name]:
        try:
            print(name, await ask(*words), flush=True)
        except Exception as error:
            print(name, "failed", repr(error).replace("\n", " "), flush=True)
    del scopes[name]


async def main() -> None:
    """Does as each line of standard input says, until the input ends."""
    scopes: dict[str, anyio.CancelScope] = {}
    async with anyio.create_task_group() as group:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline, abandon_on_cancel=True):
            name, *words = line.split()
            if words == ["self"]:
                gc.collect()
                print(name, "self", len(anyio.get_running_tasks()), flush=True)
            elif words == ["cancel"] and name in scopes:
                scopes[name].cancel()
            elif words != ["cancel"]:
                group.start_soon(task, name, words, scopes)


python_log.set_up()
lies.run(main, sys.argv[1])
