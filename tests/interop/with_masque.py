"""Cases of datagrams in `connect-udp` (RFC 9298), which the switchboard forwards.

They come directly, and through proxies that do not know the protocol.

No other available client requests it in HTTP/1.1, so the probe and plain sockets act as clients.
"""

import contextlib
import socket
import struct
import threading

import programs
from harness import THROUGH, WAIT, Raw, Switchboard, case, check, probe, same
from with_proxies import PROXIES

REQUEST = b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: connect-udp\r\nCapsule-Protocol: ?1\r\n\r\n"
TEMPLATE = "/.well-known/masque/udp/127.0.0.1/%d/"
# RFC 9297, 3.2: a capsule of an unknown type, which is skipped.
UNKNOWN_CAPSULE = b"\x17\x03abc"
NAME, ADDRESS = "example.test", "192.0.2.7"


def datagram(payload):
    """Returns a DATAGRAM capsule with context 0 and a length of two bytes.

    RFC 9000, section 16, defines the length.
    """
    return b"\x00" + struct.pack(">H", 0x4000 | len(payload) + 1) + b"\x00" + payload


def read_datagram(raw):
    """Returns the payload of the next capsule, a DATAGRAM with context 0."""
    kind, first = take(raw, 2)
    length = int.from_bytes(bytes([first & 0x3F]) + take(raw, (1 << (first >> 6)) - 1), "big")
    value = take(raw, length)
    check((kind, value[:1]) == (0, b"\x00"), kind, value)
    return value[1:]


def take(raw, count):
    while len(raw.got) < count:
        piece = raw.socket.recv(65536)
        check(piece, "the connection ended within a capsule:", raw.got)
        raw.got += piece
    taken, raw.got = raw.got[:count], raw.got[count:]
    return taken


@contextlib.contextmanager
def udp_echo():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as echo:
        echo.bind(("127.0.0.1", 0))
        echo.settimeout(WAIT)
        done = threading.Event()

        def work():
            while not done.is_set():
                with contextlib.suppress(OSError):
                    payload, peer = echo.recvfrom(65536)
                    echo.sendto(payload, peer)

        threading.Thread(target=work, daemon=True).start()
        try:
            yield echo.getsockname()[1]
        finally:
            done.set()


def ask(port, udp_port, early=b""):
    raw = Raw(port, REQUEST % (TEMPLATE % udp_port).encode() + early)
    return raw, raw.until(b"\r\n\r\n")


def check_datagrams(port, udp_port):
    raw, head = ask(port, udp_port)
    check(head.startswith(b"HTTP/1.1 101 ") and b"capsule-protocol: ?1\r\n" in head.lower(), head)
    for payload in [b"hello", b"", b"x" * 1200]:
        raw.socket.sendall(UNKNOWN_CAPSULE + datagram(payload))
        same(read_datagram(raw), payload)
    raw.socket.close()


@case("probe", "connect-udp")
def probe_carries_datagrams(board):
    """The probe sends each line as a datagram, and gets it back as one."""
    with udp_echo() as port:
        out, errors = probe(board.url + TEMPLATE % port, "--offer", "connect-udp", stdin=b"one\ntwo\n")
    same(out, b"one\ntwo\n")
    check(b"* switched to connect-udp" in errors, errors)
    out, errors = probe(board.url + "/.well-known/masque/udp/192.0.2.1/9/", "--offer", "connect-udp", expect=2)
    check(b"< HTTP/1.1 403 " in errors, errors)


@case("a socket", "connect-udp")
def datagrams_are_forwarded(board):
    with udp_echo() as udp_port:
        check_datagrams(board.port, udp_port)


@case("a socket", "connect-udp")
def early_datagrams_are_forwarded(board):
    """A client may send datagrams before it has its 101 (RFC 9298, section 5).

    At worst they are lost.
    """
    with udp_echo() as udp_port:
        raw, _ = ask(board.port, udp_port, datagram(b"early"))
        same(read_datagram(raw), b"early")


@case("a socket", "connect-udp")
def datagrams_after_a_refused_one_are_forwarded(board):
    """Datagrams are forwarded after one was refused by a closed port.

    The target opens the port again, and sends first.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.settimeout(WAIT)
        target.bind(("127.0.0.1", 0))
        udp_port = target.getsockname()[1]
        raw, _ = ask(board.port, udp_port, datagram(b"hello"))
        payload, relay = target.recvfrom(65536)
        same(payload, b"hello")
    raw.socket.sendall(datagram(b"to a closed port"))
    # Meanwhile the datagram is sent, and refused.
    Raw(board.port, b"GET /plain HTTP/1.1\r\nHost: a\r\n\r\n").until(b"\r\n\r\n")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as target:
        target.bind(("127.0.0.1", udp_port))
        target.sendto(b"first", relay)
        same(read_datagram(raw), b"first")


@case("dnsmasq", "connect-udp", THROUGH, large=True)
def dnsmasq_is_asked_through_us(board):
    question = b"".join(bytes([len(label)]) + label.encode() for label in NAME.split(".")) + b"\x00\x00\x01\x00\x01"
    with programs.dnsmasq(NAME, ADDRESS) as udp_port:
        raw, _ = ask(board.port, udp_port)
        raw.socket.sendall(datagram(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + question))
        answer = read_datagram(raw)
    check(answer.startswith(b"\x12\x34") and answer.endswith(socket.inet_aton(ADDRESS)), answer)


def register(proxy):
    def through(_):
        with Switchboard() as board, udp_echo() as udp_port, proxy.start(board.port) as port:
            if proxy.forwards_any:
                check_datagrams(port, udp_port)
            else:
                _, head = ask(port, udp_port)
                check(not head.startswith(b"HTTP/1.1 101 "), head)

    through.__name__ = f"{proxy.name}_and_datagrams"
    case(proxy.name, "connect-udp", THROUGH, large=True)(through)


for each in PROXIES:
    register(each)
