"""Tests of `switchover.aio`: a client, and both ends over several transports.

They run under asyncio and trio.
"""

from __future__ import annotations

import math
import os
import shutil
import socket
import ssl
import subprocess
import sys
from contextlib import suppress
from typing import Any

import anyio
import pytest
import trustme
from anyio.abc import ByteStream, SocketAttribute
from anyio.streams.buffered import BufferedByteStream
from anyio.streams.stapled import StapledObjectStream
from anyio.streams.tls import TLSStream
from streams import (
    GET,
    HOST,
    OFFER,
    SHORT,
    SWITCH,
    WAIT,
    answered,
    closed,
    contexts,
    cuts,
    echo,
    listening,
    rest_of,
    served,
    until,
)
from switchover import (
    Connection,
    ErrorKind,
    Informational,
    LocalProtocolError,
    Protocol,
    RemoteProtocolError,
    Role,
    Why,
)
from switchover._aio.wire import Wire
from switchover._reset import resets
from switchover.aio import (
    Declined,
    Exchange,
    SwitchedStream,
    Timeouts,
    connect_upgrade,
    resume,
    serve_connection,
)

pytestmark = pytest.mark.anyio


# A client.


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_leftover_comes_first(size: int) -> None:
    async with answered(*cuts(SWITCH + b"hello", size)) as stream:
        switched = await connect_upgrade(stream, "/foo", HOST, ["foo/2", "bar"])
        assert await switched.receive_exactly(5) == b"hello"
        await switched.send(b"more")
        assert await switched.receive_exactly(4) == b"MORE"
        assert switched.protocols == (Protocol("foo/2"),)
        assert switched.switched.response is not None
        assert switched.switched.response.status == 101
        assert switched.connection.agreed == (Protocol("foo/2"),)


async def test_the_leftover_may_be_taken_in_pieces() -> None:
    async with answered(SWITCH + b"hello") as stream:
        switched = await connect_upgrade(stream, "/foo", HOST, ["foo/2"])
        assert [await switched.receive(2), await switched.receive(2), await switched.receive(2)] == [b"he", b"ll", b"o"]


async def test_a_half_close() -> None:
    async with answered(SWITCH) as stream:
        switched = await connect_upgrade(stream, "/foo", HOST, ["foo/2"])
        await switched.send(b"last")
        await switched.send_eof()
        assert await rest_of(switched) == b"LASTend"


async def test_extra_attributes_and_closing_are_those_of_the_transport() -> None:
    async with answered(SWITCH) as stream:
        switched = await connect_upgrade(stream, "/foo", HOST, ["foo/2"])
        assert switched.extra(SocketAttribute.remote_port) == stream.extra(SocketAttribute.remote_port)
        await switched.aclose()
        assert await closed(stream)
        with pytest.raises(anyio.ClosedResourceError):
            await switched.receive()


async def test_a_decline_has_the_whole_answer() -> None:
    answer = (
        b"HTTP/1.1 403 Forbidden\r\nA: b\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nno w\r\n2\r\nay\r\n0\r\nC: d\r\n\r\n"
    )
    async with answered(*cuts(answer, 9)) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/foo", HOST, ["foo/2"])
        declined = caught.value
        assert str(declined) == "403 Forbidden: the request was answered in HTTP/1.1 instead"
        assert (declined.why, declined.required) == (Why.DECLINED, ())
        assert (declined.answer.response.status, declined.answer.response.headers.get("a")) == (403, b"b")
        assert (declined.answer.content, list(declined.answer.trailers)) == (b"no way", [(b"C", b"d")])
        assert declined.answer.is_whole
        assert declined.answer.persists
        # The stream still belongs to the caller.
        await stream.send(b"still here")
        assert await stream.receive() == b"STILL HERE"


async def test_a_stream_carries_a_second_try() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.upgrade == "bar":
            await (await exchange.accept()).send(b"hello in bar")
        else:
            await exchange.require(["bar"])
            await exchange.send_data(b"bar, please")
            await exchange.send_end()

    async with served(handler, "bar") as peers, await peers.connect() as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        assert (caught.value.why, caught.value.answer.content) == (Why.REQUIRED, b"bar, please")
        assert caught.value.answer.persists
        switched = await connect_upgrade(stream, "/", HOST, caught.value.required)
        assert await switched.receive_exactly(12) == b"hello in bar"


@pytest.mark.parametrize(
    ("answer", "content", "is_whole"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n123456789", b"12345678", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\nConnection: close\r\n\r\n12345678", b"12345678", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n12 and more", b"12", True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n123456789", b"12345678", False),
    ],
    ids=["too long", "the last", "something after it", "endless"],
)
async def test_a_declined_stream_that_is_of_no_more_use(answer: bytes, content: bytes, is_whole: bool) -> None:
    async with answered(answer) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/", HOST, ["foo/2"], largest=8)
        told = caught.value.answer
        assert (told.content, told.is_whole, told.persists) == (content, is_whole, False)


async def test_content_until_the_server_closes() -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 404 Not Found\r\n\r\nno length")
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        assert (caught.value.answer.content, caught.value.answer.persists) == (b"no length", False)


async def test_interim_responses() -> None:
    seen: list[Informational] = []
    early = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    async with answered(early, SWITCH) as stream:
        await connect_upgrade(stream, "/", HOST, ["foo/2"], informational=seen.append)
    assert [event.status for event in seen] == [103, 102]
    async with answered(early + SWITCH + b"x") as stream:
        assert await (await connect_upgrade(stream, "/", HOST, ["foo/2"])).receive() == b"x"


POST: dict[str, Any] = {"method": "POST", "content": b"abc"}
LENGTH = {**HOST, "Content-Length": "3"}
EXPECT = {**LENGTH, "Expect": "100-continue"}


async def test_content_goes_with_the_request() -> None:
    async def handler(exchange: Exchange) -> None:
        content = await exchange.read()
        await (await exchange.accept()).send(content)

    for headers in (LENGTH, EXPECT, {**HOST, "Transfer-Encoding": "chunked"}):
        async with served(handler, "foo/2") as peers, await peers.connect() as stream:
            switched = await connect_upgrade(stream, "/", headers, ["foo/2"], **POST)
            assert await switched.receive_exactly(3) == b"abc"


async def test_content_waits_for_a_100_but_not_for_ever() -> None:
    async def behave(stream: ByteStream) -> None:
        with suppress(anyio.EndOfStream):  # of the last one
            await until(stream, b"\r\n\r\nabc")
            await stream.send(SWITCH)

    async with listening(behave) as port:
        for expect_continue in (0, 0.2):
            stream = await anyio.connect_tcp("127.0.0.1", port)
            timeouts = Timeouts(expect_continue=expect_continue)
            await (await connect_upgrade(stream, "/", EXPECT, ["foo/2"], **POST, timeouts=timeouts)).aclose()
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            with anyio.move_on_after(0.5) as scope:
                await connect_upgrade(stream, "/", EXPECT, ["foo/2"], **POST, timeouts=Timeouts(expect_continue=None))
            assert scope.cancelled_caught


async def test_content_that_is_refused_is_not_sent() -> None:
    async with answered(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n") as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/", EXPECT, ["foo/2"], **POST)
        assert not caught.value.answer.persists
        # The server sends back what it receives.
        await stream.send_eof()
        assert await rest_of(stream) == b"end"


@pytest.mark.parametrize(
    ("arguments", "refused"),
    [
        ({"headers": {}}, LocalProtocolError),
        ({"headers": {"Host": "a", "Upgrade": "foo"}}, LocalProtocolError),
        ({"headers": {"Host": "a\r\nB: c"}}, LocalProtocolError),
        ({"target": "with space"}, LocalProtocolError),
        ({"offer": ["websocket"]}, LocalProtocolError),
        ({"offer": "foo/2"}, TypeError),
        ({"offer": [1]}, TypeError),
        ({"headers": 5}, TypeError),
        ({"content": b"abc"}, LocalProtocolError),
        ({"headers": LENGTH, "content": b"ab"}, LocalProtocolError),
        ({"headers": LENGTH, "content": b"abcd"}, LocalProtocolError),
        ({"headers": LENGTH, "content": "abc"}, TypeError),
    ],
)
async def test_a_refused_request_sends_nothing_and_leaves_the_stream(
    arguments: dict[str, Any], refused: type[Exception]
) -> None:
    async with answered(rest=False) as stream:
        given: dict[str, Any] = {"target": "/", "headers": HOST, "offer": ["foo/2"], **arguments}
        with pytest.raises(refused):
            await connect_upgrade(stream, **given)
        await stream.send(GET)


async def test_what_is_no_stream_is_refused() -> None:
    with socket.socket() as plain:
        for given in (plain, None, b""):
            with pytest.raises(TypeError, match=r"expected a stream of anyio, got (socket|NoneType|bytes)"):
                await connect_upgrade(given, "/", HOST, ["foo/2"])  # type: ignore[arg-type]  # pyright: ignore
            with pytest.raises(TypeError, match="expected a stream of anyio"):
                await serve_connection(given, lambda exchange: exchange.respond(200))  # type: ignore[arg-type]  # pyright: ignore


async def test_a_closed_stream() -> None:
    async with answered() as stream:
        await stream.aclose()
        with pytest.raises(anyio.ClosedResourceError):
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        await serve_connection(stream, lambda exchange: exchange.respond(200))


async def test_a_switch_to_what_was_not_offered() -> None:
    async with answered(SWITCH.replace(b"foo/2", b"bar")) as stream:
        with pytest.raises(RemoteProtocolError) as caught:
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        assert caught.value.kind is ErrorKind.SWITCH_NOT_OFFERED
        assert await closed(stream)


@pytest.mark.parametrize(
    "pieces",
    [[], [b"HTTP/1.1 101 S"], [b"HTTP/1.1 103 E\r\n\r\n"], [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab"]],
    ids=["nothing", "half a head", "an interim response", "half an answer"],
)
async def test_a_server_that_is_too_slow(pieces: list[bytes]) -> None:
    async with answered(*pieces, rest=False) as stream:
        with pytest.raises(TimeoutError):
            await connect_upgrade(stream, "/", HOST, ["foo/2"], timeouts=SHORT)
        assert await closed(stream)


async def test_a_server_that_trickles_is_too_slow() -> None:
    async def behave(stream: ByteStream) -> None:
        with suppress(anyio.BrokenResourceError, anyio.EndOfStream):
            await stream.receive()
            await stream.send(b"HTTP/1.1 200 OK\r\n\r\n")
            while True:
                await stream.send(b"a")
                await anyio.sleep(0.05)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(TimeoutError):
            await connect_upgrade(stream, "/", HOST, ["foo/2"], timeouts=SHORT, largest=10**9)


async def test_a_server_that_does_not_read_is_given_up() -> None:
    async def behave(stream: ByteStream) -> None:
        await anyio.sleep(math.inf)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        content = bytes(64 << 20)
        headers = {**HOST, "Content-Length": str(len(content))}
        with pytest.raises(TimeoutError):
            await connect_upgrade(stream, "/", headers, ["foo/2"], method="POST", content=content, timeouts=SHORT)
        assert await closed(stream)


LONG = bytes(64 << 20)
"""More content than the system's buffers hold."""
POSTS: dict[str, Any] = {
    "target": "/",
    "headers": {**HOST, "Content-Length": str(len(LONG))},
    "offer": ["foo/2"],
    "method": "POST",
    "content": LONG,
}
EARLY = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"


@pytest.mark.parametrize("then", ["resets", "waits", "ends", "ends and resets"])
async def test_an_answer_to_content_that_is_not_read(then: str) -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        if then.startswith("ends"):
            await stream.send(EARLY.replace(b"Content-Length: 2\r\n", b""))
            await stream.send_eof()
        else:
            await stream.send(EARLY)
        await anyio.sleep(0.2 if then.endswith("resets") else math.inf)
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, **POSTS)
    assert (caught.value.answer.content, caught.value.answer.persists) == (b"no", False)


async def test_a_server_that_answers_first_may_read_all_the_same() -> None:
    got = 0

    async def behave(stream: ByteStream) -> None:
        nonlocal got
        head = await stream.receive()
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        got = len(head.partition(b"\r\n\r\n")[2])
        while got < len(LONG):
            got += len(await stream.receive())

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, **POSTS)
    assert (caught.value.answer.content, caught.value.answer.persists) == (b"ok", True)
    assert got == len(LONG)


async def test_an_answer_that_needs_the_content_is_read_while_that_is_sent() -> None:
    async def repeats(exchange: Exchange) -> None:
        await exchange.send_response(200, {"Content-Length": str(len(LONG))})
        while data := await exchange.receive():
            await exchange.send_data(data)
        await exchange.send_end()

    async with served(repeats) as peers, await peers.connect() as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, **POSTS, largest=len(LONG))
    assert (len(caught.value.answer.content), caught.value.answer.persists) == (len(LONG), True)


async def takes_slowly(stream: ByteStream, seconds: float = 0.002) -> None:
    """Reads a long request slowly for two seconds.

    The rest is then read at once, so that the response is not late on a busy machine.
    """
    got, slow_until = 0, anyio.current_time() + 2
    while got < len(LONG):
        if anyio.current_time() < slow_until:
            await anyio.sleep(seconds)
        got += len(await stream.receive())


async def test_the_time_for_a_response_begins_with_the_end_of_the_request() -> None:
    async def behave(stream: ByteStream) -> None:
        await takes_slowly(stream)
        await stream.send(SWITCH)

    short = Timeouts(response=1)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        assert (await connect_upgrade(stream, **POSTS, timeouts=short)).protocols == (Protocol("foo/2"),)


@pytest.mark.parametrize(
    "begun", [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no"]
)
async def test_an_answer_that_begins_early_may_wait_for_the_request(begun: bytes) -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive(1)
        await stream.send(begun)
        await takes_slowly(stream)
        await stream.send(b"k" if begun.endswith(b"o") else b"\r\nok")

    short = Timeouts(head=1, content=1, response=1)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, **POSTS, timeouts=short)
    assert (caught.value.answer.content, caught.value.answer.persists) == (b"ok", True)


@pytest.mark.parametrize("closes", [True, False])
async def test_an_early_answer_that_closes_is_not_kept_waiting(closes: bool) -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        lines = b"Connection: close\r\nContent-Length: 2\r\n" if closes else b""
        await stream.send(b"HTTP/1.1 200 OK\r\n%s\r\nok" % lines)
        await stream.send_eof()
        await anyio.sleep(math.inf)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with anyio.fail_after(WAIT), pytest.raises(Declined) as caught:
            await connect_upgrade(stream, **POSTS, timeouts=Timeouts(write=2 * WAIT))
    assert (caught.value.answer.content, caught.value.answer.persists) == (b"ok", False)


async def test_a_switch_before_a_request_that_is_not_taken_is_none() -> None:
    """A client accepts no switch before its whole request was sent; it times out.

    The server would parse the first bytes of the new protocol as content. RFC 9110, section 7.8.
    """

    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(SWITCH)
        await anyio.sleep(math.inf)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(TimeoutError):
            await connect_upgrade(stream, **POSTS, timeouts=SHORT)
        assert await closed(stream)


@pytest.mark.parametrize("ends", [SystemExit(3), KeyboardInterrupt(), ExceptionGroup("own", [ValueError()])])
async def test_what_is_raised_while_a_request_is_sent_is_raised_as_it_is(ends: BaseException) -> None:
    def tells(_: Informational) -> None:
        raise ends

    async with answered(b"HTTP/1.1 103 E\r\n\r\n", rest=False) as stream:
        caught: BaseException | None = None
        try:
            await connect_upgrade(stream, **POSTS, informational=tells)
        except BaseException as error:
            caught = error
    assert repr(caught) == repr(ends)  # trio makes a group anew


async def test_content_is_sent_without_a_100_however_short_the_time_for_a_response_is() -> None:
    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\nabc")
        await stream.send(SWITCH)

    timeouts = Timeouts(response=0.3, expect_continue=1)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        assert (await connect_upgrade(stream, "/", EXPECT, ["foo/2"], **POST, timeouts=timeouts)).protocols


async def test_tls_is_written_by_one_task_at_a_time() -> None:
    """Two tasks may send below TLS at once: a read may respond to a KeyUpdate.

    RFC 8446, section 4.6.3.
    """
    async with listening(takes_slowly) as port, await anyio.connect_tcp("127.0.0.1", port) as plain:
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="a")
        stream = TLSStream(plain, standard_compatible=False, _ssl_object=tls, _read_bio=incoming, _write_bio=outgoing)
        Wire(stream, Connection(Role.CLIENT), Timeouts())
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(stream.transport_stream.send, LONG[len(LONG) // 2 :])


async def test_an_answer_that_a_reset_cuts_is_not_whole() -> None:
    """A response without a length that a reset cuts raises an error.

    A send may have received the error of the reset. The system then reports EOF to a read, as after
    a FIN.
    """

    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(b"HTTP/1.1 200 OK\r\n\r\nhalf")
        resets(stream.extra(SocketAttribute.raw_socket))
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises((RemoteProtocolError, anyio.BrokenResourceError)):
            await connect_upgrade(stream, **POSTS)


async def test_a_new_protocol_that_a_reset_cuts_does_not_end_in_order() -> None:
    """After a reset, reads beyond the received bytes fail, although they get EOF.

    A socket reports its error once, and a send may have received it, as under trio.
    """

    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\n")
        await stream.send(SWITCH + b"half of it")
        await anyio.sleep(0.3)
        resets(stream.extra(SocketAttribute.raw_socket))
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        switched = await connect_upgrade(stream, "/", HOST, ["foo/2"])
        with pytest.raises(anyio.BrokenResourceError):
            await switched.send(bytes(30_000_000))
        assert await switched.receive_exactly(7) == b"half of"
        with pytest.raises(anyio.BrokenResourceError):
            await switched.receive_exactly(4)
        with pytest.raises(anyio.BrokenResourceError):
            await switched.receive_until(b".", 9)
        assert await switched.receive() == b" it"
        with pytest.raises(anyio.BrokenResourceError):
            await switched.receive()


async def test_cancelling_closes_the_stream() -> None:
    async with answered(b"HTTP/1.1 101 Switch", rest=False) as stream:
        with anyio.move_on_after(0.2) as scope:
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        assert scope.cancelled_caught
        assert await closed(stream)


@pytest.mark.parametrize("resets", [False, True])
async def test_a_server_may_go_at_any_point(resets: bool) -> None:
    answer = b"HTTP/1.1 103 E\r\n\r\nHTTP/1.1 400 Bad\r\nContent-Length: 4\r\n\r\nab"
    sent = b""

    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(sent)
        if resets:
            stream.extra(SocketAttribute.raw_socket).setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, bytes([1, *[0] * 7])
            )
        await stream.aclose()

    async with listening(behave) as port:
        for end in range(len(answer) + 1):
            sent = answer[:end] or b"H"
            stream = await anyio.connect_tcp("127.0.0.1", port)
            with pytest.raises((RemoteProtocolError, anyio.BrokenResourceError)):
                await connect_upgrade(stream, "/", HOST, ["foo/2"])
            assert await closed(stream)


# Other transports, and both ends.


@pytest.fixture(scope="module")
def authority() -> Any:
    return trustme.CA()


async def test_a_stream_of_objects() -> None:
    """Checks a server on an object stream, where no read has a maximum length.

    One object has two requests, an offer and 300,000 bytes of the new protocol.
    """
    to_server, at_server = anyio.create_memory_object_stream[bytes](math.inf)
    to_client, at_client = anyio.create_memory_object_stream[bytes](math.inf)
    client, server = StapledObjectStream(to_server, at_client), StapledObjectStream(to_client, at_server)
    long = b"x" * 300_000
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve_connection, server, echo, ["foo/2"])
        await client.send(GET * 2 + OFFER + long)
        got = b""
        with anyio.fail_after(WAIT):
            while got.count(b"X") < len(long):
                got += await client.receive()
        assert got.count(b"HTTP/1.1 200 OK") == 2
        tasks.cancel_scope.cancel()


async def test_a_tunnel_by_connect() -> None:
    async def handler(exchange: Exchange) -> None:
        if exchange.request.method == b"CONNECT" and exchange.request.target == b"b:1":
            stream = await exchange.accept()
            await stream.send(b"tunnel: " + await stream.receive_exactly(5))
        else:
            await exchange.respond(501)

    async with served(handler) as peers:
        async with await peers.connect() as stream:
            tunnel = await connect_upgrade(stream, "b:1", {"Host": "b:1"}, [], method="CONNECT")
            assert tunnel.protocols == ()
            await tunnel.send(b"hello")
            assert await rest_of(tunnel) == b"tunnel: hello"
        async with await peers.connect() as stream:
            with pytest.raises(Declined, match="501"):
                await connect_upgrade(stream, "c:1", {"Host": "c:1"}, [], method="CONNECT")


async def test_tls_from_the_start_is_secure(authority: Any) -> None:
    ours, theirs = contexts(authority)

    async def behave(stream: ByteStream) -> None:
        await serve_connection(await TLSStream.wrap(stream, server_side=True, ssl_context=ours), echo, ["foo/2"])

    async with listening(behave) as port:
        stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=theirs, tls_hostname="localhost")
        # Without TLS a server rejects this target (RFC 9110, 7.4).
        await stream.send(b"GET https://a/b HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await until(stream, b"GET https://a/b ")).startswith(b"HTTP/1.1 200 OK")
        switched = await connect_upgrade(stream, "/", HOST, ["foo/2"])
        await switched.send(b"hello")
        assert await switched.receive_exactly(5) == b"HELLO"
        with pytest.raises(NotImplementedError):
            await switched.send_eof()
        await anyio.aclose_forcefully(switched)


async def test_what_no_request_asked_for_is_no_answer_over_tls(authority: Any) -> None:
    """R9112-9.2-2: over TLS, too, a response that came before its request is an error."""
    ours, theirs = contexts(authority)

    async def behave(stream: ByteStream) -> None:
        tls = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        await until(tls, b"\r\n\r\n")
        await tls.send(b"HTTP/1.1 204 No Content\r\n\r\n")
        await anyio.sleep(0.05)
        await tls.send(b"HTTP/1.1 204 Unasked\r\n\r\n")
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await tls.receive()

    async with listening(behave) as port:
        stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=theirs, tls_hostname="localhost")
        with pytest.raises(Declined):
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
        await anyio.sleep(0.2)
        with pytest.raises(RemoteProtocolError, match="no request asked for"):
            await connect_upgrade(stream, "/", HOST, ["foo/2"])


async def test_the_last_answer_arrives_over_tls_too(authority: Any) -> None:
    ours, theirs = contexts(authority)

    async def handler(exchange: Exchange) -> None:
        await exchange.respond(403, {"Connection": "close"}, b"not here")

    async def behave(stream: ByteStream) -> None:
        await serve_connection(await TLSStream.wrap(stream, server_side=True, ssl_context=ours), handler)

    async with listening(behave) as port:
        stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=theirs, tls_hostname="localhost")
        await stream.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n" + bytes(300_000))
        assert (await until(stream, b"not here")).startswith(b"HTTP/1.1 403 ")
        await stream.aclose()


async def test_the_end_of_a_connection_shows_at_once_over_tls(authority: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for limit in ("ending.LINGER_IDLE", "lingering.LINGER_IDLE", "lingering.LINGER_MAX"):
        monkeypatch.setattr(f"switchover._aio.{limit}", 10 * WAIT)
    ours, theirs = contexts(authority)

    async def handler(exchange: Exchange) -> None:
        if exchange.upgrade is not None:
            await (await exchange.accept()).send(b"hello")
            return
        await exchange.send_response(200)
        await exchange.send_data(b"hello")
        await exchange.send_end()

    async def behave(stream: ByteStream) -> None:
        tls = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
        await serve_connection(tls, handler, ["foo/2"])

    async with listening(behave) as port:
        for request in (b"GET / HTTP/1.0\r\n\r\n", OFFER):
            stream = await anyio.connect_tcp("127.0.0.1", port, ssl_context=theirs, tls_hostname="localhost")
            await stream.send(request)
            with anyio.fail_after(WAIT):
                assert (await rest_of(stream)).endswith(b"hello")
            await stream.aclose()


async def test_what_is_no_tls_is_a_broken_stream(authority: Any) -> None:
    ours, theirs = contexts(authority)
    errors: list[Exception] = []

    async def handler(exchange: Exchange) -> None:
        try:
            await exchange.read()
        except anyio.BrokenResourceError as error:
            errors.append(error)
            raise

    async def behave(stream: ByteStream) -> None:
        await serve_connection(await TLSStream.wrap(stream, server_side=True, ssl_context=ours), handler)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        secured = await TLSStream.wrap(stream, hostname="localhost", ssl_context=theirs)
        await secured.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        await stream.send(b"no record of TLS at all")
        with suppress(anyio.BrokenResourceError):
            await rest_of(stream)
        assert isinstance(errors[0].__cause__, ssl.SSLError)


async def test_tls_by_upgrade(authority: Any) -> None:
    ours, theirs = contexts(authority)
    is_shared: list[bool] = []

    async def handler(exchange: Exchange) -> None:
        if exchange.upgrade:
            stream = await exchange.accept()
            secured = await TLSStream.wrap(stream, server_side=True, ssl_context=ours)
            exchange.resume(secured)
            # A shared transport is needed: reading TLS may have to send a response while another task writes.
            is_shared.append(secured.transport_stream is not stream)
        await exchange.respond(200, {}, b"%s %d" % (exchange.request.target, isinstance(exchange.stream, TLSStream)))

    async with served(handler, "TLS/1.2, HTTP/1.1") as peers, await peers.connect() as stream:
        switched = await connect_upgrade(stream, "/one", HOST, ["TLS/1.2", "HTTP/1.1"])
        with pytest.raises(TypeError):
            await resume(switched, None)  # type: ignore[arg-type]  # pyright: ignore
        secured = await TLSStream.wrap(switched, hostname="localhost", ssl_context=theirs)
        answer = await resume(switched, secured)
        assert (answer.response.status, answer.content, answer.persists) == (200, b"/one 1", True)
        with pytest.raises(LocalProtocolError):
            await resume(switched, secured)
        await secured.send(GET)
        assert (await until(secured, b"/ 1")).startswith(b"HTTP/1.1 200 OK")
        await secured.aclose()
    assert is_shared == [True]


async def switched_over_tls(stream: ByteStream, context: ssl.SSLContext) -> TLSStream:
    """Accepts TLS on a stream and sends a 101 over it; returns the TLS stream."""
    secured = await TLSStream.wrap(stream, server_side=True, ssl_context=context)
    await until(secured, b"\r\n\r\n")
    await secured.send(SWITCH)
    return secured


async def test_closing_over_tls_does_not_wait_for_a_peer_that_takes_nothing(authority: Any) -> None:
    """Closing a stream over TLS does not wait for a peer that reads nothing.

    TLS's closure alert would wait for the bytes that another task sends.
    """
    ours, theirs = contexts(authority)

    async def behave(stream: ByteStream) -> None:
        await switched_over_tls(stream, ours)
        await anyio.sleep_forever()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as plain:
        stream = await TLSStream.wrap(plain, hostname="localhost", ssl_context=theirs)
        switched = await connect_upgrade(stream, "/", HOST, ["foo/2"])

        async def floods() -> None:
            with suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
                while True:
                    await switched.send(LONG)

        with anyio.fail_after(30):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(floods)
                await anyio.sleep(0.5)
                with suppress(anyio.BusyResourceError):
                    await switched.aclose()


async def test_a_transport_that_leaves_tls_gives_no_more_than_it_is_asked_for(authority: Any) -> None:
    ours, theirs = contexts(authority)

    async def behave(stream: ByteStream) -> None:
        secured = await switched_over_tls(stream, ours)
        below, _ = await secured.unwrap()
        # The peer must receive the closure alert separately.
        await anyio.sleep(0.2)
        await below.send(b"x" * 100)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as plain:
        stream = await TLSStream.wrap(plain, hostname="localhost", ssl_context=theirs)
        await connect_upgrade(stream, "/", HOST, ["foo/2"])
        below, early = await stream.unwrap()
        assert early == b""
        assert isinstance(below, ByteStream)
        assert await below.receive(4) == b"xxxx"


@pytest.mark.parametrize("late", [b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n", b"\r\n", b""])
@pytest.mark.parametrize("is_first", [True, False])
async def test_what_no_one_has_asked_for_is_no_answer(
    late: bytes, is_first: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R9112-9.2-2: no request is sent after an unrequested response or a server's EOF."""
    # What has come is found on a busy machine, too.
    monkeypatch.setattr("switchover._aio.upload.LOOK", WAIT)
    heard, has_ended = b"", anyio.Event()

    async def behave(stream: ByteStream) -> None:
        nonlocal heard
        if not is_first:
            await until(stream, b"\r\n\r\n")
            await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
            await anyio.sleep(0.1)
        await stream.send(late)
        await anyio.sleep(0.1)
        await stream.send_eof()
        has_ended.set()
        with suppress(anyio.BrokenResourceError):
            heard = await rest_of(stream)

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        if not is_first:
            with pytest.raises(Declined):
                await connect_upgrade(stream, "/", HOST, ["foo/2"])
        await has_ended.wait()
        await anyio.sleep(0.1)
        with pytest.raises(RemoteProtocolError if late.strip() else anyio.BrokenResourceError):
            await connect_upgrade(stream, "/", HOST, ["foo/2"])
    assert heard == b""


async def test_a_buffer_may_hold_what_no_one_has_asked_for() -> None:
    async with answered(SWITCH, rest=False) as stream:
        buffered = BufferedByteStream(stream)
        buffered.feed_data(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        with pytest.raises(RemoteProtocolError):
            await connect_upgrade(buffered, "/", HOST, ["foo/2"])


async def test_what_tls_says_by_itself_is_not_waited_for(authority: Any) -> None:
    """A client sends its request although session tickets of TLS 1.3 are unread."""
    ours, theirs = contexts(authority)

    async def behave(stream: ByteStream) -> None:
        secured = await switched_over_tls(stream, ours)
        with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            await secured.receive()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as plain:
        stream = BufferedByteStream(await TLSStream.wrap(plain, hostname="localhost", ssl_context=theirs))
        await anyio.sleep(0.2)
        with anyio.fail_after(WAIT):
            assert (await connect_upgrade(stream, "/", HOST, ["foo/2"])).protocols


async def test_a_resumed_answer_that_does_not_come() -> None:
    for pieces in ([], [b"HTTP/1.1 103 E\r\n\r\n"], [b"no HTTP"]):
        async with answered(SWITCH.replace(b"foo/2", b"TLS/1.3"), rest=False) as stream:
            switched = await connect_upgrade(stream, "/", HOST, ["TLS/1.3"])
            to_us, above = anyio.create_memory_object_stream[bytes](10)
            secured = StapledObjectStream(to_us, above)
            for piece in pieces:
                await secured.send(piece)
            with pytest.raises((TimeoutError, RemoteProtocolError)):
                await resume(switched, secured, timeouts=SHORT)
            assert await closed(secured)


async def test_both_ends() -> None:
    async with served(echo, "foo/2") as peers, await peers.connect() as stream:
        switched = await connect_upgrade(stream, "/foo", HOST, ["bar", "foo/2"])
        assert isinstance(switched, SwitchedStream)
        big = b"hello" * 1_000_000
        async with anyio.create_task_group() as tasks:

            async def talk() -> None:
                await switched.send(big)
                await switched.send_eof()

            tasks.start_soon(talk)
            assert await rest_of(switched) == big.upper() + b"end"


# Real programs.

CURL = shutil.which("curl")


@pytest.mark.skipif(CURL is None, reason="there is no curl on this machine")
async def test_curl() -> None:
    assert CURL

    async with served(echo, "foo/2") as peers:
        url = f"http://127.0.0.1:{peers.port}/"
        command = [CURL, "-s", "-S", "-i", "-m", "20", "--noproxy", "*", url, "-d", "content", "-H"]
        expect = await anyio.run_process([*command, "Expect: 100-continue", f"{url}b"])
        assert expect.stdout.count(b"HTTP/1.1 100 Continue") == 2
        assert expect.stdout.endswith(b"POST /b content")
        declined = await anyio.run_process([*command, "Upgrade: bar", "-H", "Connection: upgrade"])
        assert declined.stdout.endswith(b"POST / content")


@pytest.mark.parametrize(
    ("version", "says"),
    [("0", "needs anyio 4.16 or later, and this is 0"), (None, "switchover.aio needs anyio: pip install")],
)
def test_without_anyio_or_with_an_old_one(version: str | None, says: str, anyio_backend: str) -> None:
    hide = (
        "import sys; sys.modules['anyio'] = None"
        if version is None
        else (f"import importlib.metadata as m; m.version = lambda name: {version!r}")
    )
    ran = subprocess.run(
        [sys.executable, "-c", f"{hide}; import switchover.aio"],
        capture_output=True,
        text=True,
        timeout=WAIT,
        check=False,
        env={**os.environ},
    )
    assert ran.returncode == 1
    assert says in ran.stderr.splitlines()[-1]
