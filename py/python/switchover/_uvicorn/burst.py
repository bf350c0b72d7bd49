"""The writing of several responses to pipelined requests in one call."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import monotonic

HELD_MAX = 1 << 16
"""The number of bytes above which held responses are written at once."""

HELD_SECONDS = 0.005
"""The seconds of holding after which the next response makes `write` flush all."""


class Burst:
    """The responses to requests that have arrived together.

    The first one is written at once. The others are held, and then written together, as long as each turn of the event
    loop adds one. A response that takes longer delays no other.
    """

    __slots__ = ("ended", "held", "is_scheduled", "loop", "seen", "since", "size", "transport")

    def __init__(
        self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop, ended: Callable[[], None]
    ) -> None:
        self.transport = transport
        self.loop = loop
        self.ended = ended
        self.held: list[bytes] = []
        # The number of held bytes, now and in the turn before.
        self.size = self.seen = 0
        # The time from which responses are held.
        self.since = monotonic()
        self.is_scheduled = False

    def watch(self) -> None:
        """Schedules `look` in each turn of the event loop, until a turn adds no response.

        The burst then ends.
        """
        self.is_scheduled = True
        self.since = monotonic()
        self.loop.call_soon(self.look)

    def write(self, data: bytes) -> None:
        """Holds a response, or a part of one, to be written by `flush`.

        Writes all at once if too many bytes are held, or the first for too long.
        """
        self.held.append(data)
        self.size += len(data)
        if self.size > HELD_MAX or monotonic() - self.since > HELD_SECONDS:
            self.flush()

    def look(self) -> None:
        """Ends the burst, unless more bytes are held than in the loop's turn before."""
        if self.size > self.seen:
            self.seen = self.size
            self.loop.call_soon(self.look)
        else:
            self.is_scheduled = False
            self.ended()

    def flush(self) -> None:
        """Writes the held responses to the transport."""
        self.size = self.seen = 0
        self.since = monotonic()
        if self.held:
            held, self.held = self.held, []
            if not self.transport.is_closing():
                self.transport.write(b"".join(held))
