"""Tests of how a `SwitchedStream` ends, and of what TLS has read ahead.

They run under asyncio and trio.
"""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import AsyncGenerator, Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.tls import TLSStream
from streams import HOST, OFFER, SWITCH, WAIT, contexts, listening, rest_of, served, until
from switchover import RemoteProtocolError
from switchover._reset import resets
from switchover.aio import Exchange, SwitchedStream, Timeouts, connect_upgrade, request, serve, serve_connection

trustme = pytest.importorskip("trustme")
pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def secure() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Returns TLS contexts for a server, which sends no tickets, and a client."""
    ours, theirs = contexts(trustme.CA())
    ours.num_tickets = 0
    return ours, theirs


async def fails(stream: SwitchedStream) -> None:
    await stream.send(b"half of")
    raise ValueError("in the new protocol")


async def leaves_a_send(stream: SwitchedStream) -> None:
    """Closes the stream while another task sends more than the client reads."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stream.send, bytes(20_000_000))
        await anyio.sleep(0.1)
        await stream.aclose()


@pytest.mark.parametrize("ends", [fails, leaves_a_send])
async def test_a_block_that_fails_or_cuts_a_send_ends_in_a_reset(ends: Callable[[SwitchedStream], Any]) -> None:
    """A failed `async with`, or a send that `aclose` cuts, does not look complete."""

    async def handler(exchange: Exchange) -> None:
        async with await exchange.accept() as stream:
            await ends(stream)

    async with served(handler, "foo/2") as peers, await peers.connect(OFFER) as client:
        await anyio.sleep(0.3)
        with pytest.raises(anyio.BrokenResourceError):
            await rest_of(client)


async def test_a_server_that_is_cancelled_in_a_block_ends_in_a_reset() -> None:
    async def handler(exchange: Exchange) -> None:
        async with await exchange.accept() as stream:
            await stream.send(b"half of")
            await anyio.sleep_forever()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra(SocketAttribute.local_port)
    async with await anyio.connect_tcp("127.0.0.1", port) as client:
        async with listener, anyio.create_task_group() as tasks:
            tasks.start_soon(serve, listener, handler, ["foo/2"])
            await client.send(OFFER)
            await until(client, b"half of")
            tasks.cancel_scope.cancel()
        with pytest.raises(anyio.BrokenResourceError):
            await rest_of(client)


async def test_a_block_without_an_exception_ends_in_order() -> None:
    """A block that ends, or whose generator is closed, sends all and then an end."""

    async def pieces(stream: SwitchedStream) -> AsyncGenerator[None]:
        async with stream:
            await stream.send(b"whole")
            yield

    async def handler(exchange: Exchange) -> None:
        generator = pieces(await exchange.accept())
        await anext(generator)
        await generator.aclose()

    async with served(handler, "foo/2") as peers:
        assert (await peers.all(OFFER)).endswith(b"\r\n\r\nwhole")


async def test_a_send_that_a_handler_leaves_behind_is_not_cut_in_silence() -> None:
    """A handler that returns during a send of another task does not look complete."""
    async with anyio.create_task_group() as others:

        async def handler(exchange: Exchange) -> None:
            stream = await exchange.accept()

            async def left_behind() -> None:
                with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
                    await stream.send(bytes(20_000_000))

            others.start_soon(left_behind)
            await anyio.sleep(0.1)

        async with served(handler, "foo/2") as peers, await peers.connect(OFFER) as client:
            await anyio.sleep(0.3)
            with pytest.raises(anyio.BrokenResourceError):
                await rest_of(client)


async def test_a_tunnel_whose_other_side_is_reset_is_reset(caplog: pytest.LogCaptureFixture) -> None:
    """The client of a tunnel sees that the origin's response is cut.

    RFC 9110, section 9.3.6.
    """

    async def origin(stream: ByteStream) -> None:
        await stream.send(b"half of")
        await stream.receive()
        resets(stream.extra(SocketAttribute.raw_socket))
        await stream.aclose()

    async def pipe(source: ByteStream, target: ByteStream) -> None:
        async for data in source:
            await target.send(data)

    async with listening(origin) as port:

        async def handler(exchange: Exchange) -> None:
            tunnel = await exchange.accept()
            async with await anyio.connect_tcp("127.0.0.1", port) as upstream, anyio.create_task_group() as pipes:
                pipes.start_soon(pipe, tunnel, upstream)
                pipes.start_soon(pipe, upstream, tunnel)

        async with served(handler) as peers:
            client = await peers.connect(b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n")
            await until(client, b"half of")
            await client.send(b"go on")
            with pytest.raises(anyio.BrokenResourceError):
                await rest_of(client)
    assert "Exception in a handler" in caplog.text


async def test_a_client_that_leaves_a_tunnel_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        await stream.receive_exactly(100)

    async with served(handler, "foo/2") as peers:
        assert (await peers.all(OFFER + b"some", close=True)).endswith(b"\r\n\r\n")
    assert not caplog.text


async def test_a_second_record_of_tls_is_no_answer_to_the_next_request(secure: Any) -> None:
    """R9112-9.2-2: nor is a response that anyio's TLS has read, but not decrypted."""
    ours, theirs = secure

    async def behave(stream: ByteStream) -> None:
        tls: Any = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await until(tls, b"\r\n\r\n")
            # Both records leave with the flush of the second.
            tls._ssl_object.write(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\none")
            await tls.send(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nunasked")
            await tls.receive()

    async with listening(behave) as port:
        stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=theirs, tls_hostname="localhost")
        async with request(stream, "GET", "/", HOST) as response:
            assert await response.read() == b"one"
        with pytest.raises(RemoteProtocolError, match="no request asked for"):
            await request(stream, "GET", "/", HOST).__aenter__()


@pytest.mark.parametrize("strict", [True, False])
async def test_rfc9112_9_8_tls_without_its_closure_alert_cuts_a_response(secure: Any, strict: bool) -> None:
    ours, theirs = secure

    async def behave(stream: ByteStream) -> None:
        tls = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        await until(tls, b"\r\n\r\n")
        await tls.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhalf of")
        await stream.aclose()

    async with listening(behave) as port:
        plain = await anyio.connect_tcp("127.0.0.1", port)
        stream = await TLSStream.wrap(plain, hostname="localhost", ssl_context=theirs, standard_compatible=strict)
        async with request(stream, "GET", "/", HOST) as response:
            with pytest.raises((anyio.BrokenResourceError, RemoteProtocolError)):
                await response.read()
            assert not response.is_whole


async def test_closing_a_switched_stream_over_tls_does_not_wait_for_good(secure: Any) -> None:
    """A client that says nothing holds up `aclose` for a few seconds at most."""
    ours, theirs = secure
    has_closed = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        await stream.send(b"bye")
        await stream.aclose()
        has_closed.set()

    async def behave(stream: ByteStream) -> None:
        tls = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        await serve_connection(tls, handler, ["foo/2"])

    def silent(port: int, is_over: threading.Event) -> None:
        with theirs.wrap_socket(socket.create_connection(("127.0.0.1", port)), server_hostname="localhost") as client:
            client.sendall(OFFER)
            while not client.recv(65536).endswith(b"bye"):
                pass
            is_over.wait(WAIT)

    async with listening(behave) as port, anyio.create_task_group() as tasks:
        is_over = threading.Event()
        tasks.start_soon(anyio.to_thread.run_sync, silent, port, is_over)
        try:
            with anyio.fail_after(WAIT / 4):
                await has_closed.wait()
        finally:
            is_over.set()


async def test_an_answer_to_content_that_is_too_large_ends_whole() -> None:
    """A handler that answers a failed read itself may send an empty piece."""

    async def handler(exchange: Exchange) -> None:
        try:
            await exchange.read(10)
        except (ValueError, TimeoutError):
            await exchange.send_response(413)
            await exchange.send_data(b"too large")
            await exchange.send_data(b"")
            await exchange.send_end()

    async with served(handler, timeouts=Timeouts(content=0.3)) as peers:
        for sent in (bytes(20), bytes(5)):
            head = b"POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 20\r\n\r\n"
            got = await peers.all(head + sent)
            assert got.endswith(b"9\r\ntoo large\r\n0\r\n\r\n")


async def test_first_bytes_are_not_kept_by_the_event() -> None:
    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        assert stream.switched.leftover == exchange.connection.take_leftover() == b""
        await stream.send(await stream.receive_exactly(5))

    async with served(handler, "foo/2") as peers:
        assert (await peers.all(OFFER + b"early")).endswith(b"\r\n\r\nearly")


async def test_the_sending_side_of_a_cut_stream_does_not_end_in_order() -> None:
    """`send_eof` resets after a send that was cut, and raises an error beside a send."""
    raised: list[type[Exception]] = []

    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(stream.send, bytes(20_000_000))
            await anyio.sleep(0.1)
            with pytest.raises(anyio.BusyResourceError):
                await stream.send_eof()
            raised.append(anyio.BusyResourceError)
            tasks.cancel_scope.cancel()
        with pytest.raises(anyio.BrokenResourceError):
            await stream.send_eof()
        raised.append(anyio.BrokenResourceError)

    async with served(handler, "foo/2") as peers, await peers.connect(OFFER) as client:
        await anyio.sleep(0.4)
        with pytest.raises(anyio.BrokenResourceError):
            await rest_of(client)
    assert raised == [anyio.BusyResourceError, anyio.BrokenResourceError]


def late(port: int, before: bytes, after: bytes) -> tuple[bytes, bool]:
    """Returns what a client receives that reads late, and whether it ends in order."""
    received = b""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.settimeout(WAIT)
        client.sendall(before)
        threading.Event().wait(0.3)
        client.sendall(after)
        try:
            while piece := client.recv(4096):
                received += piece
        except ConnectionResetError:
            return received, False
        return received, True


@pytest.mark.parametrize("has_failed", [False, True])
async def test_a_block_ends_after_all_that_it_has_sent(has_failed: bool) -> None:
    """A client that sends on, and reads late, gets all that was sent whole."""
    content = b"y" * 300_000

    async def handler(exchange: Exchange) -> None:
        async with await exchange.accept() as stream:
            await stream.send(content)
            if has_failed:
                raise ValueError("after whole sends")

    async with served(handler, "foo/2") as peers:
        received, is_in_order = await anyio.to_thread.run_sync(late, peers.port, OFFER, b"ping")
    assert received.endswith(content)
    assert is_in_order is not has_failed


async def test_a_response_after_content_that_is_too_large_arrives_whole() -> None:
    """A handler may handle a failed read; its client's next request comes meanwhile."""
    content = b"y" * 300_000

    async def handler(exchange: Exchange) -> None:
        with suppress(ValueError):
            await exchange.read(10)
        await exchange.respond(200, content=content)

    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + bytes(100)
    last = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    async with served(handler) as peers:
        received, is_in_order = await anyio.to_thread.run_sync(late, peers.port, post, last)
    assert received.count(content) == 2
    assert is_in_order


async def test_a_response_is_whole_while_an_error_of_tls_is_handled() -> None:
    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\n")
        await stream.send(b"HTTP/1.0 200 OK\r\n\r\nwhole")
        await stream.aclose()

    async with listening(behave) as port:
        try:
            raise ssl.SSLError("an earlier handshake")
        except ssl.SSLError:
            stream = await anyio.connect_tcp("127.0.0.1", port)
            async with request(stream, "GET", "/", HOST) as response:
                assert await response.read() == b"whole"


async def test_a_new_protocol_over_tls_without_its_closure_alert_is_cut(secure: Any) -> None:
    ours, theirs = secure

    async def behave(stream: ByteStream) -> None:
        tls = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        await until(tls, b"\r\n\r\n")
        await tls.send(SWITCH + b"half of")
        await stream.aclose()

    async with listening(behave) as port:
        plain = await anyio.connect_tcp("127.0.0.1", port)
        stream = await TLSStream.wrap(plain, hostname="localhost", ssl_context=theirs, standard_compatible=False)
        switched = await connect_upgrade(stream, "/", HOST, ["foo/2"])
        assert await switched.receive_exactly(7) == b"half of"
        with pytest.raises(anyio.BrokenResourceError):
            await switched.receive()
