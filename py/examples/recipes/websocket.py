"""WebSocket, with wsproto.

Usage: `python websocket.py serve [PORT]`, `python websocket.py ask PORT [MESSAGE...]`.

switchover does the handshake, wsproto the frames. The server sends each message back.
"""

import sys
from collections.abc import AsyncIterator

import anyio
from anyio.abc import SocketAttribute
from switchover import websocket_key
from switchover.aio import Declined, Exchange, SwitchedStream, connect_upgrade, serve
from wsproto.connection import Connection as WebSocket, ConnectionState, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Event, Ping, TextMessage

IDLE = 60
PIECE = 4096
"""The maximum number of bytes in one read.

A larger read with many small frames would keep other clients waiting.
"""


async def handler(exchange: Exchange) -> None:
    """Accepts a WebSocket offer and sends messages back, or responds with a 426."""
    if exchange.upgrade != "websocket":
        await exchange.require(["websocket"])
        await exchange.send_end()
        return
    # The first subprotocol of the client that this server supports; if there is none, the field is left out.
    chosen = exchange.connection.select_subprotocol(["echo"])
    stream = await exchange.accept({"Sec-WebSocket-Protocol": chosen} if chosen else {})
    websocket = WebSocket(ConnectionType.SERVER)
    async for event in events(websocket, stream):
        if isinstance(event, TextMessage | BytesMessage):
            with anyio.fail_after(IDLE):
                await stream.send(websocket.send(event))


async def events(websocket: WebSocket, stream: SwitchedStream) -> AsyncIterator[Event]:
    """Yields the peer's WebSocket events, and responds to pings and a close.

    Ends when the peer closes or is silent for too long. Raises TimeoutError if it does not read a reply.
    """
    while is_open(websocket):
        with anyio.move_on_after(IDLE) as scope:
            try:
                websocket.receive_data(await stream.receive(PIECE))
            except (anyio.EndOfStream, anyio.BrokenResourceError):
                return
        if scope.cancelled_caught:
            return
        for event in websocket.events():
            if isinstance(event, Ping | CloseConnection) and is_open(websocket):
                with anyio.fail_after(IDLE):
                    await stream.send(websocket.send(event.response()))
            yield event


def is_open(websocket: WebSocket) -> bool:
    """Returns whether either side may still send something."""
    return websocket.state is not ConnectionState.CLOSED


async def main(port: int) -> None:
    """Runs the server; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    await serve(listener, handler, ["websocket"])


async def ask(port: int, messages: list[str]) -> None:
    """Sends each message, and prints one reply to each."""
    headers = {
        "Host": f"127.0.0.1:{port}",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": websocket_key(),
    }
    async with await anyio.connect_tcp("127.0.0.1", port) as transport:
        try:
            stream = await connect_upgrade(transport, "/", headers, ["websocket"])
        except Declined as declined:
            print(declined)
            return
        websocket = WebSocket(ConnectionType.CLIENT)
        for message in messages:
            await stream.send(websocket.send(TextMessage(message)))
        replies = 0
        async for event in events(websocket, stream):
            if isinstance(event, TextMessage):
                print(event.data, end="\n" if event.message_finished else "")
                replies += event.message_finished
                if replies == len(messages):
                    await stream.send(websocket.send(CloseConnection(1000)))


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        anyio.run(ask, int(sys.argv[2]), sys.argv[3:] or ["hello"])
    else:
        anyio.run(main, int(sys.argv[2]) if len(sys.argv) > 2 else 8080)
