#!/usr/bin/env python3
"""Sends each input to a server on civetweb, and prints what it answers.

    inputs.py SERVER FOLDER

SERVER prints its port, and serves the files in FOLDER. Each input has a connection of its own. A
line has the name of the input, a tab and a summary of the answer.
"""

import base64
import hashlib
import re
import socket
import subprocess
import sys
import time

HOST = b"Host: a\r\n"
KEY = b"dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = base64.b64encode(hashlib.sha1(KEY + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11", usedforsecurity=False).digest())
WEBSOCKET = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + KEY + b"\r\n"
)
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNKS = b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
EXPECT = b"Expect: 100-continue\r\n"
FIVE = b"Content-Length: 5\r\n"
SETTINGS = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n"
# Seconds for an answer, and between segments.
ANSWER = 0.35
PAUSE = 0.3
# The end of what the client sends.
END = object()


def get(path=b"/hello", fields=b"", version=b"1.1", host=HOST, method=b"GET"):
    return b"%s %s HTTP/%s\r\n%s%s\r\n" % (method, path, version, host, fields)


def post(path=b"/echo", fields=b"", content=b""):
    return get(path, fields, method=b"POST") + content


def websocket(old=b"", new=b"", path=b"/ws", version=b"1.1"):
    return get(path, WEBSOCKET.replace(old, new) if old else WEBSOCKET, version)


def frame(text, opcode=1):
    mask = b"\1\2\3\4"
    return bytes([0x80 | opcode, 0x80 | len(text)]) + mask + bytes(byte ^ mask[at & 3] for at, byte in enumerate(text))


NEXT = get()
EARLY = frame(b"early")
CLOSE = [PAUSE, frame(b"", 8)]
SUBPROTOCOLS = b"Sec-WebSocket-Protocol: x, mqtt\r\nSec-WebSocket-Protocol: chat\r\n"

# What is sent: segments, seconds to wait, the end.
INPUTS = {
    "GET": [get()],
    "GET of a file": [get(b"/file.txt")],
    "HEAD, then GET": [get(method=b"HEAD") + NEXT],
    "head byte by byte": [bytes([byte]) for byte in get()],
    "3 pipelined GET in one segment": [get() * 3],
    "3 pipelined, raw heads": [get(b"/raw") * 3],
    "POST with a length": [post(fields=FIVE, content=b"hello") + NEXT],
    "POST, length, content later": [post(fields=FIVE), 0.2, b"hello", 0.2, NEXT],
    "POST chunked": [post(fields=CHUNKED, content=CHUNKS) + NEXT],
    "POST chunked, in pieces": [post(fields=CHUNKED), *(bytes([byte]) for byte in CHUNKS), NEXT],
    "POST chunked, extension and trailer": [post(fields=CHUNKED, content=b"3;a=b\r\nabc\r\n0\r\nX: y\r\n\r\n") + NEXT],
    "POST chunked, size 0x3": [post(fields=CHUNKED, content=b"0x3\r\nabc\r\n0\r\n\r\n") + NEXT],
    "POST chunked, bad end of chunk": [post(fields=CHUNKED, content=b"3\r\nabcX\r\n0\r\n\r\n") + NEXT],
    "POST without a length, then GET": [post() + NEXT],
    "POST, 204 before content is read, then GET": [post(b"/204", FIVE, b"hello") + NEXT],
    "GET, 204, reads past the end, then GET": [get(b"/204") + NEXT],
    "POST refused without reading, then GET": [post(b"/ignore", FIVE, b"hello") + NEXT],
    "POST, content breaks off": [post(fields=FIVE, content=b"he"), END],
    "Expect, content waits": [post(fields=EXPECT + FIVE), PAUSE, b"hello"],
    "Expect, content in the segment": [post(fields=EXPECT + FIVE, content=b"hello")],
    "Expect, refused without reading": [post(b"/ignore", EXPECT + FIVE)],
    "Expect: other": [post(fields=b"Expect: foo\r\n" + FIVE, content=b"hello")],
    "answer in chunks, then GET": [get(b"/chunked") + NEXT],
    "answer in chunks, HTTP/1.0": [get(b"/chunked", version=b"1.0")],
    "answer in chunks, HEAD, then GET": [get(b"/chunked", method=b"HEAD") + NEXT],
    "answer that says close, then GET": [get(b"/rawclose") + NEXT],
    "Content-Length with Transfer-Encoding": [post(fields=FIVE + CHUNKED, content=CHUNKS) + NEXT],
    "two lengths that differ": [post(fields=FIVE + b"Content-Length: 7\r\n", content=b"hello")],
    "two lengths alike": [post(fields=FIVE * 2, content=b"hello")],
    "Content-Length: +5": [post(fields=b"Content-Length: +5\r\n", content=b"hello")],
    "Content-Length: 5x": [post(fields=b"Content-Length: 5x\r\n", content=b"hello")],
    "Content-Length : 5": [post(fields=b"Content-Length : 5\r\n", content=b"hello")],
    "Transfer-Encoding: gzip, chunked": [post(fields=b"Transfer-Encoding: gzip, chunked\r\n", content=CHUNKS)],
    "Transfer-Encoding: identity, length": [post(fields=b"Transfer-Encoding: identity\r\n" + FIVE, content=b"hello")],
    "chunked in HTTP/1.0": [get(b"/echo", CHUNKED, b"1.0", method=b"POST") + CHUNKS],
    "no Host": [get(host=b"")],
    "two Hosts": [get(fields=b"Host: b\r\n")],
    "Host with a space": [get(host=b"Host: a b\r\n")],
    "a NUL in a value": [get(fields=b"X: a\0b\r\n")],
    "a folded line": [get(fields=b"X: a\r\n b\r\n")],
    "LF alone": [get().replace(b"\r\n", b"\n")],
    "LF alone, then GET": [get().replace(b"\r\n", b"\n") + NEXT],
    "an empty line first": [b"\r\n" + get()],
    "garbage": [b"garbage\r\n\r\n"],
    "half a head, then the end": [b"GET /hello HTT", END],
    "half a head, then silence": [b"GET /hello HTT", 2.2],
    "connect, then silence": [2.2],
    "HTTP/2.0": [get(version=b"2.0")],
    "HTTP/1.2": [get(version=b"1.2")],
    "HTTP/1.0": [get(version=b"1.0")],
    "HTTP/1.0, Connection: keep-alive": [get(version=b"1.0", fields=b"Connection: keep-alive\r\n")],
    "Connection: close": [get(fields=b"Connection: close\r\n")],
    "Connection: foo, Close": [get(fields=b"Connection: foo, Close\r\n")],
    "Connection: foo": [get(fields=b"Connection: foo\r\n")],
    "method BREW": [get(method=b"BREW")],
    "absolute form": [get(b"http://a/hello")],
    "OPTIONS *": [get(b"*", method=b"OPTIONS")],
    "100 field lines": [get(fields=b"".join(b"X%d: y\r\n" % number for number in range(100)))],
    "head of 20 kB": [get(fields=b"".join(b"X%d: %s\r\n" % (number, b"y" * 1000) for number in range(20)))],
    "WebSocket": [websocket(), PAUSE, frame(b"hi"), *CLOSE],
    "WebSocket, early frame in the segment": [websocket() + EARLY, PAUSE, frame(b"hi"), *CLOSE],
    "WebSocket, half an early frame": [websocket() + EARLY[:4], PAUSE, EARLY[4:], *CLOSE],
    "WebSocket after a GET, one segment": [get() + websocket() + EARLY, *CLOSE],
    "WebSocket, with content and early frame": [
        get(b"/ws", WEBSOCKET + b"Content-Length: 3\r\n") + b"abc" + EARLY,
        *CLOSE,
    ],
    "WebSocket, subprotocols": [get(b"/sub", WEBSOCKET + SUBPROTOCOLS) + EARLY, *CLOSE],
    "WebSocket, version 12": [websocket(b"13", b"12")],
    "WebSocket, no key": [websocket(b"Sec-WebSocket-Key", b"X")],
    "WebSocket, short key": [websocket(KEY, b"abc")],
    "WebSocket, POST": [post(b"/ws", WEBSOCKET + b"Content-Length: 0\r\n")],
    "WebSocket, HTTP/1.0": [websocket(version=b"1.0")],
    "WebSocket, Connection: NoUpgrade": [websocket(b"Connection: Upgrade", b"Connection: NoUpgrade")],
    "WebSocket, Connection in two lines": [get(b"/ws", b"Connection: keep-alive\r\n" + WEBSOCKET) + EARLY, *CLOSE],
    "Upgrade: foo, websocket": [websocket(b"Upgrade: w", b"Upgrade: foo, w") + EARLY, *CLOSE],
    "Upgrade: xwebsocketx": [websocket(b"Upgrade: w", b"Upgrade: xw")],
    "offer of websocket, not spoken there": [websocket(path=b"/hello") + NEXT],
    "offer of h2c, then GET": [get(fields=SETTINGS) + NEXT],
    "offer of TLS/1.2, then GET": [get(fields=b"Connection: Upgrade\r\nUpgrade: TLS/1.2\r\n") + NEXT],
    "Connection: Upgrade alone, then GET": [get(fields=b"Connection: Upgrade\r\n") + NEXT],
}


class Peer:
    """A connection: the bytes that have come, and how it ended."""

    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.got, self.end = b"", None

    def read(self, seconds):
        until = time.monotonic() + seconds
        while self.end is None and (left := until - time.monotonic()) > 0:
            self.socket.settimeout(left)
            try:
                more = self.socket.recv(65536)
                self.got += more
                self.end = None if more else "FIN"
            except TimeoutError:
                pass
            except OSError:
                self.end = "RST"

    def send(self, part):
        try:
            if part is END:
                self.socket.shutdown(socket.SHUT_WR)
            else:
                self.socket.sendall(part)
        except OSError:
            pass  # The server has closed; `read` says how.


def talk(port, parts):
    peer = Peer(port)
    for part in parts:
        if isinstance(part, float):
            peer.read(part)
        else:
            peer.send(part)
            if len(parts) > 6:
                time.sleep(0.002)
    peer.read(ANSWER)
    peer.socket.close()
    return peer.got, peer.end or "open"


def take_content(fields, rest, end):
    """Returns the content of a response, and the bytes after it."""
    another = re.search(rb"HTTP/1\.[01] \d\d\d |\Z", rest).start()
    if fields.get(b"transfer-encoding") == b"chunked":
        content = b""
        while another:
            size, _, rest = rest.partition(b"\r\n")
            length = int(size or b"0", 16)
            content, rest = content + rest[:length], rest[length + 2 :]
            if not length:
                break
        return content, rest
    if b"content-length" in fields:
        length = int(fields[b"content-length"]) if another else 0
    else:
        length = another if end != "open" else 0
    return rest[:length], rest[length:]


def frames(rest):
    while len(rest) >= 2:
        length, opcode = rest[1] & 127, rest[0] & 15
        yield f"frame {rest[2 : 2 + length].decode('latin1')!r}" if opcode == 1 else f"frame op {opcode}"
        rest = rest[2 + length :]


def word(status, fields):
    """Returns the status of a response, with marks for some of its fields.

    They are `!` for a wrong `Sec-WebSocket-Accept`, the subprotocol, `+Upgrade`, and `c` for
    `Connection: close`.
    """
    if status == "101":
        right = "" if fields.get(b"sec-websocket-accept") == ACCEPT else "!"
        subprotocol = fields.get(b"sec-websocket-protocol", b"").decode()
        return f"101{right}{subprotocol and ' ' + subprotocol}"
    upgrade = "+Upgrade" if b"upgrade" in fields else ""
    return status + upgrade + ("c" if fields.get(b"connection", b"").lower() == b"close" else "")


def summary(got, end):
    said, rest = [], got
    while rest:
        head = re.match(rb"HTTP/\d\.\d (\d\d\d)[^\r]*\r\n((?:[^\r]+\r\n)*)\r\n", rest)
        if not head:
            said += frames(rest) if said and said[-1].startswith("101") else [f"?{len(rest)} bytes {rest[:20]!r}"]
            break
        lines = (line.partition(b":") for line in head[2].split(b"\r\n") if line)
        fields = {name.lower(): value.strip() for name, _, value in lines}
        rest, status, content = rest[head.end() :], head[1].decode(), b""
        if status[0] != "1" and status != "204":
            content, rest = take_content(fields, rest, end)
        shown = f" {content[:12].decode('latin1')!r}" if content and status == "200" else ""
        said.append(word(status, fields) + shown)
    return "; ".join([*said, end] if said else ["nothing", end])


server = subprocess.Popen(sys.argv[1:3], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
try:
    port = int(server.stdout.readline())
    for name, parts in INPUTS.items():
        print(name, summary(*talk(port, parts)), sep="\t", flush=True)
    if server.poll() is not None:
        sys.exit(f"the server ended with {server.returncode}")
finally:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
