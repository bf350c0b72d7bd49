"""Node's and Python's libraries as clients of the switchboard."""

from environment import node, python
from harness import HERE, case, run


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
