"""The audience of an app that goes on sending although nothing is written."""

from __future__ import annotations

from typing import TYPE_CHECKING

from uvicorn.protocols.utils import ClientDisconnected

from .._reset import Absence, has_hung_up

if TYPE_CHECKING:
    import socket

# The number of messages that an app may send to a disconnected client before `send` raises an error.
UNHEARD = 1_000


class Audience:
    """The messages of a response that reach nobody, and the latest look at the client."""

    __slots__ = ("absence", "looked", "unheard")

    def __init__(self) -> None:
        self.unheard = 0
        # The time of the latest look at a client that is sent nothing, and since when it has left.
        self.looked = 0.0
        self.absence: Absence | None = None

    @property
    def is_lost(self) -> bool:
        """True once the app has sent too many messages to a client that has left."""
        return self.unheard > UNHEARD

    def count(self, has_left: bool, raw: socket.socket | None) -> None:
        """Counts a message that is not written or reaches nobody.

        Raises ClientDisconnected after more than `UNHEARD` of them if the client has left.
        """
        self.unheard += 1
        if not self.is_lost:
            return
        # If unread requests precede the client's EOF, the loop does not report it.
        if has_left or has_hung_up(raw):
            raise ClientDisconnected("the client has left, and the app goes on sending")
        self.unheard = 0

    def check(self, raw: socket.socket | None, now: float, limit: float) -> None:
        """Raises ClientDisconnected if empty content is for a client that has left.

        Empty content writes nothing that could meet a reset. So this looks at the socket, once a
        second at most. A half-closed client counts as one that has left after `limit` seconds.
        """
        if now < self.looked + 1:
            return
        self.looked = now
        self.absence = self.absence or Absence()
        if self.absence.is_over(raw, now, limit):
            self.unheard = UNHEARD + 1
            raise ClientDisconnected("the client has left, and the app goes on sending")
