"""What a socket needs so that its close is a reset: where `Connection.closing` is RESET."""

from __future__ import annotations

import socket
import struct
import sys

# Seconds of lingering, none, which are counted; Windows has smaller numbers for it.
AT_ONCE = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)


def resets(raw: socket.socket) -> None:
    """Has a close reset the connection. After a FIN the client would take what it has for all of it (RFC 9112, 8)."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
