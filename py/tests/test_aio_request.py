"""Tests of `switchover.aio.request`: plain requests, long content both ways."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import suppress

import anyio
import pytest
from anyio.abc import ByteStream
from streams import HOST, SHORT, WAIT, answered, closed, echo, listening, served, until
from switchover import Informational, LocalProtocolError, RemoteProtocolError
from switchover.aio import ContentTooLargeError, Declined, Exchange, Timeouts, connect_upgrade, request

pytestmark = pytest.mark.anyio

CHUNKED = {"Host": "a", "Transfer-Encoding": "chunked"}
HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


async def mirror(exchange: Exchange) -> None:
    """Sends content back as it comes, and the trailers after it."""
    await exchange.send_response(200, {"Transfer-Encoding": "chunked"})
    while data := await exchange.receive():
        await exchange.send_data(data)
    await exchange.send_end(exchange.trailers)


async def test_requests_follow_each_other_on_one_stream() -> None:
    async with served(echo, "foo/2") as peers, await peers.connect() as stream:
        for number in range(3):
            content = b"x" * number
            headers = {"Host": "a", "Content-Length": str(number)}
            async with request(stream, "POST", f"/{number}", headers, content=content) as response:
                assert (response.head.status, response.is_whole) == (200, False)
                assert await response.read() == b"POST /%d %s" % (number, content)
            assert response.persists
        async with request(stream, "HEAD", "/", HOST) as response:
            assert await response.read() == b""
        # The same stream carries an offer, too.
        switched = await connect_upgrade(stream, "/foo", HOST, ["foo/2"])
        await switched.send(b"hello")
        assert await switched.receive() == b"HELLO"


async def test_content_goes_both_ways_at_once() -> None:
    """A request sends each piece of content after the one before has come back."""
    pieces, back = [b"a" * 10, b"b" * 300_000, b"c"], anyio.create_memory_object_stream[int](10)
    to, heard = back

    async def content() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            length = 0
            while length < len(piece):
                length += await heard.receive()

    async with served(mirror) as peers, await peers.connect() as stream:
        got = b""
        sends = request(stream, "POST", "/", CHUNKED, content=content(), trailers={"Digest": "x"})
        with anyio.fail_after(WAIT):
            async with sends as response, to, heard:
                async for data in response:
                    got += data
                    await to.send(len(data))
                assert list(response.trailers) == [(b"Digest", b"x")]
        assert got == b"".join(pieces)
        assert response.persists


async def test_the_rest_of_a_request_is_sent_after_its_response() -> None:
    got = b""

    async def behave(stream: ByteStream) -> None:
        nonlocal got
        await stream.receive()
        await stream.send(HELLO)
        while not got.endswith(b"0\r\n\r\n"):
            got += await stream.receive()

    may_go_on = anyio.Event()

    async def content() -> AsyncIterator[bytes]:
        yield b"one"
        await may_go_on.wait()
        yield b"two"

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with request(stream, "POST", "/", CHUNKED, content=content()) as response:
            assert await response.read() == b"hello"
            may_go_on.set()
        assert response.persists
    assert b"two" in got


@pytest.mark.parametrize(
    "early",
    [
        b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno",
        HELLO.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"),
    ],
    ids=["an error", "the end"],
)
async def test_an_early_response_ends_the_request(early: bytes) -> None:
    has_ended = False

    async def content() -> AsyncIterator[bytes]:
        nonlocal has_ended
        try:
            yield b"x"
            await anyio.sleep(math.inf)
        finally:
            has_ended = True

    async with answered(early, rest=False) as stream:
        with anyio.fail_after(WAIT):
            async with request(stream, "POST", "/", CHUNKED, content=content()) as response:
                assert await response.read() in (b"no", b"hello")
        assert not response.persists
        assert has_ended
        assert not await closed(stream)


async def test_content_that_the_server_no_longer_reads() -> None:
    """If a server stops reading, its response is read and the generator is closed."""
    has_ended = False

    async def content() -> AsyncIterator[bytes]:
        nonlocal has_ended
        try:
            while True:
                yield b"x" * 65_536
        finally:
            has_ended = True

    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send(HELLO)
        await anyio.sleep(0.2)
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with anyio.fail_after(WAIT):
            async with request(stream, "POST", "/", CHUNKED, content=content()) as response:
                assert await response.read() == b"hello"
        assert not response.persists
        assert has_ended


async def test_content_waits_for_a_100() -> None:
    got: list[bytes] = []

    async def behave(stream: ByteStream) -> None:
        with suppress(anyio.EndOfStream):
            got.append(await stream.receive())
            await stream.send(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            with anyio.move_on_after(0.1):  # a 103 is no 100
                got.append(await stream.receive())
                raise AssertionError
            await stream.send(b"HTTP/1.1 100 Continue\r\n\r\n")
            while not b"".join(got).endswith(b"0\r\n\r\n"):
                got.append(await stream.receive())
            await stream.send(HELLO)
            await stream.receive()

    async def content() -> AsyncIterator[bytes]:
        yield b"content"

    seen: list[int] = []

    def informational(event: Informational) -> None:
        seen.append(event.status)

    headers = {**CHUNKED, "Expect": "100-continue"}
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        sends = request(stream, "POST", "/", headers, content=content(), informational=informational)
        async with sends as response:
            assert await response.read() == b"hello"
        assert response.persists
    assert b"content" not in got[0]
    assert seen == [103, 100]


async def test_content_that_is_refused_is_not_asked_for() -> None:
    async def content() -> AsyncIterator[bytes]:
        raise AssertionError
        yield b""

    headers = {**CHUNKED, "Expect": "100-continue"}
    async with answered(b"HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n") as stream:
        async with request(stream, "POST", "/", headers, content=content()) as response:
            assert response.head.status == 417
            assert await response.read() == b""
        assert not response.persists


@pytest.mark.parametrize("close", [b"", b"Connection: close\r\n"])
@pytest.mark.parametrize("is_whole", [True, False])
async def test_content_is_sent_after_a_success_that_stalls(close: bytes, is_whole: bool) -> None:
    """Content is sent without a 100 if a 200 begins, but its content stalls.

    A server that streams its response may read the content without a 100.
    """
    heard = bytearray()
    end = b"5\r\nhello\r\n0\r\n\r\n"

    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\n")
        head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n" + close + b"\r\n"
        await stream.send(head + end if is_whole else head)
        with anyio.move_on_after(2 if is_whole else WAIT), suppress(anyio.EndOfStream):
            heard.extend(await until(stream, b"\r\n0\r\n\r\n"))
        if not is_whole:
            await stream.send(end)
            with suppress(anyio.EndOfStream):
                await stream.receive()

    async def content() -> AsyncIterator[bytes]:
        yield b"content"

    headers = {**CHUNKED, "Expect": "100-continue"}
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with request(stream, "POST", "/", headers, content=content()) as response:
            assert await response.read() == b"hello"
            if is_whole:
                await anyio.sleep(1.5)
        assert response.persists is not (is_whole or bool(close))
    assert (b"content" in heard) is not is_whole


async def test_a_reader_that_pauses_is_no_server_that_stalls() -> None:
    """A caller that reads slowly does not cause content to be sent without its 100.

    The content would meet a server that has closed, and whose reset takes the response.
    """
    whole = b"x" * 300_000
    heard = bytearray()

    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\n")
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 300000\r\nConnection: close\r\n\r\n" + whole)
        with suppress(anyio.EndOfStream):
            heard.extend(await stream.receive())

    headers = {**HOST, "Content-Length": "7", "Expect": "100-continue"}
    timeouts = Timeouts(expect_continue=0.5)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with request(stream, "POST", "/", headers, content=b"content", timeouts=timeouts) as response:
            await anyio.sleep(1.0)
            got = await response.receive()
            await anyio.sleep(1.0)
            assert got + await response.read(1 << 20) == whole
        assert not response.persists
    assert not heard


async def test_content_that_is_bytes_is_sent_after_a_success_that_stalls() -> None:
    """`connect_upgrade`, too, sends content without a 100 if a 200 begins, but stalls."""
    heard = bytearray()

    async def behave(stream: ByteStream) -> None:
        await until(stream, b"\r\n\r\n")
        await stream.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
        heard.extend(await until(stream, b"content"))
        await stream.send(b"hello")

    headers = {**HOST, "Content-Length": "7", "Expect": "100-continue"}
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(Declined) as caught:
            await connect_upgrade(stream, "/", headers, ["foo/2"], method="POST", content=b"content")
    assert caught.value.answer.content == b"hello"
    assert caught.value.answer.persists
    assert heard.endswith(b"content")


@pytest.mark.parametrize("where", ["content", "block", "cancelled", "length"])
async def test_what_is_raised_is_raised_as_it_is_and_closes_the_stream(where: str) -> None:
    async def content() -> AsyncIterator[bytes]:
        yield b"x"
        if where == "content":
            raise ZeroDivisionError
        if where == "length":
            yield b"y" * 100
        await anyio.sleep(math.inf)

    async def ask(stream: ByteStream) -> None:
        headers = {"Host": "a", "Content-Length": "10"} if where == "length" else CHUNKED
        with anyio.fail_after(0.5 if where == "cancelled" else WAIT):
            async with request(stream, "POST", "/", headers, content=content()) as response:
                if where == "block":
                    raise ZeroDivisionError
                await response.read()

    expected = {"length": LocalProtocolError, "cancelled": TimeoutError}.get(where, ZeroDivisionError)
    async with answered(HELLO[:-2]) as stream:
        with pytest.raises(expected):
            await ask(stream)
        assert await closed(stream)


async def test_a_response_that_is_left_unread() -> None:
    async with answered(HELLO[:-2]) as stream:
        async with request(stream, "GET", "/", HOST) as response:
            assert (await response.receive())[:1] == b"h"
        assert (response.is_whole, response.persists) == (False, False)
        assert not await closed(stream)


async def test_a_response_that_is_too_long() -> None:
    async with answered(HELLO) as stream:
        with pytest.raises(ContentTooLargeError):
            async with request(stream, "GET", "/", HOST) as response:
                await response.read(4)
        assert await closed(stream)


@pytest.mark.parametrize(
    ("pieces", "raised"),
    [
        ([], TimeoutError),
        ([HELLO[:-2]], TimeoutError),
        ([b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"], RemoteProtocolError),
        ([b"SSH-2.0-x\r\n"], RemoteProtocolError),
    ],
)
async def test_a_server_that_is_silent_or_speaks_no_http(pieces: list[bytes], raised: type[Exception]) -> None:
    async with answered(*pieces, rest=False) as stream:
        with pytest.raises(raised):
            async with request(stream, "GET", "/", HOST, timeouts=SHORT) as response:
                await response.read()
        assert await closed(stream)


async def test_a_server_that_reads_nothing_is_given_up() -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive(1)
        await anyio.sleep(math.inf)

    async def content() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    timeouts = Timeouts(write=0.3, response=0.3)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises(TimeoutError):
            async with request(stream, "POST", "/", CHUNKED, content=content(), timeouts=timeouts):
                pass


@pytest.mark.parametrize("ends", ["in the head", "in the content", "at once"])
async def test_a_server_that_leaves(ends: str) -> None:
    async def behave(stream: ByteStream) -> None:
        await stream.receive()
        await stream.send({"in the head": HELLO[:9], "in the content": HELLO[:-1]}.get(ends, b""))
        await stream.aclose()

    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        with pytest.raises((anyio.BrokenResourceError, RemoteProtocolError)):
            async with request(stream, "GET", "/", HOST) as response:
                await response.read()
        assert await closed(stream)


async def test_what_is_wrong_before_anything_is_sent_leaves_the_stream() -> None:
    async with answered(HELLO) as stream:
        for method, headers, raised in (
            ("CONNECT", HOST, ValueError),
            ("GET", {}, LocalProtocolError),
            ("G T", HOST, LocalProtocolError),
        ):
            with pytest.raises(raised):
                async with request(stream, method, "/", headers):
                    raise AssertionError
        async with request(stream, "GET", "/", HOST) as response:
            assert await response.read() == b"hello"


@pytest.mark.parametrize("early", ["a refusal", "after a failed send"])
async def test_content_beside_a_request_without_an_end_has_its_own_time(early: str) -> None:
    """The content of an early response may take longer than the timeout `response`."""

    async def behave(stream: ByteStream) -> None:
        await stream.receive(200)
        status = b"417 No" if early == "a refusal" else b"200 OK"
        await stream.send(b"HTTP/1.1 " + status + b"\r\nContent-Length: 5\r\n\r\n")
        for byte in b"hello":
            await anyio.sleep(0.4)
            await stream.send(bytes([byte]))
        await anyio.sleep(math.inf)

    async def content() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536

    headers = {**CHUNKED, **({"Expect": "100-continue"} if early == "a refusal" else {})}
    timeouts = Timeouts(response=1, write=0.1, expect_continue=5)
    async with listening(behave) as port, await anyio.connect_tcp("127.0.0.1", port) as stream:
        async with request(stream, "POST", "/", headers, content=content(), timeouts=timeouts) as response:
            assert await response.read() == b"hello"
        assert not response.persists


async def test_content_may_come_from_another_response() -> None:
    """An early response closes a relay's content generator, which holds a task group."""

    async def source(exchange: Exchange) -> None:
        await exchange.send_response(200, {"Transfer-Encoding": "chunked"})
        while True:
            await exchange.send_data(b"x" * 65_536)

    async def content(up: ByteStream) -> AsyncIterator[bytes]:
        with anyio.fail_after(WAIT):
            async with request(up, "GET", "/", HOST) as response:
                async for data in response:
                    yield data

    refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 2\r\n\r\nno"
    async with served(source) as peers, await peers.connect() as up, answered(refusal, rest=False) as to:
        async with request(to, "POST", "/", CHUNKED, content=content(up)) as response:
            assert await response.read() == b"no"
        assert await closed(up)
        assert not await closed(to)


async def test_the_cause_of_what_is_raised_stays() -> None:
    async def ask(stream: ByteStream) -> None:
        async with request(stream, "GET", "/", HOST):
            raise ZeroDivisionError from cause

    cause = ValueError("the cause")
    async with answered(HELLO) as stream:
        with pytest.raises(ZeroDivisionError) as caught:
            await ask(stream)
    assert caught.value.__cause__ is cause
