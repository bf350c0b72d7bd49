"""Tests of `switchover.h11`: compared with h11 itself, and where it differs.

For other projects' tests see `py/tests/suites`.
"""

from __future__ import annotations

import contextlib
import http
import importlib.metadata as metadata
import os
import subprocess
import sys
from typing import Any

import both
import h11
import pytest
import switchover
import switchover.h11 as ours
from switchover.h11.state import KNOWN

MODULES = pytest.mark.parametrize("module", [h11, ours], ids=["h11", "switchover"])
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
HEAD = b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
OLD = b"GET / HTTP/1.0\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
EXPECTS = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: x\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
OFFER = b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: Upgrade\r\n\r\nhello"
CONNECT = b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nhello"

# A server's response when it has read all input: a status, headers and content, or the method to call.
PLAIN: dict[str, Any] = {"status_code": 200, "headers": [("Content-Length", "2")], "content": b"hi"}
STREAMED: dict[str, Any] = {"status_code": 200, "headers": [("X-A", "1")], "content": b"hi"}
EMPTY: dict[str, Any] = {"status_code": 204, "headers": [], "content": b""}
LAST_ONE: dict[str, Any] = {
    "status_code": 200,
    "headers": [("Content-Length", "2"), ("Connection", "close")],
    "content": b"hi",
}


class Side:
    """A connection of either module, and its log in a common notation."""

    def __init__(self, module: Any, role: str = "SERVER") -> None:
        self.module = module
        self.connection = module.Connection(getattr(module, role))
        self.lines: list[str] = []

    def say(self, what: object) -> None:
        states = self.connection.states
        names = " ".join(repr(states[getattr(self.module, role)]) for role in ("CLIENT", "SERVER"))
        self.lines.append(f"{what} | {names}")

    def receive(self, data: bytes) -> None:
        """Receives data and logs events up to an error, NEED_DATA, PAUSED or the end."""
        self.connection.receive_data(data)
        while True:
            try:
                event = self.connection.next_event()
            except self.module.RemoteProtocolError:
                self.say("RemoteProtocolError")
                return
            if type(event) is self.module.Data:
                event = bytes(event.data)
            self.say(event)
            if event in (self.module.NEED_DATA, self.module.PAUSED) or type(event) is self.module.ConnectionClosed:
                return

    def send(self, kind: str, **fields: Any) -> bytes:
        """Creates an event, sends it, logs it, and returns its bytes; none if refused."""
        try:
            sent: bytes | None = self.connection.send(getattr(self.module, kind)(**fields))
        except self.module.LocalProtocolError:
            self.say(f"{kind} LocalProtocolError")
            return b""
        self.say(sent)
        return sent or b""

    def answer(self, content: bytes, **head: Any) -> None:
        """Sends a whole response."""
        self.send("Response", **head)
        self.send("Data", data=content)
        self.send("EndOfMessage")

    def go_on(self) -> None:
        """Starts the next cycle, if that is allowed."""
        with contextlib.suppress(self.module.LocalProtocolError):
            self.connection.start_next_cycle()
        self.say("next")


def same(lines: list[list[str]]) -> None:
    """Checks that both logs are equal and not empty."""
    theirs, here = lines
    assert theirs
    assert here == theirs


# Compared with h11.


@pytest.mark.parametrize("answer", [PLAIN, STREAMED, EMPTY, LAST_ONE], ids=["length", "chunked", "empty", "close"])
@pytest.mark.parametrize("asked", [GET, OLD, POST, CHUNKED, LAST, GET + GET, POST + POST[:-1]])
def test_a_server_says_what_h11_says(asked: bytes, answer: dict[str, Any]) -> None:
    lines: list[list[str]] = []
    for module in (h11, ours):
        side = Side(module)
        side.receive(asked)
        side.answer(**answer)
        side.go_on()
        side.receive(b"")
        lines.append(side.lines)
    same(lines)


@pytest.mark.parametrize(
    "answered",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 103 Early\r\nLink: a\r\n\r\nHTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\n\r\nhi",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"gibberish\r\n\r\n",
    ],
)
def test_a_client_says_what_h11_says(answered: bytes) -> None:
    lines: list[list[str]] = []
    for module in (h11, ours):
        side = Side(module, "CLIENT")
        side.send("Request", method="POST", target="/", headers=[("Content-Length", "2"), ("Host", "a"), ("X-A", "1")])
        side.send("Data", data=b"hi")
        side.send("EndOfMessage")
        side.receive(answered)
        side.go_on()
        side.receive(b"")
        side.send("ConnectionClosed")
        lines.append(side.lines)
    same(lines)


@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("Request", {"method": "GET", "target": "/", "headers": []}),
        ("Request", {"method": "GET", "target": "/", "headers": [("Host", "a"), ("host", "a")]}),
        ("Request", {"method": "GET", "target": "/", "headers": [("Host", "a")], "http_version": "1.0"}),
        ("Request", {"method": "G T", "target": "/", "headers": [("Host", "a")]}),
        ("Request", {"method": "GET", "target": "/ ", "headers": [("Host", "a")]}),
        ("Response", {"status_code": 200, "headers": [("a b", "c")]}),
        ("Response", {"status_code": 200, "headers": [("a", "b\r\nc: d")]}),
        ("Response", {"status_code": 200, "headers": [("Content-Length", "1"), ("Content-Length", "2")]}),
        ("Response", {"status_code": 200, "headers": [("Content-Length", "-1")]}),
        ("Response", {"status_code": 200, "headers": [("Transfer-Encoding", "gzip")]}),
        ("Response", {"status_code": 200, "headers": [("Transfer-Encoding", "chunked")] * 2}),
        ("Response", {"status_code": 200, "headers": [("Content-Length", "5, 5"), ("Transfer-Encoding", "Chunked")]}),
        ("Response", {"status_code": 100, "headers": []}),
        ("Response", {"status_code": 1000, "headers": []}),
        ("Response", {"status_code": "200", "headers": []}),
        ("Response", {"status_code": http.HTTPStatus.OK, "headers": [(b"A", b"b")], "reason": "fine"}),
        ("InformationalResponse", {"status_code": 200, "headers": []}),
        ("InformationalResponse", {"status_code": 103, "headers": [("Link", "a")]}),
        ("EndOfMessage", {"headers": [("Digest", "x")]}),
        ("EndOfMessage", {}),
        ("Data", {"data": b"a", "chunk_start": True}),
        ("ConnectionClosed", {}),
    ],
)
def test_an_event_is_made_or_refused_as_in_h11(kind: str, fields: dict[str, Any]) -> None:
    shown: list[str] = []
    for module in (h11, ours):
        try:
            event = getattr(module, kind)(**fields)
        except module.LocalProtocolError as error:
            shown.append(f"{error} {error.error_status_hint}")
        else:
            assert event == getattr(module, kind)(**fields)
            assert isinstance(event, module.Event)
            assert (type(event).__hash__ is None) == (kind != "ConnectionClosed")
            shown.append(f"{event!r}")
    assert shown[0] == shown[1]


@MODULES
def test_events_of_other_kinds_or_values_differ(module: Any) -> None:
    response = module.Response(status_code=200, headers=[("A", "b")])
    assert response == module.Response(status_code=200, headers=[("a", "b")])
    assert response != module.Response(status_code=201, headers=[("a", "b")])
    assert response != module.Response(status_code=200, headers=[("a", "c")])
    assert response != module.InformationalResponse(status_code=100, headers=[("a", "b")])
    assert module.Data(data=b"a") != module.Data(data=b"b")
    with pytest.raises(AttributeError):
        response.status_code = 201


@MODULES
def test_headers_have_two_views(module: Any) -> None:
    headers = module.Response(status_code=200, headers=[("Set-X", "1"), ("VIA", "2")]).headers
    assert list(headers) == [(b"set-x", b"1"), (b"via", b"2")]
    assert headers.raw_items() == [(b"Set-X", b"1"), (b"VIA", b"2")]
    assert headers == [(b"set-x", b"1"), (b"via", b"2")]
    assert headers != [(b"Set-X", b"1"), (b"VIA", b"2")]
    assert (len(headers), headers[0], headers[-1]) == (2, (b"set-x", b"1"), (b"via", b"2"))
    assert (b"via", b"2") in headers
    assert repr(headers) == "<Headers([(b'set-x', b'1'), (b'via', b'2')])>"
    assert not module.EndOfMessage().headers


@MODULES
def test_headers_of_another_event_are_taken_as_they_are(module: Any) -> None:
    headers = module.Response(status_code=200, headers=[("A", "b")]).headers
    assert module.Response(status_code=200, headers=headers).headers is headers


@MODULES
def test_names_are_their_own_types(module: Any) -> None:
    for name in ("CLIENT", "SERVER", "IDLE", "SEND_RESPONSE", "SEND_BODY", "DONE", "MUST_CLOSE", "CLOSED", "ERROR"):
        sentinel = getattr(module, name)
        assert type(sentinel) is sentinel
        assert repr(sentinel) == name
    for name in ("MIGHT_SWITCH_PROTOCOL", "SWITCHED_PROTOCOL", "NEED_DATA", "PAUSED"):
        assert type(getattr(module, name)) is getattr(module, name)


def test_every_public_name_is_there() -> None:
    assert set(h11.__all__) | {"PRODUCT_ID", "__version__", "MIGHT_SWITCH_PROTOCOL"} == set(ours.__all__)
    assert ours.__version__ == metadata.version("h11")


@MODULES
def test_errors_are_of_two_kinds(module: Any) -> None:
    with pytest.raises(TypeError):
        module.ProtocolError("a")
    for kind in (module.LocalProtocolError, module.RemoteProtocolError):
        assert isinstance(kind("a", 431), module.ProtocolError)
        assert (kind("a").error_status_hint, kind("a", 431).error_status_hint) == (400, 431)


@MODULES
def test_an_error_is_answered(module: Any) -> None:
    side = Side(module)
    side.receive(b"GET /\x00 HTTP/1.1\r\n\r\n")
    assert side.send("Response", status_code=400, headers=[]) == b"HTTP/1.1 400 \r\nConnection: close\r\n\r\n"
    assert side.connection.their_state is module.ERROR
    with pytest.raises(module.RemoteProtocolError):
        side.connection.next_event()


@MODULES
def test_a_head_that_is_too_long_is_answered(module: Any) -> None:
    connection = module.Connection(module.SERVER, max_incomplete_event_size=100)
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 100)
    with pytest.raises(module.RemoteProtocolError, match="too long") as caught:
        connection.next_event()
    assert caught.value.error_status_hint == 431
    assert connection.send(module.Response(status_code=431, headers=[]))
    # A head that arrives as a whole is not too long.
    connection = module.Connection(module.SERVER, max_incomplete_event_size=100)
    connection.receive_data(b"GET / HTTP/1.1\r\nHost: a\r\nX-A: " + b"a" * 100 + b"\r\n\r\n")
    assert type(connection.next_event()) is module.Request


@MODULES
def test_content_goes_past_the_connection(module: Any) -> None:
    class Placeholder:
        def __len__(self) -> int:
            return 10

    place = Placeholder()
    for headers, expected in (
        ([("Content-Length", "10")], [place]),
        ([], [b"a\r\n", place, b"\r\n"]),
    ):
        side = Side(module)
        side.receive(GET)
        side.send("Response", status_code=200, headers=headers)
        assert side.connection.send_with_data_passthrough(module.Data(data=place)) == expected
        assert b"".join(side.connection.send_with_data_passthrough(module.EndOfMessage())) in (b"", b"0\r\n\r\n")
        assert side.connection.our_state is module.DONE


@MODULES
def test_more_or_less_content_than_the_length_is_an_error(module: Any) -> None:
    for content in (b"h", b"hey"):
        side = Side(module)
        side.receive(GET)
        side.send("Response", status_code=200, headers=[("Content-Length", "2")])
        side.send("Data", data=content)
        side.send("EndOfMessage")
        assert side.lines[-1].startswith("EndOfMessage LocalProtocolError")
        assert side.connection.our_state is module.ERROR
        with pytest.raises(module.LocalProtocolError):
            side.connection.send(module.EndOfMessage())


@MODULES
def test_a_100_is_waited_for(module: Any) -> None:
    client, server = Side(module, "CLIENT"), Side(module)
    headers = [("Host", "a"), ("Content-Length", "5"), ("Expect", "100-continue")]
    asked = client.send("Request", method="POST", target="/", headers=headers)
    server.receive(asked)
    for side in (client, server):
        assert side.connection.client_is_waiting_for_100_continue
    assert server.connection.they_are_waiting_for_100_continue
    assert not client.connection.they_are_waiting_for_100_continue
    client.receive(server.send("InformationalResponse", status_code=100, headers=[]))
    for side in (client, server):
        assert not side.connection.client_is_waiting_for_100_continue


@MODULES
def test_a_server_switches(module: Any) -> None:
    side = Side(module)
    side.receive(OFFER)
    assert side.connection.states == {module.CLIENT: module.MIGHT_SWITCH_PROTOCOL, module.SERVER: module.SEND_RESPONSE}
    assert side.connection.next_event() is module.PAUSED
    headers = [("Upgrade", "bar"), ("Connection", "Upgrade")]
    sent = side.send("InformationalResponse", status_code=101, headers=headers)
    assert b"Upgrade: bar\r\n" in sent
    assert side.connection.trailing_data == (b"hello", False)
    side.connection.receive_data(b" there")
    side.connection.receive_data(b"")
    assert side.connection.trailing_data == (b"hello there", True)
    assert side.connection.next_event() is module.PAUSED
    assert set(side.connection.states.values()) == {module.SWITCHED_PROTOCOL}
    with pytest.raises(module.LocalProtocolError):
        side.connection.send(module.Data(data=b"a"))


@MODULES
def test_a_server_declines(module: Any) -> None:
    side = Side(module)
    side.receive(OFFER[:-5] + GET)
    side.answer(**EMPTY)
    assert set(side.connection.states.values()) == {module.DONE}
    side.go_on()
    assert type(side.connection.next_event()) is module.Request


@MODULES
def test_a_server_opens_a_tunnel(module: Any) -> None:
    side = Side(module)
    side.receive(CONNECT)
    assert side.connection.their_state is module.MIGHT_SWITCH_PROTOCOL
    assert side.send("Response", status_code=200, headers=[]).startswith(b"HTTP/1.1 200 \r\n")
    assert set(side.connection.states.values()) == {module.SWITCHED_PROTOCOL}
    assert side.connection.trailing_data == (b"hello", False)


@MODULES
def test_a_client_switches(module: Any) -> None:
    for method, target, headers, answer in (
        (
            "GET",
            "/",
            [("Upgrade", "foo/2"), ("Connection", "Upgrade")],
            b"101 \r\nUpgrade: foo/2\r\nConnection: upgrade",
        ),
        ("CONNECT", "a:1", [], b"200 OK"),
    ):
        side = Side(module, "CLIENT")
        side.send("Request", method=method, target=target, headers=[("Host", "a:1"), *headers])
        side.send("EndOfMessage")
        assert side.connection.our_state is module.MIGHT_SWITCH_PROTOCOL
        side.receive(b"HTTP/1.1 " + answer + b"\r\n\r\nhello")
        assert set(side.connection.states.values()) == {module.SWITCHED_PROTOCOL}
        assert side.connection.trailing_data == (b"hello", False)
        assert side.connection.their_http_version == b"1.1"


@MODULES
def test_bytes_after_the_end_are_a_mistake_of_the_caller(module: Any) -> None:
    connection = module.Connection(module.SERVER)
    connection.receive_data(b"")
    connection.receive_data(b"")
    with pytest.raises(RuntimeError):
        connection.receive_data(b"a")


@MODULES
def test_what_was_not_sent_is_an_error(module: Any) -> None:
    side = Side(module)
    side.receive(GET)
    side.connection.send_failed()
    assert side.connection.states == {module.CLIENT: module.MUST_CLOSE, module.SERVER: module.ERROR}


@MODULES
def test_a_role_is_one_of_two(module: Any) -> None:
    with pytest.raises(ValueError, match="CLIENT"):
        module.Connection("CLIENT")


@MODULES
def test_a_100_that_no_client_waits_for_is_sent(module: Any) -> None:
    side = Side(module)
    side.receive(POST)
    assert side.send("InformationalResponse", status_code=100, headers=[]) == b"HTTP/1.1 100 \r\n\r\n"
    assert side.connection.our_state is module.SEND_RESPONSE


# Differences from h11.


def test_the_page_says_what_differs() -> None:
    before = both.PAGE.read_text()
    now = both.page(before)
    if os.environ.get("BLESS") == "1":
        both.PAGE.write_text(now)
    else:
        assert now == before, "BLESS=1 with this test writes the page"


def test_an_error_of_the_engine_is_the_cause() -> None:
    connection = ours.Connection(ours.SERVER)
    connection.receive_data(b"GET / HTTP/1.1\n\n")
    with pytest.raises(ours.RemoteProtocolError) as caught:
        connection.next_event()
    cause = caught.value.__cause__
    assert isinstance(cause, switchover.RemoteProtocolError)
    assert (cause.kind, cause.offset, caught.value.error_status_hint) == (switchover.ErrorKind.BARE_LF, 14, 400)
    connection = ours.Connection(ours.SERVER)
    connection.receive_data(OLD)
    for _ in range(2):
        connection.next_event()
    with pytest.raises(ours.LocalProtocolError) as refused:
        connection.send(ours.InformationalResponse(status_code=103, headers=[("Link", "a")]))
    assert isinstance(refused.value.__cause__, switchover.LocalProtocolError)


def test_a_101_that_names_what_was_not_offered_is_an_error() -> None:
    side = Side(ours)
    side.receive(OFFER)
    with pytest.raises(ours.LocalProtocolError):
        side.connection.send(ours.InformationalResponse(status_code=101, headers=[("Upgrade", "baz")]))
    assert side.connection.our_state is ours.ERROR


def test_an_answer_to_no_request_leaves_with_its_end() -> None:
    side = Side(ours)
    side.connection.receive_data(b"GET / HT")
    assert side.connection.next_event() is ours.NEED_DATA
    assert side.send("Response", status_code=408, headers=[("X-A", "1")]) == b""
    assert side.connection.send_with_data_passthrough(ours.Data(data=b"late")) == [b""]
    sent = side.send("EndOfMessage")
    assert sent == b"HTTP/1.1 408 \r\nX-A: 1\r\nContent-Length: 4\r\nConnection: close\r\n\r\nlate"
    assert side.connection.our_state is ours.MUST_CLOSE


def test_a_426_says_what_the_client_offered() -> None:
    side = Side(ours)
    side.receive(OFFER)
    sent = side.send("Response", status_code=426, headers=[("Content-Length", "0")])
    assert b"\r\nUpgrade: foo/2, bar\r\n" in sent
    side = Side(ours)
    side.receive(OFFER)
    sent = side.send("Response", status_code=426, headers=[("Content-Length", "0"), ("Upgrade", "baz")])
    assert b"\r\nUpgrade: baz\r\n" in sent
    side = Side(ours)
    side.receive(GET)
    sent = side.send("Response", status_code=426, headers=[("Content-Length", "0"), ("Upgrade", "baz")])
    assert b"\r\nUpgrade: baz\r\n" in sent


H2C = (
    b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n"
)


@MODULES
def test_a_server_switches_to_h2c(module: Any) -> None:
    side = Side(module)
    side.receive(H2C + b"PRI")
    headers = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
    assert side.send("InformationalResponse", status_code=101, headers=headers).startswith(b"HTTP/1.1 101 ")
    assert side.connection.states[module.SERVER] is module.SWITCHED_PROTOCOL
    assert side.connection.trailing_data == (b"PRI", False)


@MODULES
def test_a_client_switches_to_h2c(module: Any) -> None:
    side = Side(module, "CLIENT")
    headers = [
        ("Host", "a"),
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAAQAoAAAAAIAAAAA"),
    ]
    sent = side.send("Request", method="GET", target="/", headers=headers)
    assert b"\r\nUpgrade: h2c\r\n" in sent
    side.send("EndOfMessage")
    side.receive(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n\x00\x00")
    assert side.connection.states[module.SERVER] is module.SWITCHED_PROTOCOL
    assert side.connection.trailing_data == (b"\x00\x00", False)


def test_targets_of_both_schemes_are_accepted() -> None:
    for scheme in (b"http", b"https"):
        connection = ours.Connection(ours.SERVER)
        connection.receive_data(b"GET %s://a/ HTTP/1.1\r\nHost: a\r\n\r\n" % scheme)
        event = connection.next_event()
        assert isinstance(event, ours.Request)
        assert event.target == scheme + b"://a/"


def test_an_http2_preface_is_a_request() -> None:
    preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
    connection = ours.Connection(ours.SERVER)
    connection.receive_data(preface + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00")
    event = connection.next_event()
    assert event == ours.Request(method=b"PRI", target=b"*", headers=[], http_version=b"2.0")
    assert b"PRI * HTTP/2.0\r\n\r\n" + connection.trailing_data[0] == preface + b"\x00\x00\x00\x04\x00\x00\x00\x00\x00"


def test_secrets_are_hidden() -> None:
    event = ours.Request(method="GET", target="/", headers=[("Host", "a"), ("Cookie", "secret")])
    assert "secret" not in repr(event)
    with pytest.raises(ours.LocalProtocolError) as caught:
        ours.Request(method="GET", target="/", headers=[("Host", "a"), ("Cookie", "secret\0")])
    assert "secret" not in str(caught.value)


def test_the_states_are_few() -> None:
    side = Side(ours)
    counts: list[int] = []
    for _ in range(3):
        side.receive(CHUNKED)
        side.answer(**STREAMED)
        side.go_on()
        counts.append(len(KNOWN))
    assert counts[0] == counts[-1] < 200


def test_in_h11s_place() -> None:
    program = """
import sys
import switchover.h11
sys.modules["h11"] = switchover.h11
import h11
from h11 import Connection
from h11._connection import DEFAULT_MAX_INCOMPLETE_EVENT_SIZE
import wsproto
connection = wsproto.WSConnection(wsproto.ConnectionType.SERVER)
assert isinstance(connection.handshake._h11_connection, Connection)
assert Connection is switchover.h11.Connection and DEFAULT_MAX_INCOMPLETE_EVENT_SIZE == 16384
assert not [name for name, module in sys.modules.items() if name.startswith("h11.") and "/h11/_" not in module.__file__]
print(h11.PRODUCT_ID)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"switchover/{switchover.__version__}\n"


def test_sending_after_the_peers_mistake_fails_as_h11_says() -> None:
    connection = ours.Connection(ours.CLIENT)
    headers = [("Host", "a"), ("Content-Length", "5")]
    connection.send(ours.Request(method="POST", target="/", headers=headers))
    connection.receive_data(b"")
    with pytest.raises(ours.RemoteProtocolError):
        connection.next_event()
    for send in (connection.send, connection.send_with_data_passthrough):
        with pytest.raises(ours.LocalProtocolError):
            send(ours.Data(data=b"hello"))
    assert connection.our_state is ours.ERROR


def test_bytes_after_an_answer_end_a_clients_connection() -> None:
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
    for first, later in ((answer + answer, b""), (answer, answer)):
        client = Side(ours, "CLIENT")
        client.send("Request", method="GET", target="/", headers=[("Host", "a")])
        client.send("EndOfMessage")
        connection = client.connection
        connection.receive_data(first)
        while type(connection.next_event()) is not ours.EndOfMessage:
            pass
        if later:
            assert set(connection.states.values()) == {ours.DONE}
            connection.receive_data(later)
        assert set(connection.states.values()) == {ours.MUST_CLOSE}
        with pytest.raises(ours.LocalProtocolError, match="reusable"):
            connection.start_next_cycle()
        assert connection.send(ours.ConnectionClosed()) is None


@pytest.mark.parametrize(
    ("asked", "headers", "status", "named"),
    [
        (GET, [], b"400", b""),
        (GET, [("Upgrade", "foo/2")], b"426", b"Upgrade: foo/2\r\n"),
        (OFFER[:-5], [], b"426", b"Upgrade: foo/2, bar\r\n"),
        (OFFER[:-5], [("Upgrade", "baz")], b"426", b"Upgrade: baz\r\n"),
        (OLD, [], b"400", b""),
        (OLD, [("Upgrade", "foo/2")], b"426", b"Upgrade: foo/2\r\n"),
        (OLD, [("Upgrade", "foo/2"), ("Connection", "Upgrade")], b"426", b"Upgrade: foo/2\r\n"),
    ],
)
def test_a_426_names_a_protocol_or_is_a_400(
    asked: bytes, headers: list[tuple[str, str]], status: bytes, named: bytes
) -> None:
    side = Side(ours)
    side.receive(asked)
    sent = side.send("Response", status_code=426, headers=[("Content-Length", "2"), *headers], reason="Update")
    assert sent.startswith(b"HTTP/1.1 " + status + b" Update\r\n")
    assert (b"Upgrade: " in sent) == bool(named)
    assert named in sent
    side.send("Data", data=b"no")
    side.send("EndOfMessage")
    assert side.connection.our_state in (ours.DONE, ours.MUST_CLOSE)


def test_a_target_with_https_is_taken() -> None:
    side = Side(ours)
    side.receive(b"GET https://a/ HTTP/1.1\r\nHost: a\r\n\r\n")
    assert side.connection.states == {ours.CLIENT: ours.DONE, ours.SERVER: ours.SEND_RESPONSE}


@pytest.mark.parametrize("module", ["_state", "_receivebuffer", "_readers"])
def test_what_is_private_to_h11_is_refused_by_name(module: str) -> None:
    for name, begins in ((f"switchover.h11.{module}", ""), (f"h11.{module}", "sys.modules['h11'] = switchover.h11;")):
        code = f"import sys, switchover.h11; {begins} import {name}"
        ended = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
        assert f"ImportError: switchover.h11 has no {module}: that module is private to h11" in ended.stderr
        assert "niquests" in ended.stderr


def test_the_modules_may_be_imported_by_the_other_name() -> None:
    code = (
        "import sys, switchover.h11; sys.modules['h11'] = switchover.h11; import h11.state, h11.connection, h11.errors"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    "said",
    [
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2  \r\nhi\r\n0 \r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: a=kUd\x01UpAt\r\nContent-Length: 2\r\n\r\nhi",
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n",
        b"HTTP/2.0 200 OK\r\nContent-Length: 2\r\n\r\nhi",
    ],
    ids=["lf", "padded chunk", "cookie", "both framings", "chunked in 1.0", "version"],
)
def test_a_client_takes_what_h11_takes_on_purpose(said: bytes) -> None:
    for module in (h11, ours):
        played = both.ask(module, said)
        assert played.error is None
        assert played.lines[1] == f"Data {b'hi'.hex()}"
