"""Cases of unusual bytes, which no library sends, to the switchboard."""

import contextlib
import re
import signal
import socket
import struct
import time
from pathlib import Path

from harness import LARGE, LINES, Raw, Switchboard, case, check, same, wait_for

MEBI = 1 << 20
HELLO = b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n"


def offer(path, tokens, content=b"", version=b"1.1"):
    method = b"POST" if content else b"GET"
    length = b"Content-Length: %d\r\n" % len(content) if content else b""
    head = b"%s %s HTTP/%s\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: %s\r\n%s\r\n"
    return head % (method, path, version, tokens, length) + content


KEY = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
WEBSOCKET = offer(b"/ws", b"websocket")[:-2] + KEY


@case("a socket", "foo/2")
def early_bytes_glued_to_the_request(board):
    raw = Raw(board.port, offer(b"/foo", b"example/1, foo/2", b"content") + b"first\nsecond\nQUIT\n")
    check(b"\r\nupgrade: foo/2\r\n" in raw.until(b"\r\n\r\n"))
    same(raw.rest(), b"foo/2 200 POST /foo 7\ncontent\nFIRST\nSECOND\nBYE\n")


@case("a socket", "foo/2")
def a_whole_line_is_answered_beside_an_unfinished_one(board):
    raw = Raw(board.port, offer(b"/foo", b"foo/2") + b"hello\nwor")
    raw.until(b"foo/2 200 GET /foo 0\nHELLO\n")
    raw.socket.sendall(b"ld\nQUIT\n")
    same(raw.rest(), b"WORLD\nBYE\n")


@case("a socket", "foo/2")
def the_same_one_byte_at_a_time(board):
    raw = Raw(board.port)
    for byte in offer(b"/foo", b"example/1, foo/2", b"content") + b"first\nsecond\nQUIT\n":
        raw.socket.sendall(bytes([byte]))
    raw.until(b"\r\n\r\n")
    same(raw.rest(), b"foo/2 200 POST /foo 7\ncontent\nFIRST\nSECOND\nBYE\n")


@case("a socket", "websocket")
def early_frames_glued_to_a_websocket_handshake(board):
    frames = bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi" + bytes([0x88, 0x82, 0, 0, 0, 0, 3, 0xE8])
    raw = Raw(board.port, WEBSOCKET + frames)
    head = raw.until(b"\r\n\r\n")
    check(b"\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n" in head, head)
    same(raw.rest(), b"\x81\x02hi\x88\x02\x03\xe8")


@case("a socket", "foo/2")
def large_payloads_both_ways(board):
    raw = Raw(board.port)
    raw.send_beside(offer(b"/foo", b"foo/1", LARGE) + LINES)
    raw.until(b"\r\n\r\n")
    same(raw.rest(), b"foo/1 200 POST /foo %d\n" % len(LARGE) + LARGE + b"\n" + LINES)


@case("a socket", "foo/2")
def pipelined_after_a_declined_offer(board):
    raw = Raw(board.port, offer(b"/plain", b"foo/2", b"content") + offer(b"/plain?2", b"foo/2") + HELLO)
    same(answer(raw), b"POST /plain: 7 bytes of content came. No offer is taken here.\n")
    same(answer(raw), b"GET /plain?2: 0 bytes of content came. No offer is taken here.\n")
    same(answer(raw), b"GET /plain: 0 bytes of content came. No offer is taken here.\n")
    raw.socket.shutdown(socket.SHUT_WR)
    same(raw.rest(), b"")


def answer(raw):
    head = raw.until(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 200 OK\r\n"), head)
    return raw.until(b"\n")


@case("a socket", "foo/2")
def whose_order_counts(board):
    both = offer(b"/foo", b"foo/1, foo/2")
    check(b"\r\nupgrade: foo/1\r\n" in Raw(board.port, both).until(b"\r\n\r\n"), "the client's order is the default")
    with Switchboard("--prefer", "server") as other:
        check(b"\r\nupgrade: foo/2\r\n" in Raw(other.port, both).until(b"\r\n\r\n"), "--prefer server")


@case("a socket", "foo/2")
def offers_in_http_1_0_are_ignored(board):
    got = Raw(board.port, offer(b"/foo", b"foo/2", version=b"1.0")).rest()
    check(got.startswith(b"HTTP/1.1 200 OK\r\n") and re.search(rb"\r\nconnection: [^\r]*close", got), got)


@case("a socket", "websocket")
def a_broken_websocket_offer_spoils_nothing_else(board):
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: short\r\n\r\n"
    broken = offer(b"/required", b"websocket, foo/2").replace(b"\r\n\r\n", b"\r\n" + key)
    check(b"\r\nupgrade: foo/2\r\n" in Raw(board.port, broken).until(b"\r\n\r\n"))
    old = offer(b"/ws", b"websocket").replace(b"\r\n\r\n", b"\r\nSec-WebSocket-Version: 8\r\n\r\n")
    head = Raw(board.port, old).until(b"\r\n\r\n")
    check(head.startswith(b"HTTP/1.1 426 ") and b"\r\nsec-websocket-version: 13\r\n" in head, head)


@case("a socket", "HTTP/1.1")
def targets_of_other_forms(board):
    for line in [b"GET http://a/plain?x", b"PUT /plain", b"OPTIONS *"]:
        check(Raw(board.port, line + HELLO[10:]).until(b"\r\n\r\n").startswith(b"HTTP/1.1 200 "), line)
    got = Raw(board.port, b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n" + HELLO).rest()
    check(got.startswith(b"HTTP/1.1 501 ") and got.count(b"HTTP/1.1 ") == 1, "a refused CONNECT closes:", got)


@case("a socket", "HTTP/1.1")
def methods_that_are_not_for_it(board):
    """A request with a method that its target does not support gets a 405 or a 501.

    The status depends on whether the method is known. The server does not wait for the content.
    """
    for method, status in [(b"DELETE", b"405 "), (b"TRACE", b"405 "), (b"get", b"501 "), (b"BREW", b"501 ")]:
        request = method + b" /echo HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        head = Raw(board.port, request if method != b"TRACE" else b"TRACE" + HELLO[3:]).until(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 " + status), method, head)
        check((b"\r\nallow: GET, HEAD, POST, PUT, OPTIONS\r\n" in head) == (status == b"405 "), method, head)


@case("a socket", "websocket")
def a_subprotocol_is_agreed_on(board):
    """The switchboard agrees to the first subprotocol that a client offers.

    Some clients reject a 101 without one of their offered subprotocols.
    """
    key = b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    for offered, agreed in [(b"mqtt, chat", b"mqtt"), (b"v4.channel.k8s.io", b"v4.channel.k8s.io"), (b"", None)]:
        fields = key + (b"Sec-WebSocket-Protocol: %s\r\n" % offered if offered else b"")
        head = Raw(board.port, offer(b"/ws", b"websocket")[:-2] + fields + b"\r\n").until(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 101 "), head)
        said = re.search(rb"\r\nsec-websocket-protocol: ([^\r]*)\r\n", head)
        same(said and said.group(1), agreed, "subprotocol")


@case("a socket", "websocket")
def pongs_that_are_not_read_do_not_pile_up(_):
    """Pings of a client that does not read neither fill memory nor end the connection.

    Only the latest pong must be sent (RFC 6455, section 5.5.3).
    """
    with Switchboard() as board:
        raw = Raw(board.port, WEBSOCKET)
        raw.until(b"\r\n\r\n")
        pings = (b"\x89\xfd\0\0\0\0" + b"x" * 125) * 1000
        for _ in range(64 * MEBI // len(pings)):
            raw.socket.sendall(pings)
        memory = re.search(r"VmRSS:.*", Path(f"/proc/{board.process.pid}/status").read_text()).group()
        check(int(memory.split()[1]) < 40 * 1024, memory)
        raw.send_beside(b"\x88\x80\0\0\0\0", ends=False)
        check(raw.rest().endswith(b"\x88\x00"), "it is closed as the client wants")


@case("a socket", "h2c")
def no_more_streams_than_are_served(board):
    """The server's first frame in HTTP/2 limits the streams (RFC 9113, section 6.5.2)."""
    raw = Raw(board.port, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0")
    raw.until(b"\0\x03\0\0\0\x64")
    raw.socket.close()


@case("a socket", "HTTP/1.1")
def an_error_is_answered_once(board):
    got = Raw(board.port, HELLO + b"GET / HTTP/1.1\r\nHost : a\r\n\r\n" + HELLO * 1000).rest()
    check(got.count(b"HTTP/1.1 ") == 2 and b"HTTP/1.1 400 Bad Request\r\n" in got, got)
    check(got.lower().count(b"connection: close") == 1, got)


@case("a socket", "foo/2")
def content_that_is_too_much(board):
    # The server discards a little excess content and keeps the connection; much closes it.
    for excess, is_answered in [(b"!", True), (LARGE, False)]:
        raw = Raw(board.port)
        raw.send_beside(offer(b"/foo", b"foo/2", LARGE + excess) + HELLO)
        head = raw.until(b"\r\n\r\n")
        check(head.startswith(b"HTTP/1.1 413 Content Too Large\r\n"), head)
        check((b"GET /plain: 0 bytes" in raw.rest()) == is_answered, raw.got)


@case("a socket", "HTTP/1.1")
def slow_peers_are_cut_off(_):
    with Switchboard("--timeout", "1") as board:
        begun = time.monotonic()
        same(Raw(board.port).rest(), b"")
        for part in [b"GET / HT", b"POST /plain HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc"]:
            got = Raw(board.port, part).rest()
            check(got.startswith(b"HTTP/1.1 408 Request Timeout\r\n"), got)
        check(2.5 < time.monotonic() - begun < 12, "took", time.monotonic() - begun)


@case("a socket", "HTTP/1.1")
def no_more_than_the_limit_are_served(_):
    with Switchboard("--connections", "1") as board:
        first = Raw(board.port, HELLO)
        first.until(b"here.\n")
        second = Raw(board.port, HELLO)
        second.socket.settimeout(0.3)
        with contextlib.suppress(TimeoutError):
            check(not second.socket.recv(1), "the second one was served beside the first")
        descriptors = Path(f"/proc/{board.process.pid}/fd")
        before = len(list(descriptors.iterdir()))
        for _ in range(50):
            waiting = Raw(board.port, HELLO).socket
            waiting.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            waiting.close()
        wait_for(lambda: b"%d" % (len(list(descriptors.iterdir())) > before), b"0")
        first.socket.close()
        second.socket.settimeout(10)
        second.until(b"here.\n")
        second.socket.close()


@case("a socket", "foo/2")
def an_interrupt_ends_it_cleanly(_):
    with Switchboard() as board:
        idle = Raw(board.port, HELLO)
        idle.until(b"here.\n")
        switched = Raw(board.port, offer(b"/foo", b"foo/2"))
        switched.until(b"foo/2 200 GET /foo 0\n")
        frames = Raw(board.port, WEBSOCKET)
        frames.until(b"\r\n\r\n")
        begun = time.monotonic()
        check(board.stop(signal.SIGINT) == 0, "ended with", board.process.returncode)
        check(time.monotonic() - begun < 4, "took", time.monotonic() - begun)
        same(idle.rest() + switched.rest(), b"")
        # RFC 6455, 7.4.1: status 1001, "going away".
        same(frames.rest(), b"\x88\x02\x03\xe9")
        wait_for(board.read, rb"stopped after 3 connections, 0 of them cut\n")
