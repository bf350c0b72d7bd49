"""Third-party WebSocket clients, installed when needed, with the path `/ws`.

Each sends text and 1 MiB of binary data, and closes.
"""

from environment import bun, debian, debian_package, deno, large_node, large_python
from harness import HERE, case, check, needs, run

# The timeout in seconds of a browser or a compiler, which are slow on a small machine.
SLOW = 60


def socket_url(board):
    return board.url.replace("http", "ws") + "/ws"


@case("websocket-client", "websocket", large=True)
def websocket_client_echoes(board):
    run(large_python(), HERE / "python/websocket_client_client.py", socket_url(board))


@case("wsproto", "websocket", large=True)
def wsproto_echoes(board):
    run(large_python(), HERE / "python/wsproto_client.py", socket_url(board))


@case("tornado", "websocket", large=True)
def tornado_echoes(board):
    run(large_python(), HERE / "python/tornado_client.py", socket_url(board))


@case("undici", "websocket", large=True)
def undici_echoes(board):
    run(*large_node("standard_client.cjs"), socket_url(board))


@case("Deno", "websocket", large=True)
def deno_echoes(board):
    run(deno(), "run", "--no-remote", "--allow-net=127.0.0.1", HERE / "node/standard_client.cjs", socket_url(board))


@case("Bun", "websocket", large=True)
def bun_echoes(board):
    run(bun(), HERE / "node/standard_client.cjs", socket_url(board))


@case("Java", "websocket", large=True)
def java_echoes(board):
    java = needs("Java 17", ["java", "--version"])
    run(java, HERE / "java/WebSocketClient.java", socket_url(board), within=SLOW)


@case("Chromium", "websocket", large=True)
def chromium_echoes(board):
    out, _ = run(*large_node("chromium.cjs"), debian("chromium", "chromium"), board.url, socket_url(board), within=SLOW)
    check(out == b"http/1.1: all came back\n", out)


@case("Mojolicious", "websocket", large=True)
def mojolicious_echoes(board):
    debian_package("libmojolicious-perl")
    run("perl", HERE / "perl/mojolicious_client.pl", socket_url(board))


@case("libsoup", "websocket", large=True)
def libsoup_echoes(board):
    debian_package("gir1.2-soup-3.0")
    debian_package("python3-gi")
    run("/usr/bin/python3", HERE / "python/libsoup_client.py", socket_url(board))
