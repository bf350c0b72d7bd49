"""A protocol of your own in a route of Starlette or FastAPI.

Usage: `uvicorn --http switchover.uvicorn:Protocol starlette_upgrade:app`, or `python starlette_upgrade.py [PORT]`.

Lines of foo/2 come back in upper case. A client that does not offer foo/2 gets an answer in HTTP.
"""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message, Receive, Scope, Send

LONGEST = 65_536
IDLE = 60.0


class Stream:
    """The bytes of the new protocol, received and sent in ASGI messages."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive, self._send = receive, send

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._next())["type"] == "http.request" and message["more_body"]:
            yield message["body"]

    async def _next(self) -> Message:
        """Returns the next ASGI message; after `IDLE` seconds without one a disconnect."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(IDLE):
                return await self._receive()
        return {"type": "http.disconnect"}

    async def send(self, data: bytes) -> None:
        """Sends bytes; waits while the client does not read."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})


class Switch(Response):
    """A response that accepts an offered protocol, and then speaks it."""

    def __init__(self, protocol: str, speak: Callable[[Stream], Awaitable[None]]) -> None:
        super().__init__(status_code=101, headers={"upgrade": protocol, "content-encoding": "identity"})
        self.speak = speak

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Sends the 101, speaks the new protocol, and ends it."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await self.speak(Stream(receive, send))
        await send({"type": "http.response.body", "body": b""})


def offers(request: Request, protocol: str) -> bool:
    """Returns whether the client offers that protocol, and it can be accepted."""
    found = request.scope.get("extensions", {}).get("switchover.upgrade", {"offers": ()})["offers"]
    return any(offer["protocol"] == protocol and offer["ineligible"] is None for offer in found)


async def shout(stream: Stream) -> None:
    """Sends lines back in upper case, until EOF, silence or a long unfinished line.

    Silence lasts `IDLE` seconds; the line has over `LONGEST` bytes.
    """
    rest = b""
    async for data in stream:
        *lines, rest = (rest + data).split(b"\n")
        # One message for all lines: each is a step of the loop in which other clients wait.
        await stream.send(b"".join(line.upper() + b"\n" for line in lines))
        if len(rest) > LONGEST:
            return


async def foo(request: Request) -> Response:
    """Answers one request, in foo/2 if the client offers it."""
    if offers(request, "foo/2"):
        return Switch("foo/2", shout)
    return PlainTextResponse("in HTTP/1.1\n")


app = Starlette(routes=[Route("/foo", foo)])

if __name__ == "__main__":
    uvicorn.run(app, http="switchover.uvicorn:Protocol", port=int(sys.argv[1]) if len(sys.argv) > 1 else 8080)
