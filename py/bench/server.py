"""Runs uvicorn with one of its engines on one of its loops.

`server.py ENGINE LOOP` prints its port.

Its application is the least there is: five bytes; at /cpu, how many nanoseconds of CPU time the process has had.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

Send = Callable[[dict[str, Any]], Awaitable[None]]

TYPE = (b"content-type", b"text/plain")


async def application(scope: dict[str, Any], _receive: object, send: Send) -> None:
    """Serves one request."""
    content = b"%d" % time.process_time_ns() if scope["path"] == "/cpu" else b"hello"
    headers = [TYPE, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main(engine: str, loop: str) -> None:
    """Listens on any free port of this machine."""
    # With the protocol named, for asyncio sets TCP_NODELAY on no other.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    options = {"lifespan": "off", "ws": "none", "proxy_headers": False, "access_log": False, "log_level": "error"}
    # A connection waits long while other servers have their turn.
    http = "switchover.uvicorn:Protocol" if engine == "switchover" else engine
    config = uvicorn.Config(application, http=http, loop=loop, timeout_keep_alive=3600, **options)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
