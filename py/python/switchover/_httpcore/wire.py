"""The HTTP/1.1 connection of a client, and the stream that carries it."""

from __future__ import annotations

import enum
import select
import ssl
import threading
import time
from collections.abc import AsyncIterable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import TYPE_CHECKING, Any, Final

import httpcore
from anyio import CancelScope
from httpcore import AsyncNetworkStream, Origin, Request

from .. import (
    NEED_DATA,
    Awaiting,
    Config,
    Connection,
    Data,
    EndOfMessage,
    Informational,
    ProtocolError,
    RemoteProtocolError,
    Response,
    Role,
    Stage,
    Switched,
    Why,
)
from .._native import native
from .._reset import met_reset, reads_ahead
from .blocking import BlockingStream
from .extensions import extension, timeout
from .trace import HTTP11, Trace

if TYPE_CHECKING:
    from .. import Event, Paused

READ_SIZE: Final = 65_536
"""The maximum number of bytes of one read from a blocking stream or one with TLS."""
ASYNC_READ_SIZE: Final = 262_144
"""The maximum number of bytes of one read from an asynchronous stream without TLS.

asyncio receives no more at once. A smaller read would leave a rest in anyio, which no poll of the socket shows.
"""
EXPECT_CONTINUE: Final = 1.0
"""The seconds to wait for a 100 before the content is sent all the same.

If a 2xx comes instead, the content is sent once the server pauses for this time. RFC 9110, section 10.1.1.
"""
OPTIONS: Final[dict[str, Any]] = {
    "head": 131_072,
    "field_line": 131_072,
    "fields": 1_024,
    "status_without_space": True,
    "response_lone_lf": True,
    "space_after_chunk_size": True,
    "controls_in_values": True,
    "both_framings": True,
    "coding_in_http10": True,
    "any_version": True,
    "tidy": True,
}
"""The options of the engine: limits of heads, leniencies, and `tidy`."""
PLAIN: Final = Config(**OPTIONS)
SECURE: Final = Config(**OPTIONS, secure=True)


class State(enum.Enum):
    """The states of a connection, as httpcore names them."""

    NEW = 0
    ACTIVE = 1
    IDLE = 2
    CLOSED = 3


def as_httpcore(error: ProtocolError) -> httpcore.ProtocolError:
    """Returns an error of the engine as one of httpcore."""
    kind = httpcore.RemoteProtocolError if isinstance(error, RemoteProtocolError) else httpcore.LocalProtocolError
    return kind(str(error))


class Wire:
    """A client's connection: one request at a time, and its response."""

    def __init__(self, origin: Origin, stream: AsyncNetworkStream, keepalive_expiry: float | None) -> None:
        self.origin = origin
        self.stream = stream
        tls, is_blocking = stream.get_extra_info("ssl_object"), isinstance(stream, BlockingStream)
        self.engine = Connection(Role.CLIENT, PLAIN if tls is None else SECURE)
        self._read_size = READ_SIZE if is_blocking or tls is not None else ASYNC_READ_SIZE
        self._tls = tls if isinstance(tls, ssl.SSLObject) else None
        self.state = State.NEW
        self.requests = 0
        """The number of requests begun on the connection so far."""
        self._keepalive_expiry = keepalive_expiry
        self._expires_at: float | None = None
        self._lock = threading.Lock()
        # The request was sent, and its response received, to the end.
        self._is_sent = self.is_whole = False
        # The response that came instead of a 100.
        self._early: Response | Switched | None = None
        # The request whose content awaits what comes of a 2xx before its 100.
        self._withheld: Request | None = None
        # A write has met the server's reset, after which a read shows an EOF.
        self._was_reset = False
        self._input = input_of(stream)

    def shielded(self) -> AbstractContextManager[object]:
        """Returns a scope in which a cancelled task can still close the stream."""
        return nullcontext() if isinstance(self.stream, BlockingStream) else CancelScope(shield=True)

    async def exchange(self, request: Request) -> Response | Switched:
        """Sends a request, and returns the head of its response.

        Next: `receive` the content until it is empty, then `response_closed`.
        """
        self._begin(request)
        try:
            return await self._exchange(request)
        except BaseException as error:
            with self.shielded():
                await self.response_closed(request)
            if isinstance(error, ProtocolError):
                raise as_httpcore(error) from error
            raise

    def _begin(self, request: Request) -> None:
        if request.url.origin != self.origin:
            raise RuntimeError(f"a request to {request.url.origin} on a connection to {self.origin}")
        with self._lock:
            if self.state is not State.NEW and self.state is not State.IDLE:
                raise httpcore.ConnectionNotAvailable
            self.state, self._expires_at = State.ACTIVE, None
            self._is_sent = self.is_whole = False
            self._early = self._withheld = None
            self.requests += 1

    async def _exchange(self, request: Request) -> Response | Switched:
        trace = Trace.of(request, HTTP11)
        head, content = self._send_head(request), self._send_content(request)
        try:
            if trace is None:
                await head
                await content
            else:
                await trace.step("send_request_headers", {"request": request}, head)
                await trace.step("send_request_body", {"request": request}, content)
        except httpcore.WriteError as error:
            # A server may stop reading before it responds, and the response may have arrived.
            self._heed_reset(error)
        finally:
            # What was not begun is no error of the caller's.
            head.close()
            content.close()
        if self._early is not None:
            return self._early
        received = self._receive_head(request)
        if trace is None:
            return await received
        return await trace.step("receive_response_headers", {"request": request}, received, shown)

    # Sending the request.

    async def _send_head(self, request: Request) -> None:
        head = native._propose(self.engine, request.method, request.url.target, request.headers)
        await self.stream.write(head, timeout(request, "write"))

    async def _send_content(self, request: Request) -> None:
        """Sends the request's content, unless a final response comes instead of a 100.

        With `Expect: 100-continue` it first waits for the 100, for a limited time.
        """
        if self.engine.awaiting is Awaiting.CONTINUE:
            self._early = await self._go_ahead(request)
            if self._early is not None:
                if isinstance(self._early, Response) and 200 <= self._early.status < 300:
                    self._withheld = request
                # The new protocol begins after the whole request (RFC 9110, section 7.8).
                if isinstance(self._early, Response):
                    return
        await self._send_pieces(request)

    async def _send_pieces(self, request: Request) -> None:
        engine, write, limit = self.engine, self.stream.write, timeout(request, "write")
        if isinstance(request.stream, AsyncIterable):
            async for data in request.stream:
                if data:
                    await write(engine.send_data(data), limit)
        else:
            for data in request.stream:
                if data:
                    await write(engine.send_data(data), limit)
        if end := engine.send_end():
            await write(end, limit)
        self._is_sent = True

    async def _go_ahead(self, request: Request) -> Response | Switched | None:
        """Waits a limited time for a 100; returns the final response if that comes first.

        Returns None if the content is to be sent.
        """
        until = time.monotonic() + EXPECT_CONTINUE
        with suppress(httpcore.ReadTimeout):
            while self.engine.awaiting is Awaiting.CONTINUE and (left := until - time.monotonic()) > 0:
                event = await self._event(left)
                if not isinstance(event, Informational):
                    return final(event)
                await self._tell(request, event)
        return None

    # Receiving the response.

    async def _receive_head(self, request: Request) -> Response | Switched:
        limit = timeout(request, "read")
        while isinstance(event := await self._event(limit), Informational):
            await self._tell(request, event)
        return final(event)

    async def _tell(self, request: Request, event: Informational) -> None:
        """Reports an interim response to the request's callback `informational`."""
        callback = extension(request, "informational")
        if callback is not None and (told := callback(event.status, event.headers.lines())) is not None:
            await told

    async def receive(self, limit: float | None) -> bytes:
        """Returns the next piece of the response's content; empty bytes mean its end."""
        try:
            event = await self._event_or_content(limit)
        except ProtocolError as error:
            raise as_httpcore(error) from error
        if isinstance(event, Data):
            return event.data
        self.is_whole = isinstance(event, EndOfMessage)
        return b""

    async def _event_or_content(self, limit: float | None) -> Event | Paused:
        """Returns the next event; before that it may send the request's withheld content.

        The content is withheld if a 2xx came instead of the 100. It is sent if the server then
        pauses for `EXPECT_CONTINUE` seconds, or for the read timeout if that is less. A server may
        stream its response while it reads the content, without a 100 (RFC 9110, section 10.1.1).
        """
        request = self._withheld
        if request is None:
            return await self._event(limit)
        try:
            return await self._event(EXPECT_CONTINUE if limit is None else min(EXPECT_CONTINUE, limit))
        except httpcore.ReadTimeout:
            self._withheld = None
        try:
            await self._send_pieces(request)
        except httpcore.WriteError as error:
            self._heed_reset(error)
        return await self._event(limit)

    async def _event(self, limit: float | None) -> Event | Paused:
        engine = self.engine
        event = engine.next_event()
        while event is NEED_DATA:
            data = await self.stream.read(self._read_size, limit)
            if data:
                event = engine.next_event(data)
                continue
            if engine.their_state is not Stage.SEND_BODY and not engine.unread:
                raise httpcore.RemoteProtocolError("Server disconnected without sending a response.")
            engine.receive_eof(clean=not self._was_reset)
            event = engine.next_event()
        return event

    def _heed_reset(self, error: httpcore.WriteError) -> None:
        """Makes a later EOF count as clean only if the server has ended its direction.

        Called after a failed write. A blocking TLS socket then raises an error for an EOF without a
        closure alert. On another stream the EOF is truncated if the write met a reset.
        """
        raw = self.stream.get_extra_info("socket")
        if isinstance(raw, ssl.SSLSocket):
            raw.suppress_ragged_eofs = False  # type: ignore[attr-defined]
        else:
            self._was_reset = met_reset(error)

    # Between requests.

    async def response_closed(self, request: Request) -> None:
        """Makes the connection idle, for the next request, or closes it.

        It becomes idle if the request was sent, the response was read to its end, the connection
        persists, and nothing more has been received.
        """
        trace = Trace.of(request, HTTP11)
        if trace is None:
            await self._response_closed()
        else:
            await trace.step("response_closed", {}, self._response_closed())

    async def _response_closed(self) -> None:
        is_over = self._is_sent and self.is_whole and self.engine.persists and not self.engine.unread
        if is_over and self._tls is not None:
            is_over = not await self._holds_input()
        with self._lock:
            if is_over:
                self.state = State.IDLE
                if self._keepalive_expiry is not None:
                    self._expires_at = time.monotonic() + self._keepalive_expiry
        if not is_over:
            await self.aclose()

    async def _holds_input(self) -> bool:
        """Returns whether bytes, EOF or an error can be read after the response.

        TLS in anyio, and TLS over TLS, read on into a buffer of their own, which the socket no longer shows.
        """
        try:
            try:
                if self._tls is not None:
                    self._tls.read(1)
            except ssl.SSLWantReadError:
                # A blocking stream reads only on demand.
                if isinstance(self.stream, BlockingStream):
                    return False
                await self.stream.read(1, 0.0)
        except httpcore.ReadTimeout:
            return False
        except (httpcore.ReadError, ssl.SSLError):
            pass
        except BaseException:
            with self.shielded():
                await self.aclose()
            raise
        return True

    async def aclose(self) -> None:
        """Closes the stream at once; the state is CLOSED then."""
        self.state = State.CLOSED
        await self.stream.aclose()

    def has_expired(self) -> bool:
        """Returns whether the connection is idle and unusable: expired or readable.

        It expires after `keepalive_expiry` seconds. An idle stream is readable if the server has
        closed it, or has sent bytes that no request asked for.
        """
        if self.state is not State.IDLE:
            return False
        has_expired = self._expires_at is not None and time.monotonic() > self._expires_at
        if has_expired or self._input is None:
            return has_expired or bool(self.stream.get_extra_info("is_readable"))
        # uvloop reads once more after a read that has filled its buffer.
        return reads_ahead(getattr(self.stream, "_stream", None)) or bool(self._input.poll(0))


def input_of(stream: AsyncNetworkStream) -> select.poll | None:
    """Returns a poll for input on the stream's socket.

    None if the stream has no socket, or the system no `select.poll`.
    """
    raw = stream.get_extra_info("socket")
    if raw is None or not hasattr(select, "poll"):
        return None
    waiting = select.poll()
    waiting.register(raw.fileno(), select.POLLIN)
    return waiting


def final(event: Event | Paused) -> Response | Switched:
    """Returns the event if it is a final response or a switch.

    Raises httpcore.RemoteProtocolError for any other: the connection has ended.
    """
    if isinstance(event, Response | Switched):
        return event
    raise httpcore.RemoteProtocolError("the connection has ended without a response")


def response_of(event: Response | Switched) -> Response:
    """Returns the head of the response, which is in the event of a switch as well."""
    if isinstance(event, Response):
        return event
    assert event.response is not None
    return event.response


def shown(event: Response | Switched) -> tuple[object, ...]:
    """Returns the version, status, reason and field lines of a response, for a trace."""
    head = response_of(event)
    return version(head), head.status, head.reason, head.headers.lines()


def version(head: Response) -> bytes:
    """Returns the version of a response as httpcore writes it, such as `HTTP/1.1`."""
    return b"HTTP/1.%d" % head.minor_version


def extensions(event: Response | Switched, engine: Connection, stream: Any) -> dict[str, Any]:
    """Returns the extensions of a response.

    Beside httpcore's own they are `protocols` after a switch. If an offer or CONNECT led to no
    switch, they are `why` and `required`.
    """
    head = response_of(event)
    told = {"http_version": version(head), "reason_phrase": head.reason, "network_stream": stream}
    if isinstance(event, Switched):
        told["protocols"] = event.protocols
    elif engine.why not in {None, Why.NOT_OFFERED}:
        told["why"], told["required"] = engine.why, engine.required
    return told
