"""The writes of a hypercorn connection, and its close after them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from hypercorn.events import Closed, Event, RawData

if TYPE_CHECKING:
    import socket

TURN, TLS_TURN = 64, 2
"""The number of writes after which others have their turn, in clear and over TLS.

TLS of asyncio does not tell that the transport below it is lost, and asyncio logs each write from the fifth on.
"""


def socket_of(send: Callable[[Event], Awaitable[None]]) -> socket.socket | None:
    """Returns the socket of the connection that has this method `send`."""
    server: Any = getattr(send, "__self__", None)
    raw: socket.socket | None
    if (writer := getattr(server, "writer", None)) is not None:  # asyncio
        raw = writer.get_extra_info("socket")
    else:
        stream = getattr(server, "stream", None)  # trio, perhaps TLS
        raw = getattr(getattr(stream, "transport_stream", stream), "socket", None)
    return raw


class Outgoing(RawData):
    """Bytes to send, which note that hypercorn has begun to write them."""

    def __init__(self, data: bytes) -> None:
        # The class is frozen, and has a field of this name.
        vars(self).update(data_=data, address=None, is_begun=False)

    @property
    def data(self) -> bytes:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The bytes, which hypercorn takes once it can write."""
        vars(self)["is_begun"] = True
        return vars(self)["data_"]  # type: ignore[no-any-return]


class Writer:
    """The writes of a hypercorn connection, and its close, which waits for them.

    Under trio, to close while another task writes would end hypercorn's worker.
    """

    def __init__(
        self, send: Callable[[Event], Awaitable[None]], sleep: Callable[[float], Awaitable[None]], *, tls: bool
    ) -> None:
        self.send = send
        self.sleep = sleep
        self.turn = TLS_TURN if tls else TURN
        self.writes = 0
        self.writing = 0
        self.is_closed = False
        self.is_broken = False
        """True once bytes are lost that the engine has counted."""
        # A stream of trio may have written a part of what was cancelled, a transport of asyncio writes all or nothing.
        self.is_in_parts = not hasattr(getattr(send, "__self__", None), "writer")

    async def write(self, data: bytes) -> None:
        """Sends bytes, if there are any; nothing more once some are lost."""
        if data and not self.is_closed and not self.is_broken:
            outgoing = Outgoing(data)
            self.writing += 1
            try:
                await self.send(outgoing)
            except BaseException:
                # What follows would be taken for what is missing.
                self.is_broken = self.is_in_parts or not vars(outgoing)["is_begun"]
                raise
            finally:
                self.writing -= 1
            if self.is_closed:
                await self.close()
            self.writes += 1
            if self.writes % self.turn == 0:
                # A client that reads at once makes nobody wait.
                await self.sleep(0)

    async def close(self, last: bytes = b"") -> None:
        """Sends `last`, and closes the connection once all writes under way are complete.

        What is written from now on is dropped.
        """
        self.is_closed = True
        if last and not self.is_broken:
            self.writing += 1
            try:
                await self.send(RawData(data=last))
            finally:
                self.writing -= 1
        if not self.writing:
            await self.send(Closed())
