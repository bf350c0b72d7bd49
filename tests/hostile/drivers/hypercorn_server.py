"""A host of the hostile kit: the ASGI app in hypercorn.

Usage: `hypercorn_server.py asyncio|trio [own]`; with `own` it runs without `switchover.hypercorn`.
"""

import logging
import signal
import socket
import sys

import anyio
import lies
import python_log
from asgi_app import app
from hypercorn.config import Config

if "trio" in sys.argv:
    from hypercorn.trio import serve
else:
    from hypercorn.asyncio import serve

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


async def stopped() -> None:
    """Waits for the signal to stop."""
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async for _ in signals:
            return


async def main() -> None:
    """Serves until it is stopped."""
    await serve(app, config, shutdown_trigger=stopped)


anyio.run(main, backend=sys.argv[1])
