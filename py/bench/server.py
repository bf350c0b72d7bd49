"""Runs uvicorn with one of its engines on one of its event loops.

`server.py ENGINE LOOP [APP [OPTION...]]` prints its port.

Its application responds with N bytes at /N, with the process's CPU time in nanoseconds at /cpu, else with five bytes.
APP is `starlette` for a route of that framework, which always responds with five bytes. `proxied` runs uvicorn's
middleware for X-Forwarded fields, as by default.
The engine `eager` is switchover that starts the app at once, not in the next turn of the event loop. It needs CPython
3.12 or later.
"""

from __future__ import annotations

import socket
import sys
import time
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any

import uvicorn

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

TYPE = (b"content-type", b"text/plain")


async def application(scope: dict[str, Any], receive: Receive, send: Send) -> None:
    """Responds with the CPU time at /cpu, with N bytes at /N, else with five."""
    more = scope["method"] == "POST"
    while more:
        more = (await receive())["more_body"]
    path = scope["path"][1:]
    content = b"%d" % time.process_time_ns() if path == "cpu" else zeros(path) if path.isdecimal() else b"hello"
    headers = [TYPE, (b"content-length", b"%d" % len(content))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": content})


@cache
def zeros(length: str) -> bytes:
    """Returns as many zero bytes as the decimal text `length` says."""
    return bytes(int(length))


def starlette() -> Any:
    """Makes an app of Starlette with one route, for every path."""
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route

    async def hello(_request: Request) -> PlainTextResponse:
        return PlainTextResponse("hello")

    return Starlette(routes=[Route("/{path:path}", hello)])


def main(engine: str, loop: str, app: str = "", *options: str) -> None:
    """Runs the server on a free port of 127.0.0.1, and prints the port."""
    # The protocol is given because asyncio sets TCP_NODELAY only then.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    print(listener.getsockname()[1], flush=True)
    settings: dict[str, Any] = {"lifespan": "off", "ws": "none", "access_log": False, "log_level": "error"}
    # A connection is idle for long while other servers take their turn.
    http: Any = "switchover.uvicorn:Protocol" if engine == "switchover" else engine
    if engine == "eager":
        from switchover.uvicorn import Protocol

        http = type("Eager", (Protocol,), {"eager_start": True})
    config = uvicorn.Config(
        starlette() if app == "starlette" else application,
        http=http,
        loop=loop,
        timeout_keep_alive=3600,
        proxy_headers="proxied" in options,
        **settings,
    )
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(*sys.argv[1:])
