"""A WebSocket server, with the sans-I/O layer of websockets.

Usage: `python websockets_sansio.py serve [PORT]`.

switchover does the handshake, websockets the frames. The server sends each message back.
"""

import sys

import anyio
from anyio.abc import SocketAttribute
from switchover.aio import Exchange, SwitchedStream, serve
from websockets.frames import Frame, Opcode
from websockets.protocol import SERVER, Protocol, State

IDLE = 60
PIECE = 4096
"""The maximum number of bytes in one read.

A larger read with many small frames would keep other clients waiting.
"""
LONGEST = 1 << 20


async def handler(exchange: Exchange) -> None:
    """Accepts a WebSocket offer and sends messages back, or responds with a 426."""
    if exchange.upgrade != "websocket":
        await exchange.require(["websocket"])
        await exchange.send_end()
        return
    stream = await exchange.accept()
    # The handshake is over, so the protocol begins with frames.
    websocket = Protocol(SERVER, state=State.OPEN, max_size=LONGEST)
    with anyio.move_on_after(IDLE) as idle:
        while not websocket.close_expected():
            try:
                websocket.receive_data(await stream.receive(PIECE))
            except anyio.EndOfStream:
                return
            echo(websocket)
            await flush(websocket, stream)
            idle.deadline = anyio.current_time() + IDLE


def echo(websocket: Protocol) -> None:
    """Encodes messages to send back, frame by frame.

    websockets answers pings and a Close itself. Once it has received a Close it sends no message back, not even one
    that came before the Close in the same read.
    """
    for frame in websocket.events_received():
        if not isinstance(frame, Frame) or websocket.state is not State.OPEN:
            return
        if frame.opcode is Opcode.TEXT:
            websocket.send_text(frame.data, frame.fin)
        elif frame.opcode is Opcode.BINARY:
            websocket.send_binary(frame.data, frame.fin)
        elif frame.opcode is Opcode.CONT:
            websocket.send_continuation(frame.data, frame.fin)


async def flush(websocket: Protocol, stream: SwitchedStream) -> None:
    """Sends what websockets has encoded; ignores its empty piece, which means EOF."""
    if data := b"".join(websocket.data_to_send()):
        await stream.send(data)


async def main(port: int) -> None:
    """Listens; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    await serve(listener, handler, ["websocket"])


if __name__ == "__main__":
    anyio.run(main, int(sys.argv[2]) if len(sys.argv) > 2 else 8080)
