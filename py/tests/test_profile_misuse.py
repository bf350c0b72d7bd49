"""Tests of wrong calls for particular protocols, such as h2c, and of the errors."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from typing import Any

import pytest
import switchover
from ends import OFFER, asked
from switchover import (
    Capsules,
    Datagram,
    Deflate,
    Ineligible,
    ProfileError,
    Role,
    Splice,
    UdpTarget,
    check_http2,
    http1_fields,
    websocket_key,
)

# An untyped name, as misuse does not pass the type checker.
UNTYPED: Any = switchover


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (lambda: websocket_key(b""), ValueError, "a nonce has 16 bytes, got 0"),
        (lambda: websocket_key(b"short"), ValueError, "a nonce has 16 bytes, got 5"),
        (lambda: UNTYPED.websocket_key("the sample nonce"), TypeError, "expected bytes, bytearray or a memoryview"),
        (lambda: Capsules(-1), OverflowError, "."),
        (lambda: Capsules(2**32), OverflowError, "."),
        (lambda: UNTYPED.Capsules().receive_data("x"), TypeError, "expected bytes"),
        (lambda: Datagram(2**62, b""), ValueError, "less than 2 to the 62"),
        (lambda: Datagram(2**64, b""), OverflowError, "."),
        (lambda: Datagram(0, UNTYPED.Capsules()), TypeError, "Capsules"),
        (lambda: UNTYPED.Datagram(0, b"").write(into=b""), TypeError, "bytes"),
        (lambda: Deflate(server_max_window_bits=256), OverflowError, "."),
        (lambda: UNTYPED.Deflate(True), TypeError, "positional"),
        (lambda: asked().select_deflate(UNTYPED.Capsules()), TypeError, "Deflate"),
        (lambda: asked().select_subprotocol("chat"), TypeError, "expected a list of protocols, got str"),
        (lambda: asked().select_subprotocol(["chat"], UNTYPED.Role.SERVER), TypeError, "expected a switchover.Order"),
        (lambda: UNTYPED.Request("GET", "/").http2_request(), TypeError, "secure"),
        (lambda: UNTYPED.Splice(Role.SERVER, b""), TypeError, "Connection"),
        (lambda: UNTYPED.Splice(asked()), TypeError, "content"),
        (lambda: UNTYPED.http1_fields("a", 5), TypeError, "int"),
        (lambda: http1_fields("\u20ac", ()), UnicodeEncodeError, "latin-1"),
        (lambda: check_http2((), 70_000), OverflowError, "."),
        (lambda: UdpTarget("a", 65_536), OverflowError, "."),
    ],
)
def test_wrong_arguments(call: Callable[[], object], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        call()


def test_a_datagram_that_does_not_fit_writes_nothing() -> None:
    out = bytearray(b"before")
    with memoryview(out), pytest.raises(BufferError):
        Datagram(0, b"x").write(into=out)
    assert out == b"before"


def test_what_is_forbidden_is_a_value() -> None:
    with pytest.raises(ProfileError) as caught:
        Splice(asked(OFFER), b"")
    error = caught.value
    twin = pickle.loads(pickle.dumps(error))
    assert (type(twin), twin.args, str(twin), twin.reason) == (ProfileError, error.args, str(error), error.reason)
    assert str(error) == Ineligible.SETTINGS.text


@pytest.mark.parametrize("make", [Capsules, Deflate, lambda: UdpTarget("a", 1), lambda: Datagram(0, b"")])
def test_nothing_is_extended(make: Callable[[], Any]) -> None:
    made = make()
    with pytest.raises(AttributeError):
        made.extra = 1
    with pytest.raises(TypeError, match="not an acceptable base type"):
        type("Mine", (made.__class__,), {})


def test_threads_take_turns() -> None:
    capsules, wrong = Capsules(), list[BaseException]()
    written = Datagram(0, b"x").write()
    counted: list[int] = []

    def read() -> None:
        try:
            for _ in range(1000):
                capsules.receive_data(written)
            while capsules.next_datagram():
                counted.append(1)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(counted) == 4000
