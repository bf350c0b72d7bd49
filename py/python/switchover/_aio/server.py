"""A server: requests, a handler that answers them, and the end of a connection."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    ClosedResourceError,
    create_task_group,
    current_effective_deadline,
    current_time,
    move_on_after,
    sleep,
    sleep_forever,
)
from anyio.abc import AnyByteStream, Listener
from anyio.lowlevel import checkpoint

from .. import (
    Awaiting,
    Config,
    Connection,
    Data,
    EndOfMessage,
    ErrorKind,
    Headers,
    LocalProtocolError,
    Owes,
    Paused,
    Prepared,
    Protocol,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
    Selection,
    Switched,
    UpgradeState,
)
from .._reset import bound_unsent, has_hung_up
from .ending import DISCONNECTS, TRANSPORT_ERRORS, close_at_once, linger_and_close
from .wire import MAX_CONTENT, TIMEOUTS, SwitchedStream, Timeouts, Wire, connection_on, of_bytes, share, socket_of

if TYPE_CHECKING:
    from .. import HeadersLike, ProtocolsLike, TextLike

LOG = logging.getLogger("switchover.aio")
UNHEARD = 1 << 20
"""How much content may be left out, as after a HEAD, before it is looked whether the client is still there."""
DISCONNECT_POLL = 0.001
"""For how many seconds."""
ACCEPT_RETRY_DELAY = 0.05
"""How many seconds a listener is left alone after it has failed."""


class ContentTooLargeError(ValueError):
    """A request's content is longer than `Exchange.read` may take.

    `serve_connection` answers it with a 413.
    """

    __module__ = "switchover.aio"


class ClientGoneError(BrokenResourceError):
    """Ends a handler whose client has all of its answer, and has left.

    No error of the handler's.
    """


async def serve_connection(
    stream: AnyByteStream,
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Serves one connection, from its first byte to its last.

    Calls `handler` with each request, and closes the stream.

    `upgrades` are the protocols that the handler speaks. Where a request offers one of them, `Exchange.upgrade` is its
    name: accept it, or answer as if it had not been offered. Without a `config`, `secure` is whether the stream is
    anyio's TLS.

    Raises nothing but TypeError and ValueError for wrong arguments, and cancellation, which closes the stream at
    once. A client that goes away ends it. One that breaks the protocol gets a response with the status that fits,
    one that is too slow a 408. A handler that raises or does not respond makes it a 500; the log says so, as
    `switchover.aio`. RFC 9112, section 9.
    """
    upgrades = _checked(upgrades, config, timeouts)
    wire = Wire(stream, connection_on(stream, Role.SERVER, config), timeouts)
    try:
        bound_unsent(socket_of(stream))
        with suppress(*TRANSPORT_ERRORS, RemoteProtocolError):
            while request := await _next_request(wire):
                if not await _exchange(wire, handler, Exchange(wire, request, upgrades)):
                    break
        await linger_and_close(wire)
    except Exception as error:
        # A task of the handler's goes on with the stream, or the transport has exceptions of its own, as uvloop's.
        if isinstance(error, BusyResourceError):
            LOG.error("A connection is used after its handler has returned", exc_info=error)
        else:
            LOG.warning("A connection was given up", exc_info=error)
        with suppress(Exception):
            await close_at_once(wire)
    except BaseException:
        await close_at_once(wire)
        raise


async def serve(
    listener: Listener[AnyByteStream],
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Accepts connections until the task is cancelled.

    Calls `serve_connection` with each, in a task of its own.

    A `TLSListener` of anyio will do, too. Where the system is out of descriptors, it tries again a moment later;
    `Listener.serve` would raise, and take all connections with it. Once the listener is closed it waits for the
    connections there are; cancelling it closes them at once.
    """
    upgrades = _checked(upgrades, config, timeouts)
    each = partial(serve_connection, handler=handler, upgrades=upgrades, config=config, timeouts=timeouts)
    is_open, last = True, -math.inf
    async with create_task_group() as connections:
        while is_open:
            try:
                await listener.serve(each, connections)
            except* ClosedResourceError:
                is_open = False
            except* (OSError, BrokenResourceError) as error:
                if current_time() - last > 1:
                    LOG.error("No connection can be accepted: %r", error.exceptions)
                    last = current_time()
                await sleep(ACCEPT_RETRY_DELAY)


class Exchange:
    """A request, and your answer to it.

    What it sends has left, or waits in the system, when the call returns.

    Each call may raise BrokenResourceError, where the client has gone, and TimeoutError, where it is too slow (see
    `Timeouts`). A call out of order raises LocalProtocolError and has changed nothing. A send that is cancelled breaks
    the connection. After the handler has returned every call raises ClosedResourceError.
    """

    request: Final[Request]
    """The head of the request."""
    upgrade: Final[str | None]
    """Which of `upgrades` the client offers too, in the client's order of preference; None where there is none."""
    connection: Final[Connection]
    """The engine, for questions: `select_subprotocol`, `select_deflate`, `advertise`. Write with the calls below."""
    trailers: Headers
    """The request's trailers, once its content has been read."""

    def __init__(self, wire: Wire, request: Request, upgrades: list[TextLike | Protocol]) -> None:
        self._wire = wire
        self._selection: Selection | None = wire.connection.select(upgrades)
        self._has_ended = False
        self._takes_content = True
        self._left_out = 0
        self._is_gone = False
        wire.exchange = self
        self.request = request
        self.upgrade = _text(upgrades[self._selection.preference]) if self._selection else None
        self.connection = wire.connection
        self.trailers = Headers()

    @property
    def stream(self) -> AnyByteStream:
        """The transport, for its extra attributes.

        `exchange.stream.extra(SocketAttribute.remote_address)`.
        """
        return self._wire.stream

    # The request.

    async def receive(self) -> bytes:
        """The next content of the request; empty at its end.

        A client that waits for a 100 gets it.

        RemoteProtocolError where the content is malformed or cut short. RFC 9112, section 6.
        """
        while self._open and not self._has_ended:
            event = await self._wire.next_event()
            if isinstance(event, Data):
                return event.data
            if not isinstance(event, EndOfMessage):
                raise BrokenResourceError("the rest of the content is not read any more")
            self._end(event)
        return b""

    async def read(self, largest: int = MAX_CONTENT) -> bytes:
        """Returns all content of the request.

        ContentTooLargeError where it has more than `largest` bytes. Next: answer.
        """
        content = bytearray()
        while data := await self.receive():
            content += data
            if len(content) > largest:
                raise self._wire.note(ContentTooLargeError(f"more than {largest} bytes of content"))
        return bytes(content)

    async def gone(self) -> None:
        """Returns once the client has closed the connection, or its direction of it.

        Most likely it has gone.

        A client that has ended its direction may still read its answer. This reads the transport: call it once the
        content has been read, in a task of its own, and cancel that before the handler returns. It waits for ever where
        the client sends more requests than the engine holds; then the next send fails. Next: stop what you do for it.
        """
        connection = self._open
        with suppress(*TRANSPORT_ERRORS):
            while connection.wants_input:
                await self._wire.receive()
            if not self._wire.has_end:
                await sleep_forever()

    # An answer in HTTP.

    async def respond(
        self, status: int, headers: HeadersLike = (), content: bytes = b"", reason: TextLike | None = None
    ) -> None:
        """Sends a whole response, as `Connection.respond`. An offer is thereby declined."""
        await self._wire.send(self._open.respond(status, headers, content, reason))

    async def respond_prepared(self, prepared: Prepared) -> None:
        """Sends a response that was made before, as `Connection.respond_prepared`."""
        await self._wire.send(self._open.respond_prepared(prepared))

    async def send_informational(self, status: int, headers: HeadersLike = (), reason: TextLike | None = None) -> None:
        """Sends an interim response, as `Connection.send_informational`.

        A 100 is sent by `receive`, when due.
        """
        await self._wire.send(self._open.send_informational(status, headers, reason))

    async def send_response(self, status: int, headers: HeadersLike = (), reason: TextLike | None = None) -> None:
        """Sends the head of a response, as `Connection.send_response`.

        Next: `send_data`, and `send_end`.

        To read content after it, call `receive` once before: a client that waits for a 100 gets none any more.
        """
        out = self._open.send_response(status, headers, reason)
        self._takes_content = self.connection.owes is Owes.CONTENT
        await self._wire.send(out)

    async def require(self, protocols: ProtocolsLike, headers: HeadersLike = ()) -> None:
        """Sends the head of a 426, as `Connection.require`.

        Next: `send_data`, and `send_end`.
        """
        out = self._open.require(protocols, headers)
        self._takes_content = self.connection.owes is Owes.CONTENT
        await self._wire.send(out)

    async def send_data(self, data: bytes) -> None:
        """Sends content.

        What the head says cannot follow, in answer to a HEAD or with a 204, is left out.

        Where more than 1 MiB was left out, BrokenResourceError if the client has gone or ended its direction.
        """
        connection = self._open
        if data and self._takes_content:
            await self._wire.send(connection.send_data(data))
            return
        await checkpoint()
        self._left_out += len(data)
        if self._left_out > UNHEARD:
            self._left_out = 0
            await self._look_for_the_end()

    async def _look_for_the_end(self) -> None:
        """Ends a handler that sends content to a client that has gone.

        The content is left out, so no send can tell the handler.
        """
        # Where requests wait before the client's end, reading does not come to it.
        if not has_hung_up(socket_of(self._wire.stream)):
            try:
                with move_on_after(DISCONNECT_POLL) as glance:
                    await self.gone()
            except BusyResourceError:
                # The handler waits for the end itself.
                return
            if glance.cancelled_caught:
                return
        self._is_gone = True
        with suppress(LocalProtocolError):
            await self._wire.send(self.connection.send_end())
        raise ClientGoneError("the client has gone")

    async def send_end(self, trailers: HeadersLike = ()) -> None:
        """Ends the response, with trailers where it is chunked."""
        if self._is_gone:
            raise ClientGoneError("the client has gone")
        await self._wire.send(self._open.send_end(trailers))

    # An answer in another protocol.

    async def accept(self, headers: HeadersLike = ()) -> SwitchedStream:
        """Switches to `upgrade` with a 101, or opens the tunnel of a CONNECT.

        The tunnel opens with a 200.

        Content that was not read is dropped, up to the limit `drain`; ContentTooLargeError where there is more,
        which `serve_connection` answers with a 413. LocalProtocolError with NOTHING_OFFERED where `upgrade` is None.
        Next: speak the new protocol; `serve_connection` closes the stream when the handler returns. Where the new
        protocol is TLS: `resume`. RFC 9110, sections 7.8 and 9.3.6.
        """
        connection = self._open
        is_connect = connection.state.upgrade is UpgradeState.CONNECT
        if self._selection is None and not is_connect:
            raise LocalProtocolError(f"{ErrorKind.NOTHING_OFFERED.text} (error 811)", ErrorKind.NOTHING_OFFERED)
        await self._skip()
        if is_connect or self._selection is None:
            out = connection.send_response(200, headers)
        else:
            out = connection.accept(self._selection, headers)
        await self._wire.send(out)
        while not isinstance(event := await self._wire.next_event(), Switched):
            if isinstance(event, Paused):
                raise BrokenResourceError("the connection has ended before the switch")
        self._wire.switched = SwitchedStream(self._wire.stream, connection, event)
        return self._wire.switched

    def resume(self, stream: AnyByteStream) -> None:
        """Goes on in HTTP above the new layer: `stream` is TLS over what `accept` gave.

        `serve_connection` closes it.

        LocalProtocolError where nothing was accepted. Next: answer the request. RFC 2817, section 3.
        """
        stream = of_bytes(stream)
        self._open.take_leftover()
        self.connection.resume_http()
        share(stream)
        self._wire.stream, self._wire.switched = stream, None

    @property
    def _open(self) -> Connection:
        """Returns the engine while this exchange has it.

        The next exchange may be under way.
        """
        if self._wire.exchange is not self:
            raise ClosedResourceError("the exchange is over")
        return self.connection

    def _end(self, event: EndOfMessage) -> None:
        self._has_ended = True
        self.trailers = event.trailers

    async def _skip(self) -> None:
        """Drops the rest of the content."""
        with suppress(LocalProtocolError):
            self.connection.skip_content()
        while not self._has_ended:
            event = await self._wire.next_event()
            if isinstance(event, EndOfMessage):
                self._end(event)
            elif isinstance(event, Paused):
                raise self._wire.note(ContentTooLargeError("more content than the limit `drain` before a switch"))


Handler = Callable[[Exchange], Awaitable[object]]
"""What `serve_connection` calls with each request."""


async def _next_request(wire: Wire) -> Request | None:
    """The next request; None where there will be none."""
    with suppress(LocalProtocolError):
        wire.connection.skip_content()  # what the handler has not read
    try:
        while not isinstance(event := await wire.next_event(), Paused | Switched):
            if isinstance(event, Request):
                return event
    except (RemoteProtocolError, TimeoutError) as error:
        _log(error)
        if wire.connection.awaiting is not Awaiting.REQUEST:
            await _send_error(wire, _status(error))
    return None


async def _exchange(wire: Wire, handler: Handler, exchange: Exchange) -> bool:
    """Plays one request and its response.

    Returns whether another request may follow.
    """
    error: Exception | None = None
    try:
        await handler(exchange)
    except Exception as raised:
        error = raised
    except asyncio.CancelledError as raised:
        if not _is_stray():
            raise
        error = RuntimeError("what the handler awaited was cancelled")
        error.__cause__ = raised
    wire.exchange = None
    if own := error and _without(error, wire.failures, DISCONNECTS if wire.switched else (ClientGoneError,)):
        LOG.error("Exception in a handler", exc_info=own)
    elif wire.failure or error:
        _log(wire.failure or error)
    if wire.switched or wire.is_broken:
        if wire.switched and own:
            # A protocol that its end delimits would look whole.
            wire.is_broken = True
        return False
    if wire.connection.owes is Owes.NOTHING:
        return wire.failure is None and wire.connection.persists
    if error is None:
        LOG.error("A handler has returned without a whole answer")
    await _send_error(wire, _status(None if own else wire.failure))
    return False


def _is_stray() -> bool:
    """Returns whether a future was cancelled that the handler awaited.

    Under asyncio: and not this task.
    """
    task = asyncio.current_task()
    return task is not None and not task.cancelling() and current_effective_deadline() > -math.inf


def _without(error: Exception, failures: Iterable[Exception], quiet: tuple[type[Exception], ...]) -> Exception | None:
    """Returns the exceptions that a handler has raised of its own.

    One, or what remains of a group.
    """

    def is_known(part: BaseException) -> bool:
        return any(part is failure for failure in failures) or isinstance(part, quiet)

    if isinstance(error, ExceptionGroup):
        return cast("ExceptionGroup[Exception]", error).split(is_known)[1]
    return None if is_known(error) else error


def _log(error: Exception | None) -> None:
    """Logs a client's mistake as a warning, and its absence for debugging."""
    if isinstance(error, RemoteProtocolError) and error.kind is not ErrorKind.TRUNCATED:
        LOG.warning("The client broke the protocol: %s (%s). %s", error, error.clause, error.advice)
    else:
        LOG.debug("The client was given up", exc_info=error)


def _status(error: Exception | None) -> int:
    """Returns the status to answer with after that."""
    if isinstance(error, RemoteProtocolError):
        return error.status or 400
    if isinstance(error, TimeoutError):
        return 408
    return 413 if isinstance(error, ContentTooLargeError) else 500


async def _send_error(wire: Wire, status: int) -> None:
    """Answers what cannot be served, where no answer has begun. The connection ends."""
    with suppress(ProtocolError, *TRANSPORT_ERRORS):
        await wire.send(wire.connection.reject(status))


def _checked(protocols: ProtocolsLike, config: Config | None, timeouts: Timeouts) -> list[TextLike | Protocol]:
    """The protocols in a list, or what is wrong with the arguments."""
    if config is not None and config.http2_preface:
        raise ValueError("http2_preface: there is no request that a handler could be called with")
    expected: type = Timeouts
    if not isinstance(timeouts, expected):
        raise TypeError(f"expected a Timeouts, got {type(timeouts).__name__}")
    if isinstance(protocols, str):
        raise TypeError("expected a list of protocols, got str")
    listed = list(protocols)
    Connection(Role.SERVER).select(listed)
    return listed


def _text(protocol: TextLike | Protocol) -> str:
    """Returns the protocol as text, as it was spelled."""
    return protocol.decode("latin-1") if isinstance(protocol, bytes | bytearray) else str(protocol)
