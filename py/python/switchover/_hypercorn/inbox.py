"""The messages that an app under hypercorn receives."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hypercorn.typing import ASGIReceiveEvent, WorkerContext

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
        self.changed = context.event_class()
        self.is_over = False
        """True once the app was or will be told of its end, or has ended."""
        self.repeats = 0
        """The number of times that the app has received a disconnect."""
        self.received = 0
        """The number of other messages that the app has received."""

    async def put(self, message: ASGIReceiveEvent) -> None:
        """Adds a message; content waits for room, and is dropped after `end`."""
        if message["type"] in CONTENT:
            while len(self.messages) >= self.size and not self.is_over:
                await self.change()
            if self.is_over:
                return
        self.messages.append(message)
        await self.changed.set()

    async def receive(self) -> ASGIReceiveEvent:
        """Returns the next message; a disconnect stays, and each later call returns it.

        After `REPEATS` times each call waits for a second. Otherwise an app that ignores the
        disconnect could receive it in a loop, and no other task would have a turn.
        """
        while not self.messages:
            await self.change()
        message = self.messages[0]
        if message["type"] in ENDS:
            self.repeats += 1
            if self.repeats > REPEATS:
                await self.context.sleep(1)
        else:
            self.messages.popleft()
            self.received += 1
            await self.changed.set()
        return message

    async def end(self) -> None:
        """Makes `put` drop content: that of later calls, and that which waits for room."""
        self.is_over = True
        await self.changed.set()

    async def change(self) -> None:
        """Waits for the next change of the queue."""
        # To clear an event twice would lose who waits for it.
        if self.changed.is_set():
            await self.changed.clear()
        await self.changed.wait()
