"""Tests of `switchover.httpcore`, and of the transports in `switchover.httpx`."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from streams import contexts

httpcore = pytest.importorskip("httpcore")
httpx = pytest.importorskip("httpx")
anyio = pytest.importorskip("anyio")
trustme = pytest.importorskip("trustme")

import switchover.httpcore  # noqa: E402
import switchover.httpx  # noqa: E402
from switchover import Why  # noqa: E402

WAIT = 30.0
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
POISON = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"
SWITCH = {"Connection": "Upgrade", "Upgrade": "foo/2, bar"}
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n"

Script = list[tuple[bytes, bytes]]
"""Pairs of the bytes that a server waits for, and those that it then sends."""


class Scripted:
    """A server in a thread, which plays one script for each connection, in order."""

    def __init__(self, *scripts: Script, stays: bool = True) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.scripts = scripts
        self.stays = stays
        self.received: list[bytes] = []
        self.thread = threading.Thread(target=self.run, daemon=True)

    def run(self) -> None:
        for number, script in enumerate(self.scripts):
            peer, _ = self.listener.accept()
            peer.settimeout(WAIT)
            self.received.append(b"")
            with peer, suppress(ConnectionError):
                for awaited, reply in script:
                    step = b""
                    while not step.endswith(awaited) and (data := peer.recv(65536)):
                        step += data
                    self.received[number] += step
                    peer.sendall(reply)
                while self.stays and (data := peer.recv(65536)):
                    self.received[number] += data

    def __enter__(self) -> Scripted:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.thread.join(WAIT)
        self.listener.close()
        assert not self.thread.is_alive()


class Client:
    """A client with a blocking or an asynchronous pool, whose methods all block."""

    def __init__(self, backend: str, **options: Any) -> None:
        self.backend = backend
        self.options = options

    def play(self, blocking: Callable[[Any], Any], asynchronous: Callable[[Any], Any]) -> Any:
        if self.backend == "blocking":
            with switchover.httpcore.ConnectionPool(**self.options) as pool:
                return blocking(pool)

        async def main() -> Any:
            async with switchover.httpcore.AsyncConnectionPool(**self.options) as pool:
                with anyio.fail_after(WAIT):
                    return await asynchronous(pool)

        return anyio.run(main, backend=self.backend)

    def requests(self, *requests: dict[str, Any], pause: float = 0.0) -> list[Any]:
        """Returns the responses to requests on one pool, or the exceptions."""

        def blocking(pool: Any) -> Any:
            for request in requests:
                try:
                    yield pool.request(**request)
                except Exception as error:
                    yield error
                time.sleep(pause)

        async def asynchronous(pool: Any) -> Any:
            responses: list[Any] = []
            for request in requests:
                try:
                    responses.append(await pool.request(**request))
                except Exception as error:
                    responses.append(error)
                await anyio.sleep(pause)
            return responses

        responses: list[Any] = self.play(lambda pool: list(blocking(pool)), asynchronous)
        return responses

    def switched(self, request: dict[str, Any], sent: bytes, size: int) -> tuple[Any, bytes]:
        """Returns a response, and at least `size` bytes received after a switch."""

        def blocking(pool: Any) -> Any:
            with pool.stream(**request) as response:
                stream, data = response.extensions["network_stream"], b""
                stream.write(sent)
                while len(data) < size:
                    data += stream.read(3, timeout=WAIT)
                return response, data

        async def asynchronous(pool: Any) -> Any:
            async with pool.stream(**request) as response:
                stream, data = response.extensions["network_stream"], b""
                await stream.write(sent)
                while len(data) < size:
                    data += await stream.read(3, timeout=WAIT)
                return response, data

        played: tuple[Any, bytes] = self.play(blocking, asynchronous)
        return played


@pytest.fixture(params=["blocking", "asyncio", "trio"])
def client(request: pytest.FixtureRequest) -> Client:
    if request.param == "trio":
        pytest.importorskip("trio")
    return Client(request.param)


def get(url: str, method: str = "GET", extensions: Any = None, **more: Any) -> dict[str, Any]:
    timeout = {"connect": WAIT, "read": WAIT, "write": WAIT}
    return {"method": method, "url": url, "extensions": {"timeout": timeout, **(extensions or {})}, **more}


def pieces(client: Client, *data: bytes) -> Iterator[bytes] | AsyncIterator[bytes]:
    """Returns an iterable of the pieces, for a request's content of unknown length."""

    async def asynchronous() -> AsyncIterator[bytes]:
        for piece in data:
            yield piece

    return iter(data) if client.backend == "blocking" else asynchronous()


def test_requests_share_a_connection(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", OK), (b"\r\n\r\n", OK), (b"0\r\n\r\n", OK)]) as server:
        post = get(server.url, "POST", content=pieces(client, b"some", b"", b"more"))
        responses = client.requests(get(server.url), get(server.url), post)
    assert [(response.status, response.content) for response in responses] == [(200, b"hello")] * 3
    assert responses[0].headers == [(b"Content-Length", b"5")]
    assert responses[0].extensions["http_version"] == b"HTTP/1.1"
    assert responses[0].extensions["reason_phrase"] == b"OK"
    assert b"4\r\nsome\r\n4\r\nmore\r\n0\r\n\r\n" in server.received[0]


@pytest.mark.parametrize("stays", [True, False])
def test_rfc9112_9_2_unasked_bytes_and_ends_are_no_response(client: Client, stays: bool) -> None:
    first = OK + (POISON if stays else b"")
    with Scripted([(b"\r\n\r\n", first)], [(b"\r\n\r\n", OK)], stays=stays) as server:
        responses = client.requests(get(server.url), get(server.url), pause=0.1)
    assert [response.content for response in responses] == [b"hello"] * 2
    assert len(server.received) == 2


def test_rfc9112_9_2_unasked_bytes_behind_a_full_read_are_no_response(client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n"
    first = head % (65_536 - len(head) - 3) + bytes(65_536 - len(head) - 3)
    assert len(first) == 65_536
    with Scripted([(b"\r\n\r\n", first + POISON)], [(b"\r\n\r\n", OK)]) as server:
        responses = client.requests(get(server.url), get(server.url), pause=0.1)
    assert responses[1].content == b"hello"


def test_rfc9112_9_2_unasked_bytes_that_uvloop_reads_ahead_are_no_response() -> None:
    """Unrequested bytes that uvloop reads ahead are no response to the next request.

    After a read that has filled its buffer, uvloop reads once more.
    """
    uvloop = pytest.importorskip("uvloop")
    content = bytes(256_000)
    large = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)]

    def serve() -> None:
        for poison in (POISON, b""):
            peer, _ = listener.accept()
            with suppress(ConnectionError), peer:
                peer.settimeout(WAIT)
                peer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 << 20)
                peer.recv(65536)
                if not poison:
                    peer.sendall(OK)
                    return
                peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(content))
                time.sleep(0.1)
                peer.sendall(content + poison)
                peer.recv(65536)

    async def ask(url: str) -> None:
        async with switchover.httpcore.AsyncConnectionPool(socket_options=large) as pool:
            async with pool.stream("GET", url) as response:
                # All has come before the loop reads on.
                time.sleep(0.3)
                assert await response.aread() == content
            await anyio.sleep(0.1)
            assert (await pool.request("GET", url)).content == b"hello"

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        uvloop.run(ask(f"http://127.0.0.1:{listener.getsockname()[1]}"))
        thread.join(WAIT)


@pytest.mark.skipif(not hasattr(socket, "TCP_CORK"), reason="no way to send two records in one segment")
def test_rfc9112_9_2_unasked_bytes_in_a_record_of_their_own_are_no_response(client: Client) -> None:
    server_context, client.options["ssl_context"] = contexts(trustme.CA())

    def serve() -> None:
        for poison in (POISON, b""):
            plain, _ = listener.accept()
            with suppress(ConnectionError), server_context.wrap_socket(plain, server_side=True) as peer:
                peer.settimeout(WAIT)
                peer.recv(65536)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
                for record in (OK, poison):
                    peer.sendall(record)
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 0)
                peer.recv(65536)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        responses = client.requests(get(url), get(url), pause=0.1)
        thread.join(WAIT)
    assert [response.content for response in responses] == [b"hello"] * 2


def test_rfc9110_7_8_a_switch_gives_the_stream_with_its_first_bytes(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", SWITCHED + b"first "), (b"hello", b"HELLO")]) as server:
        response, data = client.switched(get(server.url, headers=SWITCH), b"hello", 11)
    assert (response.status, data) == (101, b"first HELLO")
    assert [str(protocol) for protocol in response.extensions["protocols"]] == ["foo/2"]
    assert b"\r\nUpgrade: foo/2, bar\r\n" in server.received[0]
    assert server.received[0].count(b"pgrade: ") == 1
    assert server.received[0].lower().count(b"connection: ") == 1


def test_a_switched_stream_that_a_write_found_reset_has_no_clean_end(client: Client) -> None:
    """The system tells of a reset once: to the write, so the read must not return b""."""
    is_reset = threading.Event()

    def resets(listener: socket.socket) -> None:
        peer, _ = listener.accept()
        peer.recv(65536)
        peer.sendall(SWITCHED)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        is_reset.set()

    def blocking(pool: Any) -> None:
        with pool.stream(**get(url, headers=SWITCH)) as response:
            stream = response.extensions["network_stream"]
            assert is_reset.wait(WAIT)
            with pytest.raises(httpcore.WriteError):
                any(stream.write(bytes(65536), 1) for _ in range(100))
            with pytest.raises(httpcore.ReadError):
                stream.read(1, 1)

    async def fill(stream: Any) -> None:
        for _ in range(100):
            await stream.write(bytes(65536), 1)

    async def asynchronous(pool: Any) -> None:
        async with pool.stream(**get(url, headers=SWITCH)) as response:
            stream = response.extensions["network_stream"]
            assert is_reset.wait(WAIT)
            with pytest.raises(httpcore.WriteError):
                await fill(stream)
            with pytest.raises(httpcore.ReadError):
                await stream.read(1, 1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        thread = threading.Thread(target=resets, args=(listener,), daemon=True)
        thread.start()
        client.play(blocking, asynchronous)
        thread.join(WAIT)


def test_a_decline_is_a_response_and_has_a_reason(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", OK), (b"\r\n\r\n", OK)]) as server:
        response, again = client.requests(get(server.url, headers=SWITCH), get(server.url))
    assert (response.content, again.content) == (b"hello", b"hello")
    assert isinstance(response.extensions["why"], Why)
    assert "why" not in again.extensions


def test_rfc9110_15_2_2_a_101_names_what_was_offered(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", SWITCHED.replace(b"foo/2", b"other"))]) as server:
        (error,) = client.requests(get(server.url, headers=SWITCH))
    assert isinstance(error, httpcore.RemoteProtocolError)


def test_rfc9110_9_3_6_a_tunnel(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n"), (b"hello", b"HELLO")]) as server:
        request = get(server.url, "CONNECT", extensions={"target": b"a:443"}, headers={"Host": "a:443"})
        response, data = client.switched(request, b"hello", 5)
    assert (response.status, data) == (200, b"HELLO")
    assert server.received[0].startswith(b"CONNECT a:443 HTTP/1.1\r\n")


def test_rfc9110_15_2_interim_responses_are_told(client: Client) -> None:
    told: list[Any] = []

    async def later(status: int, headers: Any) -> None:
        told.append((status, headers))

    def now(status: int, headers: Any) -> None:
        told.append((status, headers))

    for callback in (now,) if client.backend == "blocking" else (now, later):
        told.clear()
        with Scripted([(b"\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n" + OK)]) as server:
            (response,) = client.requests(get(server.url, extensions={"informational": callback}))
        assert response.content == b"hello"
        assert told == [(103, [(b"Link", b"a")])]


@pytest.mark.parametrize("is_told", [True, False])
def test_rfc9110_10_1_1_content_waits_for_a_100_for_a_second(client: Client, is_told: bool) -> None:
    go_ahead = b"HTTP/1.1 100 Continue\r\n\r\n" if is_told else b""
    with Scripted([(b"\r\n\r\n", go_ahead), (b"content", OK)]) as server:
        request = get(server.url, "POST", content=b"content", headers={"Expect": "100-continue"})
        begun = time.monotonic()
        (response,) = client.requests(request)
        assert (time.monotonic() - begun >= 0.9) is not is_told
    assert response.content == b"hello"


def test_rfc9110_10_1_1_content_that_is_not_wanted_is_not_sent(client: Client) -> None:
    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 413 No\r\nContent-Length: 0\r\n\r\n")], [(b"\r\n\r\n", OK)]) as server:
        request = get(server.url, "POST", content=b"content", headers={"Expect": "100-continue"})
        responses = client.requests(request, get(server.url))
    assert [response.status for response in responses] == [413, 200]
    assert b"content" not in server.received[0]


@pytest.mark.parametrize("is_whole", [True, False])
@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"])
def test_rfc9110_10_1_1_content_is_sent_after_a_success_that_stalls(
    client: Client, close: bytes, is_whole: bool
) -> None:
    """Content is sent without a 100 if a 200 begins, but its content stalls.

    A server that streams its response may read the content without a 100.
    """
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + close + b"\r\n"
    end = b"5\r\nhello\r\n0\r\n\r\n"
    turns = [(b"\r\n\r\n", head + end)] if is_whole else [(b"\r\n\r\n", head), (b"content", end)]
    with Scripted(turns) as server:
        request = get(server.url, "POST", content=b"content", headers={"Expect": "100-continue"})
        (response,) = client.requests(request)
    assert response.content == b"hello"
    assert (b"content" in server.received[0]) is not is_whole


@pytest.mark.parametrize("status", [b"200", b"401"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_rfc9112_6_3_a_close_delimited_response_in_place_of_a_100_is_whole(
    client: Client, version: bytes, status: bytes
) -> None:
    with Scripted([(b"\r\n\r\n", b"HTTP/" + version + b" " + status + b" A\r\n\r\nhello")], stays=False) as server:
        request = get(server.url, "POST", content=b"content", headers={"Expect": "100-continue"})
        (response,) = client.requests(request)
    assert (response.status, response.content) == (int(status), b"hello")
    assert b"content" not in server.received[0]


def test_a_response_in_place_of_a_100_that_is_cut_is_an_error(client: Client) -> None:
    reply = b"HTTP/1.1 401 A\r\nContent-Length: 9\r\n\r\nhello"
    with Scripted([(b"\r\n\r\n", reply)], stays=False) as server:
        request = get(server.url, "POST", content=b"content", headers={"Expect": "100-continue"})
        (error,) = client.requests(request)
    assert isinstance(error, httpcore.RemoteProtocolError)
    assert "without sending" not in str(error)


@contextmanager
def serving(act: Callable[[socket.socket], None]) -> Generator[int]:
    """Calls `act` in a thread with the one connection that comes; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = threading.Thread(target=lambda: act(listener.accept()[0]), daemon=True)
        server.start()
        yield listener.getsockname()[1]
        server.join(WAIT)


def refusing(peer: socket.socket, *, is_cut: bool) -> None:
    """Sends a close-delimited 401 after one read, and reads nothing more.

    Unless `is_cut`, it half-closes. Unread bytes then make the close a reset.
    """
    with peer, suppress(OSError):
        peer.settimeout(WAIT)
        peer.recv(65536)
        peer.sendall(b"HTTP/1.0 401 A\r\n\r\nhello")
        peer.settimeout(0.2)
        if not is_cut and isinstance(peer, ssl.SSLSocket):
            with suppress(OSError):
                peer.unwrap()  # sends close_notify, and finds what it does not want
        if not is_cut:
            peer.shutdown(socket.SHUT_WR)
        select.select([peer], [], [], WAIT)
        time.sleep(0.2)


@pytest.mark.parametrize("is_cut", [False, True])
@pytest.mark.parametrize("is_whole", [False, True])
@pytest.mark.parametrize("form", ["blocking", "blocking, TLS", "trio"])
def test_rfc9112_6_3_a_close_delimited_response_to_an_upload_that_is_not_read(
    form: str, is_whole: bool, is_cut: bool
) -> None:
    """A close-delimited response to an upload that is not read is whole after a FIN.

    After a reset alone it is an error. Under asyncio it is one in both cases, with httpcore's own
    pool as well.
    """
    if form == "trio":
        pytest.importorskip("trio")
    client = Client(form.removesuffix(", TLS"))
    scheme, context = "http", None
    if form.endswith("TLS"):
        context, client.options["ssl_context"] = contexts(trustme.CA())
        scheme = "https"

    def refuse(peer: socket.socket) -> None:
        refusing(peer if context is None else context.wrap_socket(peer, server_side=True), is_cut=is_cut)

    content = bytes(13_000_000) if is_whole else pieces(client, *[bytes(65536)] * 200)
    with serving(refuse) as port:
        (outcome,) = client.requests(get(f"{scheme}://localhost:{port}", "POST", content=content))
    if is_cut:
        assert isinstance(outcome, httpcore.RemoteProtocolError | httpcore.ReadError)
    else:
        assert (outcome.status, outcome.content) == (401, b"hello")


@pytest.mark.parametrize("is_cut", [False, True])
def test_a_close_delimited_success_is_cut_by_a_reset_within_late_content(is_cut: bool) -> None:
    """A close-delimited 200 is an error if a reset comes without a FIN.

    The request's content awaited its 100, and began after the response had stalled.
    """

    def stall(peer: socket.socket) -> None:
        with peer:
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 A\r\n\r\nhello")
            peer.recv(1)  # the content begins
            if not is_cut:
                peer.shutdown(socket.SHUT_WR)
            time.sleep(0.2)

    expecting = {"content": bytes(20_000_000), "headers": {"Expect": "100-continue"}}
    with serving(stall) as port:
        (outcome,) = Client("blocking").requests(get(f"http://127.0.0.1:{port}", "POST", **expecting))
    if is_cut:
        assert isinstance(outcome, httpcore.RemoteProtocolError | httpcore.ReadError)
    else:
        assert outcome.content == b"hello"


def test_what_browsers_take_is_taken(client: Client) -> None:
    lines = (
        b"HTTP/1.1 200\nSet-Cookie: a=\x01\nTransfer-Encoding: chunked\nContent-Length: 9\n\n5  \r\nhello\r\n0\r\n\r\n"
    )
    with Scripted([(b"\r\n\r\n", lines)]) as server:
        (response,) = client.requests(get(server.url))
    assert response.content == b"hello"


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello", b"what?\r\n\r\n"])
def test_a_response_that_is_cut_or_none_is_an_error(client: Client, reply: bytes) -> None:
    with Scripted([(b"\r\n\r\n", reply)], stays=False) as server:
        (error,) = client.requests(get(server.url))
    assert isinstance(error, httpcore.RemoteProtocolError)
    assert (str(error) == "Server disconnected without sending a response.") is not bool(reply)


def test_a_response_that_is_not_read_ends_its_connection(client: Client) -> None:
    def blocking(pool: Any) -> Any:
        with pool.stream("GET", server.url) as response:
            (connection,) = pool.connections
            return next(iter(response.iter_stream())), connection

    async def asynchronous(pool: Any) -> Any:
        async with pool.stream("GET", server.url) as response:
            (connection,) = pool.connections
            return await anext(aiter(response.aiter_stream())), connection

    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")]) as server:
        data, connection = client.play(blocking, asynchronous)
    assert data == b"hello"
    assert connection.is_closed()


def test_a_response_that_is_closed_meanwhile_is_not_whole(client: Client) -> None:
    """A response that is closed between two reads raises ReadError at the next one.

    Another thread or task may close it.
    """

    def blocking(pool: Any) -> Any:
        with pool.stream("GET", server.url) as response:
            pieces = iter(response.iter_stream())
            assert next(pieces) == b"hello"
            response.close()
            with pytest.raises(httpcore.ReadError):
                next(pieces)

    async def asynchronous(pool: Any) -> Any:
        async with pool.stream("GET", server.url) as response:
            pieces = aiter(response.aiter_stream())
            assert await anext(pieces) == b"hello"
            await response.aclose()
            with pytest.raises(httpcore.ReadError):
                await anext(pieces)

    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello")]) as server:
        client.play(blocking, asynchronous)


def test_a_response_without_content_is_whole_when_it_is_closed() -> None:
    empty = b"HTTP/1.1 204 No Content\r\n\r\n"
    with Scripted([(b"\r\n\r\n", empty)]) as server, switchover.httpcore.ConnectionPool() as pool:
        with pool.stream("GET", server.url) as response:
            pass
        assert response.read() == b""


def test_content_is_read_once() -> None:
    pool: Any = switchover.httpcore.ConnectionPool()
    with Scripted([(b"\r\n\r\n", OK), (b"\r\n\r\n", OK)]) as server, pool, pool.stream("GET", server.url) as response:
        assert [*response.stream] == [b"hello"]
        assert [*response.stream] == []
        response.close()
        assert pool.request("GET", server.url).content == b"hello"
        assert [*response.stream] == []


def test_steps_are_traced(client: Client) -> None:
    steps: list[str] = []

    async def later(name: str, info: Any) -> None:
        steps.append(name)

    def now(name: str, info: Any) -> None:
        steps.append(name)

    with Scripted([(b"\r\n\r\n", OK)]) as server:
        client.requests(get(server.url, extensions={"trace": now if client.backend == "blocking" else later}))
    parts = (
        "connection.connect_tcp http11.send_request_headers http11.send_request_body http11.receive_response_headers"
    )
    expected = [*parts.split(), "http11.receive_response_body", "http11.response_closed"]
    assert steps == [f"{step}.{stage}" for step in expected for stage in ("started", "complete")]


def test_a_cancelled_request_closes_its_connection() -> None:
    async def main() -> None:
        async with switchover.httpcore.AsyncConnectionPool() as pool:
            with anyio.move_on_after(0.2):
                await pool.request("GET", server.url)
            assert pool.connections == []

    with Scripted([(b"\r\n\r\n", b"")]) as server:
        anyio.run(main)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
@pytest.mark.parametrize("turns", range(4))
def test_a_request_that_is_cancelled_early_leaves_its_place(backend: str, turns: int) -> None:
    async def main() -> None:
        async with switchover.httpcore.AsyncConnectionPool(max_connections=1) as pool:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(pool.request, "GET", f"http://127.0.0.1:{silent.getsockname()[1]}/")
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            response = await pool.request("GET", server.url, extensions={"timeout": {"pool": WAIT}})
            assert response.content == b"hello"

    with Scripted([(b"\r\n\r\n", OK)]) as server, socket.create_server(("127.0.0.1", 0)) as silent:
        anyio.run(main, backend=backend)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_request_that_waits_for_a_cancelled_connection_gets_another(backend: str) -> None:
    dials: list[Any] = []

    async def main() -> None:
        network: Any = httpcore.AsyncMockBackend([OK])
        connect = network.connect_tcp

        async def connect_tcp(*arguments: Any, **options: Any) -> Any:
            dials.append(arguments)
            if len(dials) == 1:
                await anyio.sleep_forever()
            return await connect(*arguments, **options)

        network.connect_tcp = connect_tcp
        async with switchover.httpcore.AsyncConnectionPool(http2=True, network_backend=network) as pool:
            async with anyio.create_task_group() as waiting, anyio.create_task_group() as dialling:
                dialling.start_soon(pool.request, "GET", "https://a/")
                await anyio.wait_all_tasks_blocked()
                waiting.start_soon(pool.request, "GET", "https://a/")
                await anyio.wait_all_tasks_blocked()
                dialling.cancel_scope.cancel()
            assert len(dials) == 2
            assert [connection.is_idle() for connection in pool.connections] == [True]

    anyio.run(main, backend=backend)


def test_threads_share_a_connection() -> None:
    contents: list[bytes] = []
    with Scripted([(b"\r\n\r\n", OK)] * 8) as server, switchover.httpcore.ConnectionPool(max_connections=1) as pool:

        def work() -> None:
            contents.append(pool.request("GET", server.url).content)

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(WAIT)
    assert contents == [b"hello"] * 8


def test_a_callback_that_waits_is_misuse_of_a_blocking_client() -> None:
    async def waits(status: int, headers: Any) -> None:
        await anyio.sleep(1)

    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 103 Early Hints\r\n\r\n" + OK)]) as server:
        (error,) = Client("blocking").requests(get(server.url, extensions={"informational": waits}))
    assert isinstance(error, RuntimeError)


# httpx.


TWICE_AND_SWITCHED: Script = [(b"\r\n\r\n", OK), (b"content", OK), (b"\r\n\r\n", SWITCHED + b"first ")]


def test_httpx_blocking() -> None:
    transport = switchover.httpx.HTTPTransport(retries=1)
    with Scripted(TWICE_AND_SWITCHED) as server, httpx.Client(transport=transport) as client:
        assert client.get(server.url).text == "hello"
        assert client.post(server.url, content=b"content").http_version == "HTTP/1.1"
        with client.stream("GET", server.url, headers=SWITCH) as response:
            assert response.extensions["network_stream"].read(100) == b"first "


def test_httpx_asynchronous(anyio_backend: str) -> None:
    async def main() -> None:
        async with httpx.AsyncClient(transport=switchover.httpx.AsyncHTTPTransport(retries=1)) as client:
            assert (await client.get(server.url)).text == "hello"
            assert (await client.post(server.url, content=b"content")).http_version == "HTTP/1.1"
            async with client.stream("GET", server.url, headers=SWITCH) as response:
                assert await response.extensions["network_stream"].read(100) == b"first "

    with Scripted(TWICE_AND_SWITCHED) as server:
        anyio.run(main, backend=anyio_backend)


def test_httpx_gives_its_own_errors() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with httpx.Client(transport=switchover.httpx.HTTPTransport(), timeout=0.1) as client:
            with pytest.raises(httpx.ReadTimeout) as caught:
                client.get(url)
            assert str(caught.value.request.url) == url
            with pytest.raises(httpx.UnsupportedProtocol):
                client.get("ftp://a/")
            with pytest.raises(httpx.LocalProtocolError):
                client.get(url, headers={"a": "b\r\nc: d"})
    with (
        httpx.Client(transport=switchover.httpx.HTTPTransport()) as client,
        pytest.raises(httpx.ConnectError),
    ):
        client.get(url)


def test_httpx_proxies() -> None:
    proxy_headers = {"X-Proxy": "yes"}
    with Scripted([(b"\r\n\r\n", OK)]) as server:
        proxy = httpx.Proxy(server.url.replace("://", "://user:word@"), headers=proxy_headers)
        with httpx.Client(transport=switchover.httpx.HTTPTransport(proxy=proxy)) as client:
            assert client.get("http://a/path").text == "hello"
    head = server.received[0]
    assert head.startswith(b"GET http://a/path HTTP/1.1\r\n")
    assert b"\r\nX-Proxy: yes\r\n" in head
    assert b"\r\nProxy-Authorization: Basic dXNlcjp3b3Jk\r\n" in head
    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")]) as server:
        transport = switchover.httpx.HTTPTransport(proxy=server.url)
        with httpx.Client(transport=transport) as client, pytest.raises(httpx.ProxyError, match="407 No"):
            client.get("https://a/path")
    assert server.received[0].startswith(b"CONNECT a:443 HTTP/1.1\r\n")


class Layer:
    """A server's TLS over a socket, or over another layer."""

    def __init__(self, below: Any, context: ssl.SSLContext) -> None:
        self.below = below
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_side=True)
        self.step(self.tls.do_handshake)

    def step(self, call: Callable[..., Any], *arguments: Any) -> Any:
        while True:
            try:
                result = call(*arguments)
                break
            except ssl.SSLWantReadError:
                self.sendall()
                piece = self.below.recv(65536)
                if not piece:
                    raise EOFError from None
                self.incoming.write(piece)
        self.sendall()
        return result

    def sendall(self, *records: bytes) -> None:
        """Sends each piece as a record of its own, all of them in one write below."""
        for record in records:
            self.tls.write(record)
        if self.outgoing.pending:
            self.below.sendall(self.outgoing.read())

    def recv(self, size: int) -> bytes:
        received: bytes = self.step(self.tls.read, size)
        return received


def test_what_no_request_asked_for_is_no_answer_in_tls_over_tls() -> None:
    """R9112-9.2-2: nor in blocking TLS over TLS, which reads on into a buffer of its own."""
    ours, theirs = contexts(trustme.CA())
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]

    def proxy() -> None:
        with suppress(OSError, EOFError):
            while True:
                tunnel = Layer(listener.accept()[0], ours)
                tunnel.recv(9999)
                tunnel.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                origin = Layer(tunnel, ours)
                origin.recv(9999)
                origin.sendall(OK, b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked")

    threading.Thread(target=proxy, daemon=True).start()
    proxied = httpcore.Proxy(f"https://localhost:{port}", ssl_context=theirs)
    with listener, switchover.httpcore.ConnectionPool(ssl_context=theirs, proxy=proxied) as pool:
        for _ in range(2):
            assert pool.request("GET", f"https://localhost:{port}/").content == b"hello"


def test_a_proxy_gets_ipv6_addresses_in_brackets() -> None:
    with (
        Scripted([(b"\r\n\r\n", OK)]) as server,
        httpx.Client(transport=switchover.httpx.HTTPTransport(proxy=server.url)) as client,
    ):
        assert client.get("http://[::1]:8080/path").text == "hello"
    assert server.received[0].startswith(b"GET http://[::1]:8080/path HTTP/1.1\r\n")
    with Scripted([(b"\r\n\r\n", b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")]) as server:
        transport = switchover.httpx.HTTPTransport(proxy=server.url)
        with httpx.Client(transport=transport) as client, pytest.raises(httpx.ProxyError, match="407 No"):
            client.get("https://[::1]/path")
    assert server.received[0].startswith(b"CONNECT [::1]:443 HTTP/1.1\r\nHost: [::1]:443\r\n")


def test_a_connection_whose_request_never_comes_is_no_more_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection counts as closed if no request comes to it within five seconds.

    A request that is cancelled before its turn leaves such a connection.
    """
    with switchover.httpcore.ConnectionPool() as pool:
        connection = pool.create_connection(httpcore.Origin(b"http", b"a", 80))
        assert not connection.is_closed()
        now = time.monotonic()
        monkeypatch.setattr("switchover._httpcore.pool.time.monotonic", lambda: now + 60)
        assert connection.is_closed()


ON_H11 = """
import sys
import switchover.h11
sys.modules["h11"] = switchover.h11
import httpx
with httpx.Client(trust_env=False) as client:
    for url in sys.argv[1:]:
        answer = client.get(url)
        print(answer.status_code, answer.text, *answer.headers.values())
"""


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        (b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello", "200 hello 5"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\n\r\nhello", "200 hello 5"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5  \r\nhello\r\n0 \r\n\r\n", "200 hello chunked"),
        (b"HTTP/1.1 200 OK\r\nSet-Cookie: a=k\x01A\r\nContent-Length: 5\r\n\r\nhello", "200 hello a=k\x01A 5"),
    ],
)
def test_httpx_on_the_h11_module_takes_what_it_takes_on_h11(reply: bytes, shown: str) -> None:
    with Scripted([(b"\r\n\r\n", reply)]) as server:
        command = [sys.executable, "-c", ON_H11, server.url]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT)
        assert told.stdout == f"{shown}\n"


def test_httpx_on_the_h11_module_leaves_a_connection_with_unasked_bytes() -> None:
    with Scripted([(b"\r\n\r\n", OK + POISON)], [(b"\r\n\r\n", OK)]) as server:
        command = [sys.executable, "-c", ON_H11, server.url, server.url]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=WAIT)
        assert told.stdout == "200 hello 5\n" * 2
