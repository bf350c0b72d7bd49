"""HTTP/2 by an upgrade to h2c, with the library h2.

Usage: `python h2c.py serve [PORT]`, `python h2c.py ask PORT [TARGET]`.

A request that offers h2c gets its response on stream 1; without an offer it gets one in HTTP/1.1. Try the server with
`curl --http2 http://127.0.0.1:8080/a http://127.0.0.1:8080/b`.
"""

import sys
from contextlib import suppress

import anyio
from anyio.abc import SocketAttribute
from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from switchover import Config
from switchover.aio import Declined, Exchange, SwitchedStream, connect_upgrade, serve

IDLE = 60
PIECE = 4096
"""The maximum number of bytes in one read.

A larger read with many small frames would keep other clients waiting.
"""


async def handler(exchange: Exchange) -> None:
    """Responds to one request, in HTTP/2 if the client offers h2c."""
    request = exchange.request
    if exchange.upgrade != "h2c":
        await exchange.respond(200, {"Content-Type": "text/plain"}, answer(request.method, request.target, b"HTTP/1.1"))
        return
    # The content belongs to the request: all of it arrives before the switch (RFC 7540, 3.2).
    await exchange.read(Config().h2c_content)
    http2 = H2Connection(H2Configuration(client_side=False))
    http2.initiate_upgrade_connection(request.headers.get("HTTP2-Settings"))
    await Http2(http2, await exchange.accept()).speak(request.method, request.target)


def answer(method: bytes, target: bytes, version: bytes) -> bytes:
    """Returns the content of the response; nothing for HEAD."""
    return b"" if method == b"HEAD" else b"%s %s in %s\n" % (method, target, version)


class Http2:
    """The server's side of an HTTP/2 connection; it discards content of requests."""

    def __init__(self, http2: H2Connection, stream: SwitchedStream) -> None:
        self.http2, self.stream = http2, stream
        self.asked: dict[int, bytes] = {}  # the answers to requests that are not complete
        self.new: set[int] = set()  # streams whose answer has no head yet
        self.waiting: dict[int, bytearray] = {}  # what the client has no room for yet (RFC 9113, 5.2)

    async def speak(self, method: bytes, target: bytes) -> None:
        """Responds on stream 1, then to further requests.

        Returns when the client closes, violates HTTP/2, or takes over `IDLE` seconds to read and then to send.
        """
        self.reply(1, answer(method, target, b"HTTP/2"))
        with suppress(TimeoutError, anyio.EndOfStream, anyio.BrokenResourceError):
            while True:
                try:
                    self.send_waiting()
                    with anyio.fail_after(IDLE):
                        await self.stream.send(self.http2.data_to_send())
                        data = await self.stream.receive(PIECE)
                    for event in self.http2.receive_data(data):
                        self.handle(event)
                except ProtocolError:
                    with anyio.fail_after(IDLE):
                        await self.stream.send(self.http2.data_to_send())  # says what is wrong
                    return

    def handle(self, event: h2_events.Event) -> None:
        """Handles an event of a stream.

        No response is sent on the stream yet: the next event may be its reset.
        """
        match event:
            case h2_events.RequestReceived(stream_id=stream, headers=headers):
                head = {bytes(name): bytes(value) for name, value in headers}
                self.asked[stream] = answer(head[b":method"], head.get(b":path", b""), b"HTTP/2")
            case h2_events.StreamEnded(stream_id=stream):
                self.reply(stream, self.asked.pop(stream))
            case h2_events.DataReceived(stream_id=stream, flow_controlled_length=length):
                self.http2.acknowledge_received_data(length, stream)
            case h2_events.StreamReset(stream_id=stream):
                self.asked.pop(stream, None)
                self.new.discard(stream)
                self.waiting.pop(stream, None)
            case _:
                pass

    def reply(self, stream: int, content: bytes) -> None:
        """Queues the response to a complete request.

        Some clients hang if they get a response to an incomplete request.
        """
        self.new.add(stream)
        self.waiting[stream] = bytearray(content)

    def send_waiting(self) -> None:
        """Sends the heads that are due, and as much content as flow control allows."""
        for stream, content in list(self.waiting.items()):
            if stream in self.new:
                self.http2.send_headers(stream, [(":status", "200"), ("content-type", "text/plain")])
                self.new.discard(stream)
            while content and (room := min(self.http2.local_flow_control_window(stream), 16_384)) > 0:
                self.http2.send_data(stream, bytes(content[:room]))
                del content[:room]
            if not content:
                self.http2.end_stream(stream)
                del self.waiting[stream]


async def main(port: int) -> None:
    """Runs the server; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    await serve(listener, handler, ["h2c"])


async def ask(port: int, target: str) -> None:
    """Prints the response: on stream 1 after a switch, else in HTTP/1.1."""
    http2 = H2Connection(H2Configuration(client_side=True))
    http2.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
    settings = http2.initiate_upgrade_connection() or b""
    headers = {"Host": f"127.0.0.1:{port}", "HTTP2-Settings": settings.decode()}
    async with await anyio.connect_tcp("127.0.0.1", port) as transport:
        try:
            stream = await connect_upgrade(transport, target, headers, ["h2c"])
        except Declined as declined:
            print(declined)
            print(declined.answer.content.decode(errors="replace"), end="" if declined.answer.is_whole else " (cut)\n")
            return
        while True:
            await stream.send(http2.data_to_send())
            with anyio.fail_after(IDLE):
                data = await stream.receive()
            for event in http2.receive_data(data):
                match event:
                    case h2_events.DataReceived(stream_id=1):
                        http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                        sys.stdout.buffer.write(event.data)  # a character may be cut between two pieces
                        sys.stdout.flush()
                    case h2_events.StreamEnded(stream_id=1):
                        return
                    case h2_events.StreamReset(stream_id=1) | h2_events.ConnectionTerminated():
                        raise ConnectionError(f"stream 1 was given up: {event}")
                    case _:
                        pass


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        anyio.run(ask, int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "/")
    else:
        anyio.run(main, int(sys.argv[2]) if len(sys.argv) > 2 else 8080)
