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
        Scope,
        TaskGroup,
        WorkerContext,
    )

CONTENT: Final = frozenset({"http.request", "websocket.receive"})
ENDS: Final = frozenset({"http.disconnect", "websocket.disconnect"})


class Inbox:
    """The queue of an app, and the task group for its stream.

    A full queue holds up the client. hypercorn's own also holds up an app that has answered without reading: to be told
    of the end, it would have to read.
    """

    def __init__(self, task_group: TaskGroup, context: WorkerContext, size: int) -> None:
        self.task_group: Any = task_group
        self.size = size
        self.messages: deque[ASGIReceiveEvent] = deque()
        self.has_some = context.event_class()
        self.has_room = context.event_class()
        self.is_over = False

    # As a task group.

    async def spawn_app(
        self,
        app: AppWrapper,
        config: Config,
        scope: Scope,
        send: Callable[[ASGISendEvent | None], Awaitable[None]],
    ) -> Callable[[ASGIReceiveEvent], Awaitable[None]]:
        """Starts the app, which receives from here; returns `put`."""

        async def received_here(
            scope: Scope,
            receive: ASGIReceiveCallable,
            send: ASGISendCallable,
            sync_spawn: Callable[..., Any],
            call_soon: Callable[..., Any],
        ) -> None:
            await app(scope, self.receive, send, sync_spawn, call_soon)

        await self.task_group.spawn_app(received_here, config, scope, send)
        return self.put

    def spawn(self, func: Callable[..., Any], *args: Any) -> None:
        """Starts another task."""
        self.task_group.spawn(func, *args)

    # As a queue.

    async def put(self, message: ASGIReceiveEvent) -> None:
        """Adds a message; content waits for room, and is dropped after the end."""
        if message["type"] in CONTENT:
            while len(self.messages) >= self.size and not self.is_over:
                await self.has_room.clear()
                await self.has_room.wait()
            if self.is_over:
                return
        self.messages.append(message)
        await self.has_some.set()

    async def receive(self) -> ASGIReceiveEvent:
        """Returns the next message; after a disconnect always that."""
        while not self.messages:
            # To clear an event twice would lose who waits for it.
            if self.has_some.is_set():
                await self.has_some.clear()
            await self.has_some.wait()
        message = self.messages[0]
        if message["type"] not in ENDS:
            self.messages.popleft()
            await self.has_room.set()
        return message

    async def end(self) -> None:
        """Drops content from now on."""
        self.is_over = True
        await self.has_room.set()
