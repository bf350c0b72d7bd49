"""Runs uvicorn with one of its engines on one of its event loops.

`server.py ENGINE LOOP` prints its port.

Its application responds with five bytes; at /cpu, with the nanoseconds of CPU time that the process has used.
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
    """Responds to one request."""
    content = b"%d" % time.process_time_ns() if scope["path"] == "/cpu" else b"hello"
    headers = [TYPE, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


def main(engine: str, loop: str) -> None:
    """Runs the server on any free port of this machine."""
    # The protocol is given because asyncio sets TCP_NODELAY only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    options = {"lifespan": "off", "ws": "none", "proxy_headers": False, "access_log": False, "log_level": "error"}
    # A connection is idle for long while other servers take their turn.
    http = "switchover.uvicorn:Protocol" if engine == "switchover" else engine
    config = uvicorn.Config(application, http=http, loop=loop, timeout_keep_alive=3600, **options)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
