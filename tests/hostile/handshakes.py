"""Attacks by handshakes, and by what a WebSocket client sends behind one."""

import reader
from cell import NotApplicable, check
from peers import attack


@attack("pipelines handshakes that are declined")
def pipelines_handshakes(server):
    bad = server.request(fields="Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n")
    server.more_events += 2
    server.connect().send_what_fits(bad * server.scale)
    yield
    peer = server.connect(bad + bad + server.request())
    yield
    received, how = peer.rest(lambda data: data.count(b"HTTP/1.1 ") >= 3)
    answers, _ = reader.responses(received, ["GET"] * 3, how == "fin")
    check(answers and answers[0].status >= 200, answers)


@attack("a handshake with a line of 9,000 bytes")
def long_handshake(server):
    """Each gets a response, whatever the host's library takes, and nothing is kept."""
    host = server.host
    if not host.switch:
        raise NotApplicable("it switches to nothing")
    handshake = host.handshake(server).replace(b"\r\n\r\n", b"\r\nCookie: %b\r\n\r\n" % (b"x" * 9_000))
    peers = [server.connect(handshake) for _ in range(5)]
    for peer in peers:
        received, how = peer.rest(lambda data: b"\r\n\r\n" in data)
        check(received.startswith(b"HTTP/1.1 "), received, how)
    server.reset_all()
    yield


@attack("pings without end, then a reset")
def pings(server):
    """Sends pings and reads no pong, so that the write of a pong fails."""
    host = server.host
    if host.switch != "websocket":
        raise NotApplicable("it speaks no WebSocket")
    # A masked ping without content: RFC 6455, section 5.5.2.
    flood = b"\x89\x80\0\0\0\0" * server.scale
    for lull in (0.3, 0.01):
        for _ in range(5):
            peer = server.connect(host.handshake(server))
            peer.rest(lambda data: b"\r\n\r\n" in data)
            peer.send_what_fits(flood, lull)
        yield
        server.reset_all()
        yield
