"""Socket options of a server: how it closes, and how much may wait.

What waits has been sent and lies in the system.
"""

from __future__ import annotations

import select
import socket
import struct
import sys
from contextlib import suppress

if sys.platform == "linux":
    import fcntl
    import termios

# Seconds of lingering, none, which are counted; Windows has smaller numbers for it.
FORMAT = "hh" if sys.platform == "win32" else "ii"
AT_ONCE = struct.pack(FORMAT, 1, 0)
IN_ORDER = struct.pack(FORMAT, 0, 0)

# TCP_NOTSENT_LOWAT, which Python names from 3.12 on; and bytes beyond those that are on their way.
NOTSENT_LOWAT = {"linux": 25, "darwin": 0x201}.get(sys.platform)
UNSENT = 128 << 10

# What a socket raises that has gone; uvloop's has a ValueError for it.
LOST = (OSError, ValueError)


def resets(raw: socket.socket) -> None:
    """Makes a later close reset the connection.

    After a FIN the client would take what it has for all of it (RFC 9112, section 8).
    """
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)


def ends(raw: socket.socket) -> None:
    """Makes a later close end the connection in order, after `resets`."""
    with suppress(*LOST):
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, IN_ORDER)


def bound_unsent(raw: socket.socket | None) -> None:
    """Limits the bytes that the system holds beyond those in flight.

    Else a client that takes little of a large response, but steadily, would look like one that takes nothing. The
    system says that there is room once a third of a large buffer is free.
    """
    if raw is not None and NOTSENT_LOWAT is not None and raw.family in (socket.AF_INET, socket.AF_INET6):
        with suppress(*LOST):
            raw.setsockopt(socket.IPPROTO_TCP, NOTSENT_LOWAT, UNSENT)


def unread_by_peer(raw: socket.socket | None) -> int:
    """Returns the bytes that the system holds and the peer has not read.

    On a Unix socket; 0 elsewhere.
    """
    if raw is None or sys.platform != "linux" or raw.family != socket.AF_UNIX:
        return 0
    with suppress(*LOST):
        return int.from_bytes(fcntl.ioctl(raw.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder)
    return 0


def acknowledged(raw: socket.socket | None) -> int | None:
    """Returns the bytes that the peer has acknowledged, or None.

    None where the system does not count them.
    """
    if raw is None or sys.platform != "linux":
        return None
    with suppress(*LOST, AttributeError):
        # tcpi_bytes_acked of struct tcp_info.
        counted = raw.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 128)[120:128]
        return int.from_bytes(counted, sys.byteorder) if len(counted) == 8 else None
    return None


def has_hung_up(raw: socket.socket | None) -> bool:
    """Returns whether the peer has ended its direction or reset.

    Though bytes of it wait before that.
    """
    return polls(raw, "POLLRDHUP")


def has_input(raw: socket.socket | None) -> bool:
    """Returns whether something of the peer's waits to be read, if only its end."""
    return polls(raw, "POLLIN")


def polls(raw: socket.socket | None, name: str) -> bool:
    """Returns whether an event of `poll` has happened.

    False where the system does not know the event, True for a socket that has gone.
    """
    event = getattr(select, name, None)
    if raw is None or event is None or not hasattr(select, "poll"):
        return False
    waiting = select.poll()
    with suppress(*LOST):
        waiting.register(raw.fileno(), event)
        return bool(waiting.poll(0))
    return True
