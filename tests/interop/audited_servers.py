"""Third-party servers that `switchboard audit URL` tests."""

import contextlib

import programs
from environment import bun, debian, debian_package, deno, large_node, large_python, newer, newer_netty, node, python
from harness import HERE, needs, server
from peers import SERVER, peer
from programs import LOOPBACK, certificate, folder, free_port, running, written

PAGE = {"page.txt": "a page\n"}
JARS = "/usr/share/java"


def echo(command, *options, websocket="/"):
    """Returns a starter for one of our scripts, which prints its port.

    The script serves a page at `/plain`, and echoes messages at the path `websocket`, if any.
    """

    @contextlib.contextmanager
    def start():
        with server(*command()) as url:
            yield [f"{url}/plain", *(["--websocket", websocket] if websocket else []), *options]

    return start


def in_tls(name, *options):
    @contextlib.contextmanager
    def start():
        with folder() as place, server(*large_node("servers.cjs"), name, *certificate(place)) as url:
            yield [f"{url.replace('http:', 'https:')}/plain", "--insecure", *options]

    return start


def in_python(name):
    return lambda: (large_python(), HERE / "python/more_servers.py", name)


def in_java(source, *jars):
    def command():
        java = needs("Java 17", ["java", "--version"])
        for package in ["libjetty9-java", "libjetty9-extra-java", "libservlet-api-java", "libnetty-java"]:
            debian_package(package)
        return java, "-cp", ":".join(f"{JARS}/{jar}.jar" for jar in jars), HERE / "java" / source

    return command


JETTY = ["http", "io", "security", "server", "servlet", "util", "util-ajax"]
JETTY_SOCKETS = ["api", "client", "common", "server", "servlet"]
WITH_JETTY = (
    [f"jetty9-{part}" for part in JETTY] + [f"jetty9-websocket-{part}" for part in JETTY_SOCKETS] + ["servlet-api"]
)
NETTY = [f"netty-{part}" for part in ["buffer", "codec", "codec-http", "common", "handler", "resolver", "transport"]]

for name, command, path, program in [
    ("websockets", lambda: (python(), HERE / "python/servers.py", "websockets"), "/", None),
    ("aiohttp", lambda: (python(), HERE / "python/servers.py", "aiohttp"), "/", None),
    ("tornado", in_python("tornado"), "/", None),
    ("autobahn", in_python("autobahn"), "/", None),
    ("uvicorn, h11, wsproto", in_python("uvicorn-wsproto"), "/", "uvicorn"),
    ("uvicorn, h11, websockets", in_python("uvicorn-websockets"), "/", "uvicorn"),
    ("uvicorn, httptools, wsproto", in_python("uvicorn-httptools"), "/", "uvicorn"),
    ("node", lambda: node("servers.cjs", "plain", modules=False), None, None),
    ("ws", lambda: node("servers.cjs", "ws"), "/", None),
    ("faye-websocket", lambda: large_node("servers.cjs", "faye"), "/", None),
    ("websocket (npm)", lambda: large_node("servers.cjs", "websocket"), "/", "websocket"),
    (
        "Deno",
        lambda: (deno(), "run", "--no-remote", f"--allow-net={LOOPBACK}", HERE / "node/runtime_servers.cjs"),
        "/",
        None,
    ),
    ("Bun", lambda: (bun(), HERE / "node/runtime_servers.cjs"), "/", None),
    ("Jetty", in_java("JettyServer.java", *WITH_JETTY), "/ws", None),
    ("Netty", in_java("NettyServer.java", *NETTY), "/ws", None),
    (
        "Netty, newer",
        lambda: (needs("Java 17", ["java", "--version"]), "-cp", newer_netty(), HERE / "java/NettyServer.java"),
        "/ws",
        None,
    ),
    ("Mojolicious", lambda: in_perl(), "/", None),
]:
    peer(name, SERVER, echo(command, websocket=path), program)

peer("hypercorn", SERVER, echo(in_python("hypercorn"), "--offer", "h2c=/plain"))
peer("node, TLS", SERVER, in_tls("plain"), "node")
peer("ws, TLS", SERVER, in_tls("ws", "--websocket", "/"), "ws")


def in_perl():
    debian_package("libmojolicious-perl")
    return "perl", HERE / "perl/mojolicious_server.pl"


# Servers that have a command line.


def commanded(*words, plain="/", options=()):
    """Returns a starter for a server in Python, with an app of applications.py.

    `{port}` in its arguments is replaced. `http.server` has no app: it serves files.
    """

    @contextlib.contextmanager
    def start():
        program, port = large_python(), free_port()
        command = [program, "-m", *(word.format(port=port) for word in words)]
        with running(port, *command, cwd=HERE / "python"):
            yield [f"http://{LOOPBACK}:{port}{plain}", *options]

    return start


MESSAGES = ["--websocket", "/ws"]
ASGI, WSGI = "applications:application", "applications:plain"
AT = ["--host", LOOPBACK, "--port", "{port}"]
peer("daphne", SERVER, commanded("daphne", "-b", LOOPBACK, "-p", "{port}", ASGI, options=MESSAGES))
peer("granian", SERVER, commanded("granian", "--interface", "asgi", "--http", "1", *AT, ASGI, options=MESSAGES))
peer("gunicorn", SERVER, commanded("gunicorn", "-k", "gthread", "-b", LOOPBACK + ":{port}", WSGI))
peer("waitress", SERVER, commanded("waitress", *AT, WSGI))
peer("cheroot", SERVER, commanded("cheroot", "--bind", LOOPBACK + ":{port}", WSGI))
peer("http.server", SERVER, commanded("http.server", "--bind", LOOPBACK, "--protocol", "HTTP/1.1", "{port}"), "Python")


def files(start, *options):
    """Returns a starter for a file server that `programs` can start."""

    @contextlib.contextmanager
    def started():
        with start() as port:
            yield [f"http://{LOOPBACK}:{port}/page.txt", *options]

    return started


H2C = ["--offer", "h2c=/page.txt"]
peer("Apache", SERVER, files(lambda: programs.apache_files(PAGE), *H2C))
peer("lighttpd", SERVER, files(lambda: programs.lighttpd_files(PAGE), *H2C))
peer("nginx", SERVER, files(lambda: programs.nginx_files(PAGE)))
peer("h2o", SERVER, files(lambda: programs.h2o_files(PAGE), *H2C))
peer("Caddy", SERVER, files(lambda: programs.caddy_files(PAGE)))
peer("nginx, newer", SERVER, files(lambda: programs.nginx_files(PAGE, program=newer("nginx"))))
peer("Caddy, newer", SERVER, files(lambda: programs.caddy_files(PAGE, program=newer("caddy"))))


@contextlib.contextmanager
def nginx_in_tls():
    with programs.nginx_files(PAGE, tls=True) as port:
        yield [f"https://{LOOPBACK}:{port}/page.txt", "--insecure"]


peer("nginx, TLS", SERVER, nginx_in_tls, "nginx")


@contextlib.contextmanager
def libwebsockets():
    program, port = debian("libwebsockets-test-server", "libwebsockets-test-server"), free_port()
    debian_package("libwebsockets-test-server-common")
    with running(port, program, f"--port={port}", "-d", "0"):
        # It has no echo without a subprotocol; its default protocol, which sends a counter, serves as well.
        yield [f"http://{LOOPBACK}:{port}/test.html", "--websocket", "/"]


peer("libwebsockets", SERVER, libwebsockets)


@contextlib.contextmanager
def websocketd():
    program, port = debian("websocketd", "websocketd"), free_port()
    with folder() as place:
        for name, text in PAGE.items():
            written(place, name, text)
        with running(port, program, f"--address={LOOPBACK}", f"--port={port}", f"--staticdir={place}", "cat"):
            yield [f"http://{LOOPBACK}:{port}/page.txt", "--websocket", "/"]


peer("websocketd", SERVER, websocketd)


@contextlib.contextmanager
def cupsd():
    with programs.cupsd() as port:
        yield [f"http://{LOOPBACK}:{port}/", "--offer", "TLS/1.2=/"]


peer("cupsd", SERVER, cupsd)
