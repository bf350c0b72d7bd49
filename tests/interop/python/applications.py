"""Applications for the servers in Python.

Both `application` (ASGI) and `plain` (WSGI) serve a page. A WebSocket of `application` sends a message, then echoes.
"""

TEXT = b"in HTTP/1.1\n"


async def application(scope, receive, send):
    if scope["type"] == "http":
        while (await receive()).get("more_body"):
            pass
        # This server opens no tunnels.
        status = 501 if scope["method"] == "CONNECT" else 200
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-length", b"12")]})
        await send({"type": "http.response.body", "body": TEXT})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        await send({"type": "websocket.send", "text": "welcome"})
        while (event := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "bytes": event.get("bytes"), "text": event.get("text")})


def plain(environ, start_response):
    environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    status = "501 Not Implemented" if environ["REQUEST_METHOD"] == "CONNECT" else "200 OK"
    start_response(status, [("Content-Length", str(len(TEXT)))])
    return [TEXT]
