"""Measures uvicorn's CPU time for each request, with each of its engines.

The time includes the rest of uvicorn, which is the same for all engines.

Each server is a process of its own, on one processor; the client here is on another, if there are two. Servers take
turns, and the least CPU time of many rounds counts, including the kernel's for the process.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

ENGINES, LOOPS = ["switchover", "h11", "httptools", "zttp"], ["asyncio", "uvloop"]
CONNECTIONS, TURNS = 16, 60
"""The number of simultaneous connections, and of requests on each in a round."""


class Server:
    """A running server, and the client's connections to it."""

    def __init__(self, engine: str, loop: str, stack: ExitStack) -> None:
        command = [sys.executable, Path(__file__).with_name("server.py"), engine, loop]
        self.process = stack.enter_context(subprocess.Popen(command, stdout=subprocess.PIPE))
        stack.callback(self.process.kill)
        os.sched_setaffinity(self.process.pid, processors()[-1:])
        assert self.process.stdout
        address = "127.0.0.1", int(self.process.stdout.readline())
        self.peers = [stack.enter_context(socket.create_connection(address, 20)) for _ in range(CONNECTIONS)]

    def cpu(self) -> int:
        """Returns the nanoseconds of CPU time that the server has used."""
        self.peers[0].sendall(b"GET /cpu HTTP/1.1\r\nHost: a\r\n\r\n")
        return int(answer(self.peers[0]))

    def ask(self, request: bytes) -> float:
        """Sends many requests, and returns the server's CPU nanoseconds per request."""
        begin = self.cpu()
        for _ in range(TURNS):
            for peer in self.peers:
                peer.sendall(request)
            for peer in self.peers:
                assert answer(peer) == b"hello"
        return (self.cpu() - begin) / (TURNS * CONNECTIONS)


def answer(peer: socket.socket) -> bytes:
    """Reads one response and returns its content.

    Some servers send head and content separately, others in one piece.
    """
    received = b""
    while part := peer.recv(65_536):
        received += part
        head, _, content = received.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
        if length and len(content) == int(length):
            return content
    raise EOFError(received)


def processors() -> list[int]:
    """Returns the processors that this process may use."""
    return sorted(os.sched_getaffinity(0))


def rows(inputs: Path, rounds: int, only: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields each row with `only` in its name: the name, and nanoseconds per engine."""
    requests = {name: (inputs / name).read_bytes() for name in ("a", "b")}
    names = {(name, loop): f"uvicorn on {loop}, {name}" for name in requests for loop in LOOPS}
    wanted = [key for key, row in names.items() if only in row]
    if not wanted:
        return
    with ExitStack() as stack:
        servers = {(loop, engine): Server(engine, loop, stack) for loop in LOOPS for engine in ENGINES}
        os.sched_setaffinity(0, processors()[:-1] or processors())
        best = {key: dict.fromkeys(ENGINES, float("inf")) for key in wanted}
        for _ in range(rounds):
            for name, loop in wanted:
                for engine in ENGINES:
                    found = servers[loop, engine].ask(requests[name])
                    best[name, loop][engine] = min(best[name, loop][engine], found)
    for key in wanted:
        yield names[key], best[key]
