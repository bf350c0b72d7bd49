"""Closing a server's connection: in order, at once, or by a reset."""

from __future__ import annotations

from contextlib import suppress

from anyio import aclose_forcefully, fail_after, move_on_after, sleep
from anyio.abc import AnyByteStream
from anyio.streams.tls import TLSStream

from .. import Awaiting, Closing
from .._reset import FLUSH_MAX, FLUSH_POLL, unreceived_by_peer
from .failures import DISCONNECTS
from .streams import LINGER_IDLE, reset, socket_of
from .wire import Wire

LINGER_MAX = 4.0
"""The maximum time in seconds of `linger`, which discards the client's bytes."""
LINGER_BYTES = 1 << 20
"""The number of discarded bytes above which `linger` ends."""
TRANSPORT_ERRORS = (*DISCONNECTS, OSError)
"""`DISCONNECTS`, and OSError: exceptions of TLS's transport, and TimeoutError."""


async def linger_and_close(wire: Wire) -> None:
    """Closes a server's connection after the last response.

    The client gets all of the response, or sees that it is incomplete.
    """
    if wire.sending.locked():
        # A task that the handler has left behind sends on; each piece has its timeout.
        async with wire.sending:
            pass
    closing = wire.connection.closing
    if wire.is_broken or closing is Closing.RESET:
        if not wire.is_broken:
            await flush(wire.stream)
        await reset(wire.stream)
        return
    is_idle = wire.connection.awaiting is Awaiting.REQUEST
    if wire.switched or (closing is Closing.LINGER and not is_idle):
        await linger(wire.stream)
    with suppress(*TRANSPORT_ERRORS), move_on_after(LINGER_IDLE):
        await wire.stream.aclose()


async def flush(stream: AnyByteStream) -> None:
    """Waits until the client has received what was sent: at most `FLUSH_MAX` seconds.

    Systems other than Linux do not count such bytes: there it returns at once. It precedes a reset, which would discard
    bytes on their way, also of earlier responses.
    """
    raw = socket_of(stream)
    with move_on_after(FLUSH_MAX):
        while unreceived_by_peer(raw):
            await sleep(FLUSH_POLL)


async def close_at_once(wire: Wire) -> None:
    """Closes a server's stream without waiting.

    Resets the connection after a switch, after a failed write, or if a normal close would make an incomplete response
    look complete.
    """
    cuts = wire.switched or wire.is_broken or wire.sending.locked()
    if cuts or wire.connection.closing is Closing.RESET:
        await reset(wire.stream)
    else:
        await aclose_forcefully(wire.stream)


async def linger(stream: AnyByteStream) -> None:
    """Half-closes the stream, then reads and discards until EOF, within limits.

    Closing with unread bytes of the client would reset the connection, and the client could lose the last response (RFC
    9112, section 9.6).
    """
    dropped = 0
    with suppress(*TRANSPORT_ERRORS), move_on_after(LINGER_MAX):
        if isinstance(stream, TLSStream):
            stream = await unwrapped(stream)
        # A stream may have no half-close, and one of uvloop fails if its socket is closed.
        with suppress(NotImplementedError, TypeError, RuntimeError):
            await stream.send_eof()
        while dropped <= LINGER_BYTES:
            with fail_after(LINGER_IDLE):
                dropped += len(await stream.receive())


async def unwrapped(stream: TLSStream) -> AnyByteStream:
    """Sends the closure alert of TLS, and returns the transport below TLS.

    TLS of anyio has no half-close. Without the alert, the client would learn of the end only by the close.
    """
    # Content that the stream holds would make `unwrap` fail before it has sent the alert.
    with suppress(*TRANSPORT_ERRORS), move_on_after(0):
        while True:
            await stream.receive()
    # What the client sends instead of an alert of its own fails.
    with suppress(*TRANSPORT_ERRORS, ValueError), move_on_after(LINGER_IDLE):
        await stream.unwrap()
    return stream.transport_stream
