"""Tests of `switchover.uvicorn`: how responses and connections end.

They cover cut, early and unread responses, the requests after them, deadlines, disconnects and stops.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
import socket
import struct
import sys
import threading
from collections.abc import Callable
from typing import Any

import pytest
from served import GET, HANDSHAKE, WAIT, Hasty, Served, Transport, played, rest_of, tell, until_disconnect
from switchover import Config, Connection, Role, uvicorn as hosted
from switchover._reset import acknowledged, has_hung_up, resets, unread_by_peer
from switchover._uvicorn import transport as transport_of
from switchover._uvicorn.ending import Ending
from switchover._uvicorn.websocket import Undecided
from switchover.uvicorn import Protocol
from test_uvicorn import WEBSOCKETS, refuses, wait_until_empty

CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"


class Hurried(hosted.Protocol):
    """A uvicorn protocol class whose apps soon get a disconnect after a half-close."""

    timeout_half_closed = 0.1


def narrow(served: Served, data: bytes) -> socket.socket:
    """Returns a client that has sent data, with a small receive buffer."""
    connection = socket.socket()
    connection.settimeout(WAIT)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect(("127.0.0.1", served.port))
    connection.sendall(data)
    return connection


@pytest.mark.parametrize("ws", ["wsproto", "websockets-sansio"])
def test_a_websocket_that_is_accepted_behind_an_unread_response_is_left(ws: str) -> None:
    """A WebSocket that is accepted behind a response that is not read is closed.

    The client has ended its direction, so uvicorn's class closes the transport.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await receive()
            await asyncio.sleep(0.5)
            await send({"type": "websocket.accept"})
            await receive()
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"170000")]})
        await send({"type": "http.response.body", "body": b"x" * 170_000})

    with Served(app, http=Hasty, ws=ws) as served, narrow(served, GET + HANDSHAKE) as connection:
        threading.Event().wait(0.2)
        connection.shutdown(socket.SHUT_WR)
        threading.Event().wait(0.5)
        wait_until_empty(served)


def test_a_stop_beside_an_event_that_waits_for_a_slow_reader_ends() -> None:
    """A server's stop ends although declined handshakes wait for a slow client.

    They wait until the client has read the response before them. The client reads all after the
    stop began, sends nothing, and keeps its socket.
    """

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"6000000")]})
        await send({"type": "http.response.body", "body": b"x" * 6_000_000})

    bad = HANDSHAKE.replace(b"Version: 13\r\n", b"Version: 99\r\ncontent-length: 1\r\n") + b"z"
    with Served(large, http=Hasty) as served, narrow(served, GET + bad + bad) as connection:
        for _ in range(WAIT * 100):
            if served.server.server_state.total_requests:
                break
            threading.Event().wait(0.01)
        threading.Event().wait(0.3)
        served.server.should_exit = True
        threading.Event().wait(0.3)
        while connection.recv(1 << 20):
            pass
        served.thread.join(WAIT)
        assert not served.thread.is_alive()


@pytest.mark.parametrize("says", [b"", b"x" * 2**21])
def test_a_client_that_ends_without_reading_its_last_answer_is_left(says: bytes) -> None:
    """A client that does not read its last response is given up after a deadline.

    The transport holds less than the amount that pauses the app, so no other deadline applies to
    the client.
    """

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b"x" * 170_000})

    with Served(large, http=Hasty) as served, narrow(served, GET) as connection:
        for _ in range(WAIT * 100):
            if served.server.server_state.total_requests:
                break
            threading.Event().wait(0.01)
        with contextlib.suppress(ConnectionError):
            connection.sendall(says)
            if not says:
                connection.shutdown(socket.SHUT_WR)
        wait_until_empty(served)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_client_that_reads_late_gets_all_of_its_last_answer(loop: str) -> None:
    """A client that reads late gets all of its last response, and then a FIN.

    While bytes were unsent, the socket was set to reset if the process ended.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")

    async def large(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"connection", b"close")]})
        await send({"type": "http.response.body", "body": b"x" * 500_000})

    got = b""
    with Served(large, loop=loop) as served, narrow(served, GET.replace(b"1.1", b"1.0")) as connection:
        threading.Event().wait(1.5)
        while piece := connection.recv(4096):
            got += piece
            threading.Event().wait(0.001)
    assert got.partition(b"\r\n\r\n")[2] == b"x" * 500_000


def late_content(served: Served, data: bytes, done: Callable[[], bool]) -> bytes:
    """Returns the responses to a client that sends `data`, then 50,000 more bytes.

    It sends these once `done` returns true, and then reads.
    """
    with narrow(served, data) as connection:
        for _ in range(WAIT * 100):
            if done():
                break
            threading.Event().wait(0.01)
        connection.sendall(b"x" * 50_000)
        return rest_of(connection)


def test_an_answer_that_is_cut_takes_none_before_it_along() -> None:
    """A response that its app's error cuts does not lose the response before it.

    Closing with unread content would reset the connection (RFC 9112, section 9.6).
    """
    has_failed = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"40000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        if scope["path"] == "/cut":
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            has_failed.set()
            raise ValueError("on purpose")
        await send({"type": "http.response.body", "body": b"x" * 40_000})

    post = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 500000\r\n\r\n"
    with Served(app) as served:
        got = late_content(served, GET + GET.replace(b"/ ", b"/cut ", 1) + post, has_failed.is_set)
    assert got.count(b"HTTP/1.1 200 OK") == 2
    assert b"\r\n\r\n" + b"x" * 40_000 in got
    assert got.endswith(b"half")


@pytest.mark.parametrize("cause", ["an error", "a half-close"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_rfc9112_8_a_reset_waits_for_the_responses_before_it(loop: str, cause: str) -> None:
    pytest.importorskip(loop)
    # While the app waits for the client to read, the second request is not read.
    content = bytes(range(256)) * (4000 if cause == "an error" else 200)

    class Strict(Protocol):
        half_close = False

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["http_version"] == "1.1":
            headers = [(b"content-length", b"%d" % len(content))]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": content})
        else:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"half", "more_body": True})
            if cause == "an error":
                raise ValueError("on purpose")
            await until_disconnect(receive)

    got = b""
    with Served(app, loop=loop, http=Strict if cause == "a half-close" else Protocol) as served:
        with narrow(served, GET + GET.replace(b"1.1", b"1.0")) as connection:
            threading.Event().wait(0.5)
            if cause == "a half-close":
                connection.shutdown(socket.SHUT_WR)
                threading.Event().wait(0.2)
            with contextlib.suppress(ConnectionResetError):
                while data := connection.recv(65536):
                    got += data
                raise AssertionError("a cut response looks whole")
        wait_until_empty(served)
    assert content in got


def test_a_cut_response_is_reset_without_a_descriptor_left(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(_: int) -> int:
        raise OSError("too many open files")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(300_000), "more_body": True})
        raise ValueError("on purpose")

    monkeypatch.setattr("os.dup", none_left)
    with Served(app) as served, narrow(served, GET.replace(b"1.1", b"1.0")) as connection:
        threading.Event().wait(0.2)
        with pytest.raises(ConnectionResetError):
            rest_of(connection)
        wait_until_empty(served)


class Small(Protocol):
    """A uvicorn protocol class that discards at most 256 KiB of a request's content."""

    engine_config = Config(tidy=True, drain=262_144)


@pytest.mark.parametrize("status", [413, 426])
@pytest.mark.parametrize(
    ("http", "length", "is_last"), [(Protocol, 2_000_000, False), (Small, 262_144, False), (Small, 262_145, True)]
)
def test_an_early_answer_says_that_it_is_the_last(
    http: type[Protocol], length: int, is_last: bool, status: int
) -> None:
    """An early response says `close` if the request's rest is too long to discard.

    RFC 9112, section 9.6.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"2"), (b"upgrade", b"foo/2")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"no"})

    with Served(app, http=http) as served, socket.create_connection(("127.0.0.1", served.port), WAIT) as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: %d\r\n\r\n" % length)
        got = b""
        while not got.endswith(b"\r\n\r\nno"):
            got += connection.recv(65_536)
        assert bool(re.search(rb"(?im)^connection:.*\bclose\b", got)) is is_last
        if not is_last:
            connection.sendall(b"x" * length + GET)
            assert connection.recv(65_536).startswith(b"HTTP/1.1 %d " % status)


LENGTH = b"content-length: 3000000\r\n\r\n"
CHUNK = b"transfer-encoding: chunked\r\n\r\n2dc6c0\r\n"


@pytest.mark.parametrize("framing", [LENGTH, CHUNK])
def test_an_early_answer_in_parts_is_followed_by_another(framing: bytes) -> None:
    """An early response in parts does not say `close`, and the next one follows.

    A client's pool then uses the connection again.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    content = bytes(3_000_000) + (b"\r\n0\r\n\r\n" if framing is CHUNK else b"")
    with Served(app) as served:
        got = served.all((b"POST / HTTP/1.1\r\nHost: a\r\n" + framing + content) * 2 + GET)
    assert got.count(b"\r\n\r\nno") == 3
    assert b"close" not in got.lower()


def test_an_early_answer_outlasts_the_stop_of_the_server() -> None:
    """A client that still sends content gets its early response at a server's stop."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"40000")]})
        await send({"type": "http.response.body", "body": b"x" * 40_000})

    def stops() -> bool:
        if served.server.server_state.total_requests:
            served.server.should_exit = True
            threading.Event().wait(0.3)
            return True
        return False

    post = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 500000\r\n\r\n"
    with Served(app) as served:
        got = late_content(served, post, stops)
    assert got.endswith(b"\r\n\r\n" + b"x" * 40_000)


def test_a_value_that_is_returned_late_does_not_end_the_next_answer() -> None:
    has_returned = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> Any:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
        if scope["path"] == "/next":
            await send({"type": "http.response.body", "body": b"first", "more_body": True})
            await asyncio.to_thread(has_returned.wait, WAIT)
            await asyncio.sleep(0.1)
            await send({"type": "http.response.body", "body": b"other"})
            return None
        await send({"type": "http.response.body", "body": b"0123456789"})
        await asyncio.sleep(0.2)
        has_returned.set()
        return 5

    last = GET.replace(b"/ ", b"/next ", 1).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with Served(app) as served, narrow(served, GET + last) as connection:
        assert rest_of(connection).endswith(b"\r\n\r\nfirstother")


def test_a_client_earns_time_by_what_the_system_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bytes that a client's system acknowledges extend the write deadline.

    Over TLS the transport's own buffer does not change while the client reads.
    """

    class Full(Transport):
        def get_write_buffer_size(self) -> int:
            return 1_000_000

    async def main() -> None:
        protocol, transport = await played(refuses, transport=Full())
        monkeypatch.setattr(Protocol, "timeout_write", 0.05)
        taken = 0

        def counted(raw: object) -> int:
            return taken

        monkeypatch.setattr(transport_of, "acknowledged", counted)
        protocol.pause_writing()
        for _ in range(10):
            taken += 1_000
            protocol.ending.writing.expire()
            assert not transport.closed
        protocol.ending.writing.expire()
        assert transport.closed

    asyncio.run(main())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")
def test_what_a_socket_says_of_its_peer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        peer = socket.create_connection(listener.getsockname())
        connection, _ = listener.accept()
    with connection, peer:
        before = acknowledged(connection)
        assert before is not None
        connection.sendall(b"x" * 100)
        assert peer.recv(100)
        assert acknowledged(connection) == before + 100
        peer.sendall(b"unread")
        assert not has_hung_up(connection)
        peer.shutdown(socket.SHUT_WR)
        assert has_hung_up(connection)
    assert has_hung_up(connection)
    assert acknowledged(connection) is None
    assert acknowledged(None) is None
    assert not has_hung_up(None)


@WEBSOCKETS
def test_a_websocket_begins_as_full_as_the_answer_before_it(ws: str) -> None:
    sent = 0

    async def floods(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * 600_000})
            return
        await receive()
        await send({"type": "websocket.accept"})
        for _ in range(200):
            await send({"type": "websocket.send", "bytes": b"x" * 100_000})
            sent += 1

    with Served(floods, ws=ws) as served, narrow(served, GET + HANDSHAKE):
        before = -1
        while sent != before:
            before = sent
            threading.Event().wait(0.5)
        assert sent < 20


@pytest.mark.parametrize("garbage", [b"zz\r\n", None])
def test_what_comes_amid_content_after_the_answer_is_no_error_of_the_loop(garbage: bytes | None) -> None:
    async def main() -> None:
        protocol, transport = await played(refuses, CHUNKED)
        if garbage is None:
            protocol.eof_received()
        else:
            protocol.data_received(garbage)
        assert transport.ended or transport.closed
        assert b"".join(transport.writes).count(b"HTTP/1.1 ") == 1

    asyncio.run(main())


def test_a_handshake_is_given_up_once() -> None:
    class Gone(Transport):
        def get_protocol(self) -> Any:
            raise AttributeError("as asyncio's TLS has it, once it is closed")

    async def main() -> None:
        for is_accepted in (False, True):
            transport = Gone()
            ending = Ending(transport, Connection(Role.SERVER), asyncio.get_running_loop())
            undecided = Undecided(None, transport, b"", True, ending, 1.0)
            undecided.is_accepted = is_accepted
            undecided.give_up()
            assert transport.closed is not is_accepted
            undecided.give_up()

    asyncio.run(main())


class Impatient(hosted.Protocol):
    """A uvicorn protocol class with short timeouts for content and writing."""

    timeout_content = 0.5
    timeout_write = 0.5


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize(
    "next_request", [b"", GET + HANDSHAKE.replace(b"\r\n\r\n", b"\r\ncontent-length: 100\r\n\r\n")]
)
def test_content_after_the_answer_has_a_deadline_beside_an_app_that_waits_for_the_end(
    loop: str, next_request: bytes
) -> None:
    """Content after the response has a deadline although the app waits in `receive`.

    A framework does so while it streams its response.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        listener = asyncio.create_task(receive())
        await asyncio.sleep(0)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"all", "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        await asyncio.wait([listener])

    unfinished = GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\ncontent-length: 100\r\n\r\n")
    with Served(streams, http=Impatient, loop=loop) as served, served.connect(next_request or unfinished) as connection:
        assert b"all" in rest_of(connection)  # to its end


@pytest.mark.parametrize("works", [False, True])
def test_content_earns_its_time_whether_the_app_waits_or_works(works: bool) -> None:
    """After much content at once the client may pause for longer than the timeout."""

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        if works:
            await receive()
            await asyncio.sleep(0.3)
        await tell(scope, receive, send)

    head = GET.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\ncontent-length: 3000\r\n\r\n")
    with Served(slowly, http=Impatient) as served, served.connect(head + b"x" * 10) as connection:
        threading.Event().wait(0.1)
        connection.sendall(b"x" * 2_000)
        threading.Event().wait(1.2)
        connection.sendall(b"x" * 990)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


@WEBSOCKETS
def test_a_handshake_behind_an_answer_that_is_not_read_ends(ws: str) -> None:
    """A handshake behind a response that is not read ends with a disconnect.

    That response keeps its write deadline until the app accepts.
    """
    heard = threading.Event()

    async def hesitates(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x" * 3_000_000})
            return
        await receive()
        await receive()
        heard.set()

    with Served(hesitates, ws=ws, http=Impatient) as served, narrow(served, GET + HANDSHAKE) as connection:
        connection.shutdown(socket.SHUT_WR)
        assert heard.wait(WAIT)


def test_an_app_that_looks_after_its_answer_sends_no_100_for_the_next_request() -> None:
    begun = threading.Event()

    async def looks(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        if scope["path"] == "/next":
            begun.set()
            await asyncio.sleep(0.3)
        await send({"type": "http.response.body", "body": b""})
        for _ in range(0 if scope["path"] == "/next" else WAIT * 100):
            if begun.is_set():
                break
            await asyncio.sleep(0.01)
        if scope["path"] != "/next":
            await receive()

    expects = (
        b"POST /next HTTP/1.1\r\nHost: a\r\ncontent-length: 1\r\nExpect: 100-continue\r\nconnection: close\r\n\r\n"
    )
    with Served(looks) as served, served.connect(GET + expects) as connection:
        assert b" 100 " not in rest_of(connection)


def test_an_endless_answer_to_head_ends_though_requests_wait_before_the_clients_end() -> None:
    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 1024, "more_body": True})

    with Served(endless) as served:
        connection = served.connect(GET.replace(b"GET", b"HEAD"))
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")
        connection.sendall(GET * 12_000)
        resets(connection)
        connection.close()
        wait_until_empty(served)


def test_an_endless_answer_ends_whose_first_write_meets_a_reset() -> None:
    """An endless response ends if one of its first writes meets the client's reset.

    The app never waits, so the loop could not report the disconnect. Which write meets the reset is
    chance.
    """

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})

    with Served(endless) as served:
        for _ in range(10):
            connection = served.connect(GET)
            resets(connection)
            connection.close()
        wait_until_empty(served)


def test_the_next_request_begins_after_the_app_that_answers_head() -> None:
    """The next request's app begins after the app that responds to HEAD has ended.

    If two apps ran at once, the end of one response would end the other.
    """
    running: list[str] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        running.append(scope["method"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"one", "more_body": True})
        await asyncio.sleep(0.05)
        assert running == [scope["method"]]
        running.clear()
        await send({"type": "http.response.body", "body": b"two"})

    with Served(slow) as served, served.connect(GET.replace(b"GET", b"HEAD")) as connection:
        got = connection.recv(65536)
        connection.sendall(GET)
        while not got.endswith(b"0\r\n\r\n") and (piece := connection.recv(65536)):
            got += piece
    assert got.endswith(b"\r\n\r\n3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n")


def test_a_client_that_half_closes_is_answered_after_an_answer_to_head() -> None:
    """A half-closed client gets its next response after one to HEAD.

    The app sends content for the HEAD, which is discarded, to its end.
    """

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(3_000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"end"})

    with Served(streams) as served:
        got = served.all(GET.replace(b"GET", b"HEAD") + GET)
    assert got.count(b"HTTP/1.1 200 ") == 2
    assert got.endswith(b"end\r\n0\r\n\r\n")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")
def test_what_a_unix_socket_says_of_its_peer() -> None:
    connection, peer = socket.socketpair(socket.AF_UNIX)
    with connection, peer:
        connection.sendall(b"x" * 1000)
        before = unread_by_peer(connection)
        assert before >= 1000
        assert len(peer.recv(1000)) == 1000
        assert unread_by_peer(connection) < before
    assert unread_by_peer(connection) == 0
    assert unread_by_peer(None) == 0


@pytest.mark.parametrize("leaves", [False, True])
def test_an_answer_without_a_length_is_reset_where_it_is_cut(leaves: bool) -> None:
    """A response without a length is set to reset if the process or a TLS client ends.

    The process gets no event of its own exit; in TLS both directions end.
    """

    class Both(Transport):
        def can_write_eof(self) -> bool:
            return not leaves

        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return here if name == "socket" else default

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await asyncio.sleep(0.05)
        await send({"type": "http.response.body", "body": b"end"})

    def lingering() -> tuple[int, int]:
        on, seconds = struct.unpack("ii", here.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        return on, seconds

    async def main() -> None:
        protocol, transport = await played(streams, GET.replace(b"1.1", b"1.0"), transport=Both())
        if leaves:
            protocol.eof_received()
            assert lingering() == (1, 0)
            await asyncio.sleep(0.01)
            assert transport.closed
            return
        assert lingering() == (1, 0)
        await asyncio.gather(*protocol.tasks)
        assert transport.ended
        assert lingering() == (0, 0)

    with socket.socket() as here:
        asyncio.run(main())


def test_an_answer_in_chunks_leaves_what_is_before_and_after_it_alone() -> None:
    """A chunked response does not set its socket to reset if the process ends.

    The missing last chunk shows that the response is truncated. A reset could discard unsent bytes
    of other responses, or of the next protocol.
    """

    class Full(Transport):
        def get_write_buffer_size(self) -> int:
            return 1_000

        def get_extra_info(self, name: str, default: Any = None) -> Any:
            return here if name == "socket" else default

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x"})

    with socket.socket() as here:
        _, transport = asyncio.run(played(streams, GET, transport=Full()))
        assert here.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER) == 0
    assert b"".join(transport.writes).endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("begins", [True, False])
def test_an_app_that_stops_as_its_client_has_left_is_no_error(
    begins: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An app that returns after its disconnect is not logged as an error.

    The app has received the disconnect, as an event stream or a long poll does.
    """

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        if begins:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await until_disconnect(receive)

    async def main() -> bytes:
        protocol, transport = await played(waits, GET)
        protocol.eof_received()
        await asyncio.wait_for(asyncio.gather(*protocol.tasks), WAIT)
        protocol.connection_lost(None)
        return b"".join(transport.writes)

    monkeypatch.setattr(hosted.Protocol, "timeout_half_closed", 0.01)
    with caplog.at_level(logging.INFO):
        got = asyncio.run(main())
    assert [record.name for record in caplog.records] == ["uvicorn.access"] * begins
    assert got.startswith(b"HTTP/1.1 200 " if begins else b"HTTP/1.1 500 ")
    assert not got.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("raises", [True, False])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_an_app_that_leaves_before_its_content_has_sent_its_head(method: bytes, raises: bool) -> None:
    """A head is sent although its app ends before its content, as in uvicorn.

    A response to HEAD is complete then, and one to GET is truncated.
    """

    async def begins(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if raises:
            raise ValueError

    with Served(begins) as served:
        got = served.all(GET.replace(b"GET", method))
    assert got.startswith(b"HTTP/1.1 200 ")
    assert not got.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("value", [b"a\nb", None, 5, "€"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_a_head_that_cannot_be_written_ends_the_connection(method: bytes, value: Any) -> None:
    """A head that cannot be encoded ends the connection without a byte, as in uvicorn.

    The app sends content right after that head.
    """

    async def breaks(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"5"), (b"x-user", value)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b"hello"})

    with Served(breaks) as served, served.connect(GET.replace(b"GET", method)) as connection:
        assert rest_of(connection) == b""


@pytest.mark.parametrize("status", [204, 304])
def test_a_request_after_an_answer_without_content_is_answered_to_a_client_that_half_closes(status: int) -> None:
    async def waits(scope: Any, receive: Any, send: Any) -> None:
        is_first = scope["path"] == "/"
        await send({"type": "http.response.start", "status": status if is_first else 200, "headers": []})
        while is_first and (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.body", "body": b""})

    with Served(waits, http=Hurried) as served:
        got = served.all(GET + GET.replace(b"/", b"/next", 1))
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert got.count(b"HTTP/1.1 200 ") == 1


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_app_that_raises_after_its_client_has_reset_is_logged_once(
    loop: str, caplog: pytest.LogCaptureFixture
) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")

    async def raises(scope: Any, receive: Any, send: Any) -> None:
        await until_disconnect(receive)
        await asyncio.sleep(0.05)
        raise ValueError

    with Served(raises, loop=loop) as served, served.connect(CHUNKED) as connection:
        threading.Event().wait(0.1)
        resets(connection)
        connection.close()
        wait_until_empty(served)
        threading.Event().wait(0.2)
    assert [record.exc_info[0] for record in caplog.records if record.exc_info] == [ValueError]


@pytest.mark.parametrize("completes", [True, False])
def test_a_request_after_an_answer_to_head_is_answered_to_a_client_that_half_closes(completes: bool) -> None:
    async def streams(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["method"] == "HEAD":
            await asyncio.sleep(0.05)
            await until_disconnect(receive)
        if completes or scope["method"] == "GET":
            await send({"type": "http.response.body", "body": b"end"})

    with Served(streams, http=Hurried) as served:
        got = served.all(GET.replace(b"GET", b"HEAD") + GET)
    assert got.count(b"HTTP/1.1 200 ") == 2
    assert got.endswith(b"3\r\nend\r\n0\r\n\r\n")


def test_an_app_that_goes_on_after_head_does_not_end_the_next_answer() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["method"] == "HEAD":
            await send({"type": "http.response.body", "body": b"x"})
            while True:
                with contextlib.suppress(RuntimeError):
                    await send({"type": "http.response.body", "body": b"x", "more_body": True})
        for _ in range(2_000):
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b"end"})

    with Served(app) as served:
        got = served.all(GET.replace(b"GET", b"HEAD") + GET)
    assert got.endswith(b"\r\n\r\n3\r\nend\r\n0\r\n\r\n")


def test_reading_goes_on_after_a_declined_handshake() -> None:
    declined = HANDSHAKE.replace(b"Version: 13", b"Version: 12")
    content = b"content-length: 255000\r\n\r\n"

    async def main() -> None:
        protocol, transport = await played(refuses, declined + HANDSHAKE[:-2] + content + b"x" * 200_000)
        await asyncio.sleep(0.05)
        assert transport.reads
        protocol.connection_lost(None)

    asyncio.run(main())


def test_an_app_that_waits_learns_of_a_reset_behind_many_requests() -> None:
    """An app that waits in `receive` learns of a reset behind many requests.

    More requests than are buffered hide the reset from a read.
    """
    heard = threading.Event()

    async def waits(scope: Any, receive: Any, send: Any) -> None:
        await until_disconnect(receive)
        heard.set()

    with Served(waits, http=Hasty) as served:
        connection = served.connect(GET)
        connection.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            for _ in range(1_000):
                connection.send(GET * 1_000)
        resets(connection)
        connection.close()
        assert heard.wait(WAIT)
        wait_until_empty(served)


def test_small_pieces_to_a_client_that_reads_leave_others_their_turn() -> None:
    """An app that sends small pieces to a client that reads leaves turns to others.

    The app never has to wait: each piece is taken at once.
    """

    async def app(scope: Any, receive: Any, send: Any) -> None:
        is_endless = scope["path"] == "/endless"
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while is_endless:
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
        await send({"type": "http.response.body", "body": b"others"})

    with Served(app, http=Hasty) as served, served.connect(GET.replace(b" / ", b" /endless ")) as connection:
        is_over = threading.Event()

        def read() -> None:
            while not is_over.is_set():
                connection.recv(1 << 16)

        reader = threading.Thread(target=read)
        reader.start()
        try:
            assert b"others" in served.all(GET)
        finally:
            is_over.set()
            reader.join(WAIT)
            resets(connection)
