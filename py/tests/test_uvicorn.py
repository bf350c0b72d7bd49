"""`switchover.uvicorn`: what uvicorn's own tests do not ask. Those run beside, see `py/tests/suites`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import os
import re
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest

uvicorn = pytest.importorskip("uvicorn")

from switchover import LocalProtocolError  # noqa: E402
from switchover.uvicorn import Cycle, Protocol  # noqa: E402

OURS = "switchover.uvicorn:Protocol"
WAIT = 10
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HANDSHAKE = (
    b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
HELLO = bytes([0x81, 0x85, 0, 0, 0, 0]) + b"hello"  # a masked text frame


async def tell(scope: Any, receive: Any, send: Any) -> None:
    """Says what came: method, path and content; echoes in a WebSocket."""
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] == "websocket.receive":
            await send({"type": "websocket.send", "text": message["text"]})
        return
    content, more = b"", True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        content, more = content + message["body"], message["more_body"]
    body = f"{scope['method']} {scope['path']} ".encode() + content
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": 200, "headers": [length]})
    await send({"type": "http.response.body", "body": body})


class Served:
    """A server in a thread."""

    def __init__(self, app: Any, **options: Any) -> None:
        settings = {"http": OURS, "ws": "wsproto", "lifespan": "off", "log_config": None, "port": 0, "loop": "asyncio"}
        self.server = uvicorn.Server(uvicorn.Config(app, **{**settings, **options}))
        self.thread = threading.Thread(target=self.server.run, daemon=True)

    def __enter__(self) -> Served:
        self.thread.start()
        for _ in range(WAIT * 100):
            if self.server.started:
                break
            threading.Event().wait(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(WAIT)
        assert not self.thread.is_alive()

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=WAIT)
        connection.sendall(data)
        return connection

    def until(self, data: bytes, ending: bytes, within: float = WAIT) -> bytes:
        """What comes up to and with `ending`, or until nothing more does."""
        with self.connect(data) as connection:
            connection.settimeout(within)
            got = b""
            with contextlib.suppress(TimeoutError, ConnectionResetError):
                while ending not in got and (piece := connection.recv(65536)):
                    got += piece
            return got


@pytest.fixture(scope="module")
def told() -> Iterator[Served]:
    with Served(tell) as served:
        yield served


def test_more_frames_than_the_engine_holds_are_answered() -> None:
    """All of them come before the app has accepted, and after a request."""
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
    """Neither after an empty line nor after content that the app did not read."""
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

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
@pytest.mark.parametrize(
    ("old", "new", "status"),
    [
        (b"Version: 13", b"Version: 12", 426),
        (b"Sec-WebSocket-Version: 13\r\n", b"", 426),
        (b"dGhlIHNhbXBsZSBub25jZQ==", b"YWJjZA==", 400),
        (b"Sec-WebSocket-Version", b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version", 400),
        (b"Sec-WebSocket-Version", b"Sec-WebSocket-Extensions: ,;\r\nSec-WebSocket-Version", 400),
        (b"GET", b"HEAD", 400),
        (b"GET /chat HTTP/1.1\r\n", b"POST /chat HTTP/1.1\r\nContent-Length: 0\r\n", 400),
    ],
)
def test_a_handshake_that_breaks_a_rule_is_an_ordinary_answer(ws: str, old: bytes, new: bytes, status: int) -> None:
    """It never comes to a WebSocket class, and the request after it is answered."""
    broken = HANDSHAKE.replace(old, new, 1)
    assert broken != HANDSHAKE
    with Served(tell, ws=ws) as served:
        got = served.until(broken + GET, b"GET / ")
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nserver: uvicorn\r\n" in got
    assert b"\r\nUpgrade: websocket\r\n" in got
    assert (b"\r\nSec-WebSocket-Version: 13\r\n" in got) is (status == 426)
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 1
    assert got.endswith(b"GET / ")


def test_many_handshakes_that_break_a_rule_are_answered_one_after_the_other() -> None:
    with Served(tell) as served:
        got = served.until(HANDSHAKE.replace(b"13\r", b"12\r") * 1000 + GET, b"GET / ")
    assert got.count(b"HTTP/1.1 426 ") == 1000
    assert got.endswith(b"GET / ")


@WEBSOCKETS
@pytest.mark.parametrize("framing", [b"Content-Length: 11\r\n", b"Transfer-Encoding: chunked\r\nTrailer: a\r\n"])
@pytest.mark.parametrize("expect", [b"", b"Expect: 100-continue\r\n"])
@pytest.mark.parametrize("pieces", [1, 2])
def test_frames_begin_after_the_content_of_a_handshake(ws: str, framing: bytes, expect: bytes, pieces: int) -> None:
    """Whatever the content looks like (RFC 9112, 6.3), and after the 100 that it waits for (RFC 9110, 7.8)."""
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
        lines = b"Content-Length: 5\r\nExpect: 100-continue\r\nX-Mine: 1\r\n\r\nhello"
        assert served.until(HANDSHAKE[:-2] + lines + HELLO, b"\x81\x05hello").endswith(b"\x81\x05hello")
    names = [name for name, _ in seen[0]]
    assert b"x-mine" in names
    assert not {b"content-length", b"expect"} & set(names)


@WEBSOCKETS
@pytest.mark.parametrize("sent", [0, 400_000])
def test_content_of_a_handshake_has_a_limit_and_a_deadline(ws: str, sent: int) -> None:
    lines = b"Content-Length: 1000000\r\n\r\n"
    with Served(tell, ws=ws, http=Hasty) as served, served.connect(HANDSHAKE[:-2] + lines) as connection:
        with contextlib.suppress(ConnectionError):
            connection.sendall(b"x" * sent)
        got = b""
        while piece := connection.recv(65536):
            got += piece
    assert got.startswith(b"HTTP/1.1 413 " if sent else b"HTTP/1.1 408 ")
    assert b"\r\nconnection: close\r\n" in got.lower()
    assert got.count(b"HTTP/1.1") == 1


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
        (b"Upgrade: foo\r\nConnection: Upgrade\r\n", {}),
        (
            b"Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\r\nConnection: Upgrade, HTTP2-Settings\r\n",
            {},
        ),
        (HANDSHAKE.partition(b"a\r\n")[2][:-2], {"ws": "none"}),
    ],
    ids=["foo", "h2c", "websocket"],
)
def test_a_declined_offer_changes_nothing(offer: bytes, options: dict[str, str]) -> None:
    """The content was lost and the request after it not answered: uvicorn #2722, httptools #124."""
    with Served(tell, **options) as served:
        post = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n" + offer + b"\r\ncontent"
        got = served.until(post + GET, b"GET / ")
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"POST /one content" in got


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (GET[:-2] + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
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


class Hasty(Protocol):
    """One that waits for no head."""

    timeout_head = 0.1


@pytest.mark.parametrize("head", [b"GET / HT", GET[:-2]])
def test_a_head_that_stops_is_answered_with_408(head: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with Served(tell, http=Hasty) as served:
        assert served.until(GET + head, b"Timeout").count(b"HTTP/1.1 408 Request Timeout\r\n") == 1
        # One that is idle, or that the app reads from, is left alone.
        with served.connect() as idle:
            threading.Event().wait(0.3)
            idle.sendall(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
            threading.Event().wait(0.3)
            idle.sendall(b"x")
            assert idle.recv(65536).startswith(b"HTTP/1.1 200 OK\r\n")
    assert caplog.text.count("more than 0.1 seconds") == 1


async def refuses(scope: Any, receive: Any, send: Any) -> None:
    headers = [(b"content-length", b"2"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"no"})


@pytest.mark.parametrize("framing", [b"Content-Length: 1000000", b"Transfer-Encoding: chunked\r\nContent-Length: 5"])
def test_a_client_that_is_answered_early_may_finish(framing: bytes) -> None:
    """A close would reset it, and take back an answer that it has not read yet (RFC 9112, 9.6)."""
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
    with Served(refuses) as served, served.connect(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n"):
        for _ in range(WAIT * 20):
            threading.Event().wait(0.05)
            if served.server.server_state.total_requests and not served.server.server_state.connections:
                return
    raise AssertionError("it is still there")


class Transport(asyncio.Transport):
    """One that keeps what is written, write by write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False
        self.reads = True

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True


async def played(app: Any, *pieces: bytes, **options: Any) -> tuple[Protocol, Transport]:
    """What comes of these pieces, without a network."""
    config = uvicorn.Config(app, http=OURS, lifespan="off", log_config=None, **options)
    config.load()
    state = uvicorn.server.ServerState()
    protocol, transport = Protocol(config, state, {}, asyncio.get_running_loop()), Transport()
    protocol.connection_made(transport)
    for piece in pieces:
        protocol.data_received(piece)
        for _ in range(5):
            await asyncio.sleep(0)
    return protocol, transport


def test_head_and_content_leave_in_one_write() -> None:
    _, transport = asyncio.run(played(tell, GET))
    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nGET / "]


def test_head_is_answered_as_get_is() -> None:
    _, transport = asyncio.run(played(tell, GET.replace(b"GET", b"HEAD")))
    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\n"]


@pytest.mark.parametrize("status", [200, 426])
def test_an_app_may_say_what_else_it_speaks(status: int) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"upgrade", b"websocket, foo/2"), (b"connection", b"upgrade"), (b"content-length", b"0")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    _, transport = asyncio.run(played(app, GET, GET))
    written = b"".join(transport.writes)
    assert written.count(b"HTTP/1.1 %d " % status) == written.count(b"\r\nUpgrade: websocket, foo/2\r\n") == 2
    assert written.count(b"\r\nSec-WebSocket-Version: 13\r\n") == (2 if status == 426 else 0)


def test_more_than_the_engine_holds_is_not_lost() -> None:
    requests = [GET.replace(b"/", b"/%d" % number, 1) for number in range(4000)]
    with Served(tell) as served:
        got = served.until(b"".join(requests), b"GET /3999 ")
    assert got.count(b"HTTP/1.1 200 OK\r\n") == 4000


async def raises(scope: Any, receive: Any, send: Any) -> None:
    raise ValueError("the app's own")


async def returns_early(scope: Any, receive: Any, send: Any) -> None:
    pass


async def sends_too_little(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hel"})


async def sends_too_much(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def sends_what_it_ruled_out(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body", "body": b"hello"})


async def sends_twice(scope: Any, receive: Any, send: Any) -> None:
    await tell(scope, receive, send)
    await send({"type": "http.response.body", "body": b"more"})


async def stops_halfway(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})


async def splits_a_header(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"a", b"b\r\nc: d")]})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize(
    "app",
    [
        raises,
        returns_early,
        sends_too_little,
        sends_too_much,
        sends_what_it_ruled_out,
        sends_twice,
        stops_halfway,
        splits_a_header,
    ],
)
def test_an_app_that_misbehaves_is_logged_and_cut_short(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    protocol, transport = asyncio.run(played(app, GET))
    written = b"".join(transport.writes)
    assert "ASGI" in caplog.text
    assert transport.closed or app is sends_twice
    assert b"c: d" not in written
    assert written.startswith(b"HTTP/1.1 500 ") == (app in (raises, returns_early))
    # What was announced and did not come is not ended as if it had.
    assert not written.endswith(b"\r\n0\r\n\r\n")
    assert not protocol.tasks


def test_a_cut_answer_does_not_look_whole() -> None:
    """In HTTP/1.0 it ends with the connection: after a FIN the client would take the half for all (RFC 9112, 8)."""

    async def slowly(scope: Any, receive: Any, send: Any) -> None:
        await stops_halfway(scope, receive, send)
        await asyncio.sleep(0.2)

    with Served(slowly) as served, served.connect(GET.replace(b"/1.1", b"/1.0")) as connection:
        got = connection.recv(65536)
        while not got.endswith(b"half"):
            got += connection.recv(65536)
        with pytest.raises(ConnectionResetError):
            connection.recv(1)


def test_an_app_may_try_again() -> None:
    """What it got wrong was not sent, and what was right was."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        with pytest.raises(LocalProtocolError):
            await send({"type": "http.response.body", "body": b"hello world"})
        await send({"type": "http.response.body", "body": b"hello"})

    _, transport = asyncio.run(played(app, GET, GET))
    assert b"".join(transport.writes) == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello" * 2


BROKEN = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
LONG = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize(
    "pieces", [[GET.replace(b":", b" :")], [BROKEN], [LONG, *[b"x" * 200_000] * 3]], ids=["head", "chunk", "long"]
)
def test_who_lingers_reads_and_may_be_shut_down(pieces: list[bytes]) -> None:
    async def main() -> None:
        protocol, transport = await played(refuses if pieces[0] == LONG else tell, *pieces)
        assert transport.reads
        assert not transport.closed
        protocol.data_received(b"more")
        protocol.shutdown()
        assert transport.closed

    asyncio.run(main())


async def mutates(scope: Any, receive: Any, send: Any) -> None:
    headers = list(scope["headers"])
    scope["headers"].clear()
    scope["method"] = scope["path"] = "changed"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def test_an_app_may_change_its_scope() -> None:
    _, transport = asyncio.run(played(mutates, GET, GET))
    assert b"".join(transport.writes).count(b"HTTP/1.1 200 OK\r\nhost: a\r\n") == 2


CUT = b"POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n" + HANDSHAKE
POINTS = [0, 1, 18, 40, 57, 59, 62, 65, 75, 82, 120, len(CUT)]


def test_a_client_may_go_at_any_point() -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"begun", "more_body": True})
        while (await receive())["type"] != "http.disconnect":
            pass

    # Ten thousand on one interpreter, a part of them on the others, as with the vectors.
    many = 840 // int(os.environ.get("EVERY", "1"))
    for app, times in ((tell, many), (slow, 20)):
        with Served(app) as served:
            for point in POINTS * times:
                served.connect(CUT[:point]).close()
            for _ in range(WAIT * 20):
                if not served.server.server_state.connections and not served.server.server_state.tasks:
                    break
                threading.Event().wait(0.05)
            assert not served.server.server_state.connections
            assert not served.server.server_state.tasks
    gc.collect()
    assert not [held for held in gc.get_objects() if isinstance(held, Cycle)]
