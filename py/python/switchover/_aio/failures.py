"""The failures of a request or its handler.

The functions tell a handler's own errors from others, log errors, and give the status of a response.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Iterable, Iterator
from ssl import SSLError
from typing import TYPE_CHECKING, cast

from anyio import BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead, current_effective_deadline

from .. import ErrorKind, LocalProtocolError, RemoteProtocolError

if TYPE_CHECKING:
    from .. import Request

LOG = logging.getLogger("switchover.aio")
DISCONNECTS = (BrokenResourceError, ClosedResourceError, EndOfStream, IncompleteRead, SSLError)
"""The exceptions of an anyio stream or TLS that either side has closed."""


class ContentTooLargeError(ValueError):
    """Content longer than the limit of a `read`, or than `drain` before a switch.

    If it concerns a request and the handler sends no response, `serve_connection` responds with a 413.
    """

    __module__ = "switchover.aio"


class ClientGoneError(BrokenResourceError):
    """Ends a handler whose client has disconnected, as `send_data` has found.

    `send_data` raises it for discarded or empty data, and `send_end` after that. It is not logged as an error of the
    handler.
    """


def ends_the_program(error: BaseException) -> bool:
    """Returns whether a group of exceptions has a KeyboardInterrupt or SystemExit."""
    if not isinstance(error, BaseExceptionGroup):
        return False
    group = cast("BaseExceptionGroup[BaseException]", error)
    return group.subgroup((KeyboardInterrupt, SystemExit)) is not None


def is_shut_down() -> bool:
    """Returns whether a cancel scope of anyio around the current code was cancelled."""
    return current_effective_deadline() == -math.inf


def is_stray() -> bool:
    """Returns whether a CancelledError comes from a future that a handler awaited.

    It does under asyncio, if neither the task nor a scope around it was cancelled.
    """
    task = asyncio.current_task()
    return task is not None and not task.cancelling() and not is_shut_down()


def without(error: Exception, failures: Iterable[Exception], quiet: tuple[type[Exception], ...]) -> Exception | None:
    """Returns the exceptions of the handler itself, or None.

    Those in `failures`, those that a stream above has made of them, and those of the types `quiet` are left out. The
    result is a single exception, or a group of those that remain.
    """
    known = list(failures)

    def is_known(part: BaseException) -> bool:
        return isinstance(part, quiet) or any(link is failure for link in _links(part) for failure in known)

    if isinstance(error, ExceptionGroup):
        return cast("ExceptionGroup[Exception]", error).split(is_known)[1]
    return None if is_known(error) else error


def _links(error: BaseException | None) -> Iterator[BaseException]:
    """Yields an exception, and those of streams below from which it was made."""
    while error is not None:
        yield error
        error = (error.__cause__ or error.__context__) if isinstance(error, DISCONNECTS) else None


def log(error: Exception | None) -> None:
    """Logs a client's protocol error as a warning; truncation and all else as debug.

    It is called for errors that are not the handler's own.
    """
    if isinstance(error, RemoteProtocolError) and error.kind is not ErrorKind.TRUNCATED:
        LOG.warning("The client broke the protocol: %s (%s). %s", error, error.clause, error.advice)
    else:
        LOG.debug("The client was given up", exc_info=error)


def status_of(error: Exception | None) -> int:
    """Returns the status of a server's response to an error.

    A peer's error has its own status. A timeout has 408, too much content 413, None and any other error 500.
    """
    if isinstance(error, RemoteProtocolError):
        return error.status or 400
    if isinstance(error, TimeoutError):
        return 408
    return 413 if isinstance(error, ContentTooLargeError) else 500


def would_be_a_tunnel(request: Request, error: Exception | None) -> bool:
    """Returns whether the engine rejected a response to CONNECT for its framing.

    Such a response is a 2xx with content, for example, which would open a tunnel (RFC 9110, section 9.3.6).
    """
    is_refused = isinstance(error, LocalProtocolError) and error.kind is ErrorKind.FRAMING_CONFLICT
    return is_refused and request.method == b"CONNECT"
