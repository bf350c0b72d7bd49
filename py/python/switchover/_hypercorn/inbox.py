"""The messages that an app under hypercorn receives."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveEvent, Event, WorkerContext

CONTENT: Final = frozenset({"http.request", "websocket.receive"})
ENDS: Final = frozenset({"http.disconnect", "websocket.disconnect"})
REPEATS: Final = 100
"""The number of times that an app receives a disconnect at once.

Before each further time it waits for a second.
"""


class Inbox:
    """The queue of messages for an app.

    Content waits while the queue is full, so that reading from the client stops, at the latest when the engine's buffer
    is full. A disconnect is added even then. In hypercorn's own queue it waits for room, until the app receives, and
    that blocks an app that responds without receiving.
    """

    def __init__(self, context: WorkerContext, size: int) -> None:
        self.context = context
        self.size = max(1, size)
        self.messages: deque[ASGIReceiveEvent] = deque()
        self.has_some: Event | None = None
        self.has_room: Event | None = None
        """The event that the queue has room; like `has_some` made when a task first waits."""
        self.is_over = False
        self.repeats = 0

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
        """Returns the next message; a disconnect stays, and each later call returns it.

        After `REPEATS` times each call waits for a second. Otherwise an app that ignores the
        disconnect could receive it in a loop, and no other task would have a turn.
        """
        while not self.messages:
            self.has_some = await self.cleared(self.has_some)
            await self.has_some.wait()
        message = self.messages[0]
        if message["type"] in ENDS:
            self.repeats += 1
            if self.repeats > REPEATS:
                await self.context.sleep(1)
            return message
        self.messages.popleft()
        if self.has_room is not None:
            await self.has_room.set()
        return message

    async def end(self) -> None:
        """Makes `put` drop content: that of later calls, and that which waits for room."""
        self.is_over = True
        if self.has_room is not None:
            await self.has_room.set()

    async def cleared(self, event: Event | None) -> Event:
        """Returns the event, cleared to be waited for, or a new event for None."""
        if event is None:
            return self.context.event_class()
        # To clear an event twice would lose who waits for it.
        if event.is_set():
            await event.clear()
        return event
