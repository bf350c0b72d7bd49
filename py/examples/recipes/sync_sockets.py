"""A client that offers foo/2, without anyio, on a plain blocking socket.

Usage: `python sync_sockets.py PORT [TARGET [LINE...]]`.

Copy `connect_upgrade` if you have a socket and no event loop: in a thread, in gevent.
"""

import socket
import sys
import time

import switchover as http

LARGEST = 65_536
IDLE = 60.0


class DeclinedError(Exception):
    """The server declined the offer and responded in HTTP."""

    def __init__(self, response: http.Response, content: bytes, why: http.Why | None, is_whole: bool) -> None:
        super().__init__(f"{response.status}: {why.text if why else 'no reason'}")
        self.response, self.content, self.why, self.is_whole = response, content, why, is_whole


def connect_upgrade(
    connected: socket.socket,
    target: str,
    headers: http.HeadersLike,
    offer: list[str],
    timeouts: float = 60,
) -> http.Switched:
    """Offers protocols, and returns the switch.

    Its `leftover` are the first bytes of the new protocol; read further ones from the socket.

    Raises DeclinedError, LocalProtocolError, RemoteProtocolError, TypeError and ValueError, and OSErrors such as
    TimeoutError. Close the socket after each of them.
    """
    connection = http.Connection(http.Role.CLIENT)
    connected.settimeout(timeouts)
    connected.sendall(connection.send_request("GET", target, headers, offer))
    response: http.Response | None = None
    content = bytearray()
    deadline = time.monotonic() + timeouts
    while True:
        match connection.next_event():
            case http.NEED_DATA:
                connected.settimeout(max(deadline - time.monotonic(), 0.001))
                connection.receive_data(connected.recv(65_536))
            case http.Switched() as switched:
                connected.settimeout(None)
                return switched
            case http.Response() as response:
                pass
            case http.Data(data) if len(content) < LARGEST:
                content += data
            case http.Data() | http.EndOfMessage() as event if response:
                is_whole = isinstance(event, http.EndOfMessage) and len(content) <= LARGEST
                raise DeclinedError(response, bytes(content[:LARGEST]), connection.why, is_whole)
            case http.Paused():
                raise ConnectionError("the server has closed without an answer")
            case _:
                pass  # a 1xx


def main(port: int, target: str, lines: list[str]) -> None:
    """Sends the lines over foo/2 and prints what comes back, else the response."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connected:
        try:
            switched = connect_upgrade(connected, target, {"Host": f"127.0.0.1:{port}"}, ["foo/2"])
        except DeclinedError as declined:
            print(declined)
            print(declined.content.decode(errors="replace"), end="" if declined.is_whole else " (cut)\n")
            return
        connected.settimeout(IDLE)
        connected.sendall("".join(f"{line}\n" for line in [*lines, "QUIT"]).encode())
        data = switched.leftover
        while data or (data := connected.recv(65_536)):
            sys.stdout.buffer.write(data)  # a character may be cut between two reads
            sys.stdout.flush()
            data = b""


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "/foo", sys.argv[3:])
