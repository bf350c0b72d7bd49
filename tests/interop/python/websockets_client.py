"""`websockets` as a client, which accepts any certificate."""

import asyncio
import os
import ssl
import sys

from websockets.asyncio.client import connect


async def main(url):
    secure = {"ssl": ssl._create_unverified_context()} if url.startswith("https") else {}
    async with connect(f"{url.replace('http', 'ws')}/ws", max_size=1 << 24, proxy=None, **secure) as socket:
        for sent in ["h\u00e9llo", os.urandom(1 << 20), "x" * (1 << 20), ""]:
            await socket.send(sent)
            assert await socket.recv() == sent, "bytes differ"
        parts = [os.urandom(1 << 16) for _ in range(16)]
        await socket.send(parts)
        assert await socket.recv() == b"".join(parts), "bytes differ in fragments"
        await (await socket.ping())
        await socket.close(1000, "enough")
        assert (socket.close_code, socket.close_reason) == (1000, "enough"), socket.close_code


asyncio.run(asyncio.wait_for(main(sys.argv[1]), 15))
