"""Tests of copies, timers and writes of `switchover.uvicorn`."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import sys
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from served import GET, HANDSHAKE, HELLO, WAIT, Served, Transport, played, tell
from switchover._uvicorn import burst, deadlines
from switchover._uvicorn.base import Base
from switchover._uvicorn.ending import Ending
from switchover.uvicorn import Protocol

CONTENT = bytes(range(256)) * 400


class Writes(Transport):
    """A transport that keeps the very objects that are written."""

    def write(self, data: Any) -> None:
        self.writes.append(data)


async def hello(scope: Any, receive: Any, send: Any) -> None:
    """Responds with five bytes; to /slow after a while."""
    if scope["path"] == "/slow":
        await asyncio.sleep(0.2)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
    await send({"type": "http.response.body", "body": b"hello"})


def sends(content: Any, *, length: bool = True) -> Callable[..., Any]:
    """Makes an app that responds with `content`, and its length if `length`."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers = [(b"content-length", b"%d" % len(content))] if length else []
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": content})

    return app


@pytest.mark.parametrize("length", [True, False])
def test_large_content_is_passed_to_the_transport_and_not_copied(length: bool) -> None:
    async def main() -> None:
        transport = Writes()
        await played(sends(CONTENT, length=length), GET, transport=transport)
        head, content, *end = transport.writes
        assert content is CONTENT
        assert head.startswith(b"HTTP/1.1 200 ")
        assert end == ([] if length else [b"\r\n0\r\n\r\n"])

    asyncio.run(main())


def test_content_that_the_app_may_change_is_copied() -> None:
    async def main() -> None:
        transport, content = Writes(), bytearray(CONTENT)
        await played(sends(content), GET, transport=transport)
        assert not any(data is content for data in transport.writes)
        assert b"".join(transport.writes).endswith(CONTENT)

    asyncio.run(main())


def test_a_small_response_is_one_write() -> None:
    async def main() -> None:
        transport = Writes()
        await played(hello, GET, GET, transport=transport)
        assert [data.count(b"hello") for data in transport.writes] == [1, 1]

    asyncio.run(main())


def test_a_request_on_an_open_connection_sets_no_timer() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        protocol, _ = await played(hello, GET)
        timers: list[float] = []
        call_later = loop.call_later

        def counted(delay: float, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
            timers.append(delay)
            return call_later(delay, *arguments, **options)

        loop.call_later = counted  # type: ignore[method-assign, assignment]
        for _ in range(50):
            protocol.data_received(GET)
            for _ in range(3):
                await asyncio.sleep(0)
        assert protocol.server_state.total_requests == 51
        assert timers == []
        assert protocol.timeout_keep_alive_task is not None

    asyncio.run(main())


def test_an_idle_connection_ends_though_its_timer_was_set_earlier() -> None:
    with Served(hello, timeout_keep_alive=1) as served, served.connect(GET) as client:
        assert client.recv(65536).endswith(b"hello")
        client.settimeout(0.7)
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.sendall(GET)
        assert client.recv(65536).endswith(b"hello")
        # The first timer goes off while the connection has some of its time left.
        with pytest.raises(TimeoutError):
            client.recv(1)
        client.settimeout(5)
        assert client.recv(1) == b""


def test_an_idle_connection_releases_its_memory_and_serves_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An engine that has served holds some 2,400 bytes, and one that is idle 270."""
    monkeypatch.setattr(deadlines, "REST", 0.05)
    released: list[bool] = []
    release = Base.release

    def counted(self: Base) -> None:
        released.append(True)
        release(self)

    monkeypatch.setattr(Base, "release", counted)

    async def main() -> None:
        protocol, transport = await played(hello, GET)
        for times in (1, 2):
            assert protocol.cycle is not None
            await asyncio.sleep(0.3)
            # Once in each wait, however long that is.
            assert len(released) == times
            assert protocol.cycle is None
            protocol.data_received(GET)
            while protocol.server_state.total_requests <= times:
                await asyncio.sleep(0)
        # Half a head is no rest.
        protocol.data_received(GET[:20])
        await asyncio.sleep(0.2)
        assert len(released) == 2
        protocol.data_received(GET[20:])
        while protocol.server_state.total_requests <= 3:
            await asyncio.sleep(0)
        assert b"".join(transport.writes).count(b"hello") == 4

    asyncio.run(main())


def test_the_responses_of_a_burst_leave_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(burst, "HELD_SECONDS", WAIT)

    async def main() -> None:
        transport = Writes()
        protocol, _ = await played(hello, transport=transport)
        protocol.data_received(GET * 40)
        while protocol.server_state.total_requests < 40:
            await asyncio.sleep(0)
        counts = [data.count(b"hello") for data in transport.writes]
        assert sum(counts) == 40
        # The first one leaves at once.
        assert counts[0] == 1
        assert len(counts) <= 3

    asyncio.run(main())


def test_a_slow_response_holds_no_other_back() -> None:
    slow = GET.replace(b"/", b"/slow", 1)

    async def main() -> None:
        transport = Writes()
        protocol, _ = await played(hello, transport=transport)
        protocol.data_received(GET * 3 + slow + GET * 3)
        while protocol.server_state.total_requests < 3:
            await asyncio.sleep(0)
        for _ in range(3):
            await asyncio.sleep(0)
        assert b"".join(transport.writes).count(b"hello") == 3
        while protocol.server_state.total_requests < 7:
            await asyncio.sleep(0.01)
        assert b"".join(transport.writes).count(b"hello") == 7

    asyncio.run(main())


@pytest.mark.parametrize("last", [b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nHost: a\r\nconnection: close\r\n\r\n"])
def test_what_ends_a_burst_comes_behind_its_responses(last: bytes) -> None:
    with Served(hello) as served:
        received = served.all(GET * 9 + last)
    statuses = [int(part[:3]) for part in received.split(b"HTTP/1.1 ")[1:]]
    assert statuses == [*[200] * 9, 505 if b"9.9" in last else 200]


def test_content_of_a_request_comes_as_it_was_received() -> None:
    received: list[bytes] = []

    async def keeps(scope: Any, receive: Any, send: Any) -> None:
        while (message := await receive())["type"] == "http.request":
            received.append(message["body"])
            if not message["more_body"]:
                break
        await hello(scope, receive, send)

    head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 30\r\n\r\n"

    async def main() -> None:
        await played(keeps, head, bytes(10), bytes(10), bytes(10))
        assert b"".join(received) == bytes(30)
        assert len(received) <= 4

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly from CPython 3.12 on")
def test_an_app_may_start_at_once() -> None:
    class Eager(Protocol):
        eager_start = True

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(0)
        await hello(scope, receive, send)

    async def main() -> None:
        for app in (hello, slow):
            protocol, transport = await played(app, cls=Eager)
            protocol.data_received(GET)
            assert len(transport.writes) == (1 if app is hello else 0)
            for times in (1, 3):
                protocol.data_received(GET * times)
                for _ in range(20):
                    await asyncio.sleep(0)
            assert b"".join(transport.writes).count(b"hello") == 5
            assert not protocol.tasks

    asyncio.run(main())


@pytest.mark.skipif(sys.version_info < (3, 12), reason="tasks start eagerly from CPython 3.12 on")
def test_apps_that_start_at_once_let_others_have_their_turn() -> None:
    class Eager(Protocol):
        eager_start = True

    async def main() -> None:
        protocol, transport = await played(hello, cls=Eager)
        protocol.data_received(GET * 1000)
        assert b"".join(transport.writes).count(b"hello") < 100
        while b"".join(transport.writes).count(b"hello") < 1000:
            await asyncio.sleep(0)

    asyncio.run(asyncio.wait_for(main(), WAIT))


def test_responses_are_held_for_a_moment_only() -> None:
    """At most one response is held back if apps work long in each turn of the loop."""

    async def works(scope: Any, receive: Any, send: Any) -> None:
        time.sleep(0.02)
        await hello(scope, receive, send)

    async def main() -> None:
        transport = Writes()
        protocol, _ = await played(works, transport=transport)
        protocol.data_received(GET * 10)
        while protocol.server_state.total_requests < 10:
            await asyncio.sleep(0)
            # At most the latest one is held.
            written = b"".join(transport.writes).count(b"hello")
            assert written >= protocol.server_state.total_requests - 1

    asyncio.run(main())


def test_a_task_that_never_ran_is_forgotten_with_its_connection() -> None:
    async def main() -> None:
        protocol, _ = await played(hello)
        protocol.data_received(GET)
        (task,) = protocol.tasks
        task.cancel()
        await asyncio.sleep(0.01)
        protocol.connection_lost(None)
        assert not protocol.tasks

    asyncio.run(main())


def test_an_app_may_change_its_headers_and_content_afterwards() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        headers, content = [(b"content-length", b"2"), (b"x-a", b"1")], bytearray(b"ok")
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        headers.clear()
        with pytest.raises(TypeError):
            await send({"type": "http.response.body", "body": "ok"})
        await send({"type": "http.response.body", "body": memoryview(content)})
        content[:] = b"no"

    with Served(app) as served:
        received = served.all(GET)
    assert b"x-a: 1" in received
    assert received.endswith(b"\r\n\r\nok")


def connections_alive() -> int:
    """Returns the number of HTTP connections that are not freed, with their engines."""
    gc.collect()
    return sum(isinstance(each, Ending) for each in gc.get_objects())


@pytest.mark.parametrize("ws", ["wsproto", "websockets", "websockets-sansio"])
def test_an_accepted_websocket_keeps_no_engine(ws: str) -> None:
    before = connections_alive()
    with Served(tell, ws=ws) as served, served.connect(HANDSHAKE + HELLO) as client:
        received = b""
        while not received.endswith(b"hello"):
            received += client.recv(65536)
        assert connections_alive() == before


def test_a_connection_keeps_no_context_variables_of_its_first_request() -> None:
    class User:
        """The value of a context variable, which an app sets for each request."""

    user: contextvars.ContextVar[User] = contextvars.ContextVar("user")
    users: list[weakref.ref[User]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        user.set(one := User())
        users.append(weakref.ref(one))
        del one
        await receive()
        await hello(scope, receive, send)

    head = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 5\r\n\r\n"
    with Served(app) as served, served.connect() as client:
        for _ in range(5):
            client.sendall(head)
            threading.Event().wait(0.05)
            client.sendall(b"hello")
            assert client.recv(65536)
        gc.collect()
        assert not any(each() for each in users[:-1])
