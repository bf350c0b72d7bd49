"""Operations on streams of anyio that anyio does not have, such as a reset."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, cast

from anyio import (
    BrokenResourceError,
    CancelScope,
    ClosedResourceError,
    Lock,
    TypedAttributeLookupError,
    aclose_forcefully,
    current_time,
    fail_after,
)
from anyio.abc import AnyByteStream, ByteStream, ObjectStream, SocketAttribute
from anyio.streams.buffered import BufferedByteStream
from anyio.streams.tls import TLSAttribute, TLSStream

from .._reset import LOST, has_input, reads_ahead, resets

READ_SIZE = 65_536
"""The maximum number of bytes in one read, and in one send below TLS."""
TURN = 30
"""The seconds that a send below TLS waits while another send makes no progress."""
STREAMS: tuple[type, ...] = (ByteStream, ObjectStream)


class Orderly(ByteStream):
    """A transport to which several tasks may send, one after the other."""

    def __init__(self, stream: AnyByteStream) -> None:
        self.stream = of_bytes(stream)
        self.sending = Lock()
        self.turns: set[CancelScope] = set()

    @property
    def extra_attributes(self) -> Mapping[Any, Callable[[], Any]]:
        return cast("Mapping[Any, Callable[[], Any]]", self.stream.extra_attributes)  # pyright: ignore[reportUnknownMemberType]

    async def receive(self, max_bytes: int = READ_SIZE) -> bytes:
        return await self.stream.receive(max_bytes)

    async def send(self, item: bytes) -> None:
        # Another task may be waiting for a peer that reads nothing.
        with fail_after(TURN) as turn:
            self.turns.add(turn)
            try:
                await self.sending.acquire()
            finally:
                self.turns.discard(turn)
        try:
            for start in range(0, len(item), READ_SIZE):
                await self.stream.send(item[start : start + READ_SIZE])
                for other in self.turns:
                    other.deadline = current_time() + TURN
        finally:
            self.sending.release()

    async def send_eof(self) -> None:
        await self.stream.send_eof()

    async def aclose(self) -> None:
        await self.stream.aclose()


def share(stream: AnyByteStream) -> None:
    """Allows one task to read from TLS while another task writes.

    Reading may have to send a response, as to a KeyUpdate (RFC 8446, section 4.6.3). So sends below TLS take turns.
    """
    while isinstance(stream, TLSStream):
        if not isinstance(stream.transport_stream, Orderly):
            stream.transport_stream = Orderly(stream.transport_stream)
        stream = stream.transport_stream.stream


def tls_of(stream: AnyByteStream) -> object:
    """Returns the TLS object of a stream or of a stream below, or None.

    None if there is no TLS, or the peer has disconnected.
    """
    with suppress(*LOST, AttributeError):  # uvloop's, where the peer has gone
        return stream.extra(TLSAttribute.ssl_object, None)
    return None


def socket_of(stream: AnyByteStream) -> socket.socket | None:
    """Returns the socket below a stream, or None.

    None if there is no socket, or if it is closed, as with uvloop.
    """
    with suppress(*LOST, BrokenResourceError, ClosedResourceError, TypedAttributeLookupError, AttributeError):
        raw = stream.extra(SocketAttribute.raw_socket)
        if raw.fileno() >= 0:
            return raw
    return None


async def reset(stream: AnyByteStream) -> None:
    """Resets the connection, if the stream has a socket, and closes the stream.

    After a FIN the peer might consider incomplete bytes complete.
    """
    if (raw := socket_of(stream)) is not None:
        with suppress(*LOST):  # a socket that has ended
            resets(raw)
    await aclose_forcefully(stream)


def pause(stream: AnyByteStream) -> None:
    """Stops a stream of anyio from reading ahead.

    Under asyncio such a stream reads from the beginning on, without a limit. Once a task has waited in `receive`, the
    stream reads only on demand. Streams of other loops are unchanged.
    """
    while isinstance(stream, TLSStream | Orderly):
        stream = stream.transport_stream if isinstance(stream, TLSStream) else stream.stream
    transport = getattr(stream, "_transport", None)
    # uvloop's transport is no `asyncio.ReadTransport`.
    pauses = getattr(transport, "pause_reading", None)
    if pauses is not None:
        with suppress(RuntimeError):
            pauses()


def has_come(stream: AnyByteStream) -> bool:
    """Returns whether a read would probably return bytes or EOF at once.

    Over TLS it may not, as bytes in the socket may be only a session ticket.
    """
    if isinstance(stream, BufferedByteStream) and stream.buffer:
        return True
    if isinstance(stream, Orderly):
        return has_come(stream.stream)
    tls = tls_of(stream)
    if isinstance(stream, TLSStream):
        # Bytes that are decrypted already, or perhaps a record that was read or waits below.
        is_read = isinstance(tls, ssl.SSLObject) and (tls.pending() > 0 or cast("Any", stream)._read_bio.pending > 0)
        return is_read or has_come(stream.transport_stream)
    if tls is not None:
        return False
    return reads_ahead(stream) or has_input(socket_of(stream))


def of_bytes(stream: AnyByteStream) -> ByteStream:
    """Returns the stream as a ByteStream, whose `receive` has a maximum length.

    Raises TypeError if it is no stream of anyio.
    """
    if not isinstance(stream, STREAMS):
        raise TypeError(f"expected a stream of anyio, got {type(stream).__name__}")
    return stream if isinstance(stream, ByteStream) else BufferedByteStream(stream)
