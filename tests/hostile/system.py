"""Attacks by the operating system on a server.

The server has no descriptors left, or receives a signal to stop.
"""

import contextlib
import time

import reader
from cell import NotApplicable, check
from peers import attack

LEFT = 8
SPINS = 0.6
"""The share of a processor from which on a waiting server counts as a busy loop."""


@attack("out of descriptors")
def no_descriptors(server):
    process = server.process
    process.limit_descriptors(process.descriptors() + LEFT)
    try:
        held = [server.connect() for _ in range(3 * LEFT)]
        for peer in held:
            # Over TLS it waits for the server.
            peer.send_beside(server.request())
        # Accepted connections get a response; others wait in the system's queue.
        time.sleep(0.3)
        before = process.seconds()
        time.sleep(1)
        check(
            process.seconds() - before < SPINS, "it spins: s of processor time in a second:", process.seconds() - before
        )
        check(process.is_running(), "it has ended:", process.logged()[-600:])
    finally:
        process.limit_descriptors(None)
    for peer in held[: 2 * LEFT]:
        peer.close()
    answers, _ = held[-1].answers("GET")
    check(len(answers) == 1, "who had waited got", answers)
    yield


@attack("stops under load")
def stops(server):
    """Stops the process by a signal; it is the last attack on a process."""
    if server.host.stops_by is None:
        raise NotApplicable("its runtime stops it")
    path = "/waits" if "/waits" in server.host.lies else server.host.plain
    with contextlib.ExitStack() as stack:
        starts = [b"", server.request()[:10], server.request(path), server.request(server.host.large or path) * 3]
        if server.host.switch:
            starts.append(server.host.handshake(server))
        if "/endless" in server.host.lies:
            # Its handler waits for a reader that does not read.
            starts.append(server.request("/endless"))
        old = b""
        if server.host.echo and server.host.resets:
            # The end of an HTTP/1.0 response is marked by the end of the connection.
            content = b"x" * 300_000
            old = server.request(server.host.echo, "POST", content=content).replace(b"HTTP/1.1", b"HTTP/1.0", 1)
            starts.append(old)
        peers = [(stack.enter_context(contextlib.closing(server.peer())), start) for start in starts * 10]
        for number, (peer, start) in enumerate(peers):
            peer.send(start)
            if number % 2:
                peer.end()
        server.serves_another()
        status = server.process.stop(server.host.stops_by)
        check(status in (0, -server.host.stops_by, 128 + server.host.stops_by), "it ended with", status)
        for peer, start in peers:
            received, how = peer.rest()
            answers, _ = reader.responses(received, ["POST" if start == old else "GET"] * 3, how == "fin")
            if old and start == old:
                whole = [answer for answer in answers if answer.is_whole and answer.status == 200]
                check(all(len(answer.content) == len(content) for answer in whole), "a cut answer looks whole")
            if start.startswith(b"GET") and (server.host.large or "").encode() in start and server.host.large:
                whole = [answer for answer in answers if answer.is_whole and answer.status == 200]
                check(
                    all(len(answer.content) in (0, 6) or len(answer.content) >= 1 << 20 for answer in whole),
                    "looks whole",
                )
    yield


stops.repeats = False
stops.is_last = True
