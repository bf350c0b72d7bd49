"""Connections in the states that tests begin with, and what they refuse."""

from collections.abc import Callable

import pytest
from switchover import (
    CapsuleFault,
    Connection,
    ErrorKind,
    Ineligible,
    LocalProtocolError,
    OverHttp2,
    ProfileError,
    ProtocolError,
    Request,
    Role,
)

OFFER = b"GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\n"
PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nDigest: x\r\n\r\n"


def server(received: bytes = b"") -> Connection:
    """A server that has received this and has not looked."""
    connection = Connection(Role.SERVER)
    if received:
        connection.receive_data(received)
    return connection


def asked(received: bytes = PLAIN) -> Connection:
    """A server that has seen the whole request."""
    connection = server(received)
    assert isinstance(next(connection.events()), Request)
    list(connection.events())
    return connection


def client(method: str = "GET", offer: tuple[str, ...] = ()) -> Connection:
    """A client that has asked."""
    connection = Connection(Role.CLIENT)
    connection.send_request(method, "/", [("Host", "a")], offer)
    return connection


def code(call: Callable[[], object], error: type[ProtocolError] = LocalProtocolError) -> ErrorKind:
    """Returns the error that a call is refused with."""
    with pytest.raises(error) as caught:
        call()
    return caught.value.kind


def reason(call: Callable[[], object]) -> Ineligible | OverHttp2 | CapsuleFault:
    """Why a protocol's own rules forbid a call."""
    with pytest.raises(ProfileError) as caught:
        call()
    return caught.value.reason
