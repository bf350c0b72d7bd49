"""Tests of ASGI apps that switch protocols, and of ASGI's extensions."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gzip
import logging
import os
import pathlib
import runpy
import socket
import threading
from typing import Any

import pytest
from served import GET, HANDSHAKE, HANDSHAKE_IN_LINES, WAIT, Served, rest_of, until_disconnect
from switchover._uvicorn.file import send_file
from switchover.uvicorn import Protocol

EXTENSION = "switchover.upgrade"
ASK = b"GET /foo HTTP/1.1\r\nHost: a\r\nupgrade: example/1, foo/2, h2c\r\nconnection: Upgrade\r\n"
SWITCH = [(b"upgrade", b"foo/2"), (b"content-encoding", b"identity")]


async def shouts(scope: Any, receive: Any, send: Any) -> None:
    """Speaks foo/2: all comes back in upper case, then `bye`; else responds in HTTP."""
    if EXTENSION not in scope["extensions"]:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"no"})
        return
    await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
    while (message := await receive())["type"] == "http.request":
        if message["body"]:
            await send({"type": "http.response.body", "body": message["body"].upper(), "more_body": True})
        if not message["more_body"]:
            await send({"type": "http.response.body", "body": b"bye"})
            assert (await receive())["type"] == "http.disconnect"
            return


def parted(received: bytes) -> tuple[bytes, bytes]:
    """Returns the head of a response, and the bytes after it."""
    head, _, rest = received.partition(b"\r\n\r\n")
    return head, rest


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_an_app_switches_and_speaks_until_both_sides_have_ended(loop: str) -> None:
    if loop == "uvloop":
        pytest.importorskip("uvloop")
    with Served(shouts, loop=loop) as served, served.connect(ASK + b"\r\nearly ") as client:
        received = b""
        while b"EARLY " not in received:
            received += client.recv(65536)
        head, rest = parted(received)
        assert head.startswith(b"HTTP/1.1 101 ")
        assert b"upgrade: foo/2" in head.lower()
        assert b"content-encoding" not in head.lower()
        assert rest == b"EARLY "
        client.sendall(b"late")
        assert client.recv(65536) == b"LATE"
        client.shutdown(socket.SHUT_WR)
        assert rest_of(client) == b"bye"


def test_bytes_and_the_end_that_come_with_the_handshake_reach_the_app() -> None:
    with Served(shouts) as served:
        for _ in range(20):
            assert parted(served.all(ASK + b"\r\nall at once"))[1] == b"ALL AT ONCEbye"


def test_the_scope_says_what_is_offered_in_the_clients_order() -> None:
    scopes: list[Any] = []

    async def keeps(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        await shouts(scope | {"extensions": {}}, receive, send)

    with Served(keeps) as served:
        # An offer is declined by any other response, and the connection goes on.
        received = served.until(ASK + b"\r\n" + GET, b"no" * 9, within=0.5)
    assert received.count(b"HTTP/1.1 200 ") == 2
    offers = scopes[0]["extensions"][EXTENSION]
    assert [offer["protocol"] for offer in offers["offers"]] == ["example/1", "foo/2", "h2c"]
    assert [offer["ineligible"] is None for offer in offers["offers"]] == [True, True, False]
    assert offers["connect"] is None
    assert EXTENSION not in scopes[1]["extensions"]


@pytest.mark.parametrize(
    ("request_", "headers", "says"),
    [
        (ASK + b"\r\n", [(b"upgrade", b"bar/1")], "does not offer 'bar/1'"),
        (ASK + b"\r\n", [(b"upgrade", b"h2c")], "cannot be accepted"),
        (ASK + b"\r\n", [], "needs the header"),
        (ASK + b"\r\n", [(b"upgrade", b"foo/2"), (b"content-encoding", b"gzip")], "identity"),
        (ASK + b"content-length: 3\r\n\r\nabc", SWITCH, "has to be received before"),
        (GET, SWITCH, "cannot have the status 101"),
    ],
)
def test_a_101_that_cannot_be_sent_is_an_error_of_the_app(
    request_: bytes, headers: list[Any], says: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": headers})

    with Served(app) as served:
        assert served.all(request_).startswith(b"HTTP/1.1 500 ")
    assert says in caplog.text


def test_an_offer_with_content_is_accepted_once_that_is_received() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        content, more = b"", True
        while more:
            message = await receive()
            content, more = content + message["body"], message["more_body"]
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        await send({"type": "http.response.body", "body": b"had %b" % content})

    with Served(app) as served:
        received = served.all(ASK + b"content-length: 3\r\n\r\nabc")
    assert parted(received)[1] == b"had abc"


def test_an_early_accept_behind_middleware_is_an_error_too(caplog: pytest.LogCaptureFixture) -> None:
    middleware = pytest.importorskip("starlette.middleware.base").BaseHTTPMiddleware

    async def passed_on(request: Any, call_next: Any) -> Any:
        return await call_next(request)

    with Served(middleware(shouts, passed_on)) as served:
        received = served.all(ASK + b"content-length: 5\r\n\r\n12345early")
    assert received.startswith(b"HTTP/1.1 500 ")
    assert "has to be received before" in caplog.text


@pytest.mark.parametrize("encoding", [b"", b"Accept-Encoding: gzip\r\n"])
def test_middleware_lets_a_switch_through(encoding: bytes) -> None:
    starlette = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.routing import Route

    class Marks(BaseHTTPMiddleware):
        async def dispatch(self, request: Any, call_next: Any) -> Any:
            response = await call_next(request)
            response.headers["x-marked"] = "1"
            return response

    class Shouts:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await shouts(scope, receive, send)

    app = starlette.Starlette(
        routes=[Route("/foo", Shouts())], middleware=[Middleware(Marks), Middleware(GZipMiddleware, minimum_size=0)]
    )
    with Served(app) as served:
        head, rest = parted(served.all(ASK + encoding + b"\r\nhello"))
    assert head.startswith(b"HTTP/1.1 101 ")
    assert b"x-marked: 1" in head.lower()
    assert rest == b"HELLObye"


def test_connect_opens_a_tunnel_in_the_same_shape() -> None:
    asked: list[Any] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        asked.append(scope["extensions"][EXTENSION])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        while (message := await receive())["more_body"]:
            await send({"type": "http.response.body", "body": message["body"][::-1], "more_body": True})
        await send({"type": "http.response.body", "body": b"."})

    with Served(app) as served:
        received = served.all(b"CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\nabc")
    head, rest = parted(received)
    assert head.startswith(b"HTTP/1.1 200 ")
    assert rest == b"cba."
    assert asked == [{"offers": [], "connect": "b.example:80"}]


def test_a_connect_that_is_answered_like_a_get_opens_no_tunnel() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})

    with Served(app) as served:
        received = served.all(b"CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 501 ")


def test_a_declined_offer_is_logged_and_an_accepted_one_is_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "uvicorn.error")
    with Served(shouts) as served:
        served.all(ASK + b"\r\n")
        assert "Unsupported upgrade request." not in caplog.text

    async def declines(scope: Any, receive: Any, send: Any) -> None:
        await shouts(scope | {"extensions": {}}, receive, send)

    with Served(declines) as served:
        served.all(ASK + b"\r\n")
    assert "Unsupported upgrade request." in caplog.text


def test_an_app_that_fails_resets_and_one_that_returns_ends() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        await send({"type": "http.response.body", "body": b"half", "more_body": True})
        if b"fail" in (await receive())["body"]:
            raise ValueError

    with Served(app) as served:
        with served.connect(ASK + b"\r\nreturn") as client:
            assert parted(rest_of(client))[1] == b"half"
        with served.connect(ASK + b"\r\nfail") as client, pytest.raises(ConnectionResetError):
            rest_of(client)


def waiting() -> tuple[Any, threading.Event]:
    """Makes an app that sends `closing` after its disconnect; the event is set then."""
    heard = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        await until_disconnect(receive)
        heard.set()
        await send({"type": "http.response.body", "body": b"closing"})

    return app, heard


def test_a_lost_connection_is_a_disconnect() -> None:
    app, heard = waiting()
    with Served(app) as served:
        client = served.connect(ASK + b"\r\n")
        client.recv(65536)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        assert heard.wait(WAIT)


class Leaving(Protocol):
    """A uvicorn protocol class whose apps soon get a disconnect after a half-close."""

    timeout_half_closed = 0.3


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_client_that_closes_after_its_end_is_a_disconnect(loop: str) -> None:
    pytest.importorskip(loop)
    app, heard = waiting()
    with Served(app, http=Leaving, loop=loop) as served:
        client = served.connect(ASK + b"\r\n")
        client.recv(65536)
        client.shutdown(socket.SHUT_WR)
        threading.Event().wait(0.1)
        client.close()
        assert heard.wait(WAIT)


def test_an_app_that_polls_for_the_disconnect_hears_it_beside_an_offer() -> None:
    anyio = pytest.importorskip("anyio")
    heard = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        while not heard.is_set():
            # As Starlette's `Request.is_disconnected`.
            with anyio.CancelScope() as call:
                call.cancel()
                if (await receive())["type"] == "http.disconnect":
                    heard.set()
            await asyncio.sleep(0.01)

    with Served(app) as served:
        client = served.connect(ASK + b"\r\n")
        threading.Event().wait(0.1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        client.close()
        is_heard = heard.wait(WAIT)
        heard.set()
        assert is_heard


def test_a_client_that_has_ended_gets_what_an_app_goes_on_sending() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        while (await receive())["more_body"]:
            pass
        heard = asyncio.ensure_future(receive())
        for _ in range(10):
            await asyncio.sleep(0.1)
            assert not heard.done()
            await send({"type": "http.response.body", "body": b"more ", "more_body": True})
        assert (await heard)["type"] == "http.disconnect"
        await send({"type": "http.response.body", "body": b"bye"})

    with Served(app, http=Leaving) as served, served.connect(ASK + b"\r\n") as client:
        client.shutdown(socket.SHUT_WR)
        assert parted(rest_of(client))[1] == b"more " * 10 + b"bye"


def test_a_shutdown_tells_an_app_whose_client_has_left_bytes_behind() -> None:
    reached, heard = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await receive()
        reached.set()
        assert (await receive())["type"] == "http.disconnect"
        heard.set()

    with Served(app) as served:
        client = served.connect(GET)
        assert reached.wait(WAIT)
        client.sendall(b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 200000\r\n\r\n" + bytes(200_000))
        client.close()
        threading.Event().wait(0.3)
        assert not heard.is_set()
        served.server.should_exit = True
        assert heard.wait(WAIT)


def test_a_shutdown_tells_an_app_that_speaks_another_protocol() -> None:
    app, heard = waiting()
    served = Served(app)
    with served, served.connect(ASK + b"\r\n") as client:
        client.recv(65536)
        served.server.should_exit = True
        assert heard.wait(WAIT)
        assert rest_of(client) == b"closing"


class Short(Protocol):
    """A uvicorn protocol class with a short timeout for a client that does not read."""

    timeout_write = 0.3


def test_neither_side_holds_more_than_its_limit() -> None:
    sent = 0
    ended = threading.Event()

    async def floods(scope: Any, receive: Any, send: Any) -> None:
        nonlocal sent
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        try:
            while True:
                await send({"type": "http.response.body", "body": bytes(1 << 20), "more_body": True})
                sent += 1 << 20
        finally:
            ended.set()

    with Served(floods, http=Short) as served, served.connect(ASK + b"\r\n"):
        # A client that reads nothing: the app waits, and then the connection is reset.
        assert not ended.wait(0.2)
        assert sent < 64 << 20
        assert ended.wait(WAIT)

    async def deaf(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        await asyncio.sleep(1)

    with Served(deaf) as served, served.connect(ASK + b"\r\n") as client:
        client.settimeout(0.5)
        written = 0
        with contextlib.suppress(TimeoutError):
            while written < 64 << 20:
                written += client.send(bytes(1 << 16))
        assert written < 64 << 20


def test_an_app_that_waits_in_receive_while_it_accepts_gets_the_bytes() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        # As a proxy does while it dials.
        watch = asyncio.ensure_future(receive())
        await asyncio.sleep(0.05)
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        message = await watch
        await send({"type": "http.response.body", "body": message["body"].upper()})

    with Served(app) as served:
        assert parted(served.all(ASK + b"\r\nhello"))[1] == b"HELLO"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_shutdown_ends_a_protocol_whose_client_goes_on_sending(when: str) -> None:
    reached, goes_on = threading.Event(), threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if when == "before":
            reached.set()
            while not goes_on.is_set():
                await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        reached.set()
        await until_disconnect(receive)

    with Served(app) as served, served.connect(ASK + b"\r\n") as client:
        assert reached.wait(WAIT)
        served.server.should_exit = True
        threading.Event().wait(0.3)
        goes_on.set()
        with contextlib.suppress(OSError):
            for _ in range(2000):
                client.sendall(b"more")
                threading.Event().wait(0.001)
        served.thread.join(WAIT)
        assert not served.thread.is_alive()


def test_a_client_that_half_closes_and_reads_nothing_is_left() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 101, "headers": SWITCH})
        await send({"type": "http.response.body", "body": bytes(8 << 20)})
        await until_disconnect(receive)

    with Served(app, http=Short) as served, served.connect(ASK + b"\r\n") as client:
        threading.Event().wait(0.1)
        client.shutdown(socket.SHUT_WR)
        for _ in range(WAIT * 20):
            if not served.server.server_state.connections:
                break
            threading.Event().wait(0.05)
        assert not served.server.server_state.connections


@pytest.mark.parametrize(
    "headers", [[(b"content-encoding", b"gzip")], [(b"transfer-encoding", b"chunked")], [(b"content-length", b"0")]]
)
def test_a_tunnel_has_no_encoding_and_no_framing(headers: list[Any]) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b""})

    with Served(app) as served:
        received = served.all(b"CONNECT b.example:80 HTTP/1.1\r\nHost: b.example:80\r\n\r\nabc")
    assert received.startswith((b"HTTP/1.1 500 ", b"HTTP/1.1 501 "))


# Extensions of ASGI.


@pytest.mark.parametrize("first", ["early", "start"])
@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
def test_early_hints_come_before_the_response(first: str, version: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert "http.response.early_hint" in scope["extensions"]
        hint = {"type": "http.response.early_hint", "links": [b"</a>; rel=preload", b"</b>; rel=preload"]}
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        for message in (hint, start) if first == "early" else (start, hint):
            await send(message)
        await send({"type": "http.response.body", "body": b"ok"})

    with Served(app) as served:
        received = served.all(GET.replace(b"1.1", version))
    if version == b"1.0":
        assert received.startswith(b"HTTP/1.1 200 ")
        return
    hint, rest = parted(received)
    assert hint.startswith(b"HTTP/1.1 103 ")
    assert hint.lower().count(b"link: </") == 2
    assert rest.startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
def test_early_hints_behind_the_head_are_ignored(method: bytes) -> None:
    hint = {"type": "http.response.early_hint", "links": [b"</a>; rel=preload"]}

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send(hint)
        await asyncio.sleep(0.01)
        await send(hint)
        await send({"type": "http.response.body", "body": b"hel", "more_body": True})
        await send(hint)
        await send({"type": "http.response.body", "body": b"lo"})

    with Served(app) as served:
        received = served.all(GET.replace(b"GET", method))
    assert b"HTTP/1.1 200 " in received
    assert received.endswith(b"\r\n\r\n" if method == b"HEAD" else b"lo\r\n0\r\n\r\n")


@pytest.mark.parametrize(("status", "sent"), [(200, b"200"), (426, b"400")])
@pytest.mark.parametrize("value", [b"", b"websocket/", b"@@"])
def test_a_malformed_upgrade_of_a_response_is_left_out(value: bytes, status: int, sent: bytes) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"upgrade", value)]})
        await send({"type": "http.response.body", "body": b"ok"})

    with Served(app) as served:
        received = served.all(GET)
    assert received.startswith(b"HTTP/1.1 " + sent)
    assert b"upgrade" not in received.lower()


@pytest.mark.parametrize("is_read", [True, False])
def test_trailers_reach_a_client_that_reads_them(is_read: bool) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert "http.response.trailers" in scope["extensions"]
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": True})
        await send({"type": "http.response.body", "body": b"hello"})
        await send({"type": "http.response.trailers", "headers": [(b"x-a", b"1")], "more_trailers": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"6")], "more_trailers": False})

    wish = b"TE: trailers\r\nconnection: TE\r\n" if is_read else b""
    with Served(app) as served:
        received = served.until(GET[:-2] + wish + b"\r\n" + GET, b"\r\n\r\n" * 9, within=0.5)
    end = b"\r\n0\r\nx-a: 1\r\nx-sum: 6\r\n\r\n" if is_read else b"\r\n0\r\n\r\n"
    assert end in received
    assert received.count(b"HTTP/1.1 200 ") == 2


def test_trailers_that_a_middleware_has_not_announced_are_dropped() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"hello", "more_body": True})
        await send({"type": "http.response.trailers", "headers": [(b"x-sum", b"6")]})
        await send({"type": "http.response.body", "body": b""})

    with Served(app) as served:
        assert served.all(GET).endswith(b"\r\n0\r\n\r\n")


def test_a_file_is_sent_by_its_path(tmp_path: pathlib.Path) -> None:
    content = bytes(range(256)) * 4000
    path = tmp_path / "file"
    path.write_bytes(content)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert "http.response.pathsend" in scope["extensions"]
        length = (b"content-length", b"%d" % len(content))
        await send({"type": "http.response.start", "status": 200, "headers": [length]})
        await send({"type": "http.response.pathsend", "path": str(path)})

    class Sends(Protocol):
        sends_files = True

    with Served(app, http=Sends) as served:
        assert parted(served.all(GET))[1] == content


def test_a_request_has_no_context_variables_of_the_one_before() -> None:
    """An app sees no context variables of the request before on its connection.

    That holds although an app has resumed the reading, whose callback gets the app's context.
    """
    variable: contextvars.ContextVar[bytes] = contextvars.ContextVar("variable", default=b"nobody")

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found = variable.get()
        variable.set(b"of another request")
        while (await receive())["more_body"]:
            await asyncio.sleep(0.01)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(found))]})
        await send({"type": "http.response.body", "body": found})

    post = b"POST / HTTP/1.1\r\nHost: a\r\ncontent-length: 300000\r\n\r\n" + bytes(300_000)
    with Served(app) as served:
        assert served.all(GET * 2 + post + GET).count(b"\r\n\r\nnobody") == 4


@pytest.mark.parametrize("ws", ["wsproto", "websockets-sansio"])
def test_a_websocket_has_no_context_variables_of_the_request_before(ws: str) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="nobody")
    found: list[str] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "websocket":
            found.append(variable.get())
            await receive()
            await send({"type": "websocket.close"})
            return
        variable.set("of another request")
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"0")]})
        await send({"type": "http.response.body", "body": b""})

    with Served(app, ws=ws) as served:
        served.all(GET + HANDSHAKE)
    assert found == ["nobody"]


@pytest.mark.parametrize("ws", ["websockets", "wsproto", "websockets-sansio"])
def test_rfc9110_5_3_a_list_of_a_handshake_may_have_several_lines(ws: str) -> None:
    found: list[list[str]] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        found.append(scope["subprotocols"])
        await receive()
        await send({"type": "websocket.accept"})

    with Served(app, ws=ws) as served:
        assert served.all(HANDSHAKE_IN_LINES).startswith(b"HTTP/1.1 101 ")
    assert found == [["a", "b"]]


def test_a_head_reads_no_file() -> None:
    ended = threading.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.pathsend", "path": "/dev/zero"})
        ended.set()

    with Served(app) as served:
        assert served.all(GET.replace(b"GET", b"HEAD", 1)).startswith(b"HTTP/1.1 200 OK")
        assert ended.wait(WAIT)


async def sends_nothing(message: Any) -> None:
    """An ASGI `send` that fails the test, as no byte of the file is to be sent."""
    raise AssertionError(message)


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_file_whose_client_leaves_is_not_sent_to_its_end(tmp_path: pathlib.Path, pieces: int) -> None:
    """A file that is read in part is not whole, so that its response is cut."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    sent: list[bytes] = []

    async def send(message: Any) -> None:
        sent.append(message["body"])

    assert asyncio.run(send_file(str(path), send, lambda: len(sent) < pieces)) is (pieces == 2)
    assert sent == [b"content"]


def test_an_app_that_is_cancelled_while_its_file_is_silent_holds_up_nobody(tmp_path: pathlib.Path) -> None:
    """An app that is cancelled while its file gives no bytes ends at once.

    To close a file waits for the thread that reads it.
    """
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def cancelled() -> float:
        task = asyncio.ensure_future(send_file(str(fifo), sends_nothing, lambda: True))
        # The file opens once somebody writes, and then nothing comes.
        writer = await asyncio.get_running_loop().run_in_executor(None, os.open, fifo, os.O_WRONLY)
        await asyncio.sleep(0.1)
        threading.Timer(1, os.close, [writer]).start()
        begun = asyncio.get_running_loop().time()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return asyncio.get_running_loop().time() - begun

    assert asyncio.run(cancelled()) < 0.5


@pytest.mark.filterwarnings("error::ResourceWarning")
def test_an_app_that_is_cancelled_while_its_file_is_opened_leaves_none_open(tmp_path: pathlib.Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)

    async def cancelled() -> None:
        task = asyncio.ensure_future(send_file(str(fifo), sends_nothing, lambda: True))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # It is opened now, as somebody writes.
        writer = os.open(fifo, os.O_WRONLY)
        await asyncio.sleep(0.1)
        with pytest.raises(BrokenPipeError):
            os.write(writer, b"nobody reads")
        os.close(writer)

    asyncio.run(cancelled())


def test_starlette_sends_a_file_whole_and_compressed(tmp_path: pathlib.Path) -> None:
    starlette = pytest.importorskip("starlette.applications")
    from starlette.middleware import Middleware
    from starlette.middleware.gzip import GZipMiddleware
    from starlette.responses import FileResponse
    from starlette.routing import Route

    path = tmp_path / "file.txt"
    path.write_bytes(b"hello " * 10_000)

    async def file(_request: Any) -> FileResponse:
        return FileResponse(path)

    for middleware in ([], [Middleware(GZipMiddleware)]):
        with Served(starlette.Starlette(routes=[Route("/", file)], middleware=middleware)) as served:
            head, rest = parted(served.all(GET))
        assert head.startswith(b"HTTP/1.1 200 ")
        assert rest == path.read_bytes() or gzip.decompress(rest) == path.read_bytes()


# The examples.


def test_the_app_of_the_page_switches_and_answers() -> None:
    page = (pathlib.Path(__file__).parents[1] / "docs" / "asgi.md").read_text()
    names: dict[str, Any] = {}
    exec(page.split("```python\n")[1].split("```")[0], names)
    with Served(names["app"]) as served:
        assert parted(served.all(ASK + b"\r\nhello"))[1] == b"HELLO"
        assert served.all(GET).endswith(b"HTTP/1\n")


def test_the_recipe_for_starlette_switches_and_answers() -> None:
    pytest.importorskip("starlette.applications")
    recipe = pathlib.Path(__file__).parents[1] / "examples" / "recipes" / "starlette_upgrade.py"
    app = runpy.run_path(str(recipe))["app"]
    with Served(app) as served:
        assert parted(served.all(ASK + b"\r\none\ntwo\nrest"))[1] == b"ONE\nTWO\n"
        assert served.all(GET.replace(b"/", b"/foo", 1)).endswith(b"in HTTP/1.1\n")
