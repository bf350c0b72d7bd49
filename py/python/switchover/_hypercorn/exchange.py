"""A request under hypercorn, its app, and the response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hypercorn.protocol.events import Event, StreamClosed
from hypercorn.protocol.h11 import STREAM_ID

from .. import Owes
from .inbox import Inbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.protocol.http_stream import HTTPStream
    from hypercorn.protocol.ws_stream import WSStream
    from hypercorn.typing import ASGIReceiveEvent, ASGISendEvent, Scope

    from .protocol import Protocol

DROPPED: Final = 1000
"""The number of dropped messages after which an app that sends gets an error.

Those count that it sends after it was told of an end, or after the client has gone.
"""


class ClientGoneError(OSError):
    """Raised in an app that goes on sending after its client has gone."""


class Exchange:
    """A request, the app that responds, and hypercorn's stream between the two.

    hypercorn's stream takes this object for its task group, and starts the app by it.
    """

    def __init__(self, owner: Protocol, kind: type[HTTPStream | WSStream]) -> None:
        self.owner = owner
        self.inbox = Inbox(owner.context, owner.config.max_app_queue_size)
        self.is_over = False
        """True once the stream has ended, which it may report twice."""
        self.sent = self.dropped = 0
        """The events of the stream, and the app's messages that were dropped."""
        self.spawn = owner.task_group.spawn
        """Starts a task of the stream other than the app."""
        group: Any = self
        self.stream = kind(owner.app, owner.config, owner.context, group, *owner.peers, self.send, STREAM_ID)

    @property
    def may_be_cut(self) -> bool:
        """Returns whether the end of the response's content may not be the app's.

        Middleware of Starlette ends the content of an app that it has cancelled. An app may also end its own after
        it was told that its client has gone.
        """
        return self.inbox.repeats > 0 or self.dropped > DROPPED

    # As a stream.

    async def handle(self, event: Event) -> None:
        """Passes an event of the client to the stream, unless that has ended."""
        # A WebSocket of hypercorn raises an error for bytes after its end, which would end a whole worker of trio.
        if not (self.is_over or self.inbox.is_over):
            await self.stream.handle(event)
            # A WebSocket of hypercorn goes on to collect a message that it has refused as too large.
            buffer = getattr(self.stream, "buffer", None)
            is_too_large = buffer is not None and buffer.length > buffer.max_length
            if (self.stream.closed or is_too_large) and not self.inbox.is_over:
                # It may have responded without an app, and does not say that it has ended.
                await self.send(StreamClosed(stream_id=STREAM_ID))

    async def send(self, event: Event) -> None:
        """Passes an event of the stream to the connection, which sends it."""
        self.sent += 1
        await self.owner.stream_send(self, event)

    async def close(self) -> None:
        """Tells the app that its client, or its response, has ended."""
        await self.inbox.end()
        # The pings of a WebSocket go on until then, also if its app has ended before.
        await self.stream.handle(StreamClosed(stream_id=STREAM_ID))

    async def drop(self) -> None:
        """Counts what is dropped, and gives other tasks a turn."""
        # An app that receives nothing may fill its queue, behind which it would be told.
        self.dropped += self.inbox.is_over or self.owner.has_gone
        await self.owner.context.sleep(0)

    # As a task group.

    async def spawn_app(self, *given: Any) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Starts the app, which receives from the inbox; returns the inbox's `put`."""
        _app, config, scope, _send = given
        await self.owner.task_group.spawn_app(self.run_app, config, scope, self.end_app)
        return self.inbox.put

    # As an app.

    async def run_app(self, scope: Scope, _receive: object, _send: object, *threads: Any) -> None:
        """Runs the app, which receives from the inbox, and sends by `send_message`."""
        try:
            await self.owner.app(scope, self.inbox.receive, self.send_message, *threads)
        except ClientGoneError:
            pass
        except Exception:
            raise
        except BaseException:
            # The server stops: the connection is closed without another word.
            if self is self.owner.exchange and self.owner.wire.is_cut:
                self.owner.wire.reset()
            raise

    async def send_message(self, message: ASGISendEvent) -> None:
        """Passes a message of the app to the stream; others get a turn if it drops that.

        It drops content without bytes, and messages of a closed WebSocket, and then nothing waits. Raises
        ClientGoneError, as ASGI 2.4 allows, once more than `DROPPED` were dropped. It may not be raised by `drop`, as
        a WebSocket also sends from the task that reads.
        """
        before = self.sent
        await self.stream.app_send(message)
        if self.sent == before:
            await self.drop()
        if self.dropped > DROPPED:
            raise ClientGoneError("the client has gone")

    async def end_app(self, message: ASGISendEvent | None) -> None:
        """Ends the exchange after its app: an incomplete response becomes a 500 or is cut.

        An exception is logged, as it would end a whole worker of trio.
        """
        try:
            await self.stream.app_send(message)
        except Exception:
            await self.owner.config.log.exception("Error at the end of an ASGI app")
        owner = self.owner
        if self is owner.exchange and not self.is_over and not owner.has_gone:
            # hypercorn's stream says nothing once its app was told of the client's end.
            is_whole = owner.connection.owes is Owes.NOTHING
            await (owner.end_exchange(self) if is_whole else owner.reject(500))
        # Nothing receives any more, and content that waits for room would keep the connection.
        await self.inbox.end()
