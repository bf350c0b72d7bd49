"""Blocking streams and backends in the shape of asynchronous ones.

`switchover.httpcore` is written once, as coroutines. Over a blocking stream they block and are never suspended, so one
step gives `run` the result.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable
from ssl import SSLContext
from typing import Any, TypeVar

from httpcore import SOCKET_OPTION, AsyncNetworkBackend, AsyncNetworkStream, NetworkBackend, NetworkStream

T = TypeVar("T")


def run(awaitable: Awaitable[T]) -> T:
    """Returns the result of an awaitable that is never suspended.

    Raises RuntimeError if it is, as when a callback of the caller waits asynchronously.
    """
    waiting = awaitable.__await__()
    try:
        next(waiting)
    except StopIteration as done:
        result: T = done.value
        return result
    waiting.close()
    raise RuntimeError("a callback of a blocking client has waited asynchronously")


async def called(function: Callable[[], T]) -> T:
    """Calls a blocking function when the coroutine is awaited, and returns its result."""
    return function()


class BlockingStream(AsyncNetworkStream):
    """A blocking stream in the shape of an asynchronous one: an awaited call blocks."""

    def __init__(self, stream: NetworkStream) -> None:
        self.stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, timeout)

    async def aclose(self) -> None:
        self.stream.close()

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        return BlockingStream(self.stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


class BlockingBackend(AsyncNetworkBackend):
    """A blocking backend in the shape of an asynchronous one: an awaited call blocks."""

    def __init__(self, backend: NetworkBackend) -> None:
        self.backend = backend

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        return BlockingStream(self.backend.connect_tcp(host, port, timeout, local_address, socket_options))

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> AsyncNetworkStream:
        return BlockingStream(self.backend.connect_unix_socket(path, timeout, socket_options))

    async def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def as_given(stream: AsyncNetworkStream) -> AsyncNetworkStream | NetworkStream:
    """Returns the stream that the backend has made, not its wrapper `BlockingStream`."""
    return stream.stream if isinstance(stream, BlockingStream) else stream
