"""A host of the hostile kit: the ASGI app in uvicorn.

Usage: `asgi_server.py LOOP WS [HTTP]`. These are settings of uvicorn; HTTP is the class of `switchover` by default.
"""

import socket
import sys

import lies
import python_log
from asgi_app import app
from uvicorn import Config, Server

python_log.set_up()
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
loop, ws, http = (*sys.argv[1:], "switchover.uvicorn:Protocol")[:3]
quiet = {"log_config": None, "lifespan": "off", "timeout_graceful_shutdown": 5}
Server(Config(app, loop=loop, ws=ws, http=http, **quiet, **lies.certified("ssl_"))).run([listener])
