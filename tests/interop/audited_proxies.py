"""Third-party intermediaries that `switchboard audit --proxy` tests."""

import contextlib
import socket

import programs
from environment import PLACE, large_node, newer, python_with
from harness import HERE, server
from peers import PROXY, peer
from programs import LOOPBACK, free_port, running


def before(proxy, *options):
    """Returns a starter for an intermediary, with the audit as its origin server."""

    @contextlib.contextmanager
    def start():
        with contextlib.ExitStack() as stack:
            # Some intermediaries check at their start that the origin is reachable.
            with socket.create_server((LOOPBACK, 0)) as held:
                origin = held.getsockname()[1]
                port = stack.enter_context(proxy(origin))
            yield ["--proxy", f"http://{LOOPBACK}:{port}/", "--origin-port", origin, *options]

    return start


@contextlib.contextmanager
def in_node(name, backend):
    with server(*large_node("proxies.cjs", name, backend)) as url:
        yield url.rpartition(":")[2]


@contextlib.contextmanager
def mitmproxy(backend):
    python = python_with(PLACE / "venv-mitmproxy", HERE / "large/mitmproxy.txt")
    program, port = python.with_name("mitmdump"), free_port()
    mode = ["--mode", f"reverse:http://{LOOPBACK}:{backend}", "--listen-host", LOOPBACK, "--listen-port", port]
    with programs.folder() as place, running(port, program, "--quiet", "--set", f"confdir={place}", *mode):
        yield port


for name, proxy in [
    ("nginx", programs.nginx),
    ("nginx, newer", lambda backend: programs.nginx(backend, program=newer("nginx"))),
    ("HAProxy", programs.haproxy),
    ("HAProxy, newer", lambda backend: programs.haproxy(backend, program=newer("haproxy"))),
    ("Apache", programs.apache_proxy),
    ("lighttpd", programs.lighttpd_proxy),
    ("nghttpx", programs.nghttpx),
    ("h2o", programs.h2o),
    ("squid", programs.squid),
    ("Varnish", programs.varnish),
    ("Caddy", programs.caddy),
    ("Caddy, newer", lambda backend: programs.caddy(backend, program=newer("caddy"))),
    ("Envoy", programs.envoy),
    ("Traffic Server", programs.traffic_server),
    ("mitmproxy", mitmproxy),
    ("http-proxy", lambda backend: in_node("http-proxy", backend)),
    ("http-proxy-3", lambda backend: in_node("http-proxy-3", backend)),
]:
    peer(name, PROXY, before(proxy))
peer("tinyproxy", PROXY, before(programs.tinyproxy, "--forward"))
