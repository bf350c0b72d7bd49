"""Cases of WebSocket (RFC 6455), for servers that send each message back."""

import base64
import hashlib
import os
import socket
import struct
import time

from peer import HOST, Peer, blocks, case, exchanged, gives_up, heavy, is_given_up_unread, same

KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
WEBSOCKET = b"GET /chat HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
HANDSHAKE = WEBSOCKET + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n\r\n"


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


@case("epoll", "wslay")
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


@case("epoll", "wslay")
def websocket_byte_by_byte():
    peer = Peer(step=1)
    peer.send(HANDSHAKE)
    accepted(peer)
    peer.send(frame(1, b"slow"))
    same(read_frame(peer), (0x81, b"slow"))
    closes(peer)


@case("epoll", "wslay")
def websocket_leftover():
    peer = Peer()
    peer.send(HANDSHAKE + frame(1, b"early"))
    accepted(peer)
    same(read_frame(peer), (0x81, b"early"))
    closes(peer)


@case("epoll")
def websocket_of_another_version():
    peer = Peer()
    peer.send(HANDSHAKE.replace(b": 13", b": 8"))
    peer.status(b"404")


@case("epoll", "wslay")
def websocket_violation():
    peer = Peer()
    peer.send(HANDSHAKE + b"\x81\x01x")  # not masked
    accepted(peer)
    first, payload = read_frame(peer)
    same((first, payload[:2]), (0x88, struct.pack(">H", 1002)))


@case("epoll", "wslay")
def unread_websocket():
    peer, count = Peer(), 512
    peer.send(HANDSHAKE)
    accepted(peer)
    messages = memoryview(frame(2, os.urandom(65536)) * count)
    sent = blocks(peer, messages)
    assert sent < len(messages), "the server takes what nobody reads"
    got = exchanged(peer, messages[sent:], count * (65536 + 10))
    same(len(got), count * (65536 + 10))


@case("wslay")
def refused():
    unversioned, keyless = HANDSHAKE.replace(b": 13", b": 8"), HANDSHAKE.replace(KEY, b"dGhlIHNhbXBsZQ==")
    h2c = (
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    )
    for head, status in [
        (b"GET / HTTP/1.1\r\n" + HOST + b"\r\n", b"426"),
        (b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 9\r\nExpect: 100-continue\r\n\r\n", b"426"),
        (unversioned, b"426"),
        (h2c, b"426"),
        (keyless, b"400"),
        (HANDSHAKE.replace(b"GET", b"POST"), b"400"),
        (HANDSHAKE.replace(HOST, b""), b"400"),
        (HANDSHAKE.replace(b"Connection: Upgrade", b"Connection: close"), b"426"),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
    ]:
        peer = Peer()
        peer.send(head)
        answer = peer.status(status)
        if status == b"426":
            assert b"\r\nUpgrade: websocket\r\n" in answer, answer
            assert b"\r\nSec-WebSocket-Version: 13\r\n" in answer, answer
        assert b"close" in answer, answer
        same(peer.rest(), b"")


@case("wslay")
def refused_with_content_unread():
    """An error response is not lost although content is unread; a reset would lose it."""
    peer = Peer()
    peer.send(b"POST / HTTP/1.1\r\n" + HOST + b"Content-Length: 200000\r\n\r\n")
    time.sleep(0.2)
    peer.send(bytes(200_000))
    peer.status(b"426")
    same(peer.rest(), b"")


@case("wslay")
def half_closed_websocket():
    peer = Peer()
    peer.send(HANDSHAKE + frame(9, b"") + frame(1, b"one") + frame(1, b"two"))
    peer.socket.shutdown(socket.SHUT_WR)
    accepted(peer)
    same([read_frame(peer) for _ in range(3)], [(0x8A, b""), (0x81, b"one"), (0x81, b"two")])
    same(peer.rest(), b"")


@case("wslay")
def too_much_in_a_message():
    peer = Peer()
    peer.send(HANDSHAKE)
    accepted(peer)
    peer.send(b"\x82\xff" + struct.pack(">Q", 1 << 40) + bytes(5))
    first, payload = read_frame(peer)
    same((first, payload[:2]), (0x88, struct.pack(">H", 1009)))


@case("wslay")
@heavy
def many_websockets():
    peers = [Peer() for _ in range(60)]
    for peer in peers:
        peer.send(HANDSHAKE + frame(1, b"early"))
    for peer in peers:
        accepted(peer)
        same(read_frame(peer), (0x81, b"early"))
        closes(peer)


@case("wslay")
def websockets_vanish():
    for stage in (
        b"",
        HANDSHAKE[:40],
        HANDSHAKE,
        HANDSHAKE + frame(2, bytes(60_000)) * 9,
        HANDSHAKE + frame(2, bytes(99))[:50],
    ):
        for wait in (0, 0.1):
            peer = Peer()
            peer.send(stage)
            time.sleep(wait)
            peer.vanishes()
    websocket()


@case("wslay, late")
def silent_websocket():
    """A silent client gets pings, and is closed once it does not respond."""
    peer = Peer()
    peer.send(HANDSHAKE)
    accepted(peer)
    for _ in range(2):
        same(read_frame(peer), (0x89, b""))
        peer.send(frame(10, b""))
    peer.send(frame(1, b"still here"))
    same(read_frame(peer), (0x81, b"still here"))
    begin = time.monotonic()
    while not peer.ends():
        pass
    assert 1 < time.monotonic() - begin < 20, time.monotonic() - begin


@case("wslay, late")
def slow_websocket():
    """Clients that send byte by byte, or that read nothing, are closed."""
    for early, slow in [(b"", HANDSHAKE), (HANDSHAKE, frame(2, bytes(1000)))]:
        peer = Peer()
        peer.send(early)
        gives_up(peer, slow)
    peer = Peer()
    peer.send(HANDSHAKE)
    is_given_up_unread(peer, memoryview(frame(2, bytes(65536)) * 512))
