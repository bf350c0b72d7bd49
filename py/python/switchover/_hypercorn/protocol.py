"""The class that hypercorn calls: one connection of HTTP/1.1."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, cast

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
    Config,
    Connection,
    Data,
    EndOfMessage,
    Ineligible,
    LocalProtocolError,
    Owes,
    Paused,
    PausedReason,
    Protocol as Token,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
    Switched,
)
from .inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.config import Config as Settings
    from hypercorn.typing import AppWrapper, ConnectionState, TaskGroup, WorkerContext

WEBSOCKET: Final = Token("websocket")
HANDSHAKE: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-accept"})
"""The fields of a 101 that the engine writes."""
CONTENT: Final = 1 << 30
"""The most bytes of content in a request."""
DRAIN: Final = 1 << 20
"""The most bytes of content that are dropped after an early answer."""


def configured(settings: Settings, secure: bool) -> Config:
    """Returns the engine's configuration for the settings of hypercorn."""
    largest = settings.h11_max_incomplete_size
    return Config(head=largest, content=CONTENT, drain=DRAIN, secure=secure, http2_preface=True, tidy=True)


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
        self.task_group = task_group
        self.connection_state = connection_state
        self.peers = (ssl, client, server)
        self.send = send
        self.connection = Connection(Role.SERVER, configured(config, ssl))
        self.stream: HTTPStream | WSStream | None = None
        self.inbox: Inbox | None = None
        self.can_read = context.event_class()
        self.requests = 0
        self.has_switched = False
        self.is_rejected = False
        """True once the client has broken the protocol.

        What the app still sends is dropped.
        """

    # Called by hypercorn.

    async def initiate(self) -> None:
        """Does nothing: a server of HTTP/1.1 does not speak first."""

    async def handle(self, event: Event) -> None:
        """Handles received bytes, or the end of the connection.

        No bytes are the end of the client's direction.

        Raises H2CProtocolRequiredError or H2ProtocolAssumedError if HTTP/2 follows.
        """
        if isinstance(event, Closed):
            await self.close_stream()
        elif isinstance(event, RawData) and self.has_switched:
            await self.pass_on(event.data)
        elif isinstance(event, RawData):
            try:
                self.connection.receive_data(event.data)
            except ProtocolError:
                return  # HTTP has ended
            await self.take_events()

    # Receiving.

    async def take_events(self) -> None:
        """Handles events, until more bytes are needed or HTTP ends."""
        connection = self.connection
        while not self.has_switched:
            if self.stream is not None and connection.awaiting in {Awaiting.REQUEST, Awaiting.HEAD}:
                # The stream has answered, and has yet to end.
                if not await self.has_waited():
                    return
                continue
            if connection.owes is Owes.CONTINUE:
                await self.write(connection.send_informational(100, self.config.response_headers("h11"), b""))
            try:
                event = connection.next_event()
            except RemoteProtocolError as error:
                await self.reject(error.status or 400)
                return
            if isinstance(event, Request):
                await self.take(event)
            elif isinstance(event, Switched):
                raise H2ProtocolAssumedError(event.leftover)
            elif isinstance(event, Paused) and event.reason is PausedReason.CLOSED:
                if self.stream is None:
                    await self.send(Closed())
                return
            elif event is NEED_DATA or (isinstance(event, Paused) and not await self.has_waited()):
                return
            elif self.stream is not None and isinstance(event, Data):
                await self.stream.handle(Body(stream_id=STREAM_ID, data=event.data))
            elif self.stream is not None and isinstance(event, EndOfMessage):
                await self.stream.handle(EndBody(stream_id=STREAM_ID))
        await self.pass_on(connection.take_leftover())

    async def has_waited(self) -> bool:
        """Waits for the stream if bytes are to be read after its response.

        Returns False, without having waited, if there are none: hypercorn reads on, and learns of the client's end.
        """
        if not (self.connection.unread and self.connection.persists):
            return False
        await self.can_read.clear()
        await self.can_read.wait()
        return True

    async def take(self, request: Request) -> None:
        """Starts the app for a request, or accepts an offer of h2c."""
        await self.send(Updated(idle=False))
        headers = request.headers.lower()
        if request.ends and (selection := self.connection.select(["h2c"])):
            await self.write(self.connection.accept(selection, self.config.response_headers("h11")))
            leftover = next((event.leftover for event in self.connection.events() if isinstance(event, Switched)), b"")
            lowered: Any = Request(request.method, request.target, headers)
            raise H2CProtocolRequiredError(leftover, lowered)
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is not None and offered.ineligible is not None:
            await self.refuse(offered.ineligible)
            return
        ends = request.ends and self.connection.take_end()
        self.requests += 1
        stream = self.new_stream(HTTPStream if offered is None else WSStream)
        await stream.handle(
            StreamRequest(
                stream_id=STREAM_ID,
                headers=request.headers.lines() if self.config.h11_pass_raw_headers else headers,
                http_version=request.http_version,
                method=request.method.decode("ascii"),
                raw_path=request.target,
                state=self.connection_state,
            )
        )
        if ends:
            await stream.handle(EndBody(stream_id=STREAM_ID))
        await self.context.mark_request()

    def new_stream(self, kind: type[HTTPStream | WSStream]) -> HTTPStream | WSStream:
        """Returns the stream of a new request, with an inbox for its app."""
        self.inbox = Inbox(self.task_group, self.context, self.config.max_app_queue_size)
        apps = cast("TaskGroup", self.inbox)
        self.stream = kind(self.app, self.config, self.context, apps, *self.peers, self.stream_send, STREAM_ID)
        return self.stream

    async def refuse(self, flaw: Ineligible) -> None:
        """Answers a WebSocket handshake that breaks a rule; HTTP goes on."""
        connection, fields = self.connection, self.config.response_headers("h11")
        if flaw.status == 426:
            await self.write(connection.require([WEBSOCKET], fields) + connection.send_end())
        else:
            await self.write(connection.respond(flaw.status, fields, flaw.text.encode()))

    async def pass_on(self, data: bytes) -> None:
        """Passes bytes of the new protocol to the stream."""
        if data and self.stream is not None:
            await self.stream.handle(StreamData(stream_id=STREAM_ID, data=data))

    # Sending.

    async def stream_send(self, event: StreamEvent) -> None:
        """Sends what a stream has to send."""
        connection = self.connection
        if isinstance(event, StreamClosed):
            await self.end_stream()
        elif self.is_rejected:
            return
        elif isinstance(event, StreamResponse):
            await self.write(self.head(event))
            if self.has_switched:
                await self.can_read.set()
        elif isinstance(event, Body):
            await self.write(connection.send_data(event.data))
        elif isinstance(event, EndBody):
            await self.write(connection.send_end())
        elif isinstance(event, StreamData):
            await self.write(event.data)

    def head(self, response: StreamResponse) -> bytes:
        """Returns the bytes of a response's head; a 101 leaves HTTP."""
        connection, status = self.connection, response.status_code
        headers = [*response.headers, *self.config.response_headers("h11")]
        if status == 101 and (selection := connection.select([WEBSOCKET])):
            data = connection.accept(selection, [line for line in headers if line[0].lower() not in HANDSHAKE])
            # At once, before anything more is received. The task that reads passes on the early bytes: an app that did
            # so itself would wait for itself.
            for _ in connection.events():
                pass
            self.has_switched = True
            return data
        if status < 200:
            return connection.send_informational(status, headers, b"")
        if self.requests >= self.config.keep_alive_max_requests:
            connection.close_after_response()
        return connection.send_response(status, headers, b"")

    async def write(self, data: bytes) -> None:
        """Sends bytes to the client, if there are any."""
        if data:
            await self.send(RawData(data=data))

    async def reject(self, status: int) -> None:
        """Answers an error of the client, unless a response has begun, and closes."""
        self.is_rejected = True
        try:
            await self.write(self.connection.reject(status, self.config.response_headers("h11")))
        except LocalProtocolError:
            self.connection.abandon()
        await self.send(Closed())

    # Ends.

    async def end_stream(self) -> None:
        """Goes on with the next request after a response, or closes."""
        with suppress(LocalProtocolError):
            self.connection.skip_content()  # what the app has not read
        is_last = self.context.terminated.is_set() or self.has_switched or not self.connection.persists
        await self.close_stream()
        await self.send(Closed() if is_last else Updated(idle=True))
        await self.can_read.set()

    async def close_stream(self) -> None:
        """Tells the app that its connection or its response has ended."""
        stream, inbox = self.stream, self.inbox
        if stream is not None:
            if inbox is not None:
                await inbox.end()
            await stream.handle(StreamClosed(stream_id=STREAM_ID))
            self.stream = self.inbox = None
