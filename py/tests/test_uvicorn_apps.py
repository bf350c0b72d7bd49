"""Tests of `switchover.uvicorn`: responses of apps, faulty ones too, and timeouts."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from typing import Any

import pytest
from served import AWAITED, GET, HANDSHAKE, HELLO, WAIT, Served, answers_first, played, tell, until_disconnect
from switchover import LocalProtocolError
from switchover.uvicorn import Protocol
from test_uvicorn import wait_until_empty


def test_head_and_content_leave_in_one_write() -> None:
    _, transport = asyncio.run(played(tell, GET))
    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nGET / "]


def test_a_head_does_not_wait_for_a_client_that_waits_for_it() -> None:
    with Served(answers_first) as server, server.connect(AWAITED) as client:
        head = client.recv(65536)
        client.sendall(b"hello")
        assert head.startswith(b"HTTP/1.1 200 ")
        assert head + client.recv(65536) == head + b"hello"


def test_a_head_does_not_wait_while_the_app_waits_for_its_clients_end() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        while (await receive())["type"] != "http.disconnect":
            pass

    with Served(app) as server, server.connect(GET) as client:
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


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
    assert written.count(b"HTTP/1.1 %d " % status) == written.count(b"\r\nupgrade: websocket, foo/2\r\n") == 2
    assert written.count(b"\r\nsec-websocket-version: 13\r\n") == (2 if status == 426 else 0)


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
    assert transport.closed or transport.ended or app is sends_twice
    assert b"c: d" not in written
    assert written.startswith(b"HTTP/1.1 500 ") == (app in (raises, returns_early))
    # A response whose content is incomplete does not get a regular end.
    assert not written.endswith(b"\r\n0\r\n\r\n")
    assert not protocol.tasks


def test_a_cut_answer_does_not_look_whole() -> None:
    """An HTTP/1.0 response that its app leaves incomplete ends with a reset.

    The connection's end delimits it. After a FIN the client would consider the half complete (RFC
    9112, section 8).
    """

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
    """Content over its Content-Length is refused; the app may send other content."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        with pytest.raises(LocalProtocolError):
            await send({"type": "http.response.body", "body": b"hello world"})
        await send({"type": "http.response.body", "body": b"hello"})

    _, transport = asyncio.run(played(app, GET, GET))
    assert b"".join(transport.writes) == b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello" * 2


async def mutates(scope: Any, receive: Any, send: Any) -> None:
    headers = list(scope["headers"])
    scope["headers"].clear()
    scope["method"] = scope["path"] = "changed"
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b""})


def test_an_app_may_change_its_scope() -> None:
    _, transport = asyncio.run(played(mutates, GET, GET))
    assert b"".join(transport.writes).count(b"HTTP/1.1 200 OK\r\nhost: a\r\n") == 2


def answering(status: int, *headers: tuple[bytes, bytes]) -> Any:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": list(headers)})
        await send({"type": "http.response.body", "body": b"no"})

    return app


def test_the_head_of_a_stream_does_not_wait_for_content() -> None:
    """A response's head is sent although the app has sent no content yet.

    An `EventSource` is open once it has the head. A proxy has a timeout until then.
    """

    async def events(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await asyncio.sleep(WAIT)

    async def main() -> None:
        protocol, transport = await played(events, GET)
        assert b"".join(transport.writes) == b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
        assert not transport.closed
        for task in protocol.tasks:
            task.cancel()

    asyncio.run(main())


def test_a_426_that_names_nothing_is_a_400(caplog: pytest.LogCaptureFixture) -> None:
    """A 426 of an app without Upgrade becomes a 400 (RFC 9110, section 15.5.22)."""
    _, transport = asyncio.run(played(answering(426, (b"content-length", b"2")), GET))
    assert b"".join(transport.writes) == b"HTTP/1.1 400 Bad Request\r\ncontent-length: 2\r\n\r\nno"
    assert caplog.text.count("A 426 without Upgrade") == 1


@pytest.mark.parametrize("status", [100, 101, 103])
def test_what_is_no_final_answer_is_a_500(status: int, caplog: pytest.LogCaptureFixture) -> None:
    _, transport = asyncio.run(played(answering(status), GET))
    assert b"".join(transport.writes).startswith(b"HTTP/1.1 500 ")
    assert f"cannot have the status {status}" in caplog.text


def test_no_app_opens_a_tunnel(caplog: pytest.LogCaptureFixture) -> None:
    connect = b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n"
    _, transport = asyncio.run(played(answering(200, (b"content-length", b"2")), connect))
    written = b"".join(transport.writes)
    assert written.startswith(b"HTTP/1.1 501 ")
    assert written.endswith(b"\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
    assert "would open a tunnel" in caplog.text
    _, transport = asyncio.run(played(answering(403, (b"content-length", b"2")), connect))
    assert b"".join(transport.writes).startswith(b"HTTP/1.1 403 ")


async def endless(scope: Any, receive: Any, send: Any) -> None:
    """Sends endless content, which is discarded: after HEAD, or after a disconnect."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while scope["method"] == "GET" and (await receive())["type"] != "http.disconnect":
        pass
    while True:
        await send({"type": "http.response.body", "body": b"x", "more_body": True})


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
def test_an_app_that_sends_without_end_lets_others_go_on(method: bytes) -> None:
    """Other tasks get turns while the app's messages are discarded."""

    async def main() -> None:
        protocol, _ = await played(endless, GET.replace(b"GET", method))
        protocol.connection_lost(None)
        await asyncio.wait_for(asyncio.sleep(0.05), WAIT)
        for task in protocol.tasks:
            task.cancel()

    asyncio.run(main())


@pytest.mark.parametrize("method", [b"HEAD", b"GET"])
def test_an_app_that_sends_on_to_a_client_that_has_left_ends(method: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """An app that sends on after its client has left ends, and nothing is logged."""

    async def main() -> None:
        protocol, _ = await played(endless, GET.replace(b"GET", method))
        protocol.connection_lost(None)
        await asyncio.wait_for(asyncio.gather(*protocol.tasks), WAIT)

    asyncio.run(main())
    assert not caplog.records


def test_declined_offers_are_logged_once_for_a_connection(caplog: pytest.LogCaptureFixture) -> None:
    offer = GET.replace(b"\r\n\r\n", b"\r\nupgrade: foo/2\r\nconnection: Upgrade\r\n\r\n")
    asyncio.run(played(answering(200, (b"content-length", b"2")), offer, offer, offer))
    assert [record.getMessage() for record in caplog.records] == ["Unsupported upgrade request."]


class Short(Protocol):
    """A uvicorn protocol class with short timeouts."""

    timeout_half_closed = 0.2
    timeout_content = 0.3
    timeout_write = 0.3


def test_an_app_that_waits_for_the_end_of_its_client_hears_it() -> None:
    heard = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await until_disconnect(receive)
        heard.set()

    with Served(app, http=Short) as server, server.connect(GET) as client:
        client.shutdown(socket.SHUT_WR)
        assert heard.wait(WAIT)


def test_a_server_that_stops_tells_the_app_of_a_half_closed_client() -> None:
    heard = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        heard.set()
        await until_disconnect(receive)

    class Long(Protocol):
        timeout_half_closed = 3600.0

    with Served(app, http=Long) as server, server.connect(GET) as client:
        client.shutdown(socket.SHUT_WR)
        assert heard.wait(WAIT)


def test_an_app_that_looks_for_a_moment_takes_no_time_from_its_client() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        with contextlib.suppress(asyncio.TimeoutError):
            await asyncio.wait_for(receive(), 0.01)
        await asyncio.sleep(2 * Short.timeout_content)
        await tell(scope, receive, send)

    request = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\nx"
    with Served(app, http=Short) as server, server.connect(request) as client:
        time.sleep(2.5 * Short.timeout_content)
        client.sendall(b"yz")
        assert client.recv(65536).startswith(b"HTTP/1.1 200 ")


def test_an_app_that_returns_something_halfway_is_cut() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> int:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        return 1

    def read_all(client: socket.socket) -> None:
        while client.recv(65536):
            pass

    cut = pytest.raises(ConnectionResetError)
    with Served(app) as server, server.connect(b"GET / HTTP/1.0\r\n\r\n") as client, cut:
        read_all(client)


def test_a_head_that_cannot_be_sent_is_answered_at_once(caplog: pytest.LogCaptureFixture) -> None:
    for wrong in ([(b"x-a", b"b\r\nc: d")], [(b"x-a", 5)]):

        async def app(scope: Any, receive: Any, send: Any, wrong: Any = wrong) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": wrong})
            await asyncio.sleep(WAIT)

        with Served(app, timeout_graceful_shutdown=0.1) as server, server.connect(GET) as client:
            assert client.recv(65536).startswith(b"HTTP/1.1 500 ")
    assert "Exception in callback" not in caplog.text


def test_the_time_for_writing_ends_with_http() -> None:
    """The deadline for a slowly read response does not hold for a WebSocket after it."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            await tell(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10000000")]})
        await send({"type": "http.response.body", "body": bytes(10_000_000)})

    with Served(app, http=Short) as server, server.connect(GET + HANDSHAKE) as client:
        received = 0
        while received < 10_000_000:
            received += len(client.recv(1 << 20))
        until = time.monotonic() + 4 * Short.timeout_write
        while time.monotonic() < until:
            client.sendall(HELLO)
            assert client.recv(65536)
            time.sleep(0.1)


def test_a_client_that_half_closes_loses_no_content_that_has_come() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.sleep(3 * Short.timeout_half_closed)
        await tell(scope, receive, send)

    request = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 3\r\n\r\nxyz"
    with Served(app, http=Short) as server, server.connect(request) as client:
        client.shutdown(socket.SHUT_WR)
        assert client.recv(65536).endswith(b"POST / xyz")


def test_an_app_that_stops_because_its_client_has_left_looks_cut() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        assert (await receive())["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b""})

    with Served(app, http=Short) as server, server.connect(GET) as client:
        client.shutdown(socket.SHUT_WR)
        got = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := client.recv(65536):
                got += piece
    assert b"half" in got
    assert not got.endswith(b"0\r\n\r\n")


def test_a_client_that_takes_nothing_is_reset() -> None:
    """A client that does not read an HTTP/1.0 response gets a reset.

    A FIN would mean that the response is complete.
    """
    asked = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.set()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": bytes(40_000_000)})

    cut = pytest.raises(ConnectionResetError)
    with Served(app, http=Short) as server, server.connect(b"GET / HTTP/1.0\r\n\r\n") as client, cut:
        assert asked.wait(WAIT)
        # Reading earlier would extend the server's deadline.
        wait_until_empty(server)
        for _ in range(1000):
            assert client.recv(1 << 20)
