"""An echo server for HTTP/1.1, WebSocket and HTTP/2: `python handoff.py [PORT]`.

WebSocket is by wsproto, HTTP/2 by h2, all on one port.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

import switchover as http
from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from server import IDLE, Client
from wsproto.connection import Connection as WebSocket, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage

SPOKEN = ["h2c", "websocket"]
PIECE = 4096
"""The maximum number of bytes in one read of a new protocol."""
# The maximum content of a request that offers h2c: the switch waits for all of it (RFC 7540, 3.2). The engine checks
# only a Content-Length.
LARGEST = http.Config().h2c_content


async def serve_connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Serves one connection, from its first byte to its last."""
    client = Client(reader, writer)
    connection = client.connection
    request: http.Request | None = None
    http2: H2Connection | None = None
    body = bytearray()
    try:
        while True:
            match await client.next_event():
                case http.Request() as request:
                    body = bytearray()
                case http.Data(data) if connection.owes is http.Owes.CONTENT:
                    await client.send(connection.send_data(data))
                case http.Data(data) if request and request.method == b"POST":
                    body += data
                    if len(body) > LARGEST:
                        await client.send(begin_answer(connection, request, body))
                case http.EndOfMessage() if connection.owes is http.Owes.CONTENT:
                    await client.send(connection.send_end())
                case http.Paused(http.PausedReason.CLOSED):
                    break
                case http.Paused() if request:
                    if selection := connection.select(SPOKEN):
                        http2 = http2_after(request) if SPOKEN[selection.preference] == "h2c" else None
                        await client.send(connection.accept(selection))
                    else:
                        await client.send(begin_answer(connection, request, body) + connection.send_end())
                case http.Switched(leftover=leftover) if request:
                    if http2:
                        await Http2(http2, client).speak(request, body, received(leftover, reader))
                    else:
                        await speak_websocket(received(leftover, reader), client)
                    break
                case _:
                    pass  # content that this server does not use, and its end
    except http.RemoteProtocolError as error:
        await client.refuse(error.status or 400)
    except TimeoutError:
        await client.refuse(408)
    except ConnectionError:
        pass  # the peer has gone
    await client.leave()


async def received(leftover: bytes, reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """Yields the peer's bytes in the new protocol, beginning with the leftover.

    The leftover was received before the switch; it may be empty.
    """
    yield leftover
    while True:
        # Many small frames take long: other clients get a turn after each piece.
        await asyncio.sleep(0)
        async with asyncio.timeout(IDLE):
            data = await reader.read(PIECE)
        if not data:
            return
        yield data


def begin_answer(connection: http.Connection, request: http.Request, body: bytearray) -> bytes:
    """Encodes an HTTP/1.1 head and the first content; declines an offer thereby."""
    status, text = answer(request.method, request.target, b"HTTP/1.1")
    head = connection.send_response(status, {"Content-Type": "text/plain"})
    return head + (connection.send_data(text or body) if connection.owes is http.Owes.CONTENT else b"")


def answer(method: bytes, target: bytes, version: bytes) -> tuple[int, bytes]:
    """Returns a response's status, and its text, which is empty for HEAD and POST.

    The response to a POST is the request's own content.
    """
    text = b"" if method in (b"HEAD", b"POST") else b"%s %s in %s\n" % (method, target, version)
    return 200 if method in (b"GET", b"HEAD", b"POST") else 501, text


async def speak_websocket(received: AsyncIterator[bytes], client: Client) -> None:
    """Sends WebSocket messages back until the client closes."""
    websocket = WebSocket(ConnectionType.SERVER)
    async for data in received:
        websocket.receive_data(data)
        answers, is_closed = bytearray(), False
        for event in websocket.events():
            if isinstance(event, TextMessage | BytesMessage):
                answers += websocket.send(event)
            elif isinstance(event, Ping | CloseConnection):
                answers += websocket.send(event.response())
            is_closed |= isinstance(event, CloseConnection)
        await client.send(bytes(answers))
        if is_closed:
            return


def http2_after(request: http.Request) -> H2Connection:
    """Creates the HTTP/2 engine with the settings in the field HTTP2-Settings.

    The settings are valid, as the offer was eligible (RFC 7540, section 3.2.1).
    """
    http2 = H2Connection(H2Configuration(client_side=False))
    http2.initiate_upgrade_connection(request.headers.get("HTTP2-Settings"))
    return http2


def send_content(http2: H2Connection, stream: int, waiting: bytearray) -> None:
    """Sends as much of `waiting` as flow control allows, and removes it there.

    RFC 9113, section 5.2.
    """
    while waiting and (room := min(http2.local_flow_control_window(stream), http2.max_outbound_frame_size)) > 0:
        http2.send_data(stream, bytes(waiting[:room]))
        del waiting[:room]


@dataclass
class Reply:
    """The response on one stream, as far as it is still to be sent."""

    head: list[tuple[str, str]]
    is_echo: bool
    waiting: bytearray
    is_complete: bool = False
    owed: int = 0  # bytes that came and that the client has not been given room for again


def reply_to(method: bytes, target: bytes) -> Reply:
    """Returns the response to a request with this method and target, yet to be sent."""
    status, text = answer(method, target, b"HTTP/2")
    return Reply([(":status", str(status)), ("content-type", "text/plain")], method == b"POST", bytearray(text))


class Http2:
    """The server's side of an HTTP/2 connection.

    Flow control grants the client more bytes on a stream once nothing waits to be sent on it.
    """

    def __init__(self, http2: H2Connection, client: Client) -> None:
        self.http2, self.client = http2, client
        self.replies: dict[int, Reply] = {}

    async def speak(self, request: http.Request, body: bytearray, received: AsyncIterator[bytes]) -> None:
        """Serves the connection.

        Stream 1 has the response to the HTTP/1.1 request; the client opens the others (RFC 7540, section 3.2).
        """
        self.replies[1] = reply_to(request.method, request.target)
        self.replies[1].waiting += body
        self.replies[1].is_complete = True
        async for data in received:
            try:
                for event in self.http2.receive_data(data):
                    self.handle(event)
                self.go_on()
            except ProtocolError:
                return  # said in what is still to be sent
            finally:
                await self.client.send(self.http2.data_to_send())

    def handle(self, event: h2_events.Event) -> None:
        """Handles an event of a stream.

        Nothing is sent on the stream yet: the next event may be its reset.
        """
        match event:
            case h2_events.RequestReceived(stream_id=stream, headers=headers):
                head = {bytes(name): bytes(value) for name, value in headers}
                self.replies[stream] = reply_to(head[b":method"], head.get(b":path", b""))
            case h2_events.DataReceived(stream_id=stream):
                reply = self.replies[stream]
                reply.owed += event.flow_controlled_length
                reply.waiting += event.data if reply.is_echo else b""
            case h2_events.StreamEnded(stream_id=stream):
                self.replies[stream].is_complete = True
            case h2_events.StreamReset(stream_id=stream) if stream in self.replies:
                self.http2.acknowledge_received_data(self.replies.pop(stream).owed, stream)
            case _:
                pass

    def go_on(self) -> None:
        """Sends on each stream what flow control allows; grants the client more bytes."""
        for stream, reply in list(self.replies.items()):
            if reply.head:
                self.http2.send_headers(stream, reply.head)
                reply.head = []
            send_content(self.http2, stream, reply.waiting)
            if not reply.waiting:
                self.http2.acknowledge_received_data(reply.owed, stream)
                reply.owed = 0
                if reply.is_complete:
                    self.http2.end_stream(stream)
                    del self.replies[stream]


async def main(port: int) -> None:
    """Runs the server; port 0 is any free one."""
    server = await asyncio.start_server(serve_connection, "127.0.0.1", port)
    print(f"listening on {server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8080))
