"""The stream of a new protocol, after a switch."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from ssl import SSLError
from typing import TYPE_CHECKING, Final, TypeAlias

from anyio import BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead, move_on_after
from anyio.abc import AnyByteStream
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint
from anyio.streams.buffered import BufferedByteStream
from anyio.streams.tls import TLSStream

from .. import Connection, Protocol, Switched
from .._reset import met_reset
from .failures import ClientGoneError, without
from .streams import LINGER_IDLE, READ_SIZE, reset

if TYPE_CHECKING:
    from types import TracebackType

Failures: TypeAlias = "deque[Exception]"
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

    It has `protocols`, a server's `request`, and a client's `response`: the 101, or the 2xx to CONNECT.
    """

    was_cut: bool
    """True once a send was cancelled or has failed, so that bytes may be missing.

    So it is after an exception within `async with`, unless the stream itself has raised it. `aclose` then resets the
    connection, and so does `serve_connection` when the handler returns.
    """

    sends: int
    """The number of sends in progress."""

    def __init__(
        self, stream: AnyByteStream, connection: Connection, switched: Switched, failures: Failures | None = None
    ) -> None:
        super().__init__(stream)
        self.feed_data(switched.leftover)
        self.connection = connection
        self.switched = switched
        self.was_cut = False
        self._was_reset = False
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
            self._failures.append(raised)
            raise raised from None
        except (ClosedResourceError, SSLError) as error:
            self._failures.append(error)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # A generator that is closed has sent all that it wanted to.
        if isinstance(error, Exception):
            self.was_cut |= without(error, self._failures, (ClientGoneError,)) is not None
        elif error is not None and not isinstance(error, GeneratorExit):
            self.was_cut = True
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the transport, or resets it after a send that was cut.

        A send of another task that waits for the peer is cut by this. TLS waits a second at most for the closure alert
        of the peer.
        """
        if await is_cut(self):
            await reset(self._stream)
        elif isinstance(self._stream, TLSStream):
            with move_on_after(LINGER_IDLE):
                await super().aclose()
        else:
            await super().aclose()


async def is_cut(stream: SwitchedStream) -> bool:
    """Returns whether a send has failed or waits for the peer; sets `was_cut`."""
    # One that need not wait ends in a few turns of the loop.
    for _ in range(TURNS):
        if stream.sends == 0:
            break
        await cancel_shielded_checkpoint()
    stream.was_cut |= stream.sends > 0
    return stream.was_cut


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
