"""A host of the hostile kit: an intermediary, attacked by the server behind it.

Usage: `between.py VERSION COMMAND...`. COMMAND starts the intermediary, and gets the attacker's address as last
argument. Each line on standard input sends a request through it in HTTP/1.1 or HTTP/2, or cancels one.
"""

import contextlib
import os
import re
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading

import h2.config
import h2.connection
import h2.events

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import reader

CONTENTS = {"large": b"x" * 2**20}
WAIT = 60
PIECE = 1 << 18


def http1(peer: socket.socket, method: str, path: str, offer: str, content: bytes) -> str:
    """Sends a request in HTTP/1.1 and returns the outcome, such as `whole 200 10`."""
    fields = f"Host: a\r\nConnection: {'close' if offer == '-' else 'Upgrade, close'}\r\n"
    fields += "" if offer == "-" else f"Upgrade: {offer}\r\n"
    fields += f"Content-Length: {len(content)}\r\n" if content else ""
    threading.Thread(target=sent, args=(peer, f"{method} {path} HTTP/1.1\r\n{fields}\r\n".encode() + content)).start()
    data, switched, piece = bytearray(), False, b"?"
    while piece:
        piece = peer.recv(PIECE)
        data += piece
        if offer != "-" and not switched and data.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in data:
            switched = sent(peer, b"hello")
    end = 0
    while not switched and data.startswith(b"HTTP/1.1 1", end):
        end = data.index(b"\r\n\r\n", end) + 4
    found, left = reader.responses(bytes(data[end:]), [method], True)
    return f"switched {len(left)}" if switched else outcome(found)


def outcome(found: list[reader.Answer]) -> str:
    """Returns what a client makes of the responses to one request."""
    if not found or not found[-1].is_whole:
        return f"failed {found}"
    return told(found[-1].status, len(found[-1].content))


def told(status: int, length: int) -> str:
    """Returns the outcome of a whole response: failed, if the intermediary made it."""
    return f"failed {status}" if status >= 500 else f"whole {status} {length}"


def sent(peer: socket.socket, data: bytes) -> bool:
    """Sends the data, as far as the peer takes it."""
    with contextlib.suppress(OSError):
        peer.sendall(data)
    return True


def http2(peer: socket.socket, method: str, path: str, offer: str, content: bytes) -> str:
    """Sends a request in HTTP/2, an offer by extended CONNECT; returns the outcome."""
    return Stream(peer, offer != "-", content).outcome(method, path, offer)


class Stream:
    """One request in HTTP/2, alone on its connection."""

    def __init__(self, peer: socket.socket, switches: bool, content: bytes) -> None:
        # What an extended CONNECT sends is of the new protocol already.
        self.peer, self.switches, self.content = peer, switches, b"" if switches else content
        self.connection = h2.connection.H2Connection(h2.config.H2Configuration())
        self.status = self.length = 0
        self.told = ""

    def outcome(self, method: str, path: str, offer: str) -> str:
        """Sends the request, and returns the outcome once the stream has ended."""
        self.connection.initiate_connection()
        self.take()
        fields = [(":method", "CONNECT" if self.switches else method), (":scheme", "https"), (":authority", "a")]
        fields += [(":path", path), *([(":protocol", offer)] if self.switches else [])]
        self.connection.send_headers(1, fields, end_stream=not (self.switches or self.content))
        while not self.told:
            self.offer_content()
            self.take()
        # Unread bytes would make a reset of the close.
        socket.socket.shutdown(self.peer, socket.SHUT_WR)
        while self.peer.recv(PIECE):
            pass
        return self.told

    def offer_content(self) -> None:
        """Sends as much of the content as the windows allow."""
        while self.content and not self.told and (fits := self.connection.local_flow_control_window(1)):
            piece = self.content[: min(fits, self.connection.max_outbound_frame_size)]
            self.content = self.content[len(piece) :]
            self.connection.send_data(1, piece, end_stream=not self.content)

    def take(self) -> None:
        """Sends what is due, receives some bytes, and takes their events."""
        sent(self.peer, self.connection.data_to_send())
        data = self.peer.recv(PIECE)
        events = self.connection.receive_data(data) if data else [h2.events.ConnectionTerminated()]
        for event in events:
            self.take_event(event)
        sent(self.peer, self.connection.data_to_send())

    def take_event(self, event: h2.events.Event) -> None:
        """Takes one event of the connection."""
        if isinstance(event, h2.events.ResponseReceived):
            self.status = int(dict(event.headers)[b":status"])
            if self.switches and self.status == 200:
                self.connection.send_data(1, b"hello")
        elif isinstance(event, h2.events.DataReceived):
            self.length += len(event.data)
            self.connection.acknowledge_received_data(event.flow_controlled_length, 1)
        elif isinstance(event, h2.events.StreamEnded):
            switched = self.switches and self.status == 200
            self.told = self.told or (f"switched {self.length}" if switched else told(self.status, self.length))
        elif isinstance(event, (h2.events.StreamReset, h2.events.ConnectionTerminated)):
            self.told = self.told or f"failed {event}"


def connected(port: int) -> socket.socket:
    """Returns a connection to the intermediary, over TLS if it speaks HTTP/2."""
    peer = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
    if SPEAK is http1:
        return peer
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2"])
    return context.wrap_socket(peer)


def ask(name: str, words: list[str], peer: socket.socket) -> None:
    """Sends one request and prints its outcome."""
    method, path, offer, content = words
    try:
        said = SPEAK(peer, method, f"/{path}", offer, CONTENTS.get(content, b""))
    except Exception as error:
        said = f"failed {error!r}"
    peers.pop(name).close()
    tell(name, *said.split())


def tell(*words: object) -> None:
    """Prints a line in one write, as other threads print too."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def cancel(peer: socket.socket) -> None:
    """Resets a connection; a close alone would look like the end of one direction."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # The thread that receives keeps the connection until it has been woken; TLS has nothing to say.
    socket.socket.shutdown(peer, socket.SHUT_RD)


SPEAK = {"http1": http1, "http2": http2}[sys.argv[1]]
peers: dict[str, socket.socket] = {}
address = f"127.0.0.1:{os.environ['HOSTILE_BEHIND']}"
# The kit stops this process by a signal, and the intermediary must not outlive it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
# Node would make our standard input non-blocking if it had it, too.
pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
with subprocess.Popen([*sys.argv[2:], address], **pipes, text=True) as between:
    port = int(re.search(r"(\d+)\s*$", between.stdout.readline()).group(1))
    tell("pid", between.pid)
    tell("listening on", port)
    try:
        for line in sys.stdin:
            name, *words = line.split()
            if words == ["self"]:
                tell(name, "self", 0)
            elif words == ["cancel"]:
                with contextlib.suppress(OSError, KeyError):
                    cancel(peers[name])
            else:
                peers[name] = connected(port)
                threading.Thread(target=ask, args=(name, words, peers[name]), daemon=True).start()
    finally:
        between.terminate()
