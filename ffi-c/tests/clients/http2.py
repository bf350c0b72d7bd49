"""Cases of HTTP/2 (RFC 9113), by an offer of h2c or by prior knowledge."""

import os
import socket
import struct
import time

from peer import HOST, Peer, case, gives_up, same

OFFER = HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
SETTINGS = b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1


def http2_frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def read_http2_frame(peer):
    header = peer.read(9)
    return header[3], header[4], int.from_bytes(header[5:], "big"), peer.read(int.from_bytes(header[:3], "big"))


def field_block(*fields):
    return b"".join(bytes([0, len(name)]) + name + bytes([len(value)]) + value for name, value in fields)


def request(stream, method, path, content=None, ends=END_STREAM):
    block = field_block((b":method", method), (b":scheme", b"http"), (b":authority", b"a"), (b":path", path))
    if content is None:
        return http2_frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
    return http2_frame(HEADERS, END_HEADERS, stream, block) + http2_frame(DATA, ends, stream, content)


def response(peer, wanted_stream):
    """Returns the content of the next response, which must be a 200 on that stream."""
    content = b""
    while True:
        kind, flags, stream, payload = read_http2_frame(peer)
        assert kind != GOAWAY, payload
        if kind == SETTING and not flags & ACK:
            peer.send(http2_frame(SETTING, ACK, 0))
        if kind in (HEADERS, DATA):
            same(stream, wanted_stream)
        if kind == HEADERS:
            same(payload[:1], b"\x88")  # the static table's `:status: 200`
        if kind == DATA:
            content += payload
        if kind in (HEADERS, DATA) and flags & END_STREAM:
            return content


def upgraded(peer, early=b""):
    peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + b"Content-Length: 5\r\n\r\nfirst" + early)
    peer.status(b"101")


def goes_on(peer):
    same(response(peer, 1), b"first")
    peer.send(request(3, b"POST", b"/echo", b"second"))
    same(response(peer, 3), b"second")
    peer.send(request(5, b"GET", b"/"))
    same(response(peer, 5), b"GET / over HTTP/2\n")


@case("epoll")
def h2c():
    peer = Peer()
    upgraded(peer)
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case("epoll")
def h2c_byte_by_byte():
    peer = Peer(step=1)
    upgraded(peer)
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case("epoll")
def h2c_leftover():
    peer = Peer()
    upgraded(peer, PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case("epoll")
def h2c_after_a_100():
    peer = Peer()
    peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    peer.status(b"100")
    peer.send(b"first")
    peer.status(b"101")
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case("epoll")
def h2c_waits_for_the_preface():
    peer = Peer()
    upgraded(peer)
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert b"HTTP/1.1" not in peer.rest()


@case("epoll")
def h2c_holds_64_kib():
    for framing in [b"Content-Length: 65536\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\n10000\r\n%s\r\n0\r\n\r\n"]:
        peer, content = Peer(), os.urandom(65536)
        peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + framing % content)
        peer.status(b"101")
        window = http2_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 65536))
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + window)
        same(response(peer, 1), content)


@case("epoll")
def h2c_declined_for_its_content():
    for framing in [b"Content-Length: 65537\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\n10001\r\n%s\r\n0\r\n\r\n"]:
        peer, content = Peer(), os.urandom(65537)
        peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + framing % content)
        peer.status(b"200")
        same(peer.chunked(), content)
        upgraded(peer)  # a later offer on the same connection
        peer.send(PREFACE + http2_frame(SETTING, 0, 0))
        goes_on(peer)


@case("epoll")
def h2c_declined_for_its_settings():
    padded, odd, short = (b"HTTP2-Settings: %s\r\n" % value for value in (b"AAMAAABk==", b"AAMAA", b"AAMAAAA"))
    unlisted = OFFER.replace(b", HTTP2-Settings", b"") + SETTINGS
    for fields in [OFFER, OFFER + SETTINGS * 2, OFFER + padded, OFFER + odd, OFFER + short, unlisted]:
        peer = Peer()
        peer.send(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
        peer.status(b"200")
        same(peer.read(20), b"GET / over HTTP/1.1\n")


@case("epoll")
def prior_knowledge():
    for step in [None, 1]:
        peer = Peer(step)
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + request(1, b"POST", b"/echo", b"first"))
        goes_on(peer)


@case("epoll")
def windows_reopen():
    """The connection's flow-control window is extended for content that is not echoed.

    It is also extended for an echo whose stream is reset before the echo was sent.
    """
    no_window = struct.pack(">HI", 4, 0)
    for path, end in [(b"/", b""), (b"/echo", http2_frame(RESET, 0, 1, bytes(4)))]:
        peer = Peer()
        peer.send(PREFACE + http2_frame(SETTING, 0, 0, no_window) + request(1, b"POST", path, bytes(15_000), 0))
        peer.send(http2_frame(DATA, 0, 1, bytes(15_000)) * 3 + end)
        while read_http2_frame(peer)[::2] != (WINDOW_UPDATE, 0):
            pass


@case("epoll")
def http2_violation():
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 1))
    assert http2_frame(GOAWAY, 0, 0)[3:] in peer.rest()


# The server nghttp2.c, whose responses say what it received.


def counted(peer, wanted, target, count):
    same(response(peer, wanted), b"%s over HTTP/2, %d bytes\n" % (target, count))


def goes_on_counting(peer):
    counted(peer, 1, b"/echo", 5)
    peer.send(request(3, b"POST", b"/b", bytes(6)))
    counted(peer, 3, b"/b", 6)
    peer.send(request(5, b"GET", b"/c"))
    counted(peer, 5, b"/c", 0)


def at_once(peer, target, count):
    peer.status(b"200")
    text = b"%s over HTTP/1.1, %d bytes\n" % (target, count)
    same(peer.read(len(text)), text)


@case("nghttp2")
def upgrades():
    for step in (None, 1):
        peer = Peer(step)
        upgraded(peer)
        peer.send(PREFACE + http2_frame(SETTING, 0, 0))
        goes_on_counting(peer)
        peer = Peer(step)
        upgraded(peer, PREFACE + http2_frame(SETTING, 0, 0))
        goes_on_counting(peer)


@case("nghttp2")
def upgrades_after_a_100():
    peer = Peer()
    peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    peer.status(b"100")
    peer.send(b"first" + PREFACE + http2_frame(SETTING, 0, 0))
    peer.status(b"101")
    goes_on_counting(peer)


@case("nghttp2")
def upgrades_with_as_much_as_a_window():
    for count in (65535, 65536):
        for framing in (b"Content-Length: %d\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"):
            peer = Peer()
            peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + framing % (count, bytes(count)))
            if count > 65535:
                at_once(peer, b"/echo", count)  # and HTTP/1.1 goes on, with an offer that can be accepted
                upgraded(peer, PREFACE + http2_frame(SETTING, 0, 0))
                goes_on_counting(peer)
                continue
            peer.status(b"101")
            peer.send(PREFACE + http2_frame(SETTING, 0, 0))
            counted(peer, 1, b"/echo", count)


@case("nghttp2")
def upgrades_are_declined():
    unlisted = OFFER.replace(b", HTTP2-Settings", b"") + SETTINGS
    for fields in (OFFER, OFFER + SETTINGS * 2, OFFER + b"HTTP2-Settings: AAMAA\r\n", unlisted):
        peer = Peer()
        peer.send(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
        at_once(peer, b"/", 0)


@case("nghttp2")
def after_the_101_comes_http1():
    peer = Peer()
    upgraded(peer)
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n" * 20)
    assert b"HTTP/1.1" not in peer.rest()


@case("nghttp2")
def from_the_preface_on():
    for step in (None, 1):
        peer = Peer(step)
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + request(1, b"POST", b"/echo", b"first"))
        goes_on_counting(peer)


@case("nghttp2")
def a_connect_is_answered_though_it_does_not_end():
    block = field_block((b":method", b"CONNECT"), (b":authority", b"a:1"))
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 0) + http2_frame(HEADERS, END_HEADERS, 1, block))
    kind, payload = None, b""
    while kind != DATA:
        kind, _, _, payload = read_http2_frame(peer)
    same(payload, b" over HTTP/2, 0 bytes\n")


@case("nghttp2")
def a_window_of_a_byte():
    """A response is sent one byte at a time, as the client's window allows.

    Then the client closes its side.
    """
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 0, struct.pack(">HI", 4, 1)) + request(1, b"GET", b"/"))
    content = b""
    while not content.endswith(b"\n"):
        kind, _, _, payload = read_http2_frame(peer)
        if kind == DATA and payload:
            same(len(payload), 1)
            content += payload
            peer.send(http2_frame(WINDOW_UPDATE, 0, 1, struct.pack(">I", 1)))
    same(content, b"/ over HTTP/2, 0 bytes\n")
    peer.socket.shutdown(socket.SHUT_WR)
    peer.rest()


@case("nghttp2")
def more_streams_than_allowed():
    """The first hundred streams are accepted, and no more.

    All are open, and arrive before the client can have received the server's SETTINGS.
    """
    open_streams = b"".join(request(1 + 2 * number, b"POST", b"/", b"", 0) for number in range(150))
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 0) + open_streams)
    refused = 0
    while refused < 50:
        kind, flags, stream, payload = read_http2_frame(peer)
        if kind == SETTING and not flags & ACK:
            peer.send(http2_frame(SETTING, ACK, 0))
        if kind == RESET:
            assert stream > 200, stream
            same(payload, struct.pack(">I", 7))  # REFUSED_STREAM: it may be tried again
            refused += 1
    peer.send(http2_frame(DATA, END_STREAM, 1, b"late"))
    counted(peer, 1, b"/", 4)


@case("nghttp2")
def streams_are_reset():
    """A reset stream no longer counts as open.

    Two hundred streams are opened and reset one after another, and then one gets its response.
    """
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    for number in range(200):
        stream = 1 + 2 * number
        peer.send(request(stream, b"POST", b"/", b"", 0) + http2_frame(RESET, 0, stream, struct.pack(">I", 8)))
    peer.send(request(401, b"GET", b"/"))
    counted(peer, 401, b"/", 0)


@case("nghttp2")
def violations():
    for data in (http2_frame(SETTING, 0, 1), http2_frame(DATA, 0, 1, b"x"), b"\xff" * 30):
        peer = Peer()
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + data)
        assert http2_frame(GOAWAY, 0, 0)[3:] in peer.rest()


@case("nghttp2")
def before_an_upgrade():
    peer = Peer(step=1)
    peer.send(b"POST /a HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
    peer.send(b"GET /b HTTP/1.1\r\n" + HOST + b"\r\n")
    at_once(peer, b"/a", 3)
    at_once(peer, b"/b", 0)
    peer.send(b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"501")
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\nGET / HTTP/1.1\r\n\r\n")
    peer.socket.shutdown(socket.SHUT_WR)
    at_once(peer, b"/", 0)
    peer.status(b"400")
    same(peer.rest(), b"")


@case("nghttp2")
def http2_clients_vanish():
    begun = PREFACE + http2_frame(SETTING, 0, 0)
    offer = b"POST / HTTP/1.1\r\n" + OFFER + SETTINGS + b"Content-Length: 5\r\n\r\n"
    for stage in (
        b"",
        offer,
        offer + b"first",
        offer + b"first" + begun[:30],
        begun + request(1, b"POST", b"/", bytes(9), 0),
    ):
        for wait in (0, 0.1):
            peer = Peer()
            peer.send(stage)
            time.sleep(wait)
            peer.vanishes()
    from_the_preface_on()


@case("nghttp2, late")
def http2_clients_are_slow():
    for early, slow in [
        (b"", b"GET / HTTP/1.1\r\nHost: and so on, slowly, until nothing is left of the time"),
        (PREFACE, http2_frame(SETTING, 0, 0, bytes(600))),
        (b"GET / HTTP/1.1\r\n" + OFFER + SETTINGS + b"\r\n" + PREFACE, http2_frame(SETTING, 0, 0, bytes(600))),
    ]:
        peer = Peer()
        peer.send(early)
        gives_up(peer, slow, 0.5)
