"""The server: it calls a handler with each request, and closes the connection."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from contextvars import copy_context
from ssl import SSLError
from typing import TYPE_CHECKING

from anyio import (
    BrokenResourceError,
    BusyResourceError,
    ClosedResourceError,
    create_task_group,
    current_time,
    get_cancelled_exc_class,
    sleep,
)
from anyio.abc import AnyByteStream, Listener

from .. import (
    Awaiting,
    Config,
    Connection,
    LocalProtocolError,
    Owes,
    Paused,
    Protocol,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
    Stage,
    Switched,
)
from .._reset import prepare
from .ending import close_at_once, linger_and_close
from .exchange import Exchange
from .failures import (
    DISCONNECTS,
    LOG,
    ClientGoneError,
    ContentTooLargeError,
    ends_the_program,
    is_shut_down,
    is_stray,
    log,
    status_of,
    without,
    would_be_a_tunnel,
)
from .lingering import TRANSPORT_ERRORS
from .streams import socket_of
from .switched import is_cut
from .variables import called, in_context
from .wire import TIMEOUTS, Timeouts, Wire, connection_on

if TYPE_CHECKING:
    from .. import ProtocolsLike, TextLike

ACCEPT_RETRY_DELAY = 0.05
"""The pause in seconds after a listener has failed to accept a connection."""


async def serve_connection(
    stream: AnyByteStream,
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Serves one connection, from its first byte to its last.

    Calls `handler` with each request, in context variables of its own, and closes the stream.

    `upgrades` are the protocols that the handler supports. If a request offers one of them, `Exchange.upgrade` is its
    name: accept it, or respond as if it had not been offered. Without a `config`, `secure` is true if the stream is
    anyio's TLS.

    Raises only TypeError and ValueError for wrong arguments, and BaseExceptions such as cancellation, which close the
    stream at once. It returns once the connection has ended. A client that breaks the protocol gets a response with the
    appropriate status. One that is too slow in the middle of a request gets a 408; an idle one is closed without a
    response. If a handler raises or does not respond, the client gets a 500, and the error is logged to
    `switchover.aio`. A response that has begun is cut instead. RFC 9112, section 9.
    """
    upgrades = _checked(upgrades, config, timeouts)
    wire = Wire(stream, connection_on(stream, Role.SERVER, config), timeouts)
    try:
        prepare(socket_of(stream))
        is_last = False
        with suppress(*TRANSPORT_ERRORS, RemoteProtocolError):
            while request := await _next_request(wire):
                if is_last := not await _exchange(wire, handler, Exchange(wire, request, upgrades)):
                    break
        await linger_and_close(wire, is_last)
    except Exception as error:
        # A task of the handler still uses the stream, or the transport raises exceptions of its own, as uvloop's does.
        if isinstance(error, BusyResourceError):
            LOG.error("A connection is used after its handler has returned", exc_info=error)
        else:
            LOG.warning("A connection was given up", exc_info=error)
        with suppress(Exception):
            await close_at_once(wire)
    except BaseException:
        await close_at_once(wire)
        raise
    finally:
        wire.rest()


async def serve(
    listener: Listener[AnyByteStream],
    handler: Handler,
    upgrades: ProtocolsLike = (),
    *,
    config: Config | None = None,
    timeouts: Timeouts = TIMEOUTS,
) -> None:
    """Accepts connections until the listener is closed or the task is cancelled.

    Calls `serve_connection` with each, in a task of its own.

    `listener` may be a `TLSListener` of anyio. If the system is out of file descriptors, `serve` tries again a moment
    later; `Listener.serve` alone would raise, and end all connections. If a handler's task is cancelled under asyncio,
    its connection alone ends. Once the listener is closed, `serve` waits for the open connections; cancelling it closes
    them at once.
    """
    upgrades = _checked(upgrades, config, timeouts)

    async def each(stream: AnyByteStream) -> None:
        try:
            await serve_connection(stream, handler, upgrades, config=config, timeouts=timeouts)
        except asyncio.CancelledError as error:
            if is_shut_down():
                raise
            LOG.error("A handler's task was cancelled", exc_info=error)
        except (KeyboardInterrupt, SystemExit, get_cancelled_exc_class()):
            raise
        except BaseException as error:
            # One handler's GeneratorExit, say, is not to end the connections of others.
            if ends_the_program(error):
                raise
            LOG.error("A handler has raised a BaseException", exc_info=error)

    is_open, last = True, -math.inf
    async with create_task_group() as connections:
        while is_open:
            try:
                await listener.serve(each, connections)
            except* ClosedResourceError:
                is_open = False
            except* (OSError, BrokenResourceError) as error:
                if current_time() - last > 1:
                    LOG.error("No connection can be accepted: %r", error.exceptions)
                    last = current_time()
                await sleep(ACCEPT_RETRY_DELAY)


Handler = Callable[[Exchange], Awaitable[object]]
"""The type of the function that `serve_connection` calls with each request."""


async def _next_request(wire: Wire) -> Request | None:
    """Returns the client's next request, or None if none follows.

    If a request is malformed, or late after its first byte, sends an error response and returns None.
    """
    if wire.connection.their_state is Stage.SEND_BODY:
        with suppress(LocalProtocolError):
            wire.connection.skip_content()  # what the handler has not read
    try:
        while not isinstance(event := await wire.next_event(), Paused | Switched):
            if isinstance(event, Request):
                return event
    except (RemoteProtocolError, TimeoutError) as error:
        log(error)
        if wire.connection.awaiting is not Awaiting.REQUEST:
            await _send_error(wire, status_of(error))
    return None


async def _exchange(wire: Wire, handler: Handler, exchange: Exchange) -> bool:
    """Runs the handler for one request; sends an error response if that sends none.

    Returns whether another request may follow.
    """
    error: Exception | None = None
    try:
        # What this handler sets must not reach the next one, whose request may be of another user.
        await in_context(copy_context(), called(handler, exchange))
    except Exception as raised:
        error = raised
    except asyncio.CancelledError as raised:
        if not is_stray():
            raise
        error = RuntimeError("what the handler awaited was cancelled")
        error.__cause__ = raised
    wire.exchange = None
    await wire.watching.interrupt()
    own = unknown = error and without(error, wire.failures, (ClientGoneError,))
    if unknown and wire.switched:
        # A layer above the stream, such as TLS, raises exceptions of its own when the client leaves.
        has_left = any(isinstance(failure, DISCONNECTS) for failure in wire.failures)
        own = without(unknown, (), DISCONNECTS if has_left else (SSLError,))
    if is_tunnel := would_be_a_tunnel(exchange.request, error):
        LOG.warning("A response with content to CONNECT would open a tunnel: it becomes a 501")
        own = None
    elif own:
        LOG.error("Exception in a handler", exc_info=own)
    elif wire.failure or error:
        log(wire.failure or error)
    if wire.switched or wire.is_broken:
        if wire.switched:
            # A protocol that is delimited by the end of the connection would look complete.
            if await is_cut(wire.switched):
                wire.is_broken = True
            wire.has_failed = unknown is not None
        return False
    if wire.connection.owes is Owes.NOTHING:
        # Content that is too long can be read on, or dropped.
        failures = [failure for failure in wire.failures if not isinstance(failure, ContentTooLargeError)]
        return not failures and wire.connection.persists
    if error is None:
        LOG.error("A handler has returned without a whole answer")
    await _send_error(wire, 501 if is_tunnel else status_of(None if own else wire.failure))
    return False


async def _send_error(wire: Wire, status: int) -> None:
    """Sends an error response as the connection's last one, if none has begun."""
    with suppress(ProtocolError, *TRANSPORT_ERRORS):
        await wire.send(wire.connection.reject(status))


def _checked(protocols: ProtocolsLike, config: Config | None, timeouts: Timeouts) -> list[TextLike | Protocol]:
    """Checks arguments of `serve_connection`; returns the protocols as a list.

    Raises TypeError or ValueError if one is wrong.
    """
    if config is not None and config.http2_preface:
        raise ValueError("http2_preface: there is no request that a handler could be called with")
    expected: type = Timeouts
    if not isinstance(timeouts, expected):
        raise TypeError(f"expected a Timeouts, got {type(timeouts).__name__}")
    if isinstance(protocols, str):
        raise TypeError("expected a list of protocols, got str")
    listed = list(protocols)
    Connection(Role.SERVER).select(listed)
    return listed
