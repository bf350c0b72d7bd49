"""Tests of `switchover.uvicorn` that uvicorn itself does not have.

For uvicorn's own tests see `py/tests/suites`.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from served import GET, HANDSHAKE, HELLO, WAIT, Hasty, Served, Transport, played, rest_of, tell, until_disconnect
from switchover import Config
from switchover._uvicorn.cycle import Cycle
from switchover.uvicorn import Protocol


@pytest.fixture(scope="module")
def told() -> Iterator[Served]:
    with Served(tell) as served:
        yield served


def test_more_frames_than_the_engine_holds_are_answered() -> None:
    """More WebSocket frames than the engine buffers before the 101 are all answered.

    The client sends a request, a handshake and all frames without waiting.
    """
    frames = HELLO * 20_000
    with Served(tell, ws="websockets-sansio") as served, served.connect(GET + HANDSHAKE) as connection:
        sender = threading.Thread(target=connection.sendall, args=(frames,))
        sender.start()
        got = b""
        while got.count(b"\x81\x05hello") < 20_000 and (piece := connection.recv(65536)):
            got += piece
        sender.join(WAIT)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert got.count(b"\x81\x05hello") == 20_000


@pytest.mark.parametrize("ws", ["wsproto", "websockets", "websockets-sansio"])
def test_frames_before_the_accept_come_whole_and_in_order(ws: str) -> None:
    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.3)
        await tell(scope, receive, send)

    with Served(slowly, ws=ws) as served, served.connect(HANDSHAKE + HELLO[:8]) as connection:
        threading.Event().wait(0.1)
        connection.sendall(HELLO[8:] + HELLO)
        got = b""
        while got.count(b"\x81\x05hello") < 2 and (piece := connection.recv(65536)):
            got += piece
    assert got.endswith(b"\x81\x05hello\x81\x05hello")


@pytest.mark.parametrize("ws", ["wsproto", "websockets", "websockets-sansio"])
def test_of_several_offers_websocket_is_taken(ws: str) -> None:
    with Served(tell, ws=ws) as served:
        got = served.until(HANDSHAKE.replace(b"websocket\r", b"foo/2, websocket\r") + HELLO, b"\x81\x05hello")
    assert got.startswith(b"HTTP/1.1 101 ")
    assert got.endswith(b"\x81\x05hello")


def test_no_connection_waits_for_ever() -> None:
    """The keep-alive timeout holds after an empty line, and after unread content."""
    post = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n"

    async def answers(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})

    with Served(answers, timeout_keep_alive=1) as served:
        for head, rest in ((GET, b"\r\n"), (post, b"hello")):
            with served.connect(head) as connection:
                assert connection.recv(65536).endswith(b"ok")
                connection.sendall(rest)
                assert connection.recv(65536) == b""


WEBSOCKETS = pytest.mark.parametrize("ws", ["wsproto", "websockets", "websockets-sansio"])


@WEBSOCKETS
def test_a_handshake_that_uvicorns_class_refuses_is_answered(ws: str) -> None:
    """A handshake gets a response if uvicorn's class leaves it without one."""
    with Served(tell, ws=ws) as served:
        got = served.until(HANDSHAKE[:-2] + b"cookie: " + b"x" * 9_000 + b"\r\n\r\n", b"\r\n\r\n")
        expected = {"wsproto": b"101", "websockets": b"400", "websockets-sansio": b"431"}[ws]
        assert got.startswith(b"HTTP/1.1 " + expected)
        wait_until_empty(served)


@WEBSOCKETS
def test_a_handshake_may_have_many_connection_options(ws: str) -> None:
    lines = b"".join(b"connection: Upgrade, %b\r\n" % (b"x" * 900) for _ in range(10))
    with Served(tell, ws=ws) as served:
        assert served.until(HANDSHAKE[:-2] + lines + b"\r\n", b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")


@WEBSOCKETS
@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 12", 426),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 426),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"YWJjZA==", 400),
        (b"Sec-WebSocket-Version", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version", 400),
        (b"Sec-WebSocket-Version", b"Sec-WebSocket-Extensions: ,;\r\nSec-WebSocket-Version", 400),
        (b"GET", b"HEAD", 400),
        (b"GET /chat HTTP/1.1\r\n", b"POST /chat HTTP/1.1\r\ncontent-length: 0\r\n", 400),
    ],
)
def test_a_handshake_that_breaks_a_rule_is_an_ordinary_answer(ws: str, old: bytes, new: bytes, status: int) -> None:
    """A WebSocket handshake that breaks a rule reaches no WebSocket class of uvicorn.

    The request after it gets its response.
    """
    broken = HANDSHAKE.replace(old, new, 1)
    assert broken != HANDSHAKE
    with Served(tell, ws=ws) as served:
        got = served.until(broken + GET, b"GET / ")
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nserver: uvicorn\r\n" in got
    assert b"\r\nupgrade: websocket\r\n" in got
    assert (b"\r\nsec-websocket-version: 13\r\n" in got) is (status == 426)
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert got.endswith(b"GET / ")


def test_many_handshakes_that_break_a_rule_are_answered_one_after_the_other() -> None:
    with Served(tell) as served:
        got = served.until(HANDSHAKE.replace(b"13\r", b"12\r") * 1000 + GET, b"GET / ")
    assert got.count(b"HTTP/1.1 426 ") == 1000
    assert got.endswith(b"GET / ")


@WEBSOCKETS
@pytest.mark.parametrize("framing", [b"content-length: 11\r\n", b"transfer-encoding: chunked\r\nTrailer: a\r\n"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_frames_begin_after_the_content_of_a_handshake(ws: str, framing: bytes, expect: bytes, pieces: int) -> None:
    """A WebSocket handshake is accepted however its content is framed.

    RFC 9112, section 6.3. With `Expect`, it is accepted after the 100 that the client waits for
    (RFC 9110, section 7.8).
    """
    content = HELLO if b"11" in framing else b"b\r\n" + HELLO + b"\r\n0\r\na: b\r\n\r\n"
    head, rest = HANDSHAKE[:-2] + framing + expect + b"\r\n", content + HELLO.replace(b"hello", b"world")
    with Served(tell, ws=ws) as served, served.connect(head if pieces > 1 or expect else head + rest) as connection:
        got = b""
        if expect:
            while not got.endswith(b"\r\n\r\n"):
                got += connection.recv(1)
            assert got == b"HTTP/1.1 100 Continue\r\n\r\n"
        if pieces > 1:
            threading.Event().wait(0.05)
            connection.sendall(rest[:7])
            threading.Event().wait(0.05)
            connection.sendall(rest[7:])
        elif expect:
            connection.sendall(rest)
        while not got.endswith(b"\x81\x05world") and (piece := connection.recv(65536)):
            got += piece
    assert got.count(b"HTTP/1.1 101 ") == 1
    assert b"hello" not in got


@WEBSOCKETS
def test_an_app_sees_nothing_of_the_content_of_a_handshake(ws: str) -> None:
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append(list(scope["headers"]))
        await tell(scope, receive, send)

    with Served(app, ws=ws) as served:
        lines = b"content-length: 5\r\nExpect: 100-continue\r\nX-Mine: 1\r\n\r\nhello"
        assert served.until(HANDSHAKE[:-2] + lines + HELLO, b"\x81\x05hello").endswith(b"\x81\x05hello")
    names = [name for name, _ in seen[0]]
    assert b"x-mine" in names
    assert not {b"content-length", b"expect"} & set(names)


class Small(Hasty):
    """A uvicorn protocol class that discards at most 256 KiB of a request's content."""

    engine_config = Config(tidy=True, drain=262_144)


@WEBSOCKETS
@pytest.mark.parametrize(("http", "sent"), [(Hasty, 0), (Hasty, 400_000), (Small, 400_000)])
def test_content_of_a_handshake_has_a_limit_and_a_deadline(ws: str, http: type[Hasty], sent: int) -> None:
    lines = b"content-length: 1000000\r\n\r\n"
    with Served(tell, ws=ws, http=http) as served, served.connect(HANDSHAKE[:-2] + lines) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"x" * sent)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    assert got.startswith(b"HTTP/1.1 413 " if http is Small else b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in got.lower()
    assert got.count(b"HTTP/1.1") == 1


STALE = HANDSHAKE.replace(b"13\r", b"12\r")


async def streams(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"abc", "more_body": True})
    await asyncio.sleep(0.1)
    await send({"type": "http.response.body", "body": b"def"})


@WEBSOCKETS
def test_a_declined_handshake_does_not_end_the_next_answer(ws: str, caplog: pytest.LogCaptureFixture) -> None:
    with Served(streams, ws=ws) as served:
        got = served.until(STALE + GET, b"\r\n0\r\n\r\n")
        assert got.count(b"HTTP/1.1 426 ") == got.count(b"HTTP/1.1 200 ") == 1
        assert got.endswith(b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n")
        got = served.until(STALE + STALE + b"\0\r\n", b"received.")
        assert got.count(b"HTTP/1.1 426 ") == 2
        assert got.count(b"HTTP/1.1 400 ") == 1
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_no_more_handshakes_are_declined_than_a_client_reads() -> None:
    async def main() -> None:
        protocol, transport = await played(tell)
        protocol.data_received(STALE)
        protocol.pause_writing()
        protocol.data_received(STALE * 100)
        for _ in range(100):
            await asyncio.sleep(0)
        written = b"".join(transport.writes)
        assert written.count(b"HTTP/1.1 426 ") <= 2
        protocol.resume_writing()
        for _ in range(500):
            await asyncio.sleep(0)
        assert b"".join(transport.writes).count(b"HTTP/1.1 426 ") == 101

    asyncio.run(main())


def test_other_clients_are_answered_between_declined_handshakes() -> None:
    """At most one handshake is declined in a turn of the loop."""

    async def main() -> None:
        protocol, transport = await played(tell)
        protocol.data_received(STALE * 100)
        before = b"".join(transport.writes).count(b"HTTP/1.1 426 ")
        await asyncio.sleep(0)
        assert b"".join(transport.writes).count(b"HTTP/1.1 426 ") <= before + 1

    asyncio.run(main())


@WEBSOCKETS
def test_a_bad_early_frame_leaks_no_connection(ws: str) -> None:
    """A WebSocket connection with a malformed early frame does not stay counted.

    With a limit of connections, such leaks would make the server unavailable for good.
    """
    with Served(tell, ws=ws, limit_concurrency=5) as served:
        for _ in range(10):
            served.until(HANDSHAKE + b"\xff\xff\xff\xff", b"nothing", within=1)
        wait_until_empty(served)
        assert served.until(GET, b"GET / ").startswith(b"HTTP/1.1 200 ")


def test_connections_that_wait_for_their_clients_end_do_not_count() -> None:
    """Connections that only wait for their client's FIN do not count for the limit.

    Else clients at a distance would make the server unavailable, and so would each 503.
    """
    last = GET.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n")
    with Served(tell, limit_concurrency=3) as served, contextlib.ExitStack() as clients:
        for _ in range(10):
            client = clients.enter_context(served.connect(last))
            assert rest_of(client).startswith(b"HTTP/1.1 200 ")
        for status in (b"200", b"200", b"503"):
            assert clients.enter_context(served.connect(GET)).recv(12).endswith(status)


@WEBSOCKETS
def test_frames_with_an_end_after_them_come_whole(ws: str) -> None:
    """Frames reach an app that accepts after its client has half-closed."""
    seen: list[Any] = []

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            seen.append(message["text"])

    with Served(slow, ws=ws) as served, served.connect(HANDSHAKE + HELLO + HELLO) as connection:
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass
        wait_until_empty(served)
    assert seen == ["hello", "hello"]


def wait_until_empty(served: Served) -> None:
    state = served.server.server_state
    for _ in range(WAIT * 20):
        if not state.connections and not state.tasks:
            return
        threading.Event().wait(0.05)
    raise AssertionError(f"left: {state.connections}, {state.tasks}")


LOSES = ["h11", "httptools", "zttp"]


@pytest.mark.parametrize("ws", ["wsproto", "websockets", "websockets-sansio"])
def test_a_frame_in_the_segment_of_its_handshake_is_answered(ws: str) -> None:
    with Served(tell, ws=ws) as served:
        assert served.until(HANDSHAKE + HELLO, b"\x81\x05hello").endswith(b"\x81\x05hello")


@pytest.mark.parametrize("http", LOSES)
def test_it_is_lost_by_the_others(http: str) -> None:
    pytest.importorskip(http)
    with Served(tell, http=http) as served:
        got = served.until(HANDSHAKE + HELLO, b"\x81\x05hello", within=0.5)
        assert got.startswith(b"HTTP/1.1 101 ")
        assert b"hello" not in got


@pytest.mark.parametrize(
    ("offer", "options"),
    [
        (b"upgrade: foo\r\nconnection: Upgrade\r\n", {}),
        (
            b"upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nconnection: Upgrade, HTTP2-Settings\r\n",
            {},
        ),
        (HANDSHAKE.partition(b"a\r\n")[2][:-2], {"ws": "none"}),
    ],
    ids=["foo", "h2c", "websocket"],
)
def test_a_declined_offer_changes_nothing(offer: bytes, options: dict[str, str]) -> None:
    """After a declined offer, the app gets all content; the next request is served.

    The content was lost in uvicorn #2722 and httptools #124.
    """
    with Served(tell, **options) as served:
        post = b"POST /one HTTP/1.1\r\nHost: a\r\ncontent-length: 7\r\n" + offer + b"\r\ncontent"
        got = served.until(post + GET, b"GET / ")
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"POST /one content" in got


@pytest.mark.parametrize("lines", [b"content-length: 7, 07\r\n", b"content-length: 7\r\ncontent-length: 7\r\n"])
@pytest.mark.parametrize("offer", [b"", b"connection: Upgrade\r\nupgrade: foo/2\r\n"])
def test_equal_lengths_become_one_in_the_scope(lines: bytes, offer: bytes) -> None:
    """Equal lengths in Content-Length become one in the scope.

    An app that forwards the request then sends one (RFC 9110, section 8.6).
    """
    seen: list[list[tuple[bytes, bytes]]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        seen.append([line for line in scope["headers"] if line[0] == b"content-length"])
        await tell(scope, receive, send)

    with Served(app) as served:
        request = b"POST /one HTTP/1.1\r\nHost: a\r\n" + offer + lines + b"\r\ncontent"
        assert b"POST /one content" in served.until(request, b"content")
    assert seen == [[(b"content-length", b"7")]]


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (GET[:-2] + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", 400),
    ],
)
def test_what_is_no_http_is_answered_and_logged(
    request_: bytes, status: int, told: Served, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, logger="uvicorn.error"):
        got = told.until(request_, b"received.")
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nconnection: close\r\n" in got.lower()
    assert re.search(r"\(error \d+\) at byte \d+ \(RFC \d+, [\d.]+\)\. \w+", caplog.text)


@pytest.mark.parametrize("head", [b"GET / HT", GET[:-2]])
def test_a_head_that_stops_is_answered_with_408(head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with Served(tell, http=Hasty) as served:
        assert served.until(GET + head, b"Timeout").count(b"HTTP/1.1 408 Request Timeout\r\n") == 1
        # An idle connection is not closed.
        with served.connect() as idle:
            threading.Event().wait(0.3)
            idle.sendall(GET)
            assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert caplog.text.count("head took too long (timeout_head, 0.1 seconds)") == 1


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


def test_a_connection_without_a_first_byte_is_closed() -> None:
    class Hurried(Protocol):
        timeout_first_byte = 0.2

    with Served(tell, http=Hurried) as served, served.connect() as connection:
        assert connection.recv(65536) == b""


@pytest.mark.parametrize("framing", [b"content-length: 1000000", b"transfer-encoding: chunked"])
def test_content_that_an_app_waits_for_has_a_deadline(framing: bytes) -> None:
    """Content that an app waits for has a deadline; each byte extends it a little."""
    told_of: list[str] = []

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] != "http.disconnect":
            pass
        told_of.append(message["type"])

    with Served(reads, http=Hasty) as served:
        with served.connect(b"POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing) as connection:
            assert connection.recv(65536).startswith(b"HTTP/1.1 408 ")
        with served.connect(b"POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing) as connection:
            connection.setblocking(False)
            got = b""
            for _ in range(WAIT * 100):
                threading.Event().wait(0.01)
                with contextlib.suppress(BlockingIOError):
                    got = connection.recv(65536)
                    break
                connection.send(b"1" if b"length" in framing else b"1;a=")
            assert got.startswith((b"HTTP/1.1 408 ", b"HTTP/1.1 400 "))
    assert told_of == ["http.disconnect"] * 2


def test_an_app_that_works_may_take_its_time_with_content() -> None:
    async def works(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await asyncio.sleep(0.4)
        await tell(scope, receive, send)

    with Served(works, http=Hasty) as served, served.connect() as connection:
        connection.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 2\r\n\r\na")
        threading.Event().wait(0.3)
        connection.sendall(b"b")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("lines", [b"Cookie: %s" % (b"x" * 40_000), b"\r\n".join(b"A%d: b" % n for n in range(150))])
def test_the_limits_of_a_head_can_be_raised(lines: bytes) -> None:
    class Generous(Protocol):
        engine_config = Config(tidy=True, fields=200, head=1 << 20, field_line=1 << 20)

    request = b"GET / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % lines
    with Served(tell) as served:
        assert served.until(request, b"received.").startswith(b"HTTP/1.1 431 ")
    with Served(tell, http=Generous) as served:
        assert served.until(request, b"GET / ").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("target", [b"/", b"/" + b"x" * 30_000])
def test_the_option_for_heads_raises_their_limits(target: bytes) -> None:
    request = b"GET %s HTTP/1.1\r\nHost: a\r\nCookie: %s\r\n\r\n" % (target, b"x" * 40_000)
    for size in (1_000_000, sys.maxsize):
        with Served(tell, h11_max_incomplete_event_size=size) as served:
            assert served.until(request, b"GET " + target).startswith(b"HTTP/1.1 200 ")


def test_a_client_that_sends_no_more_gets_its_answer() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0.2)
        await tell(scope, receive, send)

    class Strict(Protocol):
        half_close = False

    for http, whole in ((Protocol, True), (Strict, False)):
        with Served(slow, http=http) as served, served.connect(GET + GET) as connection:
            connection.shutdown(socket.SHUT_WR)
            got = b""
            while piece := connection.recv(65536):
                got += piece
            assert got.count(b"GET / ") == (2 if whole else 0)
            wait_until_empty(served)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_response_that_a_half_close_cuts_is_reset(loop: str) -> None:
    """A response without a length that a half-close cuts does not look complete."""
    pytest.importorskip(loop)

    async def part(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await until_disconnect(receive)

    class Strict(Protocol):
        half_close = False

    with Served(part, http=Strict, loop=loop) as served, served.connect(b"GET / HTTP/1.0\r\n\r\n") as connection:
        got = b""
        while not got.endswith(b"part"):
            got += connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        with pytest.raises(ConnectionResetError):
            connection.recv(65536)


def test_content_that_begins_after_the_disconnect_is_cut() -> None:
    """Starlette's middleware may receive the disconnect before its app does."""

    async def late(scope: Any, receive: Any, send: Any) -> None:
        await until_disconnect(receive)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    with Served(late) as served, served.connect(GET) as connection:
        connection.shutdown(socket.SHUT_WR)
        got = rest_of(connection)
        assert b"part" in got
        assert not got.endswith(b"0\r\n\r\n")


def test_content_that_ends_after_an_error_of_send_is_cut() -> None:
    async def goes_on(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        with contextlib.suppress(OSError):
            while True:
                await send({"type": "http.response.body", "body": b"", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    with Served(goes_on, http=Hasty) as served, served.connect(GET) as connection:
        connection.shutdown(socket.SHUT_WR)
        got = rest_of(connection)
        assert b"part" in got
        assert not got.endswith(b"0\r\n\r\n")


def test_a_stream_ends_when_its_client_does() -> None:
    """The app of an event stream gets a disconnect after the client's half-close.

    A client that half-closes has most likely disconnected.
    """

    async def events(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"event", "more_body": True})
        await until_disconnect(receive)
        await send({"type": "http.response.body", "body": b"last"})

    with Served(events) as served, served.connect(GET) as connection:
        got = connection.recv(65536)
        while b"event" not in got:
            got += connection.recv(65536)
        connection.shutdown(socket.SHUT_WR)
        wait_until_empty(served)


def test_a_client_that_takes_nothing_is_left() -> None:
    async def much(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 20_000_000})

    with Served(much, http=Hasty) as served, served.connect(GET):
        for _ in range(WAIT * 20):
            if served.server.server_state.total_requests:
                break
            threading.Event().wait(0.05)
        wait_until_empty(served)


def test_a_client_that_resets_while_the_end_is_sent() -> None:
    class Gone(Transport):
        def write_eof(self) -> None:
            raise OSError(107, "Transport endpoint is not connected")

    async def main() -> None:
        protocol, transport = await played(tell, transport=Gone())
        protocol.data_received(b"\0\r\n")
        assert transport.closed

    asyncio.run(main())


@pytest.mark.parametrize("framing", [b"content-length: 1000000", b"transfer-encoding: chunked\r\ncontent-length: 5"])
def test_a_client_that_is_answered_early_may_finish(framing: bytes) -> None:
    """A client that gets an early error response may go on sending its content.

    A close would reset the connection. The client could then lose a response that it has not read
    yet (RFC 9112, section 9.6).
    """
    with Served(refuses) as served, served.connect(b"POST / HTTP/1.1\r\nHost: a\r\n%s\r\n\r\n" % framing) as connection:
        got = b""
        while piece := connection.recv(65536):
            got += piece
        assert got.startswith((b"HTTP/1.1 413 ", b"HTTP/1.1 400 "))
        for _ in range(4):
            threading.Event().wait(0.05)
            connection.sendall(b"x" * 1000)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_a_client_that_goes_on_and_on_is_left() -> None:
    with Served(refuses) as served, served.connect(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 9\r\n\r\n"):
        for _ in range(WAIT * 20):
            threading.Event().wait(0.05)
            if served.server.server_state.total_requests and not served.server.server_state.connections:
                return
    raise AssertionError("it is still there")


def test_more_than_the_engine_holds_is_not_lost() -> None:
    requests = [GET.replace(b"/", b"/%d" % number, 1) for number in range(4000)]
    with Served(tell) as served:
        got = served.until(b"".join(requests), b"GET /3999 ")
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 4000


BROKEN = b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n"
LONG = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    "pieces", [[GET.replace(b":", b" :")], [BROKEN], [LONG, *[b"x" * 200_000] * 3]], ids=["head", "chunk", "long"]
)
def test_who_lingers_reads_on_through_a_stop(pieces: list[bytes]) -> None:
    """A connection that lingers after an error is read on while the server stops.

    To close would reset the connection, and the client could lose the response.
    """

    async def main() -> None:
        protocol, transport = await played(refuses if pieces[0] == LONG else tell, *pieces)
        assert transport.reads
        assert not transport.closed
        protocol.data_received(b"more")
        protocol.shutdown()
        assert not transport.closed
        protocol.timed_out("the end")
        assert transport.closed

    asyncio.run(main())


CUT = b"POST /cut HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n" + HANDSHAKE
POINTS = [0, 1, 18, 40, 57, 59, 62, 65, 75, 82, 120, len(CUT)]


def test_a_client_may_go_at_any_point() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        await until_disconnect(receive)

    # Ten thousand inputs on one interpreter, a part of them on the others, as with the vectors.
    many = 840 // int(os.environ.get("EVERY", "1"))
    for app, times in ((tell, many), (slow, 20)):
        with Served(app) as served:
            for point in POINTS * times:
                served.connect(CUT[:point]).close()
            for _ in range(WAIT * 200):
                if not served.server.server_state.connections and not served.server.server_state.tasks:
                    break
                threading.Event().wait(0.05)
            assert not served.server.server_state.connections
            assert not served.server.server_state.tasks
    gc.collect()
    assert not [held for held in gc.get_objects() if isinstance(held, Cycle)]
