"""Socket options and queries: reset on close, unsent bytes, the peer's end."""

from __future__ import annotations

import errno
import os
import select
import socket
import struct
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    import asyncio

if sys.platform == "linux":
    import fcntl
    import termios

# The struct linger: on or off, and 0 seconds. On Windows its integers are shorter.
FORMAT = "hh" if sys.platform == "win32" else "ii"
AT_ONCE = struct.pack(FORMAT, 1, 0)
IN_ORDER = struct.pack(FORMAT, 0, 0)

# TCP_NOTSENT_LOWAT, which Python names from 3.12 on, and the bytes that may wait beyond those in flight.
NOTSENT_LOWAT = {"linux": 25, "darwin": 0x201}.get(sys.platform)
UNSENT = 256 << 10

PROBE_AFTER, PROBE_EVERY, PROBES = 15, 15, 9
"""TCP keepalive: seconds to the first probe, seconds between probes, their number."""

LOOK_EVERY = 1.0
"""The seconds between two checks for the end of a client that is not being read."""

FLUSH_MAX, FLUSH_POLL = 4.0, 0.02
"""The maximum seconds to wait before a reset, and the seconds between two checks.

The wait is for the peer to receive the bytes that were sent.
"""

# The exceptions of a socket that is closed; uvloop's raises ValueError.
LOST = (OSError, ValueError)


def is_tcp(raw: socket.socket | None) -> TypeGuard[socket.socket]:
    """Returns whether there is a socket, of IPv4 or IPv6; False for a Unix socket."""
    return raw is not None and raw.family in (socket.AF_INET, socket.AF_INET6)


def resets(raw: socket.socket) -> None:
    """Makes a later close reset the connection.

    After a FIN the client would consider a truncated response complete (RFC 9112, section 8).
    """
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)


def cuts(raw: socket.socket) -> None:
    """Half-closes the socket at once; what its transport writes after that fails."""
    with suppress(*LOST), socket.socket(fileno=os.dup(raw.fileno())) as twin:
        twin.shutdown(socket.SHUT_WR)


def ends(raw: socket.socket) -> None:
    """Undoes `resets`: a later close ends the connection in order."""
    with suppress(*LOST):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, IN_ORDER)


def prepare(raw: socket.socket | None) -> None:
    """Sets the options of an accepted TCP connection: no delay, few unsent bytes.

    asyncio sets TCP_NODELAY only for sockets whose `proto` is TCP's, and in a worker process it is
    not. Without TCP_NODELAY a second write waits until the client has acknowledged the first.

    The system holds a limited number of bytes beyond those in flight. Otherwise a client that reads a large response
    slowly but steadily would look like one that reads nothing. The system reports free space only once a third of its
    large buffer is free.
    """
    if not is_tcp(raw):
        return
    with suppress(*LOST):
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if NOTSENT_LOWAT is not None:
            raw.setsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT, UNSENT)


def takes_all(raw: socket.socket | None) -> None:
    """Lets the system hold as many unsent bytes as it can; undoes `prepare`'s limit.

    Called before the process may end: the system then still sends them.
    """
    if is_tcp(raw) and NOTSENT_LOWAT is not None:
        with suppress(*LOST):
            raw.setsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT, 0x7FFF_FFFF)


def probes(raw: socket.socket | None) -> None:
    """Makes the system ask a half-closed peer whether it still receives.

    It does so by TCP keepalive. If the peer has closed its socket, its system answers with a reset
    after about a minute, which `was_reset` shows.
    """
    if not is_tcp(raw):
        return
    with suppress(*LOST, AttributeError):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_AFTER)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, PROBE_EVERY)
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)


def unsent_by(transport: asyncio.WriteTransport) -> int:
    """Returns the number of bytes in the write buffer of asyncio's transport.

    0 for transports that cannot tell, such as one of TLS that is closed.
    """
    try:
        return transport.get_write_buffer_size()
    except (AttributeError, NotImplementedError):
        return 0


def unread_by_peer(raw: socket.socket | None) -> int:
    """Returns the number of bytes that the system holds and the peer has not read.

    Counted for a Unix socket on Linux; 0 for any other.
    """
    return unreceived_by_peer(raw) if raw is not None and raw.family == socket.AF_UNIX else 0


def unreceived_by_peer(raw: socket.socket | None) -> int:
    """Returns the number of bytes that the peer's system has not received yet.

    Counted on Linux only; 0 elsewhere, and for a closed socket.
    """
    if raw is None or sys.platform != "linux":
        return 0
    with suppress(*LOST):
        return int.from_bytes(fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    return 0


def acknowledged(raw: socket.socket | None) -> int | None:
    """Returns the number of bytes that the peer has acknowledged, or None.

    None if the system does not count them, or the socket is closed.
    """
    if raw is None or sys.platform != "linux":
        return None
    with suppress(*LOST, AttributeError):
        # tcpi_bytes_acked of struct tcp_info.
        counted = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)[120:128]
        return int.from_bytes(counted, sys.byteorder) if len(counted) == 8 else None
    return None


def met_reset(error: BaseException) -> bool:
    """Returns whether a send failed by the peer's reset, from the error's first cause.

    False only for EPIPE, which means a reset after the peer's clean EOF.
    """
    while (cause := error.__cause__) is not None:
        error = cause
    return getattr(error, "errno", None) != errno.EPIPE


def has_hung_up(raw: socket.socket | None) -> bool:
    """Returns whether the peer has half-closed or reset the connection.

    Unread bytes of the peer may precede that. False if the system cannot tell.
    """
    return polls(raw, "POLLRDHUP")


def was_reset(raw: socket.socket | None) -> bool:
    """Returns whether both directions have ended, as by the peer's reset.

    Unread bytes of the peer may precede that. False if the system cannot tell.
    """
    return polls(raw, "POLLHUP")


def has_input(raw: socket.socket | None) -> bool:
    """Returns whether bytes or the EOF of the peer can be read."""
    return polls(raw, "POLLIN")


def reads_ahead(stream: object) -> bool:
    """Returns whether a stream of anyio holds bytes that nobody has received.

    On asyncio it has a queue, which a poll of the socket does not show.
    """
    return bool(getattr(getattr(stream, "_protocol", None), "read_queue", None))


def polls(raw: socket.socket | None, name: str) -> bool:
    """Returns whether an event of `poll` has occurred; `name` is its constant.

    False without a socket, or if the system does not know the event; True for a closed socket.
    """
    event = getattr(select, name, None)
    if raw is None or event is None or not hasattr(select, "poll"):
        return False
    waiting = select.poll()
    with suppress(*LOST):
        waiting.register(raw.fileno(), event)
        return bool(waiting.poll(0))
    return True


class Absence:
    """The time since the peer has half-closed, while a response sends no bytes.

    An app could send empty pieces of content for good: no write meets the peer's reset then.
    """

    def __init__(self) -> None:
        self.since: float | None = None

    def is_over(self, raw: socket.socket | None, now: float, limit: float | None) -> bool:
        """Returns whether the peer has reset, or was half-closed for over `limit` seconds.

        The seconds count from the first call that finds the half-close. None sets no limit.
        """
        if not has_hung_up(raw):
            return False
        if self.since is None:
            self.since = now
        return was_reset(raw) or (limit is not None and now - self.since > limit)
