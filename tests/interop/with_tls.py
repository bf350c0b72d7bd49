"""TLS in both ways: below HTTP from the first octet (`https`, `wss`), and by Upgrade inside HTTP (RFC 2817).

Certificates are made for the case, and nobody vouches for them.
"""

import tempfile

import programs
from environment import debian, large_node, large_python
from harness import FROM_US, HERE, LINES, THROUGH, Switchboard, case, check, probe, run, same
from with_websocket import SLOW, socket_url

# The switchboard with TLS from the first octet, and the probe that trusts any certificate.
SERVES_TLS = ["--tls"]
TRUSTS_ALL = ["--insecure"]


@case("lpstat", "TLS/1.2", large=True)
def lpstat_asks_for_tls(_):
    """It offers three versions with `OPTIONS *`, and says so only if the handshake succeeds and the answer comes."""
    lpstat = debian("lpstat", "cups-client")
    with Switchboard() as board, tempfile.TemporaryDirectory() as home:
        out, _ = run("env", f"HOME={home}", lpstat, "-E", "-h", f"127.0.0.1:{board.port}", "-r")
        log = board.read()
    check(out == b"scheduler is running\n", out, log)
    check(b"> HTTP/1.1 101 " in log and b"> Upgrade: TLS/1.2\n" in log, log)


@case("cupsd", "TLS/1.2", FROM_US, large=True)
def probe_and_cupsd_in_tls(_):
    """Its 101 says `Connection: Keep-Alive` and names all versions that it knows, which only a lenient client takes."""
    with programs.cupsd() as port:
        for scheme in ["ipp", "http"]:
            _, errors = probe(f"{scheme}://127.0.0.1:{port}/", "--offer", "TLS/1.2", *TRUSTS_ALL)
            check(b"* switched to TLS/1.2" in errors, errors)
            check(b"< HTTP/1.1 " in errors.split(b"* switched to TLS/1.2")[1], "no answer in TLS:", errors)


@case("probe", "TLS/1.2", large=True)
def probe_and_switchboard_in_tls(board):
    out, errors = probe(board.url + "/plain", "--offer", "TLS/1.2", *TRUSTS_ALL)
    same(out, b"GET /plain: 0 octets of content came. No offer is taken here.\n")
    check(b"* switched to TLS/1.2" in errors, errors)


@case("probe", "websocket in TLS")
def probe_and_switchboard_in_wss(_):
    with Switchboard(*SERVES_TLS) as board:
        out, errors = probe(socket_url(board), "--offer", "websocket", *TRUSTS_ALL, stdin=LINES)
    same(out, LINES)
    check(b"* switched to websocket" in errors, errors)


@case("websockets", "websocket in TLS", large=True)
def websockets_in_wss(_):
    with Switchboard(*SERVES_TLS) as board:
        run(large_python(), HERE / "python/websockets_client.py", board.url)


@case("Chromium", "websocket in TLS", large=True)
def chromium_in_wss(_):
    with Switchboard(*SERVES_TLS) as board:
        chromium = debian("chromium", "chromium")
        out, _ = run(*large_node("chromium.cjs"), chromium, board.url, socket_url(board), within=SLOW)
    check(out == b"all came back\n", out)


@case("nginx", "websocket in TLS", THROUGH, large=True)
def nginx_takes_tls_away(board):
    """The probe speaks TLS to the proxy, which forwards what is inside."""
    with programs.nginx(board.port, tls=True) as port:
        run(large_python(), HERE / "python/websockets_client.py", f"https://127.0.0.1:{port}")
        out, _ = probe(f"wss://127.0.0.1:{port}/ws", "--offer", "websocket", *TRUSTS_ALL, stdin=LINES)
    same(out, LINES)
