"""Tests that no public text shows the value of a credential field."""

from __future__ import annotations

import enum
from functools import partial
from typing import Any

import pytest
import switchover
from switchover import (
    Capsules,
    Config,
    Connection,
    Data,
    Datagram,
    Deflate,
    Headers,
    IpTarget,
    LocalProtocolError,
    Prepared,
    ProfileError,
    Protocol,
    RemoteProtocolError,
    Request,
    Role,
    Splice,
    UdpTarget,
    http1_fields,
)

SECRET = "zyzzyva"
NAMES = ["Authorization", "proxy-authorization", "COOKIE", "Set-Cookie"]
LINES = [(name, SECRET) for name in NAMES]
HOST = ("Host", "a")
H2C = [("HTTP2-Settings", "AAMAAABkAAQAAP__"), ("Connection", "HTTP2-Settings")]


def caught(call: Any) -> BaseException:
    with pytest.raises(Exception) as error:  # noqa: PT011
        call()
    return error.value


def everything() -> list[object]:
    """Returns at least one object of each public type but enums and ProtocolError.

    Those with field lines contain secrets.
    """
    client, server = Connection(Role.CLIENT), Connection(Role.SERVER)
    shown: list[object] = [client, server, Headers(LINES), Capsules(), Config(), Datagram(0, b""), Deflate()]
    shown += [IpTarget(), UdpTarget("a", 1), Protocol("foo"), Data(b""), Prepared(200, LINES), server.content]

    def pass_on(sender: Connection, sent: bytes, receiver: Connection) -> None:
        receiver.receive_data(sent)
        shown.extend(receiver.events())
        shown.extend([receiver.next_event(), receiver.state, *receiver.trace(), receiver.request, repr(sender)])

    # A request and its response with all that has field lines, then a switch. We send no such trailers.
    trailers = b"".join(f"{name}: {SECRET}\r\n".encode() for name in NAMES)
    chunked = ("Transfer-Encoding", "chunked")
    pass_on(client, client.send_request("POST", "/", [HOST, chunked, *LINES], ["foo"]), server)
    pass_on(server, server.send_informational(103, LINES), client)
    client.send_end()
    pass_on(client, b"0\r\n" + trailers + b"\r\n", server)
    answer = server.send_response(200, [chunked, *LINES])
    server.send_end()
    pass_on(server, answer + b"0\r\n" + trailers + b"\r\n", client)
    pass_on(client, client.send_request("GET", "/", [HOST, *LINES, *H2C], ["h2c", "foo"]), server)
    request = server.request
    assert request is not None
    shown += [*request.offers, request.http2_request(secure=False), request.headers.end_to_end(), Splice(server, b"")]
    selection = server.select(["foo"])
    assert selection is not None
    shown.append(selection)
    pass_on(server, server.accept(selection, LINES), client)
    shown.append(server.next_event())
    ended = Connection(Role.SERVER)
    shown.append(ended.next_event(b""))

    # Errors.
    refusing: Any = Connection(Role.CLIENT)
    broken = Connection(Role.SERVER)
    broken.receive_data(f"GET / HTTP/1.1\r\nHost: a\r\nAuthorization: {SECRET}\0\r\n\r\n".encode())
    shown += [caught(broken.next_event), caught(broken.next_event)]
    lines: list[object] = [
        line
        for name in NAMES
        for line in ((name, f"{SECRET}\0"), (name, f"{SECRET}\u20ac"), (name, [SECRET]), [name, SECRET, SECRET])
    ]
    shown += [caught(partial(refusing.send_request, "GET", "/", [HOST, line])) for line in lines]
    shown.append(caught(lambda: http1_fields("a", [*LINES, ("te", SECRET)])))
    return shown


def test_no_secret_is_in_the_text_of_anything_public() -> None:
    shown = everything()
    texts = [text for item in shown for text in (repr(item), str(item))]
    for text in texts:
        assert SECRET not in text, text
        # The secret is not shown as numbers either, as a list of bytes would show it.
        assert ", ".join(str(byte) for byte in SECRET.encode()) not in text, text
    assert any("Cookie" in text and "hidden" in text for text in texts)

    public: list[object] = [getattr(switchover, name) for name in switchover.__all__]
    classes: set[type[Any]] = {item for item in public if isinstance(item, type) and not issubclass(item, enum.Enum)}
    assert classes - {switchover.ProtocolError} <= {type(item) for item in shown}
    errors = {LocalProtocolError, RemoteProtocolError, ProfileError, ValueError, TypeError}
    assert errors <= {type(item) for item in shown}


def test_a_secret_is_still_there_for_who_asks() -> None:
    server = Connection(Role.SERVER)
    server.receive_data(f"GET / HTTP/1.1\r\nHost: a\r\nCookie: {SECRET}\r\n\r\n".encode())
    request = server.next_event()
    assert isinstance(request, Request)
    assert request.headers["cookie"] == SECRET.encode()
    assert dict(request.headers)[b"Cookie"] == SECRET.encode()
