"""Cases of the upgrade to h2c in both directions.

Third-party clients switch at `/h2c`, and our probe makes servers switch.

`/h2c` sends a line with the number of the stream: the request with the offer is stream 1. On later streams `POST /echo`
returns the content, as in HTTP/1.1.
"""

import contextlib
import socket
import tempfile
import time

import programs
from environment import debian, large_python
from harness import (
    FROM_US,
    HERE,
    LARGE,
    Skip,
    Switchboard,
    case,
    check,
    needs,
    probe,
    read_head,
    resets,
    run,
    same,
    scripted,
)
from with_curl import curl
from with_hardship import PREFACE, frame
from with_probe import with_content
from with_servers import python_server
from with_websocket import SLOW

# A server's 101 for the offer, and its first SETTINGS.
SWITCHED = b"HTTP/1.1 101 S\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + frame(4, 0, 0)

# The maximum content of the request that becomes stream 1: the initial window of HTTP/2, in bytes.
WINDOW = 65_535
VERSION = ["-w", "HTTP/%{http_version} on %{num_connects} new\\n"]


def curl_h2c(board, path, *arguments, stdin=b""):
    needs("curl", ["curl", "--version"])
    if b"HTTP2" not in run("curl", "--version")[0]:
        raise Skip("a curl without HTTP/2")
    return curl(board, path, "--http2", *arguments, stdin=stdin)


@case("curl", "h2c")
def curl_switches_to_h2c(board):
    out, errors = curl_h2c(board, "/h2c", "-v", *VERSION)
    check(b"< HTTP/1.1 101 Switching Protocols" in errors and b"< HTTP/2 200" in errors, errors)
    same(out, b"GET /h2c stream 1, 0 bytes\nHTTP/2 on 1 new\n")


@case("curl", "h2c")
def curl_brings_content_along(board):
    out, _ = curl_h2c(board, "/h2c", *VERSION, "--data-binary", "@-", stdin=b"x" * 60_000)
    same(out, b"POST /h2c stream 1, 60000 bytes\nHTTP/2 on 1 new\n")


@case("curl", "h2c")
def curl_brings_chunks_along(board):
    out, errors = curl_h2c(board, "/h2c", "-v", *VERSION, "-T", "-", stdin=b"x" * 60_000)
    check(b"> Transfer-Encoding: chunked" in errors, errors)
    same(out, b"PUT /h2c stream 1, 60000 bytes\nHTTP/2 on 1 new\n")


@case("curl", "h2c")
def curl_expects_and_switches(board):
    expect = ["-H", "Expect: 100-continue"]
    out, errors = curl_h2c(board, "/h2c", "-v", *VERSION, *expect, "--data-binary", "@-", stdin=b"x" * 60_000)
    order = [errors.index(b"< HTTP/1.1 100"), errors.index(b"< HTTP/1.1 101"), errors.index(b"< HTTP/2 200")]
    check(order == sorted(order), errors)
    same(out, b"POST /h2c stream 1, 60000 bytes\nHTTP/2 on 1 new\n")


@case("curl", "h2c")
def curl_goes_on_with_stream_3(board):
    out, _ = curl_h2c(board, "/h2c", *VERSION, board.url + "/h2c")
    same(out, b"GET /h2c stream 1, 0 bytes\nHTTP/2 on 1 new\nGET /h2c stream 3, 0 bytes\nHTTP/2 on 0 new\n")


@case("curl", "h2c")
def curl_asks_for_a_head_alone(board):
    """A response to HEAD in HTTP/2 has no content, which would make it malformed."""
    for path, how in [("/h2c", "--http2"), ("/plain", "--http2-prior-knowledge"), ("/echo", "--http2-prior-knowledge")]:
        curl_h2c(board, path, "-I")
        out, _ = curl(board, path, "-I", how, *VERSION)
        check(b"HTTP/2 200" in out and out.endswith(b"\nHTTP/2 on 1 new\n"), path, out)


@case("a script", "h2c")
def a_probe_that_asks_for_a_head(board):
    out, errors = probe(board.url + "/h2c", "--offer", "h2c", "--method", "HEAD")
    check(b"stream 1 is answered: 200" in errors, out, errors)


def each_window(try_it):
    """Runs `try_it` with three sizes of the server's window.

    They are smaller than the initial window, equal, and much larger. The server's window updates must also cover the
    bytes that stream 1 has used.
    """
    for window in [16_384, 65_535, 1 << 20]:
        with Switchboard("--window", str(window)) as board:
            try_it(board)


@case("curl", "h2c")
def curl_uploads_after_the_switch(_):
    """Sends more than the initial window on stream 3, after most of it on stream 1."""
    large = LARGE[:200_000]

    def upload(board):
        with with_content(b"x" * 60_000) as first, with_content(large) as second, tempfile.NamedTemporaryFile() as got:
            next_one = ["--next", "-sS", "--noproxy", "*", "--max-time", "15", "--http2", *VERSION]
            to_echo = ["--data-binary", f"@{second.name}", "-o", got.name, board.url + "/echo"]
            # curl uses our last URL first, so the second request comes before it in the command.
            out, _ = curl_h2c(
                board, "/h2c", "--data-binary", f"@{first.name}", *VERSION, board.url + "/h2c", *next_one, *to_echo
            )
            check(out.startswith(b"POST /h2c stream 1, 60000 bytes\n"), out)
            same(got.read(), large)

    each_window(upload)


@case("curl", "h2c")
def curl_brings_too_much(board):
    out, _ = curl_h2c(board, "/h2c", *VERSION, "--data-binary", "@-", stdin=b"x" * 70_000)
    check(out.endswith(b"HTTP/1.1 on 1 new\n"), out)


@case("pycurl", "h2c", large=True)
def pycurl_switches_to_h2c(board):
    run(large_python(), HERE / "python/pycurl_h2c.py", board.url)


@case("Java", "h2c", large=True)
def java_switches_to_h2c(board):
    java = needs("Java 17", ["java", "--version"])
    out, _ = run(java, HERE / "java/HttpClientH2c.java", board.url + "/h2c", 9, within=SLOW)
    gets = b"GET HTTP_2 200 GET /h2c stream 1, 0 bytes\nGET HTTP_2 200 GET /h2c stream 3, 0 bytes\n"
    posts = [b"%s HTTP_2 200 POST /h2c stream 1, 9 bytes\n" % name for name in [b"POST", b"chunked", b"Expect"]]
    same(out, gets + b"".join(posts))


@case("Java", "h2c", large=True)
def java_uploads_after_the_switch(_):
    """Sends 60 kB on stream 1, 200 kB on stream 3, then 120 kB each on two at once."""
    java = needs("Java 17", ["java", "--version"])

    def upload(board):
        out, _ = run(java, HERE / "java/HttpClientUploads.java", board.url, within=SLOW)
        same(out, b"upgraded POST /h2c stream 1, 60000 bytes\n" + b"HTTP_2 true\n" * 3)

    each_window(upload)


@case("pycurl", "h2c", large=True)
def pycurl_uploads_after_the_switch(_):
    each_window(lambda board: run(large_python(), HERE / "python/pycurl_uploads.py", board.url))


@case("nghttp", "h2c", large=True)
def nghttp_switches_to_h2c(board):
    out, errors = run(debian("nghttp", "nghttp2-client"), "-u", board.url + "/h2c")
    same(out, b"GET /h2c stream 1, 0 bytes\n")
    check(not errors, errors)


@case("nghttp", "h2c", large=True)
def nghttp_posts_after_the_switch(board):
    """nghttp offers with `OPTIONS *`, and sends its content on a later stream."""
    with with_content(LARGE[:200_000]) as file:
        out, errors = run(debian("nghttp", "nghttp2-client"), "-u", "-d", file.name, board.url + "/echo")
    same(out, LARGE[:200_000])
    check(not errors, errors)


# Our probe as the client. It prints the response on stream 1.

PAGE = "a page of some server\n"


def check_stream_1(url, wanted, *arguments):
    out, errors = probe(url, "--offer", "h2c", *arguments)
    same(out, wanted)
    check(b"* switched to h2c, number 1 of 1 offered\n" in errors, errors)


@case("lighttpd", "h2c", FROM_US, large=True)
def probe_and_lighttpd_in_h2c(_):
    with programs.lighttpd_files({"page.txt": PAGE}) as port:
        check_stream_1(f"http://127.0.0.1:{port}/page.txt", PAGE.encode())


@case("Apache", "h2c", FROM_US, large=True)
def probe_and_apache_in_h2c(_):
    with programs.apache_files({"page.txt": PAGE}) as port:
        check_stream_1(f"http://127.0.0.1:{port}/page.txt", PAGE.encode())


@case("nghttpx", "h2c", FROM_US, large=True)
def probe_and_nghttpx_in_h2c(board):
    with programs.nghttpx(board.port) as port:
        check_stream_1(
            f"http://127.0.0.1:{port}/plain", b"GET /plain: 0 bytes of content came. No offer is taken here.\n"
        )


@case("h2o", "h2c", FROM_US, large=True)
def probe_and_h2o_in_h2c(board):
    with programs.h2o(board.port) as port:
        check_stream_1(
            f"http://127.0.0.1:{port}/plain", b"GET /plain: 0 bytes of content came. No offer is taken here.\n"
        )


@case("a script", "h2c", FROM_US)
def probe_and_a_long_answer_in_h2c(_):
    """The probe's timeout applies to silence only, not to a slow or long response."""
    slow, long = [b"slow"] * 3, 20_000_000

    def script(connection):
        read_head(connection)
        connection.sendall(SWITCHED + frame(4, 1, 0) + frame(1, 4, 1, b"\x88"))
        for piece in slow:
            time.sleep(2)
            connection.sendall(frame(0, 0, 1, piece))
        # The windows of the connection and of the stream, as the client's SETTINGS set them.
        windows, left = [65_535 - 12] * 2, long
        said = connection.makefile("rb")
        check(said.read(len(PREFACE)) == PREFACE, "no preface")
        while left:
            length = min(16_384, left, *windows)
            if length:
                left, windows = left - length, [window - length for window in windows]
                connection.sendall(frame(0, left == 0, 1, bytes(length)))
                continue
            head = said.read(9)
            content = said.read(int.from_bytes(head[:3], "big"))
            if head[3] == 8:
                windows[head[8]] += int.from_bytes(content, "big")
        connection.shutdown(socket.SHUT_WR)
        while said.read(1):
            pass

    with scripted(script) as url:
        check_stream_1(url, b"".join(slow) + bytes(long), "--timeout", "5")


@case("a script", "h2c", FROM_US)
def probe_and_pings_without_end_in_h2c(_):
    """The probe must not queue replies to pings without limit.

    The server does not read these replies. A busy machine needs long until its system has no room for more of them.
    """
    timeout = 60

    def script(connection):
        connection.settimeout(timeout)
        read_head(connection)
        connection.sendall(SWITCHED)
        with contextlib.suppress(ConnectionError):
            for _ in range(2_000):
                connection.sendall(frame(6, 0, 0, b"12345678") * 1_000)
            check(False, "34 MB of pings were taken")

    with scripted(script) as url:
        _, errors = run(Switchboard.program, "probe", url, "--offer", "h2c", expect=1, within=timeout)
    check(b"does not read" in errors, errors)


@case("a script", "h2c", FROM_US)
def probe_and_an_answer_that_stops_in_h2c(_):
    """The probe's error says how a response stopped: by silence, reset, end or GOAWAY."""

    def begins(connection):
        read_head(connection)
        connection.sendall(SWITCHED + frame(1, 4, 1, b"\x88") + frame(0, 0, 1, b"half"))

    def silent(connection):
        begins(connection)
        while connection.recv(65536):
            pass

    def cut(connection):
        begins(connection)
        time.sleep(0.3)
        resets(connection)

    def ended(connection):
        begins(connection)
        ended_after(connection)

    def ended_after(connection):
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    def goes_away(connection):
        begins(connection)
        # The error code INTERNAL_ERROR.
        connection.sendall(frame(7, 0, 0, (1).to_bytes(4, "big") + (2).to_bytes(4, "big")))
        ended_after(connection)

    with scripted(silent, cut, ended, goes_away) as url:
        for said in [b"does not go on", b"has cut the connection", b"has ended the connection", b"internal error"]:
            _, errors = probe(url, "--offer", "h2c", "--timeout", "1", expect=1)
            check(said in errors, errors)


@case("a script", "h2c", FROM_US)
def probe_and_small_frames_in_h2c(_):
    """The probe accepts more than 130 frames at once, as far as the window allows.

    The server also sends GOAWAY during the response.
    """

    def script(connection):
        read_head(connection)
        goes_away = frame(7, 0, 0, (1).to_bytes(4, "big") + bytes(4))
        connection.sendall(SWITCHED + frame(4, 1, 0) + frame(1, 4, 1, b"\x88") + frame(0, 0, 1, b"0123456789") * 1_000)
        connection.sendall(goes_away + frame(0, 1, 1, b"end") + frame(6, 0, 0, bytes(8)))
        while connection.recv(65536):
            pass

    with scripted(script) as url:
        check_stream_1(url, b"0123456789" * 1_000 + b"end")


@case("hypercorn", "h2c", FROM_US, large=True)
def probe_and_hypercorn_in_h2c(_):
    with python_server("hypercorn") as url:
        check_stream_1(url, b"in HTTP/1.1\n")
