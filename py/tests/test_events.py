"""Tests of events: immutability, slots, matching, comparison, repr.

Also of headers, which are created on access, of the three forms of output, and of switches.
"""

from __future__ import annotations

import copy
import pickle
import statistics
import sys
from collections import OrderedDict
from typing import Any

import pytest
from ends import CHUNKED, OFFER, PLAIN, POST, asked, client, server
from switchover import (
    NEED_DATA,
    Awaiting,
    Connection,
    Data,
    EndOfMessage,
    ErrorKind,
    Event,
    Headers,
    Ineligible,
    Informational,
    LocalProtocolError,
    NeedData,
    NoOffer,
    Offer,
    Order,
    Paused,
    PausedReason,
    Phase,
    Protocol,
    RemoteProtocolError,
    Request,
    Response,
    Role,
    Stage,
    Switched,
    SwitchedBy,
    TraceStep,
    Why,
)
from switchover._switchover import _next_scope, _scope

SECRETS = [("Authorization", "s1"), ("proxy-authorization", "s2"), ("COOKIE", "s3"), ("Set-Cookie", "s4")]
EVENTS: list[Event | Paused] = [
    Request("GET", "/", [("Host", "a")]),
    Informational(103, {"Link": "x"}),
    Response(200, reason=b"OK"),
    Data(b"x"),
    EndOfMessage([("Digest", "x")]),
    Switched(SwitchedBy.UPGRADE, [Protocol("foo/2")], leftover=b"y"),
    Paused(PausedReason.ANSWER),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_events_are_frozen_and_slotted(event: Event | Paused) -> None:
    name = event.__match_args__[0]
    with pytest.raises(AttributeError):
        setattr(event, name, None)
    with pytest.raises(AttributeError):
        event.extra = 1  # type: ignore[union-attr]
    assert not hasattr(event, "__dict__")
    assert getattr(event, name) == getattr(event, name)
    assert repr(event).startswith(f"{type(event).__name__}(")
    assert hash(event) == hash(event)
    assert event not in [other for other in EVENTS if other is not event]


def test_events_are_equal_by_value() -> None:
    request = next(server(OFFER).events())
    assert request == next(server(OFFER).events())
    assert hash(request) == hash(next(server(OFFER).events()))
    assert request != next(server(OFFER.replace(b"foo", b"oof")).events())
    headers = [("Host", "a"), ("Upgrade", "foo/2, bar"), ("Connection", "upgrade")]
    offers = [Offer(Protocol("foo/2")), Offer(Protocol("bar"))]
    assert request == Request("GET", "/chat", headers, offers=offers)
    assert list(server(CHUNKED).events())[1:] == [Data(b"hello"), EndOfMessage([("Digest", "x")])]
    assert Data(b"x") != b"x"
    assert NEED_DATA is NeedData.NEED_DATA


def test_events_are_matched() -> None:
    seen: list[object] = []
    connection = server(POST)
    for event in connection.events():
        match event:
            case Request(method, target, headers):
                seen += [method, target, headers.get("host")]
            case Data(data):
                seen.append(data)
            case EndOfMessage():
                seen.append("end")
            case _:
                raise AssertionError(event)
    match connection.next_event():
        case Paused(PausedReason.ANSWER):
            seen.append("answer")
        case other:
            raise AssertionError(other)
    assert seen == [b"POST", b"/", b"a", b"hello", "end", "answer"]


class Known:
    """A protocol and its class as attributes, for the patterns of `match`."""

    H2C = Protocol("h2c")
    UNTYPED: Any = Protocol


@pytest.mark.parametrize("spelling", ["h2c", "H2C"])
def test_protocols_are_matched_in_any_spelling(spelling: str) -> None:
    switched = Switched(SwitchedBy.UPGRADE, [Protocol(spelling)])
    match switched:
        case Switched(SwitchedBy.UPGRADE, (Known.H2C,)):
            pass
        case other:
            raise AssertionError(other)


def test_a_protocol_has_no_pattern_that_compares_its_spelling() -> None:
    def matches(protocol: object) -> bool:
        match protocol:
            case Known.UNTYPED("h2c"):
                return True
            case _:
                return False

    with pytest.raises(TypeError, match="accepts 0 positional sub-patterns"):
        matches(Protocol("H2C"))


def test_secrets_are_not_shown() -> None:
    lines = "".join(f"{name}: {value}\r\n" for name, value in SECRETS)
    connection = server(PLAIN.replace(b"\r\n\r\n", b"\r\n" + lines.encode() + b"\r\n"))
    request = connection.next_event()
    assert isinstance(request, Request)
    assert not any(value in repr(shown) for shown in (request, request.headers) for _, value in SECRETS)
    assert repr(request).count("<hidden>") == 4
    assert [request.headers.get(name) for name, _ in SECRETS] == [b"s1", b"s2", b"s3", b"s4"]


@pytest.mark.parametrize(
    ("method", "target", "path", "query"),
    [
        ("GET", "/a/b?c?d", b"/a/b", b"c?d"),
        ("GET", "/", b"/", b""),
        ("GET", "/%20?", b"/%20", b""),
        ("GET", "http://a?b", b"/", b"b"),
        ("OPTIONS", "*", b"*", b""),
        ("CONNECT", "a:443", b"", b""),
    ],
)
def test_the_path_and_the_query_of_each_form(method: str, target: str, path: bytes, query: bytes) -> None:
    connection = Connection(Role.SERVER)
    event = connection.next_event(f"{method} {target} HTTP/1.0\r\nHost: a\r\n\r\n".encode())
    assert isinstance(event, Request)
    made = Request(method, target, minor_version=0)
    for request in (event, made):
        assert (request.path, request.query, request.http_version) == (path, query, "1.0")


ENDS = [(PLAIN, True), (POST, False), (CHUNKED, False), (POST.replace(b"5", b"0"), True), (OFFER, True)]


@pytest.mark.parametrize(("received", "ends"), ENDS)
def test_a_request_says_whether_it_ends_with_its_head(received: bytes, ends: bool) -> None:
    connection = server(received)
    request = connection.next_event()
    assert isinstance(request, Request)
    assert request.ends == ends
    assert connection.request == request
    assert isinstance(connection.next_event(), EndOfMessage if ends else Data)


def test_what_an_asgi_scope_says_of_a_request() -> None:
    head = b"GET http://b/caf%C3%A9/%ff%2G%?x=%20 HTTP/1.0\r\nHost: a\r\nX-A: B\r\n\r\n"
    request = next(server(head).events())
    assert isinstance(request, Request)
    base = {"type": "http", "state": {"a": 1}}
    scope = _scope(request, base)
    assert scope == {
        **base,
        "http_version": "1.0",
        "method": "GET",
        "path": "/caf\u00e9/\ufffd%2G%",
        "raw_path": b"/caf%C3%A9/%ff%2G%",
        "query_string": b"x=%20",
        "headers": [(b"host", b"a"), (b"x-a", b"B")],
    }
    # An app may change the dict.
    assert scope["state"] is not base["state"]
    scope.clear()
    assert _scope(request, base)["headers"] is not _scope(request, base)["headers"]
    # A request without an offer is made a scope at once.
    assert _next_scope(server(head), base) == (_scope(request, base), True)


COPIED = [
    *EVENTS,
    NEED_DATA,
    Headers([("A", "b"), ("a", "")]),
    Protocol("FOO/2.2"),
    Offer(Protocol("h2c"), Ineligible.VERSION),
    ErrorKind.BARE_LF,
    Switched(SwitchedBy.UPGRADE, request=Request("GET", "/"), response=Response(101), leftover=b"x"),
    Request("POST", "/", [("Host", "a")], 0, [Offer(Protocol("bar"))], None, False),
    Response(426, {"Upgrade": "foo"}, b"Yes", 0, 2, [Protocol("foo")]),
]


@pytest.mark.parametrize("value", COPIED, ids=lambda value: type(value).__name__)
def test_values_are_copied_and_pickled(value: object) -> None:
    twins = [copy.copy(value), copy.deepcopy(value)]
    twins += [pickle.loads(pickle.dumps(value, protocol)) for protocol in range(2, pickle.HIGHEST_PROTOCOL + 1)]
    for twin in twins:
        assert twin == value
        assert repr(twin) == repr(value)


def test_received_events_are_pickled() -> None:
    for received in (OFFER + b"hello", POST, CHUNKED):
        for event in server(received).events():
            assert pickle.loads(pickle.dumps(event)) == event


def test_headers_are_a_sequence() -> None:
    headers = Headers([("A", "1"), (b"b", b"2"), ("a", bytearray(b"3"))])
    pairs = [(b"A", b"1"), (b"b", b"2"), (b"a", b"3")]
    assert headers == pairs
    assert pairs == headers
    assert headers == tuple(pairs)
    assert headers == Headers(pairs) == Headers(headers)
    assert hash(headers) == hash(tuple(pairs))
    assert headers != pairs[:2]
    assert headers != 5
    assert (list(headers), list(reversed(headers)), len(headers)) == (pairs, pairs[::-1], 3)
    assert (headers[0], headers[-1], headers[1:], headers[::-2]) == (pairs[0], pairs[2], pairs[1:], pairs[::-2])
    assert (b"b", b"2") in headers
    assert (headers.index((b"b", b"2")), headers.count((b"A", b"1"))) == (1, 1)
    assert (headers.get("A"), headers.get(b"B"), headers.get("c"), headers.get("c", b"-")) == (b"1", b"2", None, b"-")
    assert (headers.get_all("A"), headers.get_all("c")) == ([b"1", b"3"], [])
    for wrong in (3, -4):
        with pytest.raises(IndexError):
            headers[wrong]
    with pytest.raises(TypeError):
        headers[1.5]  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="not in list"):
        headers.index((b"x", b"y"))
    assert (headers.lines(), headers.flat()) == (pairs, [part for pair in pairs for part in pair])
    assert headers.lines() is not headers.lines()
    long = [(b"X-" + b"A" * length, b"Value") for length in range(40)]
    for _ in range(2):
        assert Headers(long).lower() == [(name.lower(), value) for name, value in long]
        assert Headers(long).lines() == long
    assert (Headers().lines(), Headers().flat()) == ([], [])
    assert not Headers()
    assert Headers(OrderedDict(A="1")) == [(b"A", b"1")]


def test_a_name_stands_for_its_field() -> None:
    headers = Headers([("A", "1"), (b"b", b"2"), ("a", bytearray(b"3"))])
    assert (headers["a"], headers[b"B"], headers[bytearray(b"A")]) == (b"1", b"2", b"1")
    # The types allow only a line on the left of `in`.
    untyped: Any = headers
    assert all(name in untyped for name in ("A", "a", b"B", bytearray(b"b")))
    assert "c" not in untyped
    assert b"" not in untyped
    with pytest.raises(KeyError, match="'c'"):
        headers["c"]
    # A name is not a line, so a search for it would never succeed.
    for search in (headers.count, headers.index):
        with pytest.raises(TypeError, match="a line is a pair of name and value"):
            search("a")


def test_headers_are_made_when_touched() -> None:
    lines = b"".join(b"Name-%d: value\r\n" % number for number in range(100))

    def objects(received: bytes) -> int:
        connection = server(received)
        before = sys.getallocatedblocks()
        event = connection.next_event()
        grown = sys.getallocatedblocks() - before
        assert isinstance(event, Request)
        return grown

    def usual(received: bytes) -> int:
        # The interpreter may create or free objects of its own meanwhile.
        return statistics.mode(objects(received) for _ in range(25))

    # Created lines would be hundreds of objects. An int above 256 is an object too, but only one.
    assert usual(PLAIN.replace(b"\r\n\r\n", b"\r\n" + lines + b"\r\n")) < usual(PLAIN) + 10


def test_headers_of_one_message_are_sent_with_another() -> None:
    request = next(server(PLAIN).events())
    assert isinstance(request, Request)
    sent = Connection(Role.CLIENT).send_request(request.method, request.target, request.headers)
    assert sent == PLAIN


def test_output_comes_as_bytes_in_a_bytearray_or_in_parts() -> None:
    def answered() -> Connection:
        connection = asked()
        connection.send_response(200)
        return connection

    out = bytearray()
    connection = answered()
    assert connection.send_data(b"hello", into=out) + connection.send_end({"Digest": "x"}, into=out) == len(out)
    prefix, suffix = answered().send_data_parts(5)
    assert (prefix, suffix) == (b"5\r\n", b"\r\n")
    assert out == prefix + b"hello" + suffix + b"0\r\nDigest: x\r\n\r\n"
    assert answered().send_data(memoryview(b"olleh")[::-1]) == b"5\r\nhello\r\n"


def test_a_client_and_a_server_switch() -> None:
    ours, theirs = client(offer=("bar", "foo/2")), server()
    assert (ours.our_state, ours.their_state) == (Stage.MIGHT_SWITCH_PROTOCOL, Stage.SEND_RESPONSE)
    request = Connection(Role.CLIENT).send_request("GET", "/", {"Host": "a"}, [Protocol("bar"), b"foo/2"])
    theirs.receive_data(request)
    head, _ = theirs.events()
    assert head == theirs.request
    assert isinstance(head, Request)
    assert head.offers == (Offer(Protocol("bar")), Offer(Protocol("foo/2")))
    selection = theirs.select(["FOO/2", "Bar"], Order.CLIENT)
    assert selection
    assert selection.preference == 1
    assert selection == theirs.select(["none", Protocol("bar")]) != theirs.select(["bar"])
    answer = theirs.accept(selection, {"Server": "x"}) + b"hello"
    assert (theirs.may_speak, theirs.our_state) == (True, Stage.SWITCHED_PROTOCOL)
    ours.receive_data(answer)
    switched = ours.next_event()
    assert isinstance(switched, Switched)
    assert (switched.by, switched.protocols, switched.leftover) == (SwitchedBy.UPGRADE, (Protocol("bar"),), b"hello")
    assert (switched.request, switched.response and switched.response.status) == (None, 101)
    assert (ours.agreed, ours.may_speak, ours.why) == ((Protocol("bar"),), True, None)
    assert ours.awaiting is Awaiting.NOTHING
    assert [entry.step for entry in ours.trace()] == [TraceStep.SENT_REQUEST, TraceStep.RECEIVED_SWITCH]
    assert ours.trace() == []


def test_a_426_is_tried_again() -> None:
    ours, theirs = client(), asked()
    ours.receive_data(theirs.require(["foo/2"], {"Content-Length": "0"}))
    response = next(ours.events())
    assert isinstance(response, Response)
    assert (response.status, response.advertised, response.reason) == (426, (Protocol("foo/2"),), b"Upgrade Required")
    list(ours.events())
    assert (ours.required, ours.why) == ((Protocol("foo/2"),), Why.NOT_OFFERED)
    assert b"Upgrade: foo/2\r\n" in ours.send_request("GET", "/", {"Host": "a"}, ours.required)
    assert ours.why is Why.UNDECIDED


def test_why_there_is_no_offer() -> None:
    def first(received: bytes) -> Request:
        request = next(server(received).events())
        assert isinstance(request, Request)
        return request

    assert (first(PLAIN).offers, first(PLAIN).no_offer) == ((), NoOffer.ABSENT)
    assert first(OFFER.replace(b"Connection: upgrade\r\n", b"")).no_offer is NoOffer.NO_CONNECTION_OPTION
    spoilt = first(OFFER.replace(b"bar", b"websocket"))
    assert [offer.ineligible for offer in spoilt.offers] == [None, Ineligible.VERSION]
    assert spoilt.no_offer is None


def test_states_in_h11s_words() -> None:
    connection = server()
    assert (connection.our_state, connection.their_state) == (Stage.IDLE, Stage.IDLE)
    connection.receive_data(POST[:-1])
    list(connection.events())
    assert (connection.our_state, connection.their_state) == (Stage.SEND_RESPONSE, Stage.SEND_BODY)
    connection.send_response(200, {"Connection": "close"})
    connection.receive_data(POST[-1:])
    list(connection.events())
    assert (connection.our_state, connection.their_state) == (Stage.SEND_BODY, Stage.MUST_CLOSE)
    assert (connection.state.response, connection.state.persist) == (Phase.BODY, False)
    connection.send_end()
    assert connection.next_event() == Paused(PausedReason.CLOSED)
    assert (connection.our_state, connection.their_state) == (Stage.CLOSED, Stage.CLOSED)
    assert "our_state=CLOSED" in repr(connection)
    broken = server(b"\0")
    with pytest.raises(RemoteProtocolError, match="a NUL byte"):
        broken.next_event()
    assert broken.their_state is Stage.ERROR


def test_the_events_iterator_ends() -> None:
    connection = server()
    connection.receive_eof()
    assert list(connection.events()) == list(connection.events()) == []
    assert connection.next_event() == Paused(PausedReason.CLOSED)


def test_bytes_may_come_with_the_question() -> None:
    """The events are the same if the bytes are passed to next_event, where b"" is EOF.

    Bytes that it rejects change nothing.
    """
    apart, together = Connection(Role.SERVER), Connection(Role.SERVER)
    came: list[object] = []
    for byte in (bytes([byte]) for byte in b"GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n"):
        apart.receive_data(byte)
        came.append(apart.next_event())
        assert together.next_event(memoryview(byte)) == came[-1]
    assert came[-2] is NEED_DATA
    assert came[-1] == Request("GET", "/", [("Host", "a"), ("X", "y")], no_offer=NoOffer.ABSENT)
    assert together.next_event(None) == EndOfMessage()
    together.send_response(204)
    assert together.next_event(b"") == Paused(PausedReason.CLOSED)
    with pytest.raises(LocalProtocolError) as refused:
        together.next_event(b"GET")
    assert refused.value.kind is ErrorKind.CLOSED
    assert together.next_event() == Paused(PausedReason.CLOSED)
