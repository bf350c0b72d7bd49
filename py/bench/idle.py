"""Measures the memory of idle connections under uvicorn, for three of its engines.

    idle.py [--connections N] [--only WORDS]

Each connection has sent a request and has received its response. A server has had a tenth of the connections before it
is measured, so that what it holds once does not count. Ends with exit code 1 if a connection on switchover takes more
than one on httptools.
"""

from __future__ import annotations

import argparse
import re
import resource
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path

from servers import LOOPS, Server, answer

ENGINES = ["switchover", "httptools", "zttp"]
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def resident(process: int) -> int:
    """Returns the anonymous resident memory of a process in bytes."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found
    return int(found[1]) * 1024


def idle(engine: str, loop: str, connections: int) -> float:
    """Returns the bytes that one more idle connection takes."""
    with ExitStack() as stack:
        server = Server(engine, loop, stack)
        address = server.peers[0].getpeername()

        def connect(count: int) -> int:
            for _ in range(count):
                peer = stack.enter_context(socket.create_connection(address, 20))
                peer.sendall(REQUEST)
                answer(peer)
            # An idle connection releases memory after one second to two.
            time.sleep(2.5)
            return resident(server.process.pid)

        first = connect(connections // 10)
        return (connect(connections) - first) / connections


def main() -> int:
    """Prints a row for each loop; returns 1 if ours takes more than httptools'."""
    arguments = argparse.ArgumentParser(description="the memory of idle connections")
    arguments.add_argument("--connections", type=int, default=10_000)
    arguments.add_argument("--only", default="")
    options = arguments.parse_args()
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    missed = 0
    print(f"| idle connections, bytes of each | {' | '.join(ENGINES)} |")
    print("|---|" + "---|" * len(ENGINES))
    for loop in LOOPS:
        if options.only not in loop:
            continue
        ours, *theirs = (idle(engine, loop, options.connections) for engine in ENGINES)
        missed += ours > theirs[0]
        says = f"{ours:,.0f}{' (missed)' if ours > theirs[0] else ''}"
        print(f"| {loop} | {' | '.join([says, *(f'{size:,.0f}' for size in theirs)])} |", flush=True)
    print(f"# {missed} goals missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
