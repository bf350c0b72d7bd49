"""Connections and pools for httpcore, on switchover's engine.

>>> import switchover.httpcore
>>> with switchover.httpcore.ConnectionPool() as pool:  # doctest: +SKIP
...     response = pool.request("GET", "http://127.0.0.1:8080/")

A pool has the arguments of httpcore's own, by keyword, and its methods, and may take its place. `switchover.httpx`
has the transports for httpx. Needs `pip install switchover[httpcore]`.
"""

from __future__ import annotations

from ._require import require

OLDEST = (1, 0)
"""The oldest supported version of httpcore."""
OLDEST_ANYIO = (4, 16)
"""The oldest supported version of anyio.

An earlier one reads on after a cancelled read, into a queue that no poll of the socket shows.
"""

try:
    from ._httpcore.connection import AsyncHTTP11Connection, HTTP11Connection
    from ._httpcore.pool import AsyncConnectionPool, ConnectionPool
except ImportError as _missing:
    raise ImportError("switchover.httpcore needs httpcore: pip install 'switchover[httpcore]'") from _missing

require("httpcore", OLDEST, "httpcore")
require("anyio", OLDEST_ANYIO, "httpcore")

__all__ = [
    "OLDEST",
    "OLDEST_ANYIO",
    "AsyncConnectionPool",
    "AsyncHTTP11Connection",
    "ConnectionPool",
    "HTTP11Connection",
]
