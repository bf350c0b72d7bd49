"""Third-party clients that `switchboard audit --client` tests."""

import contextlib
import os
import subprocess

from environment import bun, debian, debian_package, deno, large_node, large_python, node, python
from harness import HERE, SLOW_START, Skip, needs, wait_for
from peers import CLIENT, peer
from programs import folder, stop

# Options for a client that is slow: a virtual machine that starts for each check, or a browser with other work.
SLOWLY = ["--timeout", "6"]


def called(command, *options):
    """Returns a starter for a client that is run again for each check.

    `command` is a function, because it may install the client.
    """

    @contextlib.contextmanager
    def start():
        yield ["--client", *options, "--", *command()]

    return start


def in_python(script, *arguments):
    return lambda: (large_python(), HERE / "python" / script, *arguments)


def in_npm(script, *arguments):
    return lambda: large_node(script, *arguments)


def in_java(source, *arguments):
    """Returns a starter for a Java program, which is compiled once."""

    @contextlib.contextmanager
    def start():
        needs("Java 17", ["javac", "--version"])
        with folder() as place:
            subprocess.run(["javac", "-d", place, HERE / "java" / f"{source}.java"], check=True, capture_output=True)
            yield ["--client", *SLOWLY, "--", "java", "-XX:TieredStopAtLevel=1", "-cp", place, source, *arguments]

    return start


def with_gi():
    debian_package("gir1.2-soup-3.0")
    debian_package("python3-gi")
    return "/usr/bin/python3", HERE / "python/libsoup_client.py", "{ws}"


def in_perl():
    debian_package("libmojolicious-perl")
    return "perl", HERE / "perl/mojolicious_client.pl", "{ws}"


ALLOWED = "--allow-net=127.0.0.1"
# Clients that offer WebSocket and send a message once it is accepted.
for name, command in [
    ("websockets", lambda: (python(), HERE / "python/websockets_client.py", "{url}")),
    ("aiohttp", lambda: (python(), HERE / "python/aiohttp_client.py", "{url}", "websocket")),
    ("tornado", in_python("tornado_client.py", "{ws}")),
    ("wsproto", in_python("wsproto_client.py", "{ws}")),
    ("websocket-client", in_python("websocket_client_client.py", "{ws}")),
    ("autobahn", in_python("autobahn_client.py", "{ws}")),
    ("ws", lambda: node("ws_client.cjs", "{url}")),
    ("undici", in_npm("standard_client.cjs", "{ws}")),
    ("faye-websocket", in_npm("npm_clients.cjs", "faye", "{ws}")),
    ("websocket (npm)", in_npm("npm_clients.cjs", "websocket", "{ws}")),
    ("Deno", lambda: (deno(), "run", "--no-remote", ALLOWED, HERE / "node/standard_client.cjs", "{ws}")),
    ("Bun", lambda: (bun(), HERE / "node/standard_client.cjs", "{ws}")),
    ("Mojolicious", in_perl),
    ("libsoup", with_gi),
]:
    peer(name, CLIENT, called(command), "websocket" if name == "websocket (npm)" else None)
peer("Java", CLIENT, in_java("WebSocketClient", "{ws}"))


# Clients that use TLS. The script for `websockets` accepts any certificate.
TRUSTS = "NODE_EXTRA_CA_CERTS={ca}", "DENO_CERT={ca}"
for name, command in [
    ("websockets", lambda: (python(), HERE / "python/websockets_client.py", "{url}")),
    ("ws", lambda: ("env", *TRUSTS, *node("ws_client.cjs", "{url}"))),
    (
        "Deno",
        lambda: ("env", *TRUSTS, deno(), "run", "--no-remote", ALLOWED, HERE / "node/standard_client.cjs", "{ws}"),
    ),
]:
    peer(f"{name}, wss", CLIENT, called(command, "--tls"), name)


def browser(program, package, *options):
    """Returns a starter for a browser that is started once.

    It opens a WebSocket to each URL that it is sent.
    """

    @contextlib.contextmanager
    def start():
        command = [large_python(), HERE / "python/visits.py", debian(program, package), *options]
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        output = b""

        def read():
            nonlocal output
            with contextlib.suppress(BlockingIOError):
                output += os.read(process.stdout.fileno(), 4096)
            return output

        try:
            os.set_blocking(process.stdout.fileno(), False)
            port = wait_for(read, rb"listening (\d+)\n", SLOW_START).group(1).decode()
            curl = needs("curl", ["curl", "--version"])
            yield ["--client", *SLOWLY, "--", curl, "-sN", "--noproxy", "*", f"http://127.0.0.1:{port}/visit?" + "{ws}"]
        finally:
            process.stdin.close()
            stop(process, asked=True)

    return start


QUIET = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"]
CHROMIUM = [f"--{name}" for name in ["headless", "no-sandbox", "disable-gpu", "disable-quic", *QUIET]]
peer("Chromium", CLIENT, browser("chromium", "chromium", *CHROMIUM, "--user-data-dir={profile}", "{page}"))
peer(
    "Firefox",
    CLIENT,
    browser("firefox", "firefox-esr", "--headless", "--no-remote", "--profile", "{profile}", "{page}"),
)

# Clients that offer HTTP/2.
CURL = ["curl", "-sS", "--noproxy", "*", "--max-time", "15"]


def curl(*options):
    def command():
        needs("curl", ["curl", "--version"])
        return *CURL, *options, "{url}"

    return command


def curl_with_http2():
    if b"HTTP2" not in subprocess.run(["curl", "--version"], capture_output=True, check=False).stdout:
        raise Skip("a curl without HTTP/2")
    return curl("--http2")()


peer("curl, h2c", CLIENT, called(curl_with_http2), "curl")
peer("pycurl, h2c", CLIENT, called(in_python("pycurl_offers.py", "{url}")), "pycurl")
peer("nghttp, h2c", CLIENT, called(lambda: (debian("nghttp", "nghttp2-client"), "-u", "{url}")), "nghttp")
peer("Java, h2c", CLIENT, in_java("HttpClientH2c", "{url}", "9"), "Java")

# Clients that offer another protocol.
peer("node, foo/2", CLIENT, called(lambda: node("offers.cjs", "{url}", modules=False)), "node")
peer(
    "lpstat, TLS",
    CLIENT,
    called(lambda: (debian("lpstat", "cups-client"), "-E", "-h", "127.0.0.1:{port}", "-r")),
    "lpstat",
)

# Clients that offer nothing.
peer("curl", CLIENT, called(curl()))
peer("curl, https", CLIENT, called(curl("--cacert", "{ca}"), "--tls"), "curl")
peer("wget2", CLIENT, called(lambda: (debian("wget2", "wget2"), "--no-proxy", "--quiet", "-O-", "{url}")))
peer("requests", CLIENT, called(in_python("requests_client.py", "{url}")))
peer("httpx", CLIENT, called(in_python("httpx_client.py", "{url}")))
peer("fetch", CLIENT, called(lambda: node("asks.cjs", "fetch", "{url}", modules=False)), "node")
peer("undici, request", CLIENT, called(in_npm("asks.cjs", "undici", "{url}")), "undici")
peer("axios", CLIENT, called(in_npm("asks.cjs", "axios", "{url}")))
