"""Closing a connection: in order, or by a reset if a response is incomplete."""

from __future__ import annotations

import asyncio

from .. import Closing, Connection
from .._reset import cuts, ends, resets
from .deadlines import WriteDeadline
from .transport import closes_after_eof, unsent_by


class Ending:
    """The closing of a transport so that no incomplete response looks complete."""

    def __init__(self, transport: asyncio.Transport, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self.transport = transport
        self.connection = connection
        self.loop = loop
        # The engine may have encoded all of a close-delimited response while the transport still holds a part of it.
        self.writing = WriteDeadline(transport, loop, self.reset)
        self.is_reset_if_cut = False

    def close(self, timeout_write: float) -> None:
        """Closes the transport; resets it if a response would look complete but is not."""
        if self.connection.closing is Closing.RESET:
            self.reset()
        else:
            if not self.transport.is_closing():
                self.transport.close()
            self.bound_the_rest(timeout_write)

    def bound_the_rest(self, timeout_write: float) -> None:
        """Limits the time that a closing transport may take to send what it holds."""
        # TLS does not tell how much the transport below it holds.
        if unsent_by(self.transport) or not closes_after_eof(self.transport):
            if not self.writing.is_running:
                self.writing.begin(timeout_write)
            self.reset_if_cut()

    def reset_if_cut(self) -> None:
        """Sets whether the system resets the connection if the process exits now.

        It must, while a response is not completely sent: in a close-delimited one nothing else would show that.
        """
        raw = self.transport.get_extra_info("socket")
        if raw is None or not closes_after_eof(self.transport):
            return
        is_cut = self.connection.closing is Closing.RESET or unsent_by(self.transport) > 0
        if is_cut is not self.is_reset_if_cut:
            (resets if is_cut else ends)(raw)
            self.is_reset_if_cut = is_cut

    def reset_if_unfinished(self) -> None:
        """Calls `reset_if_cut` within a close-delimited response."""
        if self.connection.closing is Closing.RESET:
            self.reset_if_cut()

    def reset_later(self) -> None:
        """Resets the connection after this call, and sends nothing meanwhile.

        Within `eof_received`, an abort of TLS is an error of asyncio's own. Without one it sends a closure alert, and a
        cut response would look complete.
        """
        if (raw := self.transport.get_extra_info("socket")) is not None:
            resets(raw)
            cuts(raw)
        self.loop.call_later(0, self.reset)

    def reset(self) -> None:
        """Resets the connection at once.

        The transport alone would close it as if all had been sent.
        """
        if (raw := self.transport.get_extra_info("socket")) is not None:
            resets(raw)
            self.is_reset_if_cut = False
        self.transport.abort()

    def lost(self, exc: Exception | None) -> None:
        """Records that the transport is closed: a complete response is not reset."""
        self.writing.stop()
        if self.is_reset_if_cut and exc is None and self.connection.closing is not Closing.RESET:
            # The transport closes the socket after this call.
            ends(self.transport.get_extra_info("socket"))
