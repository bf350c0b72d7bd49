"""Tests of invalid or unusual arguments: types, text, buffers, reentrant calls."""

from __future__ import annotations

import copy
import pickle
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ends import PLAIN, POST, asked, code, server
from switchover import (
    Closing,
    Config,
    Connection,
    Data,
    ErrorKind,
    EventKind,
    LocalProtocolError,
    Protocol,
    ProtocolError,
    Request,
    Role,
    Rx,
    _switchover,
)

# An untyped name, as misuse does not pass the type checker.
UNTYPED: Any = Connection
UNTYPED_CONFIG: Any = Config
HOST = [("Host", "a")]


# Wrong types.


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: UNTYPED("server"), TypeError, r"expected a switchover.Role, got 'server'"),
        (lambda: UNTYPED(Rx.OPEN), TypeError, "expected a switchover.Role"),
        (lambda: UNTYPED(1), TypeError, "expected a switchover.Role"),
        (lambda: UNTYPED(), TypeError, "role"),
        (lambda: UNTYPED(Role.SERVER, {"head": 1}), TypeError, "Config"),
        (lambda: UNTYPED_CONFIG(haed=1), TypeError, 'there is no option "haed"'),
        (lambda: Config(head=-1), ValueError, r"head is a whole number from 0 to 4294967295, got -1$"),
        (lambda: Config(head=2**32), ValueError, r"head is a whole number from 0 to 4294967295, got 4294967296$"),
        (lambda: Config(drain=2**64), ValueError, "drain is a whole number from 0 to 18446744073709551615, got 184"),
        (lambda: Config(head=10**30), ValueError, "head is a whole number from 0 to 4294967295, got 1000"),
        (lambda: UNTYPED_CONFIG(head="1"), TypeError, "head is a whole number, got '1'"),
        (lambda: UNTYPED_CONFIG(head=1.0), TypeError, r"head is a whole number, got 1\.0"),
        (lambda: UNTYPED_CONFIG(head=float("nan")), TypeError, "head is a whole number, got nan"),
        (lambda: UNTYPED_CONFIG(head=True), TypeError, "head is a whole number, got True"),
        (lambda: UNTYPED_CONFIG(secure=1), TypeError, "secure is True or False, got 1"),
        (lambda: UNTYPED_CONFIG(switch_in_http10=None), TypeError, "switch_in_http10 is True or False, got None"),
        (lambda: UNTYPED(Role.SERVER).receive_data("GET"), TypeError, "expected bytes, bytearray or a memoryview"),
        (lambda: UNTYPED(Role.SERVER).receive_data(None), TypeError, "got NoneType"),
        (lambda: UNTYPED(Role.SERVER).next_event("GET"), TypeError, "expected bytes, bytearray or a memoryview"),
        (lambda: server().receive_data(memoryview(b"12345678").cast("Q")), TypeError, "of bytes, got memoryview"),
        (lambda: UNTYPED(Role.SERVER).select("foo/2"), TypeError, "expected a list of protocols, got str"),
        (lambda: UNTYPED(Role.SERVER).select(["foo/2"], "client"), TypeError, "expected a switchover.Order"),
        (lambda: UNTYPED(Role.SERVER).accept(None), TypeError, "Selection"),
        (lambda: UNTYPED(Role.SERVER).send_response("200"), TypeError, "."),
        (lambda: asked().send_response(70_000), LocalProtocolError, "error 904"),
        (lambda: asked().send_response(-200), LocalProtocolError, "error 904"),
        (lambda: asked().send_informational(2**70), LocalProtocolError, "error 904"),
        (lambda: UNTYPED(Role.SERVER).send_response(200, 5), TypeError, "int"),
        (lambda: UNTYPED(Role.SERVER).send_response(200, [("a",)]), ValueError, r"^field line 1 \(\"a\"\): .*length 2"),
        (lambda: UNTYPED(Role.SERVER).send_response(200, ["ab"]), TypeError, "^field line 1: 'str' object"),
        (
            lambda: UNTYPED(Role.SERVER).send_response(200, [("a", "1"), ("X-B", 1)]),
            TypeError,
            r'^field line 2 \("X-B"\): expected str, bytes or bytearray, got int',
        ),
        (
            lambda: UNTYPED(Role.SERVER).send_response(200, {"a": "1", 5: "1"}),
            TypeError,
            "^field line 2: expected str, bytes or bytearray, got int",
        ),
        (lambda: UNTYPED(Role.SERVER).send_response(200, into=b""), TypeError, "bytes"),
        (lambda: UNTYPED(Role.SERVER).send_data("x"), TypeError, "expected bytes"),
        (lambda: Protocol("a b"), ValueError, "is no protocol name"),
    ],
)
def test_wrong_types(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_a_pair_is_a_tuple_or_a_list() -> None:
    # The types require a tuple: those of a list cannot state its length.
    lines: Any = [["A", "1"], ("B", b"2")]
    made = asked().send_response(204, lines)
    assert made == b"HTTP/1.1 204 No Content\r\nA: 1\r\nB: 2\r\n\r\n"
    with pytest.raises(LocalProtocolError, match=r"\(error 906\): field line 2"):
        asked().send_response(204, [("A", "1"), ("B C", "2")])


def test_text_is_latin_1_or_refused() -> None:
    connection = asked()
    for lines, says in (
        ({"A": "\u20ac"}, r'field line 1 \("A"\): the value holds a character above U\+00FF'),
        ({"A": "b", "C": "\udc80"}, r'field line 2 \("C"\): the value holds'),
        ({"\u20ac": "a"}, "field line 1: the name holds"),
    ):
        with pytest.raises(ValueError, match=says):
            connection.send_response(200, lines)
    for call in (
        lambda: connection.send_response(200, {}, "\u20ac"),
        lambda: Connection(Role.CLIENT).send_request("GET", "/\u20ac", HOST),
        lambda: connection.select(["\u20ac"]),
    ):
        with pytest.raises(UnicodeEncodeError):
            call()
    assert b"\r\nA: caf\xe9\r\n" in connection.send_response(200, [("A", "caf\xe9"), (b"Content-Length", b"0")])
    assert code(lambda: Connection(Role.CLIENT).send_request("GET", "/\xe9", HOST)) is ErrorKind.INVALID_TARGET


def test_a_reason_goes_out_byte_for_byte() -> None:
    assert asked().send_response(204, {}, "caf\xe9") == b"HTTP/1.1 204 caf\xe9\r\n\r\n"


# Buffers.


def test_a_released_view_is_not_received() -> None:
    view = memoryview(bytearray(PLAIN))
    view.release()
    with pytest.raises(ValueError, match="released"):
        server().receive_data(view)


def test_any_layout_of_bytes_is_received() -> None:
    for data in (bytearray(PLAIN), memoryview(PLAIN), memoryview(PLAIN[::-1])[::-1], memoryview(PLAIN).cast("c")):
        connection = server()
        connection.receive_data(data)
        assert isinstance(connection.next_event(), Request)


def test_the_buffer_outlives_its_views() -> None:
    connection = server()
    for piece in (PLAIN[:9], PLAIN[9:]):
        space = connection.get_buffer(1)
        space[: len(piece)] = piece
        space.release()
        connection.buffer_updated(len(piece))
    assert isinstance(connection.next_event(), Request)


def test_a_buffer_kept_too_long_shows_no_more_than_was_said() -> None:
    connection = server()
    space = connection.get_buffer(-1)
    space[: len(PLAIN)] = PLAIN
    connection.buffer_updated(len(PLAIN))
    request = next(connection.events())
    space[: len(PLAIN)] = b"x" * len(PLAIN)
    assert isinstance(request, Request)
    assert request.method == b"GET"
    assert request.headers == [(b"Host", b"a")]


@pytest.mark.parametrize("size", [131_071, 131_072, 131_073, 1_000_000])
def test_more_than_the_engine_gives_at_once_is_received(size: int) -> None:
    content = bytes(size)
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size
    for piece in (bytearray(head + content), memoryview(head + content)):
        connection = server()
        connection.receive_data(piece)
        taken = sum(len(event.data) for event in connection.events() if isinstance(event, Data))
        assert taken == size


def test_a_landing_larger_than_the_bounds_is_received() -> None:
    connection = Connection(Role.SERVER, Config(head=8192, buffered=16384, trailers=4096))
    head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n"
    space = connection.get_buffer(-1)
    space[: len(head) + 60_000] = head + bytes(60_000)
    connection.buffer_updated(len(head) + 60_000)
    assert sum(len(event.data) for event in connection.events() if isinstance(event, Data)) == 60_000


def test_bytes_that_landed_are_taken_once() -> None:
    connection = server()
    connection.get_buffer(-1)[: len(PLAIN)] = PLAIN
    connection.buffer_updated(len(PLAIN))
    with pytest.raises(ValueError, match="get_buffer comes before"):
        connection.buffer_updated(len(PLAIN))
    connection.get_buffer(-1)
    connection.receive_data(PLAIN)
    with pytest.raises(ValueError, match="get_buffer comes before"):
        connection.buffer_updated(len(PLAIN))


@pytest.mark.parametrize("before", [b"", b"before"])
def test_a_bytearray_that_refuses_does_not_lose_what_was_decided(before: bytes) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    own: dict[str, Any] = dict.fromkeys(
        ("extend", "__iadd__", "__setitem__", "__delitem__", "__len__", "__buffer__"), refuse
    )
    out: bytearray = type("Refusing", (bytearray,), own)(before)
    written = asked().send_response(204)
    assert asked().send_response(204, into=out) == len(written)
    assert out[:] == before + written


def test_buffer_updated_takes_what_there_is() -> None:
    connection = server()
    with pytest.raises(ValueError, match="get_buffer comes before"):
        connection.buffer_updated(1)
    assert len(connection.get_buffer(-1)) == 65_536
    with pytest.raises(ValueError, match="65537 bytes do not fit"):
        connection.buffer_updated(65_537)
    with pytest.raises(OverflowError):
        connection.buffer_updated(-1)
    connection.buffer_updated(0)
    connection.release()
    with pytest.raises(ValueError, match="get_buffer comes before"):
        connection.buffer_updated(1)


def test_output_that_cannot_grow_decides_nothing() -> None:
    connection, out = asked(), bytearray(b"before")
    with memoryview(out), pytest.raises(BufferError):
        connection.send_response(200, {"Content-Length": "2"}, into=out)
    assert connection.send_response(200, {"Content-Length": "2"}, into=out) == len(out) - len(b"before")
    with memoryview(out), pytest.raises(BufferError):
        connection.send_data(b"ok", into=out)
    assert connection.send_data(bytearray(b"ok"), into=out) == 2
    assert out == b"beforeHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize("before", [b"", b"before"])
def test_output_that_is_refused_is_as_it_was(before: bytes) -> None:
    connection, out = asked(), bytearray(before)
    assert code(lambda: connection.send_data(b"early", into=out)) is ErrorKind.NO_CONTENT
    assert code(lambda: connection.respond(99, into=out)) is ErrorKind.INVALID_STATUS
    assert out == before


def test_output_of_any_length_comes_after_any_other() -> None:
    returning, appending, collecting = server(), server(), server()
    whole, expected = bytearray(), b""
    for length in (0, 5000, 1, 300, 299, 301):
        content, out = b"x" * length, bytearray()
        for connection in (returning, appending, collecting):
            connection.receive_data(PLAIN)
            list(connection.events())
        written = returning.respond(200, (), content)
        expected += written
        assert appending.respond(200, (), content, into=out) == len(written) == len(out)
        assert collecting.respond(200, (), content, into=whole) == len(written)
        assert out == written
        assert whole == expected


# Reentrant calls, and objects.


def test_headers_that_call_back_are_read_before_the_connection_is_touched() -> None:
    connection = asked(POST)

    def lines() -> Iterator[tuple[str, str]]:
        yield "Seen", connection.our_state.name
        yield "Content-Length", str(len(connection.send_informational(103)))

    assert b"Seen: SEND_RESPONSE\r\n" in connection.send_response(200, lines())

    def fails() -> Iterator[tuple[str, str]]:
        yield "A", "b"
        raise KeyError("the caller's own")

    other = asked()
    with pytest.raises(KeyError):
        other.send_response(200, fails())
    assert other.send_response(204)


def test_threads_take_turns() -> None:
    connection, out = asked(), bytearray()
    connection.send_response(200, into=out)
    head = len(out)
    wrong: list[BaseException] = []

    def write() -> None:
        try:
            for _ in range(1000):
                connection.send_data(b"x", into=out)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert bytes(out[head:]) == b"1\r\nx\r\n" * 4000


def test_connections_are_not_copied_or_extended() -> None:
    for twin in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot pickle"):
            twin(server())
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Mine", (Connection,), {})
    with pytest.raises(AttributeError):
        server().extra = 1  # type: ignore[attr-defined]


def test_errors_are_values() -> None:
    with pytest.raises(ProtocolError) as caught:
        server().send_response(200)
    error = caught.value
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), twin.args, str(twin)) == (LocalProtocolError, error.args, str(error))
    assert (error.status, error.offset) == (None, None)


def test_every_event_class_says_its_kind() -> None:
    kinds = [item.kind for item in vars(_switchover).values() if isinstance(getattr(item, "kind", None), EventKind)]
    assert sorted(kind.value for kind in kinds) == [kind.value for kind in EventKind]


def test_headers_are_put_right_where_asked() -> None:
    def answer(config: Config) -> bytes:
        connection = Connection(Role.SERVER, config)
        connection.receive_data(PLAIN)
        assert isinstance(connection.next_event(), Request)
        return connection.send_response(204, {"Content-Length": "5"})

    assert code(lambda: answer(Config())) is ErrorKind.FRAMING_CONFLICT
    assert answer(Config(tidy=True)) == b"HTTP/1.1 204 No Content\r\n\r\n"
    assert (Config(tidy=True).tidy, Config(tidy=False) == Config()) == (True, True)
    assert repr(Config(status_without_space=True, tidy=True)) == "Config(status_without_space=True, tidy=True)"


def test_an_answer_that_a_close_would_end_early() -> None:
    connection = server(b"GET / HTTP/1.0\r\n\r\n")
    connection.next_event()
    closings = [connection.closing]
    connection.send_response(200)
    closings.append(connection.closing)
    connection.send_end()
    assert [*closings, connection.closing] == [Closing.CLOSE, Closing.RESET, Closing.LINGER]
