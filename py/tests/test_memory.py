"""Memory stays flat: cycles on one connection, connections that switch, fail and are parked."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from ends import OFFER, POST, server
from switchover import Closed, Config, Connection, RemoteProtocolError, Request, Role

CYCLES = int(os.environ.get("SWITCHOVER_CYCLES", "1000000"))
PAGE = os.sysconf("SC_PAGE_SIZE")
CONFIG = Config(head=4096)


def resident() -> int:
    """Octets of memory that the process has."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def keep_alive() -> Callable[[], None]:
    """A request with content and its answer, on a connection that stays."""
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
    """A connection that leaves HTTP."""
    connection = server(OFFER + b"left")
    list(connection.events())
    selection = connection.select(["foo/2"])
    assert selection
    connection.accept(selection)
    list(connection.events())
    assert connection.take_leftover() == b"left"
    connection.trace()


def fail() -> None:
    """A connection that fails, and one that is refused."""
    connection = server(b"GET / HTTP/1.1\nHost: a\r\n\r\n")
    try:
        connection.next_event()
    except RemoteProtocolError as error:
        connection.send_response(error.status_hint or 400, {"Content-Length": "0"})
    assert connection.next_event() == Closed(discarded=26)


@pytest.mark.parametrize(("make", "share"), [(keep_alive, 1), (lambda: switch, 8), (lambda: fail, 8)])
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
    print(f"{count} cycles, {grown} octets more resident")
    assert grown < 512 * 1024

    tracemalloc.start()
    run(100)
    traced = tracemalloc.get_traced_memory()[0]
    run(2000)
    more = tracemalloc.get_traced_memory()[0] - traced
    tracemalloc.stop()
    assert more < 4096
