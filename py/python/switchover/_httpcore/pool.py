"""httpcore's pools, whose HTTP/1.1 connections run on switchover's engine."""

from __future__ import annotations

import threading
import time
from typing import Any, Unpack

import anyio
import httpcore
from httpcore import (
    AsyncConnectionInterface,
    AsyncNetworkBackend,
    ConnectionInterface,
    NetworkBackend,
    Origin,
    Request,
    Response,
)

from .blocking import BlockingBackend, BlockingStream, called, run
from .connection import AsyncHTTP11Connection, HTTP11Connection
from .dialer import Dialer, Options, PoolOptions
from .trace import CONNECTION, traced

SOCKS = {b"socks5", b"socks5h"}
"""The schemes of SOCKS proxies; for these httpcore's own connections are used."""


LEFT_AFTER = 5.0
"""The seconds from a connection's creation in which its first request has to come."""


class Dialed:
    """The methods by which a pool asks for a connection's status, even while it dials."""

    _dialer: Dialer
    _connection: Any
    _made: float

    def can_handle_request(self, origin: Origin) -> bool:
        """Returns whether this connection is to that origin, so that requests may use it."""
        return origin == self._dialer.origin

    def is_available(self) -> bool:
        """Returns whether the pool may assign another request to this connection.

        While it is being made, only if it may become HTTP/2, for which requests can wait.
        """
        return self._dialer.may_become_http2 if self._connection is None else self._connection.is_available()

    def is_idle(self) -> bool:
        """Returns whether the connection is between requests, or could not be made."""
        return self._dialer.has_failed if self._connection is None else self._connection.is_idle()

    def is_closed(self) -> bool:
        """Returns whether the connection is closed, failed, or was not begun in time."""
        if self._connection is not None:
            return bool(self._connection.is_closed())
        return self._dialer.has_failed or self._is_left()

    def _is_left(self) -> bool:
        """Returns whether the connection's first request has not come in time.

        That request was most likely cancelled. Without this check the pool would keep a connection
        that nobody makes.
        """
        return not self._is_connecting() and time.monotonic() - self._made > LEFT_AFTER

    def _is_connecting(self) -> bool:
        raise NotImplementedError

    def has_expired(self) -> bool:
        """Returns whether the connection is idle but unusable, or could not be made."""
        return self._dialer.has_failed if self._connection is None else self._connection.has_expired()

    def info(self) -> str:
        """Returns a line about the connection, such as CONNECTING before it is made."""
        if self._connection is None:
            return "CONNECTION FAILED" if self._dialer.has_failed else "CONNECTING"
        return str(self._connection.info())

    def __repr__(self) -> str:
        # The names are those of httpcore's classes.
        name = type(self).__name__.replace("HTTP", f"{self._dialer.route}HTTP")
        return f"<{name} [{self.info()}]>"


class HTTPConnection(Dialed, ConnectionInterface):
    """A connection of a blocking pool, which connects with its first request."""

    __module__ = "switchover.httpcore"

    def __init__(self, origin: Origin, options: Options) -> None:
        self._dialer = Dialer(origin, options)
        self._connection = None
        self._made = time.monotonic()
        self._lock = threading.Lock()

    def _is_connecting(self) -> bool:
        return self._lock.locked()

    def handle_request(self, request: Request) -> Response:
        """Connects if needed, sends a request, and returns its response."""
        dialer = self._dialer
        with self._lock:
            if self._connection is None:
                dialer.check()
                stream, is_http2 = run(dialer.dial(request))
                kind = httpcore.HTTP2Connection if is_http2 else HTTP11Connection
                assert isinstance(stream, BlockingStream)
                self._connection = kind(dialer.next_hop, stream.stream, dialer.options.keepalive_expiry)
        response: Response = self._connection.handle_request(dialer.as_sent(request))
        return response

    def close(self) -> None:
        """Closes the connection, if there is one."""
        if (connection := self._connection) is not None:
            run(traced(None, CONNECTION, "close", {}, called(connection.close)))


class AsyncHTTPConnection(Dialed, AsyncConnectionInterface):
    """A connection of an asynchronous pool, which connects with its first request."""

    __module__ = "switchover.httpcore"

    def __init__(self, origin: Origin, options: Options) -> None:
        self._dialer = Dialer(origin, options)
        self._connection = None
        self._made = time.monotonic()
        self._lock = anyio.Lock()
        self._connecting = 0

    def _is_connecting(self) -> bool:
        return self._connecting > 0

    async def handle_async_request(self, request: Request) -> Response:
        """Connects if needed, sends a request, and returns its response."""
        dialer = self._dialer
        if self._connection is None:
            await self._connect(request)
        assert self._connection is not None
        response: Response = await self._connection.handle_async_request(dialer.as_sent(request))
        return response

    async def _connect(self, request: Request) -> None:
        dialer = self._dialer
        self._connecting += 1
        try:
            async with self._lock:
                if self._connection is None:
                    dialer.check()
                    stream, is_http2 = await dialer.dial(request)
                    kind = httpcore.AsyncHTTP2Connection if is_http2 else AsyncHTTP11Connection
                    self._connection = kind(dialer.next_hop, stream, dialer.options.keepalive_expiry)
        finally:
            self._connecting -= 1
            # A task may be cancelled before it dials: then the pool is to forget this connection.
            if self._connection is None and not self._connecting:
                dialer.has_failed = True

    async def aclose(self) -> None:
        """Closes the connection, if there is one."""
        if self._connection is not None:
            await traced(None, CONNECTION, "close", {}, self._connection.aclose())


class ConnectionPool(httpcore.ConnectionPool):
    """A blocking pool whose HTTP/1.1 connections run on switchover's engine.

    It has the arguments of `httpcore.ConnectionPool`, by keyword, and its methods. Connections through a SOCKS proxy
    are httpcore's own. Next: `request` or `stream`.
    """

    __module__ = "switchover.httpcore"

    def __init__(self, *, network_backend: NetworkBackend | None = None, **options: Unpack[PoolOptions]) -> None:
        super().__init__(network_backend=network_backend, **options)
        self._options = Options.of(BlockingBackend(network_backend or httpcore.SyncBackend()), options)

    def create_connection(self, origin: Origin) -> ConnectionInterface:
        """Returns a connection to an origin; through a SOCKS proxy it is httpcore's own."""
        proxy = self._options.proxy
        if proxy is not None and proxy.url.scheme in SOCKS:
            return super().create_connection(origin)
        return HTTPConnection(origin, self._options)


class AsyncConnectionPool(httpcore.AsyncConnectionPool):
    """An asynchronous pool whose HTTP/1.1 connections run on switchover's engine.

    It has the arguments of `httpcore.AsyncConnectionPool`, by keyword, and its methods, under asyncio and trio.
    Connections through a SOCKS proxy are httpcore's own. Next: `request` or `stream`.
    """

    __module__ = "switchover.httpcore"

    def __init__(self, *, network_backend: AsyncNetworkBackend | None = None, **options: Unpack[PoolOptions]) -> None:
        super().__init__(network_backend=network_backend, **options)
        backend: Any = network_backend or httpcore.AnyIOBackend()
        self._options = Options.of(backend, options)

    def create_connection(self, origin: Origin) -> AsyncConnectionInterface:
        """Returns a connection to an origin; through a SOCKS proxy it is httpcore's own."""
        proxy = self._options.proxy
        if proxy is not None and proxy.url.scheme in SOCKS:
            return super().create_connection(origin)
        return AsyncHTTPConnection(origin, self._options)
