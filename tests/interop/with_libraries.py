"""Node's and Python's libraries as clients of the switchboard.

Some cases show how they behave where our client reports an error.
"""

from environment import node, python
from harness import HERE, case, read_head, run, same, scripted


@case("node", "foo/2")
def node_http_upgrades(board):
    run(*node("upgrade_client.cjs", modules=False), board.url)


@case("ws", "websocket")
def node_ws_echoes(board):
    run(*node("ws_client.cjs"), board.url)


@case("websockets", "websocket")
def python_websockets_echoes(board):
    run(python(), HERE / "python/websockets_client.py", board.url)


@case("aiohttp", "websocket")
def python_aiohttp_requests_and_echoes(board):
    run(python(), HERE / "python/aiohttp_client.py", board.url)


NOT_OFFERED = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"


def switched_to(*command):
    """Returns the new protocol that a client with an offer of `foo/2` reports."""

    def script(connection):
        read_head(connection)
        connection.sendall(NOT_OFFERED)
        connection.recv(1)

    with scripted(script) as url:
        out, _ = run(*command, url)
    return out


@case("node", "foo/2")
def node_http_switches_to_what_was_not_offered(_):
    """Node's `http` accepts a protocol that it did not offer, as our README says."""
    same(switched_to(*node("unoffered.cjs", modules=False)), b"websocket\n")


@case("aiohttp", "foo/2")
def python_aiohttp_switches_to_what_was_not_offered(_):
    """aiohttp accepts a protocol that it did not offer, as our README says."""
    same(switched_to(python(), HERE / "python/unoffered.py"), b"websocket\n")
