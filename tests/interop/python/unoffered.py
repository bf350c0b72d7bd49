"""`aiohttp` as a client: offers `foo/2`, and prints the protocol after the switch."""

import asyncio
import sys

import aiohttp


async def main(url):
    offer = {"Connection": "Upgrade", "Upgrade": "foo/2"}
    async with aiohttp.ClientSession() as session, session.get(url, headers=offer) as response:
        if response.status == 101:
            print(response.headers["Upgrade"])


asyncio.run(main(sys.argv[1]))
