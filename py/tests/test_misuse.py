"""Tests of a caller's mistakes, and of the exact errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import switchover
from ends import OFFER, PLAIN, asked, client, code, server
from switchover import (
    Config,
    Connection,
    Content,
    ContentKind,
    EndOfMessage,
    ErrorKind,
    LocalProtocolError,
    Order,
    Owes,
    Paused,
    PausedReason,
    Prepared,
    RemoteProtocolError,
    Request,
    Role,
    Switched,
    _switchover,
)

# An untyped name, as misuse does not pass the type checker.
UNTYPED: Any = Connection
UNTYPED_CONFIG: Any = Config
HOST = [("Host", "a")]


# Wrong order.


def test_calls_out_of_order() -> None:
    assert code(lambda: server().send_response(200)) is ErrorKind.UNASKED
    assert code(lambda: server(PLAIN).send_response(200)) is ErrorKind.UNASKED
    assert code(lambda: asked().send_data(b"x")) is ErrorKind.NO_CONTENT
    assert code(lambda: asked().skip_content()) is ErrorKind.NO_CONTENT
    assert code(lambda: asked().resume_http()) is ErrorKind.NOTHING_OWED
    assert code(lambda: server().send_request("GET", "/", HOST)) is ErrorKind.WRONG_ROLE
    assert code(lambda: client().send_response(200)) is ErrorKind.WRONG_ROLE
    assert code(lambda: client().advertise(["foo"])) is ErrorKind.WRONG_ROLE
    assert code(lambda: client(offer=("foo",)).send_request("GET", "/", HOST)) is ErrorKind.OFFER_PENDING


def test_whole_answers_out_of_order() -> None:
    assert code(lambda: server().respond(200)) is ErrorKind.UNASKED
    assert code(lambda: client().respond(200)) is ErrorKind.WRONG_ROLE
    assert code(lambda: client().reject(503)) is ErrorKind.WRONG_ROLE
    assert code(lambda: server().reject(200)) is ErrorKind.INVALID_STATUS
    connection = asked()
    assert code(lambda: connection.set_limits(Config())) is ErrorKind.UNANSWERED
    assert connection.reject(503).startswith(b"HTTP/1.1 503 ")
    assert code(lambda: connection.reject(503)) is ErrorKind.CLOSED
    assert code(lambda: asked().respond(204, (), b"hello")) is ErrorKind.FRAMING_CONFLICT
    assert code(lambda: asked().respond(200, {"Content-Length": "4"}, b"hello")) is ErrorKind.LENGTH_EXCEEDED
    assert code(lambda: asked().respond(200, {"Content-Length": "6"}, b"hello")) is ErrorKind.LENGTH_SHORT
    assert code(lambda: Prepared(200, {"Transfer-Encoding": "chunked"})) is ErrorKind.FRAMING_CONFLICT
    assert code(lambda: Prepared(101)) is ErrorKind.INVALID_STATUS
    connection = asked()
    assert connection.respond(200, (), b"hello").endswith(b"\r\nContent-Length: 5\r\n\r\nhello")
    assert code(lambda: connection.respond(200)) is ErrorKind.ANSWERED
    assert server().reject(408).startswith(b"HTTP/1.1 408 Request Timeout\r\n")


def test_a_prepared_answer_is_for_any_connection() -> None:
    text = bytearray(b"hello")
    prepared = Prepared(200, {"X": "y"}, text, reason="Fine")
    text[:] = b"other"
    assert (prepared.status, prepared.content, repr(prepared)) == (
        200,
        b"hello",
        "<switchover.Prepared 200 with 5 bytes>",
    )
    one, other = asked(), asked()
    written = one.respond_prepared(prepared)
    assert written == b"HTTP/1.1 200 Fine\r\nX: y\r\nContent-Length: 5\r\n\r\nhello"
    del one
    into = bytearray()
    assert (other.respond_prepared(prepared, into=into), bytes(into)) == (len(written), written)
    with pytest.raises(TypeError):
        UNTYPED.respond_prepared(asked(), b"HTTP/1.1 200 OK")
    with pytest.raises(TypeError):
        UNTYPED.respond(asked(), 200, (), "text is no content")
    # A response that only tidy allows can be sent only on tidy connections.
    tidied = Prepared(200, {"Transfer-Encoding": "chunked"}, b"hello", config=Config(tidy=True))
    assert code(lambda: asked().respond_prepared(tidied)) is ErrorKind.FRAMING_CONFLICT


def test_ends_and_content_past_the_engine() -> None:
    connection = server(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
    connection.next_event()
    assert not connection.take_end()
    match connection.content:
        case Content(kind=ContentKind.LENGTH, length=5):
            pass
        case other:
            pytest.fail(repr(other))
    assert code(lambda: connection.pass_content(6)) is ErrorKind.LENGTH_EXCEEDED
    with pytest.raises(OverflowError):
        connection.pass_content(-1)
    connection.pass_content(5)
    assert isinstance(connection.next_event(), EndOfMessage)
    assert code(connection.hand_over) is ErrorKind.HEAD_GONE
    assert (connection.owes, connection.persists) == (Owes.RESPONSE, True)
    over = server(PLAIN + b"rest")
    over.next_event()
    assert over.unread == b"rest"
    assert over.hand_over() == PLAIN + b"rest"
    assert code(over.hand_over) is ErrorKind.CLOSED


def test_content_is_counted() -> None:
    connection = asked()
    connection.send_response(200, {"Content-Length": "3"})
    assert code(lambda: connection.send_data(b"four")) is ErrorKind.LENGTH_EXCEEDED
    assert code(connection.send_end) is ErrorKind.LENGTH_SHORT
    connection.send_data(b"a")
    with pytest.raises(LocalProtocolError, match=r"\(error 913\): 2 bytes missing$") as short:
        connection.send_end()
    assert short.value.field is None
    assert connection.send_data(b"bc") == b"bc"
    assert connection.send_end() == b""
    assert code(connection.send_end) is ErrorKind.NO_CONTENT


def test_an_offer_is_accepted_once_and_by_its_own_selection() -> None:
    connection = asked(OFFER)
    selection = connection.select(["foo/2"])
    assert selection
    connection.send_response(204)
    connection.receive_data(OFFER)
    list(connection.events())
    assert code(lambda: connection.accept(selection)) is ErrorKind.STALE_SELECTION
    fresh = connection.select(["foo/2"], Order.SERVER)
    assert fresh
    connection.accept(fresh)
    assert code(lambda: connection.accept(fresh)) is ErrorKind.SWITCHED
    assert connection.select(["foo/2"]) is None


def test_a_selection_of_another_connection_accepts_nothing_that_is_not_offered_here() -> None:
    foreign = asked(OFFER).select(["bar"])
    assert foreign
    connection = asked(OFFER.replace(b", bar", b""))
    assert code(lambda: connection.accept(foreign)) is ErrorKind.NOT_OFFERED


def test_a_selection_before_the_content_is_refused() -> None:
    connection = server(OFFER.replace(b"GET", b"POST").replace(b"\r\n\r\n", b"\r\nContent-Length: 5\r\n\r\nhel"))
    list(connection.events())
    selection = connection.select(["bar"])
    assert selection
    assert code(lambda: connection.accept(selection)) is ErrorKind.BODY_PENDING
    assert connection.accept(selection.early()).startswith(b"HTTP/1.1 101 ")


def test_what_would_break_a_message_does_not_leave() -> None:
    connection = asked()
    assert code(lambda: connection.send_response(200, {"A": "b\r\nC: d"})) is ErrorKind.INVALID_VALUE
    assert code(lambda: connection.send_response(200, {"A B": "c"})) is ErrorKind.INVALID_NAME
    assert code(lambda: connection.send_response(200, {}, "O\nK")) is ErrorKind.INVALID_REASON
    assert code(lambda: connection.send_response(101)) is ErrorKind.INVALID_STATUS
    assert code(lambda: connection.send_response(200, {"Upgrade": "foo"})) is ErrorKind.RESERVED_FIELD
    assert code(lambda: connection.require(["a b"])) is ErrorKind.INVALID_PROTOCOL
    assert code(lambda: Connection(Role.CLIENT).send_request("G T", "/", HOST)) is ErrorKind.INVALID_METHOD
    assert code(lambda: Connection(Role.CLIENT).send_request("GET", "/\x7f", HOST)) is ErrorKind.INVALID_TARGET
    assert code(lambda: Connection(Role.CLIENT).send_request("GET", "/", [])) is ErrorKind.INVALID_HOST
    assert connection.send_response(204) == b"HTTP/1.1 204 No Content\r\n\r\n"


# After the end.


def test_after_the_peers_error_each_call_says_so_and_one_answer_is_left() -> None:
    connection = server(b"GET / HTTP/1.1\r\nHost : a\r\n\r\n")
    with pytest.raises(RemoteProtocolError, match="whitespace in or after a field name") as caught:
        connection.next_event()
    error = caught.value
    assert (error.code, error.name, error.status, error.offset) == (202, "space-before-colon", 400, 20)
    assert error.kind is ErrorKind.SPACE_BEFORE_COLON
    assert code(connection.next_event, RemoteProtocolError) is error.kind
    assert code(lambda: connection.receive_data(PLAIN), RemoteProtocolError) is error.kind
    assert code(connection.get_buffer, RemoteProtocolError) is error.kind
    assert (error.field, error.ineligible, error.clause) == (None, None, "RFC 9112, 5.1")
    assert error.advice
    assert b"\r\nConnection: close\r\n" in connection.send_response(400, {"Content-Length": "0"})
    assert (connection.next_event(), len(connection.unread)) == (Paused(PausedReason.CLOSED), 28)
    assert code(lambda: connection.send_response(400)) is ErrorKind.ANSWERED


def test_after_the_end_of_input_nothing_is_received() -> None:
    connection = server(PLAIN)
    connection.receive_data(b"")
    assert code(lambda: connection.receive_data(b"x")) is ErrorKind.AFTER_END
    connection.receive_eof(clean=False)
    assert isinstance(next(connection.events()), Request)


def test_after_the_switch_the_bytes_are_the_new_protocols() -> None:
    connection = asked(OFFER + b"left")
    selection = connection.select(["foo/2"])
    assert selection
    connection.accept(selection)
    assert isinstance(connection.next_event(), Switched)
    assert connection.next_event() == Paused(PausedReason.SWITCHED)
    assert code(lambda: connection.receive_data(b"x")) is ErrorKind.SWITCHED
    assert code(connection.get_buffer) is ErrorKind.SWITCHED
    assert code(lambda: connection.send_data(b"x")) is ErrorKind.SWITCHED
    assert code(connection.resume_http) is ErrorKind.LEFTOVER_PENDING
    assert (connection.unread, connection.take_leftover(), connection.unread) == (b"left", b"left", b"")


def test_a_full_buffer_takes_nothing_more() -> None:
    connection = Connection(Role.SERVER, Config(buffered=100, head=100, trailers=100))
    connection.receive_data(PLAIN + b"x" * 200)
    list(connection.events())
    assert not connection.wants_input
    assert code(lambda: connection.receive_data(b"x")) is ErrorKind.BUFFER_FULL
    assert code(connection.get_buffer) is ErrorKind.BUFFER_FULL


def test_a_panic_ends_the_connection_and_nothing_else() -> None:
    connection = asked()
    with pytest.raises(BaseException, match="a test asked for this") as caught:
        _switchover._panic(connection)  # pyright: ignore[reportPrivateUsage]
    assert caught.type.__name__ == "PanicException"
    calls: list[Callable[[], object]] = [
        connection.next_event,
        connection.get_buffer,
        connection.release,
        connection.abandon,
        lambda: connection.receive_data(b""),
        lambda: connection.send_response(200),
        lambda: connection.state,
        lambda: repr(connection),
    ]
    for call in calls:
        with pytest.raises(RuntimeError, match="the connection is dead"):
            call()
    assert asked().send_response(204)


def test_texts_name_what_python_has() -> None:
    owners = {
        "Config": switchover.Config(),
        "Owes": switchover.Owes,
        "error": switchover.LocalProtocolError,
        "selection": switchover.Selection,
    }
    known = 0
    for kind in switchover.ErrorKind:
        for text in (kind.text, kind.advice):
            assert "::" not in text
            assert "limits." not in text
            assert "lenient." not in text
            for owner, name in re.findall(r"`(Config|Owes|error|selection)\.(\w+)", text):
                assert hasattr(owners[owner], name) or (owner, name) == ("error", "status"), text
                known += 1
            for name in re.findall(r"`([a-z]+_[a-z_]+)`", text):
                assert hasattr(switchover.Connection, name) or name in ("receive_eof",), text
                known += 1
    assert known > 30
