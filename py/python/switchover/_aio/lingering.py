"""The end of a connection such that its peer gets all that was sent."""

from __future__ import annotations

from contextlib import suppress

from anyio import fail_after, move_on_after, sleep
from anyio.abc import AnyByteStream
from anyio.streams.tls import TLSStream

from .._limits import LINGER_BYTES, LINGER_IDLE, LINGER_MAX
from .._reset import FLUSH_MAX, FLUSH_POLL, unreceived_by_peer
from .failures import DISCONNECTS
from .streams import socket_of

TRANSPORT_ERRORS = (*DISCONNECTS, OSError)
"""`DISCONNECTS`, and OSError: exceptions of TLS's transport, and TimeoutError."""


async def flush(stream: AnyByteStream) -> None:
    """Waits until the client has received what was sent: at most `FLUSH_MAX` seconds.

    Systems other than Linux do not count such bytes: there it returns at once. It precedes a reset, which would discard
    bytes on their way, also of earlier responses.
    """
    raw = socket_of(stream)
    with move_on_after(FLUSH_MAX):
        while unreceived_by_peer(raw):
            await sleep(FLUSH_POLL)


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
