"""Tests of `switchover.aio.serve`: responses, faulty handlers, disconnects.

Most run under asyncio and trio.
"""

from __future__ import annotations

import asyncio
import contextvars
import functools
import gc
import logging
import math
import pathlib
import select
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

import anyio
import pytest
from anyio.abc import ByteStream, SocketAttribute
from streams import (
    FOO,
    GET,
    OFFER,
    SHORT,
    WAIT,
    Peers,
    answered,
    closed,
    cuts,
    echo,
    ended,
    listening,
    rest_of,
    served,
    until,
)
from switchover import (
    Config,
    ErrorKind,
    LocalProtocolError,
    Prepared,
    Protocol,
    RemoteProtocolError,
)
from switchover._aio.lingering import linger
from switchover._reset import resets
from switchover.aio import (
    ContentTooLargeError,
    Exchange,
    Timeouts,
    serve,
    serve_connection,
)

pytestmark = pytest.mark.anyio


# A server.

VARIABLE = contextvars.ContextVar("VARIABLE", default="nobody")


async def test_a_handler_has_no_context_variables_of_the_one_before() -> None:
    """A handler sees no context variables that an earlier handler has set.

    The next request on a connection may be of another user, behind a proxy.
    """

    async def handler(exchange: Exchange) -> None:
        found = VARIABLE.get()
        VARIABLE.set("of another request")
        await anyio.sleep(0)
        assert VARIABLE.get() == "of another request"
        await exchange.respond(200, content=found.encode())

    async with served(handler) as peers:
        got = await peers.all(GET + GET, GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
    assert got.count(b"\r\n\r\nnobody") == 3, got


async def test_a_handler_is_cancelled_and_fails_in_its_own_context() -> None:
    ended: list[str] = []

    async def handler(_exchange: Exchange) -> None:
        VARIABLE.set("mine")
        try:
            await anyio.sleep_forever()
        finally:
            ended.append(VARIABLE.get())

    with anyio.move_on_after(0.2):
        async with served(handler) as peers, await peers.connect(GET):
            await anyio.sleep_forever()
    assert ended == ["mine"]


async def test_requests_on_one_connection() -> None:
    post = b"POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"
    last = GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
    for size in (1, 11, 1000):
        async with served(echo) as peers:
            got = await peers.all(*cuts(GET + post + last, size))
        assert got.count(b"HTTP/1.1 200 OK\r\n") == 3
        assert b"POST /b abc" in got
        assert got.endswith(b"GET / ")


async def test_four_thousand_requests_in_one_go() -> None:
    requests = b"".join(GET.replace(b"/", b"/%d" % number, 1) for number in range(4000))
    async with served(echo) as peers, await peers.connect() as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.send, requests)
        got = await until(stream, b"GET /3999 ")
        assert got.count(b"HTTP/1.1 200 OK\r\n") == 4000


@pytest.mark.parametrize("size", [1, 9, 1000])
async def test_a_switch_loses_nothing(size: int) -> None:
    async with served(echo, "foo/2") as peers:
        got = await peers.all(*cuts(GET + OFFER + b"hello you", size), close=True)
    assert got.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nServer: echo\r\n" in got
    assert got.endswith(b"\r\n\r\nHELLO YOUend")


@pytest.mark.parametrize(
    "offer",
    [b"Upgrade: foo\r\nConnection: Upgrade\r\n", b"Upgrade: h2c\r\nHTTP2-Settings: AA\r\nConnection: Upgrade\r\n"],
)
async def test_a_declined_offer_changes_nothing(offer: bytes) -> None:
    post = b"POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n"
    async with served(echo, "foo/2", "websocket") as peers:
        plain = await peers.all(post + b"\r\ncontent" + GET, close=True)
        assert await peers.all(post + offer + b"\r\ncontent" + GET, close=True) == plain
    assert plain.endswith(b"GET / ")


async def test_the_clients_order_counts() -> None:
    async def handler(exchange: Exchange) -> None:
        await (await exchange.accept()).send(str(exchange.upgrade).encode())

    async with served(handler, "bar", "foo/2") as peers:
        offer = OFFER.replace(b"foo/2", b"foo/2, bar")
        assert (await peers.all(offer)).endswith(b"\r\n\r\nfoo/2")


@pytest.mark.parametrize("name", ["foo/2", b"foo/2", bytearray(b"foo/2"), Protocol("foo/2")])
@pytest.mark.parametrize("kind", [list, tuple, iter])
async def test_ways_to_name_upgrades(name: Any, kind: Callable[[Any], Any]) -> None:
    seen: list[str | None] = []

    async def handler(exchange: Exchange) -> None:
        seen.append(exchange.upgrade)
        await exchange.respond(200)

    async with listening(functools.partial(serve_connection, handler=handler, upgrades=kind([name]))) as port:
        await Peers(port).all(OFFER, close=True)
    assert seen == ["foo/2"]


async def test_wrong_arguments_to_serve() -> None:
    async with answered() as stream:
        for upgrades in ("foo/2", [1], 5):
            with pytest.raises(TypeError):
                await serve_connection(stream, echo, upgrades)  # type: ignore[arg-type]  # pyright: ignore
        with pytest.raises(ValueError, match="http2_preface"):
            await serve_connection(stream, echo, config=Config(http2_preface=True))
        assert not await closed(stream)


async def test_rfc9110_9_3_6_an_answer_to_connect_is_no_tunnel(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200, (), b"hello")

    with caplog.at_level(logging.WARNING):
        head = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"
        async with served(handler) as peers, await peers.connect(head) as stream:
            assert (await rest_of(stream)).startswith(b"HTTP/1.1 501 ")
    assert [record.levelname for record in caplog.records] == ["WARNING"]


async def test_accept_without_an_offer() -> None:
    kinds: list[ErrorKind] = []

    async def handler(exchange: Exchange) -> None:
        with pytest.raises(LocalProtocolError) as caught:
            await exchange.accept()
        kinds.append(caught.value.kind)
        await exchange.respond(200)

    async with served(handler, "foo/2") as peers:
        assert (await peers.all(GET, close=True)).startswith(b"HTTP/1.1 200 OK\r\n")
    assert kinds == [ErrorKind.NOTHING_OFFERED]


@pytest.mark.parametrize("length", [7, 1_000_000])
async def test_content_before_a_switch_is_dropped_up_to_a_limit(length: int, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        await (await exchange.accept()).send(b"switched")

    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n%s\r\n" % (length, FOO)
    async with served(handler, "foo/2") as peers, await peers.connect() as stream, anyio.create_task_group() as tasks:
        tasks.start_soon(stream.send, head + bytes(length))
        got = await rest_of(stream)
        assert got.startswith(b"HTTP/1.1 101 " if length == 7 else b"HTTP/1.1 413 ")
        assert got.endswith(b"switched") == (length == 7)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


async def test_a_100_is_sent_when_content_is_read() -> None:
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n"
    async with served(echo, "foo/2") as peers:
        async with await peers.connect(head + b"\r\n") as stream:
            assert await until(stream, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send(b"abc")
            assert await until(stream, b"POST / abc")
        # A switch, too, needs the whole request.
        async with await peers.connect(head + FOO + b"\r\n") as stream:
            assert await until(stream, b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            await stream.send(b"abcdef")
            assert await until(stream, b"\r\n\r\nDEF")

    async def refuses(exchange: Exchange) -> None:
        await exchange.respond(417)

    async with served(refuses) as peers:
        assert (await peers.all(head + b"\r\n")).startswith(b"HTTP/1.1 417 ")


async def test_content_in_pieces_both_ways() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.send_informational(103, {"Link": "</a>"})
        await exchange.send_response(200)
        while data := await exchange.receive():
            await exchange.send_data(data.upper())
        await exchange.send_end(exchange.trailers)

    chunked = b"Host: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: u\r\n\r\n"
    async with served(handler) as peers:
        got = await peers.all(b"POST / HTTP/1.1\r\n" + chunked, close=True)
        assert got.startswith(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\n")
        # Where pieces of content begin has no meaning.
        assert got.endswith(b"\r\n5\r\nABCDE\r\n0\r\nT: u\r\n\r\n")


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 304)])
async def test_content_that_cannot_follow_is_left_out(method: str, status: int) -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.send_response(status)
        await exchange.send_data(b"left out")
        await exchange.send_end()

    async with served(handler) as peers:
        got = await peers.all(b"%s / HTTP/1.1\r\nHost: a\r\n\r\n" % method.encode() * 2, close=True)
    assert got.count(b"HTTP/1.1 ") == 2
    assert b"left out" not in got


async def test_content_that_is_too_large() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200, {}, await exchange.read(5))

    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n%s"
    async with served(handler) as peers:
        assert (await peers.all(post % (5, b"12345"), close=True)).endswith(b"12345")
        assert (await peers.all(post % (6, b"123456"))).startswith(b"HTTP/1.1 413 ")
    assert issubclass(ContentTooLargeError, ValueError)


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n\r\n", 400),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
        (GET[:-2] + b"A: b\r\n" * 200 + b"\r\n", 431),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 501),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
        (b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    ],
)
async def test_what_is_no_http_is_answered_and_logged(
    request_: bytes, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    async with served(echo) as peers:
        with caplog.at_level(logging.WARNING, logger="switchover.aio"):
            got = await peers.all(request_)
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nConnection: close\r\n" in got
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert "The client broke the protocol: " in record.message


async def test_the_last_answer_arrives_though_content_is_unread() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.respond(403, {"Connection": "close"}, b"not here")

    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + bytes(3_000_000)
    async with served(handler) as peers:
        for _ in range(5):
            assert (await peers.all(post)).endswith(b"not here")


# Handlers that misbehave.


async def raises(exchange: Exchange) -> None:
    raise ValueError("the handler's own")


async def raises_in_a_group(exchange: Exchange) -> None:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(raises, exchange)


async def does_not_answer(exchange: Exchange) -> None: ...


def is_no_coroutine(exchange: Exchange) -> None: ...


async def raises_another_timeout(exchange: Exchange) -> None:
    with anyio.fail_after(0):
        await anyio.sleep(1)


async def splits_a_header(exchange: Exchange) -> None:
    await exchange.respond(200, {"A": "b\r\nc: d"})


async def gives_what_is_no_content(exchange: Exchange) -> None:
    await exchange.respond(200, {}, "text")  # type: ignore[arg-type]  # pyright: ignore


@pytest.mark.parametrize(
    "handler",
    [
        raises,
        raises_in_a_group,
        is_no_coroutine,
        does_not_answer,
        raises_another_timeout,
        splits_a_header,
        gives_what_is_no_content,
    ],
)
async def test_a_handler_that_fails_is_answered_for(
    handler: Callable[[Exchange], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(handler) as peers:
        got = await peers.all(GET + GET)
    assert got.count(b"HTTP/1.1 ") == 1
    assert got.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert b"c: d" not in got
    assert [record.levelname for record in caplog.records] == ["ERROR"]


async def raises_after_the_head(exchange: Exchange) -> None:
    await exchange.send_response(200)
    await exchange.send_data(b"half")
    raise ValueError("the handler's own")


async def stops_halfway(exchange: Exchange) -> None:
    await exchange.send_response(200)
    await exchange.send_data(b"half")


async def sends_too_little(exchange: Exchange) -> None:
    await exchange.send_response(200, {"Content-Length": "9"})
    await exchange.send_data(b"half")
    await exchange.send_end()


@pytest.mark.parametrize("handler", [raises_after_the_head, stops_halfway, sends_too_little])
async def test_an_answer_that_is_cut_does_not_look_whole(
    handler: Callable[[Exchange], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(handler) as peers:
        got = await peers.all(GET + GET)
        assert got.count(b"HTTP/1.1 ") == 1
        assert b"half" in got
        assert not got.endswith(b"0\r\n\r\n")
        if handler is not sends_too_little:
            # An HTTP/1.0 response is delimited by the end of the connection: only a reset shows that it is truncated.
            for _ in range(20):
                with pytest.raises(anyio.BrokenResourceError):
                    await peers.all(b"GET / HTTP/1.0\r\n\r\n")
    assert {record.levelname for record in caplog.records} == {"ERROR"}


async def answers_twice(exchange: Exchange) -> None:
    await exchange.respond(200, {}, b"once")
    await exchange.respond(200, {}, b"twice")


async def raises_after_the_answer(exchange: Exchange) -> None:
    await exchange.respond(200, {}, b"once")
    raise ValueError("the handler's own")


@pytest.mark.parametrize("handler", [answers_twice, raises_after_the_answer])
async def test_a_handler_that_fails_after_its_answer(
    handler: Callable[[Exchange], Awaitable[None]], caplog: pytest.LogCaptureFixture
) -> None:
    async with served(handler) as peers:
        got = await peers.all(GET + GET, close=True)
    assert (got.count(b"HTTP/1.1 200"), got.count(b"once"), got.count(b"twice")) == (2, 2, 0)
    assert [record.levelname for record in caplog.records] == ["ERROR", "ERROR"]


async def test_what_an_exchange_knows() -> None:
    hello = Prepared(200, {}, b"hello")

    async def handler(exchange: Exchange) -> None:
        assert exchange.stream.extra(SocketAttribute.remote_address)[0] == "127.0.0.1"
        assert (exchange.connection.subprotocols, exchange.upgrade) == ((), None)
        assert await exchange.read() == await exchange.receive() == b""
        await exchange.respond_prepared(hello)

    async with served(handler) as peers:
        assert (await peers.all(GET, close=True)).endswith(b"hello")


async def test_what_a_switched_exchange_refuses() -> None:
    kinds: list[ErrorKind] = []

    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        for call in (exchange.accept, exchange.send_end, functools.partial(exchange.respond, 200)):
            with pytest.raises(LocalProtocolError) as caught:
                await call()
            kinds.append(caught.value.kind)
        assert await exchange.receive() == b""
        await stream.send(b"still foo")

    async with served(handler, "foo/2") as peers:
        assert (await peers.all(OFFER)).endswith(b"\r\n\r\nstill foo")
    assert kinds == [ErrorKind.SWITCHED] * 3


async def test_an_exchange_that_is_over_refuses_everything() -> None:
    kept: list[Exchange] = []

    async def handler(exchange: Exchange) -> None:
        kept.append(exchange)
        await exchange.respond(200)

    async with served(handler, "foo/2") as peers, await peers.connect(GET) as stream:
        await until(stream, b"\r\n\r\n")
        await stream.send(GET)
        await until(stream, b"\r\n\r\n")
        (over, _) = kept
        for call in (over.receive, over.read, over.accept, over.send_end):
            with pytest.raises(anyio.ClosedResourceError):
                await call()
        with pytest.raises(anyio.ClosedResourceError):
            await over.respond(200)
        with pytest.raises(anyio.ClosedResourceError):
            await over.send_data(b"x")
        with pytest.raises(anyio.ClosedResourceError):
            over.resume(stream)


async def test_what_is_sent_at_once_by_several_tasks_stays_in_order() -> None:
    pieces = [b"%d" % number * 300_000 for number in range(8)]

    async def handler(exchange: Exchange) -> None:
        await exchange.send_response(200, {"Content-Length": str(sum(map(len, pieces)))})
        async with anyio.create_task_group() as tasks:
            for piece in pieces:
                tasks.start_soon(exchange.send_data, piece)

    async with served(handler) as peers:
        content = (await peers.all(GET, close=True)).partition(b"\r\n\r\n")[2]
    assert sorted(pieces) == sorted(content[start : start + 300_000] for start in range(0, len(content), 300_000))


async def test_a_send_that_is_cancelled_breaks_the_connection() -> None:
    seen: list[type[BaseException]] = []

    async def handler(exchange: Exchange) -> None:
        with anyio.move_on_after(0.2):
            await exchange.respond(200, {}, bytes(64 << 20))
        try:
            await exchange.respond(200)
        except Exception as error:
            seen.append(type(error))

    async with served(handler) as peers, await peers.connect(GET) as stream:
        while not seen:
            await anyio.sleep(0.01)
        with suppress(anyio.BrokenResourceError):
            assert len(await rest_of(stream)) < 64 << 20
    assert seen == [LocalProtocolError]


# Clients that go away, or are slow.


async def test_a_client_may_go_at_any_point(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, logger="switchover.aio")  # records keep what they are about
    chunked = b"POST /cut HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"
    said = chunked + OFFER + b"hello"
    linger = bytes([1, *[0] * 7])

    async def slow(exchange: Exchange) -> None:
        if exchange.upgrade:
            await rest_of(await exchange.accept())
            return
        await exchange.send_response(200)
        while await exchange.receive():
            await exchange.send_data(bytes(100_000))
        await exchange.send_end()

    for handler in (echo, slow):
        before, times = len(ended), 0
        async with served(handler, "foo/2") as peers:
            for resets in (False, True):
                for end in range(len(said) + 1):
                    stream = await peers.connect(said[:end])
                    if resets:
                        stream.extra(SocketAttribute.raw_socket).setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                    await stream.aclose()
                    times += 1
            while len(ended) < before + times:
                await anyio.sleep(0.01)
    gc.collect()
    assert not [held for held in gc.get_objects() if isinstance(held, Exchange)]


async def test_what_a_handler_sees_of_a_client_that_goes(caplog: pytest.LogCaptureFixture) -> None:
    seen: list[BaseException] = []
    gone = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        try:
            if exchange.upgrade:
                stream = await exchange.accept()
                await stream.receive_exactly(5)
            elif exchange.request.method == b"POST":
                await exchange.read()
            else:
                await exchange.send_response(200)
                while True:
                    await exchange.send_data(bytes(100_000))
        except BaseException as error:
            seen.append(error)
            gone.set()
            raise

    async def go(*pieces: bytes) -> BaseException:
        nonlocal gone
        gone = anyio.Event()
        async with await peers.connect(*pieces):
            await anyio.sleep(0.01)
        await gone.wait()
        return seen[-1]

    async with served(handler, "foo/2") as peers:
        assert isinstance(await go(GET), anyio.BrokenResourceError)
        assert isinstance(await go(OFFER + b"hell"), (anyio.IncompleteRead, anyio.BrokenResourceError))
        error = await go(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab")
        assert isinstance(error, (RemoteProtocolError, anyio.BrokenResourceError))
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_a_group_in_which_the_client_went_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def send(exchange: Exchange) -> None:
        while True:
            await exchange.send_data(bytes(100_000))

    async def handler(exchange: Exchange) -> None:
        await exchange.send_response(200)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(send, exchange)
            tasks.start_soon(anyio.sleep, 0)

    before = len(ended)
    async with served(handler) as peers:
        await (await peers.connect(GET)).aclose()
        while len(ended) == before:
            await anyio.sleep(0.01)
    assert not caplog.records


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (b"", b""),
        (GET, b"HTTP/1.1 200 "),
        (b"GET / HTT", b"HTTP/1.1 408 "),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", b"HTTP/1.1 408 "),
    ],
    ids=["idle", "idle after a request", "half a head", "half the content"],
)
async def test_a_client_that_is_too_slow(said: bytes, answer: bytes) -> None:
    async with served(echo, timeouts=SHORT) as peers:
        got = await peers.all(said)
    assert got.startswith(answer)
    assert got.count(b"HTTP/1.1 ") == bool(answer)


async def test_a_client_that_trickles_is_too_slow() -> None:
    async with served(echo, timeouts=SHORT) as peers, await peers.connect() as stream:
        with suppress(anyio.BrokenResourceError):
            for _ in range(WAIT * 20):
                await stream.send(b"a")
                await anyio.sleep(0.05)
            pytest.fail("the server still listens")


async def test_the_time_of_a_handler_does_not_count() -> None:
    async def handler(exchange: Exchange) -> None:
        content = b""
        while data := await exchange.receive():
            await anyio.sleep(1.2)
            content += data
        await exchange.respond(200, {}, content)

    async with served(handler, timeouts=Timeouts(content=1)) as peers:
        got = await peers.all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", b"c", close=True)
    assert got.endswith(b"\r\n\r\nabc")


def test_a_handler_whose_task_is_cancelled_ends_its_connection_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.request.path == b"/cancelled":
            task = asyncio.current_task()
            assert task
            task.cancel()
            await anyio.sleep(1)
        await exchange.respond(200)

    async def main() -> None:
        async with (
            await anyio.create_tcp_listener(local_host="127.0.0.1") as listener,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(functools.partial(serve, listener, handler))
            port = listener.extra(SocketAttribute.local_port)
            async with await anyio.connect_tcp("127.0.0.1", port) as kept:
                await kept.send(GET)
                await until(kept, b"\r\n\r\n")
                async with await anyio.connect_tcp("127.0.0.1", port) as other:
                    await other.send(GET.replace(b" / ", b" /cancelled "))
                    with suppress(anyio.BrokenResourceError):
                        assert await rest_of(other) == b""
                await kept.send(GET)
                assert (await until(kept, b"\r\n\r\n")).startswith(b"HTTP/1.1 200 ")
            tasks.cancel_scope.cancel()

    asyncio.run(main())
    assert [record.getMessage() for record in caplog.records] == ["A handler's task was cancelled"]


async def test_content_in_bursts_keeps_the_time_that_it_has_earned() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200, content=str(len(await exchange.read())).encode())

    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000\r\n\r\n"
    async with served(handler, timeouts=Timeouts(content=0.2)) as peers, await peers.connect(head) as peer:
        for _ in range(2):
            await peer.send(b"x" * 1000)
            await anyio.sleep(0.6)
        assert (await until(peer, b"2000")).startswith(b"HTTP/1.1 200 ")


async def test_a_receive_that_is_cancelled_does_not_renew_the_time() -> None:
    async def handler(exchange: Exchange) -> None:
        while True:
            with anyio.move_on_after(0.1):
                await exchange.receive()

    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx"
    async with served(handler, timeouts=Timeouts(content=0.5)) as peers, await peers.connect(head) as peer:
        with anyio.fail_after(5):
            assert (await rest_of(peer)).startswith(b"HTTP/1.1 408 ")


async def test_a_peer_that_reads_in_steps_keeps_the_time_that_it_has_earned() -> None:
    class Steps(ByteStream):
        """A stream that accepts three pieces at once, then one in a quarter of a second."""

        sends = 0

        async def receive(self, max_bytes: int = 65_536) -> bytes:
            if self.sends == 0:
                return GET
            raise anyio.EndOfStream

        async def send(self, item: bytes) -> None:
            self.sends += 1
            if self.sends > 3:
                await anyio.sleep(0.25)

        async def send_eof(self) -> None: ...

        async def aclose(self) -> None: ...

    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200, content=b"x" * 200_000)
        whole.set()

    whole = anyio.Event()
    await serve_connection(Steps(), handler, timeouts=Timeouts(write=0.1))
    assert whole.is_set()


async def test_a_client_that_does_not_read_is_given_up() -> None:
    errors: list[type[Exception]] = []

    async def handler(exchange: Exchange) -> None:
        try:
            await exchange.respond(200, {}, bytes(64 << 20))
        except Exception as error:
            errors.append(type(error))
            raise

    before = len(ended)
    async with served(handler, timeouts=SHORT) as peers, await peers.connect(GET):
        while len(ended) == before:
            await anyio.sleep(0.01)
    assert errors == [TimeoutError]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have small buffers of their own")
async def test_a_client_that_takes_little_over_a_unix_socket_is_not_given_up(tmp_path: pathlib.Path) -> None:
    """A client that reads slowly counts as one that reads.

    The system accepts more bytes only when the client has read nearly all that it holds.
    """

    async def large(exchange: Exchange) -> None:
        await exchange.respond(200, {}, bytes(300_000))

    async def once(stream: ByteStream) -> None:
        await serve_connection(stream, large, timeouts=Timeouts(write=0.6))
        tasks.cancel_scope.cancel()

    got = 0
    async with await anyio.create_unix_listener(tmp_path / "socket") as listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, once)
        async with await anyio.connect_unix(tmp_path / "socket") as stream:
            await stream.send(GET)
            while got < 300_000:
                got += len(await stream.receive(4096))
                await anyio.sleep(0.02)
    assert got > 300_000


@pytest.mark.parametrize("late", [False, True])
def test_clients_that_reset_at_once_leave_others_alone_on_uvloop(late: bool, caplog: pytest.LogCaptureFixture) -> None:
    """Clients that reset at once disturb no others on uvloop.

    The transport of such a client has no socket.
    """
    pytest.importorskip("uvloop")

    async def looks_first(stream: ByteStream) -> None:
        with suppress(AttributeError):  # it may have reset before
            stream.extra(SocketAttribute.remote_address, None)
        await anyio.sleep(0.05)
        await serve_connection(stream, echo)

    async def main() -> None:
        listener: Any = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(SocketAttribute.local_port)
        async with listener, anyio.create_task_group() as tasks:
            if late:
                tasks.start_soon(listener.serve, looks_first)
            else:
                tasks.start_soon(serve, listener, echo)
            for _ in range(50):
                with socket.create_connection(("127.0.0.1", port)) as client:
                    await anyio.sleep(0.02 if late else 0)
                    resets(client)
                await anyio.sleep(0)
            assert (await Peers(port).all(GET, close=True)).startswith(b"HTTP/1.1 200 ")
            tasks.cancel_scope.cancel()

    anyio.run(main, backend_options={"use_uvloop": True})
    assert not caplog.records


async def sleeps(exchange: Exchange) -> None:
    await anyio.sleep(WAIT)


async def speaks_without_end(exchange: Exchange) -> None:
    await exchange.send_response(200)
    while True:
        await exchange.send_data(b"x" * 10_000)


async def answers(exchange: Exchange) -> None:
    await exchange.respond(200, {}, b"x" * 1000)


async def echoes(exchange: Exchange) -> None:
    stream = await exchange.accept()
    async for data in stream:
        await stream.send(data)


POST = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("handler", "first", "more"),
    [
        (sleeps, POST, b"4000\r\n%b\r\n" % bytes(0x4000)),
        (speaks_without_end, POST, b"4000\r\n%b\r\n" % bytes(0x4000)),
        (answers, GET, GET * 1000),
        (echoes, OFFER, bytes(0x4000)),
    ],
)
async def test_a_client_that_speaks_first_is_read_no_further_than_the_handler_is(
    handler: Callable[[Exchange], Awaitable[object]], first: bytes, more: bytes
) -> None:
    """A server reads no further from a client than its handler does.

    The client sends as soon as it has connected, and reads nothing. The system's buffers hold most
    of its bytes, some megabytes.
    """
    async with served(handler, "foo/2") as peers:
        with socket.create_connection(("127.0.0.1", peers.port)) as peer:
            peer.sendall(first)
            peer.setblocking(False)
            sent, refused = 0, 0
            while refused < 20 and sent < 50_000_000:
                try:
                    sent += peer.send(more)
                    refused = 0
                except BlockingIOError:
                    refused += 1
                    await anyio.sleep(0.02)
                await anyio.sleep(0)
        assert sent < 20_000_000


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
async def test_a_handler_that_sends_nothing_without_end_lets_others_go_on(method: bytes) -> None:
    async def endless(exchange: Exchange) -> None:
        if exchange.request.target == b"/":
            await exchange.send_response(204 if method == b"GET" else 200)
            while True:
                await exchange.send_data(b"x")
        await exchange.respond(200)

    async with served(endless) as peers, await peers.connect(GET.replace(b"GET", method)):
        assert (await peers.all(GET.replace(b"/", b"/b", 1), close=True)).startswith(b"HTTP/1.1 200 ")


async def endless(exchange: Exchange, heard: anyio.Event) -> None:
    """Sends a HEAD's content, which is discarded; sets `heard` if the client has left."""
    await exchange.send_response(200)
    try:
        while True:
            await exchange.send_data(b"x" * 1024)
    except anyio.BrokenResourceError:
        heard.set()
        raise


@pytest.mark.parametrize("leaves", ["aclose", "send_eof"])
async def test_a_handler_that_sends_nothing_without_end_hears_of_its_clients_end(leaves: str) -> None:
    ended = anyio.Event()

    async with (
        served(functools.partial(endless, heard=ended)) as peers,
        await peers.connect(GET.replace(b"GET", b"HEAD")) as client,
    ):
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")
        await getattr(client, leaves)()
        with anyio.fail_after(WAIT):
            await ended.wait()
            if leaves == "send_eof":
                with pytest.raises(anyio.EndOfStream):
                    await client.receive()


async def test_a_handler_that_hears_of_its_clients_end_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    heard = anyio.Event()
    before = len(ended)
    async with (
        served(functools.partial(endless, heard=heard)) as peers,
        await peers.connect(GET.replace(b"GET", b"HEAD")) as client,
    ):
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")
        await client.aclose()
        while len(ended) == before:
            await anyio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize(("method", "leaves"), [(b"HEAD", "aclose"), (b"HEAD", "send_eof"), (b"GET", "aclose")])
async def test_what_a_handler_does_after_its_client_has_left_is_not_logged(
    method: bytes, leaves: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A handler's failures after its client has left are not logged.

    Two tasks of the handler fail at once, and it ends its response nevertheless.
    """

    async def without_end(exchange: Exchange) -> None:
        while True:
            await exchange.send_data(b"x" * 1024)

    async def stubborn(exchange: Exchange) -> None:
        await exchange.send_response(200)
        try:
            async with anyio.create_task_group() as tasks:
                for _ in range(2):
                    tasks.start_soon(without_end, exchange)
        finally:
            await exchange.send_end()

    before = len(ended)
    async with served(stubborn) as peers, await peers.connect(GET.replace(b"GET", method)) as client:
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")
        await getattr(client, leaves)()
        while len(ended) == before:
            await anyio.sleep(0.01)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("listens", [False, True])
@pytest.mark.parametrize("leaves", ["aclose", "send_eof"])
async def test_empty_content_does_not_hide_that_its_client_has_left(leaves: str, listens: bool) -> None:
    """A handler that sends only empty content fails once its client has left.

    Another task of the handler, which waits in `gone`, may have got the end first.
    """
    ended = anyio.Event()

    async def hears(exchange: Exchange) -> None:
        with suppress(Exception):
            await exchange.gone()

    async def silent(exchange: Exchange) -> None:
        await exchange.send_response(200)
        try:
            async with anyio.create_task_group() as tasks:
                if listens:
                    tasks.start_soon(hears, exchange)
                while True:
                    await anyio.sleep(0.05)
                    await exchange.send_data(b"")
        finally:
            ended.set()

    async with served(silent, timeouts=Timeouts(write=0.2)) as peers, await peers.connect(GET) as client:
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")
        if leaves == "aclose":
            resets(client.extra(SocketAttribute.raw_socket))
        await getattr(client, leaves)()
        with anyio.fail_after(WAIT):
            await ended.wait()


async def test_it_hears_of_an_end_before_which_requests_wait() -> None:
    ended = anyio.Event()

    async with (
        served(functools.partial(endless, heard=ended)) as peers,
        await peers.connect(GET.replace(b"GET", b"HEAD")) as client,
    ):
        assert (await client.receive()).startswith(b"HTTP/1.1 200 ")
        with anyio.move_on_after(1):
            await client.send(GET * 40_000)
        # A FIN would be queued behind the requests; a reset is not.
        resets(client.extra(SocketAttribute.raw_socket))
        await anyio.aclose_forcefully(client)
        with anyio.fail_after(WAIT):
            await ended.wait()


async def test_a_transport_that_cannot_end_its_direction_any_more_lingers() -> None:
    """A lingering close reads to the end although `send_eof` raises TypeError.

    The TLS stream of anyio does so once its session has ended.
    """
    heard: list[bytes] = []

    class Ended:
        async def send_eof(self) -> None:
            raise TypeError("expected string or bytes-like object, got 'NoneType'")

        async def receive(self) -> bytes:
            heard.append(b"x")
            if len(heard) > 2:
                raise anyio.EndOfStream
            return b"x"

    stream: Any = Ended()
    await linger(stream)
    assert len(heard) == 3


async def test_a_handler_may_hear_that_its_client_has_gone() -> None:
    seen: list[str] = []

    async def handler(exchange: Exchange) -> None:
        await exchange.read()
        async with anyio.create_task_group() as tasks:

            async def leave() -> None:
                await exchange.gone()
                seen.append("gone")
                tasks.cancel_scope.cancel()

            tasks.start_soon(leave)
            if exchange.request.target == b"/quick":
                await exchange.respond(200)
                tasks.cancel_scope.cancel()
            await anyio.sleep(WAIT)
        seen.append("end")

    quick = GET.replace(b"/", b"/quick", 1)
    async with served(handler) as peers:
        # Bytes read meanwhile belong to the next request.
        async with await peers.connect(quick) as stream:
            assert await until(stream, b"\r\n\r\n")
            await stream.send(quick[:10])
            await anyio.sleep(0.05)
            await stream.send(quick[10:] + quick)
            assert await until(stream, b"\r\n\r\n") + await until(stream, b"\r\n\r\n")
        while seen != ["end"] * 3:
            await anyio.sleep(0.01)
        seen.clear()
        # A client that disconnects, at once or later.
        for seconds in (0, 0.1):
            stream = await peers.connect(GET)
            await anyio.sleep(seconds)
            await stream.aclose()
            while seen != ["gone", "end"]:
                await anyio.sleep(0.01)
            seen.clear()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")
@pytest.mark.parametrize("said", [GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), GET * 6_000])
async def test_a_handler_hears_the_end_that_the_engine_does_not_read(said: bytes) -> None:
    """`gone` returns at a client's end up to which the engine does not read.

    The end comes after the last response, or behind more requests than the engine holds. Those
    still fit into the buffers of the system; behind a full one no end is seen.
    """
    heard = anyio.Event()

    async def handler(exchange: Exchange) -> None:
        await exchange.respond(200)
        with anyio.fail_after(WAIT):
            await exchange.gone()
        heard.set()

    async with served(handler) as peers:
        stream = await peers.connect(said)
        assert await until(stream, b"\r\n\r\n")
        assert not heard.is_set()
        await stream.aclose()
        with anyio.fail_after(WAIT):
            await heard.wait()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it")
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
async def test_a_handler_ends_if_its_last_response_meets_a_reset(method: bytes) -> None:
    """A handler ends if its last response meets a reset of the client.

    asyncio then closes the socket, and the write raises no error.
    """
    may_respond, ends = anyio.Event(), anyio.Event()

    async def handler(exchange: Exchange) -> None:
        await may_respond.wait()
        try:
            if method == b"GET":
                await exchange.respond(200)
                await anyio.sleep(0.05)
                await exchange.gone()
                return
            await exchange.send_response(200)
            await anyio.sleep(0.05)
            while True:
                await exchange.send_data(bytes(65536))
        finally:
            ends.set()

    async with served(handler) as peers:
        stream = await peers.connect(method + b" / HTTP/1.0\r\n\r\n")
        raw = stream.extra(anyio.abc.SocketAttribute.raw_socket)
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        await anyio.sleep(0.05)
        await stream.aclose()
        await anyio.sleep(0.05)
        may_respond.set()
        with anyio.fail_after(WAIT):
            await ends.wait()


async def test_the_new_protocol_gets_its_first_bytes_beside_gone() -> None:
    """The new protocol gets its first bytes although another task waits in `gone`."""
    ends: list[str] = []

    async def handler(exchange: Exchange) -> None:
        async def watch() -> None:
            await exchange.gone()
            ends.append("gone")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch)
            await anyio.wait_all_tasks_blocked()
            stream = await exchange.accept()
            assert await stream.receive_exactly(5) == b"hello"
            await stream.send(b"heard")
            tasks.cancel_scope.cancel()
        ends.append("returned")

    async with served(handler, "foo/2") as peers:
        stream = await peers.connect(OFFER)
        assert (await until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 101 ")
        await stream.send(b"hello")
        assert await until(stream, b"heard")
        while not ends:
            await anyio.sleep(0.01)
    assert ends == ["returned"]


async def test_gone_ends_with_its_handler(caplog: pytest.LogCaptureFixture) -> None:
    """`gone` returns once its handler has ended, and the next request is served.

    A task that outlives the handler has called it.
    """
    ends: list[bytes] = []

    async with anyio.create_task_group() as others:

        async def handler(exchange: Exchange) -> None:
            async def watch() -> None:
                await exchange.gone()
                ends.append(exchange.request.target)

            others.start_soon(watch)
            await anyio.wait_all_tasks_blocked()
            await exchange.respond(200, content=b"whole")

        async with served(handler) as peers:
            stream = await peers.connect(GET)
            assert await until(stream, b"whole")
            await stream.send(GET.replace(b"/", b"/2", 1))
            assert await until(stream, b"whole")
            with anyio.fail_after(WAIT):
                while ends != [b"/", b"/2"]:
                    await anyio.sleep(0.01)
    assert not caplog.records


async def test_bytes_after_the_last_response_do_not_break_it() -> None:
    """Bytes after the last request do not cut the response that is being sent.

    Meanwhile a task of the handler waits in `gone`.
    """
    large = bytes(8 << 20)

    async def handler(exchange: Exchange) -> None:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(exchange.gone)
            await anyio.sleep(0.05)
            await exchange.respond(200, content=large)
            tasks.cancel_scope.cancel()

    async with served(handler) as peers:
        stream = await peers.connect(GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = await stream.receive()
        await stream.send(b"\r\n" + GET)
        await anyio.sleep(0.05)
        with suppress(anyio.EndOfStream):
            while True:
                received += await stream.receive()
        assert received.partition(b"\r\n\r\n")[2] == large


@pytest.mark.parametrize(("said", "answer"), [(b"", b""), (b"G", b"HTTP/1.1 408 "), (GET + b"\r\n", b"HTTP/1.1 200 ")])
async def test_an_idle_client_is_left_and_half_a_head_is_answered(said: bytes, answer: bytes) -> None:
    async with served(echo, timeouts=SHORT) as peers:
        got = await peers.all(said)
        assert got.startswith(answer)
        assert got.count(b"HTTP/1.1 ") == (1 if answer else 0)


async def test_a_head_earns_no_time_by_its_bytes() -> None:
    async with (
        served(echo, timeouts=Timeouts(request=5, head=0.5)) as peers,
        await peers.connect(b"GET / HTTP/1.1\r\nA: ") as stream,
        anyio.create_task_group() as tasks,
    ):

        async def trickle() -> None:
            with suppress(anyio.BrokenResourceError):
                while True:
                    await stream.send(b"x" * 100)
                    await anyio.sleep(0.02)

        tasks.start_soon(trickle)
        assert (await until(stream, b"\r\n\r\n")).startswith(b"HTTP/1.1 408 ")
        tasks.cancel_scope.cancel()


async def test_an_unforeseen_error_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    class Strange(ByteStream):
        async def receive(self, max_bytes: int = 65536) -> bytes:
            raise RuntimeError("of the transport's own")

        async def send(self, item: bytes) -> None:
            raise NotImplementedError

        async def send_eof(self) -> None:
            raise NotImplementedError

        async def aclose(self) -> None:
            pass

    await serve_connection(Strange(), echo)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "of the transport's own" in caplog.text


async def test_a_client_feels_that_its_content_is_not_read() -> None:
    async def handler(exchange: Exchange) -> None:
        await exchange.receive()
        await anyio.sleep(math.inf)

    async with served(handler) as peers:
        stream = await peers.connect(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n")
        sent = 0
        for _ in range(1000):
            with anyio.move_on_after(1) as scope:
                await stream.send(bytes(1 << 20))
                sent += 1
            if scope.cancelled_caught:
                break
        assert sent < 100
        await stream.aclose()


async def test_cancelling_a_server_closes_its_streams() -> None:
    streams: list[ByteStream] = []

    async def behave(stream: ByteStream) -> None:
        streams.append(stream)
        await serve_connection(stream, echo, ["foo/2"])

    async with listening(behave) as port:
        peers = [await Peers(port).connect(said) for said in (b"", b"GET", GET, OFFER)]
        for peer in peers[2:]:
            await peer.receive()
        while len(streams) < 4:
            await anyio.sleep(0.01)
    for stream in streams:
        assert await closed(stream)
    for peer in peers:
        await peer.aclose()


async def test_a_client_that_has_ended_its_direction_is_answered() -> None:
    async with served(echo) as peers:
        assert (await peers.all(GET, close=True)).endswith(b"GET / ")


OUT_OF_DESCRIPTORS = """
import os, resource, sys
import anyio
from anyio.abc import SocketAttribute
from switchover.aio import serve

async def main() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    print(listener.extra(SocketAttribute.local_port), flush=True)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + 4, 4096))
    await serve(listener, lambda exchange: exchange.respond(200, {}, b"hello"))

anyio.run(main, backend=sys.argv[1])
"""


def test_a_server_outlives_that_there_are_no_descriptors(anyio_backend_name: str) -> None:
    command = [sys.executable, "-c", OUT_OF_DESCRIPTORS, anyio_backend_name]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as server:
        try:
            assert server.stdout
            assert server.stderr
            address = ("127.0.0.1", int(server.stdout.readline()))
            waiting = [socket.create_connection(address, timeout=WAIT) for _ in range(20)]
            assert select.select([server.stderr], [], [], WAIT)[0]
            assert b"No connection can be accepted" in server.stderr.readline()
            for peer in waiting:
                peer.close()
            with socket.create_connection(address, timeout=WAIT) as peer:
                peer.sendall(GET)
                assert peer.recv(65536).endswith(b"hello")
        finally:
            server.terminate()


async def test_a_server_whose_listener_is_closed_ends_with_its_last_connection() -> None:
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    has_ended = anyio.Event()

    async def server() -> None:
        await serve(listener, echo)
        has_ended.set()

    with anyio.fail_after(WAIT):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(server)
            peers = Peers(listener.extra(SocketAttribute.local_port))
            async with await peers.connect(GET) as stream:
                await until(stream, b"GET / ")
                await listener.aclose()
                await stream.send(GET)
                await until(stream, b"GET / ")
                assert not has_ended.is_set()
            await has_ended.wait()


# No error ends the other connections of `serve`.


async def ask(port: int, request: bytes = GET) -> bytes:
    async with await anyio.connect_tcp("127.0.0.1", port) as stream:
        await stream.send(request.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        return await rest_of(stream)


async def test_a_task_that_goes_on_with_a_stream_ends_it_alone(caplog: pytest.LogCaptureFixture) -> None:
    async def read(stream: ByteStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, anyio.EndOfStream, OSError):
            await stream.receive()

    async with anyio.create_task_group() as background, anyio.create_task_group() as servers:

        async def handler(exchange: Exchange) -> None:
            if exchange.upgrade is None:
                await exchange.respond(200, {}, b"ok")
            else:
                background.start_soon(read, await exchange.accept())
                await anyio.sleep(0.1)

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(SocketAttribute.local_port)
        servers.start_soon(serve, listener, handler, ["foo/2"])
        with anyio.fail_after(WAIT):
            async with await anyio.connect_tcp("127.0.0.1", port) as stream:
                await stream.send(OFFER)
                await until(stream, b"\r\n\r\n")
                with suppress(anyio.BrokenResourceError, OSError):
                    await rest_of(stream)
            assert (await ask(port)).endswith(b"ok")
        background.cancel_scope.cancel()
        servers.cancel_scope.cancel()
    assert "after its handler has returned" in caplog.text


@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_a_future_that_was_cancelled_is_the_handlers_own(caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.request.path == b"/stray":
            future = asyncio.get_running_loop().create_future()
            future.cancel()
            await future
        await exchange.respond(200, {}, b"ok")

    async with anyio.create_task_group() as servers:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(SocketAttribute.local_port)
        servers.start_soon(serve, listener, handler)
        with anyio.fail_after(WAIT):
            assert (await ask(port, GET.replace(b"/", b"/stray", 1))).startswith(b"HTTP/1.1 500 ")
            assert (await ask(port)).endswith(b"ok")
        servers.cancel_scope.cancel()
    assert "what the handler awaited was cancelled" in caplog.text


async def test_wrong_arguments_are_said_before_anything_is_served() -> None:
    listener: Any = None
    with pytest.raises(ValueError, match="http2_preface"):
        await serve(listener, echo, config=Config(http2_preface=True))
    wrong: Any = 5
    with pytest.raises(TypeError, match="expected a Timeouts"):
        await serve(listener, echo, timeouts=wrong)


async def test_a_handler_that_fails_after_a_switch_does_not_look_done() -> None:
    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        await stream.send(b"partial")
        raise ValueError("in the new protocol")

    async def read_all(client: Any) -> None:
        while True:
            await client.receive()

    async with served(handler, "foo/2") as peers, await peers.connect(OFFER) as client:
        with pytest.raises(anyio.BrokenResourceError):
            await read_all(client)


async def test_rfc9112_8_a_reset_waits_for_the_responses_before_it() -> None:
    content = bytes(range(256)) * 4000

    async def handler(exchange: Exchange) -> None:
        if exchange.request.minor_version:
            await exchange.respond(200, content=content)
        else:
            await exchange.send_response(200)
            raise ValueError("after the head")

    def late(port: int) -> bytes:
        """Returns the bytes that a client gets before the reset if it begins to read late."""
        got = b""
        with socket.socket() as raw:
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
            raw.connect(("127.0.0.1", port))
            raw.settimeout(WAIT)
            raw.sendall(GET + b"GET / HTTP/1.0\r\n\r\n")
            threading.Event().wait(0.5)
            with suppress(ConnectionResetError):
                while data := raw.recv(65536):
                    got += data
                raise AssertionError("a cut response looks whole")
        return got

    async with served(handler) as peers:
        assert content in await anyio.to_thread.run_sync(late, peers.port)


@pytest.mark.parametrize("request_", [b"GET /slow HTTP/1.0\r\n\r\n", OFFER])
async def test_a_server_that_is_cancelled_does_not_look_done(request_: bytes) -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.upgrade:
            await (await exchange.accept()).send(b"partial")
        else:
            await exchange.send_response(200)
            await exchange.send_data(b"partial")
        await anyio.sleep(WAIT)

    async def read_all(client: Any) -> None:
        while True:
            await client.receive()

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    port = listener.extra(SocketAttribute.local_port)
    async with anyio.create_task_group() as group, await anyio.connect_tcp("127.0.0.1", port) as client:
        group.start_soon(serve, listener, handler, ["foo/2"])
        await client.send(request_)
        while b"partial" not in await client.receive():
            pass
        group.cancel_scope.cancel()
        with anyio.CancelScope(shield=True), pytest.raises(anyio.BrokenResourceError), anyio.fail_after(WAIT):
            await read_all(client)


@pytest.mark.parametrize("closes", [False, True])
async def test_a_send_that_was_cut_after_a_switch_resets_the_connection(closes: bool) -> None:
    """A send that was cut after a switch resets the connection.

    The handler has cancelled the send itself, and returns without an exception.
    """

    async def handler(exchange: Exchange) -> None:
        stream = await exchange.accept()
        with anyio.move_on_after(0.3):
            while True:
                await stream.send(b"x" * 65_536)
        if closes:
            await stream.aclose()

    async with served(handler, "foo/2") as peers, await peers.connect(OFFER) as stream:
        await anyio.sleep(0.6)
        with pytest.raises(anyio.BrokenResourceError):
            await rest_of(stream)
