"""Event loops whose clock jumps to the next timer when nothing else happens."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

SETTLED = 0.0005
"""The real seconds to wait for bytes before a jump of at most a second."""
LATE = 0.02
"""The real seconds to wait before a jump of more than a second, for a busy system."""
LATEST = 2
"""The real seconds to wait before a jump that only a stuck test makes."""
STUCK = 150
"""The virtual seconds above which only a stuck test makes a jump."""
FOREVER = 10
"""The real seconds after which a loop without a timer is stuck."""


def settled(jump: float) -> float:
    """Returns the real seconds to wait for bytes before the clock jumps."""
    if jump > STUCK:
        return LATEST
    return LATE if jump > 1 else SETTLED


class Clock(selectors.DefaultSelector):
    """A selector that advances its clock if no bytes come after a short real wait.

    Without a timeout it waits for bytes, and fails if none come.
    """

    now = 0.0

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None:
            if not (ready := super().select(FOREVER)):
                raise RuntimeError("nothing is awaited that could happen")
            return ready
        ready = super().select(min(timeout, settled(timeout)))
        if not ready:
            self.now += max(timeout, 0)
        return ready


def on_trio(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Runs a coroutine function in the virtual time of trio."""
    trio, testing = pytest.importorskip("trio"), pytest.importorskip("trio.testing")
    clock = testing.MockClock(autojump_threshold=SETTLED)

    class Waits(trio.abc.Instrument):  # type: ignore[misc, name-defined]
        def after_task_step(self, task: Any) -> None:
            clock.autojump_threshold = settled(trio.lowlevel.current_statistics().seconds_to_next_deadline)

    trio.run(main, clock=clock, instruments=[Waits()])


class Loop(asyncio.SelectorEventLoop):
    """A loop of real sockets and virtual time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.now = time.monotonic()
        super().__init__(self.clock)
        self.unhandled: list[dict[str, Any]] = []
        self.set_exception_handler(lambda _loop, context: self.unhandled.append(context))

    def time(self) -> float:
        return self.clock.now


def run(main: Callable[[], Coroutine[Any, Any, None]], backend: str) -> None:
    """Runs a coroutine function in virtual time; fails if an exception was unhandled."""
    if backend == "trio":
        on_trio(main)
        return
    loop = Loop()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())
    assert not loop.unhandled, loop.unhandled
