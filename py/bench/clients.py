"""Measures httpcore's CPU time for each request over a socket.

httpcore runs on h11, on `switchover.h11` in its place, and with the connections of `switchover.httpcore`.

Each client is a process of its own. They take turns against one server, and the least CPU time of many rounds counts,
including the kernel's for the process.
"""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

ENGINES = ("switchover.httpcore", "switchover.h11", "h11")
ROWS = {"httpcore, a request over a socket": "blocking", "httpcore, the same under asyncio": "asyncio"}
REQUESTS = 1000
"""The number of requests in a round."""

ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Sat, 21 Nov 2026 12:00:00 GMT\r\nServer: bench\r\n"
    b"Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
)


def serve_connection(listener: socket.socket) -> None:
    """Accepts clients until the listener is closed; answers each read with one 200."""

    def answer(peer: socket.socket) -> None:
        with peer:
            while peer.recv(65_536):
                peer.sendall(ANSWER)

    while True:
        try:
            peer, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(peer,), daemon=True).start()


def rows(rounds: int, only: str) -> Iterator[tuple[str, dict[str, float]]]:
    """Yields each row with `only` in its name: the name, and nanoseconds per engine."""
    for row, kind in ROWS.items():
        if only in row:
            yield row, best_of(rounds, kind)


def best_of(rounds: int, kind: str) -> dict[str, float]:
    """Returns the least CPU time of a request on each engine, in nanoseconds."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        threading.Thread(target=serve_connection, args=(listener,), daemon=True).start()
        clients = {}
        for engine in ENGINES:
            program = Path(__file__).with_name("client.py")
            command = [sys.executable, program, engine, kind, str(listener.getsockname()[1])]
            pipe = subprocess.PIPE
            clients[engine] = stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
        best = dict.fromkeys(ENGINES, float("inf"))
        for _ in range(rounds):
            for engine, client in clients.items():
                assert client.stdin
                assert client.stdout
                print(REQUESTS, file=client.stdin, flush=True)
                best[engine] = min(best[engine], int(client.stdout.readline()) / REQUESTS)
        return best
