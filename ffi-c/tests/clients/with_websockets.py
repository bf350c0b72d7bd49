"""Exchanges messages with an echo server, by Python's websockets.

Usage: with_websockets.py PORT
"""

import asyncio
import os
import sys

from websockets import ConnectionClosed
from websockets.asyncio.client import connect

URL = f"ws://127.0.0.1:{sys.argv[1]}/"


async def talk(number):
    async with connect(URL, proxy=None, max_size=1 << 20) as peer:
        for message in (f"h\u00e9llo {number}", b"", os.urandom(70_000), "x" * (1 << 20)):
            await peer.send(message)
            assert await peer.recv() == message
        await peer.send(["in ", "two"])
        assert await peer.recv() == "in two"
        await asyncio.wait_for(await peer.ping(), 30)
    assert peer.close_code == 1000, peer.close_code


async def says_too_much():
    async with connect(URL, proxy=None) as peer:
        try:
            await peer.send(bytes((1 << 20) + 1))
            await peer.recv()
        except ConnectionClosed:
            assert peer.close_code == 1009, peer.close_code
            return
    sys.exit("more than the server takes came back")


async def main():
    await asyncio.gather(*map(talk, range(20)))
    await says_too_much()


asyncio.run(asyncio.wait_for(main(), 120))
