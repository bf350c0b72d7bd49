"""An app that serves HTTP, a WebSocket and foo/2, under uvicorn.

    switching_app.py starlette|fastapi|bare FOLDER

FOLDER has the recipe `starlette_upgrade.py`, whose classes the apps use. The program prints its port.
"""

import socket
import sys

import uvicorn

sys.path.append(sys.argv[2])
from starlette_upgrade import Stream, Switch, foo, offers, shout

PAGE = "a page\n"
LARGEST = 1 << 21


async def echo(receive, send):
    """Sends each message of a WebSocket back."""
    while (message := await receive())["type"] == "websocket.receive":
        kind = "text" if message.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: message[kind]})


async def websocket(socket):
    await socket.accept()
    await echo(socket.receive, socket.send)


def starlette():
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route, WebSocketRoute

    async def page(_):
        return PlainTextResponse(PAGE)

    return Starlette(routes=[Route("/foo", foo), Route("/", page), WebSocketRoute("/ws", websocket)])


def fastapi():
    from fastapi import FastAPI, Request, WebSocket
    from fastapi.responses import PlainTextResponse

    app = FastAPI()

    @app.get("/foo")
    async def _(request: Request):
        return Switch("foo/2", shout) if offers(request, "foo/2") else PlainTextResponse("in HTTP/1.1\n")

    @app.get("/", response_class=PlainTextResponse)
    async def _():
        return PAGE

    app.add_api_websocket_route("/ws", annotated(WebSocket))
    return app


def annotated(kind):
    """Returns the route of the WebSocket, annotated as FastAPI needs it."""

    async def route(connection: kind):
        await websocket(connection)

    return route


async def bare(scope, receive, send):
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await echo(receive, send)
        return
    offered = scope.get("extensions", {}).get("switchover.upgrade", {"offers": ()})["offers"]
    if scope["path"] == "/foo" and any(offer["protocol"] == "foo/2" for offer in offered):
        start = {"type": "http.response.start", "status": 101, "headers": [(b"upgrade", b"foo/2")]}
        await send(start)
        await shout(Stream(receive, send))
        await send({"type": "http.response.body", "body": b""})
        return
    content = b"in HTTP/1.1\n" if scope["path"] == "/foo" else PAGE.encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
    await send({"type": "http.response.body", "body": content})


def main(name):
    app = {"starlette": starlette, "fastapi": fastapi, "bare": lambda: bare}[name]()
    listener = socket.create_server(("127.0.0.1", 0))
    print(f"listening {listener.getsockname()[1]}", flush=True)
    config = uvicorn.Config(app, http="switchover.uvicorn:Protocol", lifespan="off", ws_max_size=LARGEST)
    uvicorn.Server(config).run([listener])


if __name__ == "__main__":
    main(sys.argv[1])
