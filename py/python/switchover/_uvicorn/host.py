"""The interface of a uvicorn connection for its requests and their scopes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol as Interface

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.utils import get_local_addr, get_remote_addr

from .. import Connection
from .deadlines import Deadline
from .ending import Ending

if TYPE_CHECKING:
    from collections.abc import Callable

    from uvicorn.server import ServerState

    from .cycle import Cycle
    from .tunnel import Tunnel

EXTENSIONS = ("http.response.early_hint", "http.response.trailers")
"""The ASGI extensions that the scope of each request has."""

OF_REQUEST = ("http_version", "method", "path", "raw_path", "query_string", "headers")
"""The entries of an ASGI scope that each request sets."""


def base_of(transport: asyncio.Transport, secure: bool, root_path: str, sends_files: bool) -> dict[str, Any]:
    """Returns entries that all ASGI scopes of a connection have in common.

    The entries that each request sets are there too, as None: a copy then has the size for them.
    """
    return {
        **dict.fromkeys(OF_REQUEST),
        "type": "http",
        "server": get_local_addr(transport),
        "client": get_remote_addr(transport),
        "scheme": "https" if secure else "http",
        "root_path": root_path,
        "extensions": {name: {} for name in (*EXTENSIONS, *(["http.response.pathsend"] if sends_files else []))},
    }


def below_root(scope: dict[str, Any], root_path: str) -> None:
    """Puts `root_path` before `path` and `raw_path` in an ASGI scope."""
    scope["path"] = root_path + scope["path"]
    scope["raw_path"] = root_path.encode("ascii") + scope["raw_path"]


class Host(Interface):
    """The interface of a uvicorn connection for a `Cycle`: a request and its response."""

    connection: Connection
    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    timeout_write: float
    server_state: ServerState
    logger: logging.Logger
    access_logger: logging.Logger
    access_log: bool
    tasks: set[asyncio.Task[None]]
    turn: int
    write: Callable[[bytes], None]
    timeout_content: float
    timeout_half_closed: float
    deadline: Deadline
    ending: Ending
    cycle: Cycle | None
    has_eof: bool
    is_stopping: bool

    @property
    def lingers(self) -> bool:
        """True while received bytes are discarded, after the last response or a tunnel."""
        ...

    async def await_eof(self, cycle: Cycle) -> None:
        """Waits until TLS has reported the EOF of a client that has hung up."""

    def watch(self) -> None:
        """Checks each second whether the client has hung up, while no read would show it."""

    def close(self) -> None:
        """Closes the connection; resets it if a response would look complete but is not."""

    def switch(self) -> None:
        """Ends HTTP on the connection, as a response has accepted another protocol."""

    def leave_tunnel(self, tunnel: Tunnel) -> None:
        """Ends our direction of a tunnel whose app has returned; discards what arrives."""

    def warn_of_an_offer(self) -> None:
        """Logs uvicorn's warnings about a declined offer, once for each connection."""

    def half_close_ours(self) -> bool:
        """Ends our direction; returns False if the client has reset the connection."""
        ...

    def linger(self) -> None:
        """Closes the connection, or half-closes it first and discards for a limited time."""

    def reject(self, status: int, text: bytes) -> None:
        """Sends the connection's last response, if none has begun, and closes it."""

    def write_at_once(self, data: bytes | bytearray) -> None:
        """Writes the pipelined responses that a `Burst` holds, and then the data."""

    def answered(self, is_idle: bool) -> None:
        """Continues after a complete response: with the next request, or by closing.

        `is_idle` says that nothing is unread and another request may follow.
        """
