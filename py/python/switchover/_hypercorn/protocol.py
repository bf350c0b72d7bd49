"""The class that hypercorn calls: one connection of HTTP/1.1."""

from __future__ import annotations

import contextvars
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any, Final

from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol.events import (
    Body,
    Data as StreamData,
    EndBody,
    Event as StreamEvent,
    Request as StreamRequest,
    Response as StreamResponse,
    StreamClosed,
)
from hypercorn.protocol.h11 import STREAM_ID, H2CProtocolRequiredError, H2ProtocolAssumedError
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import WSStream

from .. import (
    NEED_DATA,
    Awaiting,
    Closing,
    Config,
    Connection,
    Data,
    EndOfMessage,
    Owes,
    Paused,
    PausedReason,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
    Stage,
    Switched,
)
from .._base import HEAD_MAX
from .._keep import keep
from .._reset import LOOK_EVERY, has_hung_up, was_reset
from .answers import WEBSOCKET, encoded, handshake, has_length, leftover_of, refusal
from .ending import has_read_eof, linger, reset, reset_if_held, socket_of
from .exchange import Exchange
from .writer import Writer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from hypercorn.config import Config as Settings
    from hypercorn.typing import AppWrapper, ConnectionState, TaskGroup, WorkerContext

CONTENT: Final = 1 << 30
"""The maximum content of a request in bytes, whether it is read or discarded."""
FIELDS: Final = 1_024
"""The maximum number of field lines of a head."""
UNDECIDED: Final = 40
"""The tenths of a second for an app to accept a WebSocket after the client's EOF."""


class Protocol:
    """An HTTP/1.1 connection of hypercorn.

    hypercorn calls `handle` with what it has read, and its streams call `stream_send`.
    """

    def __init__(
        self,
        app: AppWrapper,
        config: Settings,
        context: WorkerContext,
        task_group: TaskGroup,
        connection_state: ConnectionState,
        ssl: bool,
        client: tuple[str, int] | None,
        server: tuple[str, int] | None,
        send: Callable[[Event], Awaitable[None]],
    ) -> None:
        self.app = app
        self.config = config
        self.context = context
        self.task_group: Any = task_group
        self.connection_state = connection_state
        self.peers = (ssl, client, server)
        self.send = send
        self.writer = Writer(send, context.sleep, self.spawn, self.is_cut, self.linger, tls=ssl)
        head = max(0, min(config.h11_max_incomplete_size, HEAD_MAX))
        limits = Config(
            head=head,
            start_line=head,
            field_line=head,
            fields=FIELDS,
            content=CONTENT,
            drain=CONTENT,
            secure=ssl,
            http2_preface=True,
            tidy=True,
            lowercase_names=True,
        )
        self.connection = Connection(Role.SERVER, limits)
        self.exchange: Exchange | None = None
        """The request that is being responded to; None between two requests."""
        self.can_read = context.event_class()
        self.told: Exchange | None = None
        """The request whose app was told of a half-close behind bytes that are not read."""
        self.requests = 0
        self.has_switched = False
        self.early = b""
        """The received bytes of the new protocol that are yet to be passed to the app."""
        self.has_eof = self.has_ended = False
        """True once the client's EOF was read; True once no more bytes are received."""
        self.has_gone = False
        """True once nothing can be sent, as the client has gone."""
        self.is_taking = self.is_looking = False
        self.dropped = 0
        """The number of bytes that were received, and discarded, after the last response."""
        self.variables = contextvars.copy_context()

    async def initiate(self) -> None:
        """Does nothing: a server of HTTP/1.1 does not speak first."""

    async def handle(self, event: Event) -> None:
        """Handles received bytes, or the end of the connection.

        Returns once more bytes may be read. Raises H2CProtocolRequiredError or
        H2ProtocolAssumedError if HTTP/2 follows.
        """
        if isinstance(event, Closed):
            await self.handle_end()
            return
        # After a read timeout there is none of these, and the client may be there.
        self.has_eof = self.has_eof or (isinstance(event, RawData) and not event.data)
        if isinstance(event, RawData) and self.writer.is_closed:
            self.dropped += len(event.data)
        elif isinstance(event, RawData) and event.data and not self.has_gone:
            if self.has_switched:
                self.early += event.data
            else:
                keep(self.connection, event.data)
            await self.take_events()
            while self.is_full:
                await self.can_read.clear()
                if not self.is_looking:
                    self.is_looking = True
                    self.spawn(self.look)
                await self.can_read.wait()

    async def look(self) -> None:
        """Checks each second, while reading is stopped, whether the client has left.

        A half-close behind bytes that are not read is told to an app that is not responding; requests are still served.
        """
        raw = socket_of(self.send)
        while self.is_full:
            await self.context.sleep(LOOK_EVERY)
            if self.is_full and was_reset(raw):
                self.has_ended = self.has_gone = True
                await self.tell_of_end()
                await self.can_read.set()
            elif self.is_full and self.told is not self.exchange and not self.is_responding and has_hung_up(raw):
                self.told = self.exchange
                await self.tell_of_end()
        self.is_looking = False

    @property
    def is_responding(self) -> bool:
        """Returns whether the app has begun its response, and not ended it."""
        return self.exchange is not None and self.exchange.has_begun and self.connection.owes is not Owes.NOTHING

    @property
    def is_full(self) -> bool:
        """Returns whether no more bytes of the client are to be read for now.

        Otherwise hypercorn reads on while an app responds, and so learns of the client's end.
        """
        if self.has_switched:
            return self.is_taking
        connection = self.connection
        if connection.wants_input or self.writer.is_closed or self.has_ended:
            return False
        # Between two requests, what has come of the next one is yet to be taken.
        return self.exchange is not None or self.is_taking or bool(connection.unread)

    async def handle_end(self) -> None:
        """Handles the client's EOF at the first call, the connection's end at the next.

        hypercorn reports both as `Closed`: when it can read no more, when it cannot write, and
        after its keep-alive timeout.
        """
        if self.has_ended:
            self.has_gone = True
        self.has_ended = True
        # hypercorn does not pass the EOF on if it came while it waited here.
        self.has_eof = self.has_eof or has_read_eof(self.send)
        if not self.has_switched:
            with suppress(ProtocolError):
                self.connection.receive_eof()
        if self.writer.writing:
            # hypercorn may call this in a failed write, whose lock the response to what has come would wait for.
            self.spawn(self.take_events)
        else:
            await self.take_events()

    async def tell_of_end(self) -> None:
        """Tells the app of the client's EOF; later if a WebSocket is yet to be accepted."""
        exchange = self.exchange
        if exchange is None or exchange.is_over:
            return
        if isinstance(exchange.stream, WSStream) and not (exchange.has_begun or self.has_gone):
            self.spawn(self.close_later, exchange)
        else:
            await exchange.close()

    async def close_later(self, exchange: Exchange) -> None:
        """Tells an app of the client's EOF, unless it accepts its WebSocket in time.

        It has `UNDECIDED` tenths of a second; after a denial it is told at once.
        """
        for _ in range(UNDECIDED):
            await self.context.sleep(0.1)
            if self.exchange is not exchange or exchange.is_over or self.has_switched:
                return
            if exchange.has_begun:
                break  # it was denied
        await exchange.close()

    # Receiving.

    async def take_events(self) -> None:
        """Handles events, until more bytes or a response is needed.

        One task at a time does so, and also handles the bytes that come meanwhile. Returns at once
        if another task does.
        """
        if self.is_taking:
            return
        self.is_taking = True
        try:
            while self.early if self.has_switched else await self.has_taken_one():
                early, self.early = self.early, b""
                if early and self.exchange is not None:
                    await self.exchange.handle(StreamData(stream_id=STREAM_ID, data=early))
        finally:
            self.is_taking = False
        if self.has_ended:
            await self.tell_of_end()
        await self.can_read.set()

    async def has_taken_one(self) -> bool:
        """Handles the next event; returns False if there is none, or HTTP ends.

        First sends the 100 that the client waits for. Raises H2ProtocolAssumedError for the preface
        of HTTP/2, and what `take` raises.
        """
        connection, exchange = self.connection, self.exchange
        if self.has_gone or self.writer.is_closed:
            return False
        is_whole = exchange is not None and (exchange.has_all or exchange.is_over)
        if is_whole and connection.awaiting in {Awaiting.REQUEST, Awaiting.HEAD}:
            return False  # its response is sent, and its app has yet to end
        if connection.owes is Owes.CONTINUE:
            await self.writer.write(connection.send_informational(100, self.fields(), b""))
        try:
            event = connection.next_event()
        except RemoteProtocolError as error:
            await self.reject(error.status or 400)
            return False
        if isinstance(event, Request):
            await self.take(event)
        elif isinstance(event, Switched):
            raise H2ProtocolAssumedError(event.leftover)
        elif isinstance(event, Paused) and event.reason is PausedReason.CLOSED and exchange is None:
            await self.close()
            return False
        elif event is NEED_DATA or isinstance(event, Paused):
            return False
        elif exchange is not None and isinstance(event, Data):
            await exchange.handle(Body(stream_id=STREAM_ID, data=event.data))
        elif exchange is not None and isinstance(event, EndOfMessage):
            await exchange.handle(EndBody(stream_id=STREAM_ID))
        return True

    async def take(self, request: Request) -> None:
        """Starts the app for a request, accepts h2c, or rejects a bad WebSocket handshake.

        h2c is accepted only in a request without content, before any app was started. After the 101
        it raises H2CProtocolRequiredError.
        """
        await self.send(Updated(idle=False))
        headers = request.headers.lower()
        # hypercorn takes its errors while it hands over what it has read: here, for the first request.
        if request.ends and not self.requests and (selection := self.connection.select(["h2c"])):
            await self.writer.write(self.connection.accept(selection, self.fields()))
            lowered: Any = Request(request.method, request.target, headers)
            raise H2CProtocolRequiredError(leftover_of(self.connection), lowered)
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is not None and offered.ineligible is not None:
            await self.writer.write(refusal(self.connection, offered.ineligible, self.fields()))
            await self.send(Updated(idle=True))
            return
        if offered is not None and not request.ends:
            # hypercorn does the same once it sees the content, and its app may have accepted before.
            await self.reject(400)
            return
        ends = request.ends and self.connection.take_end()
        self.requests += 1
        exchange = self.exchange = Exchange(self, HTTPStream if offered is None else WSStream)
        passed = request.headers.lines() if self.config.h11_pass_raw_headers else headers
        begun = StreamRequest(
            stream_id=STREAM_ID,
            headers=passed if offered is None else handshake(passed),
            http_version=request.http_version,
            method=request.method.decode("ascii"),
            raw_path=request.target,
            state=self.connection_state,
        )
        try:
            await exchange.handle(begun)
        except UnicodeDecodeError:
            # hypercorn decodes a handshake's fields as ASCII. The error would end a whole worker of trio.
            self.exchange = None
            await self.reject(400)
            return
        if ends:
            await exchange.handle(EndBody(stream_id=STREAM_ID))
        await self.context.mark_request()

    # Sending.

    async def stream_send(self, exchange: Exchange, event: StreamEvent) -> None:
        """Sends an event of an exchange's stream to the client, or handles its end.

        Such an event is a head, content, or the end of content. Once the exchange is over, it is
        dropped.
        """
        is_current = exchange is self.exchange and not exchange.is_over
        if isinstance(event, StreamClosed):
            if is_current:
                await self.end_exchange(exchange)
            return
        if self.writer.is_full and not self.writer.is_closed:
            # Its app gives up one write after the other: the response is cut.
            self.connection.abandon()
            self.writer.pending.clear()
            await self.close()
        if not is_current or self.writer.is_closed or self.has_gone:
            await exchange.drop()
            return
        if isinstance(event, StreamResponse):
            exchange.has_begun, exchange.has_length = True, has_length(event)
        elif isinstance(event, EndBody) and (self.has_ended or self.told is exchange) and exchange.may_be_cut:
            self.connection.abandon()
            await self.close()
            return
        if isinstance(event, StreamData) and not self.has_switched:
            await self.reject(500)  # its 101 was refused, and a frame is no HTTP
            return
        if isinstance(event, StreamResponse) and 200 <= event.status_code < 300 and self.is_connect():
            await self.reject(501)  # it would open a tunnel, and an app of hypercorn has none
            return
        with suppress(RemoteProtocolError):  # whoever takes events answers that
            await self.write_event(exchange, event)
        if self.has_switched and (self.early or self.has_ended):
            self.spawn(self.take_events)

    async def write_event(self, exchange: Exchange, event: StreamEvent) -> None:
        """Writes an event of a stream; a head may wait for its content."""
        connection = self.connection
        if self.requests >= self.config.keep_alive_max_requests and isinstance(event, StreamResponse):
            connection.close_after_response()
        data = exchange.held + encoded(connection, event, self.fields, self.warn)
        # A client whose content is yet to come may wait for the head; and after HEAD, for example, none follows it. A
        # head without a length is sent at once.
        is_held = isinstance(event, StreamResponse) and exchange.has_length and event.status_code >= 200
        is_held = is_held and connection.their_state is not Stage.SEND_BODY and connection.owes is Owes.CONTENT
        exchange.held = data if is_held else b""
        if not self.has_switched and connection.our_state is Stage.SWITCHED_PROTOCOL:
            self.early = leftover_of(connection)
            self.has_switched = True
        if not is_held:
            await self.writer.write(data)

    def warn(self, text: str) -> None:
        """Logs a warning."""
        self.spawn(self.config.log.warning, text)

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Returns the server's own field lines, for the head of each response."""
        return self.config.response_headers("h11")

    async def close(self, last: bytes = b"") -> None:
        """Closes the connection after sending `last`; what the app still sends is dropped."""
        self.writer.is_closed = True
        # By another task: the app that hears of the end may cancel this one.
        self.spawn(self.writer.close, last)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            await exchange.close()
        await self.can_read.set()

    async def linger(self) -> None:
        """Reads on for a while, if the client could lose the last response otherwise."""
        if self.connection.closing is Closing.LINGER and not self.has_switched:
            await linger(self.send, self.context.sleep, lambda: inf if self.has_ended else self.dropped)

    def is_cut(self) -> bool:
        """Returns whether an incomplete response would look complete after a close."""
        return self.connection.closing is Closing.RESET

    def is_connect(self) -> bool:
        """Returns whether the request is a CONNECT (RFC 9110, section 9.3.6)."""
        request = self.connection.request
        return request is not None and request.method == b"CONNECT"

    async def reject(self, status: int) -> None:
        """Sends an error response and closes; a response that has begun is cut instead."""
        last = b""
        try:
            last = self.connection.reject(status, self.fields())
        except ProtocolError:
            self.connection.abandon()
            last = b"" if self.exchange is None else self.exchange.held
        # An app may send before this has left, and an error in its task would end a worker of trio.
        await self.close(last)

    # Ends.

    async def end_exchange(self, exchange: Exchange) -> None:
        """Ends an exchange whose stream has ended; an incomplete response is cut.

        A task then goes on with the next request, or closes the connection.
        """
        connection, exchange.is_over = self.connection, True
        if connection.their_state is Stage.SEND_BODY:
            with suppress(ProtocolError):
                connection.skip_content()  # what the app has not read
        if connection.owes is not Owes.NOTHING and not self.has_switched:
            connection.abandon()  # the response is cut, and its client may see the head
            self.writer.pending.append(exchange.held)
        # The app's task may be cancelled as soon as the app hears of the end, as Starlette does.
        self.spawn(self.go_on, exchange)

    async def go_on(self, exchange: Exchange) -> None:
        """Takes the events of the next request after an exchange, or closes.

        Closes the connection if it does not persist, the server stops, or the client has ended and no bytes are unread.
        """
        connection = self.connection
        try:
            await self.writer.write()
        except BaseException:
            reset_if_held(self.send)
            raise
        is_last = self.context.terminated.is_set() or self.has_switched or not connection.persists
        if is_last or (self.has_ended and not connection.unread):
            await self.close()
            return
        # No request is taken before the exchange has left: hypercorn's idle timer would run while it is served.
        await self.send(Updated(idle=True))
        await exchange.close()
        self.exchange = None
        await self.take_events()

    async def app_ended(self, exchange: Exchange) -> None:
        """Ends the exchange after its app: an incomplete response becomes a 500 or is cut.

        hypercorn's stream does not do so once its app was told of the client's end.
        """
        if exchange is not self.exchange or exchange.is_over or self.has_gone:
            return
        if self.connection.owes is Owes.NOTHING or self.has_switched:
            await self.end_exchange(exchange)
        else:
            await self.reject(500)

    def app_cancelled(self, exchange: Exchange) -> None:
        """Resets the connection of a cancelled app if a close would hide a cut response."""
        # A later response is not this app's.
        if exchange is self.exchange and self.is_cut():
            reset(self.send)

    def spawn(self, act: Callable[..., Coroutine[Any, Any, None]], *given: object) -> None:
        """Starts a task that has the connection's context variables, not those of an app."""

        async def acts() -> None:
            # An error of the socket, as of TLS that is not closed in time, would cancel the apps of the connection.
            with suppress(OSError):
                await act(*given)

        task = acts()
        try:
            self.variables.run(self.task_group.spawn, lambda: task)
        except RuntimeError:
            # The server stops, takes no more tasks, and closes the connection.
            task.close()
            if self.is_cut():
                reset(self.send)
