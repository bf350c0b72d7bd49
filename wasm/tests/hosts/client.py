"""WebSocket client by the library `websockets`.

`client.py URL` prints the agreed subprotocol, the results of a short, a long and a fragmented message, and the close
code. Then it prints the error for a URL that does not switch.
"""

import asyncio
import sys

import websockets


async def main(url: str) -> None:
    async with websockets.connect(url, subprotocols=["chat.v2", "chat"], compression=None) as peer:
        print(peer.subprotocol)
        for message in ("hello", "x" * 100_000):
            await peer.send(message)
            print(len(message), await peer.recv() == f"{message} came")
        await peer.send(["in ", "pieces"])
        print(await peer.recv())
        await (await peer.ping())
    print(peer.close_code)
    try:
        async with websockets.connect(f"{url}plain"):
            pass
    except websockets.InvalidHandshake as declined:
        print(declined)


asyncio.run(main(sys.argv[1]))
