"""A server in uvicorn that reports the requests it gets.

Usage: `told.py HTTP`, where HTTP is that setting of uvicorn.
"""

import asyncio
import socket
import sys

from uvicorn import Config, Server


async def tell(scope, receive, send):
    """Responds with the method, the target and the length of the content."""
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length, more = length + len(message["body"]), message["more_body"]
    query = b"?" + scope["query_string"] if scope["query_string"] else b""
    body = b"%s %s%s %d\n" % (scope["method"].encode(), scope["raw_path"], query, length)
    headers = [(b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
settings = Config(tell, http=sys.argv[1], ws="none", log_level="critical", access_log=False, lifespan="off")
asyncio.run(Server(settings).serve([listener]))
