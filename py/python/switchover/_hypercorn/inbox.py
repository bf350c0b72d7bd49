"""The messages that an app under hypercorn receives."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hypercorn.config import Config
    from hypercorn.typing import (
        AppWrapper,
        ASGIReceiveCallable,
        ASGIReceiveEvent,
        ASGISendCallable,
        ASGISendEvent,
        Event,
        Scope,
        TaskGroup,
        WorkerContext,
    )

CONTENT: Final = frozenset({"http.request", "websocket.receive"})
ENDS: Final = frozenset({"http.disconnect", "websocket.disconnect"})
DROPPED: Final = 1000
"""The number of messages that an app may send after its client has gone."""


class ClientGoneError(OSError):
    """Raised in an app that goes on sending after its client has gone."""


class Inbox:
    """The queue of messages for an app, and the task group for its stream.

    A full queue stops the reading from the client. hypercorn's own queue also blocks an app that has responded without
    receiving: its disconnect has no room in the queue before the app receives.
    """

    def __init__(
        self,
        task_group: TaskGroup,
        context: WorkerContext,
        size: int,
        fail: Callable[[], Awaitable[None]],
        finish: Callable[[], Awaitable[None]],
        cut: Callable[[], None],
    ) -> None:
        self.task_group: Any = task_group
        self.context = context
        self.fail = fail
        """Sends a 500 or cuts the response, if an app's end cannot be sent; then closes."""
        self.finish = finish
        """Does the same for what is still owed once the app has ended."""
        self.cut = cut
        """Makes visible that the response is incomplete, if the app is cancelled."""
        self.dropped = 0
        self.size = size
        self.messages: deque[ASGIReceiveEvent] = deque()
        self.has_some: Event | None = None
        self.has_room: Event | None = None
        """Made, like `has_some`, when a task first waits for it."""
        self.is_over = False
        self.is_owed = False
        """True if the app hears of its client's EOF before it has sent its whole response."""
        self.has_begun = self.is_told_halfway = False
        """True once the app has begun its response; once it was told of an end after that."""

    # As a task group.

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Starts the app, which receives the messages of this queue; returns `put`.

        hypercorn sends `None` once the app has ended. An exception of that send would end a whole worker of trio.
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
                if is_head or not message.get("body", True) or (is_websocket and self.is_over):
                    await self.drop()

            try:
                await app(scope, self.receive, watched, sync_spawn, call_soon)
            except ClientGoneError:
                pass
            except BaseException as error:
                if not isinstance(error, Exception):
                    # The server stops: the connection is closed without another word.
                    self.cut()
                raise

        async def at_end(message: ASGISendEvent | None) -> None:
            try:
                await send(message)
            except Exception:
                await config.log.exception("Error at the end of an ASGI app")
                await self.fail()
            else:
                await self.finish()

        await self.task_group.spawn_app(received_here, config, scope, at_end)
        return self.put

    def spawn(self, func: Callable[..., Any], *args: Any) -> None:
        """Starts a task of the stream other than the app."""
        self.task_group.spawn(func, *args)

    # As a queue.

    async def put(self, message: ASGIReceiveEvent) -> None:
        """Adds a message; content waits for room, and is dropped after `end`."""
        if message["type"] in CONTENT:
            while len(self.messages) >= self.size and not self.is_over:
                self.has_room = await self.cleared(self.has_room)
                await self.has_room.wait()
            if self.is_over:
                return
        self.messages.append(message)
        if self.has_some is not None:
            await self.has_some.set()

    async def receive(self) -> ASGIReceiveEvent:
        """Returns the next message; after a disconnect always that."""
        while not self.messages:
            self.has_some = await self.cleared(self.has_some)
            await self.has_some.wait()
        message = self.messages[0]
        if message["type"] in ENDS:
            self.is_told_halfway = self.is_told_halfway or self.has_begun
        else:
            self.messages.popleft()
            if self.has_room is not None:
                await self.has_room.set()
        return message

    async def drop(self) -> None:
        """Gives other tasks a turn after a message of the app that is dropped.

        Raises an OSError if the app has sent more than `DROPPED` messages after `end`, as ASGI 2.4 has it.
        """
        self.dropped += self.is_over
        if self.dropped > DROPPED:
            raise ClientGoneError("the client has gone")
        await self.context.sleep(0)

    async def end(self) -> None:
        """Makes `put` drop content from now on."""
        self.is_over = True
        if self.has_room is not None:
            await self.has_room.set()

    async def cleared(self, event: Event | None) -> Event:
        """Returns the event, cleared, or a new one for None."""
        if event is None:
            return self.context.event_class()
        # To clear an event twice would lose who waits for it.
        if event.is_set():
            await event.clear()
        return event
