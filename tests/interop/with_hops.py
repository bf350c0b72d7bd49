"""What the gateway passes on to a script behind it, and what it makes of the script's answers (RFC 9110, 7.6.1)."""

import socket
import threading

import programs
from harness import LARGE, THROUGH_US, WAIT, Raw, case, check, port_of, read_head, same, scripted
from with_gateway import gateway
from with_probe import SWITCH
from with_proxies import check_switched, offer
from with_sockets import HELLO


def passed_on(fields):
    """The field lines that arrive of a request with these, without Host."""
    heads = []

    def script(connection):
        heads.append(read_head(connection))
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, b"GET /x?y HTTP/1.1\r\nHost: a\r\n%s\r\n" % fields)
        check(raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 204 "))
    line, host, *others = heads[0].removesuffix(b"\r\n\r\n").split(b"\r\n")
    same(line + host, b"GET /x?y HTTP/1.1Host: a")
    return others


VIA = b"Via: 1.1 switchover"


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_what_is_for_the_other_end(_):
    hops = b"Connection: x-mine, close, X-Yours\r\nConnection: keep-alive\r\nX-Mine: 1\r\nx-yours: 2\r\n"
    known = b"Keep-Alive: timeout=5\r\nProxy-Connection: keep-alive\r\nTE: trailers\r\n"
    ends = b"Trailer: x\r\nAccept: */*\r\nX-Theirs: 3\r\nCookie: a=b\r\nVia: 1.0 before\r\nX-Theirs: 4\r\n"
    same(passed_on(hops + known + ends), [*ends.split(b"\r\n")[:-1], VIA], "fields")


@case("a script", "foo/2", THROUGH_US)
def the_gateway_offers_what_may_be_forwarded(_):
    between_neighbours = b"Upgrade: h2c, TLS/1.3\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABk\r\n"
    same(passed_on(between_neighbours), [VIA], "fields")
    beside = between_neighbours.replace(b"h2c,", b"h2c, foo/2,") + b"Upgrade: bar\r\n"
    same(passed_on(beside), [VIA, b"Upgrade: foo/2, bar", b"Connection: Upgrade"], "fields")
    same(passed_on(b"Upgrade: foo/2\r\n"), [VIA], "fields")


def answered(octets, request):
    """What comes of a server's answer."""

    def script(connection):
        read_head(connection)
        connection.sendall(octets)

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, request)
        raw.socket.shutdown(socket.SHUT_WR)
        return raw.rest()


@case("a script", "foo/2", THROUGH_US)
def the_gateway_believes_no_wrong_101(_):
    other, layers = SWITCH.replace(b"echo/1", b"other"), SWITCH.replace(b"echo/1", b"TLS/1.2, HTTP/1.1")
    silent, old = SWITCH.replace(b"Upgrade: echo/1\r\n", b""), SWITCH.replace(b"HTTP/1.1", b"HTTP/1.0")
    for switch in [other, layers, silent, old, SWITCH.replace(b"Connection: Upgrade\r\n", b"")]:
        got = answered(switch + b"welcome\n", offer(b"/", b"echo/1"))
        check(got.startswith(b"HTTP/1.1 502 ") and got.count(b"HTTP/1.1 ") == 1 and b"welcome" not in got, switch, got)
    got = answered(SWITCH, HELLO)
    check(got.startswith(b"HTTP/1.1 502 "), got)


@case("a script", "echo/1", THROUGH_US)
def the_gateway_passes_on_a_101(_):
    """And what stands right behind it, but no field that means nothing there."""
    more = b"X-Mine: 1\r\nContent-Length: 0\r\nConnection: x-mine\r\nX-Theirs: 2\r\n\r\nwelcome\n"
    got = answered(SWITCH[:-2] + more, offer(b"/", b"echo/1"))
    wanted = (
        b"HTTP/1.1 101 Switching Protocols\r\nX-Theirs: 2\r\nUpgrade: echo/1\r\nConnection: Upgrade\r\n\r\nwelcome\n"
    )
    same(got, wanted)


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_an_answer(_):
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\nConnection: x-mine\r\nX-Mine: 1\r\n\r\n"
    final = b"HTTP/1.1 200 Fine\r\nConnection: close, x-mine\r\nX-Mine: 1\r\nKeep-Alive: x\r\nX: 2\r\n\r\nuntil the end"
    wanted = b"HTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
    wanted += b"HTTP/1.1 200 Fine\r\nX: 2\r\nVia: 1.1 switchover\r\nTransfer-Encoding: chunked\r\n\r\n"
    same(answered(hints + final, HELLO), wanted + b"d\r\nuntil the end\r\n0\r\n\r\n")


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_tells_the_client_what_went_wrong(_):
    bad = [b"", b"SSH-2.0-OpenSSH_9\r\n", b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n"]
    for octets in bad:
        got = answered(octets, HELLO)
        check(got.startswith(b"HTTP/1.1 502 ") and got.count(b"HTTP/1.1 ") == 1, octets, got)
    with gateway(programs.free_port()) as front:
        check(Raw(front.port, HELLO).until(b"\r\n\r\n").startswith(b"HTTP/1.1 502 "))


@case("a script", "HTTP/1.1", THROUGH_US)
def the_gateway_passes_on_an_answer_that_comes_too_early(_):
    """A server that has seen enough answers and closes; the client, which is still sending, is told."""

    def script(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port)
        raw.send_beside(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % (len(LARGE) * 24) + LARGE * 24)
        got = raw.rest()
    check(got.startswith(b"HTTP/1.1 413 ") and got.endswith(b"\r\n\r\nno"), got)


@case("a script", "echo/1", THROUGH_US)
def the_gateway_lets_the_server_end_first(_):
    heard, ended = [], threading.Event()

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH + b"that was all\n")
        connection.shutdown(socket.SHUT_WR)
        while piece := connection.recv(65536):
            heard.append(piece)
        ended.set()

    with scripted(script) as url, gateway(port_of(url)) as front:
        raw = Raw(front.port, offer(b"/", b"echo/1"))
        check_switched(raw)
        same(raw.until(b"all\n"), b"that was all\n")
        check(raw.socket.recv(1) == b"", "more came")
        raw.socket.sendall(LARGE)
        raw.socket.close()
        check(ended.wait(WAIT), "the end did not come")
    same(b"".join(heard), LARGE)
