"""A stream of anyio and its engine, for client and server alike."""

from __future__ import annotations

import asyncio
import errno
import math
import socket
from collections import deque
from collections.abc import AsyncGenerator, Callable, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from ssl import SSLError
from typing import TYPE_CHECKING, Any, Final, cast

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    CancelScope,
    ClosedResourceError,
    EndOfStream,
    IncompleteRead,
    Lock,
    TypedAttributeLookupError,
    aclose_forcefully,
    current_time,
    fail_after,
)
from anyio.abc import AnyByteStream, ByteStream, ObjectStream, SocketAttribute
from anyio.lowlevel import checkpoint
from anyio.streams.buffered import BufferedByteStream
from anyio.streams.tls import TLSAttribute, TLSStream

from .. import NEED_DATA, Awaiting, Config, Connection, Data, Owes, Paused, Protocol, Role, Switched
from .._reset import LOST, has_input

if TYPE_CHECKING:
    from .. import Event

READ_SIZE = 65_536
"""How much is read at once."""
TURN = 30
"""The seconds that a task waits below TLS for another one's send, of which nothing is taken."""
SENT = 32_768
"""How much is sent at once."""
CONTENT = 1 << 30
"""The limit of content of a request, in bytes, unless a `config` has another."""
MAX_CONTENT = 65_536
"""How much content is read whole, unless another limit is given."""
STREAMS: tuple[type, ...] = (ByteStream, ObjectStream)
SYSTEM = 4
"""How many times as long the system's buffer of a Unix socket may take to empty."""
UNIX = getattr(socket, "AF_UNIX", object())
SECONDS_PER_BYTE = 0.001
"""Seconds that a byte adds to the time left: long content may take long, a byte a second may not."""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds, by `Connection.awaiting`; None disables one.

    The time runs while there is something to wait for, not while your code works. It begins anew with each event but
    `Data`; each byte of content adds a millisecond. When it is over there is a TimeoutError.
    """

    request: float | None = 60
    """A server waits for the first byte of a request."""
    head: float | None = 30
    """The rest of its head."""
    content: float | None = 30
    """More content, or the end of the message."""
    response: float | None = 60
    """A client waits for a response once its request has been sent, or for the next interim one."""
    expect_continue: float | None = 1
    """A client waits for a 100; then it sends its content all the same (RFC 9110, section 10.1.1)."""
    write: float | None = 30
    """The peer takes 32 KiB of what is sent, about a millisecond for each byte.

    Over a Unix socket it takes 200 KB, in four times that."""

    def of(self, awaiting: Awaiting) -> float:
        """The seconds for what is awaited."""
        seconds = {
            Awaiting.REQUEST: self.request,
            Awaiting.HEAD: self.head,
            Awaiting.CONTENT: self.content,
            Awaiting.RESPONSE: self.response,
        }.get(awaiting)
        return math.inf if seconds is None else seconds


TIMEOUTS = Timeouts()


class SwitchedStream(BufferedByteStream):
    """A stream of the new protocol, from its first byte on.

    What came with the head is received first.

    It is a `ByteStream` of anyio, with `receive_exactly` and `receive_until` besides. `send_eof` ends our direction
    alone, where the transport can do that (TLS cannot). `aclose` closes the transport. Extra attributes are those of
    the transport. RFC 9110, section 7.8.
    """

    connection: Final[Connection]
    """The engine, for questions such as `agreed`; bytes no longer pass through it."""
    switched: Final[Switched]
    """The engine's event: `protocols`, and a server's `request` or a client's `response`, which is the 101."""

    def __init__(self, stream: AnyByteStream, connection: Connection, switched: Switched) -> None:
        super().__init__(stream)
        self.feed_data(switched.leftover)
        self.connection = connection
        self.switched = switched
        self._was_reset = False

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols that are spoken, lowest layer first; empty after CONNECT."""
        return self.switched.protocols

    async def receive(self, max_bytes: int = READ_SIZE) -> bytes:
        """Receives what comes next.

        After a send that met a reset, the end is a BrokenResourceError.
        """
        async with self._until(EndOfStream):
            return await super().receive(max_bytes)

    async def receive_exactly(self, nbytes: int) -> bytes:
        """Receives so many bytes. An IncompleteRead is an end in order."""
        async with self._until(IncompleteRead):
            return await super().receive_exactly(nbytes)

    async def receive_until(self, delimiter: bytes, max_bytes: int) -> bytes:
        """Receives up to a delimiter. An IncompleteRead is an end in order."""
        async with self._until(IncompleteRead):
            return await super().receive_until(delimiter, max_bytes)

    async def send(self, item: bytes) -> None:
        """Sends all of it."""
        async with self._until():
            await super().send(item)

    @asynccontextmanager
    async def _until(self, *ends: type[Exception]) -> AsyncGenerator[None]:
        """Tells a reset from an end, which TLS does by itself."""
        try:
            yield
        except BrokenResourceError as error:
            self._was_reset |= _is_reset(error)
            raise
        except ends:
            await _noted()
            if self._was_reset and not isinstance(self._stream, TLSStream):
                raise BrokenResourceError("the peer has reset the connection") from None
            raise

    async def aclose(self) -> None:
        """Closes the transport.

        Where a send of another task waits for the peer, TLS has no end in order.
        """
        below = self._stream.transport_stream if isinstance(self._stream, TLSStream) else None
        if isinstance(below, _Orderly) and below.sending.locked():
            await aclose_forcefully(self._stream)
        else:
            await super().aclose()


class Wire:
    """A stream, and the engine that its bytes pass through."""

    def __init__(self, stream: AnyByteStream, connection: Connection, timeouts: Timeouts) -> None:
        self.stream = of_bytes(stream)
        self.connection = connection
        self.timeouts = timeouts
        self.awaited = Awaiting.NOTHING
        self.left = math.inf
        self.reading = CancelScope()
        self.sending = Lock()
        self.failures: deque[Exception] = deque(maxlen=16)
        self.is_broken = self.has_end = False
        self.exchange: object = None
        self.switched: SwitchedStream | None = None
        pause(self.stream)
        share(self.stream)
        self.sending_time = timeouts.write
        if timeouts.write is not None and getattr(socket_of(stream), "family", None) is UNIX:
            # It takes more only once the peer has read nearly all that it holds, 200 KB.
            self.sending_time = timeouts.write * SYSTEM

    @property
    def failure(self) -> Exception | None:
        """Returns the latest exception of the stream or the engine."""
        return self.failures[-1] if self.failures else None

    def note(self, error: Exception) -> Exception:
        """Records an exception, so that it can be told from the handler's own."""
        self.failures.append(error)
        return error

    async def next_event(self) -> Event | Paused:
        """Returns the next event; reads where the engine needs more for it."""
        with self.noting():
            while (event := self.connection.next_event()) is NEED_DATA:
                if self.connection.owes is Owes.CONTINUE:
                    await self.send(self.connection.send_informational(100))
                await self.read()
        if not isinstance(event, Data):
            self.left = math.inf
        return event

    async def read(self) -> None:
        """Reads once, within the rest of the deadline."""
        awaiting = self.connection.awaiting
        if awaiting is not self.awaited:
            self.awaited, self.left = awaiting, math.inf
        left = min(self.left, self.timeouts.of(awaiting))
        begun = current_time()
        with fail_after(left) as self.reading:
            length = await self.receive()
        self.left = left - (current_time() - begun)
        if awaiting is Awaiting.CONTENT:
            self.left += length * SECONDS_PER_BYTE

    def allow(self, timeouts: Timeouts) -> None:
        """Gives the peer these times from now on, also for what is being waited for."""
        self.timeouts = timeouts
        self.reading.deadline = current_time() + timeouts.of(self.awaited)

    async def receive(self) -> int:
        """Gives the engine what comes next, and returns how much that was."""
        try:
            data = await self.stream.receive(READ_SIZE)
        except EndOfStream:
            await _noted()
            self.connection.receive_eof(clean=not any(map(_is_reset, self.failures)))
            self.has_end = True
            return 0
        if data:
            self.connection.receive_data(data)
        return len(data)

    async def send(self, data: bytes) -> None:
        """Sends all of the data.

        Where that fails or is cancelled, nothing can follow: part of it may have left.
        """
        with self.noting():
            try:
                async with self.sending:
                    if self.is_broken:
                        raise BrokenResourceError("an earlier send did not end")
                    for start in range(0, len(data), SENT):
                        with fail_after(self.sending_time):
                            await self.stream.send(data[start : start + SENT])
            except BaseException:
                self.is_broken = True
                raise

    @contextmanager
    def noting(self) -> Generator[None]:
        """Records the exceptions that pass, but for those of two tasks at once."""
        try:
            yield
        except BusyResourceError:
            raise  # two tasks of the handler's
        except SSLError as error:
            raise self.note(BrokenResourceError(str(error))) from error
        except Exception as error:
            self.note(error)
            raise


class _Orderly(ByteStream):
    """A transport to which several tasks may send."""

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
        # Another task may wait for a peer that takes nothing.
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
    """Allows that TLS is read while it is written.

    It may have to answer what it reads, as a KeyUpdate (RFC 8446, section 4.6.3).
    """
    while isinstance(stream, TLSStream):
        if not isinstance(stream.transport_stream, _Orderly):
            stream.transport_stream = _Orderly(stream.transport_stream)
        stream = stream.transport_stream.stream


async def _noted() -> None:
    """Lets a send record its failure.

    If it has met a reset, the system does not tell a read of it again. Under trio the send may go on a turn of the loop
    later than the read: two turns are enough.
    """
    await checkpoint()
    await checkpoint()


def _is_reset(error: BaseException) -> bool:
    """Returns whether a send has met a reset.

    EPIPE is that of a reset that came after an end in order.
    """
    if not isinstance(error, BrokenResourceError):
        return False
    while (cause := error.__cause__) is not None:
        error = cause
    return getattr(error, "errno", None) != errno.EPIPE


def connection_on(stream: AnyByteStream, role: Role, config: Config | None) -> Connection:
    """An engine for a stream."""
    if config is None:
        config = Config(secure=tls_of(of_bytes(stream)) is not None, content=CONTENT)
    return Connection(role, config)


def tls_of(stream: AnyByteStream) -> object:
    """Returns the TLS that a stream is, or is above, or None.

    None where there is none, or the peer has gone.
    """
    with suppress(*LOST, AttributeError):  # uvloop's, where the peer has gone
        return stream.extra(TLSAttribute.ssl_object, None)
    return None


def socket_of(stream: AnyByteStream) -> socket.socket | None:
    """Returns the socket below a stream, or None.

    None where there is none, or none any more, as with uvloop.
    """
    with suppress(*LOST, BrokenResourceError, ClosedResourceError, TypedAttributeLookupError, AttributeError):
        raw = stream.extra(SocketAttribute.raw_socket)
        if raw.fileno() >= 0:
            return raw
    return None


def pause(stream: AnyByteStream) -> None:
    """Has a stream of anyio read no more than it is asked for.

    As it does by itself once it has waited.

    Under asyncio it reads from the beginning on, and without a bound.
    """
    while isinstance(stream, TLSStream | _Orderly):
        stream = stream.transport_stream if isinstance(stream, TLSStream) else stream.stream
    transport = getattr(stream, "_transport", None)
    if isinstance(transport, asyncio.ReadTransport):
        with suppress(RuntimeError):
            transport.pause_reading()


def has_come(stream: AnyByteStream) -> bool:
    """Returns whether a read gives something at once.

    In TLS that is not known: it may be a ticket.
    """
    if isinstance(stream, BufferedByteStream) and stream.buffer:
        return True
    if tls_of(stream) is not None:
        return False
    # What a stream of anyio has read ahead under asyncio.
    read_ahead = getattr(getattr(stream, "_protocol", None), "read_queue", None)
    return bool(read_ahead) or has_input(socket_of(stream))


def of_bytes(stream: AnyByteStream) -> ByteStream:
    """A stream that gives as much as it is asked for at most."""
    if not isinstance(stream, STREAMS):
        raise TypeError(f"expected a stream of anyio, got {type(stream).__name__}")
    return stream if isinstance(stream, ByteStream) else BufferedByteStream(stream)
