"""Bytes for the epoll example that no common client sends: split, early, malformed, unread.

epoll.py PORT [CASE...]    none: all but `late`, which needs a server that waits for 3 seconds
"""

import base64
import hashlib
import os
import select
import socket
import struct
import sys
import time

WAIT = 30
HOST = b"Host: a\r\n"
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = b"GET /chat HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
HANDSHAKE = WEBSOCKET + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"
OFFER = HOST + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
SETTINGS = b"HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTING, GOAWAY, WINDOW_UPDATE = 0, 1, 3, 4, 7, 8
END_STREAM, END_HEADERS, ACK = 1, 4, 1
CASES = {}


def case(function):
    CASES[function.__name__] = function
    return function


def same(got, wanted):
    if got != wanted:
        sys.exit(f"{repr(wanted)[:200]} was wanted, {repr(got)[:200]} came")


class Peer:
    """A connection to the server, whose bytes leave together or one by one."""

    def __init__(self, step=None):
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=WAIT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.step = step

    def send(self, octets):
        for at in range(0, len(octets), self.step or max(len(octets), 1)):
            self.socket.sendall(octets[at : at + (self.step or len(octets))])

    def read(self, count):
        got = b""
        while len(got) < count:
            piece = self.socket.recv(count - len(got))
            if not piece:
                sys.exit(f"the connection ended after {got[:200]!r}")
            got += piece
        return got

    def head(self):
        got = b""
        while not got.endswith(b"\r\n\r\n"):
            got += self.read(1)
        return got

    def status(self, wanted):
        head = self.head()
        same(head.split(b" ", 2)[:2], [b"HTTP/1.1", wanted])
        return head

    def chunked(self):
        content = b""
        while True:
            line = b""
            while not line.endswith(b"\r\n"):
                line += self.read(1)
            piece = self.read(int(line, 16) + 2)[:-2]
            if not piece:
                return content
            content += piece

    def rest(self):
        got = b""
        while piece := self.socket.recv(65536):
            got += piece
        return got


# WebSocket, RFC 6455.


def frame(opcode, payload, fin=True):
    length = len(payload)
    mask = os.urandom(4)
    if length < 126:
        size = struct.pack(">B", 0x80 | length)
    elif length < 65536:
        size = struct.pack(">BH", 0x80 | 126, length)
    else:
        size = struct.pack(">BQ", 0x80 | 127, length)
    masks = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
    masked = (int.from_bytes(payload, "big") ^ masks).to_bytes(length, "big")
    return bytes([fin << 7 | opcode]) + size + mask + masked


def read_frame(peer):
    first, length = peer.read(2)
    if length == 126:
        length = int.from_bytes(peer.read(2), "big")
    elif length == 127:
        length = int.from_bytes(peer.read(8), "big")
    return first, peer.read(length)


def accepted(peer):
    head = peer.status(b"101")
    digest = hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
    assert b"\r\nSec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n" in head, head


def closes(peer):
    peer.send(frame(8, struct.pack(">H", 1000)))
    same(read_frame(peer), (0x88, struct.pack(">H", 1000)))
    same(peer.rest(), b"")


@case
def websocket():
    peer = Peer()
    peer.send(HANDSHAKE)
    accepted(peer)
    large = os.urandom(200_000)
    for opcode, payload in [(1, "h\u00e9llo".encode()), (2, large), (1, b"")]:
        peer.send(frame(opcode, payload))
        same(read_frame(peer), (0x80 | opcode, payload))
    peer.send(frame(1, b"in ", fin=False) + frame(9, b"there?") + frame(0, b"two"))
    same(read_frame(peer), (0x8A, b"there?"))
    same(read_frame(peer), (0x81, b"in two"))
    closes(peer)


@case
def websocket_octet_by_octet():
    peer = Peer(step=1)
    peer.send(HANDSHAKE)
    accepted(peer)
    peer.send(frame(1, b"slow"))
    same(read_frame(peer), (0x81, b"slow"))
    closes(peer)


@case
def websocket_leftover():
    peer = Peer()
    peer.send(HANDSHAKE + frame(1, b"early"))
    accepted(peer)
    same(read_frame(peer), (0x81, b"early"))
    closes(peer)


@case
def websocket_of_another_version():
    peer = Peer()
    peer.send(HANDSHAKE.replace(b": 13", b": 8"))
    peer.status(b"404")


@case
def websocket_violation():
    peer = Peer()
    peer.send(HANDSHAKE + b"\x81\x01x")  # not masked
    accepted(peer)
    first, payload = read_frame(peer)
    same((first, payload[:2]), (0x88, struct.pack(">H", 1002)))


# HTTP/2, RFC 9113.


def http2_frame(kind, flags, stream, payload=b""):
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + payload


def read_http2_frame(peer):
    header = peer.read(9)
    return header[3], header[4], int.from_bytes(header[5:], "big"), peer.read(int.from_bytes(header[:3], "big"))


def request(stream, method, path, content=None, ends=END_STREAM):
    fields = [(b":method", method), (b":scheme", b"http"), (b":authority", b"a"), (b":path", path)]
    block = b"".join(bytes([0, len(name)]) + name + bytes([len(value)]) + value for name, value in fields)
    if content is None:
        return http2_frame(HEADERS, END_HEADERS | END_STREAM, stream, block)
    return http2_frame(HEADERS, END_HEADERS, stream, block) + http2_frame(DATA, ends, stream, content)


def response(peer, wanted_stream):
    """The content of the next response, which has to be a 200 on that stream."""
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


@case
def h2c():
    peer = Peer()
    upgraded(peer)
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case
def h2c_octet_by_octet():
    peer = Peer(step=1)
    upgraded(peer)
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case
def h2c_leftover():
    peer = Peer()
    upgraded(peer, PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case
def h2c_after_a_100():
    peer = Peer()
    peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + b"Content-Length: 5\r\nExpect: 100-continue\r\n\r\n")
    peer.status(b"100")
    peer.send(b"first")
    peer.status(b"101")
    peer.send(PREFACE + http2_frame(SETTING, 0, 0))
    goes_on(peer)


@case
def h2c_waits_for_the_preface():
    peer = Peer()
    upgraded(peer)
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    assert b"HTTP/1.1" not in peer.rest()


@case
def h2c_holds_64_kib():
    for framing in [b"Content-Length: 65536\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\n10000\r\n%s\r\n0\r\n\r\n"]:
        peer, content = Peer(), os.urandom(65536)
        peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + framing % content)
        peer.status(b"101")
        window = http2_frame(WINDOW_UPDATE, 0, 0, struct.pack(">I", 65536))
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + window)
        same(response(peer, 1), content)


@case
def h2c_declined_for_its_content():
    for framing in [b"Content-Length: 65537\r\n\r\n%s", b"Transfer-Encoding: chunked\r\n\r\n10001\r\n%s\r\n0\r\n\r\n"]:
        peer, content = Peer(), os.urandom(65537)
        peer.send(b"POST /echo HTTP/1.1\r\n" + OFFER + SETTINGS + framing % content)
        peer.status(b"200")
        same(peer.chunked(), content)
        upgraded(peer)  # a later offer on the same connection
        peer.send(PREFACE + http2_frame(SETTING, 0, 0))
        goes_on(peer)


@case
def h2c_declined_for_its_settings():
    padded, odd, short = (b"HTTP2-Settings: %s\r\n" % value for value in (b"AAMAAABk==", b"AAMAA", b"AAMAAAA"))
    unlisted = OFFER.replace(b", HTTP2-Settings", b"") + SETTINGS
    for fields in [OFFER, OFFER + SETTINGS * 2, OFFER + padded, OFFER + odd, OFFER + short, unlisted]:
        peer = Peer()
        peer.send(b"GET / HTTP/1.1\r\n" + fields + b"\r\n")
        peer.status(b"200")
        same(peer.read(20), b"GET / over HTTP/1.1\n")


@case
def prior_knowledge():
    for step in [None, 1]:
        peer = Peer(step)
        peer.send(PREFACE + http2_frame(SETTING, 0, 0) + request(1, b"POST", b"/echo", b"first"))
        goes_on(peer)


@case
def windows_reopen():
    """For content that is not echoed, and for an echo that is reset before it could leave."""
    no_window = struct.pack(">HI", 4, 0)
    for path, end in [(b"/", b""), (b"/echo", http2_frame(RESET, 0, 1, bytes(4)))]:
        peer = Peer()
        peer.send(PREFACE + http2_frame(SETTING, 0, 0, no_window) + request(1, b"POST", path, bytes(15_000), 0))
        peer.send(http2_frame(DATA, 0, 1, bytes(15_000)) * 3 + end)
        while read_http2_frame(peer)[::2] != (WINDOW_UPDATE, 0):
            pass


@case
def http2_violation():
    peer = Peer()
    peer.send(PREFACE + http2_frame(SETTING, 0, 1))
    assert http2_frame(GOAWAY, 0, 0)[3:] in peer.rest()


# HTTP/1.1.


@case
def pipelined_octet_by_octet():
    peer = Peer(step=1)
    peer.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
    peer.send(b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n")
    peer.send(b"GET http://a/?query HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"200")
    same(peer.chunked(), b"abcde")
    peer.status(b"200")
    text = b"GET http://a/?query over HTTP/1.1\n"
    same(peer.read(len(text)), text)


@case
def other_offers_are_declined():
    peer = Peer()
    for _ in range(2):
        peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: foo/2, TLS/1.2\r\n\r\n")
        peer.status(b"200")
        same(peer.read(20), b"GET / over HTTP/1.1\n")
    peer.send(b"CONNECT a:1 HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.status(b"501")


@case
def methods():
    """A HEAD gets the head that a GET would get; what is not known is not implemented."""
    heads = []
    for method in (b"GET", b"HEAD"):
        peer = Peer()
        peer.send(method + b" / HTTP/1.1\r\n" + HOST + b"\r\n")
        heads.append(peer.status(b"200"))
    same(heads[0], heads[1])
    for path in (b"/", b"/echo"):
        peer = Peer()
        peer.send(b"BREW " + path + b" HTTP/1.1\r\n" + HOST + b"\r\n")
        peer.status(b"501")


@case
def errors_are_answered_once():
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\n\r\n")
    peer.status(b"400")
    # What comes after the answer is no reason for a reset: the server lingers. A reset would show in the second send.
    peer.send(b"x")
    time.sleep(0.2)
    peer.send(b"x" * 300_000)
    assert b"HTTP/1.1 4" not in peer.rest()
    peer = Peer()
    peer.send(b"POST /echo HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nx\r\n")
    peer.status(b"200")
    same(peer.rest(), b"3\r\nabc\r\n")


@case
def half_closed():
    peer = Peer()
    peer.send(b"GET / HTTP/1.1\r\n" + HOST + b"\r\n")
    peer.socket.shutdown(socket.SHUT_WR)
    peer.status(b"200")
    same(peer.rest(), b"GET / over HTTP/1.1\n")


def blocks(peer, octets):
    """Sends until the server takes no more; what it has taken."""
    peer.socket.setblocking(False)
    sent = 0
    while sent < len(octets) and select.select([], [peer.socket], [], 1)[1]:
        sent += peer.socket.send(octets[sent : sent + 65536])
    return sent


def exchanged(peer, octets, wanted):
    """Sends the bytes and reads, both at once, until as many have come as are wanted."""
    got, end = bytearray(), time.monotonic() + WAIT
    while len(got) < wanted and time.monotonic() < end:
        readable, writable, _ = select.select([peer.socket], [peer.socket] if octets else [], [], WAIT)
        if readable:
            piece = peer.socket.recv(65536)
            assert piece, "the connection ended"
            got += piece
        if writable:
            octets = octets[peer.socket.send(octets[:65536]) :]
    return bytes(got)


@case
def unread_echo():
    peer, size = Peer(), 32 << 20
    content = memoryview(os.urandom(1 << 20) * 32)
    peer.send(b"POST /echo HTTP/1.0\r\nContent-Length: %d\r\n\r\n" % size)
    sent = blocks(peer, content)
    assert sent < size, "the server takes what nobody reads"
    got = exchanged(peer, content[sent:], size)
    got = got[got.index(b"\r\n\r\n") + 4 :]
    peer.socket.setblocking(True)
    same(got + peer.rest(), bytes(content))


@case
def unread_websocket():
    peer, count = Peer(), 512
    peer.send(HANDSHAKE)
    accepted(peer)
    messages = memoryview(frame(2, os.urandom(65536)) * count)
    sent = blocks(peer, messages)
    assert sent < len(messages), "the server takes what nobody reads"
    got = exchanged(peer, messages[sent:], count * (65536 + 10))
    same(len(got), count * (65536 + 10))


def late():
    peer, begin = Peer(), time.monotonic()
    peer.socket.settimeout(0.3)
    for octet in b"GET / HTTP/1.1\r\nHost: and so on, slowly":
        try:
            peer.send(bytes([octet]))
            if not peer.socket.recv(1):
                break
        except TimeoutError:
            continue
        except OSError:
            break
    assert 1.5 < time.monotonic() - begin < 8, time.monotonic() - begin


PORT = int(sys.argv[1])
for name in sys.argv[2:] or CASES:
    print(name, flush=True)
    {**CASES, "late": late}[name]()
