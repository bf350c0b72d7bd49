"""A request at the server, and the methods to respond to it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from anyio import BrokenResourceError, BusyResourceError, ClosedResourceError, move_on_after, sleep
from anyio.abc import AnyByteStream
from anyio.lowlevel import checkpoint

from .. import (
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
    Request,
    Selection,
    Switched,
    UpgradeState,
)
from .._reset import has_hung_up
from .failures import ClientGoneError, ContentTooLargeError
from .lingering import TRANSPORT_ERRORS
from .streams import of_bytes, share, socket_of
from .switched import SwitchedStream
from .wire import MAX_CONTENT, Wire

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
        self._wire.switched = SwitchedStream(self._wire.stream, connection, event, self._wire.failures)
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


def _text(protocol: TextLike | Protocol) -> str:
    """Returns the protocol as text, in the letter case of the argument."""
    return protocol.decode("latin-1") if isinstance(protocol, bytes | bytearray) else str(protocol)
