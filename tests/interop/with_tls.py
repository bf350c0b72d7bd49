"""Cases of TLS in both ways: from the first byte, and by Upgrade.

The first is below HTTP (`https`, `wss`), the second within HTTP (RFC 2817).

Certificates are self-signed, and created for each server that is started.
"""

import contextlib
import re
import socket
import socketserver
import tempfile
import threading

import programs
from environment import debian, large_node, large_python
from harness import FROM_US, HERE, LINES, THROUGH, Switchboard, case, check, needs, probe, read_head, run, same
from with_websocket import SLOW

# Leniencies for cupsd's 101: it lists all its versions, and lacks `Connection: Upgrade`.
CUPSD = ["--lenient", "switch_without_connection", "--lenient", "switch_to_alternatives"]


def in_tls(board):
    """Returns the URL for TLS; the switchboard accepts it on the port of plain HTTP."""
    return board.url.replace("http:", "https:")


@case("lpstat", "TLS/1.2", large=True)
def lpstat_asks_for_tls(_):
    """lpstat offers three versions of TLS with `OPTIONS *`.

    It reports that the scheduler is running if the handshake succeeds; the log shows the response in TLS.
    """
    lpstat = debian("lpstat", "cups-client")
    with Switchboard() as board, tempfile.TemporaryDirectory() as home:
        out, _ = run("env", f"HOME={home}", lpstat, "-E", "-h", f"127.0.0.1:{board.port}", "-r")
        log = board.read()
    check(out == b"scheduler is running\n", out, log)
    _, accepted, after = log.partition(b"> HTTP/1.1 101 ")
    check(accepted and b"> Upgrade: TLS/1.2, HTTP/1.1\n" in after, log)
    check(b"> HTTP/1.1 200 " in after.partition(b"* speaks TLS/1.2 now")[2], log)


REQUIRED = (
    b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: TLS/1.2, HTTP/1.1\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"
)


@contextlib.contextmanager
def first_required_before(board):
    """Yields the port of a server that responds to its first request with a 426.

    It relays all other connections to the switchboard.
    """
    is_first = threading.Event()
    is_first.set()

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            if is_first.is_set():
                is_first.clear()
                read_head(self.request)
                self.request.sendall(REQUIRED)
                while self.request.recv(65536):
                    pass  # content that came without waiting for its 100, and the end
                return
            with socket.create_connection(("127.0.0.1", board.port)) as after:
                back = threading.Thread(target=pass_on, args=(after, self.request), daemon=True)
                back.start()
                pass_on(self.request, after)
                back.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as front:
        front.daemon_threads = True
        threading.Thread(target=front.serve_forever, daemon=True).start()
        try:
            yield front.server_address[1]
        finally:
            front.shutdown()


def pass_on(source, target):
    with contextlib.suppress(OSError):  # one that has gone is no longer sent anything
        while piece := source.recv(65536):
            target.sendall(piece)
        target.shutdown(socket.SHUT_WR)


@case("lpstat", "TLS/1.2", large=True)
def lpstat_takes_a_426_at_its_word(_):
    """lpstat connects again after a 426, and requests TLS there.

    It offers its own choice of TLS versions with `OPTIONS *`, and repeats its POST within TLS.
    """
    lpstat = debian("lpstat", "cups-client")
    with Switchboard() as board, first_required_before(board) as port, tempfile.TemporaryDirectory() as home:
        # The switchboard is no print server, so lpstat fails later; only the TLS part matters.
        run("env", f"HOME={home}", lpstat, "-h", f"127.0.0.1:{port}", "-p", expect=None)
        log = board.read()
    begun = re.search(rb"\[(\d+)\] < OPTIONS \* HTTP/1.1\n", log)
    check(begun, "there was no offer", log)
    steps = [b"> HTTP/1.1 101 ", b"* speaks TLS/1.2 now", b"> HTTP/1.1 200 ", b"< POST / HTTP/1.1", b"> HTTP/1.1 200 "]
    at = begun.end()
    for step in steps:
        at = log.find(b"[%s] %s" % (begun.group(1), step), at) + 1
        check(at, step, "is not in its place in", log)


@case("cupsd", "TLS/1.2", FROM_US, large=True)
def probe_and_cupsd_in_tls(_):
    """Only a lenient client accepts the 101 of cupsd.

    That 101 says `Connection: Keep-Alive`, and its `Upgrade` lists all TLS versions that cupsd supports.
    """
    offer = ["--method", "OPTIONS", "--offer", "TLS/1.2, TLS/1.1, TLS/1.0"]
    with programs.cupsd() as port:
        url = f"http://127.0.0.1:{port}/"
        _, errors = probe(url, *offer, *CUPSD)
        check(b"* TLS is up" in errors, errors)
        check(b"< HTTP/1.1 200" in errors.split(b"* TLS is up")[1], "no answer in TLS:", errors)
        _, errors = probe(url, *offer, expect=1)
        check(b"the server broke the protocol" in errors, errors)


@case("probe", "TLS/1.2")
def probe_upgrades_to_tls(board):
    out, errors = probe(board.url + "/tls", "--offer", "TLS/1.2")
    same(out, b"This is HTTP/1.1 in TLS.\n")
    check(b"* switched to TLS/1.2, HTTP/1.1" in errors, errors)


@case("probe", "TLS/1.3")
def probe_is_made_to_upgrade_to_tls(board):
    """The probe upgrades to TLS after a 426, which lists the acceptable versions.

    The offer comes on the same connection, and the response in TLS.
    """
    out, errors = probe(board.url + "/tls")
    same(out, b"This is HTTP/1.1 in TLS.\n")
    check(b"* offering TLS/1.3 instead, on the same connection" in errors, errors)


@case("curl", "HTTP/1.1 in TLS")
def curl_asks_in_tls(board):
    needs("curl", ["curl", "--version"])
    out, _ = run("curl", "-sS", "--noproxy", "*", "--max-time", "15", "--insecure", in_tls(board) + "/tls")
    same(out, b"This is HTTP/1.1 in TLS.\n")


@case("probe", "websocket in TLS")
def probe_and_switchboard_in_wss(board):
    out, errors = probe(in_tls(board) + "/ws", "--offer", "websocket", stdin=LINES)
    same(out, LINES)
    check(b"* switched to websocket" in errors, errors)


@case("websockets", "websocket in TLS", large=True)
def websockets_in_wss(board):
    run(large_python(), HERE / "python/websockets_client.py", in_tls(board))


@case("Chromium", "websocket in TLS", large=True)
def chromium_in_wss(board):
    chromium, url = debian("chromium", "chromium"), in_tls(board)
    out, _ = run(*large_node("chromium.cjs"), chromium, url, url.replace("https:", "wss:") + "/ws", within=SLOW)
    check(out == b"http/1.1: all came back\n", out)


@case("nginx", "websocket in TLS", THROUGH, large=True)
def nginx_takes_tls_away(board):
    """The proxy ends TLS and forwards the requests in plain HTTP."""
    with programs.nginx(board.port, tls=True) as port:
        run(large_python(), HERE / "python/websockets_client.py", f"https://127.0.0.1:{port}")
        out, _ = probe(f"wss://127.0.0.1:{port}/ws", "--offer", "websocket", stdin=LINES)
    same(out, LINES)
