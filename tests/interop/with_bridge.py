"""Cases of the bridge, an example on our engine and `h2`, with real clients.

It speaks HTTP/2 over TLS to clients, and HTTP/1.1 to the server behind it.

It accepts only HTTP/2, so a WebSocket through it must come from an extended CONNECT (RFC 8441).
"""

import functools
import re
import socket
import time

from environment import debian, large_node, large_python, node
from harness import (
    HERE,
    LARGE,
    THROUGH_US,
    Skip,
    Switchboard,
    between,
    case,
    check,
    needs,
    port_of,
    read_head,
    resets,
    run,
    same,
    scripted,
    server,
    wait_for,
)
from with_curl import curl
from with_probe import SWITCH, with_content
from with_websocket import SLOW, socket_url


def bridge(backend):
    return between("bridge", backend)


def in_chromium(front):
    """Opens a page over HTTP/2, and a WebSocket to the page's host."""
    chromium = debian("chromium", "chromium")
    out, _ = run(*large_node("chromium.cjs"), chromium, front.url, socket_url(front), within=SLOW)
    same(out, b"h2: all came back\n")


@case("Chromium", "websocket in HTTP/2", THROUGH_US, large=True)
def chromium_before_the_bridge(_):
    """The bridge sends the server a new Sec-WebSocket-Key for each WebSocket."""
    with Switchboard() as board, bridge(board.port) as front:
        for _ in range(2):
            in_chromium(front)
        log = board.read()
    check(log.count(b"< GET /ws HTTP/1.1\n") == 2, log)
    # The page also opens a WebSocket itself.
    asked = rb"< GET /ws HTTP/1\.1\n(?:(?!.*< GET ).*\n)*?.*< sec-websocket-key: (\S{24})\n"
    check(len(set(re.findall(asked, log))) == 2, log)


@case("ws", "websocket in HTTP/2", THROUGH_US, large=True)
def chromium_before_the_bridge_before_node_ws(_):
    with server(*node("servers.cjs"), "ws") as url, bridge(port_of(url)) as front:
        in_chromium(front)


def h2_client(front, *arguments):
    out, _ = run(large_python(), HERE / "python/h2_client.py", front.url, *arguments)
    return out.decode().removesuffix("\n")


@case("h2", "websocket in HTTP/2", THROUGH_US, large=True)
def h2_and_wsproto_before_the_bridge(_):
    with Switchboard() as board, bridge(board.port) as front:
        same(h2_client(front, "websocket"), "all came back")


@case("h2", "websocket in HTTP/2", THROUGH_US, large=True)
def h2_is_declined_by_the_bridge(_):
    """The backend's status reaches the client, except for a 2xx, which becomes a 502.

    A 2xx would mean that the offer was accepted.
    """
    with Switchboard() as board, bridge(board.port) as front:
        same(h2_client(front, "declined", "/missing"), "404")
        same(h2_client(front, "declined", "/plain"), "502")
        log = board.read()
    check(log.count(b"* offers websocket\n") == 2, log)


@case("h2", "HTTP/2", THROUGH_US, large=True)
def h2_asks_the_bridge_for_a_tunnel(_):
    with Switchboard() as board, bridge(board.port) as front:
        same(h2_client(front, "connect"), "501")
        check(b"CONNECT" not in board.read(), board.read())


@case("h2", "HTTP/2", THROUGH_US, large=True)
def h2_gets_what_has_not_changed_from_the_bridge(_):
    """The bridge forwards a 304 with the length of the content that it leaves out.

    RFC 9110, section 8.6, allows the length. The client's library would take an empty frame of data
    at the end of the stream for content that is too short.
    """

    def script(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n")

    with scripted(script) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "get"), "304")


@case("h2", "HTTP/2", THROUGH_US, large=True)
def h2_sends_the_bridge_what_is_malformed(_):
    """The bridge resets a stream of a malformed request, and forwards nothing of it.

    RFC 9113, sections 8.2.2 and 8.3.1, requires it for most; RFC 8441, section 5, has no use for the others.
    """
    bad = {"connection": "x", "upgrade": "websocket", "transfer-encoding": "chunked", "te": "gzip", "keep-alive": "x"}
    keys = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-accept": "x", "proxy-connection": "x"}
    with Switchboard() as board, bridge(board.port) as front:
        for field in {**bad, **keys}.items():
            same(h2_client(front, "malformed", *field), "reset PROTOCOL_ERROR", field[0])
        same(h2_client(front, "malformed", "host", "a", "host", "b"), "reset PROTOCOL_ERROR")
        same(h2_client(front, "declined", "?x"), "reset PROTOCOL_ERROR")
        check(b"GET" not in board.read().partition(b"^C stops.\n")[2], board.read())


@case("h2", "echo/1 in HTTP/2", THROUGH_US, large=True)
def h2_ends_its_direction_before_the_bridge(_):
    """An unknown protocol goes through the bridge, and so does a half-close.

    A stream half-closed by the client half-closes the connection to the backend.
    """

    def script(connection):
        check(b"\r\nUpgrade: echo/1\r\n" in read_head(connection), "the offer did not arrive")
        connection.sendall(SWITCH[:-2] + b"Content-Length: 0\r\n\r\nwelcome, ")
        count = 0
        while piece := connection.recv(65536):
            count += len(piece)
        connection.sendall(b"%d bytes, then the end\n" % count)

    with scripted(script) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "half-close"), "welcome, 1048576 bytes, then the end\n")


@case("h2", "echo/1 in HTTP/2", THROUGH_US, large=True)
def h2_resets_a_stream_whose_server_reads_no_more(_):
    """A reset stream ends the connection to a server that has ended its direction."""

    def deaf(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        connection.shutdown(socket.SHUT_WR)
        before = front.descriptors()
        # A FIN would not arrive, because the bytes before it are not read.
        wait_for(lambda: b"closed" if front.descriptors() < before else b"open", b"closed")

    def next_one(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

    with scripted(deaf, next_one) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "reset"), "404")


@case("h2", "echo/1 in HTTP/2", THROUGH_US, large=True)
def h2_cancels_what_the_bridge_has_switched(_):
    """The backend of a cancelled stream sees a reset.

    It must not take the partial data for complete (RFC 9113, section 8.5).
    """

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        try:
            while connection.recv(65536):
                pass
        except ConnectionResetError:
            return
        check(False, "the end looks like that of the protocol")

    with scripted(script) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "cancel"), "cancelled")


@case("h2", "echo/1 in HTTP/2", THROUGH_US, large=True)
def h2_before_the_bridge_before_a_server_that_resets(_):
    """The client of a backend that resets sees a reset stream.

    It must not take the partial data for complete, even if the bridge met the reset while it wrote.
    """

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH + bytes(400_000))
        time.sleep(0.3)
        resets(connection)

    with scripted(script) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "outcome"), "StreamReset")


@case("h2", "echo/1 in HTTP/2", THROUGH_US, large=True)
def h2_leaves_the_bridge_once_it_has_said_all(_):
    """A client may close its connection after all its data; the backend sees a FIN."""

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        time.sleep(1)
        count = 0
        while piece := connection.recv(4096):
            count += len(piece)
        same(count, 60_000)

    with scripted(script) as url, bridge(port_of(url)) as front:
        same(h2_client(front, "leave"), "left")


def curl_http2(front, path, *arguments, stdin=b"", expect=0):
    needs("curl", ["curl", "--version"])
    if b"HTTP2" not in run("curl", "--version")[0]:
        raise Skip("a curl without HTTP/2")
    return curl(front, path, "--http2", "--insecure", *arguments, stdin=stdin, expect=expect)


@case("curl", "HTTP/2", THROUGH_US)
def curl_before_the_bridge(_):
    with Switchboard() as board, bridge(board.port) as front:
        out, _ = curl_http2(front, "/", "-i")
        check(out.startswith(b"HTTP/2 200 \r\n") and b"</html>" in out, out)
        check(b"\r\nvia: 1.1 switchover\r\n" in out and b"< via: 2.0 switchover\n" in board.read(), out, board.read())
        out, _ = curl_http2(front, "/required", "-i")
        check(out.startswith(b"HTTP/2 426 \r\n") and b"\r\nupgrade:" not in out and b"\r\nconnection:" not in out, out)
        out, _ = curl_http2(front, "/plain", "-I", "-w", "%{num_connects}\\n", front.url + "/missing")
        check(out.count(b"HTTP/2 ") == 2 and out.endswith(b"\r\n\r\n0\n"), out)
        check(b"< host: 127.0.0.1:%d\n" % front.port in board.read(), board.read())


@case("curl", "HTTP/2", THROUGH_US)
def curl_posts_before_the_bridge(_):
    """The bridge forwards content with and without a length.

    Some content exceeds all buffers, so both directions must proceed at once.
    """
    with Switchboard() as board, bridge(board.port) as front:
        for content, how in [(LARGE, "--data-binary"), (LARGE, "-T"), (LARGE * 24, "--data-binary")]:
            out, _ = curl_http2(front, "/echo", how, "@-" if how == "--data-binary" else "-", stdin=content)
            same(out, content)
        log = board.read()
    check(b"< content-length: 1048576\n" in log and b"< transfer-encoding: chunked\n" in log, log)


@case("curl", "HTTP/2", THROUGH_US)
def curl_is_told_by_the_bridge_what_went_wrong(_):
    """The bridge's status tells an HTTP/2 client which side has failed.

    A reset tells it that a response was truncated.
    """

    def late(connection):
        read_head(connection)
        while connection.recv(65536):
            pass

    def early(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 413 Content Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno")

    def cut(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n64\r\nhalf")

    status = ["-o", "-", "-w", " %{http_code}"]
    with scripted(late, early, cut) as url, between("bridge", port_of(url), "--timeout", "1") as front:
        same(curl_http2(front, "/", *status)[0], b" 504")
        same(curl_http2(front, "/", *status, "--data-binary", "@-", stdin=LARGE)[0], b"no 413")
        curl_http2(front, "/", expect=92)  # what curl calls a reset stream
    with bridge(port_of(url)) as front:  # no listener is there any more
        same(curl_http2(front, "/", *status)[0], b" 502")
        same(curl_http2(front, "/", *status, "-X", "TRACE", "-d", "content")[0], b" 400")


@case("curl", "HTTP/2", THROUGH_US)
def curl_gets_odd_answers_through_the_bridge(_):
    """Contradictory responses that every client accepts are forwarded.

    Those with unknown framing become a 502, and so does the status 999. A 204 loses its length, as HTTP/2 would await
    as much content (RFC 9113, section 8.1.1). An OPTIONS or TRACE whose Max-Forwards is 0 is not forwarded.
    """
    odd = {
        b"204 No Content\r\nContent-Length: 0\r\n\r\n": b" 204",
        b"204 No Content\r\nContent-Length: 2\r\n\r\n": b" 204",
        b"103 Early Hints\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc": b"abc 200",
        b"304 Not Modified\r\nContent-Length: x\r\n\r\n": b" 502",
        b"200 OK\r\nTransfer-Encoding: chunked, gzip\r\nConnection: close\r\n\r\n2\r\nok\r\n0\r\n\r\n": b" 502",
        b"205 Reset Content\r\nContent-Length: 3\r\n\r\nabc": b"abc 205",
        b"200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\nabc": b"abc 200",
        b"200 OK\r\nSec-WebSocket-Accept: x\r\nContent-Length: 3\r\n\r\nabc": b"abc 200",
        b"999 Denied\r\nContent-Length: 3\r\n\r\nabc": b"abc 502",
    }

    def script(connection, answer):
        check(b"max-forwards: 1\r\n" in read_head(connection).lower(), "not counted down")
        connection.sendall(b"HTTP/1.1 " + answer)

    status, hops = ["-o", "-", "-w", " %{http_code}"], ["-X", "OPTIONS", "-H", "Max-Forwards: 2"]
    with scripted(*[functools.partial(script, answer=data) for data in odd]) as url, bridge(port_of(url)) as front:
        for wanted in odd.values():
            same(curl_http2(front, "/", *status, *hops)[0], wanted)
    with bridge(port_of(url)) as front:  # no listener is there any more
        spent = ["-H", "Max-Forwards: 0", "-H", "Cookie: secret"]
        same(curl_http2(front, "/", *status, "-X", "OPTIONS", *spent)[0], b" 200")
        traced, _ = curl_http2(front, "/x", *status, "-X", "TRACE", *spent)
        check(traced.startswith(b"TRACE /x HTTP/2\r\n") and b"secret" not in traced, traced)


@case("nghttp", "HTTP/2", THROUGH_US, large=True)
def nghttp_before_the_bridge(_):
    nghttp = debian("nghttp", "nghttp2-client")
    with Switchboard() as board, bridge(board.port) as front, with_content(LARGE) as file:
        out, _ = run(nghttp, "--no-verify-peer", "-d", file.name, front.url + "/echo")
        same(out, LARGE)
        out, _ = run(
            nghttp, "--no-verify-peer", "--null-out", "--stat", *[f"{front.url}/plain?{at}" for at in range(20)]
        )
        check(out.count(b" 200 ") == 20, out)
