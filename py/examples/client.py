"""A client that offers foo/2.

Usage: `python client.py PORT [TARGET [LINE...]]`. It takes no for an answer.
"""

import asyncio
import sys

import switchover as http


async def ask(port: int, target: str, lines: list[str]) -> None:
    """Prints what comes back: lines of foo/2 after a switch, else the response."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    connection = http.Connection(http.Role.CLIENT)
    writer.write(connection.send_request("GET", target, [("Host", f"127.0.0.1:{port}")], offer=["foo/2"]))
    while True:
        match connection.next_event():
            case http.NEED_DATA:
                connection.receive_data(await reader.read(65536))
            case http.Response(status):
                print(status, "not switched:", connection.why.text if connection.why else "")
            case http.Data(data):
                print(data.decode(), end="")
            case http.Switched(leftover=leftover):
                for line in [*lines, "QUIT"]:
                    writer.write(line.encode() + b"\n")
                print((leftover + await reader.read()).decode(), end="")
                break
            case http.EndOfMessage() | http.Paused():
                break
            case _:
                pass  # a 1xx
    writer.close()


if __name__ == "__main__":
    try:
        asyncio.run(ask(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/foo", sys.argv[3:]))
    except http.RemoteProtocolError as error:
        sys.exit(f"the server broke the protocol: {error}")
