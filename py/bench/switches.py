"""Cases with a switch: an offer of another protocol, accepted."""

from __future__ import annotations

import base64
import hashlib

import h11
import h11r
import httptools
import switchover
import zttp
from case import OURS, Case, Pairs, Sink, lines, same_lines
from switchover import Role
from websockets.server import ServerProtocol
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection


def fields_of_switch(request: bytes) -> Pairs:
    """Returns the field lines of a 101 to a WebSocket offer (RFC 6455, section 4.2.2)."""
    key = dict(lines(request))[b"Sec-WebSocket-Key"]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", accept)]


def is_switch(out: bytes, fields: Pairs) -> bool:
    """Returns whether `out` is a 101 with these field lines.

    Each library has its own order of fields, and websockets adds a Date.
    """
    found = [(name.lower(), value) for name, value in lines(out) if name.lower() != b"date"]
    return out.startswith(b"HTTP/1.1 101 ") and sorted(found) == sorted((name.lower(), value) for name, value in fields)


def switch(name: str, request: bytes) -> Case:
    """Makes the case of accepting an offer with a 101.

    switchover computes Sec-WebSocket-Accept; the other libraries are given it.
    """
    fields = fields_of_switch(request)
    switching = b"HTTP/1.1 101 Switching Protocols\r\n%s\r\n" % b"".join(b"%s: %s\r\n" % line for line in fields)

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        headers = connection.next_event(request).headers.lines()
        assert connection.take_end()
        out = connection.accept(connection.select(["websocket"]))
        return headers, out

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(request)
        headers = list(connection.next_event().headers)
        while type(connection.next_event()) is not h11.EndOfMessage:
            pass
        answer = h11.InformationalResponse(status_code=101, headers=fields, reason=b"Switching Protocols")
        return headers, connection.send(answer)

    def with_h11r() -> object:
        connection = h11r.Connection(h11r.Role.SERVER)
        connection.receive_data(request)
        headers = connection.next_event().headers
        while type(connection.next_event()) is not h11r.EndOfMessage:
            pass
        return headers, connection.send_informational_response(101, fields, reason=b"Switching Protocols")

    def with_httptools() -> object:
        sink = Sink()
        try:
            httptools.HttpRequestParser(sink).feed_data(request)
        except httptools.HttpParserUpgrade:
            return sink.headers, switching
        return None

    def with_zttp() -> object:
        connection = zttp.Connection(zttp.SERVER)
        event = connection.receive_event(request)
        headers = event.headers.to_list()
        assert event.end_stream
        assert connection.upgrade() == b"websocket"
        connection.send_response(101, fields)
        return headers, connection.data_to_send()

    expected = lines(request)

    def check(result: tuple[Pairs, bytes]) -> bool:
        headers, out = result
        return same_lines(headers, expected) and is_switch(out, fields)

    return Case(
        f"switch {name}",
        "An offer on a new connection accepted with a 101. Ours judges the offer and works out Sec-WebSocket-Accept; "
        "the others get it, and judge nothing; httptools writes nothing, its answer is a constant.",
        check,
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools, "zttp": with_zttp},
    )


def websocket(name: str, request: bytes) -> Case:
    """Makes the case of the server's side of a WebSocket handshake.

    Each library computes Sec-WebSocket-Accept.
    """
    fields = fields_of_switch(request)

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        connection.next_event(request)
        assert connection.take_end()
        out = connection.accept(connection.select(["websocket"]))
        assert type(connection.next_event()) is switchover.Switched
        return out

    def with_wsproto() -> object:
        connection = WSConnection(ConnectionType.SERVER)
        connection.receive_data(request)
        for _ in connection.events():
            pass
        return connection.send(AcceptConnection())

    def with_websockets() -> object:
        connection = ServerProtocol()
        connection.receive_data(request)
        (head,) = connection.events_received()
        connection.send_response(connection.accept(head))
        return b"".join(connection.data_to_send())

    return Case(
        f"WebSocket handshake {name}",
        "The server's side on a new connection; each judges the offer and works out Sec-WebSocket-Accept.",
        lambda out: is_switch(out, fields),
        {OURS: ours, "wsproto": with_wsproto, "websockets": with_websockets},
        {(OURS, "wsproto"): 40, (OURS, "websockets"): 25},
    )
