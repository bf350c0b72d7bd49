"""Deadlines for the client: for what it sends, and for what it receives."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from time import monotonic

from .transport import taken_by

EARNED_MAX = 9
"""The longest extension of a deadline by bytes, as a multiple of its timeout."""
SECONDS_PER_BYTE = 0.001
"""The seconds by which each byte that a client sends or reads extends a deadline."""

NEXT_REQUEST = "next request"
"""The action of a connection that is idle after a response."""
REST = 1.0
"""The seconds after which a connection that is idle releases memory."""


class Deadline:
    """The deadline of a connection, for one action of the client at a time.

    Its timer stays set when the action is complete, or another begins that ends later. When the timer goes off, `look`
    checks the deadline of that moment. A request on an open connection needs no timer of its own then.
    """

    __slots__ = (
        "armed",
        "expired",
        "handle",
        "is_running",
        "left",
        "loop",
        "rested",
        "resting",
        "until",
        "variables",
        "what",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        expired: Callable[[str], None],
        rested: Callable[[], None],
        variables: contextvars.Context,
    ) -> None:
        self.loop = loop
        self.expired = expired
        # Called after `REST` seconds of a deadline for the next request.
        self.rested = rested
        # Those of the connection: a timer that an app has set would keep the values of its request.
        self.variables = variables
        self.what = ""
        self.is_running = False
        # The seconds left while the deadline is paused, the time at which it ends, and the one that the timer is for.
        self.left = self.until = self.armed = 0.0
        self.handle: asyncio.TimerHandle | None = None
        self.resting: asyncio.TimerHandle | None = None

    def prepare(self, what: str, seconds: float) -> None:
        """Sets a deadline of `seconds` for `what`, which is paused until `begin`.

        Received bytes may extend it meanwhile.
        """
        self.what, self.left, self.is_running = what, seconds, False

    def begin(self, what: str, seconds: float) -> None:
        """Starts a deadline of `seconds` for `what`; if paused for the same, resumes it."""
        if self.what != what:
            self.what, self.left, self.is_running = what, seconds, False
        if not self.is_running:
            self.is_running = True
            self.until = monotonic() + self.left
            if self.handle is None or self.until < self.armed:
                self.arm(self.left)
            if what == NEXT_REQUEST and self.resting is None:
                self.rest(REST)

    def begin_again(self, what: str, seconds: float) -> None:
        """Starts a deadline of `seconds`, even if one for the same is running."""
        self.what = ""
        self.begin(what, seconds)

    def earn(self, length: int, seconds: float) -> None:
        """Extends a deadline for content, paused or not, by the time for `length` bytes.

        `seconds` is the timeout. The time left grows to `1 + EARNED_MAX` times that at most.
        """
        if self.what != "content":
            return
        earned, most = length * SECONDS_PER_BYTE, seconds * (1 + EARNED_MAX)
        if self.is_running:
            self.until = min(self.until + earned, max(self.until, monotonic() + most))
        else:
            self.left = min(self.left + earned, max(self.left, most))

    def pause(self, what: str) -> None:
        """Pauses a deadline for `what`; `begin` resumes it with the time left."""
        if self.is_running and self.what == what:
            self.left = max(0.0, self.until - monotonic())
            self.is_running = False

    def stop(self) -> None:
        """Ends the deadline, but leaves its timer set."""
        self.what = ""
        self.is_running = False

    def cancel(self) -> None:
        """Ends the deadline and its timer, as the connection is lost or handed over."""
        self.stop()
        if self.handle is not None:
            self.handle.cancel()
            self.handle = None
        if self.resting is not None:
            self.resting.cancel()
            self.resting = None

    def arm(self, seconds: float) -> None:
        """Sets the timer to go off in `seconds`, when the deadline ends."""
        if self.handle is not None:
            self.handle.cancel()
        self.armed = self.until
        # Not by an argument, which not all loops know.
        self.handle = self.variables.run(self.loop.call_later, seconds, self.look)

    def look(self) -> None:
        """Calls `expired`, unless the deadline was extended, paused or ended meanwhile."""
        self.handle = None
        if not self.is_running:
            return
        if self.until > self.armed and (left := self.until - monotonic()) > 0:
            self.arm(left)
        else:
            what = self.what
            self.stop()
            self.expired(what)

    def rest(self, seconds: float) -> None:
        """Sets the timer that releases memory, at most once in `REST` seconds."""
        self.resting = self.variables.run(self.loop.call_later, seconds, self.look_at_rest)

    def look_at_rest(self) -> None:
        """Calls `rested` if the connection has been idle for `REST` seconds."""
        self.resting = None
        if not self.is_running or self.what != NEXT_REQUEST:
            return
        left = REST - (monotonic() - (self.until - self.left))
        if left > 0:
            self.rest(left)
        else:
            self.rested()


class WriteDeadline:
    """The deadline for a client that reads nothing of what is sent, or too slowly.

    Each byte that it reads extends the deadline by a millisecond. A slow client announces free
    space in large steps, so the time that is left is kept for the next deadline. The deadline is
    never more than `1 + EARNED_MAX` times the timeout away.
    """

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, expired: Callable[[], None]
    ) -> None:
        self.transport = transport
        self.loop = loop
        self.expired = expired
        self.most = self.left = self.until = 0.0
        self.taken = taken_by(transport)
        self.handle: asyncio.TimerHandle | None = None

    def begin(self, seconds: float) -> None:
        """Starts the deadline.

        Whether the client has read is checked after `seconds`. The check is later if it has time
        left from its earlier reads.
        """
        self.stop()
        self.most = seconds * (1 + EARNED_MAX)
        self.wait(max(seconds, self.left) + self.earned())

    @property
    def is_running(self) -> bool:
        """True while the deadline runs."""
        return self.handle is not None

    def wait(self, seconds: float) -> None:
        """Schedules the next check of how much the client has read, in `seconds`."""
        seconds = min(seconds, self.most)
        self.until = monotonic() + seconds
        self.handle = self.loop.call_later(seconds, self.expire)

    def earned(self) -> float:
        """Returns the seconds for the bytes that the client has read since the last call."""
        before, self.taken = self.taken, taken_by(self.transport)
        return max(0, self.taken - before) * SECONDS_PER_BYTE

    def stop(self) -> None:
        """Cancels the deadline, and keeps the time that is left for the next one."""
        if self.handle is not None:
            self.left = max(0.0, self.until - monotonic())
            self.handle.cancel()
            self.handle = None

    def expire(self) -> None:
        """Extends the deadline for bytes that the client has read; else calls `expired`."""
        self.handle = None
        if (earned := self.earned()) > 0:
            self.wait(earned)
        else:
            self.expired()
