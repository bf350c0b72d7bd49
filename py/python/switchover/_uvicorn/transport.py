"""Queries of an asyncio transport, with defaults for transports that lack them."""

from __future__ import annotations

import asyncio
from typing import Any

from .._reset import acknowledged, unread_by_peer, unsent_by


def socket_of(transport: asyncio.BaseTransport) -> Any:
    """Returns the socket below a transport; None if there is none, or no longer."""
    try:
        return transport.get_extra_info("socket")
    except AttributeError:
        # TLS of asyncio, after a second close.
        return None


def closes_after_eof(transport: asyncio.Transport) -> bool:
    """Returns whether the transport can be half-closed.

    False for TLS, and for transports that cannot tell.
    """
    try:
        return transport.can_write_eof()
    except (AttributeError, NotImplementedError):
        return False


def taken_by(transport: asyncio.Transport) -> int:
    """Returns a number that rises by the bytes that the client receives.

    Where the system counts acknowledged bytes, it is their count. Elsewhere it is minus the bytes in the transport's
    buffer, and on Linux in that of a Unix socket: each write lowers it. Bytes in other buffers then count as received.
    """
    raw = socket_of(transport)
    counted = acknowledged(raw)
    return -unsent_by(transport) - unread_by_peer(raw) if counted is None else counted
