"""A stream of anyio together with its engine, for clients and servers."""

from __future__ import annotations

import math
import socket
from collections import deque
from dataclasses import dataclass
from ssl import SSLError
from typing import TYPE_CHECKING

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    ClosedResourceError,
    EndOfStream,
    Lock,
    WouldBlock,
    current_time,
)
from anyio.abc import AnyByteStream

from .. import NEED_DATA, Awaiting, Config, Connection, Data, Owes, Paused, Response, Role
from .._limits import CONTENT
from .._reset import Absence
from .deadline import Deadline, deadline
from .interruptible import Interruptible
from .streams import READ_SIZE, of_bytes, pause, share, socket_of, tls_of
from .switched import SwitchedStream, is_reset, lacks_alert, noted

if TYPE_CHECKING:
    from .. import Event

SENT = 32_768
"""The maximum number of bytes that one send passes to the stream."""
MAX_CONTENT = 65_536
"""The default of `largest`, the limit in bytes for reading whole content."""
EARNED_MAX = 9
"""The most time that sent bytes add to the write timeout, as a multiple of it."""
SYSTEM = 4
"""The factor by which the write timeout is longer on a Unix socket.

The peer must nearly drain the system's buffer before the system accepts more bytes.
"""
UNIX = getattr(socket, "AF_UNIX", object())
SECONDS_PER_BYTE = 0.001
"""The seconds by which each byte of content, or byte sent, extends a timeout.

Long content may take long, but not one byte per second.
"""


@dataclass(frozen=True, kw_only=True)
class Timeouts:
    """Timeouts in seconds, by `Connection.awaiting`; None disables one.

    The time runs only while the peer is awaited, not while your code works. It begins anew with each event except
    `Data`; each byte of content adds a millisecond. A TimeoutError is raised when it is over. `expect_continue` and
    `write` have rules of their own, which they describe.
    """

    request: float | None = 60
    """Server: the time to wait for the first byte of a request."""
    head: float | None = 30
    """Server: the time for the rest of a request's head, after its first byte."""
    content: float | None = 30
    """The time to wait for more content of the peer, or the end of its message."""
    response: float | None = 60
    """Client: the time to wait for the response, or for the next interim response.

    It begins once the request has been sent.
    """
    expect_continue: float | None = 1
    """Client: the time to wait for a 100.

    The content is then sent all the same. After a response it is not, unless that is a 2xx and nothing follows it for
    this time. RFC 9110, section 10.1.1.
    """
    write: float | None = 30
    """The time in which the peer must read a piece of at most 32 KiB.

    Each byte sent adds a millisecond to the time of the next pieces, less the time that sending took, up to nine times
    this. For a Unix socket the time is four times as long: its peer must read nearly 200 KB before the system accepts
    more.
    """

    def of(self, awaiting: Awaiting) -> float:
        """Returns the timeout in seconds for a state of `Connection.awaiting`."""
        seconds = None
        if awaiting is Awaiting.REQUEST:
            seconds = self.request
        elif awaiting is Awaiting.HEAD:
            seconds = self.head
        elif awaiting is Awaiting.CONTENT:
            seconds = self.content
        elif awaiting is Awaiting.RESPONSE or awaiting is Awaiting.CALLER:
            # A client whose request is not sent to its end reads the response meanwhile.
            seconds = self.response
        return math.inf if seconds is None else seconds


TIMEOUTS = Timeouts()


class Wire:
    """A stream, and the engine that parses and encodes its bytes."""

    def __init__(self, stream: AnyByteStream, connection: Connection, timeouts: Timeouts) -> None:
        self.stream = of_bytes(stream)
        self.connection = connection
        self.timeouts = timeouts
        self.awaited = Awaiting.NOTHING
        self.left = math.inf
        self.credit = self.earned = self.begun = 0.0
        self.received = connection.position + len(connection.unread)
        # A request has one step of each. They cost a tenth of scopes of anyio.
        self.reading, self.writing = deadline(), deadline()
        self.time = self.reading.loop.time if isinstance(self.reading, Deadline) else current_time
        self.sending = Lock()
        self.noting = _Noting(self)
        self.watching = Interruptible()
        self.failures: deque[Exception] = deque(maxlen=16)
        self.is_broken = self.has_end = self.has_response = self.is_reading = False
        # A switched stream whose handler has failed after whole sends.
        self.has_failed = False
        self.exchange: object = None
        self.switched: SwitchedStream | None = None
        self.absence = Absence()
        pause(self.stream)
        share(self.stream)
        self.sending_time = math.inf if timeouts.write is None else timeouts.write
        raw = socket_of(stream)
        self.has_socket = raw is not None
        if getattr(raw, "family", None) is UNIX:
            # The system accepts more only once the peer has read nearly all of the 200 KB in its buffer.
            self.sending_time *= SYSTEM

    @property
    def silence(self) -> float:
        """The seconds for which the current read has waited for the peer; 0 without one."""
        return self.time() - self.begun if self.is_reading else 0

    @property
    def failure(self) -> Exception | None:
        """Returns the latest exception that `note` has recorded, or None."""
        return self.failures[-1] if self.failures else None

    @property
    def is_closed(self) -> bool:
        """True if the transport has closed its socket, as that of asyncio does at a reset."""
        return self.has_socket and socket_of(self.stream) is None

    @property
    def is_deserted(self) -> bool:
        """True if the peer has left, as far as is known without a send.

        It has if it has reset the connection, or if the transport has failed. Also if it has half-closed, and nothing
        was sent to it for the write timeout.
        """
        raw = socket_of(self.stream)
        has_failed = any(isinstance(failure, BrokenResourceError | ClosedResourceError) for failure in self.failures)
        return self.is_closed or has_failed or self.absence.is_over(raw, current_time(), self.sending_time)

    @property
    def persists(self) -> bool:
        """Returns whether the stream may carry another request of a client."""
        return self.connection.persists and not self.connection.unread and not self.is_broken

    def note(self, error: Exception) -> Exception:
        """Records and returns an exception, to distinguish it from the handler's own."""
        self.failures.append(error)
        return error

    async def next_event(self) -> Event | Paused:
        """Returns the next event; reads from the stream while the engine needs more bytes.

        Before a read, it sends a 100 if the client waits for one.
        """
        with self.noting:
            while (event := self.connection.next_event()) is NEED_DATA:
                if self.connection.owes is Owes.CONTINUE:
                    await self.send(self.connection.send_informational(100))
                await self.read()
        if isinstance(event, Response):
            self.has_response = True
        if not isinstance(event, Data):
            # Content that has come with its head earns time, too.
            self.left, self.earned = math.inf, (self.received - self.connection.position) * SECONDS_PER_BYTE
        return event

    async def read(self) -> None:
        """Reads once, within the time that is left for what the engine awaits.

        Raises TimeoutError after that time. Each byte of content adds a millisecond.
        """
        awaiting = self.connection.awaiting
        if awaiting is Awaiting.CALLER and self.has_response:
            awaiting = Awaiting.CONTENT
        if awaiting is not self.awaited:
            self.awaited, self.left = awaiting, math.inf
        if self.left == math.inf:
            self.left = self.timeouts.of(awaiting)
            if awaiting is Awaiting.CONTENT:
                self.left += self.earned
        self.begun, self.is_reading = self.time(), True
        try:
            with self.reading.within(self.left):
                length = await self.receive()
        finally:
            self.is_reading = False
            # A read that was cancelled has used its time, too.
            self.left -= self.time() - self.begun
        if awaiting is Awaiting.CONTENT:
            self.left += length * SECONDS_PER_BYTE

    def allow(self, timeouts: Timeouts) -> None:
        """Sets the timeouts, and restarts the time of the current read with them."""
        self.timeouts = timeouts
        self.left, self.begun = timeouts.of(self.awaited), self.time()
        self.reading.reschedule(self.begun + self.left)

    def rest(self) -> None:
        """Cancels the timers of the deadlines, once nothing more is awaited."""
        self.reading.stop()
        self.writing.stop()

    async def receive(self) -> int:
        """Reads once, passes the bytes to the engine, and returns their number; 0 at EOF."""
        try:
            data = await self.stream.receive(READ_SIZE)
        except EndOfStream as end:
            await noted()
            is_cut = lacks_alert(self.stream, end) or any(map(is_reset, self.failures))
            self.connection.receive_eof(clean=not is_cut)
            self.has_end = True
            return 0
        if data:
            self.connection.receive_data(data)
            self.received += len(data)
        return len(data)

    async def send(self, data: bytes) -> None:
        """Sends all bytes of `data`.

        Each piece has the write timeout, and the time that earlier bytes added to it. After a failure or a
        cancellation nothing more can be sent, as a part of `data` may have been sent.
        """
        self.absence.since = None
        with self.noting:
            try:
                try:
                    self.sending.acquire_nowait()
                except WouldBlock:
                    await self.sending.acquire()
                try:
                    if self.is_broken:
                        raise BrokenResourceError("an earlier send did not end")
                    for start in range(0, len(data), SENT):
                        piece, begun = data[start : start + SENT], self.time()
                        with self.writing.within(self.sending_time + self.credit):
                            await self.stream.send(piece)
                        # A slow peer announces free space in large steps, so time that is not used is kept.
                        credit = self.credit + len(piece) * SECONDS_PER_BYTE - (self.time() - begun)
                        self.credit = max(0.0, min(credit, EARNED_MAX * self.sending_time))
                finally:
                    self.sending.release()
            except BaseException:
                self.is_broken = True
                raise


class _Noting:
    """A context manager that records exceptions, except BusyResourceError.

    BusyResourceError means that two tasks use the stream at once. An SSLError becomes a BrokenResourceError.
    """

    def __init__(self, wire: Wire) -> None:
        self.wire = wire

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        if isinstance(error, SSLError):
            raise self.wire.note(BrokenResourceError(str(error))) from error
        if isinstance(error, Exception) and not isinstance(error, BusyResourceError):
            self.wire.note(error)


def connection_on(stream: AnyByteStream, role: Role, config: Config | None) -> Connection:
    """Returns a new engine for a stream.

    Without a `config`, its `secure` is set if the stream is TLS, and its limit `content` is that of `CONTENT`.
    """
    if config is None:
        config = Config(secure=tls_of(of_bytes(stream)) is not None, content=CONTENT)
    return Connection(role, config)
