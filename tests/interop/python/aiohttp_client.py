"""`aiohttp` as a client: requests on one connection, then a WebSocket.

Some of the requests have an offer that is declined. With the argument `websocket` the requests are left out.
"""

import asyncio
import os
import sys

import aiohttp

OFFER = {"Connection": "Upgrade", "Upgrade": "foo/2"}


async def chunks(content):
    for at in range(0, len(content), 50_000):
        yield content[at : at + 50_000]


async def websocket(session, url):
    async with session.ws_connect(f"{url}/ws", max_msg_size=1 << 24) as socket:
        await socket.send_str("h\u00e9llo")
        assert await socket.receive_str() == "h\u00e9llo"
        large = os.urandom(1 << 20)
        await socket.send_bytes(large)
        assert await socket.receive_bytes() == large, "bytes differ"
        await socket.ping()
        await socket.close(code=1000)
        assert socket.close_code == 1000, socket.close_code


async def requests(session, url):
    large = os.urandom(1 << 20)
    for _ in range(2):
        async with session.post(f"{url}/echo", data=chunks(large)) as response:
            assert await response.read() == large, "bytes differ"
        async with session.post(f"{url}/plain", data=large, headers=OFFER) as response:
            text = await response.text()
            assert (response.status, "1048576 bytes" in text) == (200, True), text
        async with session.post(f"{url}/echo", data=large, expect100=True) as response:
            assert await response.read() == large, "bytes differ"


async def main(url):
    connector = aiohttp.TCPConnector(limit=1)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        if "websocket" not in sys.argv[2:]:
            await requests(session, url)
        await websocket(session, url)


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 15))
