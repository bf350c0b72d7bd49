"""A request under hypercorn, its app, and the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from hypercorn.protocol.events import EndBody, Event as StreamEvent, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID
from hypercorn.protocol.ws_stream import WSStream
from wsproto.connection import ConnectionState

from .inbox import ENDS, Inbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.config import Config
    from hypercorn.protocol.http_stream import HTTPStream
    from hypercorn.typing import (
        AppWrapper,
        ASGIReceiveCallable,
        ASGIReceiveEvent,
        ASGISendCallable,
        ASGISendEvent,
        Scope,
        WorkerContext,
    )

DROPPED: Final = 1000
"""The number of dropped messages after which an app that sends gets an error.

Those count that it sends after it was told of an end, or after the client has gone.
"""


class ClientGoneError(OSError):
    """Raised in an app that goes on sending after its client has gone."""


class Owner(Protocol):
    """The interface of a connection for its `Exchange` objects."""

    app: AppWrapper
    config: Config
    context: WorkerContext
    task_group: Any
    peers: tuple[bool, tuple[str, int] | None, tuple[str, int] | None]
    has_gone: bool

    async def stream_send(self, exchange: Exchange, event: StreamEvent) -> None:
        """Sends an event of the exchange's stream to the client, or handles its end."""

    async def app_ended(self, exchange: Exchange) -> None:
        """Ends the exchange after its app: an incomplete response becomes a 500 or is cut."""

    def app_cancelled(self, exchange: Exchange) -> None:
        """Resets the connection of a cancelled app if a close would hide a cut response."""


class Exchange:
    """A request, the app that responds, and hypercorn's stream between the two.

    hypercorn's stream takes this object for its task group, and starts the app by it.
    """

    def __init__(self, owner: Owner, kind: type[HTTPStream | WSStream]) -> None:
        self.owner = owner
        self.context = owner.context
        self.task_group: Any = owner.task_group
        self.inbox = Inbox(owner.context, owner.config.max_app_queue_size)
        self.held = b""
        """The encoded head of the response, held until the first content; else empty."""
        self.has_begun = self.has_length = False
        """True once the app has begun its response; True if that has a Content-Length."""
        self.has_heard = False
        """True if the app has received a disconnect."""
        self.has_all = False
        """True once the end of the request's content has been received."""
        self.is_over = False
        """True once the stream has ended; its later events are not sent.

        The stream may report its end twice.
        """
        self.is_closed = False
        """True once hypercorn's stream was told of its end."""
        self.dropped = 0
        apps: Any = self
        self.stream = kind(owner.app, owner.config, owner.context, apps, *owner.peers, self.send, STREAM_ID)

    @property
    def is_told(self) -> bool:
        """Returns whether the app was or will be told that client or response has ended."""
        return self.inbox.is_over

    @property
    def is_dropped(self) -> bool:
        """Returns whether hypercorn drops what the app sends.

        It does once the app is told of its client's end, and from the close of a WebSocket on.
        """
        connection = getattr(self.stream, "connection", None)
        return self.is_told or (connection is not None and connection.state is not ConnectionState.OPEN)

    @property
    def may_be_cut(self) -> bool:
        """Returns whether the end of a response without a length may not be the app's.

        Middleware of Starlette ends the content of an app that it has cancelled. An app may also end its own after
        it was told that its client has gone.
        """
        return not self.has_length and (self.has_heard or self.dropped > DROPPED)

    # As a stream.

    async def handle(self, event: StreamEvent) -> None:
        """Passes an event of the client to the stream.

        Drops it once the stream has ended, or the app was told of an end.
        """
        self.has_all = self.has_all or isinstance(event, EndBody)
        # A WebSocket of hypercorn raises an error for bytes after its end, which would end a whole worker of trio.
        if not (self.is_over or self.is_told):
            await self.stream.handle(event)
            if self.stream.closed and not self.is_told:
                # It has responded without an app, and does not say that it has ended.
                await self.send(StreamClosed(stream_id=STREAM_ID))

    async def send(self, event: StreamEvent) -> None:
        """Passes an event of the stream to the connection, which sends it."""
        await self.owner.stream_send(self, event)

    async def close(self) -> None:
        """Tells the app that its client, or its response, has ended."""
        if self.is_closed:
            return
        self.is_closed = True
        await self.inbox.end()
        # The pings of a WebSocket go on until then, also if its app has ended before.
        await self.stream.handle(StreamClosed(stream_id=STREAM_ID))

    async def drop(self) -> None:
        """Gives other tasks a turn after a message of the app that is dropped.

        Raises ClientGoneError for each such message beyond `DROPPED`. Only those count that the app
        sends after it was told of an end, or after the client has gone. ASGI 2.4 allows the
        OSError.
        """
        # An app that receives nothing may fill its queue, behind which it would be told.
        self.dropped += self.is_told or self.owner.has_gone
        if self.dropped > DROPPED:
            raise ClientGoneError("the client has gone")
        await self.context.sleep(0)

    # As a task group.

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Starts the app, which receives from the inbox; returns the inbox's method `put`.

        hypercorn sends `None` once the app has ended. An exception of that send, other than
        ClientGoneError, is logged: it would end a whole worker of trio.
        """

        async def received_here(
            scope: Scope,
            receive: ASGIReceiveCallable,
            at_end: ASGISendCallable,
            sync_spawn: Callable[..., Any],
            call_soon: Callable[..., Any],
        ) -> None:
            is_websocket = scope["type"] == "websocket"
            is_head = scope["type"] == "http" and scope["method"] == "HEAD"

            async def watched(message: ASGISendEvent) -> None:
                await send(message)
                # hypercorn drops content without bytes, and messages of a closed WebSocket, and then nothing waits.
                if is_head or not message.get("body", True) or (is_websocket and self.is_dropped):
                    await self.drop()

            try:
                await app(scope, self.receive, watched, sync_spawn, call_soon)
            except ClientGoneError:
                pass
            except BaseException as error:
                if not isinstance(error, Exception):
                    # The server stops: the connection is closed without another word.
                    self.owner.app_cancelled(self)
                raise

        async def at_end(message: ASGISendEvent | None) -> None:
            try:
                await send(message)
            except ClientGoneError:
                pass
            except Exception:
                await config.log.exception("Error at the end of an ASGI app")
            await self.owner.app_ended(self)
            # Nothing receives any more, and content that waits for room would keep the connection.
            await self.inbox.end()

        await self.task_group.spawn_app(received_here, config, scope, at_end)
        return self.inbox.put

    def spawn(self, func: Callable[..., Any], *args: Any) -> None:
        """Starts a task of the stream other than the app."""
        self.task_group.spawn(func, *args)

    async def receive(self) -> ASGIReceiveEvent:
        """Returns the next message for the app."""
        message = await self.inbox.receive()
        if message["type"] in ENDS:
            self.has_heard = True
        return message
