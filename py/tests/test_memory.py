"""Tests that memory does not grow.

They run cycles on one connection, and on new ones that respond, switch or fail. Others run on `h2c` splices, on field
lists that are converted to and from HTTP/2, and on capsules and datagrams.

Each kind of cycle first runs a tenth of its number. Growth of `GROWTH` or more after that is a leak. No object is
smaller than 16 bytes. By default, a leak of one in each cycle would be 7.6 MiB in the first kind, and 0.95 MiB in the
last.
"""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from ends import OFFER, POST, server
from switchover import (
    CapsuleFault,
    Capsules,
    Config,
    Connection,
    Datagram,
    Deflate,
    Ineligible,
    OverHttp2,
    Paused,
    PausedReason,
    ProfileError,
    RemoteProtocolError,
    Request,
    Role,
    Splice,
    agreed_deflate,
    check_http2,
    http1_fields,
)

CYCLES = int(os.environ.get("SWITCHOVER_CYCLES", "1000000"))
GROWTH = 512 * 1024
PAGE = os.sysconf("SC_PAGE_SIZE")
CONFIG = Config(head=4096)
FIELDS = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: somebody\r\nAccept: */*\r\n\r\n"
ANSWERS = [(b"A", b"b")]
H2C = POST.replace(
    b"\r\n\r\n",
    b"\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n",
)


def resident() -> int:
    """Returns the resident memory of the process in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def answer(connection: Connection, out: bytearray) -> None:
    """Handles two requests, and reads the field lines of each.

    The first response is made as new bytes, the second is appended to `out`, which is emptied at the end.
    """
    for into in (None, out):
        request = connection.next_event(FIELDS)
        if isinstance(request, Request):
            request.headers.lines()
        connection.take_end()
        if into is None:
            connection.respond(200, ANSWERS, b"hello")
        else:
            connection.respond(200, ANSWERS, b"hello", into=into)
    del out[:]


def kept() -> Callable[[], None]:
    """Returns a function that handles two requests on one kept connection."""
    return partial(answer, Connection(Role.SERVER), bytearray())


def new() -> None:
    """Handles two requests on a new connection."""
    answer(Connection(Role.SERVER), bytearray())


def keep_alive() -> Callable[[], None]:
    """Returns a function that handles a request with content, on one kept connection."""
    connection, out = Connection(Role.SERVER, CONFIG), bytearray()

    def cycle() -> None:
        space = connection.get_buffer(-1)
        space[: len(POST)] = POST
        connection.buffer_updated(len(POST))
        for event in connection.events():
            if isinstance(event, Request):
                event.headers.get("host")
        out.clear()
        connection.send_response(200, [("A", "b"), (b"C", b"d")], into=out)
        connection.send_data(b"hello", into=out)
        connection.send_end(into=out)
        connection.release()

    return cycle


def switch() -> None:
    """Runs a connection that switches to another protocol."""
    connection = server(OFFER + b"left")
    list(connection.events())
    selection = connection.select(["foo/2"])
    assert selection
    connection.accept(selection)
    list(connection.events())
    assert connection.take_leftover() == b"left"
    connection.trace()


def fail() -> None:
    """Runs a connection that fails, and sends its error response."""
    connection = server(b"GET / HTTP/1.1\nHost: a\r\n\r\n")
    try:
        connection.next_event()
    except RemoteProtocolError as error:
        connection.send_response(error.status or 400, {"Content-Length": "0"})
    assert (connection.next_event(), len(connection.unread)) == (Paused(PausedReason.CLOSED), 26)


def forbidden(call: Callable[[], object]) -> object:
    """Returns the reason of the ProfileError that a call raises, else its result.

    The exception of pytest.raises would keep frames for the garbage collector.
    """
    try:
        return call()
    except ProfileError as error:
        return error.reason


def splice() -> None:
    """Creates a splice that is dropped while it holds bytes, and one that is rejected."""
    connection = server(H2C)
    list(connection.events())
    spliced = Splice(connection, bytearray(b"hello"), [("A", "b")])
    spliced.client_sent(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0")
    assert spliced.take_for_engine()
    assert forbidden(lambda: Splice(connection, b"hell")) is Ineligible.CONTENT


def translate() -> None:
    """Creates and drops lists of field lines, parameters and datagrams."""
    request = next(server(H2C).events())
    assert isinstance(request, Request)
    lines = request.extended_connect("foo", secure=True)
    assert check_http2(http1_fields("a", lines, "key")) is OverHttp2.SEC_WEBSOCKET_KEY
    assert len(request.headers.end_to_end()) == 2
    assert agreed_deflate({"Sec-WebSocket-Extensions": str(Deflate(server_max_window_bits=9))})
    capsules, out = Capsules(), bytearray()
    Datagram(0, b"hello").write(into=out)
    capsules.receive_data(out + b"\0")
    assert capsules.next_datagram() == Datagram(0, b"hello")
    assert forbidden(capsules.finish) is CapsuleFault.TRUNCATED


SHARES = {
    kept: 2,
    lambda: new: 10,
    keep_alive: 8,
    lambda: switch: 8,
    lambda: fail: 8,
    lambda: splice: 8,
    lambda: translate: 16,
}
"""The kinds of cycle, and the number by which `CYCLES` is divided for each.

One cycle of the first two is two requests.
"""


@pytest.mark.parametrize(("make", "share"), SHARES.items())
def test_memory_is_flat(make: Callable[[], Callable[[], None]], share: int) -> None:
    cycle = make()
    count = CYCLES // share

    def run(times: int) -> None:
        for _ in range(times):
            cycle()
        gc.collect()

    run(count // 10)
    before = resident()
    run(count)
    grown = resident() - before
    print(f"{count} cycles, {grown} bytes more resident")
    assert grown < GROWTH

    tracemalloc.start()
    run(100)
    traced = tracemalloc.get_traced_memory()[0]
    run(2000)
    more = tracemalloc.get_traced_memory()[0] - traced
    tracemalloc.stop()
    assert more < 4096
