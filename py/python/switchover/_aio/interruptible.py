"""Work of one task that another task can end."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from anyio import CancelScope, Event


class Interruptible:
    """Work that ends early if another task needs the stream that it reads."""

    def __init__(self) -> None:
        self._running: dict[CancelScope, Event] = {}

    async def run(self, work: Callable[[], Awaitable[None]]) -> None:
        """Runs `work` to its end, or until `interrupt`."""
        with CancelScope() as scope:
            ended = self._running[scope] = Event()
            try:
                await work()
            finally:
                del self._running[scope]
                ended.set()

    async def interrupt(self) -> None:
        """Cancels all work that runs, and waits until it has ended."""
        while self._running:
            scope, ended = next(iter(self._running.items()))
            scope.cancel()
            await ended.wait()
