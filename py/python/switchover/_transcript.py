"""A transcript of a connection for people, written while it happens.

In the format of `switchboard probe`, of the project's test server.

```text
time mark text          milliseconds since the connection began
     <    received      =  the engine's event or error
     >    sent          !  a call that the engine refused, or that writes nothing
                        *  a remark; the last of these is how it came out
```
"""

from __future__ import annotations

import ssl
import sys
import time
from collections.abc import Sequence

from . import (
    Data,
    EndOfMessage,
    Event,
    Headers,
    Informational,
    LocalProtocolError,
    ProtocolError,
    RemoteProtocolError,
    Response,
    Switched,
)
from ._switchover import _SECRETS

NAMED = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0: "\\0", 0x5C: "\\\\"}
BEFORE, AFTER = 48, 32
"""The maximum number of bytes of a marked line before its error, and from it on."""
KEPT = 64 * 1024
"""The maximum number of the latest received bytes that are stored for printing."""


class Transcript:
    """A transcript printed to standard error; its last line is the verdict."""

    def __init__(self, shows_secrets: bool) -> None:
        self.verdict = "closed"
        self._begun = time.monotonic()
        self._secrets = [] if shows_secrets else [name.encode() for name in _SECRETS]
        # The latest received bytes, and the number of all received bytes.
        self._latest, self._passed = b"", 0
        # Received content that is only counted. It is printed for a 426, after which another response may follow.
        self._content, self._shows_content = 0, False
        # The number of bytes of the new protocol: received, sent.
        self._came = self._went = 0

    def say(self, remark: str, mark: str = "*") -> None:
        """Prints a line: the time, a mark for the kind of line, and the remark."""
        milliseconds = (time.monotonic() - self._begun) * 1000
        print(f"{milliseconds:9.1f} {mark} {remark}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """Prints the outcome, after the counts of bytes of the new protocol, if any."""
        if self._came or self._went:
            self.say(f"of the new protocol {self._came} bytes came and {self._went} went")
        self.say(self.verdict)

    def received(self, data: bytes) -> None:
        """Stores bytes received from the server, to print them after an error."""
        self._passed += len(data)
        self._latest = (self._latest + data)[-KEPT:]

    def sent(self, data: bytes) -> None:
        """Prints the head of a sent request."""
        self._lines(data, ">")

    def refused(
        self, start: str, offer: Sequence[str], headers: Sequence[tuple[str, str]], error: LocalProtocolError
    ) -> None:
        """Prints a request that the engine rejected, with the error."""
        offered = f" offer {'; '.join(offer)}" if offer else ""
        lines = [self._text(f"{name}: {value}".encode()).replace("|", "\\x7c") for name, value in headers]
        self.say(" | ".join([f"request {start}{offered}", *lines]) + f": refused, {error}", "!")

    def spoke(self, came: int = 0, went: int = 0) -> None:
        """Counts bytes of the new protocol: received and sent."""
        self._came += came
        self._went += went

    def event(self, event: Event, position: int) -> None:
        """Prints an event, or counts content that is not printed.

        `position` is the number of received bytes up to the event's end.
        """
        match event:
            case Informational() | Response():
                self._head(event)
                self._shows_content = event.status == 426
            case Data(data) if self._shows_content:
                return self._lines(data, "<")
            case Data(data):
                self._content += len(data)
                return None
            case EndOfMessage() if self._content:
                self.say(f"({self._content} bytes of content)", "<")
                self._content = 0
            case Switched(leftover=leftover, response=Response() as response):
                self._came += len(leftover)
                self._head(response)
            case _:
                pass
        return self.say(f"{self._words(event)} @{position}", "=")

    def failed(self, error: RemoteProtocolError) -> None:
        """Prints an error of the peer, the received bytes around it, and the advice."""
        place = "" if error.offset is None else f" at byte {error.offset}"
        status = "" if error.status is None else f", to be answered {error.status}"
        self.say(f"error {error.code}, {error.name}{place}{status}", "=")
        if error.offset is not None:
            self._bytes_at(error.offset)
        self.say(f"{error.clause}: {error.advice}")

    def _head(self, head: Informational | Response) -> None:
        self.say(f"HTTP/1.{head.minor_version} {head.status} {escape(head.reason)}", "<")
        for name, value in head.headers:
            self.say(self._text(name + b": " + value), "<")

    def _words(self, event: Event) -> str:
        match event:
            case Informational(status):
                return f"informational {status}"
            case Response(status):
                dropped = f" dropped {event.dropped}" if event.dropped else ""
                return f"response {status} 1.{event.minor_version}{dropped}"
            case EndOfMessage(trailers):
                return f"end{self._trailers(trailers)}"
            case Switched(by, protocols):
                to = f" to {', '.join(map(str, protocols))}" if protocols else ""
                head = f" {event.response.status}" if event.response else ""
                return f"switched by {by.label}{to}{head}"
            case _:
                return event.kind.label

    def _trailers(self, trailers: Headers) -> str:
        return "".join(f" {{{self._text(name + b': ' + value)}}}" for name, value in trailers)

    def _bytes_at(self, offset: int) -> None:
        """Prints the received line with the error, and a mark below the byte.

        For an error at the start of a line, prints all lines from there to the end of the head, if that was received.
        Then no byte is marked, and neither in a line with a hidden value. Prints nothing if that byte is not stored, as
        for an error at the end of what was received.
        """
        latest, place = self._latest, offset - (self._passed - len(self._latest))
        if not 0 <= place < len(latest):
            return
        begins_a_line = place == 0 or latest[place - 1 : place] == b"\n"
        if begins_a_line and (end := latest.find(b"\r\n\r\n", place)) >= 0:
            self._lines(latest[place : end + 2], "<")
            return
        begin, end = latest.rfind(b"\n", 0, place) + 1, latest.find(b"\r", place)
        # The byte with the error is shown even if it ends the line.
        end = len(latest) if end < 0 else max(end, place + 1)
        line = latest[begin:end]
        if self._text(line) != escape(line):
            self.say(self._text(line), "<")
            return
        before = escape(latest[max(begin, place - BEFORE) : place])
        self.say(before + escape(latest[place : min(end, place + AFTER)]), "<")
        self.say(f"{'^':>{len(before) + 1}} byte {offset}", " ")

    def _lines(self, data: bytes, mark: str) -> None:
        for line in data.split(b"\n"):
            if line := line.removesuffix(b"\r"):
                self.say(self._text(line), mark)

    def _text(self, line: bytes) -> str:
        """Returns a line as text; hides a credential unless secrets are to be shown."""
        name, colon, _ = line.partition(b":")
        return f"{escape(name)}: <hidden>" if colon and name.lower() in self._secrets else escape(line)


def reason(error: OSError | ProtocolError) -> str:
    """Returns the reason of a failure, in the words of the system or of the engine."""
    if isinstance(error, TimeoutError):
        return "connection timed out"
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno is not None:
        return f"{error.strerror} (os error {error.errno})"
    return str(error)


def escape(data: bytes) -> str:
    """Returns bytes as printable ASCII on one line; any other byte becomes an escape."""
    return "".join(NAMED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)
