"""The base class of a uvicorn connection: its state, its writes, and its end."""

from __future__ import annotations

import asyncio
import contextvars
import enum
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary, WeakSet

from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.http.flow_control import FlowControl

from .. import Awaiting, Closing, Connection, Request
from .._limits import LINGER_IDLE, LINGER_MAX
from .burst import Burst
from .cycle import Cycle
from .deadlines import NEXT_REQUEST, Deadline
from .ending import Ending
from .options import Options
from .transport import closes_after_eof
from .tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn._types import ASGI3Application
    from uvicorn.config import Config as ServerConfig
    from uvicorn.server import ServerState


class Phase(enum.Enum):
    """The phases of a uvicorn connection."""

    OPEN = 1
    """HTTP is served; no event of the engine is being handled."""
    TAKING = 2
    """HTTP is served; the engine's events are being handled."""
    POSTPONED = 3
    """HTTP is served; the engine's events wait for a later turn of the loop."""
    LINGERING = 4
    """Nothing more is sent, as after the last response; received bytes are discarded."""
    SWITCHED = 5
    """The app has accepted another protocol, and gets its bytes from a `Tunnel`."""
    HANDED_OVER = 6
    """The connection belongs to a WebSocket class of uvicorn."""


# A member is looked up by a call.
OPEN, TAKING, POSTPONED, LINGERING, SWITCHED, HANDED_OVER = Phase

LINGERING_CONNECTIONS: WeakKeyDictionary[ServerState, WeakSet[Base]] = WeakKeyDictionary()
"""The lingering connections of each server, which do not count for its limit."""


class Base(Options, asyncio.Protocol):
    """The base class of a uvicorn connection: its state, its writes, and its end."""

    __slots__ = (
        "__weakref__",
        "access_log",
        "access_logger",
        "app",
        "app_state",
        "base",
        "burst",
        "config",
        "connection",
        "connections",
        "cycle",
        "deadline",
        "dropped",
        "ending",
        "flow",
        "handshake",
        "has_eof",
        "has_warned",
        "is_stopping",
        "leaving",
        "limit_concurrency",
        "lingering",
        "lingers_until",
        "logger",
        "loop",
        "phase",
        "root_path",
        "server_state",
        "tasks",
        "timeout_keep_alive",
        "transport",
        "turn",
        "variables",
        "watching",
        "write",
        "ws_protocol_class",
    )

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config = config
        # uvicorn's types name its own protocol classes, and this class is not one of them.
        settings: Any = config
        self.app: ASGI3Application = settings.loaded_app
        self.ws_protocol_class: Any = settings.ws_protocol_class
        self.connections: set[Any] = server_state.connections
        self.lingering = LINGERING_CONNECTIONS.setdefault(server_state, WeakSet())
        self.loop = _loop or asyncio.get_event_loop()
        self.logger = logging.getLogger("uvicorn.error")
        self.access_logger = logging.getLogger("uvicorn.access")
        self.access_log = self.access_logger.hasHandlers()
        self.root_path = config.root_path
        self.limit_concurrency = config.limit_concurrency
        self.app_state = app_state
        # Those of an app must not reach the next request, although the app may have resumed the reading.
        self.variables = contextvars.copy_context()
        self.deadline = Deadline(self.loop, self.timed_out, self.release, self.variables)
        self.timeout_keep_alive = config.timeout_keep_alive
        self.server_state = server_state
        self.tasks = server_state.tasks

        self.connection: Connection
        self.transport: asyncio.Transport
        # The number of messages after which an app that need not wait lets others have their turn.
        self.turn: int
        # Writes to the transport, or holds a response of a burst.
        self.write: Callable[[bytes], None]
        self.flow: FlowControl
        self.ending: Ending
        self.base: dict[str, Any] = {}
        self.cycle: Cycle | None = None
        self.watching: asyncio.TimerHandle | None = None
        # A WebSocket handshake, kept until the content of its request has been discarded.
        self.handshake: Request | None = None
        self.phase = OPEN
        self.burst: Burst | None = None
        self.has_eof = self.has_warned = self.is_stopping = False
        self.leaving: asyncio.TimerHandle | None = None
        # After the last response: the time at which discarding ends, and the number of discarded bytes.
        self.lingers_until = 0.0
        self.dropped = 0

    @property
    def lingers(self) -> bool:
        """True while received bytes are discarded, after the last response or a tunnel."""
        return self.phase is LINGERING

    @property
    def serves(self) -> bool:
        """True unless the connection is lingering, has switched, or was handed over."""
        return self.phase not in {LINGERING, SWITCHED, HANDED_OVER}

    # Writes.

    def write_at_once(self, data: bytes | bytearray) -> None:
        """Writes the pipelined responses that a `Burst` holds, and then the data."""
        self.end_burst()
        self.transport.write(data)

    def begin_burst(self) -> Burst | None:
        """Creates the `Burst`, which holds pipelined responses to write them together.

        Returns None if the loop has no `call_soon`, as in a test.
        """
        if hasattr(self.loop, "call_soon"):
            self.burst = Burst(self.transport, self.loop, self.end_burst)
        return self.burst

    def end_burst(self) -> None:
        """Writes the pipelined responses that a `Burst` holds, and stops holding for now."""
        if self.burst is not None:
            self.write = self.transport.write
            self.burst.flush()

    def timed_out(self, what: str) -> None:
        """Closes the connection of a client that was too slow with `what`."""
        raise NotImplementedError

    # Another protocol.

    def switch(self) -> None:
        """Ends HTTP on the connection, as a response has accepted another protocol."""
        self.phase = SWITCHED
        self.deadline.stop()
        self.cancel_leaving()
        self.flow.resume_reading()

    @property
    def tunnel(self) -> Tunnel | None:
        """The tunnel of the app, once it has accepted another protocol; else None."""
        return self.cycle.tunnel if self.phase is SWITCHED and self.cycle is not None else None

    def leave_tunnel(self, tunnel: Tunnel) -> None:
        """Ends our direction of a tunnel whose app has returned; discards what arrives."""
        if not tunnel.is_over and not self.transport.is_closing():
            tunnel.write(b"", more_body=False)
        if not self.transport.is_closing():
            self.discard_the_rest()

    # The end.

    def cancel_leaving(self) -> None:
        """Cancels the timer that lets an app receive `http.disconnect` after a half-close."""
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None

    def close(self) -> None:
        """Closes the connection; resets it if a response would look complete but is not."""
        self.end_burst()
        self.ending.close(self.timeout_write)

    def linger(self) -> None:
        """Closes the connection, or half-closes it first and discards for a limited time.

        An immediate close with unread bytes could make the client lose a response that it has not read yet (RFC 9112,
        section 9.6). TLS has no half-close: a client that still sends its content gets the time for that before.
        """
        if self.lingers or self.transport.is_closing():
            return
        self.end_burst()
        if self.connection.closing is not Closing.LINGER:
            self.close()
            return
        if not closes_after_eof(self.transport):
            is_delimited = self.cycle is None or self.cycle.is_delimited
            if is_delimited and self.connection.awaiting is Awaiting.CONTENT and not self.has_eof:
                self.discard_the_rest()
            else:
                self.close()
            return
        if self.half_close_ours():
            self.ending.reset_if_cut()
            self.discard_the_rest()

    def half_close_ours(self) -> bool:
        """Ends our direction; returns False if the client has reset the connection."""
        try:
            self.transport.write_eof()
        except OSError:
            self.transport.abort()
            return False
        return True

    def discard_the_rest(self) -> None:
        """Discards what the client still sends, for a limited time; writes nothing more."""
        # From here on nothing is answered, not even a postponed event.
        self.phase = LINGERING
        self.lingering.add(self)
        self.flow.resume_reading()
        self.lingers_until = monotonic() + LINGER_MAX
        self.wait_for_the_end()

    def wait_for_the_end(self) -> None:
        """Sets the deadline for the client to close its direction, or to send more bytes."""
        self.deadline.begin_again("the end", max(0, min(LINGER_IDLE, self.lingers_until - monotonic())))

    def release(self) -> None:
        """Releases memory while the connection waits for a next request."""
        self.connection.release()
        if self.cycle is not None and self.cycle.has_returned:
            self.cycle = None

    # Under these names uvicorn's own classes have them.

    @property
    def scope(self) -> dict[str, Any]:
        """The ASGI scope of the latest request; empty before the first, and once released."""
        return self.cycle.scope if self.cycle is not None else {}

    @property
    def timeout_keep_alive_task(self) -> asyncio.TimerHandle | None:
        """The timer of a connection that is idle after a response; else None."""
        return self.deadline.handle if self.deadline.what == NEXT_REQUEST else None

    def log_trace(self, message: str) -> None:
        """Logs a message about the connection, with `--log-level trace`."""
        if self.logger.level <= TRACE_LOG_LEVEL:
            client = self.base["client"]
            self.logger.log(TRACE_LOG_LEVEL, "%s%s", f"{client[0]}:{client[1]} - " if client else "", message)
