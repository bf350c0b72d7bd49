"""The ASGI app of hosts of the hostile kit.

The path of a request selects its behaviour.
"""

import anyio
import lies


async def app(scope, receive, send):
    """Responds to one request, or echoes the bytes or messages after a switch."""
    if scope["type"] == "websocket":
        await receive()
        await anyio.sleep(lies.LATER if scope["path"] == "/accepts-later" else 0)
        await send({"type": "websocket.accept"})
        if scope["path"] == "/raises-switched":
            raise ValueError("after the switch")
        while (message := await receive())["type"] == "websocket.receive":
            await send({**message, "type": "websocket.send"})
        return
    path = scope["path"]

    async def data(content, more=True):
        await send({"type": "http.response.body", "body": content, "more_body": more})

    asked = scope.get("extensions", {}).get("switchover.upgrade", {"offers": (), "connect": None})
    if any(offer["protocol"] == "foo/2" for offer in asked["offers"]):
        # GZipMiddleware leaves it alone.
        headers = [(b"upgrade", b"foo/2"), (b"content-encoding", b"identity")]
        await speak(path, receive, send, 101, headers)
        return
    if asked["connect"]:
        await speak("/" + asked["connect"].partition(":")[0], receive, send, 200, [])
        return
    if path == "/waits":
        await lies.until_gone(receive)
        return
    await anyio.sleep(lies.MOMENT if path == "/sleeps" else 0)
    answer = lies.ANSWERS.get(path, lies.NOTHING)
    if answer.before:
        raise answer.before("before the head")
    await send({"type": "http.response.start", "status": 200, "headers": answer.head()})
    while path == "/echo" and (message := await receive())["type"] == "http.request":
        await data(message["body"])
        if not message["more_body"]:
            break
    if path == "/self":
        await data(lies.number_of(anyio.get_running_tasks))
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


async def speak(path, receive, send, status, headers):
    """Switches by an upgrade or a tunnel, and echoes the bytes of the client."""
    await anyio.sleep(lies.LATER if path == "/accepts-later" else 0)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    if path == "/raises-switched":
        raise ValueError("after the switch")
    while (message := await receive())["type"] == "http.request":
        await send({"type": "http.response.body", "body": message["body"], "more_body": message["more_body"]})
        if not message["more_body"]:
            return
