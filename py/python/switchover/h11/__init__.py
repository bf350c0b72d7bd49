"""The public API of h11, on switchover's engine.

Before anything imports h11:

>>> import sys
>>> import switchover.h11
>>> sys.modules["h11"] = switchover.h11

`py/docs/h11.md` lists the differences from h11 0.16.
"""

from typing import Final

from .. import __version__ as _engine_version
from .._h11 import ConnectionClosed, Data, EndOfMessage, Event, InformationalResponse, Request, Response
from .connection import Connection
from .errors import LocalProtocolError, ProtocolError, RemoteProtocolError
from .sentinels import (
    CLIENT,
    CLOSED,
    DONE,
    ERROR,
    IDLE,
    MIGHT_SWITCH_PROTOCOL,
    MUST_CLOSE,
    NEED_DATA,
    PAUSED,
    SEND_BODY,
    SEND_RESPONSE,
    SERVER,
    SWITCHED_PROTOCOL,
)

__version__: Final = "0.16.0"
"""The version of h11 whose API this is."""

PRODUCT_ID: Final = f"switchover/{_engine_version}"
"""The name of this library for the User-Agent or Server header."""

__all__ = [
    "CLIENT",
    "CLOSED",
    "DONE",
    "ERROR",
    "IDLE",
    "MIGHT_SWITCH_PROTOCOL",
    "MUST_CLOSE",
    "NEED_DATA",
    "PAUSED",
    "PRODUCT_ID",
    "SEND_BODY",
    "SEND_RESPONSE",
    "SERVER",
    "SWITCHED_PROTOCOL",
    "Connection",
    "ConnectionClosed",
    "Data",
    "EndOfMessage",
    "Event",
    "InformationalResponse",
    "LocalProtocolError",
    "ProtocolError",
    "RemoteProtocolError",
    "Request",
    "Response",
    "__version__",
]
