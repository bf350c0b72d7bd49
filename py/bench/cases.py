"""The benchmark cases.

Each is a row of the results, with a function for each column: a library, or a further way to use one.

Each function does what a user of that library would do. It handles every event. If the headers count in a case, a
function that is not lazy makes them a sequence of (name, value) in bytes. If the columns differ in their work, the
row's note says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import h11
import h11r
import httptools
import switchover.h11
import zttp
from adapter import adapter
from case import AS_H11, KEPT, LAZY, OFFERS, OURS, PREPARED, Case, Sink, columns, lines, same_lines
from streams import byte_by_byte, content
from switches import switch, websocket

TYPE = [(b"Content-Type", b"text/plain")]
HEADERS = [*TYPE, (b"Content-Length", b"0")]
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n"

LAZY_ZTTP = "zttp, lazy"


def all_of(inputs: Path) -> Iterator[Case]:
    """Yields every benchmark case; the requests are files of the folder `inputs`."""
    a, b, c, g, g2 = ((inputs / name).read_bytes() for name in ("a", "b", "c", "g", "g2"))
    for is_kept in (True, False):
        yield cycle("a", a, is_kept=is_kept)
        yield cycle("b", b, is_kept=is_kept)
        yield cycle("c", c, is_kept=is_kept)
    for is_prepared in (False, True):
        yield adapter("a", a, is_prepared=is_prepared)
        yield adapter("b", b, is_prepared=is_prepared)
        yield adapter("c", c, is_prepared=is_prepared)
    yield parse("b", b, is_kept=True)
    yield parse("b", b, is_kept=False)
    yield byte_by_byte("b", b)
    yield content("g, 1 MiB in chunks of 4 KiB", g)
    yield content("g2, 1 MiB in chunks of 16 bytes", g2)
    yield switch("c", c)
    yield websocket("c", c)


# A request and its response, to the end of both.


def cycle(name: str, request: bytes, *, is_kept: bool) -> Case:
    """Makes the case of parsing a request, reading its headers and responding.

    If `is_kept`, one connection is used for all requests, else a new one for each.
    """
    prepared = switchover.Prepared(200, TYPE)

    def ours(connection: switchover.Connection) -> object:
        headers = connection.next_event(request).headers.lines()
        assert connection.take_end()
        return headers, connection.respond(200, TYPE)

    def ours_prepared(connection: switchover.Connection) -> object:
        headers = connection.next_event(request).headers.lines()
        assert connection.take_end()
        return headers, connection.respond_prepared(prepared)

    def ours_lazy(connection: switchover.Connection) -> object:
        host = connection.next_event(request).headers.get(b"host")
        assert connection.take_end()
        return host, connection.respond(200, TYPE)

    def with_api_of(module: Any) -> Callable[[Any], object]:
        response, end = module.Response(status_code=200, headers=HEADERS, reason=b"OK"), module.EndOfMessage()

        def with_api(connection: Any) -> object:
            connection.receive_data(request)
            headers = list(connection.next_event().headers)
            while type(connection.next_event()) is not module.EndOfMessage:
                pass
            out = connection.send(response) + connection.send(end)
            if is_kept:
                connection.start_next_cycle()
            return headers, out

        return with_api

    def with_h11r(connection: h11r.Connection) -> object:
        connection.receive_data(request)
        headers = connection.next_event().headers
        while type(connection.next_event()) is not h11r.EndOfMessage:
            pass
        out = connection.send_response(200, HEADERS, reason=b"OK") + connection.end_of_message()
        if is_kept:
            connection.start_next_cycle()
        return headers, out

    def with_httptools(both: tuple[httptools.HttpRequestParser, Sink]) -> object:
        parser, sink = both
        sink.headers, sink.is_complete = [], False
        try:  # noqa: SIM105, which is slower
            parser.feed_data(request)
        except httptools.HttpParserUpgrade:
            pass
        assert sink.is_complete
        return sink.headers, RESPONSE

    def answered(connection: zttp.H1Connection) -> bytes:
        connection.send_response(200, HEADERS)
        connection.end_message()
        out = connection.data_to_send()
        if is_kept:
            connection.start_next_cycle()
        return out

    def with_zttp(connection: zttp.H1Connection) -> object:
        event = connection.receive_event(request)
        headers = event.headers.to_list()
        assert event.end_stream
        return headers, answered(connection)

    def with_zttp_lazy(connection: zttp.H1Connection) -> object:
        event = connection.receive_event(request)
        host = event.headers.get(b"host")
        assert event.end_stream
        return host, answered(connection)

    expected = lines(request)
    host = dict(expected)[b"Host"]

    def check(result: tuple[Any, bytes]) -> bool:
        headers, out = result
        return out.lower() == RESPONSE.lower() and (headers == host or same_lines(headers, expected))

    works = {
        OURS: ours,
        PREPARED: ours_prepared,
        LAZY: ours_lazy,
        AS_H11: with_api_of(switchover.h11),
        "h11": with_api_of(h11),
        "h11r": with_h11r,
        "httptools": with_httptools,
        "zttp": with_zttp,
        LAZY_ZTTP: with_zttp_lazy,
    }
    goals = {"h11": 45, "h11r": 2.75 if name == "a" else 2.25} if is_kept and name != "c" else {}
    return Case(
        f"cycle {name}, {KEPT[is_kept]}",
        f"A {KEPT[is_kept]} (httptools: parser). A request, its fields and a 200 without content. h11's events are "
        f"made beforehand; httptools writes nothing, its answer is a constant.{OFFERS.get(name, '')}",
        check,
        columns(works, is_kept=is_kept),
        {(own, peer): goal for own in (OURS, PREPARED) for peer, goal in goals.items()}
        | ({(AS_H11, "h11"): 7.2} if goals else {}),
    )


# Parsing.


def parse(name: str, request: bytes, *, is_kept: bool) -> Case:
    """Makes the case of parsing a request to its end.

    If `is_kept`, one connection is used for all requests, else a new one for each. On a kept connection all libraries
    but httptools and zttp require a response: a 204, the shortest.
    """
    prepared = switchover.Prepared(204)
    response, end = h11.Response(status_code=204, headers=[]), h11.EndOfMessage()

    def ours(connection: switchover.Connection) -> object:
        headers = connection.next_event(request).headers.lines()
        assert connection.take_end()
        if is_kept:
            connection.respond_prepared(prepared)
        return headers

    def ours_lazy(connection: switchover.Connection) -> object:
        host = connection.next_event(request).headers.get(b"host")
        assert connection.take_end()
        if is_kept:
            connection.respond_prepared(prepared)
        return host

    def with_h11(connection: h11.Connection) -> object:
        connection.receive_data(request)
        headers = list(connection.next_event().headers)
        while type(connection.next_event()) is not h11.EndOfMessage:
            pass
        if is_kept:
            connection.send(response)
            connection.send(end)
            connection.start_next_cycle()
        return headers

    def with_h11r(connection: h11r.Connection) -> object:
        connection.receive_data(request)
        headers = connection.next_event().headers
        while type(connection.next_event()) is not h11r.EndOfMessage:
            pass
        if is_kept:
            connection.send_response(204)
            connection.end_of_message()
            connection.start_next_cycle()
        return headers

    def with_httptools(both: tuple[httptools.HttpRequestParser, Sink]) -> object:
        parser, sink = both
        sink.headers, sink.is_complete = [], False
        parser.feed_data(request)
        assert sink.is_complete
        return sink.headers

    def with_zttp(connection: zttp.H1Connection) -> object:
        event = connection.receive_event(request)
        headers = event.headers.to_list()
        assert event.end_stream
        if is_kept:
            connection.start_next_cycle()
        return headers

    def with_zttp_lazy(connection: zttp.H1Connection) -> object:
        event = connection.receive_event(request)
        host = event.headers.get(b"host")
        assert event.end_stream
        if is_kept:
            connection.start_next_cycle()
        return host

    expected = lines(request)
    host = dict(expected)[b"Host"]
    works = {
        OURS: ours,
        LAZY: ours_lazy,
        "h11": with_h11,
        "h11r": with_h11r,
        "httptools": with_httptools,
        "zttp": with_zttp,
        LAZY_ZTTP: with_zttp_lazy,
    }
    answers = (
        "Ours answers with a prepared 204, h11 and h11r with a 204, or they could not go on; httptools and zttp go on."
    )
    return Case(
        f"parse {name}, {KEPT[is_kept]}",
        f"A {KEPT[is_kept]} (httptools: parser). A request and its fields. {answers if is_kept else 'No answer.'}",
        lambda headers: headers == host or same_lines(headers, expected),
        columns(works, is_kept=is_kept),
    )
