"""Tests of `switchover.uvicorn`: clients that read slowly or disconnect unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
import io
import pathlib
import socket
import ssl
import struct
import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
import uvicorn
from ends import OFFER
from served import GET, HANDSHAKE, WAIT, Hasty, Served, Transport, certified, played, rest_of
from switchover._reset import resets
from switchover._uvicorn import transport as transport_of
from switchover.uvicorn import Protocol
from test_uvicorn import WEBSOCKETS, refuses, wait_until_empty

POST = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 300000\r\n\r\n" + bytes(100_000)


def test_a_client_keeps_the_time_that_it_has_earned(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client keeps the time to read that acknowledged bytes have added.

    A slow client announces free space in large steps, seldom. The time kept is at most ten times
    the timeout.
    """
    taken = 0

    def counted(_raw: object) -> int:
        return taken

    class Full(Transport):
        def get_write_buffer_size(self) -> int:
            return 1_000_000

    async def main() -> None:
        nonlocal taken
        monkeypatch.setattr(transport_of, "acknowledged", counted)
        protocol, transport = await played(refuses, transport=Full())
        monkeypatch.setattr(Protocol, "timeout_write", 0.1)
        deadline = protocol.ending.writing
        protocol.pause_writing()
        taken += 500
        deadline.expire()
        protocol.resume_writing()
        assert 0.3 < deadline.left <= 0.5
        # It is kept while nothing waits, with what is acknowledged meanwhile; ten times the timeout at most.
        taken += 300
        protocol.pause_writing()
        protocol.resume_writing()
        assert 0.6 < deadline.left <= 0.8
        taken += 5_000
        protocol.pause_writing()
        protocol.resume_writing()
        assert 0.9 < deadline.left <= 1.0
        protocol.pause_writing()
        deadline.expire()
        assert transport.closed

    asyncio.run(main())


async def denies(scope: Any, receive: Any, send: Any) -> None:
    """Rejects each handshake with a response of 200 kB."""
    assert scope["type"] == "websocket"
    await receive()
    await send({"type": "websocket.http.response.start", "status": 403, "headers": [(b"content-length", b"200000")]})
    await send({"type": "websocket.http.response.body", "body": b"x" * 200_000})


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_stream_over_tls_ends_with_a_client_whose_content_is_not_read(loop: str, tmp_path: pathlib.Path) -> None:
    """A stream over TLS ends with its client, although content is unread.

    Below TLS, asyncio tells nothing of the end while reading is paused.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    ended = threading.Event()

    async def streams(scope: Any, receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                # After a thousand messages that nobody gets, `send` raises.
                await send({"type": "http.response.body", "body": b"tick", "more_body": True})
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    with served_over_tls(streams, loop, tmp_path) as (served, trusts), served.connect() as raw:
        with trusts.wrap_socket(raw, server_hostname="localhost") as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 200000\r\n\r\n" + bytes(150_000))
            assert client.recv(10)
            client.settimeout(0.2)
            client.shutdown(socket.SHUT_WR)
        assert ended.wait(WAIT)
        wait_until_empty(served)


def test_content_over_tls_is_read_whole_after_the_end_of_the_client(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An app gets all content over TLS although the client has ended its direction.

    The app begins to read two seconds later.
    """
    received = bytearray()
    ended = threading.Event()

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        try:
            await asyncio.sleep(2)
            while (message := await receive())["type"] == "http.request":
                received.extend(message["body"])
                if not message["more_body"]:
                    break
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        finally:
            ended.set()

    with served_over_tls(reads, "asyncio", tmp_path) as (served, trusts), served.connect() as raw:
        with trusts.wrap_socket(raw, server_hostname="localhost") as client:
            client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 120000\r\n\r\n" + bytes(120_000))
            client.shutdown(socket.SHUT_WR)
            assert ended.wait(WAIT)
        wait_until_empty(served)
    assert len(received) == 120_000
    assert not caplog.records


def test_an_app_may_send_on_after_a_client_has_left_over_tls(
    tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An app may send content for a HEAD after its client has closed TLS in order."""
    ended = threading.Event()
    may_go_on = threading.Event()

    async def streams(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"a piece", "more_body": True})
        while not may_go_on.is_set():
            await asyncio.sleep(0.01)
        for _ in range(20):
            await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"a piece", "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        ended.set()

    with served_over_tls(streams, "asyncio", tmp_path) as (served, trusts), served.connect() as raw:
        with trusts.wrap_socket(raw, server_hostname="localhost") as client:
            client.sendall(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert client.recv(1000)
            client.unwrap().close()
        threading.Event().wait(0.5)
        may_go_on.set()
        assert ended.wait(WAIT)
        wait_until_empty(served)
    assert not caplog.records


def test_a_lost_stream_over_tls_is_not_logged(tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture) -> None:
    """A stream over TLS to a client that has reset logs nothing in asyncio.

    A transport of TLS may not tell that the one below is lost, and asyncio logs writes from the fifth on.
    """

    async def streams(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while True:
            await send({"type": "http.response.body", "body": b"x" * 1024, "more_body": True})

    with served_over_tls(streams, "asyncio", tmp_path) as (served, trusts):
        for _ in range(5):
            connection = trusts.wrap_socket(served.connect(), server_hostname="localhost")
            connection.sendall(GET)
            for _ in range(100):
                assert connection.recv(65536)
            resets(connection)
            connection.close()
        wait_until_empty(served)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("headers", [[], [(b"content-length", b"5")]])
@pytest.mark.parametrize("comes", [True, False])
def test_empty_content_does_not_hide_that_its_client_has_left(headers: list[tuple[bytes, bytes]], comes: bool) -> None:
    """An app that sends only empty content ends a while after its client's half-close.

    Content that comes soon enough is still sent.
    """
    ended = threading.Event()

    async def silent(_scope: Any, _receive: Any, send: Any) -> None:
        try:
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            begun = time.monotonic()
            while not comes or time.monotonic() < begun + 1.5:
                await send({"type": "http.response.body", "body": b"", "more_body": True})
                await asyncio.sleep(0)
            await send({"type": "http.response.body", "body": b"hello"})
        finally:
            ended.set()

    # A class of short timeouts for the app that never sends content.
    with Served(silent, **({} if comes else {"http": Hasty})) as served:
        with served.connect(GET) as client:
            assert client.recv(100)
            client.shutdown(socket.SHUT_WR)
            if comes:
                assert b"hello" in rest_of(client)
            assert ended.wait(WAIT)
        wait_until_empty(served)


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("sent", [GET, OFFER, POST])
def test_an_app_that_waits_for_something_else_keeps_no_client_that_has_closed(loop: str, sent: bytes) -> None:
    """A closed client's connection ends although its app waits for something else.

    The system probes a half-closed client (SO_KEEPALIVE). Here the client resets the connection.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    waits, goes_on = threading.Event(), threading.Event()

    async def waiting(_scope: Any, receive: Any, send: Any) -> None:
        if sent is not POST:
            await receive()
        if sent is OFFER:
            await send({"type": "http.response.start", "status": 101, "headers": [(b"upgrade", b"foo/2")]})
        waits.set()
        while not goes_on.is_set():
            await asyncio.sleep(0.05)

    with Served(waiting, loop=loop) as served:
        connections = served.server.server_state.connections
        with served.connect(sent) as client:
            assert waits.wait(WAIT)
            client.shutdown(socket.SHUT_WR)
            [raw] = [connection.transport.get_extra_info("socket") for connection in connections]
            probed = (raw.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) for _ in range(100))
            assert any(one or threading.Event().wait(0.1) for one in probed)
            resets(client)
        assert any(threading.Event().wait(0.05) or not connections for _ in range(200)), connections
        goes_on.set()
        wait_until_empty(served)


def test_a_switched_app_that_has_ended_its_direction_gets_all_bytes_of_its_client() -> None:
    """A switched app that has half-closed still receives all bytes of its client.

    Both directions have then ended in order, and some bytes are still unread.
    """
    received: list[int] = []

    async def ends(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 101, "headers": [(b"upgrade", b"foo/2")]})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
        await asyncio.sleep(2.5)
        while (message := await receive())["type"] == "http.request" and message["more_body"]:
            received.append(len(message["body"]))

    with Served(ends) as served:
        with served.connect(OFFER) as client:
            assert rest_of(client).startswith(b"HTTP/1.1 101 ")
            client.sendall(bytes(70_000))
            threading.Event().wait(0.3)
            client.sendall(bytes(30_000))
            client.shutdown(socket.SHUT_WR)
            threading.Event().wait(2)
        wait_until_empty(served)
    assert sum(received) == 100_000


def test_a_response_that_is_read_slowly_is_sent_whole_at_a_shutdown_in_time() -> None:
    """A response that a client reads slowly is sent whole within a shutdown's time.

    The system takes it whole, as the process may end before the client has read it.
    """
    size = 1 << 20

    async def large(_scope: Any, _receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"%d" % size)]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": bytes(size)})

    with Served(large, timeout_graceful_shutdown=1) as served, served.connect(GET) as client:
        received = client.recv(1000)
        served.server.should_exit = True
        while piece := client.recv(30_000):
            received += piece
            threading.Event().wait(0.1)
        assert len(received.partition(b"\r\n\r\n")[2]) == size


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("status", [200, 101])
def test_a_stream_over_tls_ends_with_its_client(
    loop: str, reads: bool, status: int, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream over TLS ends when its client ends TLS.

    TLS then ends both directions, also for an app that waits in `send`.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    ended, waits = threading.Event(), threading.Event()

    async def streams(_scope: Any, receive: Any, send: Any) -> None:
        try:
            await receive()
            headers = [(b"upgrade", b"foo/2")] if status == 101 else []
            await send({"type": "http.response.start", "status": status, "headers": headers})
            while True:
                waits.clear()
                later = asyncio.get_running_loop().call_later(0.5, waits.set)
                await send({"type": "http.response.body", "body": bytes(65_536), "more_body": True})
                later.cancel()
                await asyncio.sleep(0.001 if reads else 0)
        finally:
            ended.set()

    with served_over_tls(streams, loop, tmp_path) as (served, trusts):
        with trusts.wrap_socket(served.connect(), server_hostname="localhost") as client:
            client.sendall(OFFER if status == 101 else GET)
            assert client.recv(100)
            assert reads or waits.wait(WAIT)
            client.settimeout(0.2)
            with contextlib.suppress(OSError):
                client.unwrap()
            assert ended.wait(WAIT)
        wait_until_empty(served)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_stream_over_tls_logs_nothing_after_an_eof_without_an_alert(
    loop: str, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A stream over TLS ends, and logs nothing, though its client stays.

    The client's EOF comes without a closure alert. A transport that flushes TLS drops and logs each write.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    ended = threading.Event()

    async def streams(_scope: Any, _receive: Any, send: Any) -> None:
        ended.clear()
        try:
            await send({"type": "http.response.start", "status": 200, "headers": []})
            while True:
                await send({"type": "http.response.body", "body": bytes(16_384), "more_body": True})
        finally:
            ended.set()

    key, certificate, trusts = certified(tmp_path)
    with Served(streams, loop=loop, http=Hasty, ssl_keyfile=key, ssl_certfile=certificate) as served:
        for _ in range(5):
            with trusts.wrap_socket(served.connect(), server_hostname="localhost") as client:
                client.sendall(GET)
                assert client.recv(100)
                socket.socket.shutdown(client, socket.SHUT_WR)
                assert ended.wait(WAIT)
        wait_until_empty(served)
    assert [record.getMessage() for record in caplog.records if record.name == "asyncio"] == []


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("status", [200, 101])
def test_an_eof_over_tls_does_not_overtake_the_bytes_before_it(loop: str, status: int, tmp_path: pathlib.Path) -> None:
    """An app that sends gets all bytes of a client that ends its direction.

    The rest and the EOF come while the app keeps the loop busy.
    """
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    begun, sent, ended = threading.Event(), threading.Event(), threading.Event()
    received: list[bytes] = []

    async def answers(_scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"upgrade", b"foo/2")] if status == 101 else []
        await send({"type": "http.response.start", "status": status, "headers": headers})
        message = {"more_body": True}
        with contextlib.suppress(OSError):
            while message.get("more_body", False):
                message = await receive()
                received.append(message.get("body", b""))
                if len(received) == 1:
                    begun.set()
                    assert sent.wait(WAIT)
                for _ in range(3):
                    await send({"type": "http.response.body", "body": b"x", "more_body": True})
        ended.set()

    with served_over_tls(answers, loop, tmp_path) as (served, trusts):
        with trusts.wrap_socket(served.connect(), server_hostname="localhost") as client:
            if status == 101:
                client.sendall(OFFER)
                assert client.recv(1000)
            else:
                client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 20\r\n\r\n")
            client.sendall(b"a" * 10)
            assert begun.wait(WAIT)
            client.sendall(b"b" * 10)
            socket.socket.shutdown(client, socket.SHUT_WR)
            sent.set()
            assert ended.wait(WAIT)
        wait_until_empty(served)
    assert b"".join(received) == b"a" * 10 + b"b" * 10


def test_an_early_answer_over_tls_reaches_a_client_that_still_sends(tmp_path: pathlib.Path) -> None:
    """An early response over TLS reaches a client that still sends.

    TLS has no half-close, so the connection stays open meanwhile.
    """

    async def refuses_all(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})

    head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 900000\r\n\r\n"
    with served_over_tls(refuses_all, "asyncio", tmp_path) as (served, trusts):
        for _ in range(10):
            with trusts.wrap_socket(served.connect(), server_hostname="localhost") as client:
                client.sendall(head)
                for _ in range(9):
                    threading.Event().wait(0.005)
                    client.sendall(bytes(100_000))
                assert client.recv(100).startswith(b"HTTP/1.1 413 ")
        wait_until_empty(served)


def test_a_file_is_not_read_for_a_client_that_has_left(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces: list[bytes] = []

    async def sends(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": str(tmp_path / "large")})

    class Counted(io.FileIO):
        def read(self, size: int | None = -1) -> bytes:
            pieces.append(super().read(size))
            return pieces[-1]

    with open(tmp_path / "large", "wb") as large:
        large.truncate(1 << 30)
    monkeypatch.setattr("switchover._uvicorn.file.open_file", Counted)
    with Served(sends) as served:
        connection = served.connect(GET)
        assert connection.recv(1000)
        resets(connection)
        connection.close()
        wait_until_empty(served)
        threading.Event().wait(0.3)
    # About what the buffers hold, and not the thousand pieces after which a `send` raises.
    assert len(pieces) < 100


def test_a_tunnel_whose_app_only_sends_ends_with_its_client() -> None:
    """The connection of a switched app that does not receive ends with its client.

    More bytes than are read ahead hide the reset.
    """

    async def waits(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": [(b"upgrade", b"foo/2")]})
        await asyncio.sleep(60)

    with Served(waits, ws="none") as served:
        connection = served.connect(OFFER)
        assert connection.recv(1000).startswith(b"HTTP/1.1 101 ")
        connection.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            while True:
                connection.send(bytes(65536))
        resets(connection)
        connection.close()
        for _ in range(500):
            if not served.server.server_state.connections:
                break
            threading.Event().wait(0.01)
        assert not served.server.server_state.connections
        for task in list(served.server.server_state.tasks):
            task.get_loop().call_soon_threadsafe(task.cancel)


def test_small_writes_leave_at_once_whatever_the_listener_knows() -> None:
    """A connection has TCP_NODELAY although its listener was made without a protocol.

    asyncio sets it only for a listener that knows its protocol.
    """
    seen: list[int] = []

    class Seen(Protocol):
        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            seen.append(transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

    async def main() -> None:
        config = uvicorn.Config(refuses, http=Seen, lifespan="off", log_config=None)
        config.load()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            assert listener.proto == 0
            server = uvicorn.Server(config)
            async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
                tasks.create_task(server.serve([listener]))
                reader, writer = await asyncio.open_connection(*listener.getsockname())
                writer.write(GET)
                assert await reader.readline()
                writer.close()
                server.should_exit = True

    asyncio.run(main())
    assert seen == [1]


@contextlib.contextmanager
def served_over_tls(app: Any, loop: str, tmp_path: pathlib.Path) -> Generator[tuple[Served, ssl.SSLContext]]:
    """Serves an app over TLS; yields the server and the context of a client."""
    key, certificate, trusts = certified(tmp_path)
    with Served(app, loop=loop, ssl_keyfile=key, ssl_certfile=certificate) as served:
        yield served, trusts


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@WEBSOCKETS
def test_a_rejected_handshake_whose_response_is_not_read_ends(ws: str, loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    with Served(denies, http=Hasty, ws=ws, loop=loop) as served, contextlib.ExitStack() as opened:
        for _ in range(3):
            connection = opened.enter_context(socket.socket())
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", served.port))
            connection.sendall(HANDSHAKE)
        wait_until_empty(served)


@pytest.mark.parametrize("end", ["fin", "reset"])
@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_app_that_has_not_accepted_hears_of_the_end_behind_many_bytes(loop: str, end: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    heard = threading.Event()

    async def waits(_scope: Any, receive: Any, _send: Any) -> None:
        await receive()
        message = await receive()
        assert message["type"] == "websocket.disconnect"
        heard.set()

    with Served(waits, ws="wsproto", loop=loop) as served:
        connection = served.connect(HANDSHAKE)
        # More than is held before the accept, so that nothing reads the end behind it.
        connection.sendall(b"x" * 100_000)
        if end == "reset":
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        assert heard.wait(30)
        wait_until_empty(served)


def test_content_that_comes_with_the_head_earns_its_time() -> None:
    async def counts(_scope: Any, receive: Any, send: Any) -> None:
        length, more = 0, True
        while more:
            message = await receive()
            length, more = length + len(message["body"]), message["more_body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": str(length).encode()})

    class Short(Hasty):
        timeout_content = 0.3

    with Served(counts, http=Short) as served:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nconnection: close\r\ncontent-length: 2000\r\n\r\n"
        with served.connect(head + b"x" * 1000) as connection:
            threading.Event().wait(0.7)
            connection.sendall(b"x" * 1000)
            assert rest_of(connection).endswith(b"2000\r\n0\r\n\r\n")


@pytest.mark.parametrize("ending", [b"zz\r\n", b""])
def test_a_silent_client_is_left_after_its_last_response(ending: bytes) -> None:
    """A silent client's connection ends after its 400 or 408.

    The app waits in `receive`, and wakes when the connection has begun to end.
    """

    class Quick(Protocol):
        timeout_content = 0.3

    async def reads(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] == "http.request":
            pass

    head = b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: chunked\r\n\r\n"
    with Served(reads, http=Quick) as served, served.connect(head) as client:
        threading.Event().wait(0.1)
        client.sendall(ending)
        assert rest_of(client).startswith(b"HTTP/1.1 400 " if ending else b"HTTP/1.1 408 ")
        wait_until_empty(served)


def test_a_refused_handshake_that_ends_the_connection_ends_it() -> None:
    """A refused handshake with `Connection: close` ends its connection.

    The handshake's content never comes.
    """
    handshake = HANDSHAKE.replace(b"Upgrade\r\n", b"Upgrade, close\r\ncontent-length: 9\r\n", 1)
    handshake = handshake.replace(b"Version: 13", b"Version: 12")
    with Served(refuses) as served, served.connect(handshake) as client:
        assert rest_of(client).startswith(b"HTTP/1.1 426 ")
        wait_until_empty(served)


def test_a_handshake_that_its_class_cannot_decode_is_no_error_of_the_app_before(
    caplog: pytest.LogCaptureFixture,
) -> None:
    outcomes: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"ok"})
        outcomes.append("goes on")

    # wsproto decodes the host as an international name.
    handshake = HANDSHAKE.replace(b"Host: a", b"Host: xn--" + b"a" * 64)
    with Served(app, ws="wsproto") as served, served.connect(GET + handshake) as client:
        with contextlib.suppress(ConnectionResetError):
            rest_of(client)
        wait_until_empty(served)
    assert outcomes == ["goes on"]
    assert [record.message for record in caplog.records] == ["Exception in a WebSocket protocol"]
