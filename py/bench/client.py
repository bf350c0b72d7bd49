"""Sends requests by httpcore: `client.py ENGINE blocking|asyncio PORT`.

For each number in standard input it sends as many requests, one after the other on one connection. It then prints the
nanoseconds of CPU time that they took.
"""

from __future__ import annotations

import asyncio
import importlib
import sys
import time
from typing import Any

HEADERS = {"User-Agent": "python-httpx/0.28", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}


def chosen(engine: str) -> Any:
    """Returns `switchover.httpcore`, or httpcore with the module `engine` as its h11."""
    if engine == "switchover.httpcore":
        return importlib.import_module(engine)
    sys.modules["h11"] = importlib.import_module(engine)
    return importlib.import_module("httpcore")


def blocking(pools: Any, url: str) -> None:
    """Sends requests by a blocking pool, and prints the CPU time of each batch.

    Each line of standard input is the number of requests in a batch.
    """
    with pools.ConnectionPool() as pool:
        for line in sys.stdin:
            begin = time.process_time_ns()
            for _ in range(int(line)):
                assert pool.request("GET", url, headers=HEADERS).content == b"hello"
            print(time.process_time_ns() - begin, flush=True)


async def asynchronous(pools: Any, url: str) -> None:
    """Sends requests by an asyncio pool, and prints the CPU time of each batch.

    Each line of standard input is the number of requests in a batch.
    """
    async with pools.AsyncConnectionPool() as pool:
        for line in sys.stdin:
            begin = time.process_time_ns()
            for _ in range(int(line)):
                assert (await pool.request("GET", url, headers=HEADERS)).content == b"hello"
            print(time.process_time_ns() - begin, flush=True)


def main(engine: str, kind: str, port: str) -> None:
    """Reads numbers of requests from standard input, and prints their CPU times."""
    pools, url = chosen(engine), f"http://127.0.0.1:{port}/path?query"
    if kind == "blocking":
        blocking(pools, url)
    else:
        asyncio.run(asynchronous(pools, url))


if __name__ == "__main__":
    main(*sys.argv[1:])
