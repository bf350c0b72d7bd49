"""Looks for clients that have left, where no read or write of the loop shows it."""

from __future__ import annotations

from .._reset import LOOK_EVERY, has_hung_up, is_tcp, probes, was_reset
from .base import Base
from .cycle import Cycle
from .transport import closes_after_eof, socket_of


class Watching(Base):
    """A connection that notices a client's end that no read shows.

    An EOF or a reset may be hidden behind unread bytes. After a half-close, a read does not show
    that the client has closed the other direction too.
    """

    __slots__ = ()

    def leave_later(self, cycle: Cycle) -> None:
        """Schedules `http.disconnect` for an app that waits for it in `receive`.

        An app that waits for something else keeps the connection until its client has closed it altogether.
        """
        self.leaving = self.loop.call_later(self.timeout_half_closed, cycle.leave)
        self.watch_for_close()

    def watch_for_close(self) -> None:
        """Starts to check whether a half-closed client has closed its socket altogether."""
        probes(socket_of(self.transport))
        self.watch()

    def has_left_unread(self) -> bool:
        """Returns whether the client has hung up while reading from it is paused."""
        return self.flow.read_paused and has_hung_up(socket_of(self.transport))

    def watch(self) -> None:
        """Schedules `look`, in a second, to check whether the client has hung up."""
        if self.watching is None:
            self.watching = self.loop.call_later(LOOK_EVERY, self.look)

    def is_awaited(self, cycle: Cycle) -> bool:
        """Returns whether an app could go on for good if its client hung up unnoticed.

        While reading is paused nothing is noticed, and below TLS asyncio ignores an end then.
        """
        return cycle.receivers > 0 or not cycle.response_complete

    def was_reset(self) -> bool:
        """Returns whether a TCP client has reset the connection.

        False for a Unix socket: one that was closed may have sent what the app is still to receive. Once both
        directions have ended, an orderly end looks like a reset.
        """
        raw = socket_of(self.transport)
        return is_tcp(raw) and was_reset(raw)

    def look(self) -> None:
        """Checks whether the client has hung up, and if so acts; else checks again later.

        After a reset the transport is aborted. After a half-close that is hidden by unread bytes, an app that waits in
        `receive` gets `http.disconnect`. Over TLS any app does, and its sends are dropped.
        """
        self.watching = None
        cycle = self.cycle
        if self.tunnel is not None:
            if self.tunnel.is_over:
                return  # once both have ended their direction, an end in order looks like a reset
            is_quiet = self.flow.read_paused or self.tunnel.has_end
        else:
            is_quiet = self.has_eof and cycle is not None and not cycle.response_complete
        if is_quiet and not self.transport.is_closing():
            if self.was_reset():
                self.transport.abort()
            else:
                self.watch()
            return
        if cycle is None or not self.is_awaited(cycle) or cycle.disconnected or not self.flow.read_paused:
            return
        if not self.has_left_unread():
            # The FIN of a client whose bytes do not fit is never sent.
            self.watch_for_close()
        elif not closes_after_eof(self.transport):
            cycle.lose_reader()
        elif self.was_reset():
            self.transport.abort()
        else:
            if cycle.receivers > 0:
                cycle.leave()
            self.watch_for_close()
