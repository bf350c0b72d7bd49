"""The stream of a new protocol, after a switch."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from ssl import SSLError
from typing import TYPE_CHECKING, Final, TypeAlias

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    ClosedResourceError,
    EndOfStream,
    IncompleteRead,
    move_on_after,
)
from anyio.abc import AnyByteStream
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint
from anyio.streams.buffered import BufferedByteStream
from anyio.streams.tls import TLSStream

from .. import Connection, Protocol, Switched
from .._limits import LINGER_IDLE
from .._reset import met_reset
from .failures import ClientGoneError, without
from .lingering import TRANSPORT_ERRORS, flush, linger
from .streams import READ_SIZE, reset

if TYPE_CHECKING:
    from types import TracebackType

Failures: TypeAlias = deque[Exception]
"""The type of the latest exceptions of a stream, to distinguish them from others."""
TURNS = 4
"""The turns of the loop in which a send ends that need not wait for the peer."""


class SwitchedStream(BufferedByteStream):
    """A stream of the new protocol, from its first byte on.

    The bytes that were received before the switch come first.

    It is a `ByteStream` of anyio, with `receive_exactly` and `receive_until` as well. `send_eof` ends only the sending
    side, if the transport can do that (TLS cannot). `aclose` closes the transport. Extra attributes are those of the
    transport. RFC 9110, section 7.8.
    """

    connection: Final[Connection]
    """The engine, for getters such as `agreed`; the stream's bytes bypass it."""
    switched: Final[Switched]
    """The event of the engine.

    It has `protocols`, a server's `request`, and a client's `response`: the 101, or the 2xx to CONNECT. Its `leftover`
    is empty, as the stream begins with it.
    """

    was_cut: bool
    """True once a send was cancelled or has failed, so that bytes may be missing.

    `aclose` then resets the connection, and so does `serve_connection` when the handler returns. So does the end of an
    `async with` by an exception, unless the stream itself has raised that.
    """

    sends: int
    """The number of sends in progress."""

    def __init__(
        self, stream: AnyByteStream, connection: Connection, switched: Switched, failures: Failures | None = None
    ) -> None:
        super().__init__(stream)
        self.feed_data(connection.take_leftover())
        self.connection = connection
        # Neither the event nor the engine keeps the first bytes for as long as the stream is open.
        self.switched = Switched(
            by=switched.by,
            protocols=switched.protocols,
            request=switched.request,
            response=switched.response,
            leftover=b"",
        )
        self.was_cut = False
        self._was_reset = self._is_closed = False
        self.sends = 0
        self._failures: Failures = deque(maxlen=16) if failures is None else failures

    @property
    def protocols(self) -> tuple[Protocol, ...]:
        """The protocols of the switch, lowest layer first; empty after CONNECT."""
        return self.switched.protocols

    async def receive(self, max_bytes: int = READ_SIZE) -> bytes:
        """Receives the next bytes, at most `max_bytes`.

        EOF raises EndOfStream; if an earlier send met a reset, BrokenResourceError.
        """
        async with self._until(EndOfStream):
            return await super().receive(max_bytes)

    async def receive_exactly(self, nbytes: int) -> bytes:
        """Receives exactly `nbytes` bytes; raises IncompleteRead at a clean EOF before."""
        async with self._until(IncompleteRead):
            return await super().receive_exactly(nbytes)

    async def receive_until(self, delimiter: bytes, max_bytes: int) -> bytes:
        """Receives bytes up to a delimiter; raises IncompleteRead at a clean EOF before."""
        async with self._until(IncompleteRead):
            return await super().receive_until(delimiter, max_bytes)

    async def send(self, item: bytes) -> None:
        """Sends all bytes of `item`."""
        async with self._until():
            self.sends += 1
            try:
                await super().send(item)
            except BaseException:
                self.was_cut = True
                raise
            finally:
                self.sends -= 1

    @asynccontextmanager
    async def _until(self, *ends: type[Exception]) -> AsyncGenerator[None]:
        """Records errors; after a reset, raises BrokenResourceError in place of `ends`.

        `ends` are exceptions that mean EOF. A TLS stream tells a reset from EOF by itself.
        """
        try:
            yield
        except BrokenResourceError as error:
            self._was_reset |= is_reset(error)
            self._failures.append(error)
            raise
        except ends as end:
            await noted()
            raised: Exception = end
            if self._was_reset and not isinstance(self._stream, TLSStream):
                raised = BrokenResourceError("the peer has reset the connection")
            elif lacks_alert(self._stream, end.__cause__ or end):
                raised = BrokenResourceError("TLS has ended without its closure alert")
            self._failures.append(raised)
            raise raised from None
        except (ClosedResourceError, SSLError) as error:
            self._failures.append(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        has_failed = error is not None
        if isinstance(error, Exception):
            has_failed = without(error, self._failures, (ClientGoneError,)) is not None
        # A generator that is closed has sent all that it wanted to.
        if has_failed and not isinstance(error, GeneratorExit):
            try:
                if not await is_cut(self):
                    await flush(self._stream)
            finally:
                await reset(self._stream)
        else:
            await self.aclose()

    async def send_eof(self) -> None:
        """Ends the sending side, after sends that do not wait for the peer.

        Raises BusyResourceError if a send of another task waits. After a send that was cut, resets the connection and
        raises BrokenResourceError.
        """
        if self.was_cut:
            await reset(self._stream)
            raise BrokenResourceError("an earlier send did not end")
        if await is_sending(self):
            raise BusyResourceError("sending to")
        await super().send_eof()

    async def aclose(self) -> None:
        """Closes the transport, or resets it after a send that was cut.

        A send of another task that waits for the peer is cut by this. A server reads and discards for a while, so that
        its client gets all: up to four seconds, or one without bytes. TLS waits a second at most for the closure alert
        of the peer.
        """
        if await is_cut(self):
            await reset(self._stream)
            return
        try:
            if self.switched.request is not None and not self._is_closed:
                self._is_closed = True
                await linger(self._stream)
        finally:
            with suppress(*TRANSPORT_ERRORS), move_on_after(LINGER_IDLE):
                await super().aclose()


async def is_sending(stream: SwitchedStream) -> bool:
    """Returns whether a send waits for the peer, after a few turns of the loop."""
    for _ in range(TURNS):
        if stream.sends == 0:
            break
        await cancel_shielded_checkpoint()
    return stream.sends > 0


async def is_cut(stream: SwitchedStream) -> bool:
    """Returns whether a send has failed, or would be cut if the stream ended now.

    It would if it still waits for the peer after `TURNS` turns of the loop. This sets `was_cut`.
    """
    if await is_sending(stream):
        stream.was_cut = True
    return stream.was_cut  # a send can have failed meanwhile


def lacks_alert(stream: AnyByteStream, end: BaseException) -> bool:
    """Returns whether TLS has ended without its closure alert.

    With `standard_compatible=False` anyio then raises EndOfStream in place of an SSLError, which it hides.
    """
    return isinstance(stream, TLSStream) and end.__suppress_context__ and isinstance(end.__context__, SSLError)


async def noted() -> None:
    """Waits until a concurrent send has recorded its failure.

    After a send has met a reset, the system does not report the reset to a read. Under trio the send may continue one
    turn of the loop after the read: two turns are enough.
    """
    await checkpoint()
    await checkpoint()


def is_reset(error: BaseException) -> bool:
    """Returns whether an error of a stream says that a send met a reset."""
    return isinstance(error, BrokenResourceError) and met_reset(error)
