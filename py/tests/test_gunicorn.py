"""A test of `switchover.uvicorn` in a worker of gunicorn, as the README shows it."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from served import rest_of

pytest.importorskip("gunicorn")
pytest.importorskip("uvicorn_worker")

README = Path(__file__).resolve().parents[1] / "README.md"
WAIT = 20
APP = """
async def app(scope, receive, send):
    headers = [(b"upgrade", b"foo/2")] if "switchover.upgrade" in scope["extensions"] else []
    await receive()
    await send({"type": "http.response.start", "status": 101 if headers else 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def answer(port: int, fields: bytes) -> bytes:
    """Sends a GET with these field lines once a server listens; returns its response."""
    for _ in range(WAIT * 10):
        try:
            connection = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
        except ConnectionRefusedError:
            time.sleep(0.1)
            continue
        with connection:
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n" + fields + b"\r\n")
            return rest_of(connection)
    raise AssertionError("it does not listen")


def test_a_worker_of_gunicorn(tmp_path: Path) -> None:
    shown = re.search(r"```python\n(from uvicorn_worker .*?)```", README.read_text(), re.DOTALL)
    assert shown
    (tmp_path / "worker.py").write_text(shown[1])
    (tmp_path / "app.py").write_text(APP)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "-k", "worker.Worker", "-b", f"127.0.0.1:{port}", "app:app"]
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as server:
        try:
            assert answer(port, b"Connection: close\r\n").endswith(b"\r\n5\r\nhello\r\n0\r\n\r\n")
            switched = answer(port, b"Connection: upgrade\r\nUpgrade: foo/2\r\n")
            assert switched.startswith(b"HTTP/1.1 101 ")
            assert switched.endswith(b"\r\n\r\nhello")
        finally:
            server.terminate()
            assert server.wait(WAIT) == 0
