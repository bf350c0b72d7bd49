"""Measures what the length of content costs the adapter for uvicorn.

    content.py [--rounds N]

There is no socket: a transport drops what is written. A response of 1 MB must cost what one of 13 bytes does:
its content is passed on and not copied. Ends with exit code 1 if it costs three tenths more.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterable
from typing import Any

import uvicorn
from server import application
from switchover.uvicorn import Protocol
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

GOAL = 1.3
REQUESTS = 500


class Transport(asyncio.Transport):
    """A transport that drops what is written, and counts it."""

    def __init__(self) -> None:
        super().__init__({"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)})
        self.written = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Counts the bytes."""
        self.written += len(data)

    def writelines(self, list_of_data: Iterable[bytes | bytearray | memoryview]) -> None:
        """Counts the bytes."""
        self.written += sum(map(len, list_of_data))

    def is_closing(self) -> bool:
        """Returns false: the transport stays open."""
        return False

    def close(self) -> None:
        """Does nothing, as there is no socket."""

    def pause_reading(self) -> None:
        """Does nothing, as there is no socket."""

    def resume_reading(self) -> None:
        """Does nothing, as there is no socket."""


async def spent(engine: Any, length: int) -> float:
    """Returns the microseconds for a request whose response has that length."""
    config = uvicorn.Config(application, lifespan="off", ws="none", access_log=False, log_level="error")
    config.load()
    protocol = engine(config=config, server_state=ServerState(), app_state={})
    transport = Transport()
    protocol.connection_made(transport)
    request = b"GET /%d HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % length
    begin = time.perf_counter_ns()
    for turn in range(1, REQUESTS + 1):
        protocol.data_received(request)
        while transport.written < length * turn:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
    took = (time.perf_counter_ns() - begin) / REQUESTS / 1000
    protocol.connection_lost(None)
    return took


async def main() -> int:
    """Prints a row for each engine; returns 1 if ours misses its goal."""
    arguments = argparse.ArgumentParser(description="what the length of content costs")
    arguments.add_argument("--rounds", type=int, default=15)
    options = arguments.parse_args()
    engines, lengths = {"switchover": Protocol, "httptools": HttpToolsProtocol}, (13, 1_000_000)
    best = {(name, length): float("inf") for name in engines for length in lengths}
    for _ in range(options.rounds):
        for name, length in best:
            best[name, length] = min(best[name, length], await spent(engines[name], length))
    print("| engine | 13 bytes, µs | 1 MB, µs | ratio |\n|---|---|---|---|")
    ratios = {name: best[name, lengths[1]] / best[name, lengths[0]] for name in engines}
    for name, ratio in ratios.items():
        print(f"| {name} | {best[name, lengths[0]]:.1f} | {best[name, lengths[1]]:.1f} | {ratio:.2f} |")
    missed = ratios["switchover"] > GOAL
    print(f"# {int(missed)} goals missed: 1 MB costs at most {GOAL} times what 13 bytes cost")
    return int(missed)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
