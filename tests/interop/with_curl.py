"""Cases with curl as the client of the switchboard."""

import tempfile

from harness import LARGE, Skip, Switchboard, case, check, needs, run, same, time_limit, wait_for

# Timeouts in seconds of a request, and of one with 1 MiB or more, of which 24 MiB go through a proxy on a busy machine.
SHORT, LONG = 15, 300


def curl(board, path, *arguments, stdin=b"", expect=0):
    needs("curl", ["curl", "--version"])
    seconds = LONG if len(stdin) >= len(LARGE) else SHORT
    # --noproxy: the machine's proxy settings must not matter.
    always = ["-sS", "--noproxy", "*", "--max-time", str(seconds)]
    # The limit of the case is suspended meanwhile.
    with time_limit(2 * seconds):
        return run("curl", *always, *arguments, board.url + path, stdin=stdin, expect=expect, within=2 * seconds)


@case("curl", "HTTP/1.1")
def curl_gets_a_page(board):
    out, _ = curl(board, "/", "-i")
    check(out.startswith(b"HTTP/1.1 200 OK\r\n") and b"</html>" in out, out)


@case("curl", "HTTP/1.1")
def curl_head_is_no_end(board):
    out, _ = curl(board, "/echo", "-I", "-w", "%{num_connects}\\n", board.url + "/plain")
    check(b"\r\ncontent-length: 61\r\n\r\n1\n" in out and out.endswith(b"\r\n\r\n0\n"), out)


@case("curl", "HTTP/1.1")
def curl_posts_and_expects(board):
    out, errors = curl(board, "/echo", "-v", "-H", "Expect: 100-continue", "--data-binary", "@-", stdin=LARGE)
    check(b"< HTTP/1.1 100 Continue" in errors, errors)
    same(out, LARGE)


@case("curl", "HTTP/1.1")
def curl_posts_at_once(board):
    out, errors = curl(board, "/echo", "-v", "-H", "Expect:", "--data-binary", "@-", stdin=LARGE)
    check(b"100 Continue" not in errors and b"< content-length: 1048576" in errors, errors)
    same(out, LARGE)


@case("curl", "HTTP/1.1")
def curl_uploads_chunks(board):
    out, errors = curl(board, "/echo", "-v", "-T", "-", stdin=LARGE)
    check(b"> Transfer-Encoding: chunked" in errors, errors)
    same(out, LARGE)


@case("curl", "HTTP/1.1")
def curl_is_refused_before_it_sends(board):
    out, errors = curl(board, "/missing", "-v", "-H", "Expect: 100-continue", "--data-binary", "@-", stdin=LARGE)
    check(b"< HTTP/1.1 404 Not Found" in errors and b"< connection: close" in errors, errors)
    check(b"100 Continue" not in errors and out, errors)


@case("curl", "h2c")
def curl_http2_is_declined_and_nothing_changes(board):
    if b"HTTP2" not in run("curl", "--version")[0]:
        raise Skip("a curl without HTTP/2")
    twice = ["--http2", "-w", "%{http_code} %{num_connects}\\n", "--data-binary", "@-"]
    with tempfile.NamedTemporaryFile() as content:
        content.write(LARGE)
        content.flush()
        twice[-1] = f"@{content.name}"
        out, errors = curl(board, "/plain", "-v", "-H", "Expect:", *twice, board.url + "/plain")
    check(errors.count(b"> Upgrade: h2c") == 2, errors)
    check(out.count(b"POST /plain: 1048576 bytes of content came.") == 2, out)
    check(b"200 1\n" in out and b"200 0\n" in out, "the second request took another connection:", out)


@case("curl", "foo/2")
def curl_offers_a_list(board):
    # curl does not know foo/2 and continues to read; only its output until the timeout matters.
    offer = ["-H", "Connection: Upgrade", "-H", "Upgrade: example/1, foo/2"]
    out, _ = curl(board, "/foo", "-i", "--max-time", "1", *offer, expect=None)
    check(out.startswith(b"HTTP/1.1 101 Switching Protocols\r\n") and b"upgrade: foo/2\r\n" in out, out)


@case("curl", "HTTP/1.1")
def curl_is_asked_to_upgrade(board):
    out, _ = curl(board, "/required", "-i")
    check(out.startswith(b"HTTP/1.1 426 Upgrade Required\r\n"), out)
    check(b"\r\nupgrade: foo/2, websocket\r\n" in out and b"\r\nconnection: Upgrade\r\n" in out, out)


@case("curl", "HTTP/1.1")
def curl_leaves_a_transcript(_):
    with Switchboard() as board:
        curl(board, "/required", "-H", "Connection: Upgrade", "-H", "Upgrade: example/1")
        log = wait_for(board.read, rb"(?s).*\[1\] \* closed; [^\n]+\n").group()
    wanted = [
        b"[1] < GET /required HTTP/1.1",
        b"[1] * offers example/1",
        b"[1] = request GET /required 1.1 offers [example/1] @",
        b"[1] > HTTP/1.1 426 Upgrade Required",
        b"[1] > upgrade: foo/2, websocket",
        b"[1] * no switch: ",
        b"[1] * closed; no switch: the server answered 426 and names the protocols that it requires\n",
    ]
    for line in wanted:
        check(line in log, line, "is not in", log)
