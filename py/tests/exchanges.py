"""Random exchanges: requests, the acts of their client, and those of an app."""

from __future__ import annotations

import contextlib
import random
import socket
import struct
from dataclasses import dataclass, field
from typing import Any

import anyio
from hypothesis import strategies as st

SIZES = st.sampled_from([1, 13, 1000, 20_000, 70_000, 300_000])
PAUSES = st.sampled_from([0.0, 0.001, 0.2, 1.0])
ALL = 10**9
BUFFER = 16384
"""The size of the client's receive buffer and the server's send buffer, in bytes.

It is small, so that the server soon notices a client that does not read.
"""
PATIENCE = 300
"""The seconds after its acts within which a client's connection must have ended."""
GOODBYE = b"the end"
"""The last bytes of an app in the new protocol."""


def unique(size: int, *seed: object) -> bytes:
    """Returns `size` pseudorandom bytes that depend on nothing but the seed."""
    return random.Random(repr(seed)).randbytes(size)


# What an app does.


@dataclass(frozen=True)
class Receive:
    """A step of an app: receives one ASGI message, or all to the content's end."""

    everything: bool


@dataclass(frozen=True)
class Sleep:
    """A step of an app: sleeps for some seconds."""

    seconds: float


@dataclass(frozen=True)
class Send:
    """A step of an app: sends pieces of content concurrently.

    Each piece is sent by a task of its own; a single piece is sent without one.
    """

    sizes: tuple[int, ...]
    limit: float | None
    """The seconds after which unfinished sends are cancelled; None for no limit."""


@dataclass(frozen=True)
class Script:
    """The acts of an app for one request."""

    switches: bool
    """True if the app accepts an offer, echoes all bytes, and sends GOODBYE last."""
    before: tuple[Receive | Sleep, ...]
    framing: str | None
    """The Content-Length: `exact`, `short`, `long`, or `none`; None for no response."""
    inside: tuple[Receive | Sleep | Send, ...]
    last: str
    """The last act: `end` ends the response, `return` only returns, `raise` raises."""

    @property
    def length(self) -> int:
        """The number of bytes of content that all steps send."""
        return sum(sum(step.sizes) for step in self.inside if isinstance(step, Send))

    @property
    def is_honest(self) -> bool:
        """True unless the app breaks ASGI, raises, or has a step that may cancel a send."""
        gives_up = any(isinstance(step, Send) and step.limit is not None for step in self.inside)
        return self.framing in {"exact", "none"} and self.last == "end" and not gives_up


receives = st.builds(Receive, st.booleans())
sleeps = st.builds(Sleep, PAUSES)
sends = st.builds(Send, st.lists(SIZES, min_size=1, max_size=3).map(tuple), st.none() | PAUSES)
scripts = st.builds(
    Script,
    st.booleans(),
    st.lists(receives | sleeps, max_size=3).map(tuple),
    st.sampled_from(["exact", "none", "none", "short", "long", None]),
    st.lists(sends | sends | receives | sleeps, max_size=4).map(tuple),
    st.sampled_from(["end", "end", "return", "raise"]),
)


# What a client sends and does.


@dataclass(frozen=True)
class Asked:
    """A request of the client: its method, version, framing and other choices."""

    method: str
    minor: int
    is_chunked: bool
    sizes: tuple[int, ...]
    closes: bool
    expects: bool

    def content(self, number: int) -> list[bytes]:
        """Returns the pieces of content of request `number`; none unless it is a POST."""
        if self.method != "POST":
            return []
        return [unique(size, "asked", number, place) for place, size in enumerate(self.sizes)]

    def encoded(self, number: int, offers: bool) -> bytes:
        """Returns the bytes of request `number`, with an offer of foo/2 if `offers`."""
        lines = [b"%s /%d HTTP/1.%d" % (self.method.encode(), number, self.minor), b"Host: a"]
        parts = self.content(number)
        content = b"".join(parts)
        if offers:
            lines += [b"Upgrade: foo/2", b"Connection: upgrade"]
        elif self.closes:
            lines.append(b"Connection: close")
        elif self.minor == 0:
            lines.append(b"Connection: keep-alive")
        if self.expects and content and self.minor:
            lines.append(b"Expect: 100-continue")
        if self.is_chunked and parts and self.minor:
            lines.append(b"Transfer-Encoding: chunked")
            content = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
        elif self.method == "POST":
            lines.append(b"Content-Length: %d" % len(content))
        return b"\r\n".join(lines) + b"\r\n\r\n" + content


RARELY = st.sampled_from([False, False, False, True])
asked = st.builds(
    Asked,
    st.sampled_from(["GET", "GET", "POST", "POST", "HEAD"]),
    st.sampled_from([1, 1, 0]),
    st.booleans(),
    st.lists(SIZES, max_size=2).map(tuple),
    RARELY,
    RARELY,
)


@dataclass(frozen=True)
class Act:
    """An act of a client: to `write` or `read` some bytes, or to `sleep` some seconds."""

    what: str
    amount: float


acts = st.one_of(
    st.builds(Act, st.just("write"), st.sampled_from([1, 40, 100, 5000, ALL, ALL, ALL])),
    st.builds(Act, st.just("sleep"), PAUSES),
    st.builds(Act, st.just("read"), st.sampled_from([1, 100, 70_000])),
)


@dataclass(frozen=True)
class Exchanges:
    """A connection: its requests, the script for each, and what its client does."""

    requests: tuple[tuple[Asked, Script], ...]
    acts: tuple[Act, ...]
    leaves: str | None
    """The client's end: `eof` after its last byte, `reset` after its acts, or None.

    If the connection `switches`, None means `eof`, too.
    """
    holds_back: bool
    """True if the client never sends what it has not written in its acts."""
    tunnelled: tuple[int, ...]
    """The sizes of the client's pieces in the new protocol, if `switches`."""

    @property
    def switches(self) -> bool:
        """True if the last request offers a protocol, which its app accepts."""
        request, script = self.requests[-1]
        return script.switches and bool(self.tunnelled) and request.minor == 1 and request.method != "HEAD"

    @property
    def is_honest(self) -> bool:
        """True if the client sends everything and stays, and no app misbehaves on purpose."""
        return self.leaves is None and not self.holds_back and all(script.is_honest for _, script in self.requests)

    @property
    def tunnel(self) -> bytes:
        """The client's bytes of the new protocol, sent without waiting for the switch."""
        return b"".join(unique(size, "tunnel", place) for place, size in enumerate(self.tunnelled))

    def encoded(self) -> bytes:
        """Returns all bytes of the client: its requests, then those of the new protocol."""
        last = len(self.requests) - 1
        requests = [
            request.encoded(number, self.switches and number == last)
            for number, (request, _) in enumerate(self.requests)
        ]
        return b"".join(requests) + (self.tunnel if self.switches else b"")


connections = st.builds(
    Exchanges,
    st.lists(st.tuples(asked, scripts), min_size=1, max_size=3).map(tuple),
    st.lists(acts, max_size=6).map(tuple),
    st.sampled_from([None, None, None, "eof", "reset"]),
    RARELY,
    st.lists(SIZES, max_size=2).map(tuple),
)


# The app.


@dataclass
class Record:
    """The record of an app's run for one request: what was sent and received, its end."""

    sent: list[tuple[bytes, str]] = field(default_factory=list[tuple[bytes, str]])
    """Each piece of content, and its send's end: `returned`, `failed` or `cancelled`."""
    received: bytes = b""
    tunnelled: bytes = b""
    """The bytes that the app has received in the new protocol."""
    has_all: bool = False
    """True once the app has received the end of the request's content."""
    is_gone: bool = False
    """True once the app has received a disconnect, other than after a switch."""
    ended: str = ""
    """`returned`, or the text of the app's exception; empty while it runs."""


class App:
    """An ASGI app that acts on each request as its script says, and records that."""

    def __init__(self, exchanges: Exchanges) -> None:
        self.exchanges = exchanges
        self.records: dict[int, Record] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        number = int(scope["path"].strip("/"))
        assert number not in self.records, "a request has come twice"
        record = self.records[number] = Record()
        is_last = number == len(self.exchanges.requests) - 1
        script = self.exchanges.requests[number][1]
        try:
            if is_last and self.exchanges.switches:
                await switch(record, receive, send)
            else:
                await Following(number, script, record, receive, send).follow()
            record.ended = "returned"
        except BaseException as error:
            record.ended = repr(error)
            raise


async def switch(record: Record, receive: Any, send: Any) -> None:
    """Receives the content, accepts the offer, echoes to the client's EOF, ends.

    After a disconnect within the content it returns without accepting.
    """
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            record.is_gone = True
            return
        record.received += message["body"]
        more = message["more_body"]
    record.has_all = True
    await send({"type": "http.response.start", "status": 101, "headers": [(b"upgrade", b"foo/2")]})
    while (message := await receive())["type"] == "http.request" and (message["body"] or message["more_body"]):
        record.tunnelled += message["body"]
        await send({"type": "http.response.body", "body": message["body"], "more_body": True})
    await send({"type": "http.response.body", "body": GOODBYE})


@dataclass
class Following:
    """The run of an app's script for one request, other than one that switches."""

    number: int
    script: Script
    record: Record
    receive: Any
    send: Any

    async def follow(self) -> None:
        script = self.script
        for step in script.before:
            await self.perform(step)
        if script.framing is not None:
            more = {"exact": 0, "short": -1, "long": 1}.get(script.framing)
            headers = [] if more is None else [(b"content-length", b"%d" % max(0, script.length + more))]
            await self.send({"type": "http.response.start", "status": 200, "headers": headers})
        for inner in script.inside:
            if script.framing is not None or not isinstance(inner, Send):
                await self.perform(inner)
        if script.last == "raise":
            raise ValueError("by the script")
        if script.last == "end" and script.framing is not None:
            await self.send({"type": "http.response.body", "body": b""})

    async def perform(self, step: Receive | Sleep | Send) -> None:
        if isinstance(step, Sleep):
            await anyio.sleep(step.seconds)
        elif isinstance(step, Receive):
            # After the content an app would wait until its client leaves.
            with anyio.move_on_after(0.3 if self.record.has_all else None):
                await self.take(step.everything)
        else:
            await self.send_all(step)

    async def take(self, everything: bool) -> None:
        record = self.record
        while not record.is_gone:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                record.is_gone = True
            else:
                record.received += message["body"]
                record.has_all = record.has_all or not message["more_body"]
            if not everything or record.has_all:
                return

    async def send_all(self, step: Send) -> None:
        sent = self.record.sent
        places = range(len(sent), len(sent) + len(step.sizes))
        sent += [(unique(size, self.number, place), "failed") for place, size in zip(places, step.sizes, strict=True)]
        with anyio.move_on_after(step.limit):
            if len(places) == 1:
                await self.send_one(places[0])
                return
            async with anyio.create_task_group() as group:
                for place in places:
                    group.start_soon(self.send_one, place)

    async def send_one(self, place: int) -> None:
        piece, how = self.record.sent[place]
        try:
            await self.send({"type": "http.response.body", "body": piece, "more_body": True})
            how = "returned"
        except anyio.get_cancelled_exc_class():
            how = "cancelled"
            raise
        finally:
            self.record.sent[place] = (piece, how)


# The client.


@dataclass
class Got:
    """The bytes that a client has received, and the end of its connection."""

    unsent: bytes
    data: bytes = b""
    end: str = ""
    """`eof` or `reset` by the server, `left` after the client's reset; at first empty."""
    was_reset: bool = False


async def converse(port: int, exchanges: Exchanges) -> Got:
    """Plays the client, and returns what it has received."""
    got = Got(exchanges.encoded())
    with socket.socket() as raw:
        # A client that does not read is felt at once.
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)
        raw.connect(("127.0.0.1", port))
        raw.setblocking(False)
        for act in exchanges.acts:
            await perform(raw, act, got)
        if exchanges.leaves == "reset":
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            got.end = "left"
            return got
        with anyio.fail_after(PATIENCE):
            async with anyio.create_task_group() as group:
                group.start_soon(read, raw, got, ALL)
                if not exchanges.holds_back:
                    await write(raw, got, ALL)
                if exchanges.leaves == "eof" or exchanges.switches:
                    with contextlib.suppress(OSError):
                        raw.shutdown(socket.SHUT_WR)
    return got


async def perform(raw: socket.socket, act: Act, got: Got) -> None:
    """Performs one act of the client; a read or a write takes at most 0.1 seconds."""
    if act.what == "sleep":
        await anyio.sleep(act.amount)
    else:
        with anyio.move_on_after(0.1):
            await (read if act.what == "read" else write)(raw, got, int(act.amount))


async def write(raw: socket.socket, got: Got, most: int) -> None:
    """Writes up to `most` bytes, unless the server ends the connection."""
    left = max(0, len(got.unsent) - most)
    while len(got.unsent) > left and not got.end:
        try:
            sent = raw.send(got.unsent[: len(got.unsent) - left])
            got.unsent = got.unsent[sent:]
        except BlockingIOError:
            await anyio.wait_writable(raw)
        except OSError as error:
            # The system tells of a reset once.
            got.was_reset = got.was_reset or isinstance(error, ConnectionResetError)
            return


async def read(raw: socket.socket, got: Got, most: int) -> None:
    """Reads up to `most` bytes, or to the end."""
    while most > 0 and not got.end:
        try:
            data = raw.recv(min(most, 65536))
        except BlockingIOError:
            await anyio.wait_readable(raw)
        except ConnectionError:
            got.end = "reset"
        else:
            got.data += data
            most -= len(data)
            if not data:
                got.end = "reset" if got.was_reset else "eof"
