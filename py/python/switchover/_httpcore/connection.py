"""HTTP/1.1 connections with httpcore's interface, blocking and asynchronous."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self

from httpcore import (
    AsyncConnectionInterface,
    AsyncNetworkStream,
    ConnectionInterface,
    LocalProtocolError,
    NetworkStream,
    Origin,
    ReadError,
    Request,
    Response,
    WriteError,
)

from .. import Response as Head, Switched
from .blocking import BlockingStream, as_given, run
from .extensions import timeout
from .trace import HTTP11, Trace
from .wire import State, Wire, extensions, response_of

STEP: Final = "receive_response_body"
"""The name of the step, in a trace, that reads a response's content."""


class Status:
    """The methods by which a pool asks for the status of a connection."""

    _wire: Wire

    def can_handle_request(self, origin: Origin) -> bool:
        """Returns whether this connection is to that origin, so that requests may use it."""
        return origin == self._wire.origin

    def is_available(self) -> bool:
        """Returns whether the last exchange is complete and another request may be sent.

        False for a connection that has had no request.
        """
        return self._wire.state is State.IDLE

    def is_idle(self) -> bool:
        """Returns whether the connection is open and between two requests.

        False before the first request.
        """
        return self._wire.state is State.IDLE

    def is_closed(self) -> bool:
        """Returns whether this side has closed the stream of the connection."""
        return self._wire.state is State.CLOSED

    def has_expired(self) -> bool:
        """Returns whether the connection is idle and unusable.

        It is unusable if it has been idle for too long, or if the server has closed it. Bytes from
        the server that no request asked for make it unusable too.
        """
        return self._wire.has_expired()

    def info(self) -> str:
        """Returns a line with the connection's origin, its state and its request count."""
        return f"{str(self._wire.origin)!r}, HTTP/1.1, {self._brief()}"

    def _brief(self) -> str:
        return f"{self._wire.state.name}, Request Count: {self._wire.requests}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} [{str(self._wire.origin)!r}, {self._brief()}]>"


class Received(Response):
    """A response whose fields the engine has checked, so that httpcore need not."""

    def __init__(self, head: Head, content: Any, extensions: dict[str, Any]) -> None:
        super().__init__(head.status, content=content, extensions=extensions)
        self.headers = head.headers.lines()


class HTTP11Connection(Status, ConnectionInterface):
    """An HTTP/1.1 connection of a blocking client, over a connected stream.

    It has the interface of `httpcore.HTTP11Connection`. Next: `request`, `stream` or `handle_request`.
    """

    __module__ = "switchover.httpcore"

    def __init__(self, origin: Origin, stream: NetworkStream, keepalive_expiry: float | None = None) -> None:
        self._wire = Wire(origin, BlockingStream(stream), keepalive_expiry)

    def handle_request(self, request: Request) -> Response:
        """Sends a request, and returns its response.

        After a 101, or a 2xx to CONNECT, the extension `network_stream` carries the new protocol (RFC 9110, section
        7.8). Raises the exceptions of httpcore. Next: read the response, and close it.
        """
        wire = self._wire
        event = run(wire.exchange(request))
        stream = as_given(wire.stream)
        assert isinstance(stream, NetworkStream)
        if isinstance(event, Switched):
            stream = SwitchedStream(stream, event.leftover)
        told = extensions(event, wire.engine, stream)
        return Received(response_of(event), BlockingContent(wire, request), told)

    def close(self) -> None:
        """Closes the connection at once, even during an exchange."""
        run(self._wire.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncHTTP11Connection(Status, AsyncConnectionInterface):
    """An HTTP/1.1 connection of an asynchronous client, over a connected stream.

    It has the interface of `httpcore.AsyncHTTP11Connection`. Next: `request`, `stream` or `handle_async_request`.
    """

    __module__ = "switchover.httpcore"

    def __init__(self, origin: Origin, stream: AsyncNetworkStream, keepalive_expiry: float | None = None) -> None:
        self._wire = Wire(origin, stream, keepalive_expiry)

    async def handle_async_request(self, request: Request) -> Response:
        """Sends a request, and returns its response.

        After a 101, or a 2xx to CONNECT, the extension `network_stream` carries the new protocol (RFC 9110, section
        7.8). Raises the exceptions of httpcore. Next: read the response, and close it.
        """
        wire = self._wire
        event = await wire.exchange(request)
        stream = wire.stream
        if isinstance(event, Switched):
            stream = AsyncSwitchedStream(stream, event.leftover)
        told = extensions(event, wire.engine, stream)
        return Received(response_of(event), AsyncContent(wire, request), told)

    async def aclose(self) -> None:
        """Closes the connection at once, even during an exchange."""
        await self._wire.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()


class Content:
    """The content of a response, which is read as it comes."""

    def __init__(self, wire: Wire, request: Request) -> None:
        self._wire, self._request = wire, request
        self._trace = Trace.of(request, HTTP11)
        self._limit = timeout(request, "read")
        self._has_begun = self._is_over = self._is_closed = False

    async def receive(self) -> bytes:
        """Returns the next piece of the content, which is empty at the end.

        Raises ReadError if the response was closed before its end. Closes it after a failure.
        """
        if self._is_over:
            return b""
        if self._is_closed:
            raise ReadError("the response was closed before its end")
        try:
            trace = self._trace
            data = await (self._wire.receive(self._limit) if trace is None else self._traced(trace))
            self._is_over = not data
            return data
        except BaseException:
            with self._wire.shielded():
                await self.closed()
            raise

    async def _traced(self, trace: Trace) -> bytes:
        """Returns the next piece of the content, and reports to the trace.

        Reports the first read, the end of the content, and a failure.
        """
        if not self._has_begun:
            self._has_begun = True
            await trace.report(f"{STEP}.started", {"request": self._request})
        try:
            data = await self._wire.receive(self._limit)
        except BaseException as error:
            await trace.report(f"{STEP}.failed", {"exception": error})
            raise
        if not data:
            await trace.report(f"{STEP}.complete", {"return_value": None})
        return data

    async def closed(self) -> None:
        """Closes the response, at the first call only.

        The connection is then idle if the request was sent, the content was read to its end, it persists, and nothing
        more came. Else it is closed, also if nobody has read a response without content.
        """
        if not self._is_closed:
            self._is_closed = True
            # A response without content is whole with its head.
            self._is_over = self._is_over or self._wire.is_whole or self._wire.engine.take_end()
            await self._wire.response_closed(self._request)


class BlockingContent(Content):
    """The content of a response to a blocking client."""

    def __iter__(self) -> Iterator[bytes]:
        try:
            while data := run(self.receive()):
                yield data
        except GeneratorExit:
            self.close()
            raise

    def close(self) -> None:
        run(self.closed())


class AsyncContent(Content):
    """The content of a response to an asynchronous client."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while data := await self.receive():
                yield data
        except GeneratorExit:
            await self.aclose()
            raise

    async def aclose(self) -> None:
        await self.closed()


class SwitchedStream(NetworkStream):
    """A blocking stream after a switch; it first returns the bytes after the head."""

    def __init__(self, stream: NetworkStream, leftover: bytes) -> None:
        self._stream = BlockingStream(stream)
        self._switched = AsyncSwitchedStream(self._stream, leftover)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return run(self._switched.read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        run(self._switched.write(buffer, timeout))

    def close(self) -> None:
        self._stream.stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        self._switched.refuse_leftover()
        return self._stream.stream.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class AsyncSwitchedStream(AsyncNetworkStream):
    """A stream after a switch; it first returns the bytes received after the head.

    After a write that failed the end of the bytes is a ReadError: the system tells of a reset only once.
    """

    def __init__(self, stream: AsyncNetworkStream, leftover: bytes) -> None:
        self._stream, self._leftover = stream, leftover
        self._has_failed = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._leftover:
            data, self._leftover = self._leftover[:max_bytes], self._leftover[max_bytes:]
            return data
        data = await self._stream.read(max_bytes, timeout)
        if not data and self._has_failed:
            raise ReadError("an earlier write has failed")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            await self._stream.write(buffer, timeout)
        except WriteError:
            self._has_failed = True
            raise

    async def aclose(self) -> None:
        await self._stream.aclose()

    def refuse_leftover(self) -> None:
        """Raises LocalProtocolError if received bytes of the new protocol are unread.

        Called before TLS is started on the stream, as TLS would miss those bytes.
        """
        if self._leftover:
            raise LocalProtocolError("bytes of the new protocol precede TLS: read them first")

    async def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        self.refuse_leftover()
        return await self._stream.start_tls(ssl_context, server_hostname, timeout)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
