"""`aiohttp` as a client: offers `foo/2`, and prints the protocol after the switch."""

import asyncio
import sys

import aiohttp


async def main(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Connection": "Upgrade", "Upgrade": "foo/2"}) as response:
            if response.status == 101:
                print(response.headers["Upgrade"])


asyncio.run(main(sys.argv[1]))
