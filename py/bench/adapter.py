"""Benchmark cases: each library does an adapter's work for one request.

An adapter connects a server and its framework. It gets the method and the path as text, the query, and the fields with
names in lower case. It responds with a 200 with Date, Content-Type, Content-Length and five bytes. A composed
response is encoded anew for each request; for httptools, which has no encoder, it is only formatted. A prepared
response is checked and encoded before the measurement, as far as the library can do that.
"""

from __future__ import annotations

from typing import Any

import h11
import h11r
import httptools
import switchover
import zttp
from case import MAKERS, OFFERS, OURS, Case, Pairs, Sink, columns, lines, lower, with_parser

CONTENT = b"hello"
FIELDS = [(b"Date", b"Sun, 06 Nov 1994 08:49:37 GMT"), (b"Content-Type", b"text/plain")]
FRAMED = [*FIELDS, (b"Content-Length", b"5")]
"""The response's field lines for all but switchover, which adds Content-Length."""

COMPOSED = b"HTTP/1.1 200 OK\r\n%b: %b\r\n%b: %b\r\n%b: %b\r\n\r\n%b"
"""The format of the response for httptools, which cannot encode.

To fill it in is the least that an adapter does; nothing is checked.
"""

ANSWER = COMPOSED % (*(text for line in FRAMED for text in line), CONTENT)

SAYS = {
    False: "A kept connection (httptools: parser). Each composes the answer of its fields; httptools writes nothing, "
    "its answer is formatted beside it, unchecked.",
    True: "A kept connection (httptools: parser). Ours writes an answer prepared beforehand; h11's events are made "
    "beforehand; h11r and zttp prepare nothing and compose; httptools writes nothing, its answer is a constant.",
}
"""The notes of the rows: True for a prepared response, False for a composed one."""


class AdapterSink(Sink):
    """The callbacks for httptools; they collect the target, and names in lower case."""

    def __init__(self) -> None:
        super().__init__()
        self.target = b""

    def on_url(self, part: bytes) -> None:
        """Appends a part of the request target to `target`."""
        self.target += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Appends a field line to `headers`, its name in lower case."""
        self.headers.append((name.lower(), value))


def adapter(name: str, request: bytes, *, is_prepared: bool) -> Case:
    """Makes the benchmark case of an adapter's work, on one kept connection."""
    method, target, _ = request.split(b" ", 2)
    path, _, query = target.partition(b"?")
    expected = (method.decode(), path.decode(), query, lower(lines(request)))

    def check(result: tuple[Any, ...]) -> bool:
        *parsed, out = result
        return tuple(parsed) == expected and out.lower() == ANSWER.lower()

    works = {
        OURS: ours(request, is_prepared),
        "h11": with_h11(request, is_prepared),
        "h11r": with_h11r(request),
        "httptools": with_httptools(request, is_prepared),
        "zttp": with_zttp(request),
    }
    return Case(
        f"adapter's cycle {name}, answer {'prepared' if is_prepared else 'composed'}",
        SAYS[is_prepared] + OFFERS.get(name, ""),
        check,
        columns(works, is_kept=True, makers=MAKERS | {"httptools": lambda: with_parser(AdapterSink())}),
        {(OURS, "httptools"): 1, (OURS, "zttp"): 1.25 if name == "c" else 1},
    )


def ours(request: bytes, is_prepared: bool) -> Any:
    """Makes the measured function for switchover.

    The function takes the request's end by `take_end`, not as an event, and responds by one call.
    """
    prepared = switchover.Prepared(200, FIELDS, CONTENT)

    def work(connection: switchover.Connection) -> object:
        event = connection.next_event(request)
        parsed = event.method.decode(), event.path.decode(), event.query, event.headers.lower()
        assert connection.take_end()
        out = connection.respond_prepared(prepared) if is_prepared else connection.respond(200, FIELDS, CONTENT)
        return *parsed, out

    return work


def with_h11(request: bytes, is_prepared: bool) -> Any:
    """Makes the measured function for h11, which gives field names in lower case."""

    def answer() -> tuple[h11.Response, h11.Data, h11.EndOfMessage]:
        head = h11.Response(status_code=200, headers=FRAMED, reason=b"OK")
        return head, h11.Data(data=CONTENT), h11.EndOfMessage()

    prepared = answer()

    def work(connection: h11.Connection) -> object:
        connection.receive_data(request)
        event = connection.next_event()
        path, _, query = event.target.partition(b"?")
        parsed = event.method.decode(), path.decode(), query, list(event.headers)
        while type(connection.next_event()) is not h11.EndOfMessage:
            pass
        head, content, end = prepared if is_prepared else answer()
        out = connection.send(head) + connection.send(content) + connection.send(end)
        connection.start_next_cycle()
        return *parsed, out

    return work


def with_h11r(request: bytes) -> Any:
    """Makes the measured function for h11r, which has no prepared responses."""

    def work(connection: h11r.Connection) -> object:
        connection.receive_data(request)
        event = connection.next_event()
        path, _, query = event.target.partition(b"?")
        fields = [(name.lower(), value) for name, value in event.headers]
        parsed = event.method.decode(), path.decode(), query, fields
        while type(connection.next_event()) is not h11r.EndOfMessage:
            pass
        out = connection.send_response(200, FRAMED, reason=b"OK")
        out += connection.send_data(CONTENT) + connection.end_of_message()
        connection.start_next_cycle()
        return *parsed, out

    return work


def with_httptools(request: bytes, is_prepared: bool) -> Any:
    """Makes the measured function for httptools.

    A request with an offer to switch raises an exception in httptools, which an adapter that declines ignores.
    """

    def work(both: tuple[httptools.HttpRequestParser, AdapterSink]) -> object:
        parser, sink = both
        sink.target, sink.headers, sink.is_complete = b"", [], False
        try:  # noqa: SIM105, which is slower
            parser.feed_data(request)
        except httptools.HttpParserUpgrade:
            pass
        path, _, query = sink.target.partition(b"?")
        parsed = parser.get_method().decode(), path.decode(), query, sink.headers
        assert sink.is_complete
        return *parsed, ANSWER if is_prepared else formatted(FRAMED, CONTENT)

    return work


def formatted(fields: Pairs, content: bytes) -> bytes:
    """Formats a 200 of three field lines and the content, without a library."""
    (date, now), (type_, text), (length, number) = fields
    return COMPOSED % (date, now, type_, text, length, number, content)


def with_zttp(request: bytes) -> Any:
    """Makes the measured function for zttp, which has no prepared responses.

    zttp itself separates path and query, and gives field names in lower case.
    """

    def work(connection: zttp.H1Connection) -> object:
        event = connection.receive_event(request)
        parsed = event.method.decode(), event.path.decode(), event.query, event.headers.to_list(lowercase_names=True)
        assert event.end_stream
        connection.send_response(200, FRAMED)
        connection.send_data(CONTENT)
        connection.end_message()
        out = connection.data_to_send()
        connection.start_next_cycle()
        return *parsed, out

    return work
