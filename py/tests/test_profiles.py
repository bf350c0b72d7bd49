"""Tests of the functions for particular protocols, such as h2c and WebSocket."""

from __future__ import annotations

import pytest
from ends import CHUNKED, OFFER, PLAIN, POST, asked, client, code, reason, server
from switchover import (
    IP_TEMPLATE,
    UDP_PAYLOAD,
    UDP_TEMPLATE,
    CapsuleFault,
    Capsules,
    Config,
    Connection,
    Datagram,
    Deflate,
    EndOfMessage,
    ErrorKind,
    Headers,
    Ineligible,
    IpTarget,
    LocalProtocolError,
    Offer,
    Order,
    OverHttp2,
    Protocol,
    Request,
    Response,
    Role,
    Splice,
    Switched,
    UdpTarget,
    agreed_deflate,
    check_http2,
    http1_fields,
    ip_target,
    says_capsules,
    udp_target,
    websocket_key,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = {"Host": "a", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": KEY}
EXTENSIONS = "permessage-deflate; client_max_window_bits"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
NO_SETTINGS = b"\0\0\0\4\0\0\0\0\0"
H2C = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n"


def h2c(received: bytes = PLAIN, config: Config | None = None) -> Connection:
    """Returns a server that has received a whole request that offers h2c."""
    connection = Connection(Role.SERVER, config)
    connection.receive_data(received.replace(b"\r\n\r\n", b"\r\n" + H2C, 1))
    list(connection.events())
    return connection


# WebSocket.


def test_both_sides_agree_on_a_subprotocol_and_on_compression() -> None:
    ours, theirs = Connection(Role.CLIENT), server()
    asks = {"Sec-WebSocket-Protocol": "chat, superchat", "Sec-WebSocket-Extensions": EXTENSIONS}
    theirs.receive_data(ours.send_request("GET", "/", WEBSOCKET | asks, ["websocket"]))
    list(theirs.events())
    selection = theirs.select(["websocket"])
    assert selection
    assert theirs.subprotocols == ("chat", "superchat")
    assert theirs.select_subprotocol([b"none", "superchat", "chat"]) == "chat"
    subprotocol = theirs.select_subprotocol(["none", "superchat", "chat"], Order.SERVER)
    agreed = theirs.select_deflate(Deflate(client_max_window_bits=10))
    assert (subprotocol, agreed) == ("superchat", Deflate(client_max_window_bits=10))
    answers = {"Sec-WebSocket-Protocol": subprotocol or "", "Sec-WebSocket-Extensions": str(agreed)}
    ours.receive_data(theirs.accept(selection, answers))
    switched = ours.next_event()
    assert isinstance(switched, Switched)
    assert switched.response
    assert agreed_deflate(switched.response.headers) == agreed
    assert switched.response.headers.get("sec-websocket-protocol") == b"superchat"


def test_what_was_not_asked_for_is_not_chosen() -> None:
    for connection in (server(), client(), asked()):
        assert connection.select_subprotocol(["chat"]) is None
        assert connection.select_deflate() is None
    ours, theirs = Connection(Role.CLIENT), server()
    theirs.receive_data(ours.send_request("GET", "/", WEBSOCKET, ["websocket"]))
    list(theirs.events())
    selection = theirs.select(["websocket"])
    assert selection
    wrong = {"Sec-WebSocket-Protocol": "chat"}
    assert code(lambda: theirs.accept(selection, wrong)) is ErrorKind.PROFILE_FIELD
    assert agreed_deflate({"Sec-WebSocket-Protocol": "chat"}) is None
    ours = Connection(Role.CLIENT)
    with pytest.raises(LocalProtocolError, match="the Sec-WebSocket-Version is not 13") as caught:
        ours.send_request("GET", "/", {"Host": "a"}, ["websocket"])
    assert (caught.value.kind, caught.value.ineligible) == (ErrorKind.PROFILE_FIELD, Ineligible.VERSION)


def test_parameters_are_values() -> None:
    deflate = Deflate(server_no_context_takeover=True, server_max_window_bits=9)
    assert deflate == Deflate(server_max_window_bits=9, server_no_context_takeover=True) != Deflate()
    assert hash(deflate) == hash(agreed_deflate([("sec-websocket-extensions", str(deflate))]))
    assert deflate.server_no_context_takeover
    assert not deflate.client_no_context_takeover
    assert (deflate.server_max_window_bits, deflate.client_max_window_bits) == (9, None)
    assert repr(Deflate()) == (
        "Deflate(server_no_context_takeover=False, client_no_context_takeover=False, "
        "server_max_window_bits=None, client_max_window_bits=None)"
    )


# Proxying.


def test_datagrams_go_through_a_proxy() -> None:
    ours, theirs = Connection(Role.CLIENT), server()
    target = UDP_TEMPLATE.format(target_host="192.0.2.6", target_port=443)
    theirs.receive_data(ours.send_request("GET", target, {"Host": "a"}, ["connect-udp"]))
    request = next(theirs.events())
    assert isinstance(request, Request)
    assert says_capsules(request.headers)
    match udp_target(request.target):
        case UdpTarget("192.0.2.6", port):
            assert port == 443
        case other:
            raise AssertionError(other)
    list(theirs.events())
    selection = theirs.select(["connect-udp"])
    assert selection
    out = bytearray()
    theirs.accept(selection, into=out)
    assert Datagram(0, b"hello").write(into=out) == 8
    ours.receive_data(out)
    switched = ours.next_event()
    assert isinstance(switched, Switched)
    capsules = Capsules()
    for byte in switched.leftover:
        capsules.receive_data(bytearray([byte]))
    assert capsules.next_datagram() == Datagram(0, bytearray(b"hello"))
    assert capsules.next_datagram() is None
    capsules.finish()


def test_targets() -> None:
    assert ip_target(IP_TEMPLATE.format(target="%2A", ipproto=17)) == IpTarget(None, 17)
    assert ip_target("/p?t=a", "/p?t={target}") is None
    assert udp_target("/p?target_host=a&target_port=1", "/p{?target_host,target_port}") == UdpTarget("a", 1)
    assert repr(IpTarget("a")) == "IpTarget(target='a', protocol=None)"
    assert hash(UdpTarget("a", 1)) == hash(UdpTarget("a", 1)) != hash(UdpTarget("a", 2))
    assert udp_target(b"/\xff", b"/\xff") is None


def test_streams_of_capsules_that_are_aborted() -> None:
    def reader(stream: bytes, longest: int = UDP_PAYLOAD) -> Capsules:
        capsules = Capsules(longest)
        capsules.receive_data(stream)
        return capsules

    assert reason(reader(Datagram(0, b"abc").write(), 2).next_datagram) is CapsuleFault.TOO_LONG
    assert reason(reader(b"\0\0").next_datagram) is CapsuleFault.NO_CONTEXT
    assert reason(reader(b"\0").finish) is CapsuleFault.TRUNCATED
    assert reader(Datagram(0, b"abc").write(), 2**32 - 1).next_datagram() == Datagram(0, b"abc")


# Intermediaries.


def test_an_intermediary_passes_on_what_is_for_the_other_end() -> None:
    upstream, downstream = Connection(Role.CLIENT), Connection(Role.SERVER, Config(tidy=True))
    lines = [("Upgrade", "TLS/1.2, foo/2"), ("Connection", "upgrade, X-Mine"), ("X-Mine", "1"), ("X-Theirs", "2")]
    downstream.receive_data(b"GET /a HTTP/1.1\r\nHost: a\r\n")
    downstream.receive_data(b"".join(f"{name}: {value}\r\n".encode() for name, value in lines) + b"\r\n")
    request = next(downstream.events())
    assert isinstance(request, Request)
    assert downstream.forwardable == (Protocol("foo/2"),)
    assert request.authority == b"a"
    assert Request("GET", "http://b:8/x", {"Host": "a"}).authority == b"b:8"
    assert Request("CONNECT", "c:443").authority == b"c:443"
    assert Request("GET", "/", minor_version=0).authority is None
    passed = [*request.headers.end_to_end(), (b"Via", b"1.1 here")]
    sent = upstream.send_request(request.method, request.target, passed, downstream.forwardable)
    assert sent.splitlines()[1:-1] == [
        *(b"Host: a", b"X-Theirs: 2", b"Via: 1.1 here"),
        *(b"Upgrade: foo/2", b"Connection: Upgrade"),
    ]
    list(downstream.events())
    upstream.receive_data(
        b"HTTP/1.1 101 x\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nX: y\r\nContent-Length: 0\r\n\r\n"
    )
    switched = upstream.next_event()
    assert isinstance(switched, Switched)
    assert switched.response
    assert switched.response.headers.end_to_end() == [(b"X", b"y"), (b"Content-Length", b"0")]
    selection = downstream.select(switched.protocols)
    assert selection
    assert b"\r\nX: y\r\n" in downstream.accept(selection, switched.response.headers.end_to_end())
    assert (server().forwardable, client().forwardable) == ((), ())


def test_heads_that_are_not_offered_show_what_they_are() -> None:
    connection = client()
    connection.receive_data(b"HTTP/1.1 200 OK\r\nConnection: close, X\r\nX: 1\r\nY: 2\r\nContent-Length: 0\r\n\r\n")
    response, end = list(connection.events())[:2]
    assert isinstance(response, Response)
    assert isinstance(end, EndOfMessage)
    assert response.headers.end_to_end() == [(b"Y", b"2"), (b"Content-Length", b"0")]
    assert end.trailers.end_to_end() == []


def test_requests_between_http_1_and_http_2() -> None:
    request = Request("GET", "/chat", WEBSOCKET, offers=[Offer(Protocol("websocket"))])
    over_http2 = request.extended_connect("websocket", secure=True)
    assert over_http2 == request.extended_connect(Protocol("websocket"), secure=True)
    assert (over_http2.get(":method"), over_http2.get(":protocol")) == (b"CONNECT", b"websocket")
    assert (over_http2.get(":scheme"), over_http2.get("sec-websocket-key")) == (b"https", None)
    assert check_http2(over_http2) is None
    assert check_http2(request.headers) is OverHttp2.NAME
    assert check_http2([("sec-websocket-key", "a")]) is OverHttp2.SEC_WEBSOCKET_KEY
    assert check_http2((), 101) is OverHttp2.SWITCHING
    back = http1_fields(over_http2.get(":authority", b""), over_http2, websocket_key(b"the sample nonce"))
    head = Connection(Role.CLIENT).send_request("GET", over_http2.get(":path", b""), back, ["websocket"])
    assert head.startswith(b"GET /chat HTTP/1.1\r\nhost: a\r\n")
    plain = request.http2_request(secure=False)
    assert plain[:2] == [(b":method", b"GET"), (b":scheme", b"http")]
    assert Headers({"A": "b", "TE": "gzip, trailers"}).http2_fields() == [(b"a", b"b"), (b"te", b"trailers")]
    assert reason(lambda: http1_fields("a", {"Upgrade": "b"})) is OverHttp2.UPGRADE


# HTTP/2 by upgrade.


def test_an_engine_that_knows_no_upgrades_answers_on_stream_1() -> None:
    h2 = pytest.importorskip("h2.connection", reason="h2 is not installed")
    config = pytest.importorskip("h2.config").H2Configuration
    engine = h2.H2Connection(config(client_side=False, header_encoding="ascii"))
    peer = h2.H2Connection(config(client_side=True))
    head = [b"POST /a HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nContent-Length: 5"]
    head += [b"HTTP2-Settings: " + peer.initiate_upgrade_connection(), b"\r\nhello"]
    connection = server(b"\r\n".join(head))
    list(connection.events())
    splice = Splice(connection, b"hello", {"Digest": "x"})
    selection = connection.select(["h2c"])
    assert selection
    connection.accept(selection)
    engine.initiate_connection()
    seen: list[str] = []
    while not splice.is_done:
        splice.client_sent(peer.data_to_send())
        events = engine.receive_data(splice.take_for_engine())
        for event in events:
            seen.append(type(event).__name__)
            if seen[-1] == "DataReceived":
                engine.acknowledge_received_data(len(event.data), 1)
                engine.increment_flow_control_window(len(event.data))
            if seen[-1] == "StreamEnded":
                engine.send_headers(1, [(":status", "204")], end_stream=True)
        splice.engine_sent(engine.data_to_send())
        seen += [type(event).__name__ for event in peer.receive_data(splice.take_for_client())]
    assert [name for name in seen if name in ("RequestReceived", "DataReceived", "TrailersReceived")] == [
        *("RequestReceived", "DataReceived", "TrailersReceived"),
    ]
    assert "ResponseReceived" in seen
    assert not splice.is_waiting
    assert splice.wants_client


def test_a_splice_is_made_of_what_can_be_taken_along() -> None:
    assert reason(lambda: Splice(asked(OFFER), b"")) is Ineligible.SETTINGS
    assert reason(lambda: Splice(h2c(), bytes(65_536))) is Ineligible.CONTENT
    assert reason(lambda: Splice(h2c(config=Config(h2c_head=20)), b"")) is Ineligible.HEAD
    assert reason(lambda: Splice(h2c(POST), b"hell")) is Ineligible.CONTENT
    for connection in (server(), client(), asked()):
        with pytest.raises(ValueError, match="keeps no request"):
            Splice(connection, b"")
    connection = h2c(POST)
    splice = Splice(connection, bytearray(b"hello"))
    # The splice has copied all that it needs.
    connection.abandon()
    del connection
    splice.client_sent(memoryview(PREFACE + NO_SETTINGS))
    begun = splice.take_for_engine()
    assert begun.startswith(PREFACE)
    assert b"hello" in begun
    assert (splice.take_for_engine(), splice.take_for_client(), splice.is_done) == (b"", b"", False)


def test_a_client_that_ends_is_passed_on() -> None:
    splice = Splice(h2c(CHUNKED), b"hello", [("Digest", "x")])
    splice.client_sent(b"PRI")
    assert splice.take_for_engine() == b""
    splice.client_ended()
    assert splice.take_for_engine() == b"PRI"
    assert splice.is_done


def test_which_offers_of_h2c_are_taken() -> None:
    def ineligible(received: bytes, config: Config) -> Ineligible | None:
        connection = Connection(Role.SERVER, config)
        connection.receive_data(received)
        request = next(connection.events())
        assert isinstance(request, Request)
        return request.offers[0].ineligible

    bare = PLAIN.replace(b"\r\n\r\n", b"\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n")
    whole = POST.replace(b"\r\n\r\n", b"\r\n" + H2C, 1)
    assert ineligible(bare, Config()) is Ineligible.SETTINGS
    assert ineligible(bare, Config(bare_h2c=True)) is None
    assert ineligible(whole, Config()) is None
    assert ineligible(whole, Config(h2c_content=4)) is Ineligible.CONTENT
    assert ineligible(whole, Config(h2c_head=20)) is Ineligible.HEAD
    assert ineligible(whole, Config(secure=True)) is Ineligible.SECURE
    assert ineligible(whole.replace(b", HTTP2-Settings\r", b"\r"), Config()) is Ineligible.NOT_LISTED


def test_a_key_is_random_where_none_is_given() -> None:
    keys = {websocket_key() for _ in range(100)}
    assert len(keys) == 100
    assert {len(key) for key in keys} == {24}
