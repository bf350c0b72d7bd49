"""The writes of a hypercorn connection, and its end: in order, or by a reset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any

from hypercorn.events import Closed, Event, RawData

from .. import Closing, Connection
from .._limits import LINGER_BYTES, LINGER_IDLE, LINGER_MAX, TLS_TURN, TURN
from .._reset import FLUSH_MAX, FLUSH_POLL, LOST, has_hung_up, resets, unreceived_by_peer, unsent_by

MOST_PENDING = 1 << 20
"""The maximum bytes left by cancelled writes; with more the connection is closed."""


class Outgoing(RawData):
    """The bytes of a wire, which hypercorn takes once it can write them."""

    def __init__(self, wire: Wire) -> None:
        # The class is frozen, and has a field of this name.
        vars(self).update(wire=wire, address=None)

    @property
    def data(self) -> bytes:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The pending bytes of the wire; reading this removes them from the wire."""
        wire: Wire = vars(self)["wire"]
        data, wire.pending, wire.size = b"".join(wire.pending), [], 0
        return data


class Wire:
    """The writes of a hypercorn connection, and its close, which waits for them.

    hypercorn writes one after the other. A write that is cancelled while it waits for another leaves its bytes to the
    next one, as the engine has counted them. Under trio, to close while another task writes would end hypercorn's
    worker.
    """

    def __init__(
        self,
        send: Callable[[Event], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]],
        spawn: Callable[[Callable[[], Coroutine[Any, Any, None]]], object],
        connection: Connection,
        *,
        tls: bool,
    ) -> None:
        self.send = send
        self.sleep = sleep
        self.spawn = spawn
        self.connection = connection
        server = getattr(send, "__self__", None)
        self.transport: Any = getattr(getattr(server, "writer", None), "transport", None)
        """asyncio's transport; None under trio."""
        self.stream: Any = getattr(server, "stream", None)
        """The stream of trio, perhaps of TLS; None under asyncio."""
        self.turn = TLS_TURN if tls else TURN
        self.writes = self.writing = 0
        self.is_closed = self.is_ending = False
        self.pending: list[bytes] = []
        self.size = 0
        """The pending bytes that cancelled writes have left."""
        self.has_ended = False
        """True once no more bytes are received."""
        self.dropped = 0
        """The number of bytes that were received, and discarded, after the last response."""

    @property
    def is_full(self) -> bool:
        """True if cancelled writes have left more than `MOST_PENDING` bytes."""
        return self.size > MOST_PENDING

    @property
    def is_cut(self) -> bool:
        """True if an incomplete response would look complete after a close."""
        return self.connection.closing is Closing.RESET

    @property
    def is_lost(self) -> bool:
        """True if the client has ended TCP below asyncio's TLS.

        Its end is yet to be read, and asyncio may drop what is written, and log it.
        """
        return self.turn == TLS_TURN and not self.has_ended and self.transport is not None and has_hung_up(self.socket)

    @property
    def socket(self) -> Any:
        """The socket of the connection, or None."""
        if self.transport is not None:
            return self.transport.get_extra_info("socket")
        return getattr(getattr(self.stream, "transport_stream", self.stream), "socket", None)

    async def write(self, data: bytes = b"") -> None:
        """Sends bytes after those that are pending; does nothing once `close` was called."""
        if self.is_closed:
            return
        pending = self.pending
        if data:
            pending.append(data)
        if pending:
            try:
                await self.send_pending()
            except BaseException:
                if pending is self.pending:
                    self.size += len(data)
                raise
            finally:
                # The close waits for this write, whose task may be cancelled.
                if self.is_closed and not self.writing:
                    self.spawn(self.close)
        self.writes += 1
        if self.writes % self.turn == 0:
            # A client that reads at once makes nobody wait, and nor does content without bytes.
            await self.sleep(0)

    async def send_pending(self) -> None:
        self.writing += 1
        try:
            await self.send(Outgoing(self))
        finally:
            self.writing -= 1

    async def close(self) -> None:
        """Closes the connection once all that is pending, and under way, was written."""
        self.is_closed = True
        if self.is_full:
            self.pending.clear()
        if self.pending:
            await self.send_pending()
        if self.writing or self.is_ending:
            return
        self.is_ending = True
        if self.is_cut:
            try:
                await self.flush()
            finally:
                # The server may stop meanwhile.
                self.reset()
            # uvloop resets in the loop's next turn, and would half-close before that.
            await self.sleep(0)
        try:
            await self.linger()
            await self.send(Closed())
        finally:
            self.reset_if_held()

    async def flush(self) -> None:
        """Waits until the client has received all written bytes, at most `FLUSH_MAX`.

        The reset that follows would discard bytes on their way, also those of earlier responses. Only
        on Linux are bytes counted that have left the process.
        """
        left = FLUSH_MAX
        while left > 0 and (unsent_by(self.transport) or unreceived_by_peer(self.socket)):
            await self.sleep(FLUSH_POLL)
            left -= FLUSH_POLL

    async def linger(self) -> None:
        """Half-closes, and waits while the client sends, as it could lose a response.

        It does so for limited time. Closing with unread bytes of the client would reset the connection, and the client
        could lose the last response (RFC 9112, section 9.6).
        """
        if self.connection.closing is not Closing.LINGER or self.has_ended:
            return
        try:
            if self.transport is None:
                await self.stream.send_eof()
            else:
                self.transport.write_eof()
        except Exception:
            # TLS has no half-close, or the client has gone. trio has exceptions of its own.
            return
        left, idle = LINGER_MAX, 0.0
        while left > 0 and idle < LINGER_IDLE and self.dropped <= LINGER_BYTES and not self.has_ended:
            before = self.dropped
            await self.sleep(FLUSH_POLL)
            left -= FLUSH_POLL
            idle = idle + FLUSH_POLL if self.dropped == before else 0.0

    def reset(self) -> None:
        """Resets the connection, which hypercorn's own close would end in order.

        Does nothing without a socket.
        """
        if (raw := self.socket) is None:
            return
        with suppress(*LOST):
            resets(raw)
        (raw.close if self.transport is None else self.transport.abort)()

    def reset_if_held(self) -> None:
        """Resets the connection if asyncio's transport still holds bytes to send.

        It holds some if the server stops before a slow client has read them.
        """
        if unsent_by(self.transport):
            self.reset()
