"""The responses of the Python drivers to most paths, and shared functions.

README.md describes the paths.
"""

import asyncio
import gc
import os
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator
from dataclasses import dataclass

import anyio

TEN = b"0123456789"
MOMENT, LATER = 2, 0.05
CHUNK = b"x" * 1024


@dataclass(frozen=True)
class Answer:
    """A response: its head, its pieces of content, and an optional error."""

    headers: tuple[tuple[bytes, bytes], ...] = ()
    pieces: tuple[bytes, ...] = (TEN,)
    before: type[BaseException] | None = None
    """The error raised before the head, if there is one."""
    fails: bool = False
    """True if an error is raised after the pieces, before the end of the content."""
    goes_on: bool = False
    """True if an error is raised after the end of the response."""
    sends_on: bool = False
    """True if content is sent after the end of the response."""

    def head(self) -> object:
        """Returns the field lines; for `/raises-in-head` an iterable that raises."""
        return raising() if self is RAISING else self.headers


def raising() -> Iterator[tuple[bytes, bytes]]:
    yield (b"x-a", b"b")
    raise ValueError("in the head")


def certified(prefix: str = "") -> dict[str, str]:
    """Returns `keyfile` and `certfile` as options; empty if HOSTILE_TLS is not set."""
    folder = os.environ.get("HOSTILE_TLS")
    files = {"keyfile": "key", "certfile": "certificate"} if folder else {}
    return {prefix + option: f"{folder}/{file}" for option, file in files.items()}


def of_length(length: bytes) -> tuple[tuple[bytes, bytes]]:
    return ((b"content-length", length),)


async def until_a_signal(serve: Callable[..., Awaitable[None]], *given: object) -> None:
    """Serves until a signal arrives, then cancels the server."""
    async with anyio.create_task_group() as group:
        group.start_soon(serve, *given)
        with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            async for _ in signals:
                group.cancel_scope.cancel()


def run(main: Callable[[], Awaitable[None]], backend: str) -> None:
    """Runs a coroutine function on `asyncio`, `uvloop` or `trio`."""
    if backend == "uvloop":
        anyio.run(main, backend_options={"use_uvloop": True})
    else:
        anyio.run(main, backend=backend)


def number_of(running: Callable[[], Collection[object]]) -> bytes:
    """Returns the number of running tasks, after a garbage collection."""
    gc.collect()
    return str(len(running())).encode()


async def until_gone(receive: Callable[[], Awaitable[dict[str, object]]]) -> None:
    """Waits until the ASGI server reports a disconnect."""
    while (await receive())["type"] != "http.disconnect":
        pass


NOTHING = Answer(pieces=())
RAISING = Answer(pieces=(b"never",))
ANSWERS = {
    "/plain": Answer(of_length(b"6"), (b"plain\n",)),
    "/megabyte": Answer(of_length(b"1048576"), (b"x" * 2**20,)),
    "/silent": Answer(),
    "/too-long": Answer(of_length(b"100")),
    "/too-short": Answer(of_length(b"10"), (TEN, TEN)),
    "/no-length": Answer(pieces=(TEN,) * 10),
    "/raises-before": Answer(before=ValueError),
    "/cancels": Answer(before=asyncio.CancelledError),
    "/raises-in-head": RAISING,
    "/raises-in-content": Answer(fails=True),
    "/raises-after": Answer(of_length(b"10"), goes_on=True),
    "/sends-after": Answer(of_length(b"10"), sends_on=True),
    "/breaks-value": Answer(((b"x-a", b"b\r\nInjected: yes"),), ()),
    "/breaks-name": Answer(((b"x\r\nInjected", b"yes"),), ()),
}
