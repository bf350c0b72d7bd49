"""Cases of the probe as a client of other servers, the switchboard and scripts."""

import base64
import contextlib
import functools
import hashlib
import json
import os
import re
import ssl
import subprocess
import tempfile
import time
from pathlib import Path

from environment import node, python
from harness import (
    FROM_US,
    HERE,
    LARGE,
    LINES,
    WAIT,
    Switchboard,
    case,
    check,
    probe,
    read_head,
    resets,
    run,
    same,
    scripted,
    server,
)
from programs import certificate

SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\n"


def with_content(content):
    file = tempfile.NamedTemporaryFile()  # noqa: SIM115  (the caller's)
    file.write(content)
    file.flush()
    return file


# Third-party servers.


@case("node", "echo/1", FROM_US)
def probe_and_node_upgrade(_):
    with server(*node("servers.cjs", modules=False), "upgrade") as url:
        out, errors = probe(url, "--offer", "echo/1", stdin=LARGE)
    same(out, b"welcome\n" + LARGE)
    check(b"* switched to echo/1, number 1 of 1 offered\n" in errors, errors)


@case("node", "HTTP/1.1", FROM_US)
def probe_and_node_without_a_listener(_):
    with server(*node("servers.cjs", modules=False), "plain") as url, with_content(LARGE) as file:
        for more in [[], ["--expect"]]:
            out, errors = probe(url, "--offer", "echo/1", "--body", file.name, *more, expect=2)
            same(out, b"1048576 bytes came\n")
            check(b"* not switched (200): the request was answered in HTTP/1.1 instead\n" in errors, errors)
            check((b"< HTTP/1.1 100 Continue\n" in errors) == bool(more), errors)


@case("ws", "websocket", FROM_US)
def probe_and_node_ws(_):
    with server(*node("servers.cjs"), "ws") as url:
        check_messages(url)


@case("websockets", "websocket", FROM_US)
def probe_and_python_websockets(_):
    with server(python(), HERE / "python/servers.py", "websockets") as url:
        check_messages(url)


@case("aiohttp", "websocket", FROM_US)
def probe_and_python_aiohttp(_):
    with server(python(), HERE / "python/servers.py", "aiohttp") as url:
        check_messages(url)
        # The server responds to a request without an offer with a 426; the probe then offers what it requires.
        out, errors = probe(url, stdin=b"hello\n")
        same(out, b"welcome\nhello\n")
        check(b"* offering websocket instead, on the same connection\n" in errors, errors)


def check_messages(url):
    out, errors = probe(url, "--offer", "websocket", stdin=LINES + b"x" * (1 << 20))
    same(out, b"welcome\n" + LINES + b"x" * (1 << 20) + b"\n")
    check(b"* switched to websocket, number 1 of 1 offered\n" in errors.lower(), errors)


# The switchboard as the server.


@case("a script", "foo/2 in TLS", FROM_US)
def probe_hears_the_end_of_tls_while_it_sends(_):
    """The probe reports a server's end of TLS once, while it still sends content."""

    def script(connection):
        with context.wrap_socket(connection, server_side=True) as secured:
            read_head(secured)
            secured.sendall(SWITCH.replace(b"echo/1", b"foo/2"))
            secured.settimeout(0.2)
            with contextlib.suppress(OSError):
                secured.unwrap()
            time.sleep(6)

    with tempfile.TemporaryDirectory() as place, with_content(bytes(30_000_000)) as file:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate(Path(place)))
        with scripted(script) as url:
            asked = [url.replace("http", "https"), "--offer", "foo/2", "--body", file.name, "--timeout", "4"]
            _, errors = probe(*asked, expect=1)
    check(errors.count(b"(the end, clean)") == 1, errors[:2000])


@case("probe", "foo/1")
def probe_and_switchboard(board):
    with with_content(LARGE) as file:
        out, _ = probe(board.url + "/foo", "--offer", "example/1, foo/1", "--body", file.name, "--expect", stdin=LINES)
        same(out, b"foo/1 200 POST /foo %d\n" % len(LARGE) + LARGE + b"\n" + LINES)
        out, _ = probe(board.url + "/echo", "--body", file.name)
        same(out, LARGE)


@case("probe", "websocket")
def probe_pipes_frames_if_it_is_told(board):
    frame = bytes([0x81, 0x82, 0, 0, 0, 0]) + b"hi"
    out, _ = probe(board.url + "/ws", "--offer", "websocket", "--raw", stdin=frame)
    check(out.startswith(b"\x81\x02hi"), out)


@case("probe", "websocket")
def probe_does_what_the_switchboard_prints(board):
    """The commands that the switchboard prints work unchanged."""
    lines = re.findall(rb"\n  (echo hello \| )?\S+ probe ([^ ]+)((?: --offer \S+)?)", board.read())
    check(len(lines) == 6, lines)
    for echo, url, offered in lines:
        arguments = offered.decode().split()
        out, errors = probe(url.decode(), *arguments, stdin=b"hello\n" if echo else b"")
        check(not echo or b"hello" in out.lower(), url, out)
        check(b"* switched to " in errors, url, errors)


@case("probe", "foo/2")
def probe_retries_on_the_same_connection(board):
    out, errors = probe(board.url + "/required", "--offer", "example/1", stdin=b"hello\nQUIT\n")
    same(out, b"foo/2 200 GET /required 0\nHELLO\nBYE\n")
    check(b"* offering foo/2 instead, on the same connection\n" in errors, errors)


# The probe's output.


@case("probe", "foo/2")
def probe_tells_programs_in_json(board):
    offered = {"/foo": ("switched", "switched to foo/2, number 2 of 2 offered", 0)}
    offered["/plain"] = ("stayed", "not switched (200): the request was answered in HTTP/1.1 instead", 2)
    for path, (outcome, text, status) in offered.items():
        _, errors = probe(board.url + path, "--offer", "example/1, foo/2", "--json", stdin=b"QUIT\n", expect=status)
        moments = [json.loads(line) for line in errors.splitlines()]
        times = [moment["at"] for moment in moments]
        check(times == sorted(times), times)
        same((moments[0]["what"], moments[0]["name"]), ("opened", "client"))
        asked = next(moment for moment in moments if moment.get("name") == "request")
        check(asked["lines"][0].startswith(f"! request GET {path} offer example/1; foo/2 | Host: "), asked)
        check(f"> GET {path} HTTP/1.1" in asked["lines"], asked)
        last = moments[-1]
        same((last["what"], last["name"], last["text"]), ("verdict", outcome, text))


@case("probe", "foo/2")
def probe_has_colours_for_terminals_alone(board):
    command = [Switchboard.program, "probe", board.url + "/plain", "--offer", "foo/2"]
    without = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "CLICOLOR_FORCE")}
    for environment, is_coloured in [({"TERM": "xterm"}, True), ({"TERM": "xterm", "NO_COLOR": "1"}, False)]:
        ours, theirs = os.openpty()
        process = subprocess.Popen(command, env={**without, **environment}, stdout=subprocess.DEVNULL, stderr=theirs)
        os.close(theirs)
        said = b""
        with contextlib.suppress(OSError):  # a terminal that is not written to any more
            while piece := os.read(ours, 65536):
                said += piece
        os.close(ours)
        same(process.wait(WAIT), 2)
        check((b"\x1b[" in said) == is_coloured, said)
    _, errors = run(*command, expect=2)
    check(b"\x1b" not in errors, errors)


@case("a script", "echo/1", FROM_US)
def probe_tells_a_cut_from_an_end(_):
    def ends(connection):
        read_head(connection)
        connection.sendall(SWITCH + b"half of it")

    def is_cut(connection):
        ends(connection)
        time.sleep(0.2)
        resets(connection)

    with scripted(ends, is_cut) as url:
        out, errors = probe(url, "--offer", "echo/1")
        same(out, b"half of it")
        check(errors.endswith(b"* switched to echo/1, number 1 of 1 offered\n"), errors)
        out, errors = probe(url, "--offer", "echo/1", expect=1)
        same(out, b"half of it")
        check(errors.endswith(b"* failed: the server has cut the connection\n"), errors)


@case("a script", "echo/1", FROM_US)
def probe_tells_a_cut_that_its_own_write_has_met(_):
    """The probe reports a reset although its own write may have got the error.

    A later read then looks like an EOF.
    """

    def is_cut(connection):
        read_head(connection)
        connection.sendall(SWITCH + b"half of it")
        time.sleep(0.3)
        resets(connection)

    # Chance decides whether a read or a write meets the error first.
    times = 8
    with scripted(*[is_cut] * times) as url:
        for _ in range(times):
            out, errors = probe(url, "--offer", "echo/1", stdin=LARGE * 10, expect=1)
            same(out, b"half of it")
            check(errors.endswith(b"* failed: the server has cut the connection\n"), errors)


@case("a script", "HTTP/1.1", FROM_US)
def audit_takes_a_cut_answer_for_no_whole_one(_):
    def is_cut(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
        time.sleep(0.2)
        resets(connection)

    with scripted(is_cut) as url:
        _, errors = run(Switchboard.program, "audit", url, expect=3)
    check(b"answers what cannot be read: the input ended inside a message" in errors, errors)


@case("a script", "foo/2", FROM_US)
def probe_shows_the_byte_that_is_wrong(_):
    def script(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 200 OK\r\nX-Fine: 1\r\nX-Bad : 2\r\n\r\n")

    with scripted(script) as url:
        _, errors = probe(url, "--offer", "foo/2", expect=1)
    lines = errors.decode().splitlines()
    at = next(index for index, line in enumerate(lines) if " = error " in line)
    # The marker is printed below the space before the colon.
    data, sign = lines[at + 1], lines[at + 2]
    same(data[sign.index("^") :][:3], " : ", "bytes")
    check(sign.endswith("byte 33"), sign)
    check(lines[-1].endswith("whitespace in or after a field name (error 202) at byte 33"), lines[-1])


# Scripted servers.


@case("a script", "echo/1", FROM_US)
def probe_hears_a_server_that_speaks_first(_):
    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH + b"first\n" + LARGE)

    with scripted(script) as url:
        out, errors = probe(url, "--offer", "echo/1")
    same(out, b"first\n" + LARGE)
    check(b" 0 bytes of it came along" not in errors, errors)


@case("a script", "echo/1", FROM_US)
def probe_reads_a_101_byte_by_byte(_):
    def script(connection):
        read_head(connection)
        for byte in SWITCH.replace(b"HTTP/1.1 101", b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101") + b"first\n":
            connection.sendall(bytes([byte]))
            time.sleep(0.001)

    with scripted(script) as url:
        out, _ = probe(url, "--offer", "echo/1")
    same(out, b"first\n")


@case("a script", "echo/1", FROM_US)
def probe_sends_its_content_after_an_early_101(_):
    def script(connection):
        got = read_head(connection)
        connection.sendall(SWITCH + b"early\n")
        while not got.endswith(b"\r\n\r\n" + LARGE + b"typed"):
            piece = connection.recv(65536)
            check(piece, "ended with", got[-40:])
            got += piece
        connection.sendall(b"late\n")

    with scripted(script) as url, with_content(LARGE) as file:
        out, _ = probe(url, "--offer", "echo/1", "--body", file.name, stdin=b"typed")
    same(out, b"early\nlate\n")


@case("a script", "echo/1", FROM_US)
def probe_ends_its_direction_first(_):
    def script(connection):
        read_head(connection)
        connection.sendall(SWITCH)
        got = b""
        while piece := connection.recv(65536):
            got += piece
        connection.sendall(b"%d bytes, then the end\n" % len(got))

    with scripted(script) as url:
        out, _ = probe(url, "--offer", "echo/1", stdin=LARGE)
    same(out, b"%d bytes, then the end\n" % len(LARGE))


@case("a script", "echo/1", FROM_US)
def probe_retries_on_a_new_connection(_):
    def refuse(connection):
        read_head(connection)
        fields = b"Upgrade: echo/1\r\nConnection: Upgrade, close\r\nContent-Length: 3\r\n\r\nno\n"
        connection.sendall(b"HTTP/1.1 426 Upgrade Required\r\n" + fields)

    def accept(connection):
        check(b"\r\nUpgrade: echo/1\r\n" in read_head(connection))
        connection.sendall(SWITCH + b"yes\n")

    with scripted(refuse, accept) as url:
        out, errors = probe(url, "--offer", "other/1")
    same(out, b"yes\n")
    check(b"* offering echo/1 instead, on a new connection\n" in errors, errors)


@case("a script", "echo/1", FROM_US)
def probe_offers_alone_what_a_426_wants_of_its_list(_):
    """The probe repeats its offer once with only the protocol that a 426 requires.

    Many servers parse no lists, and respond so to a list that contains the protocol.
    """
    refusal = b"HTTP/1.1 426 Upgrade Required\r\nUpgrade: ECHO/1\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n"

    def script(connection, answer):
        check(b"\r\nUpgrade: other, echo/1\r\n" in read_head(connection), "no list")
        connection.sendall(refusal)
        check(b"\r\nUpgrade: echo/1\r\n" in read_head(connection), "no other offer")
        connection.sendall(answer)
        connection.recv(1)

    for answer, status, shown in [(SWITCH + b"yes\n", 0, b"yes\n"), (refusal, 2, b"")]:
        with scripted(functools.partial(script, answer=answer)) as url:
            out, errors = probe(url, "--offer", "other, echo/1", expect=status)
        same(out, shown)
        check(b"* offering echo/1 alone, on the same connection\n" in errors, errors)


@case("a script", "HTTP/1.1", FROM_US)
def probe_asks_as_it_is_told(_):
    """The probe sends given fields, also in place of its own, and requests a tunnel."""
    heads = []

    def script(connection, answer=b"HTTP/1.1 200 OK\r\n\r\n"):
        heads.append(read_head(connection).split(b"\r\n"))
        connection.sendall(answer)
        if b"200" in answer:
            connection.sendall(connection.recv(65536))

    refused = functools.partial(script, answer=b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
    with scripted(script, refused, refused) as url:
        out, errors = probe(url, "--method", "CONNECT", "--target", "b:443", stdin=b"tunnelled")
        same(out, b"tunnelled")
        check(b"* switched to a tunnel\n" in errors, errors)
        _, errors = probe(url, "--method", "CONNECT", "--target", "b:443", expect=2)
        check(b"* not switched (407): " in errors, errors)
        probe(url + "/x", "-H", "host: c", "--header", "X-Mine:  1 ", "-H", "X-Mine: 2")
    same([head[0] for head in heads], [b"CONNECT b:443 HTTP/1.1"] * 2 + [b"GET /x HTTP/1.1"])
    check(b"Host: b:443" in heads[0], heads[0])
    others = [b"host: c", b"X-Mine: 1", b"X-Mine: 2"]
    check(set(others) <= set(heads[2]) and not any(line.startswith(b"Host:") for line in heads[2]), heads[2])


def accept_websocket(connection, early):
    key = re.search(rb"Sec-WebSocket-Key: (\S+)\r\n", read_head(connection)).group(1)
    proof = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
    accept = b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " + proof
    connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\n" + accept + b"\r\n\r\n" + early)


@case("a script", "websocket", FROM_US)
def probe_leaves_a_server_that_pings_and_does_not_read(_):
    """The probe must not queue pongs without limit."""

    def script(connection):
        accept_websocket(connection, b"")
        with contextlib.suppress(ConnectionError):
            for _ in range(20_000):
                connection.sendall((b"\x89\x7d" + b"x" * 125) * 100)

    with scripted(script) as url:
        _, errors = probe(url, "--offer", "websocket", expect=1)
    check(b"* failed: the server sends pings, and does not read the pongs\n" in errors, errors[-300:])


@case("a script", "websocket", FROM_US)
def probe_takes_leave_of_a_server_that_lingers(_):
    """The probe succeeds if a server stays connected after both Close frames.

    In one run the server then sends nothing. In the other it slowly sends the bytes of one more frame, without an end.
    """

    def script(connection):
        accept_websocket(connection, b"\x81\x02hi")
        while connection.recv(65536)[0] != 0x88:
            pass
        connection.sendall(b"\x88\x00")
        with contextlib.suppress(ConnectionError):
            for byte in b"\x82\x7e\xff\xff" + bytes(2000) if drips else b"":
                connection.sendall(bytes([byte]))
                time.sleep(0.1)
            connection.recv(1)

    for drips in (False, True):
        with scripted(script) as url:
            out, errors = probe(url, "--offer", "websocket")
        same(out, b"hi\n")
        came = re.search(rb"\* of the new protocol (\d+) bytes came and ", errors)
        check(came and (drips or came[1] == b"6"), "what came with the 101 is not counted:", errors)


@case("a script", "echo/1", FROM_US)
def probe_is_told_nothing_by_a_426(_):
    def script(connection):
        read_head(connection)
        connection.sendall(b"HTTP/1.1 426 Upgrade Required\r\nContent-Length: 0\r\n\r\n")
        connection.recv(1)

    with scripted(script) as url:
        _, errors = probe(url, "--offer", "echo/1", expect=2)
    check(b"* the 426 does not say which protocol it wants\n" in errors, errors)


@case("a script", "foo/2", FROM_US)
def probe_refuses_what_it_did_not_offer(_):
    not_listed = SWITCH.replace(b"Connection: Upgrade\r\n", b"")
    bad = {
        SWITCH: (b"a 101 that names what was not offered", b"< Upgrade: echo/1"),
        not_listed: (b"whose Connection does not list upgrade", b"< HTTP/1.1 101 Switching Protocols\n"),
        SWITCH.replace(b"echo/1", b"websocket"): (b"a 101 that names what was not offered", b"< Upgrade: websocket"),
        b"SSH-2.0-OpenSSH_9\r\n": (b"another protocol where a status line should be", b"< SSH-2.0-OpenSSH_9"),
        b"": (b"the input ended before the response", b"(the end, clean)"),
    }
    for data, (why, shown) in bad.items():

        def script(connection, data=data):
            read_head(connection)
            connection.sendall(data)

        with scripted(script) as url:
            out, errors = probe(url, "--offer", "foo/2", expect=1)
        same(out, b"")
        check(why in errors.splitlines()[-1] and shown in errors, why, shown, "is not in", errors)


@case("a script", "echo/1", FROM_US)
def probe_does_not_wait_for_ever(_):
    def script(connection):
        read_head(connection)
        check(connection.recv(1) == b"", "the probe went on")

    with scripted(script) as url:
        _, errors = probe(url, "--offer", "echo/1", "--timeout", "1", expect=1)
    check(errors.endswith(b"* failed: nothing came for 1s\n"), errors)
