"""Node's and Python's libraries as clients of the switchboard."""

from environment import node, python
from harness import HERE, case, run


@case
def node_http_upgrades(board):
    run(*node("upgrade_client.cjs", modules=False), board.url)


@case
def node_ws_echoes(board):
    run(*node("ws_client.cjs"), board.url)


@case
def python_websockets_echoes(board):
    run(python(), HERE / "python/websockets_client.py", board.url)


@case
def python_aiohttp_requests_and_echoes(board):
    run(python(), HERE / "python/aiohttp_client.py", board.url)
