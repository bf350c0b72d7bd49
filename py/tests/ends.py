"""Connections in states that tests begin with, and helpers for expected errors."""

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
    """Returns a server that has received these bytes and returned no event."""
    connection = Connection(Role.SERVER)
    if received:
        connection.receive_data(received)
    return connection


def asked(received: bytes = PLAIN) -> Connection:
    """Returns a server that has received a request and returned all its events."""
    connection = server(received)
    assert isinstance(next(connection.events()), Request)
    list(connection.events())
    return connection


def client(method: str = "GET", offer: tuple[str, ...] = ()) -> Connection:
    """Returns a client that has sent a request."""
    connection = Connection(Role.CLIENT)
    connection.send_request(method, "/", [("Host", "a")], offer)
    return connection


def code(call: Callable[[], object], error: type[ProtocolError] = LocalProtocolError) -> ErrorKind:
    """Returns the kind of the error that a call raises."""
    with pytest.raises(error) as caught:
        call()
    return caught.value.kind


def reason(call: Callable[[], object]) -> Ineligible | OverHttp2 | CapsuleFault:
    """Returns the reason of the ProfileError that a call raises."""
    with pytest.raises(ProfileError) as caught:
        call()
    return caught.value.reason
