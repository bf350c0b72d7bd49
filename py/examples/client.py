"""A client that offers foo/2.

Usage: `python client.py PORT [TARGET [LINE...]]`. If the server declines, it prints the response.
"""

import asyncio
import sys

import switchover as http

TIMEOUT = 60.0
"""The seconds to wait for the next bytes of the server."""


async def ask(port: int, target: str, lines: list[str]) -> None:
    """Prints what comes back: lines of foo/2 after a switch, else the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = http.Connection(http.Role.CLIENT)
    writer.write(connection.send_request("GET", target, [("Host", f"127.0.0.1:{port}")], offer=["foo/2"]))
    while True:
        match connection.next_event():
            case http.NEED_DATA:
                connection.receive_data(await receive(reader))
            case http.Response(status):
                print(status, "not switched:", connection.why.text if connection.why else "", flush=True)
            case http.Data(data):
                show(data)
            case http.Switched(leftover=leftover):
                for line in [*lines, "QUIT"]:
                    writer.write(line.encode() + b"\n")
                show(leftover)
                while data := await receive(reader):
                    show(data)
                break
            case http.EndOfMessage() | http.Paused():
                break
            case _:
                pass  # a 1xx
    writer.close()


async def receive(reader: asyncio.StreamReader) -> bytes:
    """Returns the next bytes of the server; empty at their end."""
    async with asyncio.timeout(TIMEOUT):
        return await reader.read(65536)


def show(data: bytes) -> None:
    """Prints bytes as they come; a character may be cut between two reads."""
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    try:
        asyncio.run(ask(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/foo", sys.argv[3:]))
    except http.RemoteProtocolError as error:
        sys.exit(f"the server broke the protocol: {error}")
    except TimeoutError:
        sys.exit("the server is silent")
    except ConnectionError as error:
        sys.exit(f"the connection is lost: {error}")
