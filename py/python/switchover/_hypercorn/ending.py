"""The end of a hypercorn connection: in order, or by a reset."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Any

from hypercorn.events import Event

from .._reset import FLUSH_MAX, FLUSH_POLL, LOST, resets, unreceived_by_peer, unsent_by

if TYPE_CHECKING:
    import socket

Send = Callable[[Event], Awaitable[None]]

LINGER_MAX = 4.0
"""The maximum seconds for which the server still reads after its half-close."""
LINGER_IDLE = 1.0
"""The seconds without bytes after which reading after a half-close ends earlier."""
LINGER_BYTES = 1 << 20
"""The number of discarded bytes after which reading after a half-close ends."""


def writer_of(send: Send) -> Any:
    """Returns asyncio's stream writer of the connection; None under trio.

    `send` is the method of hypercorn's server for that connection.
    """
    return getattr(getattr(send, "__self__", None), "writer", None)


def socket_of(send: Send) -> socket.socket | None:
    """Returns the socket of the connection that has this method `send`, or None."""
    raw: socket.socket | None
    if (writer := writer_of(send)) is not None:
        raw = writer.get_extra_info("socket")
    else:
        stream = getattr(getattr(send, "__self__", None), "stream", None)  # trio, perhaps TLS
        raw = getattr(getattr(stream, "transport_stream", stream), "socket", None)
    return raw


def has_read_eof(send: Send) -> bool:
    """Returns whether asyncio's reader is at the client's EOF; False under trio."""
    reader = getattr(getattr(send, "__self__", None), "reader", None)
    return reader is not None and bool(reader.at_eof())


def held_by(send: Send) -> int:
    """Returns the number of bytes in asyncio's write buffer; 0 under trio."""
    transport = getattr(writer_of(send), "transport", None)
    return 0 if transport is None else unsent_by(transport)


def reset_if_held(send: Send) -> None:
    """Resets the connection if asyncio's transport still holds bytes to send.

    It holds some if the server stops before a slow client has read them.
    """
    if held_by(send):
        reset(send)


def reset(send: Send) -> None:
    """Resets the connection that has this method `send`.

    hypercorn's own close would end the connection in order. Does nothing without a socket.
    """
    if (raw := socket_of(send)) is None:
        return
    with suppress(*LOST):
        resets(raw)
    if (writer := writer_of(send)) is not None:
        writer.transport.abort()
    else:
        raw.close()


async def half_close(send: Send) -> bool:
    """Ends the sending direction; returns False if it cannot, as with TLS."""
    server: Any = getattr(send, "__self__", None)
    try:
        if (writer := writer_of(send)) is None:
            await server.stream.send_eof()
            return True
        if can := bool(writer.can_write_eof()):
            writer.write_eof()
        return can
    except Exception:
        # The client has gone, or the stream has no such call. trio has exceptions of its own.
        return False


async def flush(send: Send, sleep: Callable[[float], Awaitable[None]]) -> None:
    """Waits until the client has received all written bytes, at most `FLUSH_MAX`.

    The reset that follows would discard bytes on their way, also those of earlier responses. Only
    on Linux are bytes counted that have left the process.
    """
    left = FLUSH_MAX
    while left > 0 and (held_by(send) or unreceived_by_peer(socket_of(send))):
        await sleep(FLUSH_POLL)
        left -= FLUSH_POLL


async def linger(send: Send, sleep: Callable[[float], Awaitable[None]], dropped: Callable[[], float]) -> None:
    """Half-closes the connection, and waits while the client sends, for limited time.

    Closing with unread bytes of the client would reset the connection, and the client could lose
    the last response (RFC 9112, section 9.6). `dropped` returns the number of bytes discarded since
    that response; infinity at the client's end. Returns at once if the connection cannot be
    half-closed.
    """
    left, idle, before = LINGER_MAX, 0.0, dropped()
    if before == inf or not await half_close(send):
        return
    while left > 0 and idle < LINGER_IDLE and before <= LINGER_BYTES:
        await sleep(FLUSH_POLL)
        left, idle = left - FLUSH_POLL, idle + FLUSH_POLL
        if (now := dropped()) != before:
            before, idle = now, 0.0
