"""The server: it calls a handler with each request, and closes the connection."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    ClosedResourceError,
    create_task_group,
    current_time,
    get_cancelled_exc_class,
    move_on_after,
    sleep,
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
    Stage,
    Switched,
    UpgradeState,
)
from .._reset import has_hung_up, prepare
from .ending import DISCONNECTS, TRANSPORT_ERRORS, close_at_once, linger_and_close
from .failures import (
    LOG,
    ClientGoneError,
    ContentTooLargeError,
    is_shut_down,
    is_stray,
    log,
    status_of,
    without,
    would_be_a_tunnel,
)
from .streams import of_bytes, share, socket_of
from .variables import called, in_context
from .wire import MAX_CONTENT, TIMEOUTS, SwitchedStream, Timeouts, Wire, connection_on

if TYPE_CHECKING:
    from .. import HeadersLike, ProtocolsLike, TextLike

UNHEARD = 1 << 20
"""The number of discarded bytes between two checks for a disconnect.

Content of a response is discarded after a HEAD, for example.
"""
DISCONNECT_POLL = 0.001
"""The seconds for which one check waits for the client's disconnect."""
HANG_UP_POLL = 0.2
"""The seconds between two checks for a disconnect, when the client is not read."""
ACCEPT_RETRY_DELAY = 0.05
"""The pause in seconds after a listener has failed to accept a connection."""


async def serve_connection(
    stream: AnyByteStream,
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Serves one connection, from its first byte to its last.

    Calls `handler` with each request, in context variables of its own, and closes the stream.

    `upgrades` are the protocols that the handler supports. If a request offers one of them, `Exchange.upgrade` is its
    name: accept it, or respond as if it had not been offered. Without a `config`, `secure` is true if the stream is
    anyio's TLS.

    Raises only TypeError and ValueError for wrong arguments, and BaseExceptions such as cancellation, which close the
    stream at once. It returns once the connection has ended. A client that breaks the protocol gets a response with the
    appropriate status. One that is too slow in the middle of a request gets a 408; an idle one is closed without a
    response. If a handler raises or does not respond, the client gets a 500, and the error is logged to
    `switchover.aio`. A response that has begun is cut instead. RFC 9112, section 9.
    """
    upgrades = _checked(upgrades, config, timeouts)
    wire = Wire(stream, connection_on(stream, Role.SERVER, config), timeouts)
    try:
        prepare(socket_of(stream))
        with suppress(*TRANSPORT_ERRORS, RemoteProtocolError):
            while request := await _next_request(wire):
                if not await _exchange(wire, handler, Exchange(wire, request, upgrades)):
                    break
        await linger_and_close(wire)
    except Exception as error:
        # A task of the handler still uses the stream, or the transport raises exceptions of its own, as uvloop's does.
        if isinstance(error, BusyResourceError):
            LOG.error("A connection is used after its handler has returned", exc_info=error)
        else:
            LOG.warning("A connection was given up", exc_info=error)
        with suppress(Exception):
            await close_at_once(wire)
    except BaseException:
        await close_at_once(wire)
        raise
    finally:
        wire.rest()


async def serve(
    listener: Listener[AnyByteStream],
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Accepts connections until the listener is closed or the task is cancelled.

    Calls `serve_connection` with each, in a task of its own.

    `listener` may be a `TLSListener` of anyio. If the system is out of file descriptors, `serve` tries again a moment
    later; `Listener.serve` alone would raise, and end all connections. If a handler's task is cancelled under asyncio,
    its connection alone ends. Once the listener is closed, `serve` waits for the open connections; cancelling it closes
    them at once.
    """
    upgrades = _checked(upgrades, config, timeouts)

    async def each(stream: AnyByteStream) -> None:
        try:
            await serve_connection(stream, handler, upgrades, config=config, timeouts=timeouts)
        except asyncio.CancelledError as error:
            if is_shut_down():
                raise
            LOG.error("A handler's task was cancelled", exc_info=error)
        except (KeyboardInterrupt, SystemExit, get_cancelled_exc_class()):
            raise
        except BaseException as error:
            # One handler's GeneratorExit, say, is not to end the connections of others.
            LOG.error("A handler has raised a BaseException", exc_info=error)

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
    """A request, and the methods to respond to it.

    When a call returns, its bytes were sent or are in the system's send buffer.

    Each call may raise BrokenResourceError if the client has disconnected, and TimeoutError if it is too slow (see
    `Timeouts`). A call that would send something out of order raises LocalProtocolError and sends nothing. A send that
    is cancelled breaks the connection. After the handler has returned, a call that would read or send raises
    ClosedResourceError, or BrokenResourceError if the client has disconnected.
    """

    request: Final[Request]
    """The head of the request."""
    upgrade: Final[str | None]
    """The client's first acceptable offered protocol that is in `upgrades`, or None."""
    connection: Final[Connection]
    """The engine, for its getters and for methods that send nothing.

    Such are `select_subprotocol`, `select_deflate` and `advertise`. Send with the methods of this class.
    """
    trailers: Headers
    """The request's trailers; empty until its content has been read to the end."""

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
        """The transport, for its extra attributes such as the client's address.

        `exchange.stream.extra(SocketAttribute.remote_address)`.
        """
        return self._wire.stream

    # The request.

    async def receive(self) -> bytes:
        """Returns the next piece of the request's content; empty at its end.

        If the client waits for a 100, that is sent first.

        Raises RemoteProtocolError if the content is malformed or truncated. RFC 9112, section 6.
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
        """Returns the rest of the request's content.

        Raises ContentTooLargeError if it has more than `largest` bytes. Next: respond.
        """
        content = bytearray()
        while data := await self.receive():
            content += data
            if len(content) > largest:
                raise self._wire.note(ContentTooLargeError(f"more than {largest} bytes of content"))
        return bytes(content)

    async def gone(self) -> None:
        """Waits until the client has closed or half-closed the connection.

        Most likely it has disconnected.

        A client that has half-closed may still read its response. This reads the transport: call it once the content
        has been read, in a task of its own. It ends with the handler. The engine reads no more after the last response
        or a switch, and if the client sends more requests than it holds. Then the socket is asked now and then; on
        other systems than Linux, and without a socket, this waits for the handler. Next: stop the work for this client.
        """
        connection, wire, raw = self._open, self._wire, socket_of(self._wire.stream)

        async def watch() -> None:
            while connection.wants_input:
                await wire.receive()

        with suppress(*TRANSPORT_ERRORS):
            # The last response may be sent during a read: what comes after it is discarded.
            with suppress(LocalProtocolError):
                await wire.watching.run(watch)
            # Asked of the socket itself, which says when it is closed.
            while wire.exchange is self and not (wire.has_end or wire.is_broken or wire.is_closed or has_hung_up(raw)):
                await sleep(HANG_UP_POLL)

    # Responding in HTTP.

    async def respond(
        self, status: int, headers: HeadersLike = (), content: bytes = b"", reason: TextLike | None = None
    ) -> None:
        """Sends a whole response, as `Connection.respond`, which declines an offer."""
        await self._wire.send(self._open.respond(status, headers, content, reason))

    async def respond_prepared(self, prepared: Prepared) -> None:
        """Sends a prepared response, as `Connection.respond_prepared`."""
        await self._wire.send(self._open.respond_prepared(prepared))

    async def send_informational(self, status: int, headers: HeadersLike = (), reason: TextLike | None = None) -> None:
        """Sends an interim response, as `Connection.send_informational`.

        `receive` sends a 100 by itself if the client waits for one. A client of HTTP/1.0 gets nothing, as it knows no
        interim responses (RFC 9110, section 15.2).
        """
        if self.request.minor_version > 0:
            await self._wire.send(self._open.send_informational(status, headers, reason))

    async def send_response(self, status: int, headers: HeadersLike = (), reason: TextLike | None = None) -> None:
        """Sends the head of a response, as `Connection.send_response`.

        Next: `send_data`, and `send_end`.

        To read content after this call, call `receive` once before it: no 100 can follow the head of a response.
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
        """Sends a piece of the response's content.

        If the response can have no content, as after HEAD or with a 204, `data` is discarded.

        Raises BrokenResourceError if the client has left. After each MiB of discarded content that is checked, and a
        half-close counts, too. For empty `data` a half-close counts only after the write timeout.
        """
        connection = self._open
        if data and self._takes_content:
            await self._wire.send(connection.send_data(data))
            return
        await checkpoint()
        if self._takes_content and self._wire.is_deserted:
            self._is_gone = True
            raise ClientGoneError("the client has gone")
        self._left_out += len(data)
        if self._left_out > UNHEARD:
            self._left_out = 0
            await self._look_for_the_end()

    async def _look_for_the_end(self) -> None:
        """Raises ClientGoneError if the client has closed or half-closed.

        It is for a handler whose content is discarded: as nothing is written, no send would fail.
        """
        # If unread requests precede the client's EOF, reading does not reach it.
        if not has_hung_up(socket_of(self._wire.stream)):
            try:
                with move_on_after(DISCONNECT_POLL) as glance:
                    await self.gone()
            except BusyResourceError:
                # Another task of the handler is in `gone`.
                return
            if glance.cancelled_caught:
                return
        self._is_gone = True
        with suppress(LocalProtocolError):
            await self._wire.send(self.connection.send_end())
        raise ClientGoneError("the client has gone")

    async def send_end(self, trailers: HeadersLike = ()) -> None:
        """Ends the response, with trailers if it is chunked."""
        if self._is_gone:
            raise ClientGoneError("the client has gone")
        await self._wire.send(self._open.send_end(trailers))

    # Switching to another protocol.

    async def accept(self, headers: HeadersLike = ()) -> SwitchedStream:
        """Switches to `upgrade` with a 101, or opens the tunnel of a CONNECT.

        The tunnel opens with a 200.

        Unread content is discarded, up to the limit `drain`; ContentTooLargeError if there is more, to which
        `serve_connection` responds with a 413. Raises LocalProtocolError with NOTHING_OFFERED if `upgrade` is None, but
        not for a CONNECT. Next: speak the new protocol; `serve_connection` closes the stream when the handler returns.
        If the new protocol is TLS: `resume`. RFC 9110, sections 7.8 and 9.3.6.
        """
        connection = self._open
        is_connect = connection.state.upgrade is UpgradeState.CONNECT
        if self._selection is None and not is_connect:
            raise LocalProtocolError(f"{ErrorKind.NOTHING_OFFERED.text} (error 811)", ErrorKind.NOTHING_OFFERED)
        await self._skip()
        # What `gone` reads from now on would be the new protocol's.
        await self._wire.watching.interrupt()
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
        """Resumes HTTP over the new layer: `stream` is TLS over the result of `accept`.

        `serve_connection` closes `stream`.

        Raises LocalProtocolError if no offer was accepted. Next: respond to the request. RFC 2817, section 3.
        """
        stream = of_bytes(stream)
        self._open.take_leftover()
        self.connection.resume_http()
        share(stream)
        self._wire.stream, self._wire.switched = stream, None

    @property
    def _open(self) -> Connection:
        """Returns the engine; raises ClosedResourceError once the handler has returned.

        The connection may serve another request by then.
        """
        if self._wire.exchange is not self:
            raise ClosedResourceError("the exchange is over")
        return self.connection

    def _end(self, event: EndOfMessage) -> None:
        self._has_ended = True
        self.trailers = event.trailers

    async def _skip(self) -> None:
        """Discards the rest of the request's content, up to the limit `drain`.

        Raises ContentTooLargeError if there is more.
        """
        with suppress(LocalProtocolError):
            self.connection.skip_content()
        while not self._has_ended:
            event = await self._wire.next_event()
            if isinstance(event, EndOfMessage):
                self._end(event)
            elif isinstance(event, Paused):
                raise self._wire.note(ContentTooLargeError("more content than the limit `drain` before a switch"))


Handler = Callable[[Exchange], Awaitable[object]]
"""The type of the function that `serve_connection` calls with each request."""


async def _next_request(wire: Wire) -> Request | None:
    """Returns the client's next request, or None if none follows.

    If a request is malformed, or late after its first byte, sends an error response and returns None.
    """
    if wire.connection.their_state is Stage.SEND_BODY:
        with suppress(LocalProtocolError):
            wire.connection.skip_content()  # what the handler has not read
    try:
        while not isinstance(event := await wire.next_event(), Paused | Switched):
            if isinstance(event, Request):
                return event
    except (RemoteProtocolError, TimeoutError) as error:
        log(error)
        if wire.connection.awaiting is not Awaiting.REQUEST:
            await _send_error(wire, status_of(error))
    return None


async def _exchange(wire: Wire, handler: Handler, exchange: Exchange) -> bool:
    """Runs the handler for one request; sends an error response if that sends none.

    Returns whether another request may follow.
    """
    error: Exception | None = None
    try:
        # What this handler sets must not reach the next one, whose request may be of another user.
        await in_context(copy_context(), called(handler, exchange))
    except Exception as raised:
        error = raised
    except asyncio.CancelledError as raised:
        if not is_stray():
            raise
        error = RuntimeError("what the handler awaited was cancelled")
        error.__cause__ = raised
    wire.exchange = None
    await wire.watching.interrupt()
    if is_tunnel := would_be_a_tunnel(exchange.request, error):
        LOG.warning("A response with content to CONNECT would open a tunnel: it becomes a 501")
        own = None
    elif own := error and without(error, wire.failures, DISCONNECTS if wire.switched else (ClientGoneError,)):
        LOG.error("Exception in a handler", exc_info=own)
    elif wire.failure or error:
        log(wire.failure or error)
    if wire.switched or wire.is_broken:
        if wire.switched and (own or wire.switched.was_cut):
            # A protocol that is delimited by the end of the connection would look complete.
            wire.is_broken = True
        return False
    if wire.connection.owes is Owes.NOTHING:
        return wire.failure is None and wire.connection.persists
    if error is None:
        LOG.error("A handler has returned without a whole answer")
    await _send_error(wire, 501 if is_tunnel else status_of(None if own else wire.failure))
    return False


async def _send_error(wire: Wire, status: int) -> None:
    """Sends an error response as the connection's last one, if none has begun."""
    with suppress(ProtocolError, *TRANSPORT_ERRORS):
        await wire.send(wire.connection.reject(status))


def _checked(protocols: ProtocolsLike, config: Config | None, timeouts: Timeouts) -> list[TextLike | Protocol]:
    """Checks arguments of `serve_connection`; returns the protocols as a list.

    Raises TypeError or ValueError if one is wrong.
    """
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
    """Returns the protocol as text, in the letter case of the argument."""
    return protocol.decode("latin-1") if isinstance(protocol, bytes | bytearray) else str(protocol)
