"""`aiohttp` as a client that offers `foo/2`: prints what it has switched to."""

import asyncio
import sys

import aiohttp


async def main(url):
    async with aiohttp.ClientSession() as session:
        async with session.get(url, headers={"Connection": "Upgrade", "Upgrade": "foo/2"}) as response:
            if response.status == 101:
                print(response.headers["Upgrade"])


asyncio.run(main(sys.argv[1]))
