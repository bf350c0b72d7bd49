"""httpcore on one of its possible engines: `client.py ENGINE PORT`.

It reads a number from standard input and sends as many requests, one after the other on one connection. It prints the
nanoseconds of CPU time that they took.
"""

from __future__ import annotations

import importlib
import sys
import time


def main(engine: str, port: str) -> None:
    """Reads numbers of requests from standard input, and prints their CPU times."""
    sys.modules["h11"] = importlib.import_module(engine)
    httpcore = importlib.import_module("httpcore")
    url = f"http://127.0.0.1:{port}/path?query"
    headers = {"User-Agent": "python-httpx/0.28", "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
    with httpcore.ConnectionPool() as pool:
        for line in sys.stdin:
            begin = time.process_time_ns()
            for _ in range(int(line)):
                assert pool.request("GET", url, headers=headers).content == b"hello"
            print(time.process_time_ns() - begin, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
