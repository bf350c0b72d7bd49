"""A host of the hostile kit: an ASGI app in uvicorn.

The path of a request selects the app's behaviour. Usage: `asgi_server.py LOOP WS [HTTP]`.
"""

import asyncio
import socket
import sys

import lies
import python_log
from uvicorn import Config, Server


async def app(scope, receive, send):
    """Responds to one request, or echoes the messages of a WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await asyncio.sleep(lies.LATER if scope["path"] == "/accepts-later" else 0)
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    path = scope["path"]

    async def data(content, more=True):
        await send({"type": "http.response.body", "body": content, "more_body": more})

    offers = scope.get("extensions", {}).get("switchover.upgrade", {"offers": ()})["offers"]
    if any(offer["protocol"] == "foo/2" for offer in offers):
        await speak(path, receive, send)
        return
    if path == "/waits":
        await lies.until_gone(receive)
        return
    await asyncio.sleep(lies.MOMENT if path == "/sleeps" else 0)
    answer = lies.ANSWERS.get(path, lies.NOTHING)
    if answer.before:
        raise answer.before("before the head")
    await send({"type": "http.response.start", "status": 200, "headers": answer.head()})
    while path == "/echo" and (message := await receive())["type"] == "http.request":
        await data(message["body"])
        if not message["more_body"]:
            break
    if path == "/self":
        await data(lies.number_of(asyncio.all_tasks))
    for piece in answer.pieces:
        await data(piece)
    if path == "/silent":
        await lies.until_gone(receive)
    while path == "/endless":
        await data(lies.CHUNK)
    if answer.fails:
        raise ValueError("in the content")
    await data(b"", False)
    if answer.goes_on:
        raise ValueError("after the end")
    if answer.sends_on:
        await data(lies.TEN)


async def speak(path, receive, send):
    """Accepts foo/2, whose bytes come back."""
    await asyncio.sleep(lies.LATER if path == "/accepts-later" else 0)
    headers = [(b"upgrade", b"foo/2"), (b"content-encoding", b"identity")]
    await send({"type": "http.response.start", "status": 101, "headers": headers})
    while (message := await receive())["type"] == "http.request":
        await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
        if not message["more_body"]:
            return


python_log.set_up()
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
loop, ws, http = (*sys.argv[1:], "switchover.uvicorn:Protocol")[:3]
quiet = {"log_config": None, "lifespan": "off", "timeout_graceful_shutdown": 5}
Server(Config(app, loop=loop, ws=ws, http=http, **quiet)).run([listener])
