"""Connecting to an origin, directly or through an HTTP proxy."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass, fields
from logging import Logger
from ssl import SSLContext
from typing import Any, Final, TypedDict

import httpcore
from httpcore import (
    SOCKET_OPTION,
    URL,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
    Origin,
    Proxy,
    Request,
)

from .. import Switched
from .blocking import as_given
from .extensions import extension, extensions_of, timeout
from .trace import CONNECTION, PROXY, traced
from .wire import Wire, response_of

TLS: Final = {b"https", b"wss"}
"""The schemes of origins with TLS."""
FIRST_DELAY: Final = 0.5
"""The seconds before the second repetition of a failed connect.

The first repetition is at once. Each delay after the second repetition is twice the one before.
"""


class PoolOptions(TypedDict, total=False):
    """The arguments of a pool except its backend, with httpcore's names and types."""

    ssl_context: SSLContext | None
    proxy: Proxy | None
    max_connections: int | None
    max_keepalive_connections: int | None
    keepalive_expiry: float | None
    http1: bool
    http2: bool
    retries: int
    local_address: str | None
    uds: str | None
    socket_options: Iterable[SOCKET_OPTION] | None


@dataclass(frozen=True)
class Options:
    """The arguments of a pool that its connections need."""

    backend: AsyncNetworkBackend
    ssl_context: SSLContext | None = None
    proxy: Proxy | None = None
    keepalive_expiry: float | None = None
    http1: bool = True
    http2: bool = False
    retries: int = 0
    local_address: str | None = None
    uds: str | None = None
    socket_options: Iterable[SOCKET_OPTION] | None = None

    @classmethod
    def of(cls, backend: AsyncNetworkBackend, given: PoolOptions) -> Options:
        """Returns the options of connections, chosen from the arguments of a pool."""
        names = {field.name for field in fields(cls)}
        chosen: dict[str, Any] = {name: value for name, value in given.items() if name in names}
        return cls(backend, **chosen)


class Dialer:
    """The creation of connected streams to one origin."""

    def __init__(self, origin: Origin, options: Options) -> None:
        self.origin = origin
        self.options = options
        self.has_failed = False

    @property
    def forwards(self) -> bool:
        """Returns whether a proxy forwards the requests, instead of opening a tunnel.

        It does for an origin with the scheme `http`. RFC 9112, section 3.2.2.
        """
        return self.options.proxy is not None and self.origin.scheme == b"http"

    @property
    def route(self) -> str:
        """The kind of proxy in use: `Forward`, `Tunnel`, or an empty text for none."""
        if self.options.proxy is None:
            return ""
        return "Forward" if self.forwards else "Tunnel"

    @property
    def may_become_http2(self) -> bool:
        """Returns whether the connection may become HTTP/2, which several requests share.

        False once the dial has failed.
        """
        options = self.options
        return options.http2 and (self.origin.scheme == b"https" or not options.http1) and not self.has_failed

    @property
    def next_hop(self) -> Origin:
        """The origin to which requests are sent: a forwarding proxy's, else the target's."""
        proxy = self.options.proxy
        return proxy.url.origin if proxy is not None and self.forwards else self.origin

    def check(self) -> None:
        """Raises httpcore.ConnectionNotAvailable if an earlier dial has failed.

        The pool has forgotten this connection then, and gives another to the request that has waited.
        """
        if self.has_failed:
            raise httpcore.ConnectionNotAvailable

    async def dial(self, request: Request) -> tuple[AsyncNetworkStream, bool]:
        """Connects; returns the stream, and whether HTTP/2 is to be spoken on it."""
        try:
            return await self._dial(request)
        except BaseException:
            self.has_failed = True
            raise

    async def _dial(self, request: Request) -> tuple[AsyncNetworkStream, bool]:
        options, proxy = self.options, self.options.proxy
        if proxy is None:
            stream = await self._connect(request, self.origin, options.ssl_context, has_http2=options.http2)
        else:
            stream = await self._connect(request, proxy.url.origin, proxy.ssl_context, has_http2=False)
            if not self.forwards:
                stream = await self._tunnel(request, stream, proxy)
        tls = stream.get_extra_info("ssl_object")
        is_agreed = tls is not None and tls.selected_alpn_protocol() == "h2"
        return stream, is_agreed or (options.http2 and not options.http1)

    async def _connect(
        self, request: Request, origin: Origin, ssl_context: SSLContext | None, *, has_http2: bool
    ) -> AsyncNetworkStream:
        """Connects to an origin, with TLS if its scheme has it.

        Repeats a failed connect or timeout up to `retries` times.
        """
        for attempt in range(self.options.retries + 1):
            try:
                stream = await self._open(request, origin)
                return await started_tls(request, stream, origin, ssl_context, has_http2=has_http2)
            except (ConnectError, ConnectTimeout):
                if attempt == self.options.retries:
                    raise
                delay = FIRST_DELAY * 2 ** (attempt - 1) if attempt else 0
                await traced(request, CONNECTION, "retry", {"delay": delay}, self.options.backend.sleep(delay))
        raise AssertionError("the last attempt returns or raises")

    async def _open(self, request: Request, origin: Origin) -> AsyncNetworkStream:
        options = self.options
        place: dict[str, Any]
        if options.uds is not None:
            name, place = "connect_unix_socket", {"path": options.uds}
        else:
            name = "connect_tcp"
            host = origin.host.decode("ascii")
            place = {"host": host, "port": origin.port, "local_address": options.local_address}
        place["timeout"] = timeout(request, "connect")
        place["socket_options"] = options.socket_options
        connected: Awaitable[AsyncNetworkStream] = getattr(options.backend, name)(**place)
        return await traced(request, CONNECTION, name, place, connected, as_given)

    async def _tunnel(self, request: Request, stream: AsyncNetworkStream, proxy: Proxy) -> AsyncNetworkStream:
        """Opens a tunnel through the proxy, with TLS in it if the origin's scheme has it.

        Raises httpcore.ProxyError if the proxy declines the CONNECT. RFC 9110, section 9.3.6.
        """
        hop, target = proxy.url, b"%b:%d" % (in_brackets(self.origin.host), self.origin.port)
        # The target in the extensions is that of the request in the tunnel.
        told = {name: value for name, value in extensions_of(request).items() if name != "target"}
        connect = Request(
            b"CONNECT",
            URL(scheme=hop.scheme, host=hop.host, port=hop.port, target=target),
            headers=merged([(b"Host", target), (b"Accept", b"*/*")], proxy.headers),
            extensions=told,
        )
        wire = Wire(hop.origin, stream, None)
        event = await wire.exchange(connect)
        if not isinstance(event, Switched):
            await wire.aclose()
            head = response_of(event)
            raise httpcore.ProxyError(f"{head.status} {head.reason.decode('ascii', 'ignore')}")
        if event.leftover:
            await wire.aclose()
            raise httpcore.RemoteProtocolError("bytes came through the tunnel before TLS has started")
        return await started_tls(
            request, stream, self.origin, self.options.ssl_context, has_http2=self.options.http2, logger=PROXY
        )

    def as_sent(self, request: Request) -> Request:
        """Returns the request as it is sent: changed only for a forwarding proxy.

        The proxy also receives the field lines that are configured for it, unless the request has
        lines of the same names. The target is in absolute form (RFC 9112, section 3.2.2).
        """
        proxy = self.options.proxy
        if proxy is None or not self.forwards:
            return request
        hop = proxy.url
        url = request.url
        target = URL(scheme=url.scheme, host=in_brackets(url.host), port=url.port, target=url.target)
        url = URL(scheme=hop.scheme, host=hop.host, port=hop.port, target=bytes(target))
        return Request(
            request.method,
            url,
            headers=merged(proxy.headers, request.headers),
            content=request.stream,
            extensions=extensions_of(request),
        )


async def started_tls(
    request: Request,
    stream: AsyncNetworkStream,
    origin: Origin,
    ssl_context: SSLContext | None,
    *,
    has_http2: bool,
    logger: Logger = CONNECTION,
) -> AsyncNetworkStream:
    """Returns the stream, after starting TLS on it if the origin's scheme has TLS."""
    if origin.scheme not in TLS:
        return stream
    context = httpcore.default_ssl_context() if ssl_context is None else ssl_context
    context.set_alpn_protocols(["http/1.1", "h2"] if has_http2 else ["http/1.1"])
    arguments: dict[str, Any] = {
        "ssl_context": context,
        "server_hostname": extension(request, "sni_hostname") or origin.host.decode("ascii"),
        "timeout": timeout(request, "connect"),
    }
    return await traced(request, logger, "start_tls", arguments, stream.start_tls(**arguments), as_given)


def in_brackets(host: bytes) -> bytes:
    """Returns the host as a target names it: an IPv6 address is in brackets."""
    return b"[%b]" % host if b":" in host else host


def merged(
    headers: Sequence[tuple[bytes, bytes]], overriding: Sequence[tuple[bytes, bytes]]
) -> list[tuple[bytes, bytes]]:
    """Returns both lists joined, without `headers` that `overriding` has by name."""
    names = {name.lower() for name, _ in overriding}
    return [line for line in headers if line[0].lower() not in names] + list(overriding)
