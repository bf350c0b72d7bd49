"""Cases with a request in several reads: byte by byte, and with content."""

from __future__ import annotations

from typing import Any

import h11
import h11r
import httptools
import switchover
import zttp
from case import OURS, Case, Sink, lines, same_lines
from switchover import NEED_DATA, Role

READ = 65_536
"""The maximum number of bytes in one read of a transport."""


def byte_by_byte(name: str, request: bytes) -> Case:
    """Makes the case of a request byte by byte, with a check for an event after each."""
    data = [request[at : at + 1] for at in range(len(request))]

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        advance, need_data = connection.next_event, NEED_DATA
        for byte in data:
            event = advance(byte)
            if event is not need_data:
                break
        headers = event.headers.lines()
        while type(advance()) is not switchover.EndOfMessage:
            pass
        return headers

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        receive, advance, need_data = connection.receive_data, connection.next_event, h11.NEED_DATA
        for byte in data:
            receive(byte)
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
        for byte in data:
            receive(byte)
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
        for byte in data:
            feed(byte)
            if sink.is_complete:
                break
        return sink.headers

    def with_zttp() -> object:
        receive, need_data = zttp.Connection(zttp.SERVER).receive_event, zttp.NEED_DATA
        for byte in data:
            event = receive(byte)
            if event is not need_data:
                break
        assert event.end_stream
        return event.headers.to_list()

    expected = lines(request)
    return Case(
        f"{name} byte by byte",
        "A request and its fields on a new connection; whether something has happened is asked after each byte.",
        lambda headers: same_lines(headers, expected),
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools, "zttp": with_zttp},
        {(OURS, "httptools"): 1.2},
    )


def pieces(reads: list[bytes], connection: Any, need_data: object, data: type, end: type) -> object:
    """Returns the pieces of a message's content, by h11's calls; None without its end."""
    receive, advance = connection.receive_data, connection.next_event
    found = []
    for read in reads:
        receive(read)
        while (event := advance()) is not need_data:
            if type(event) is data:
                found.append(event.data)
            elif type(event) is end:
                return found
    return None


def content(name: str, request: bytes) -> Case:
    """Makes the case of a request with 1 MiB of content, in reads of 64 KiB.

    The result of a run is the list of the content's pieces, up to the end of the message.
    """
    reads = [request[at : at + READ] for at in range(0, len(request), READ)]

    def ours() -> object:
        connection = switchover.Connection(Role.SERVER)
        return pieces(reads, connection, NEED_DATA, switchover.Data, switchover.EndOfMessage)

    def with_h11() -> object:
        connection = h11.Connection(h11.SERVER)
        return pieces(reads, connection, h11.NEED_DATA, h11.Data, h11.EndOfMessage)

    def with_h11r() -> object:
        connection = h11r.Connection(h11r.Role.SERVER)
        return pieces(reads, connection, h11r.ReceiveStatus.NEED_DATA, h11r.Data, h11r.EndOfMessage)

    def with_httptools() -> object:
        sink = Sink()
        parser = httptools.HttpRequestParser(sink)
        for read in reads:
            parser.feed_data(read)
            if sink.is_complete:
                return sink.content
        return None

    def with_zttp() -> object:
        connection = zttp.Connection(zttp.SERVER)
        receive, advance, need_data, data = connection.receive_event, connection.next_event, zttp.NEED_DATA, zttp.Data
        pieces = []
        for read in reads:
            event = receive(read)
            while event is not need_data:
                if type(event) is data:
                    pieces.append(event.data)
                elif type(event) is zttp.EndOfMessage:
                    return pieces
                event = advance()
        return None

    return Case(
        name,
        "A request on a new connection, in reads of 64 KiB; its content as a list of pieces. Ours makes one piece of "
        "the small chunks of a read; the others make one of each chunk.",
        lambda pieces: len(b"".join(pieces)) == 1 << 20,
        {OURS: ours, "h11": with_h11, "h11r": with_h11r, "httptools": with_httptools, "zttp": with_zttp},
    )
