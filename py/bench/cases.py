"""What is measured: each case is a row, with one function per library that does the same work to the same result.

Each does what a user of that library would: it takes every event, and makes the headers into what a user needs, a
sequence of (name, value) in bytes. Where the columns differ in what they do, the row's comment says so.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import h11
import h11r
import httptools
import switchover
from switchover import NEED_DATA, Role
from websockets.server import ServerProtocol
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection

Work = Callable[[], object]
Pairs = list[tuple[bytes, bytes]]

OURS, LAZY = "switchover", "switchover, lazy"

READ = 65_536
"""What one read of a transport brings at most."""

HEADERS = [(b"Content-Type", b"text/plain"), (b"Content-Length", b"0")]
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"
"""What httptools, which cannot write, is given to answer; so its figure is a lower bound."""


@dataclass
class Case:
    """A row of the table."""

    name: str
    check: Callable[[object], bool]
    """Whether the work has come to what it should."""
    columns: dict[str, Work]
    goals: dict[tuple[str, str], float] = field(default_factory=dict)
    """How many times as fast as a peer one of our columns should be."""


class Sink:
    """What an httptools parser calls: the headers as a list, the content as a list of pieces."""

    def __init__(self) -> None:
        self.headers: Pairs = []
        self.content: list[bytes] = []
        self.is_complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        """A field line."""
        self.headers.append((name, value))

    def on_body(self, data: bytes) -> None:
        """Some content."""
        self.content.append(data)

    def on_message_complete(self) -> None:
        """The end."""
        self.is_complete = True


def lines(head: bytes) -> Pairs:
    """The field lines of a head, by the shortest way."""
    rows = head.partition(b"\r\n\r\n")[0].split(b"\r\n")[1:]
    return [(name, value.strip()) for name, _, value in (row.partition(b":") for row in rows)]


def same_lines(found: object, expected: Pairs) -> bool:
    """Whether these are the lines; h11 gives names in lower case."""
    lower = [(name.lower(), value) for name, value in expected]
    return [(name.lower(), value) for name, value in found] == lower  # type: ignore[attr-defined]


# A request and its answer on a kept connection.


def cycle(name: str, request: bytes) -> Case:
    """Receive, all events, headers, response head and end."""

    def ours(*, lazy: bool) -> Work:
        connection = switchover.Connection(Role.SERVER)
        end = switchover.EndOfMessage

        def work() -> object:
            headers = connection.next_event(request).headers
            headers = headers.get(b"host") if lazy else list(headers)
            while type(connection.next_event()) is not end:
                pass
            return headers, connection.send_response(200, HEADERS) + connection.send_end()

        return work

    def with_h11() -> Work:
        connection = h11.Connection(h11.SERVER)
        response, end = h11.Response(status_code=200, headers=HEADERS, reason=b"OK"), h11.EndOfMessage()

        def work() -> object:
            connection.receive_data(request)
            headers = list(connection.next_event().headers)
            while type(connection.next_event()) is not h11.EndOfMessage:
                pass
            out = connection.send(response) + connection.send(end)
            connection.start_next_cycle()
            return headers, out

        return work

    def with_h11r() -> Work:
        connection = h11r.Connection(h11r.Role.SERVER)
        end = h11r.EndOfMessage

        def work() -> object:
            connection.receive_data(request)
            headers = connection.next_event().headers
            while type(connection.next_event()) is not end:
                pass
            out = connection.send_response(200, HEADERS, reason=b"OK") + connection.end_of_message()
            connection.start_next_cycle()
            return headers, out

        return work

    def with_httptools() -> Work:
        sink = Sink()
        parser = httptools.HttpRequestParser(sink)

        def work() -> object:
            sink.headers = []
            sink.is_complete = False
            parser.feed_data(request)
            while not sink.is_complete:
                pass
            return sink.headers, RESPONSE

        return work

    expected = lines(request)
    host = dict(expected)[b"Host"]

    def check(result: object) -> bool:
        headers, out = result  # type: ignore[misc]
        return out.lower() == RESPONSE.lower() and (headers == host or same_lines(headers, expected))

    return Case(
        f"cycle {name}",
        check,
        {
            OURS: ours(lazy=False),
            LAZY: ours(lazy=True),
            "h11": with_h11(),
            "h11r": with_h11r(),
            "httptools": with_httptools(),
        },
        {(OURS, "h11"): 40, (OURS, "h11r"): 2.5},
    )


# Parsing.


def parse_new(name: str, request: bytes) -> Case:
    """A request on a new connection, to its end."""

    def ours(*, lazy: bool) -> Work:
        make, role, end = switchover.Connection, Role.SERVER, switchover.EndOfMessage

        def work() -> object:
            connection = make(role)
            headers = connection.next_event(request).headers
            headers = headers.get(b"host") if lazy else list(headers)
            while type(connection.next_event()) is not end:
                pass
            return headers

        return work

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(request)
        headers = list(connection.next_event().headers)
        while type(connection.next_event()) is not h11.EndOfMessage:
            pass
        return headers

    def with_h11r() -> object:
        connection = h11r.Connection(h11r.Role.SERVER)
        connection.receive_data(request)
        headers = connection.next_event().headers
        while type(connection.next_event()) is not h11r.EndOfMessage:
            pass
        return headers

    def with_httptools() -> object:
        sink = Sink()
        httptools.HttpRequestParser(sink).feed_data(request)
        while not sink.is_complete:
            pass
        return sink.headers

    expected = lines(request)
    host = dict(expected)[b"Host"]
    return Case(
        f"parse {name}, new connection",
        lambda headers: headers == host or same_lines(headers, expected),
        {
            OURS: ours(lazy=False),
            LAZY: ours(lazy=True),
            "h11": with_h11,
            "h11r": with_h11r,
            "httptools": with_httptools,
        },
        {(OURS, "httptools"): 3, (LAZY, "httptools"): 8},
    )


def parse_kept(name: str, request: bytes) -> Case:
    """A request on a kept connection. All but httptools want an answer before the next request: a 204, the shortest."""

    def ours(*, lazy: bool) -> Work:
        connection = switchover.Connection(Role.SERVER)
        end = switchover.EndOfMessage

        def work() -> object:
            headers = connection.next_event(request).headers
            headers = headers.get(b"host") if lazy else list(headers)
            while type(connection.next_event()) is not end:
                pass
            connection.send_response(204)
            return headers

        return work

    def with_h11() -> Work:
        connection = h11.Connection(h11.SERVER)
        response, end = h11.Response(status_code=204, headers=[]), h11.EndOfMessage()

        def work() -> object:
            connection.receive_data(request)
            headers = list(connection.next_event().headers)
            while type(connection.next_event()) is not h11.EndOfMessage:
                pass
            connection.send(response)
            connection.send(end)
            connection.start_next_cycle()
            return headers

        return work

    def with_h11r() -> Work:
        connection = h11r.Connection(h11r.Role.SERVER)
        end = h11r.EndOfMessage

        def work() -> object:
            connection.receive_data(request)
            headers = connection.next_event().headers
            while type(connection.next_event()) is not end:
                pass
            connection.send_response(204)
            connection.end_of_message()
            connection.start_next_cycle()
            return headers

        return work

    def with_httptools() -> Work:
        sink = Sink()
        parser = httptools.HttpRequestParser(sink)

        def work() -> object:
            sink.headers = []
            sink.is_complete = False
            parser.feed_data(request)
            while not sink.is_complete:
                pass
            return sink.headers

        return work

    expected = lines(request)
    host = dict(expected)[b"Host"]
    return Case(
        f"parse {name}, kept connection",
        lambda headers: headers == host or same_lines(headers, expected),
        {
            OURS: ours(lazy=False),
            LAZY: ours(lazy=True),
            "h11": with_h11(),
            "h11r": with_h11r(),
            "httptools": with_httptools(),
        },
        {(OURS, "httptools"): 3, (LAZY, "httptools"): 8},
    )


def octet_by_octet(name: str, request: bytes) -> Case:
    """A request that comes one byte at a time; whether something has happened is asked after each."""
    octets = [request[at : at + 1] for at in range(len(request))]

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        advance, need_data = connection.next_event, NEED_DATA
        for octet in octets:
            event = advance(octet)
            if event is not need_data:
                break
        headers = list(event.headers)
        while type(advance()) is not switchover.EndOfMessage:
            pass
        return headers

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        receive, advance, need_data = connection.receive_data, connection.next_event, h11.NEED_DATA
        for octet in octets:
            receive(octet)
            event = advance()
            if event is not need_data:
                break
        headers = list(event.headers)
        while type(advance()) is not h11.EndOfMessage:
            pass
        return headers

    def with_h11r() -> object:
        connection = h11r.Connection(h11r.Role.SERVER)
        receive, advance, need_data = connection.receive_data, connection.next_event, h11r.ReceiveStatus.NEED_DATA
        for octet in octets:
            receive(octet)
            event = advance()
            if event is not need_data:
                break
        headers = event.headers
        while type(advance()) is not h11r.EndOfMessage:
            pass
        return headers

    def with_httptools() -> object:
        sink = Sink()
        feed = httptools.HttpRequestParser(sink).feed_data
        for octet in octets:
            feed(octet)
            if sink.is_complete:
                break
        return sink.headers

    expected = lines(request)
    return Case(
        f"{name} byte by byte",
        lambda headers: same_lines(headers, expected),
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools},
        {(OURS, "httptools"): 1.2},
    )


def content(name: str, request: bytes) -> Case:
    """A request with content, in reads of 64 KiB, to its end; the content as a list of pieces."""
    reads = [request[at : at + READ] for at in range(0, len(request), READ)]

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        advance, need_data, data = connection.next_event, NEED_DATA, switchover.Data
        pieces = []
        for read in reads:
            connection.receive_data(read)
            while (event := advance()) is not need_data:
                if type(event) is data:
                    pieces.append(event.data)
                elif type(event) is switchover.EndOfMessage:
                    return pieces
        return None

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        advance, need_data, data = connection.next_event, h11.NEED_DATA, h11.Data
        pieces = []
        for read in reads:
            connection.receive_data(read)
            while (event := advance()) is not need_data:
                if type(event) is data:
                    pieces.append(event.data)
                elif type(event) is h11.EndOfMessage:
                    return pieces
        return None

    def with_h11r() -> object:
        connection = h11r.Connection(h11r.Role.SERVER)
        advance, need_data, data = connection.next_event, h11r.ReceiveStatus.NEED_DATA, h11r.Data
        pieces = []
        for read in reads:
            connection.receive_data(read)
            while (event := advance()) is not need_data:
                if type(event) is data:
                    pieces.append(event.data)
                elif type(event) is h11r.EndOfMessage:
                    return pieces
        return None

    def with_httptools() -> object:
        sink = Sink()
        parser = httptools.HttpRequestParser(sink)
        for read in reads:
            parser.feed_data(read)
            if sink.is_complete:
                return sink.content
        return None

    return Case(
        name,
        lambda pieces: len(b"".join(pieces)) == 1 << 20,  # type: ignore[call-overload]
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools},
    )


# Leaving HTTP.


def fields_of_switch(request: bytes) -> Pairs:
    """What the 101 to this WebSocket offer says. RFC 6455, 4.2.2."""
    key = dict(lines(request))[b"Sec-WebSocket-Key"]
    accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    return [(b"Upgrade", b"websocket"), (b"Connection", b"Upgrade"), (b"Sec-WebSocket-Accept", accept)]


def is_switch(out: bytes, fields: Pairs) -> bool:
    """Whether it is that 101; each library has an order of fields of its own, and websockets adds a Date."""
    found = [(name.lower(), value) for name, value in lines(out) if name.lower() != b"date"]
    return out.startswith(b"HTTP/1.1 101 ") and sorted(found) == sorted((name.lower(), value) for name, value in fields)


def switch(name: str, request: bytes) -> Case:
    """An offer accepted with a 101. Ours works out Sec-WebSocket-Accept; the others get it."""
    fields = fields_of_switch(request)
    switching = b"HTTP/1.1 101 Switching Protocols\r\n%s\r\n" % b"".join(b"%s: %s\r\n" % line for line in fields)

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        headers = list(connection.next_event(request).headers)
        while type(connection.next_event()) is not switchover.EndOfMessage:
            pass
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

    expected = lines(request)

    def check(result: object) -> bool:
        headers, out = result  # type: ignore[misc]
        return same_lines(headers, expected) and is_switch(out, fields)

    return Case(
        f"switch {name}",
        check,
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools},
    )


def websocket(name: str, request: bytes) -> Case:
    """The server's side of a WebSocket handshake, with Sec-WebSocket-Accept worked out by the library."""
    fields = fields_of_switch(request)

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        event = connection.next_event(request)
        while type(event) is not switchover.EndOfMessage:
            event = connection.next_event()
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
        lambda out: is_switch(out, fields),  # type: ignore[arg-type]
        {OURS: ours, "wsproto": with_wsproto, "websockets": with_websockets},
        {(OURS, "wsproto"): 40, (OURS, "websockets"): 25},
    )


def all_of(inputs: Path) -> Iterator[Case]:
    """Every case, with the inputs of that folder."""
    a, b, c, g, g2 = ((inputs / name).read_bytes() for name in ("a", "b", "c", "g", "g2"))
    yield cycle("a", a)
    yield cycle("b", b)
    yield parse_new("b", b)
    yield parse_kept("b", b)
    yield octet_by_octet("b", b)
    yield content("g, 1 MiB in chunks of 4 KiB", g)
    yield content("g2, 1 MiB in chunks of 16 bytes", g2)
    yield switch("c", c)
    yield websocket("c", c)
