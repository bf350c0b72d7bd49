"""Closing a connection in order, or by a reset if a cut response would look whole.

A client that reads too slowly is reset, too.
"""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import suppress

from .. import Closing, Connection
from .._reset import FLUSH_MAX, FLUSH_POLL, LOST, cuts, ends, resets, unreceived_by_peer, unsent_by
from .deadlines import WriteDeadline
from .transport import closes_after_eof, socket_of


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
            self.reset_once_received(timeout_write)
        else:
            if not self.transport.is_closing():
                self.transport.close()
            self.bound_the_rest(timeout_write)

    def bound_the_rest(self, timeout_write: float) -> None:
        """Starts the deadline in which a closing transport has to send what it holds."""
        # TLS does not tell how much the transport below it holds.
        if unsent_by(self.transport) or not closes_after_eof(self.transport):
            if not self.writing.is_running:
                self.writing.begin(timeout_write)
            self.reset_if_cut()

    def reset_if_cut(self) -> None:
        """Sets whether a close by the system, as at the process's exit, is a reset.

        It has to be a reset while a response is not completely sent. In a close-delimited response
        nothing else would show that it is incomplete.
        """
        raw = socket_of(self.transport)
        if raw is None or not closes_after_eof(self.transport):
            return
        is_cut = self.connection.closing is Closing.RESET or unsent_by(self.transport) > 0
        if is_cut is not self.is_reset_if_cut:
            (resets if is_cut else ends)(raw)
            self.is_reset_if_cut = is_cut

    def reset_if_unfinished(self) -> None:
        """Calls `reset_if_cut` if the app has yet to end a close-delimited response."""
        if self.connection.closing is Closing.RESET:
            self.reset_if_cut()

    def reset_after_eof(self, timeout_write: float) -> None:
        """Resets the connection from `eof_received`, once the client has what was sent.

        There an abort of TLS is an error of asyncio's own. Without one it sends a closure alert, and a cut response
        would look complete. So TLS is reset in the loop's next turn.
        """
        if closes_after_eof(self.transport):
            self.reset_once_received(timeout_write)
            return
        if (raw := socket_of(self.transport)) is not None:
            resets(raw)
            cuts(raw)
        self.loop.call_later(0, self.reset)

    def reset_once_received(self, timeout_write: float) -> None:
        """Closes the transport; the connection is reset once the client has what was sent.

        Over TLS, or without a free descriptor, it is reset at once. A client that receives too slowly is reset earlier.

        A reset discards what is on its way, also of the responses before. So another descriptor of the socket keeps the
        connection open meanwhile, and its close is the reset.
        """
        raw = socket_of(self.transport)
        # TLS would send a closure alert before the transport closes.
        if raw is None or not closes_after_eof(self.transport) or not self.is_on_its_way(raw):
            self.reset()
            return
        try:
            twin = socket.socket(fileno=os.dup(raw.fileno()))
        except OSError:
            # The system is out of descriptors.
            self.reset()
            return
        resets(raw)
        self.transport.close()
        self.bound_the_rest(timeout_write)
        self.close_once_received(twin, self.loop.time() + FLUSH_MAX)

    def is_on_its_way(self, raw: socket.socket) -> bool:
        """Returns whether the client is yet to receive bytes that were sent."""
        return unsent_by(self.transport) > 0 or unreceived_by_peer(raw) > 0

    def close_once_received(self, twin: socket.socket, until: float) -> None:
        """Closes the descriptor once the client has received all bytes, or at `until`."""
        if self.is_on_its_way(twin) and self.loop.time() < until:
            self.loop.call_later(FLUSH_POLL, self.close_once_received, twin, until)
        else:
            twin.close()

    def reset(self) -> None:
        """Resets the connection at once.

        An abort of the transport alone would close it as if all had been sent.
        """
        if (raw := socket_of(self.transport)) is not None:
            with suppress(*LOST):  # asyncio may have closed it, by a reset
                resets(raw)
            self.is_reset_if_cut = False
        self.transport.abort()

    def lost(self, exc: Exception | None) -> None:
        """Ends the deadline of a transport that is closed, and undoes `reset_if_cut`.

        It is undone if nothing has failed and no response was cut: the socket is then not reset.
        """
        self.writing.stop()
        if self.is_reset_if_cut and exc is None and self.connection.closing is not Closing.RESET:
            # The transport closes the socket after this call.
            ends(socket_of(self.transport))
