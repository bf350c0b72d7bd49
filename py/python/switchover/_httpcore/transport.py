"""The transports of httpx, over the pools of `switchover.httpcore`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterable, Iterator
from contextlib import contextmanager
from ssl import SSLContext
from typing import Any, Final, TypedDict, Unpack

import httpcore
import httpx

from .dialer import PoolOptions
from .extensions import extensions_of
from .pool import AsyncConnectionPool, ConnectionPool

LIMITS: Final = httpx.Limits(max_connections=100, max_keepalive_connections=20)
"""The default limits of a transport: those of httpx's own."""
AS_HTTPX: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.ConnectTimeout: httpx.ConnectTimeout,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.PoolTimeout: httpx.PoolTimeout,
    httpcore.ProtocolError: httpx.ProtocolError,
    httpcore.ProxyError: httpx.ProxyError,
    httpcore.ReadError: httpx.ReadError,
    httpcore.ReadTimeout: httpx.ReadTimeout,
    httpcore.RemoteProtocolError: httpx.RemoteProtocolError,
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.UnsupportedProtocol: httpx.UnsupportedProtocol,
    httpcore.WriteError: httpx.WriteError,
    httpcore.WriteTimeout: httpx.WriteTimeout,
}
"""The exceptions of httpx, by those of httpcore that they replace."""


class TransportOptions(TypedDict, total=False):
    """The arguments of a transport, with httpx's names and types."""

    verify: SSLContext | str | bool
    cert: str | tuple[str, str] | tuple[str, str, str] | None
    trust_env: bool
    http1: bool
    http2: bool
    limits: httpx.Limits
    proxy: httpx.Proxy | httpx.URL | str | None
    uds: str | None
    local_address: str | None
    retries: int
    socket_options: Iterable[httpcore.SOCKET_OPTION] | None


def pool_options(options: TransportOptions) -> PoolOptions:
    """Returns the arguments of httpcore's pool that correspond to a transport's."""
    rest: dict[str, Any] = dict(options)
    tls = {name: rest.pop(name) for name in ("verify", "cert", "trust_env") if name in rest}
    limits, proxy = rest.pop("limits", LIMITS), rest.pop("proxy", None)
    if isinstance(proxy, str | httpx.URL):
        proxy = httpx.Proxy(proxy)
    if proxy is not None:
        proxy = httpcore.Proxy(
            url_of(proxy.url), auth=proxy.raw_auth, headers=proxy.headers.raw, ssl_context=proxy.ssl_context
        )
    made: PoolOptions = {
        "ssl_context": httpx.create_ssl_context(**tls),
        "proxy": proxy,
        "max_connections": limits.max_connections,
        "max_keepalive_connections": limits.max_keepalive_connections,
        "keepalive_expiry": limits.keepalive_expiry,
        **rest,  # type: ignore[typeddict-item]
    }
    return made


def url_of(url: httpx.URL) -> httpcore.URL:
    """Returns a URL of httpx as one of httpcore."""
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def as_httpcore(request: httpx.Request) -> httpcore.Request:
    """Returns a request of httpx as one of httpcore."""
    return httpcore.Request(
        request.method,
        url_of(request.url),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


@contextmanager
def as_httpx(request: httpx.Request) -> Generator[None]:
    """Replaces httpcore's exceptions in a `with` block by the equivalents of httpx."""
    try:
        yield
    except tuple(AS_HTTPX) as error:
        kind = next(AS_HTTPX[base] for base in type(error).__mro__ if base in AS_HTTPX)
        raise kind(str(error), request=request) from error


class Content(httpx.SyncByteStream):
    """The content of a response to a blocking client."""

    def __init__(self, request: httpx.Request, content: Any) -> None:
        self._request, self._content = request, content

    def __iter__(self) -> Iterator[bytes]:
        with as_httpx(self._request):
            yield from self._content

    def close(self) -> None:
        self._content.close()


class AsyncContent(httpx.AsyncByteStream):
    """The content of a response to an asynchronous client."""

    def __init__(self, request: httpx.Request, content: Any) -> None:
        self._request, self._content = request, content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with as_httpx(self._request):
            async for data in self._content:
                yield data

    async def aclose(self) -> None:
        await self._content.aclose()


def as_received(response: httpcore.Response, content: Content | AsyncContent) -> httpx.Response:
    """Returns a response of httpcore as one of httpx."""
    extensions = extensions_of(response)
    return httpx.Response(response.status, headers=response.headers, stream=content, extensions=extensions)


class HTTPTransport(httpx.BaseTransport):
    """A transport for `httpx.Client`.

    It has the arguments of `httpx.HTTPTransport`, by keyword. Next: `httpx.Client(transport=…)`.
    """

    __module__ = "switchover.httpx"

    def __init__(self, **options: Unpack[TransportOptions]) -> None:
        self._pool = ConnectionPool(**pool_options(options))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request, and returns its response."""
        with as_httpx(request):
            response = self._pool.handle_request(as_httpcore(request))
        return as_received(response, Content(request, response.stream))

    def close(self) -> None:
        """Closes all connections of the transport's pool."""
        self._pool.close()


class AsyncHTTPTransport(httpx.AsyncBaseTransport):
    """A transport for `httpx.AsyncClient`.

    It has the arguments of `httpx.AsyncHTTPTransport`, by keyword. Next: `httpx.AsyncClient(transport=…)`.
    """

    __module__ = "switchover.httpx"

    def __init__(self, **options: Unpack[TransportOptions]) -> None:
        self._pool = AsyncConnectionPool(**pool_options(options))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends a request, and returns its response."""
        with as_httpx(request):
            response = await self._pool.handle_async_request(as_httpcore(request))
        return as_received(response, AsyncContent(request, response.stream))

    async def aclose(self) -> None:
        """Closes all connections of the transport's pool."""
        await self._pool.aclose()
