"""A correct client based on h11 and wsproto, unlike the audit's reference client.

    client.py PORT PATH MODE

It exits with 0 once an opened WebSocket has ended; in the mode `plain`, if it got a response and no 101. `MODES`
describes the ways in which correct clients differ.
"""

import base64
import os
import socket
import sys
from functools import partial

import h11
from common import accept_of, next_event
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Ping, TextMessage

MODES = {
    "speaking": "sends a message as soon as the connection is open",
    "silent": "sends nothing of its own, and answers pings",
    "asking": "asks for two subprotocols, and refuses a server that names none of them",
    "slow": "reads a few bytes at a time",
    "plain": "offers nothing",
}


def field(answer, name):
    return [value for each, value in answer.headers if each == name]


def fault(answer, key, mode):
    """Returns the wrong field or version of a 101 (RFC 6455, section 4.1), or None."""
    options = [option.strip().lower() for value in field(answer, b"connection") for option in value.split(b",")]
    protocol = field(answer, b"sec-websocket-protocol")
    if answer.http_version != b"1.1":
        return "HTTP/1.0"
    if [value.lower() for value in field(answer, b"upgrade")] != [b"websocket"]:
        return "Upgrade"
    if b"upgrade" not in options:
        return "Connection"
    if field(answer, b"sec-websocket-accept") != [accept_of(key)]:
        return "Sec-WebSocket-Accept"
    if field(answer, b"sec-websocket-extensions"):
        return "Sec-WebSocket-Extensions"
    if mode == "asking":
        return None if protocol in ([b"mqtt"], [b"graphql-ws"]) else "Sec-WebSocket-Protocol"
    return "Sec-WebSocket-Protocol" if protocol else None


def speak(stream, rest, mode, size):
    frames = Connection(ConnectionType.CLIENT, trailing_data=rest)
    if mode == "speaking":
        stream.sendall(frames.send(TextMessage(data="hello")))
    while True:
        for each in frames.events():
            if isinstance(each, Ping):
                stream.sendall(frames.send(each.response()))
            elif isinstance(each, CloseConnection):
                stream.sendall(frames.send(each.response()))
                return 0
        data = stream.recv(size)
        frames.receive_data(data or None)
        if not data:
            return 0


def main(port, path, mode):
    if mode not in MODES:
        sys.exit(f"no such mode: {mode}")
    size = 3 if mode == "slow" else 65536
    key = base64.b64encode(os.urandom(16))
    fields = [("Host", f"127.0.0.1:{port}")]
    if mode != "plain":
        fields += [("Connection", "Upgrade"), ("Upgrade", "websocket")]
        fields += [("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13")]
    if mode == "asking":
        fields.append(("Sec-WebSocket-Protocol", "mqtt, graphql-ws"))
    http = h11.Connection(h11.CLIENT)
    with socket.create_connection(("127.0.0.1", port), 10) as stream:
        stream.settimeout(10)
        data = http.send(h11.Request(method="GET", target=path, headers=fields))
        stream.sendall(data + http.send(h11.EndOfMessage()))
        try:
            while isinstance(answer := next_event(http, partial(stream.recv, size)), h11.InformationalResponse):
                if answer.status_code == 101:
                    broken = "not asked for" if mode == "plain" else fault(answer, key, mode)
                    if broken:
                        print(f"the 101 is wrong: {broken}")
                        return 1
                    return speak(stream, http.trailing_data[0], mode, size)
            while isinstance(next_event(http, partial(stream.recv, size)), h11.Data):
                pass
        except h11.RemoteProtocolError as error:
            print(error)
            return 1
        print(f"the server answered {answer.status_code}")
        return 0 if mode == "plain" else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], sys.argv[3]))
