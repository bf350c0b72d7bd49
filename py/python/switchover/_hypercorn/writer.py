"""The writes of a hypercorn connection, and its close after them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from hypercorn.events import Closed, Event, RawData

from .ending import flush, reset, reset_if_held

TURN, TLS_TURN = 64, 2
"""The number of writes after which other tasks get a turn, without and with TLS.

asyncio's TLS transport does not report that the one below it is lost. asyncio logs a warning for
each write to a lost transport from the fifth on.
"""


MOST_PENDING = 1 << 20
"""The maximum bytes left by cancelled writes; with more the connection is closed."""


class Outgoing(RawData):
    """The bytes of a writer, which hypercorn takes once it can write them."""

    def __init__(self, writer: Writer) -> None:
        # The class is frozen, and has a field of this name.
        vars(self).update(writer=writer, address=None)

    @property
    def data(self) -> bytes:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The pending bytes of the writer; reading this removes them from the writer."""
        writer: Writer = vars(self)["writer"]
        data, writer.pending, writer.size = b"".join(writer.pending), [], 0
        writer.taken += 1
        return data


class Writer:
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
        is_cut: Callable[[], bool],
        linger: Callable[[], Awaitable[None]],
        *,
        tls: bool,
    ) -> None:
        self.send = send
        self.sleep = sleep
        self.spawn = spawn
        self.is_cut = is_cut
        """Returns whether a close would make an incomplete response look complete."""
        self.linger = linger
        """Reads on for a while, if the client could lose the last response otherwise."""
        self.turn = TLS_TURN if tls else TURN
        self.writes = 0
        self.writing = 0
        self.is_closed = self.is_ending = False
        self.pending: list[bytes] = []
        # The bytes of cancelled writes among them, and how often all were taken.
        self.size = 0
        self.taken = 0

    @property
    def is_full(self) -> bool:
        """True if cancelled writes have left more than `MOST_PENDING` bytes."""
        return self.size > MOST_PENDING

    async def write(self, data: bytes = b"") -> None:
        """Sends bytes, after those that cancelled calls have left.

        Does nothing once `close` was called. Gives other tasks a turn after every `turn` calls.
        """
        if self.is_closed:
            return
        taken = self.taken
        if data:
            self.pending.append(data)
        if self.pending:
            try:
                await self.send_pending()
            except BaseException:
                if taken == self.taken:
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

    async def close(self, last: bytes = b"") -> None:
        """Sends `last`, and closes the connection once all writes under way are complete.

        Later calls of `write` do nothing. If another write is under way, that one closes when
        complete.
        """
        self.is_closed = True
        if last:
            self.pending.append(last)
        if self.pending:
            await self.send_pending()
        if self.writing or self.is_ending:
            return
        self.is_ending = True
        if self.is_cut():
            try:
                await flush(self.send, self.sleep)
            finally:
                # The server may stop meanwhile.
                reset(self.send)
            # uvloop resets in the loop's next turn, and would half-close before that.
            await self.sleep(0)
        try:
            await self.linger()
            await self.send(Closed())
        finally:
            reset_if_held(self.send)
