"""`tornado` as a WebSocket client."""

import asyncio
import os
import sys

from tornado.websocket import websocket_connect


async def main(url):
    socket = await websocket_connect(url, max_message_size=1 << 24)
    for sent in ["héllo", os.urandom(1 << 20), ""]:
        await socket.write_message(sent, binary=isinstance(sent, bytes))
        assert await socket.read_message() == sent, "bytes differ"
    socket.close(1000, "enough")
    assert await socket.read_message() is None
    assert socket.close_code == 1000, socket.close_code


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 15))
