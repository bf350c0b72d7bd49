"""Questions to an asyncio transport; not every transport can answer."""

from __future__ import annotations

import asyncio

from .._reset import acknowledged, unread_by_peer


def closes_after_eof(transport: asyncio.Transport) -> bool:
    """Returns whether our direction can be ended apart from the client's.

    Not in TLS, and not every transport says so.
    """
    try:
        return transport.can_write_eof()
    except (AttributeError, NotImplementedError):
        return False


def unsent_by(transport: asyncio.Transport) -> int:
    """Returns how many bytes the client has not taken yet.

    Not every transport says so.
    """
    try:
        return transport.get_write_buffer_size()
    except (AttributeError, NotImplementedError):
        return 0


def taken_by(transport: asyncio.Transport) -> int:
    """Returns how many bytes the client has taken, from some number on.

    Where the system counts them, it knows of those that wait in TLS or in its own buffer, too.
    """
    raw = transport.get_extra_info("socket")
    counted = acknowledged(raw)
    return -unsent_by(transport) - unread_by_peer(raw) if counted is None else counted
