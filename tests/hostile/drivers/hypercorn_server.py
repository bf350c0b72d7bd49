"""A host of the hostile kit: the ASGI app in hypercorn, on asyncio.

Usage: `hypercorn_server.py [own]`; with `own` it runs without `switchover.hypercorn`.
"""

import asyncio
import logging
import socket
import sys

import lies
import python_log
from asgi_app import app
from hypercorn.asyncio import serve
from hypercorn.config import Config

python_log.set_up()
if "own" not in sys.argv:
    import switchover.hypercorn

    switchover.hypercorn.install()
listener = socket.create_server(("127.0.0.1", 0))
print("listening on", listener.getsockname()[1], flush=True)
config = Config()
config.bind = [f"fd://{listener.detach()}"]
config.graceful_timeout = 5
for option, file in lies.certified().items():
    setattr(config, option, file)
config.errorlog = logging.getLogger("hypercorn.error")
asyncio.run(serve(app, config))
