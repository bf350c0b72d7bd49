"""A client that offers h2c and continues in HTTP/2, with the library h2.

Usage: `python h2c_client.py PORT [TARGET]`.
"""

import asyncio
import sys
from collections.abc import AsyncIterator

import switchover as http
from client import receive, show
from h2 import events as h2_events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.settings import SettingCodes, Settings
from handoff import received, send_content

LONGEST = 1 << 20
"""The maximum content of an HTTP/2 response in bytes; a longer one is an error."""


async def ask(port: int, target: str) -> None:
    """Sends a GET that offers h2c, and prints the response to it.

    After a switch that is the response on stream 1, and a POST on stream 3 checks that its content
    comes back.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    http2 = H2Connection(H2Configuration(client_side=True))
    http2.local_settings = Settings(client=True, initial_values={SettingCodes.ENABLE_PUSH: 0})
    settings = http2.initiate_upgrade_connection()
    assert settings
    headers = [("Host", f"127.0.0.1:{port}"), ("HTTP2-Settings", settings.decode())]
    connection = http.Connection(http.Role.CLIENT)
    writer.write(connection.send_request("GET", target, headers, offer=["h2c"]))
    while True:
        match connection.next_event():
            case http.NEED_DATA:
                connection.receive_data(await receive(reader))
            case http.Response(status):
                print(status, "not switched:", connection.why.text if connection.why else "", flush=True)
            case http.Data(data):
                show(data)
            case http.Switched(leftover=leftover):
                await speak_http2(http2, f"127.0.0.1:{port}", received(leftover, reader), writer)
                break
            case http.EndOfMessage() | http.Paused():
                break
            case _:
                pass  # a 1xx
    writer.close()


async def speak_http2(
    http2: H2Connection, authority: str, received: AsyncIterator[bytes], writer: asyncio.StreamWriter
) -> None:
    """Receives and sends HTTP/2 after the switch.

    Stream 1 has the response to the HTTP/1.1 request, stream 3 is a new request (RFC 7540, section 3.2).
    """
    first = await exchange(http2, 1, b"", received, writer)
    print("stream 1: ", end="", flush=True)
    show(first)
    request = [(":method", "POST"), (":scheme", "http"), (":authority", authority), (":path", "/echo")]
    http2.send_headers(3, request)
    content = bytes(range(256)) * 800
    print("stream 3: content came back:", await exchange(http2, 3, content, received, writer) == content)
    http2.close_connection()
    writer.write(http2.data_to_send())


async def exchange(
    http2: H2Connection, stream: int, content: bytes, received: AsyncIterator[bytes], writer: asyncio.StreamWriter
) -> bytes:
    """Returns the response's content on a stream, while sending content on it."""
    waiting, answer, is_complete = bytearray(content), b"", False
    while not is_complete:
        if waiting:
            send_content(http2, stream, waiting)
            if not waiting:
                http2.end_stream(stream)
        writer.write(http2.data_to_send())
        await writer.drain()
        data = await anext(received, None)
        if data is None:
            raise ConnectionError(f"the server has closed before stream {stream} ended")
        for event in http2.receive_data(data):
            match event:
                case h2_events.DataReceived(stream_id=of) if of == stream:
                    answer += event.data
                    if len(answer) > LONGEST:
                        raise ConnectionError(f"the response on stream {stream} is too long")
                    http2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2_events.StreamEnded(stream_id=of) if of == stream:
                    is_complete = True
                case h2_events.StreamReset(stream_id=of) if of == stream:
                    raise ConnectionError(f"stream {stream} was given up: {event}")
                case h2_events.ConnectionTerminated():
                    raise ConnectionError(f"stream {stream} was given up: {event}")
                case _:
                    pass  # h2 has seen to it
    return answer


if __name__ == "__main__":
    asyncio.run(ask(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/"))
