"""Queries of an asyncio transport, with defaults for transports that lack them."""

from __future__ import annotations

import asyncio

from .._reset import acknowledged, unread_by_peer, unsent_by


def closes_after_eof(transport: asyncio.Transport) -> bool:
    """Returns whether the transport can be half-closed.

    False for TLS, and for transports that cannot tell.
    """
    try:
        return transport.can_write_eof()
    except (AttributeError, NotImplementedError):
        return False


def taken_by(transport: asyncio.Transport) -> int:
    """Returns a count of bytes that the client has received, with an arbitrary origin.

    Where the system counts acknowledged bytes, bytes in the buffers of TLS or of the system do not count.
    """
    raw = transport.get_extra_info("socket")
    counted = acknowledged(raw)
    return -unsent_by(transport) - unread_by_peer(raw) if counted is None else counted
