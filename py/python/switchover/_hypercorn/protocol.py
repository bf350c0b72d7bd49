"""The class that hypercorn calls: one connection of HTTP/1.1."""

from __future__ import annotations

import contextvars
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from hypercorn.events import Closed, Event, RawData, Updated
from hypercorn.protocol import events
from hypercorn.protocol.h11 import STREAM_ID, H2CProtocolRequiredError, H2ProtocolAssumedError
from hypercorn.protocol.http_stream import HTTPStream
from hypercorn.protocol.ws_stream import WSStream

from .. import (
    Awaiting,
    Config,
    Connection,
    Data,
    EndOfMessage,
    Owes,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
    Stage,
    Switched,
)
from .._advertised import advertised
from .._base import HEAD_MAX
from .._keep import keep
from .._limits import CONTENT
from .._reset import LOOK_EVERY, has_hung_up, probes, was_reset
from .._switchover import _noted
from .exchange import Exchange
from .handshake import HANDSHAKE, WEBSOCKET, handshake, refusal
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

    from hypercorn.config import Config as Settings
    from hypercorn.typing import AppWrapper, ConnectionState, TaskGroup, WorkerContext

    from .inbox import Inbox

OPTIONS: Final[dict[str, Any]] = {
    "fields": 1_024,
    "content": CONTENT,
    "drain": CONTENT,
    "http2_preface": True,
    "tidy": True,
    "lowercase_names": True,
}
"""The engine's options that do not depend on hypercorn's."""
SILENT: Final = 30
"""The looks without a write after which a half-closed client counts as gone."""
LOST: Final = 3
"""The waits for the end of a client that has ended TLS.

asyncio logs the fifth write after that.
"""
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
        head = max(0, min(config.h11_max_incomplete_size, HEAD_MAX))
        limits = Config(head=head, start_line=head, field_line=head, secure=ssl, **OPTIONS)
        self.connection = Connection(Role.SERVER, limits)
        self.wire = Wire(send, context.sleep, self.spawn, self.connection, tls=ssl)
        self.exchange: Exchange | None = None
        """The request that is being responded to; None between two requests."""
        self.can_read = context.event_class()
        self.requests = 0
        self.early = b""
        """The received bytes of the new protocol that are yet to be passed to the app."""
        self.has_gone = False
        """True once nothing can be sent, as the client has gone."""
        self.is_taking = self.is_looking = False
        self.waits = self.received = 0
        """The waits for a client's end, and the messages received by its app."""
        self.variables = contextvars.copy_context()

    async def initiate(self) -> None:
        """Does nothing: a server of HTTP/1.1 does not speak first."""

    async def handle(self, event: Event) -> None:
        """Handles received bytes, or the end; returns once more bytes may be read.

        Raises H2CProtocolRequiredError or H2ProtocolAssumedError if HTTP/2 follows.
        """
        if isinstance(event, Closed):
            await self.handle_end()
        elif isinstance(event, RawData) and self.wire.is_closed:
            self.wire.dropped += len(event.data)
        elif isinstance(event, RawData) and event.data and not self.has_gone:
            if self.connection.may_speak:
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

        A half-close behind bytes that are not read is told to an app that is not responding, or sends nothing for
        `SILENT` looks. Requests are still served.
        """
        raw, writes, silent = self.wire.socket, 0, 0
        # The FIN of a client whose bytes do not fit is never sent.
        probes(raw)
        while self.is_full:
            await self.context.sleep(LOOK_EVERY)
            if self.is_full and was_reset(raw):
                await self.lose_client()
            elif self.is_full and has_hung_up(raw):
                silent, writes = silent + 1 if self.wire.writes == writes else 0, self.wire.writes
                if self.connection.owes is not Owes.CONTENT or silent >= SILENT:
                    await self.tell_of_end()
        self.is_looking = False

    @property
    def is_full(self) -> bool:
        """True while no more is read; else hypercorn reads on while an app responds."""
        connection = self.connection
        if connection.may_speak:
            return self.is_taking
        if connection.wants_input or self.wire.is_closed or self.wire.has_ended:
            return False
        # Between two requests, what has come of the next one is yet to be taken.
        return self.exchange is not None or self.is_taking or bool(connection.unread)

    async def await_end(self, inbox: Inbox) -> None:
        """Awaits the end of a client that has ended TLS; then tells the app.

        It may stand behind content. If the app receives nothing in `LOST` waits of a second, it will not be read.
        """
        if inbox.received != self.received:
            self.received, self.waits = inbox.received, 0
            return
        self.waits += 1
        await self.context.sleep(LOOK_EVERY)
        if self.wire.is_lost and self.waits >= LOST:
            await self.lose_client()

    async def lose_client(self) -> None:
        """Tells the app that its client has gone; nothing more is read or sent."""
        self.wire.has_ended = self.has_gone = True
        await self.tell_of_end()
        await self.can_read.set()

    async def handle_end(self) -> None:
        """Handles the client's EOF at the first call, the connection's end at the next.

        hypercorn reports both as `Closed`: when it can read no more, when it cannot write, and
        after its keep-alive timeout.
        """
        self.has_gone, self.wire.has_ended = self.wire.has_ended, True
        with suppress(ProtocolError):
            self.connection.receive_eof()
        if self.wire.writing:
            # hypercorn may call this in a failed write, whose lock the response to what has come would wait for.
            self.spawn(self.take_events)
        else:
            await self.take_events()

    async def tell_of_end(self) -> None:
        """Tells the app of the client's EOF; later if a WebSocket is yet to be accepted."""
        exchange = self.exchange
        if exchange is None or exchange.is_over:
            return
        is_undecided = isinstance(exchange.stream, WSStream) and self.connection.owes is Owes.RESPONSE
        if is_undecided and not self.has_gone:
            self.spawn(self.close_later, exchange)
        else:
            await exchange.close()

    async def close_later(self, exchange: Exchange) -> None:
        """Tells an app of the client's EOF, unless it accepts its WebSocket in time."""
        for _ in range(UNDECIDED):
            if self.connection.owes is not Owes.RESPONSE:
                break
            await self.context.sleep(0.1)
        if not (exchange.is_over or self.connection.may_speak):
            await exchange.close()

    # Receiving.

    async def take_events(self) -> None:
        """Handles events until bytes or a response are needed, unless a task does so."""
        if self.is_taking:
            return
        self.is_taking = True
        try:
            while await self.has_taken_one():
                pass
        finally:
            self.is_taking = False
        if self.wire.has_ended:
            await self.tell_of_end()
        await self.can_read.set()

    async def has_taken_one(self) -> bool:
        """Handles the next event, after a 100 if the client waits for it.

        Returns False if there is none, if HTTP ends, or if the app of an answered request still runs.
        """
        connection, exchange = self.connection, self.exchange
        if self.has_gone or self.wire.is_closed:
            return False
        if exchange is not None and connection.may_speak:
            if early := connection.take_leftover() + self.early:
                self.early = b""
                await exchange.handle(events.Data(stream_id=STREAM_ID, data=early))
            return bool(early)
        if exchange is not None and connection.awaiting in {Awaiting.REQUEST, Awaiting.HEAD}:
            return False  # its response is sent, and its app has yet to end
        if connection.owes is Owes.CONTINUE:
            await self.wire.write(connection.send_informational(100, self.fields(), b""))
        try:
            event = connection.next_event()
        except RemoteProtocolError as error:
            await self.reject(error.status or 400)
            return False
        is_end = isinstance(event, EndOfMessage) or connection.take_end()
        if isinstance(event, Request):
            await self.take(event)
        elif isinstance(event, Switched):
            raise H2ProtocolAssumedError(event.leftover)
        elif exchange is not None and isinstance(event, Data):
            await exchange.handle(events.Body(stream_id=STREAM_ID, data=event.data))
        elif not is_end:
            if exchange is None and connection.awaiting is Awaiting.NOTHING:
                await self.close()
            return False
        if is_end and self.exchange is not None:
            await self.exchange.handle(events.EndBody(stream_id=STREAM_ID))
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
            await self.wire.write(self.connection.accept(selection, self.fields()))
            lowered: Any = Request(request.method, request.target, headers)
            raise H2CProtocolRequiredError(self.connection.take_leftover(), lowered)
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is not None and offered.ineligible is not None:
            await self.wire.write(refusal(self.connection, offered.ineligible, self.fields()))
            await self.send(Updated(idle=True))
            return
        if offered is not None and not request.ends:
            # hypercorn does the same once it sees the content, and its app may have accepted before.
            await self.reject(400)
            return
        self.requests += 1
        exchange = self.exchange = Exchange(self, HTTPStream if offered is None else WSStream)
        passed = request.headers.lines() if self.config.h11_pass_raw_headers else headers
        begun = events.Request(
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
            await self.reject(400)
            return
        await self.context.mark_request()

    # Sending.

    async def stream_send(self, exchange: Exchange, event: events.Event) -> None:
        """Sends an event of an exchange's stream, drops it, or handles the stream's end."""
        connection = self.connection
        is_current = exchange is self.exchange and not exchange.is_over
        if isinstance(event, events.StreamClosed):
            if is_current:
                await self.end_exchange(exchange)
            return
        if is_current and self.wire.is_full:
            connection.abandon()  # its app gives up one write after the other
            await self.close()
        if not is_current or self.wire.is_closed or self.has_gone:
            await exchange.drop()
            return
        is_cut = isinstance(event, events.EndBody) and connection.owes is Owes.CONTENT and exchange.may_be_cut
        # A frame without a 101, which was refused, is no HTTP.
        if is_cut or (isinstance(event, events.Data) and not connection.may_speak):
            await self.reject(500)
            return
        with suppress(RemoteProtocolError):  # whoever takes events answers that
            if isinstance(event, events.Response):
                await self.write_head(event)
            elif isinstance(event, events.Body):
                await self.wire.write(connection.send_data(event.data))
                if self.wire.is_lost:
                    await self.await_end(exchange.inbox)
            elif isinstance(event, events.EndBody):
                await self.wire.write(connection.send_end())
            elif isinstance(event, events.Data):
                await self.wire.write(event.data)

    async def write_head(self, response: events.Response) -> None:
        """Writes a response's head, which may wait for content; a 101 accepts."""
        connection, status, fields = self.connection, response.status_code, [*response.headers, *self.fields()]
        if self.requests >= self.config.keep_alive_max_requests:
            connection.close_after_response()
        if status == 101 and (selection := connection.select([WEBSOCKET])):
            others = [line for line in fields if line[0].lower() not in HANDSHAKE]
            try:
                await self.wire.write(connection.accept(selection, others))
            finally:
                self.spawn(self.take_events)
            return
        has_length, has_upgrade = _noted(fields)
        if 200 <= status < 300 and (request := connection.request) is not None and request.method == b"CONNECT":
            await self.reject(501)  # it would open a tunnel, and an app of hypercorn has none
        elif status >= 200 and (has_upgrade or status == 426):
            warn = partial(self.spawn, self.config.log.warning)
            await self.wire.write(advertised(connection, warn, status, [], fields))
        else:
            self.wire.pending.append(connection.send_response(status, fields, b""))
            # A client whose content is yet to come may wait for the head; and after HEAD, for example, none follows it.
            # A head without a length is sent at once.
            if not has_length or connection.their_state is Stage.SEND_BODY or connection.owes is not Owes.CONTENT:
                await self.wire.write()

    def fields(self) -> list[tuple[bytes, bytes]]:
        """Returns the server's own field lines, for the head of each response."""
        return self.config.response_headers("h11")

    async def close(self) -> None:
        """Closes the connection after what is pending; the app's later events are lost."""
        self.wire.is_closed = True
        # By another task: the app that hears of the end may cancel this one.
        self.spawn(self.wire.close)
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            await exchange.close()
        await self.can_read.set()

    async def reject(self, status: int) -> None:
        """Sends an error response and closes; a response that has begun is cut instead."""
        try:
            self.wire.pending.append(self.connection.reject(status, self.fields()))
        except ProtocolError:
            self.connection.abandon()
        # An app may send before this has left, and an error in its task would end a worker of trio.
        await self.close()

    # Ends.

    async def end_exchange(self, exchange: Exchange) -> None:
        """Ends an exchange whose stream has ended; an incomplete response is cut."""
        connection, exchange.is_over = self.connection, True
        if connection.their_state is Stage.SEND_BODY:
            with suppress(ProtocolError):
                connection.skip_content()  # what the app has not read
        if connection.owes is not Owes.NOTHING:
            connection.abandon()  # the response is cut, and its client may see the head
        # The app's task may be cancelled as soon as the app hears of the end, as Starlette does.
        self.spawn(self.go_on, exchange)

    async def go_on(self, exchange: Exchange) -> None:
        """Takes the events of the next request after an exchange, or closes."""
        connection = self.connection
        try:
            await self.wire.write()
        except BaseException:
            self.wire.reset_if_held()
            raise
        is_last = self.context.terminated.is_set() or not connection.persists
        if is_last or (self.wire.has_ended and not connection.unread):
            await self.close()
            return
        # No request is taken before the exchange has left: hypercorn's idle timer would run while it is served.
        await self.send(Updated(idle=True))
        await exchange.close()
        self.exchange = None
        await self.take_events()

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
            if self.wire.is_cut:
                self.wire.reset()
