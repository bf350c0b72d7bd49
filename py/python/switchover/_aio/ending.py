"""Closing a server's connection: in order, at once, or by a reset."""

from __future__ import annotations

from contextlib import suppress

from anyio import aclose_forcefully, move_on_after

from .. import Awaiting, Closing
from .._limits import LINGER_IDLE
from .lingering import TRANSPORT_ERRORS, flush, linger
from .streams import reset
from .wire import Wire


async def linger_and_close(wire: Wire, is_last: bool) -> None:
    """Closes a server's connection after the last response.

    The client gets all of the response, or sees that it is incomplete. `is_last` tells that the server ends the
    connection after a response, and not a client that is idle.
    """
    if wire.sending.locked():
        # A task that the handler has left behind sends on; each piece has its timeout.
        async with wire.sending:
            pass
    closing = wire.connection.closing
    if wire.is_broken or wire.has_failed or closing is Closing.RESET:
        if not wire.is_broken:
            await flush(wire.stream)
        await reset(wire.stream)
        return
    is_idle = not is_last and wire.connection.awaiting is Awaiting.REQUEST
    if wire.switched or (closing is Closing.LINGER and not is_idle):
        await linger(wire.stream)
    with suppress(*TRANSPORT_ERRORS), move_on_after(LINGER_IDLE):
        await wire.stream.aclose()


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
