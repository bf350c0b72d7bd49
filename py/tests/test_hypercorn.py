"""Tests of the protocol class for hypercorn, under asyncio, uvloop and trio."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import logging
import pathlib
import socket
import ssl
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import anyio
import pytest
from served import AWAITED, GET, HANDSHAKE, HANDSHAKE_IN_LINES, WAIT, Threaded, answers_first, certified, rest_of, tell

pytest.importorskip("hypercorn")
trio = pytest.importorskip("trio")

import hypercorn.asyncio  # noqa: E402
import hypercorn.asyncio.tcp_server  # noqa: E402
import hypercorn.protocol  # noqa: E402
import hypercorn.trio  # noqa: E402
import switchover.hypercorn  # noqa: E402
from hypercorn.config import Config  # noqa: E402
from switchover._hypercorn import protocol  # noqa: E402
from switchover._hypercorn.wire import Wire  # noqa: E402
from switchover._reset import resets  # noqa: E402

BINARY = bytes([0x82, 0x85, 0, 0, 0, 0]) + b"hello"  # a masked frame
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
ECHOED = b"\x82\x05hello"
LATE = {"/soon": 0.0, "/late": 0.3, "/very-late": 2.5}
BACKENDS = ["asyncio", "trio", "uvloop"]
LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n"
H2C = (
    b"GET /h2c HTTP/1.1\r\nHost: a\r\nupgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n"
    b"connection: Upgrade, HTTP2-Settings\r\n\r\n"
)
LATE_STOP = "hypercorn awaits asyncio's servers before its timeout, and these their connections, from 3.12 on"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = bytes(3) + b"\x04" + bytes(5)


VARIABLE = contextvars.ContextVar("VARIABLE", default="nobody")


class Apps:
    """An ASGI app whose behaviour depends on the path; it records how a client leaves."""

    def __init__(self, sleep: Any, stopping: threading.Event) -> None:
        self.sleep, self.stopping = sleep, stopping
        self.learnt: list[str] = []
        self.may_go_on = threading.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope.get("path")
        if scope["type"] == "lifespan":
            raise ValueError("no lifespan")
        if scope["type"] == "websocket":
            await receive()
            if path == "/flawed":
                await send({"type": "websocket.accept", "headers": [(b"a b", b"c")]})
            if path == "/unoffered":
                await send({"type": "websocket.accept", "subprotocol": "nope"})
            if path == "/offered":
                self.learnt += [", ".join(scope["subprotocols"]), *(name.decode() for name, _ in scope["headers"])]
                await send({"type": "websocket.accept"})
                return
            if path == "/later":
                await self.sleep(0.2)
            if path == "/denies":
                await send({"type": "websocket.close"})
                self.learnt.append((await receive())["type"])
                return
            if path in ("/waits", "/blocks"):
                if path == "/blocks":
                    self.learnt.append("asked")
                    self.may_go_on.wait(WAIT)
                    await send({"type": "websocket.accept"})
                while (message := await receive())["type"] != "websocket.disconnect":
                    pass
                self.learnt.append(message["type"])
                return
            await send({"type": "websocket.accept"})
            if path == "/leaves":
                return
            while path == "/heeds-nothing" and not self.may_go_on.is_set():
                await receive()
            while path == "/flood":
                await self.goes_on(send, {"type": "websocket.send", "bytes": bytes(65536)})
            while (message := await receive())["type"] == "websocket.receive":
                if path == "/records":
                    self.learnt.append(message["type"])
                await send({"type": "websocket.send", "bytes": message["bytes"]})
            if path == "/records":
                self.learnt.append(message["type"])
        elif path in LATE:
            await self.sleep(LATE[path])
            await answer(send, b"unread")
        elif path == "/waits-for-a-stop":
            self.learnt.append("asked")
            while not self.stopping.is_set():
                await self.sleep(0.01)
            # hypercorn looks for the stop as often.
            await self.sleep(0.1)
            await answer(send, b"stopped")
        elif path == "/at-once":
            await answer(send, b"at once")
        elif path in ("/early", "/switches"):
            status, headers = (103, []) if path == "/early" else (101, [(b"upgrade", b"foo/2")])
            await send({"type": "http.response.start", "status": status, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/large":
            await answer(send, bytes(1_000_000))
            self.learnt.append("sent")
        elif path == "/slowly":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"slow", "more_body": True})
            await self.sleep(0.1)
            await send({"type": "http.response.body", "body": b"ly", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/pours-slowly":
            await pours_slowly(receive, send)
        elif path == "/whole":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
            await send({"type": "http.response.body", "body": b"whole", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/reads-after":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
            while (message := await receive())["type"] == "http.request" and message["more_body"]:
                pass
            await send({"type": "http.response.body", "body": b""})
        elif path == "/heeds-nothing":
            while not self.may_go_on.is_set():
                await receive()
        elif path == "/after":
            await answer(send, b"and goes on")
            await self.sleep(0.3)
            self.learnt.append("done")
        elif path == "/426":
            named = [(b"upgrade", b"foo/2")] if scope["query_string"] else []
            await send({"type": "http.response.start", "status": 426, "headers": [(b"content-length", b"0"), *named]})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/raises":
            await self.sleep(0.1)
            raise ValueError("before the head")
        elif path == "/short":
            await self.sleep(0.1)
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"9")]})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/cut":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"some", "more_body": True})
            raise ValueError("in the content")
        elif path in ("/empty", "/unchanged"):
            status, length = (200, b"0") if path == "/empty" else (304, b"9")
            headers = [(b"content-length", length), (b"x-for", path.encode())]
            await send({"type": "http.response.start", "status": status, "headers": headers})
            if scope["method"] == "POST":
                raise ValueError("after the head")
        elif path == "/cancelled":
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
            with anyio.CancelScope() as scope_:
                scope_.cancel()
                await send({"type": "http.response.body", "body": b"hello"})
        elif path == "/forever":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            with suppress(BaseException if scope["query_string"] and self.sleep is asyncio.sleep else ValueError):
                await self.sleep(100)
        elif path == "/drips":
            await self.drips(scope, receive, send)
        elif path == "/hears-first":
            while (await receive())["type"] == "http.request":
                pass
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/ends-anyway":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"part", "more_body": True})
            with suppress(OSError):
                await self.goes_on(send, {"type": "http.response.body", "body": b"", "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/crowd":
            # As a chat does that sends to each client from many tasks.
            await send({"type": "http.response.start", "status": 200, "headers": []})
            async with anyio.create_task_group() as group:
                for _ in range(20):
                    group.start_soon(send, {"type": "http.response.body", "body": b"x" * 200_000, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        elif path == "/empties":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": b"", "more_body": True})
        elif path == "/gives-up":
            await self.gives_up(send)
        elif path == "/endless":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await self.goes_on(send, {"type": "http.response.body", "body": bytes(65536), "more_body": True})
        elif path == "/answers-first":
            await answers_first(scope, receive, send)
        elif path == "/streams":
            await streams(receive, send)
        elif path == "/pours":
            await streams(receive, send, pieces=100)
        elif path == "/variables":
            found = VARIABLE.get()
            VARIABLE.set("of another request")
            await answer(send, found.encode())
        elif path == "/begins":
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"begun", "more_body": True})
            while (message := await receive())["type"] == "http.request":
                pass
            self.learnt.append(message["type"])
        elif path == "/learns":
            while (message := await receive())["type"] == "http.request":
                pass
            self.learnt += [message["type"], (await receive())["type"]]
        else:
            await tell(scope, receive, send)

    async def gives_up(self, send: Any) -> None:
        """Sends content from two tasks; the second gives up each send after a millisecond."""
        message = {"type": "http.response.body", "body": bytes(65536), "more_body": True}
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(message)
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self.goes_on, send, message)
                while True:
                    with anyio.move_on_after(0.001):
                        await send(message)
        finally:
            self.learnt.append("gave up")

    async def drips(self, scope: Any, receive: Any, send: Any) -> None:
        """Sends 2,000 pieces of content; with a query it stops after a disconnect."""
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(2000):
            await send({"type": "http.response.body", "body": b"x", "more_body": True})
            if scope["query_string"]:
                await receive()
                if (await receive())["type"] == "http.disconnect":
                    break
        await send({"type": "http.response.body", "body": b""})

    async def goes_on(self, send: Any, message: Any) -> None:
        try:
            while True:
                await send(message)
        except OSError:
            self.learnt.append("OSError")
            raise


async def listens(receive: Any, scope: anyio.CancelScope) -> None:
    """Cancels `scope` once the app receives a disconnect."""
    while (await receive())["type"] != "http.disconnect":
        pass
    scope.cancel()


async def streams(receive: Any, send: Any, pieces: int = 0) -> None:
    """Responds as Starlette's streams do: a disconnect cancels what is still sent."""
    async with anyio.create_task_group() as group:
        group.start_soon(listens, receive, group.cancel_scope)
        if pieces:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(pieces):
                await send({"type": "http.response.body", "body": bytes(200_000), "more_body": True})
        else:
            await anyio.sleep(0.05)
            await answer(send, b"streamed")
        group.cancel_scope.cancel()


async def pours_slowly(receive: Any, send: Any) -> None:
    """Sends five pieces of content in two seconds; a disconnect ends it early."""
    async with anyio.create_task_group() as group:
        group.start_soon(listens, receive, group.cancel_scope)
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(5):
            await send({"type": "http.response.body", "body": b"piece", "more_body": True})
            await anyio.sleep(0.4)
        group.cancel_scope.cancel()
    await send({"type": "http.response.body", "body": b""})


async def answer(send: Any, body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
    await send({"type": "http.response.body", "body": body})


class Hosted(Threaded):
    """hypercorn in a thread, on a socket of its own.

    `backend` is asyncio, trio or uvloop. With `trusts`, the TLS context of a client, connections
    use TLS.
    """

    def __init__(self, backend: str, trusts: ssl.SSLContext | None = None, **settings: Any) -> None:
        listener = socket.create_server(("127.0.0.1", 0))
        self.port = listener.getsockname()[1]
        self.stopping = threading.Event()
        self.backend, self.trusts = backend, trusts
        self.module: Any = trio if backend == "trio" else asyncio
        self.app = Apps(self.module.sleep, self.stopping)
        config = Config()
        for name, value in {"bind": [f"fd://{listener.detach()}"], **settings}.items():
            setattr(config, name, value)
        host: Any = hypercorn.trio if backend == "trio" else hypercorn.asyncio
        self.serve: Any = lambda: host.serve(self.app, config, shutdown_trigger=self.stops)
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        if self.backend == "uvloop":
            pytest.importorskip("uvloop").run(self.serve())
        elif self.backend == "asyncio":
            asyncio.run(self.serve())
        else:
            trio.run(self.serve)

    def connect(self, data: bytes = b"") -> socket.socket:
        connection = super().connect()
        if self.trusts is not None:
            connection = self.trusts.wrap_socket(connection, server_hostname="localhost")
        connection.sendall(data)
        return connection

    async def stops(self) -> None:
        while not self.stopping.is_set():
            await self.module.sleep(0.02)

    def __enter__(self) -> Hosted:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping.set()
        self.joined()

    def all(self, data: bytes) -> bytes:
        """Sends data, and returns all bytes up to the server's end."""
        with self.connect(data) as connection:
            return rest_of(connection)


def until(connection: socket.socket, ending: bytes) -> bytes:
    """Returns the received bytes, once they hold `ending`."""
    received = b""
    while ending not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def wait_for(holds: Callable[[], bool]) -> None:
    for _ in range(WAIT * 100):
        if holds():
            return
        threading.Event().wait(0.01)
    raise AssertionError("it does not hold")


def has_connections() -> bool:
    """Returns whether an object of switchover's protocol class is still alive."""
    gc.collect()
    return any(type(each) is protocol.Protocol for each in gc.get_objects())


@pytest.fixture(autouse=True)
def installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Puts switchover's class in the place of hypercorn's for a single test."""
    monkeypatch.setattr(hypercorn.protocol, "H11Protocol", None)
    switchover.hypercorn.install()
    assert hypercorn.protocol.__dict__["H11Protocol"] is switchover.hypercorn.Protocol
    logging.getLogger("hypercorn.error").setLevel(logging.CRITICAL)


@pytest.fixture(params=BACKENDS)
def hosted(request: pytest.FixtureRequest) -> Iterator[Hosted]:
    pytest.importorskip(request.param)
    with Hosted(request.param) as host:
        yield host


@pytest.fixture(params=BACKENDS)
def secured(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Iterator[Hosted]:
    """Runs a server whose connections use TLS."""
    pytest.importorskip(request.param)
    key, certificate, trusts = certified(tmp_path)
    with Hosted(request.param, trusts, keyfile=key, certfile=certificate) as host:
        yield host


def test_requests_are_answered_in_order(hosted: Hosted) -> None:
    post = b"POST /p HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhello"
    received = hosted.all(GET + post + GET + LAST)
    texts = [part.partition(b"HTTP/1.1")[0] for part in received.split(b"\r\n\r\n")[1:]]
    assert texts == [b"GET / ", b"POST /p hello", b"GET / ", b"GET /last "]


def test_content_of_a_megabyte_comes_back(hosted: Hosted) -> None:
    content = bytes(range(256)) * 4096
    head = b"POST / HTTP/1.1\r\nHost: a\r\nconnection: close\r\ncontent-length: %d\r\n\r\n" % len(content)
    assert hosted.all(head + content).endswith(b"\r\n\r\nPOST / " + content)


def test_rfc9110_9_3_6_a_connect_that_an_app_answers_like_a_get_is_a_501(hosted: Hosted) -> None:
    request = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
    assert hosted.all(request).startswith(b"HTTP/1.1 501 ")


def test_a_late_answer_that_reads_nothing_lets_the_next_request_through(hosted: Hosted) -> None:
    head = b"POST /late HTTP/1.1\r\nHost: a\r\ncontent-length: 3000000\r\n\r\n"
    received = hosted.all(head + bytes(3_000_000) + LAST)
    assert b"\r\n\r\nunread" in received
    assert received.endswith(b"GET /last ")


def test_requests_are_answered_over_tls(secured: Hosted) -> None:
    content = bytes(range(256)) * 4096
    post = b"POST /p HTTP/1.1\r\nHost: a\r\ncontent-length: %d\r\n\r\n" % len(content)
    received = secured.all(GET + post + content + LAST)
    assert received.count(b"HTTP/1.1 200 ") == 3
    assert b"\r\n\r\nPOST /p " + content + b"HTTP/1.1 " in received
    assert received.endswith(b"GET /last ")


def test_h2c_is_not_accepted_over_tls(secured: Hosted) -> None:
    received = secured.all(H2C + LAST)
    assert b" 101 " not in received
    assert b"GET /h2c " in received
    assert received.endswith(b"GET /last ")


def test_early_frames_reach_the_app_over_tls(secured: Hosted) -> None:
    with secured.connect(HANDSHAKE + BINARY * 40) as client:
        assert until(client, ECHOED * 40).startswith(b"HTTP/1.1 101 ")
        client.sendall(BINARY)
        until(client, ECHOED)
        client.sendall(b"\x88\x80" + bytes(4))
        assert rest_of(client).startswith(b"\x88")


@pytest.mark.parametrize("path", [b"/chat", b"/later"])
def test_early_frames_reach_the_app(hosted: Hosted, path: bytes) -> None:
    with hosted.connect(HANDSHAKE.replace(b"/chat", path) + BINARY * 40) as client:
        received = until(client, ECHOED * 40)
        assert received.startswith(b"HTTP/1.1 101 ")
        assert received.lower().count(b"sec-websocket-accept: ") == 1
        client.sendall(BINARY)
        until(client, ECHOED)
        client.sendall(b"\x88\x80" + bytes(4))
        assert rest_of(client).startswith(b"\x88")


def test_rfc6455_4_1_a_flawed_handshake_is_told_its_flaw(hosted: Hosted) -> None:
    received = hosted.all(HANDSHAKE.replace(b"Version: 13", b"Version: 12") + LAST)
    assert received.startswith(b"HTTP/1.1 426 ")
    assert b"sec-websocket-version: 13" in received.lower()
    assert received.endswith(b"GET /last ")
    received = hosted.all(HANDSHAKE.replace(b"Sec-WebSocket-Key: ", b"X: ") + LAST)
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"GET /last ")
    handshake = HANDSHAKE.replace(b"Version: 13", b"Version: 12")[:-2] + b"content-length: 5\r\n\r\nhello"
    received = hosted.all(handshake + LAST)
    assert received.startswith(b"HTTP/1.1 426 ")
    assert received.endswith(b"GET /last ")


def test_rfc9110_5_3_a_list_of_a_handshake_may_have_several_lines(hosted: Hosted) -> None:
    assert hosted.all(HANDSHAKE_IN_LINES.replace(b"/chat", b"/offered")).startswith(b"HTTP/1.1 101 ")
    assert hosted.app.learnt[0] == "a, b"


@pytest.mark.parametrize("raw", [False, True])
def test_an_app_sees_the_names_and_the_order_of_a_handshakes_lines(raw: bool) -> None:
    lines = [line.partition(b":")[0].decode() for line in HANDSHAKE.split(b"\r\n")[1:-2]]
    with Hosted("asyncio", h11_pass_raw_headers=raw) as hosted:
        assert hosted.all(HANDSHAKE.replace(b"/chat", b"/offered")).startswith(b"HTTP/1.1 101 ")
    assert hosted.app.learnt[1:] == [line if raw else line.lower() for line in lines]


def test_a_handshake_that_hypercorn_cannot_decode_ends_one_connection(hosted: Hosted) -> None:
    with hosted.connect() as other:
        refused = hosted.all(HANDSHAKE.replace(b"Connection: Upgrade", b"Connection: Upgrade, \xff"))
        assert refused.startswith(b"HTTP/1.1 400 ")
        other.sendall(LAST)
        assert rest_of(other).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nHost: a\r\nA: " + b"x" * 17_000 + b"\r\n\r\n", b"431"),
        (b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\n", b"400"),
        (b"GET / HTTP/3.0\r\nHost: a\r\n\r\n", b"505"),
    ],
)
def test_an_error_of_the_client_is_answered_once(hosted: Hosted, sent: bytes, status: bytes) -> None:
    received = hosted.all(sent)
    assert received.startswith(b"HTTP/1.1 " + status)
    assert received.count(b"HTTP/1.1") == 1
    assert b"connection: close" in received.lower()


def test_an_app_learns_of_the_end_as_often_as_it_asks(hosted: Hosted) -> None:
    with hosted.connect(b"GET /learns HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client).startswith(b"HTTP/1.1 500 ")
    assert hosted.app.learnt == ["http.disconnect", "http.disconnect"]


@pytest.mark.parametrize("path", [b"/", b"/late"])
def test_a_client_that_half_closes_is_answered(hosted: Hosted, path: bytes) -> None:
    with hosted.connect(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path) as client:
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client).startswith(b"HTTP/1.1 200 ")


def test_a_cut_request_is_no_whole_one(hosted: Hosted) -> None:
    with hosted.connect() as client:
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\nhel")
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client).startswith(b"HTTP/1.1 400 ")


def test_a_websocket_is_accepted_after_its_client_has_sent_all(hosted: Hosted) -> None:
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/later") + BINARY) as client:
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client).startswith(b"HTTP/1.1 101 ")


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_an_endless_answer_ends_with_its_client(hosted: Hosted, method: bytes) -> None:
    with hosted.connect(method + b" /endless HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        until(client, b"\r\n\r\n")
        assert hosted.all(LAST).endswith(b"GET /last ")
    wait_for(lambda: hosted.app.learnt == ["OSError"])


def test_a_flood_of_messages_ends_with_its_client(hosted: Hosted) -> None:
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/flood")) as client:
        until(client, bytes(9))
    wait_for(lambda: hosted.app.learnt == ["OSError"])
    assert hosted.all(LAST).endswith(b"GET /last ")


def test_a_close_in_the_handshakes_segment_ends_one_connection(hosted: Hosted) -> None:
    for _ in range(12):
        with hosted.connect(HANDSHAKE.replace(b"/chat", b"/leaves") + BINARY + b"\x88\x80" + bytes(4)) as client:
            assert rest_of(client).startswith(b"HTTP/1.1 101 ")
    assert hosted.all(LAST).endswith(b"GET /last ")


@pytest.mark.parametrize(
    "sent",
    [
        b"POST /learns HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
        GET + b"GET /learns HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_an_app_learns_of_an_end_that_has_come_already(hosted: Hosted, sent: bytes) -> None:
    with hosted.connect(sent) as client:
        client.shutdown(socket.SHUT_WR)
        wait_for(lambda: hosted.app.learnt == ["http.disconnect", "http.disconnect"])


def test_an_app_learns_of_a_client_that_leaves_within_its_next_request(hosted: Hosted) -> None:
    with hosted.connect(b"GET /learns HTTP/1.1\r\nHost: a\r\n\r\nGET /next"):
        pass
    wait_for(lambda: hosted.app.learnt == ["http.disconnect", "http.disconnect"])


def test_an_app_learns_of_a_reset_behind_requests_that_are_not_read(hosted: Hosted) -> None:
    learns_behind_requests(hosted)


def test_an_app_learns_of_a_reset_behind_requests_that_are_not_read_over_tls(secured: Hosted) -> None:
    learns_behind_requests(secured)


def learns_behind_requests(host: Hosted) -> None:
    with host.connect(b"GET /learns HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        client.settimeout(0.5)
        with suppress(OSError):
            while True:
                client.sendall(GET * 1000)
        resets(client)
    wait_for(lambda: host.app.learnt == ["http.disconnect", "http.disconnect"])


def test_rfc9110_10_1_1_a_100_is_sent_once(hosted: Hosted) -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n"
    with hosted.connect(head) as client:
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 100 ")
        client.sendall(b"hi")
        received = rest_of(client)
    assert received.startswith(b"HTTP/1.1 200 ")
    assert received.endswith(b"POST / hi")


def test_a_head_does_not_wait_for_a_client_that_waits_for_it(hosted: Hosted) -> None:
    with hosted.connect(AWAITED) as client:
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 200 ")
        client.sendall(b"hello")
        assert client.recv(65536) == b"hello"


def test_content_that_fills_the_buffer_behind_a_request_is_kept(hosted: Hosted) -> None:
    content = bytes(range(256)) * 1000
    head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: %d\r\n\r\n" % len(content)
    with hosted.connect(GET + head + content) as client:
        received = until(client, b"POST / ")
        client.sendall(LAST)
        received += rest_of(client)
    assert received.count(content) == 1
    assert received.endswith(b"GET /last ")


@pytest.mark.parametrize(
    ("field", "content"),
    [(b"transfer-encoding: chunked", b"zz\r\n"), (b"content-length: 9", b"cut")],
)
def test_an_error_while_the_app_answers_ends_one_connection(hosted: Hosted, field: bytes, content: bytes) -> None:
    for _ in range(20):
        with hosted.connect(b"POST /soon HTTP/1.1\r\nHost: a\r\n" + field + b"\r\n\r\n" + content) as client:
            client.shutdown(socket.SHUT_WR)
            assert rest_of(client)[:13] in (b"HTTP/1.1 200 ", b"HTTP/1.1 400 ")
    assert hosted.all(LAST).endswith(b"GET /last ")


def test_rfc9112_8_a_cut_response_of_http_1_0_is_reset(hosted: Hosted) -> None:
    with hosted.connect(b"GET /cut HTTP/1.0\r\n\r\n") as client, pytest.raises(ConnectionResetError):
        rest_of(client)


def test_rfc9112_8_a_reset_waits_for_the_responses_before_it(hosted: Hosted) -> None:
    content = bytes(range(256)) * 4000
    head = b"POST /echo HTTP/1.1\r\nHost: a\r\ncontent-length: %d\r\n\r\n" % len(content)
    with hosted.connect() as client:
        sending = threading.Thread(target=client.sendall, args=(head + content + b"GET /cut HTTP/1.0\r\n\r\n",))
        sending.start()
        received = until(client, b"some")
        sending.join(WAIT)
        assert content in received
        with pytest.raises(ConnectionResetError):
            rest_of(client)


@pytest.mark.parametrize("path", [b"/forever", b"/forever?swallows"])
@pytest.mark.parametrize("backend", ["asyncio", "trio", "uvloop"])
def test_rfc9112_8_a_response_of_http_1_0_is_reset_at_a_stop(backend: str, path: bytes) -> None:
    pytest.importorskip(backend)
    if backend == "asyncio" and sys.version_info >= (3, 12):
        pytest.skip(LATE_STOP)
    asked = b"GET " + path + b" HTTP/1.0\r\n\r\n"
    with Hosted(backend, graceful_timeout=0.1) as host, host.connect(asked) as client:
        until(client, b"begun")
        host.stopping.set()
        with pytest.raises(ConnectionResetError):
            rest_of(client)


def test_a_half_closed_client_gets_all_messages(hosted: Hosted) -> None:
    with hosted.connect(b"GET /drips HTTP/1.0\r\n\r\n") as client:
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client).endswith(b"\r\n\r\n" + b"x" * 2000)


def test_content_that_ends_after_a_disconnect_is_cut(hosted: Hosted) -> None:
    with hosted.connect(b"GET /drips?halfway HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        client.shutdown(socket.SHUT_WR)
        assert not rest_of(client).endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("path", [b"/hears-first", b"/ends-anyway"])
def test_content_that_ends_after_its_client_has_gone_is_cut(hosted: Hosted, path: bytes) -> None:
    """Content is cut whose app has received the disconnect, or an OSError from `send`.

    Starlette's middleware may receive it before the app that it then cancels.
    """
    with hosted.connect(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path) as client:
        client.shutdown(socket.SHUT_WR)
        assert not rest_of(client).endswith(b"0\r\n\r\n")


def test_a_client_that_leaves_after_a_late_byte_is_noticed(hosted: Hosted) -> None:
    """A byte after a denied WebSocket does not hide the client's end from the app."""
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/denies")) as client:
        until(client, b"\r\n\r\n")
        client.sendall(b"x")
    wait_for(lambda: hosted.app.learnt == ["websocket.disconnect"])
    wait_for(lambda: not has_connections())


def test_a_client_that_leaves_behind_pipelined_requests_is_noticed(hosted: Hosted) -> None:
    with hosted.connect(b"GET /learns HTTP/1.1\r\nHost: a\r\n\r\n" + GET * 4_000):
        pass
    wait_for(lambda: hosted.app.learnt == ["http.disconnect", "http.disconnect"])


@pytest.mark.parametrize("backend", BACKENDS)
def test_content_that_a_read_timeout_ends_is_cut(backend: str) -> None:
    pytest.importorskip(backend)
    with Hosted(backend, read_timeout=1) as host:
        received = host.all(b"GET /pours-slowly HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"piece" in received
    assert not received.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_pings_of_a_websocket_end_with_its_app(backend: str) -> None:
    pytest.importorskip(backend)
    with Hosted(backend, websocket_ping_interval=0.1) as host:
        with host.connect(HANDSHAKE.replace(b"/chat", b"/leaves")) as client:
            rest_of(client)
        wait_for(lambda: not has_connections())


@pytest.mark.parametrize("half_closes", [False, True])
@pytest.mark.parametrize(("path", "status"), [(b"/raises", b"500"), (b"/short", b"200")])
def test_a_client_sees_that_its_app_has_failed(hosted: Hosted, path: bytes, status: bytes, half_closes: bool) -> None:
    with hosted.connect(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n") as client:
        if half_closes:
            client.shutdown(socket.SHUT_WR)
        assert rest_of(client).startswith(b"HTTP/1.1 " + status)


def test_content_behind_a_last_response_ends_one_connection_in_order(
    hosted: Hosted, caplog: pytest.LogCaptureFixture
) -> None:
    head = b"POST /raises HTTP/1.1\r\nHost: a\r\ncontent-length: 300000\r\n\r\n"
    with hosted.connect(head) as client:
        client.sendall(bytes(300_000))
        threading.Event().wait(0.2)
        assert rest_of(client).startswith(b"HTTP/1.1 500 ")
    assert hosted.all(LAST).endswith(b"GET /last ")
    assert "BUFFER_FULL" not in caplog.text


@pytest.mark.parametrize("path", [b"/flawed", b"/unoffered"])
def test_a_refused_accept_is_a_500(hosted: Hosted, path: bytes) -> None:
    with hosted.connect(HANDSHAKE.replace(b"/chat", path)) as client:
        assert rest_of(client).startswith(b"HTTP/1.1 500 ")
    assert hosted.all(LAST).endswith(b"GET /last ")


def test_an_app_that_raises(hosted: Hosted) -> None:
    received = hosted.all(b"GET /raises HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
    assert received.startswith(b"HTTP/1.1 500 ")
    received = hosted.all(b"GET /cut HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
    assert received.endswith(b"4\r\nsome\r\n")


@pytest.mark.parametrize("path", [b"/early", b"/switches"])
def test_rfc9110_15_2_an_interim_status_is_no_response_of_an_app(hosted: Hosted, path: bytes) -> None:
    received = hosted.all(GET.replace(b"/", path, 1) + LAST)
    assert received.startswith(b"HTTP/1.1 500 ")
    assert b"foo/2" not in received


def test_a_response_without_an_app_is_sent_whole() -> None:
    """A request for another host gets hypercorn's own 404, and then the end."""
    with Hosted("asyncio", server_names=["b"]) as hosted:
        received = hosted.all(GET + LAST)
    assert received.startswith(b"HTTP/1.1 404 ")
    assert received.count(b"HTTP/1.1 ") == 1


def test_no_request_is_taken_after_a_stop(hosted: Hosted) -> None:
    with hosted.connect(GET.replace(b"/", b"/waits-for-a-stop", 1) + LAST) as client:
        wait_for(lambda: hosted.app.learnt == ["asked"])
        hosted.stopping.set()
        received = rest_of(client)
    assert received.endswith(b"stopped")
    assert received.count(b"HTTP/1.1 ") == 1


@pytest.mark.skipif(sys.version_info >= (3, 12), reason=LATE_STOP)
def test_rfc9112_8_a_response_that_a_stop_cuts_does_not_end_in_order() -> None:
    """A response is reset whose last bytes asyncio still holds when the server stops."""
    client, listener = socket.socket(), socket.socket()
    client.settimeout(WAIT)
    # The system takes little that the client does not read.
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    address = listener.getsockname()
    with Hosted("asyncio", graceful_timeout=0.1, shutdown_timeout=0.1, bind=[f"fd://{listener.detach()}"]) as hosted:
        client.connect(address)
        client.sendall(LAST.replace(b"/last", b"/large"))
        while "sent" not in hosted.app.learnt:
            client.recv(1000)
    with client, pytest.raises(ConnectionResetError):
        rest_of(client)


def test_a_head_leaves_with_its_first_content(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []
    send: Any = Wire.send_pending

    async def recorded(wire: Wire) -> None:
        pieces.append(b"".join(wire.pending))
        await send(wire)

    monkeypatch.setattr(Wire, "send_pending", recorded)
    assert hosted.all(LAST.replace(b"/last", b"/at-once")).endswith(b"at once")
    assert [piece[:9] + piece[-7:] for piece in pieces] == [b"HTTP/1.1 at once"]


def test_head_and_http_1_0(hosted: Hosted) -> None:
    received = hosted.all(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + LAST)
    assert b"content-length: 7\r\n" in received
    assert received.count(b"HTTP/1.1 200 ") == 2
    assert hosted.all(b"GET / HTTP/1.0\r\n\r\n").endswith(b"\r\n\r\nGET / ")


@pytest.mark.parametrize("early", [b"", PREFACE + SETTINGS])
def test_h2c_is_accepted_and_speaks_http_2(hosted: Hosted, early: bytes) -> None:
    with hosted.connect(H2C + early) as client:
        if not early:
            client.sendall(PREFACE + SETTINGS)
        received = until(client, b"GET /h2c ")
        assert received.startswith(b"HTTP/1.1 101 ")
        assert b"upgrade: h2c" in received.lower()


def test_the_http_2_preface_begins_http_2(hosted: Hosted) -> None:
    # Its length is that of the frame's payload, and its type SETTINGS.
    with hosted.connect(PREFACE[:5]) as client:
        client.sendall(PREFACE[5:] + SETTINGS)
        assert client.recv(65536)[3] == 4


def test_a_request_that_comes_while_a_stream_is_sent_is_answered(hosted: Hosted) -> None:
    with hosted.connect(GET.replace(b"/", b"/streams", 1)) as connection:
        threading.Event().wait(0.02)
        connection.sendall(LAST)
        assert rest_of(connection).count(b"HTTP/1.1 200") == 2


@pytest.mark.parametrize(("method", "path"), [("HEAD", "/empty"), ("GET", "/unchanged"), ("POST", "/empty")])
def test_a_head_without_content_is_that_of_its_own_request(hosted: Hosted, method: str, path: str) -> None:
    """A response that is complete with its head is sent even if its app then fails.

    No other response takes its place.
    """
    with hosted.connect(f"{method} {path} HTTP/1.1\r\nHost: a\r\ncontent-length: 0\r\n\r\n".encode()) as connection:
        assert f"x-for: {path}".encode() in until(connection, b"\r\n\r\n").lower()


@pytest.mark.parametrize("anyio_backend", ["asyncio", "trio"])
def test_no_answer_takes_the_place_of_one_that_was_cancelled(anyio_backend: str) -> None:
    """A response whose send was cancelled is sent all the same, before the next one."""
    with Hosted(anyio_backend) as hosted:
        received = hosted.all(GET.replace(b"/", b"/cancelled", 1) + LAST)
    assert received.partition(b"\r\n\r\n")[2].startswith(b"helloHTTP/1.1 200 ")


def test_content_that_many_tasks_send_is_whole(anyio_backend: str) -> None:
    """Content that many tasks send at once is sent whole.

    Writes that only wait for each other are not given up.
    """
    with Hosted(anyio_backend) as hosted:
        received = hosted.all(GET.replace(b"/", b"/crowd", 1).replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert (received.count(b"x"), received[-5:]) == (4_000_000, b"0\r\n\r\n")


@pytest.mark.anyio
async def test_only_writes_that_are_cancelled_count_for_their_limit() -> None:
    reads = anyio.Event()
    sent: list[bytes] = []

    async def send(event: Any) -> None:
        await reads.wait()
        sent.append(event.data)

    async with anyio.create_task_group() as group:
        connection = switchover.Connection(switchover.Role.SERVER)
        wire = Wire(send, anyio.sleep, group.start_soon, connection, tls=False)
        for _ in range(2):
            group.start_soon(wire.write, bytes(2_000_000))
        await anyio.wait_all_tasks_blocked()
        assert not wire.is_full
        with anyio.move_on_after(0):
            await wire.write(bytes(2_000_000))
        assert wire.is_full
        reads.set()
        await anyio.wait_all_tasks_blocked()
        assert not wire.is_full
    assert sum(map(len, sent)) == 6_000_000


def test_a_connection_closes_behind_a_write_that_is_cancelled(hosted: Hosted) -> None:
    """A connection closes although a write that was waiting has been cancelled.

    The app receives a disconnect because of malformed content, and cancels the write.
    """
    with hosted.connect(b"POST /pours HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n") as slow:
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        threading.Event().wait(0.3)
        slow.sendall(b"ZZ\r\n")
        threading.Event().wait(0.3)
        received = rest_of(slow)
    assert not received.endswith(b"0\r\n\r\n")


def test_writes_that_are_cancelled_leave_a_turn_to_others(hosted: Hosted) -> None:
    with hosted.connect(GET.replace(b"/", b"/gives-up", 1)) as slow:
        assert slow.recv(100).startswith(b"HTTP/1.1 200 ")
        for _ in range(3):
            threading.Event().wait(0.1)
            assert hosted.all(LAST).startswith(b"HTTP/1.1 200 ")
        # What such writes leave is limited. Under trio hypercorn shields the write that is under way.
        if hosted.backend != "trio":
            wait_for(lambda: "gave up" in hosted.app.learnt)
    wait_for(lambda: "gave up" in hosted.app.learnt)


def test_content_without_bytes_leaves_a_turn_to_others(hosted: Hosted) -> None:
    with hosted.connect(GET.replace(b"/", b"/empties", 1)) as silent:
        for _ in range(3):
            assert hosted.all(LAST).startswith(b"HTTP/1.1 200 ")
        silent.close()


def test_a_request_has_no_context_variables_of_the_one_before(hosted: Hosted) -> None:
    get = GET.replace(b"/", b"/variables", 1)
    received = hosted.all(get + get + get.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n"))
    assert received.count(b"\r\n\r\nnobody") == 3, received


def test_hypercorns_settings_count(anyio_backend: str) -> None:
    sizes = {"keep_alive_max_requests": 2, "h11_max_incomplete_size": 200}
    with Hosted(anyio_backend, None, **sizes, h11_pass_raw_headers=True) as hosted:
        assert hosted.all(GET * 3).count(b"HTTP/1.1 200 ") == 2
        assert hosted.all(b"GET / HTTP/1.1\r\nA: " + b"x" * 300).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("size", [None, 131_072])
def test_a_head_may_have_all_of_its_limit_in_one_line(anyio_backend: str, size: int | None) -> None:
    sizes = {} if size is None else {"h11_max_incomplete_size": size}
    most = 15_000 if size is None else 130_000
    with Hosted(anyio_backend, None, **sizes) as hosted:
        long = b"x" * most
        for head in (
            LAST.replace(b"/", b"/?" + long, 1),
            with_line(b"A: " + long),
            with_line(b"\r\n".join([b"A: b"] * 1_000)),
        ):
            assert hosted.all(head).startswith(b"HTTP/1.1 200 "), head[:40]


@pytest.mark.parametrize(("size", "status"), [(sys.maxsize, 200), (-1, 414)])
def test_any_number_may_limit_a_head(anyio_backend: str, size: int, status: int) -> None:
    with Hosted(anyio_backend, h11_max_incomplete_size=size) as hosted:
        for _ in range(2):
            assert hosted.all(LAST).startswith(b"HTTP/1.1 %d " % status)


def with_line(line: bytes) -> bytes:
    return LAST.replace(b"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n")


@pytest.mark.parametrize("backend", ["asyncio", "trio", "uvloop"])
def test_hypercorns_idle_timer_stands_still_while_a_request_is_served(backend: str) -> None:
    """The keep-alive timeout of hypercorn does not run while a request is served.

    The streams of apps that return at once are closed twice.
    """
    pytest.importorskip(backend)
    late = GET.replace(b"/", b"/very-late", 1)
    with Hosted(backend, keep_alive_timeout=2) as hosted:
        for client in [hosted.connect(GET.replace(b"/", b"/at-once", 1) + late) for _ in range(3)]:
            with client:
                received = rest_of(client)
            assert received.count(b"HTTP/1.1 200 ") == 2, received
            assert received.endswith(b"unread")
        with hosted.connect() as client:
            for _ in range(20):
                client.sendall(GET.replace(b"/", b"/at-once", 1))
                until(client, b"at once")
            client.sendall(late)
            until(client, b"unread")


def test_a_request_never_gets_the_500_of_another(hosted: Hosted) -> None:
    """Three pipelined requests of a client that half-closes get no 500.

    The apps do not read the content of these requests.
    """
    post = b"POST /whole HTTP/1.1\r\nHost: a\r\ncontent-length: 180000\r\n\r\n" + bytes(180_000)
    with hosted.connect(GET.replace(b"/", b"/slowly", 1) + post + post) as client:
        client.shutdown(socket.SHUT_WR)
        received = rest_of(client)
    assert received.count(b"HTTP/1.1 200 ") == received.count(b"HTTP/1.1 ") == 3, received


@pytest.mark.parametrize("second", [b"/raises", b"/learns"])
def test_the_second_of_two_requests_gets_its_500_after_a_half_close(hosted: Hosted, second: bytes) -> None:
    with hosted.connect(GET.replace(b"/", b"/slowly", 1) + GET.replace(b"/", second, 1)) as client:
        client.shutdown(socket.SHUT_WR)
        received = rest_of(client)
    assert [part[:4] for part in received.split(b"HTTP/1.1 ")[1:]] == [b"200 ", b"500 "]


def test_content_comes_to_an_app_whose_response_is_complete(hosted: Hosted) -> None:
    post = b"POST /reads-after HTTP/1.1\r\nHost: a\r\ncontent-length: 1000\r\n\r\n"
    with hosted.connect(post) as client:
        until(client, b"\r\n\r\n")
        client.sendall(bytes(1000) + LAST)
        assert rest_of(client).endswith(b"GET /last ")


def test_bytes_behind_the_end_of_a_websocket_end_nothing_else(hosted: Hosted) -> None:
    for _ in range(10):
        # It is idle for less than hypercorn's timeout.
        with hosted.connect() as other:
            for _ in range(4):
                with hosted.connect(HANDSHAKE) as client:
                    until(client, b"\r\n\r\n")
                    client.sendall(b"\x88\x80" + bytes(4))
                    with suppress(OSError):
                        for _ in range(5):
                            client.sendall(BINARY)
                            threading.Event().wait(0.001)
            other.sendall(LAST)
            assert rest_of(other).startswith(b"HTTP/1.1 200 ")


def test_an_app_goes_on_after_its_client_has_left_over_tls(secured: Hosted) -> None:
    for _ in range(3):
        with secured.connect(GET.replace(b"/", b"/after", 1)) as client:
            until(client, b"and goes on")
    wait_for(lambda: secured.app.learnt == ["done"] * 3)


def test_rfc9110_15_5_22_a_426_of_an_app_names_a_protocol(hosted: Hosted) -> None:
    close = b"connection: close\r\n\r\n"
    received = hosted.all(GET.replace(b"/", b"/426?named", 1)[:-2] + close)
    assert received.startswith(b"HTTP/1.1 426 ")
    assert b"upgrade: foo/2\r\n" in received.lower()
    assert hosted.all(GET.replace(b"/", b"/426", 1)[:-2] + close).startswith(b"HTTP/1.1 400 ")


def test_an_app_goes_on_though_its_connection_fails_to_close(monkeypatch: pytest.MonkeyPatch) -> None:
    """A close that fails does not end the app.

    The close of TLS may take too long, and that of uvloop may meet a reset.
    """
    close: Any = vars(hypercorn.asyncio.tcp_server.TCPServer)["_close"]

    async def fails(server: Any) -> None:
        await close(server)
        raise TimeoutError("SSL shutdown timed out")

    monkeypatch.setattr(hypercorn.asyncio.tcp_server.TCPServer, "_close", fails)
    with Hosted("asyncio") as hosted:
        get = GET.replace(b"/", b"/after", 1)
        assert hosted.all(get[:-2] + b"connection: close\r\n\r\n").endswith(b"and goes on")
        wait_for(lambda: hosted.app.learnt == ["done"])


def test_a_websocket_that_is_reset_before_its_accept_ends_its_app(hosted: Hosted) -> None:
    """A reset before the accept of a WebSocket ends its app with a disconnect.

    The write of the 101 meets the reset, while a ping of the client waits for its pong.
    """
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/blocks") + b"\x89\x80" + bytes(4)) as client:
        wait_for(lambda: hosted.app.learnt == ["asked"])
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    hosted.app.may_go_on.set()
    wait_for(lambda: hosted.app.learnt == ["asked", "websocket.disconnect"])


@pytest.mark.parametrize(
    "content", [b"content-length: 5\r\n\r\nhello", b"content-length: 5\r\n\r\n", b"transfer-encoding: chunked\r\n\r\n"]
)
def test_a_handshake_with_content_is_refused(hosted: Hosted, content: bytes) -> None:
    """A WebSocket handshake with content is refused with a 400.

    hypercorn's own class refuses it, too, unless the app accepts before the content comes.
    """
    assert hosted.all(HANDSHAKE[:-2] + content).startswith(b"HTTP/1.1 400 ")


@pytest.mark.parametrize("offered", [b"foo/2, websocket", b"WebSocket", b"foo/2\r\nupgrade: websocket"])
def test_a_websocket_is_accepted_out_of_several_offers(hosted: Hosted, offered: bytes) -> None:
    with hosted.connect(HANDSHAKE.replace(b"websocket", offered, 1)) as client:
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 101 ")


def test_an_app_that_has_denied_a_websocket_learns_of_its_end(hosted: Hosted, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that has denied a WebSocket receives its disconnect at once.

    It has nothing left to accept.
    """
    monkeypatch.setattr(protocol, "UNDECIDED", 1 << 30)
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/denies")) as client:
        assert until(client, b"\r\n\r\n").startswith(b"HTTP/1.1 403 ")
    wait_for(lambda: hosted.app.learnt == ["websocket.disconnect"])


HEEDS_NOTHING = [
    HANDSHAKE.replace(b"/chat", b"/heeds-nothing"),
    b"POST /heeds-nothing HTTP/1.1\r\nHost: a\r\ncontent-length: 9\r\n\r\nsome",
]


@pytest.mark.parametrize("request_", HEEDS_NOTHING, ids=["websocket", "content"])
def test_an_app_that_does_not_heed_its_end_leaves_turns_to_others(hosted: Hosted, request_: bytes) -> None:
    """An app that goes on receiving after its disconnect leaves turns to others."""
    with hosted.connect(request_) as client:
        if b"Upgrade" in request_:
            until(client, b"\r\n\r\n")
    for _ in range(3):
        assert hosted.all(LAST).endswith(b"GET /last ")
        threading.Event().wait(0.1)
    hosted.app.may_go_on.set()


def test_a_websocket_that_is_pushed_to_may_be_closed(hosted: Hosted) -> None:
    """A client may close a WebSocket while its app sends messages without a pause.

    hypercorn drops what the app sends from then on, and nothing waits.
    """
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/flood")) as client:
        until(client, b"\r\n\r\n")
        client.sendall(b"\x88\x82" + bytes(4) + b"\x03\xe8")
        reader = threading.Thread(target=lambda: rest_of(client))
        reader.start()
        for _ in range(3):
            assert hosted.all(LAST).endswith(b"GET /last ")
            threading.Event().wait(0.1)
        reader.join(WAIT)
    wait_for(lambda: hosted.app.learnt == ["OSError"])


def test_messages_that_have_come_are_received_after_a_write_has_failed(hosted: Hosted) -> None:
    """An app receives the messages that were read before a reset, then a disconnect.

    Its queue is full when a write fails, and further messages wait for room.
    """
    with hosted.connect(HANDSHAKE.replace(b"/chat", b"/records")) as client:
        until(client, b"\r\n\r\n")
        client.sendall(BINARY * 40)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: hosted.app.learnt[-1:] == ["websocket.disconnect"])
    assert len(hosted.app.learnt) in {1, 41}  # a reset may come before the frames are read


def test_a_response_is_whole_to_a_client_that_half_closes_behind_a_large_request(hosted: Hosted) -> None:
    large = GET.replace(b"GET / ", b"POST /last ")[:-2] + b"content-length: 180000\r\n\r\n" + bytes(180_000)
    with hosted.connect(GET.replace(b"/", b"/pours-slowly", 1) + large) as client:
        client.shutdown(socket.SHUT_WR)
        received = rest_of(client)
    assert received.count(b"\r\n0\r\n\r\n") == 1
    assert received.count(b"piece") == 5


PINGS = (b"\x89\x80" + bytes(4)) * 10_900


def test_a_client_that_leaves_behind_many_pings_ends_one_connection(hosted: Hosted) -> None:
    """The pongs that are dropped raise nothing in the task that reads.

    An error there would end a worker of trio.
    """
    for path in (b"/chat", b"/later"):
        for _ in range(3):
            with hosted.connect(HANDSHAKE.replace(b"/chat", path)) as client:
                if path == b"/chat":
                    until(client, b"\r\n\r\n")
                client.sendall(PINGS)
                resets(client)
    wait_for(lambda: not has_connections())
    assert hosted.all(LAST).endswith(b"GET /last ")


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_websocket_ends_with_a_message_that_is_too_large(backend: str) -> None:
    pytest.importorskip(backend)
    with Hosted(backend, websocket_max_message_size=4) as hosted:
        with hosted.connect(HANDSHAKE) as client:
            until(client, b"\r\n\r\n")
            client.sendall(BINARY)
            client.sendall(BINARY.replace(b"\x82", b"\x81"))
            assert rest_of(client).startswith(b"\x88\x02\x03\xf1")
        assert hosted.all(LAST).endswith(b"GET /last ")


def test_an_app_that_responds_hears_of_a_client_that_left_behind_requests(
    hosted: Hosted, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An app that has begun its response, and is silent, receives a disconnect."""
    monkeypatch.setattr(protocol, "LOOK_EVERY", 0.05)
    large = b"POST /last HTTP/1.1\r\nHost: a\r\ncontent-length: 200000\r\n\r\n" + bytes(200_000)
    with hosted.connect(GET.replace(b"/", b"/begins", 1) + large) as client:
        until(client, b"begun")
    wait_for(lambda: hosted.app.learnt == ["http.disconnect"])


PUSHES = {
    "websocket": HANDSHAKE.replace(b"/chat", b"/flood") + BINARY * 40,
    "content": GET.replace(b"GET /", b"POST /endless")[:-2]
    + b"transfer-encoding: chunked\r\n"
    + b"\r\n"
    + b"1\r\nx\r\n" * 40,
}


@pytest.mark.parametrize("request_", PUSHES.values(), ids=PUSHES.keys())
def test_an_app_that_receives_nothing_learns_of_its_end(hosted: Hosted, request_: bytes) -> None:
    """An app that only sends gets an OSError after a reset.

    Its queue is full, so that nothing reads from the client. The connection ends with the app.
    """
    with hosted.connect(request_) as client:
        client.recv(1000)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for(lambda: hosted.app.learnt == ["OSError"])
    wait_for(lambda: not has_connections())


def test_a_queue_of_no_size_passes_content_on(anyio_backend: str) -> None:
    post = b"POST /p HTTP/1.1\r\nHost: a\r\nconnection: close\r\ncontent-length: 5\r\n\r\nhello"
    with Hosted(anyio_backend, max_app_queue_size=0) as hosted:
        assert hosted.all(post).endswith(b"POST /p hello")
