"""Random apps and clients, on each server, in virtual time.

`EXAMPLES=5000 SEED=1 pytest` tries others than the 250 of each run.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import anyio
import hypercorn.asyncio.tcp_server
import hypercorn.trio.tcp_server
import hypercorn.trio.worker_context
import pytest
import switchover._uvicorn.base
import switchover._uvicorn.burst
import switchover._uvicorn.deadlines
import switchover.hypercorn
import trio
import virtual
from anyio.abc import SocketAttribute
from exchanges import BUFFER, App, Exchanges, connections, converse
from hypercorn.app_wrappers import ASGIWrapper
from hypercorn.asyncio.worker_context import WorkerContext
from hypercorn.config import Config as HypercornConfig
from hypothesis import HealthCheck, given, seed, settings
from outcomes import check
from switchover.aio import Exchange, SwitchedStream, serve
from switchover.uvicorn import Protocol
from uvicorn import Config as UvicornConfig
from uvicorn.server import ServerState


def listening(raw: Any) -> int:
    """Gives the connections of a listener a small send buffer, and returns its port."""
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER)
    return int(raw.getsockname()[1])


Host = Callable[[Any], AbstractAsyncContextManager[int]]


@asynccontextmanager
async def of_uvicorn(app: Any) -> AsyncGenerator[int]:
    config = UvicornConfig(app, http=Protocol, ws="none", lifespan="off", log_config=None)
    config.load()
    state, loop = ServerState(), asyncio.get_running_loop()
    server = await loop.create_server(lambda: Protocol(config, state, {}), "127.0.0.1", 0)
    yield listening(server.sockets[0])
    server.close()
    await asyncio.sleep(100)
    assert not state.connections
    assert not state.tasks


@asynccontextmanager
async def of_hypercorn(app: Any) -> AsyncGenerator[int]:
    config, loop, context = HypercornConfig(), asyncio.get_running_loop(), WorkerContext(None)
    config.read_timeout = 30
    open_ = set[Any]()

    async def connected(reader: Any, writer: Any) -> None:
        open_.add(writer)
        try:
            await hypercorn.asyncio.tcp_server.TCPServer(ASGIWrapper(app), loop, config, context, {}, reader, writer)
        except BaseException as error:
            loop.call_exception_handler({"message": "a connection has failed", "exception": error})
            raise
        finally:
            open_.discard(writer)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    yield listening(server.sockets[0])
    server.close()
    await asyncio.sleep(100)
    assert not open_


@asynccontextmanager
async def of_hypercorn_on_trio(app: Any) -> AsyncGenerator[int]:
    config, context = HypercornConfig(), hypercorn.trio.worker_context.WorkerContext(None)
    config.read_timeout = 30
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")

    open_ = set[Any]()

    async def connected(stream: Any) -> None:
        open_.add(stream)
        await hypercorn.trio.tcp_server.TCPServer(ASGIWrapper(app), config, context, {}, stream)
        open_.remove(stream)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(trio.serve_listeners, connected, [listener])
        yield listening(listener.socket)
        await trio.sleep(100)
        assert not open_
        nursery.cancel_scope.cancel()


@asynccontextmanager
async def of_aio(app: Any) -> AsyncGenerator[int]:
    async def handler(exchange: Exchange) -> None:
        stream: SwitchedStream | None = None

        async def receive() -> Any:
            try:
                data = await (stream or exchange).receive()
            except anyio.EndOfStream:
                return {"type": "http.request", "body": b"", "more_body": False}
            except (anyio.BrokenResourceError, switchover.RemoteProtocolError):
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": data, "more_body": bool(data)}

        async def send(message: Any) -> None:
            nonlocal stream
            if message["type"] == "http.response.start" and message["status"] == 101:
                stream = await exchange.accept()
            elif message["type"] == "http.response.start":
                await exchange.send_response(message["status"], message["headers"])
            else:
                await (stream.send if stream else exchange.send_data)(message["body"])
                if not stream and not message.get("more_body", False):
                    await exchange.send_end()

        await app({"path": exchange.request.target.decode()}, receive, send)

    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    async with anyio.create_task_group() as group:
        group.start_soon(serve, listener, handler, ["foo/2"])
        yield listening(listener.extra(SocketAttribute.raw_socket))
        await listener.aclose()
        await anyio.sleep(100)


@pytest.fixture(autouse=True)
def virtual_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives `switchover.uvicorn` the loop's clock; installs `switchover.hypercorn`."""
    for module in (switchover._uvicorn.base, switchover._uvicorn.burst, switchover._uvicorn.deadlines):
        monkeypatch.setattr(module, "monotonic", lambda: asyncio.get_running_loop().time())
    switchover.hypercorn.install()


SEED = os.environ.get("SEED")
HOSTS = {
    "uvicorn": (of_uvicorn, "asyncio"),
    "hypercorn": (of_hypercorn, "asyncio"),
    "hypercorn on trio": (of_hypercorn_on_trio, "trio"),
    "aio": (of_aio, "asyncio"),
    "aio on trio": (of_aio, "trio"),
}


@pytest.mark.parametrize("name", HOSTS)
def test_every_exchange(name: str, caplog: pytest.LogCaptureFixture) -> None:
    host, backend = HOSTS[name]

    @settings(
        max_examples=int(os.environ.get("EXAMPLES", "250")),
        derandomize=SEED is None,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(connections if "hypercorn" not in name else connections.filter(lambda each: not each.switches))
    def each(exchanges: Exchanges) -> None:
        caplog.clear()

        async def main() -> None:
            app = App(exchanges)
            before = len(anyio.get_running_tasks())
            async with host(app) as port:
                got = await converse(port, exchanges)
            await anyio.sleep(1)
            left = anyio.get_running_tasks()[before:]
            assert not left, left
            check(exchanges, app, got)
            if exchanges.is_honest:
                assert not [record for record in caplog.records if record.levelno >= logging.ERROR]

        virtual.run(main, backend)

    (each if SEED is None else seed(int(SEED, 0))(each))()
