"""HTTP/1.1 connections that can switch protocols, over anyio.

Works under asyncio and trio alike.

A client calls `connect_upgrade`, or `request` without an offer; a server `serve` or `serve_connection`. The bytes of
the new protocol are a `SwitchedStream`, which any library over anyio can use: `connect_upgrade` returns it, and
`Exchange.accept` to the server's handler. Needs `pip install switchover[aio]`.
"""

from __future__ import annotations

from ._require import require

OLDEST = (4, 16)
"""The oldest supported version of anyio.

Earlier ones closed a truncated response cleanly under asyncio.
"""

try:
    from ._aio.client import ClientResponse, Declined, connect_upgrade, resume
    from ._aio.exchange import Exchange
    from ._aio.failures import ContentTooLargeError
    from ._aio.request import ResponseStream, request
    from ._aio.server import Handler, serve, serve_connection
    from ._aio.switched import SwitchedStream
    from ._aio.wire import Timeouts
except ImportError as _missing:
    raise ImportError("switchover.aio needs anyio: pip install 'switchover[aio]'") from _missing

require("anyio", OLDEST, "aio")

__all__ = [
    "ClientResponse",
    "ContentTooLargeError",
    "Declined",
    "Exchange",
    "Handler",
    "ResponseStream",
    "SwitchedStream",
    "Timeouts",
    "connect_upgrade",
    "request",
    "resume",
    "serve",
    "serve_connection",
]
