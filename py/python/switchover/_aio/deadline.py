"""Deadlines for the reads or writes of a connection, on asyncio and other loops."""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from typing import TYPE_CHECKING

from anyio import CancelScope, fail_after

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from types import TracebackType


class Deadline:
    """A deadline like that of `asyncio.timeout`, for many steps in turn.

    A step is a read or a write. The timer of the loop is kept for the next step: to start and cancel one for each
    step costs more.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        # The timer, and its time: a short one of uvloop has no `when`.
        self.timer: asyncio.Handle | None = None
        self.fires = math.inf
        # The task of a step, from when on it is late, and how often it was cancelled before.
        self.task: asyncio.Task[object] | None = None
        self.when = math.inf
        self.cancelling = 0
        self.has_fired = False

    def within(self, seconds: float) -> Deadline:
        """Returns a context manager for one step, with TimeoutError after `seconds`."""
        # Two tasks that read at once are told so by the stream.
        deadline = self if self.task is None else Deadline(self.loop)
        deadline.when = self.loop.time() + seconds
        return deadline

    def reschedule(self, when: float) -> None:
        """Sets the loop's time at which the running step is cancelled as late."""
        self.when = when
        if when < self.fires:
            self.stop()
            self.timer, self.fires = self.loop.call_at(when, self.fire), when

    def stop(self) -> None:
        """Cancels the loop's timer of this deadline, if there is one."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer, self.fires = None, math.inf

    def fire(self) -> None:
        """Cancels the running step if it is late, and otherwise restarts the timer.

        The loop's timer calls this. If no step runs, nothing is restarted.
        """
        self.timer, self.fires = None, math.inf
        if self.task is None:
            return
        if self.loop.time() < self.when:
            self.reschedule(self.when)
        else:
            self.has_fired = True
            self.task.cancel()

    def __enter__(self) -> Deadline:
        self.task = task = asyncio.current_task(self.loop)
        self.cancelling = task.cancelling() if task is not None else 0
        self.reschedule(self.when)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _traceback: TracebackType | None
    ) -> None:
        task, self.task = self.task, None
        if self.has_fired and task is not None:
            self.has_fired = False
            if task.uncancel() <= self.cancelling and kind is not None and issubclass(kind, asyncio.CancelledError):
                raise TimeoutError from error


class Scopes:
    """Deadlines for steps as cancel scopes of anyio, for loops other than asyncio's."""

    def __init__(self) -> None:
        self.scope: CancelScope | None = None

    def within(self, seconds: float) -> AbstractContextManager[object]:
        """Returns a context manager for one step, with TimeoutError after `seconds`."""
        return _Scope(self, seconds)

    def reschedule(self, when: float) -> None:
        """Sets the loop's time at which the running step is cancelled as late."""
        if self.scope is not None:
            self.scope.deadline = when

    def stop(self) -> None:
        """Does nothing: a cancel scope ends with its step, and leaves no timer."""


class _Scope:
    def __init__(self, scopes: Scopes, seconds: float) -> None:
        self.scopes = scopes
        self.scope = fail_after(None if seconds == math.inf else seconds)

    def __enter__(self) -> None:
        self.scopes.scope = self.scope.__enter__()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool | None:
        self.scopes.scope = None
        return self.scope.__exit__(kind, error, traceback)


def deadline() -> Deadline | Scopes:
    """Returns a `Deadline` in a task of asyncio, and `Scopes` elsewhere."""
    with suppress(RuntimeError):
        if asyncio.current_task() is not None:
            return Deadline(asyncio.get_running_loop())
    return Scopes()
