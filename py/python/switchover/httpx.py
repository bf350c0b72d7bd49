"""Transports for httpx, on switchover's engine.

>>> import httpx
>>> import switchover.httpx
>>> client = httpx.Client(transport=switchover.httpx.HTTPTransport())

A transport has the arguments of httpx's own, by keyword. httpx reads no proxies from the environment for a client with
a `transport`, and leaves `verify`, `http2` and the like to it. Needs `pip install switchover[httpx]`.
"""

from __future__ import annotations

from ._require import require

OLDEST = (0, 28)
"""The oldest supported version of httpx."""

try:
    from ._httpcore.transport import AsyncHTTPTransport, HTTPTransport
except ImportError as _missing:
    raise ImportError("switchover.httpx needs httpx: pip install 'switchover[httpx]'") from _missing

require("httpx", OLDEST, "httpx")

__all__ = ["OLDEST", "AsyncHTTPTransport", "HTTPTransport"]
