"""Ports for programs that are told their port."""

import pathlib
import random
import socket

RANGE = pathlib.Path("/proc/sys/net/ipv4/ip_local_port_range")
# Above the last port below the system's range to which browsers do not connect.
LOWEST = 10081


def free_port():
    """Returns a free loopback port, if possible one that the system gives to no one.

    It lies below the range from which connections, and listeners on port 0, get theirs, if that begins above `LOWEST`.
    Then a program may take it later, or several times, while others run.
    """
    first = int(RANGE.read_text().split()[0]) if RANGE.exists() else 32768
    if first <= LOWEST:
        return bound(0)
    for _ in range(100):
        try:
            return bound(random.randrange(LOWEST, first))
        except OSError:
            continue
    raise OSError("no port is free")


def bound(port):
    """Listens on a port for a moment, and returns the port; fails if it is not free."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        return listener.getsockname()[1]
