"""A client that makes an offer, reports the outcome and pipes the new protocol.

The report gives the reason of the outcome.

Behaves like `switchboard probe --raw`, of the project's test server, with the same messages and exit statuses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from . import (
    NEED_DATA,
    Config,
    Connection,
    Data,
    EndOfMessage,
    LocalProtocolError,
    Paused,
    PausedReason,
    Protocol,
    RemoteProtocolError,
    Response,
    Role,
    Switched,
    __version__,
    websocket_key,
)
from ._line import Line, show
from ._transcript import Transcript, reason

SWITCHED, FAILED, STAYED = 0, 1, 2
"""The exit statuses of the process.

The first: the connection switched, or a request without an offer, other than CONNECT, got a response. The second: the
probe failed. The third: an offer or CONNECT got a response in HTTP/1.1.
"""

SETTINGS = "AAMAAABkAAQAAP__"
"""The value of HTTP2-Settings in an offer of h2c: 100 streams, the default window.

RFC 7540, section 3.2.1.
"""


class Target(NamedTuple):
    """The parts of a URL that a probe needs."""

    authority: str
    address: str
    path: str
    is_secure: bool

    @classmethod
    def parse(cls, url: str) -> Target:
        """Parses a URL; raises a ValueError that says what is wrong."""
        found = re.fullmatch(r"(http|ws)(s?)://([^/?#]*)([^#]*)(?:#.*)?", url, re.DOTALL)
        if not found:
            raise ValueError("the URL must begin with http://, https://, ws:// or wss://")
        _, secure, authority, path = found.groups()
        if not authority or "@" in authority:
            raise ValueError("the URL needs a host, and no user")
        # A colon inside brackets belongs to an IPv6 address.
        has_port = ":" in authority.rpartition("]")[2]
        address = authority if has_port else f"{authority}:{443 if secure else 80}"
        return cls(authority, address, path if path.startswith("/") else f"/{path}", bool(secure))


class Question(NamedTuple):
    """The request that a probe sends, and the server to send it to."""

    url: Target
    offer: Sequence[str]
    method: str = "GET"
    target: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    timeout: int = 10

    @property
    def request_target(self) -> str:
        """The request target: the one given by `target`, else one that fits the method.

        For OPTIONS that is `*`, for CONNECT the URL's host and port, else the URL's path and query.
        """
        by_method = {"OPTIONS": "*", "CONNECT": self.url.address}
        return by_method.get(self.method, self.url.path) if self.target is None else self.target

    @property
    def may_stay(self) -> bool:
        """Returns whether a response without a switch is a success: no offer, no CONNECT."""
        return not self.offer and self.method != "CONNECT"

    def lines(self) -> list[tuple[str, str]]:
        """Returns the field lines of the request, without Upgrade and Connection."""
        # RFC 9112, 3.2.3: the Host of a CONNECT is the authority in its target.
        host = self.request_target if self.method == "CONNECT" else self.url.authority
        own = [("Host", host), ("User-Agent", f"switchover/{__version__}"), ("Accept", "*/*")]
        given = {name.lower() for name, _ in self.headers}
        lines = [line for line in own if line[0].lower() not in given] + list(self.headers)
        offered = {token.lower() for token in self.offer}
        if "websocket" in offered:
            key = websocket_key()
            lines += [("Sec-WebSocket-Key", key), ("Sec-WebSocket-Version", "13")]
        if "h2c" in offered:
            lines.append(("HTTP2-Settings", SETTINGS))
        return lines


def encoded(text: str) -> bytes:
    """Returns the bytes of a command-line argument, as the process received them."""
    return text.encode("utf-8", "surrogateescape")


class Exchange:
    """One connection of the probe: requests, up to their responses or a switch."""

    def __init__(self, question: Question, config: dict[str, bool], transcript: Transcript) -> None:
        self.question, self.transcript = question, transcript
        self.engine = Connection(Role.CLIENT, Config(secure=question.url.is_secure, **config))
        try:
            self.line = Line(question.url.address, question.timeout)
            if question.url.is_secure:
                self.line.start_tls()
        except OSError as error:
            raise OSError(f"{question.url.address} cannot be reached: {reason(error)}") from error
        transcript.say(f"connected to {question.url.address}; times are in milliseconds")

    def ask(self, offer: Sequence[str]) -> Response | Switched:
        """Sends the request with this offer, and returns its response or the switch."""
        question = self.question._replace(offer=offer)
        method, target, lines = question.method, question.request_target, question.lines()
        try:
            fields = [(encoded(name), encoded(value)) for name, value in lines]
            out = self.engine.send_request(encoded(method), encoded(target), fields, offer)
        except LocalProtocolError as error:
            self.transcript.refused(f"{method} {target}", offer, lines, error)
            raise
        self.transcript.sent(out)
        self.line.send(out)
        outcome = self.settle()
        self.judge(outcome, question)
        return outcome

    def settle(self) -> Response | Switched:
        """Reads until the request has its response, or the connection has switched."""
        response: Response | None = None
        while True:
            try:
                event = self.engine.next_event()
            except RemoteProtocolError as error:
                self.transcript.failed(error)
                raise OSError(f"the server broke the protocol: {error}") from error
            if event is NEED_DATA:
                self.read()
                continue
            if isinstance(event, Paused):
                if event.reason is PausedReason.CLOSED:
                    self.transcript.say("paused closed", "=")
                raise OSError("the server has closed without an answer")
            self.transcript.event(event, self.engine.position)
            match event:
                case Response():
                    response = event
                    if event.advertised and event.status != 426:
                        self.transcript.say(f"the server also speaks {', '.join(map(str, event.advertised))}")
                case Data(data) if response and response.status != 426:
                    show(data)
                case EndOfMessage() if response:
                    return response
                case Switched(protocols=protocols, leftover=leftover):
                    spoken = ", ".join(map(str, protocols))
                    self.transcript.say(f"the server speaks {spoken} now; {len(leftover)} bytes of it came along")
                    return event
                case _:
                    pass  # a 1xx, or content of a 426, which another answer may follow

    def read(self) -> None:
        """Waits for the server's next bytes, or for EOF, and passes them to the engine."""
        try:
            data = self.line.receive()
        except TimeoutError as error:
            self.engine.abandon()
            self.transcript.say("abandon", "!")
            raise OSError(f"nothing came for {self.question.timeout}s") from error
        except EOFError:
            self.engine.receive_eof(clean=False)
            return self.transcript.say("(the end, truncated)", "<")
        if data:
            self.engine.receive_data(data)
            return self.transcript.received(data)
        self.engine.receive_eof()
        return self.transcript.say("(the end, clean)", "<")

    def judge(self, outcome: Response | Switched, question: Question) -> None:
        """Sets the last line of the transcript: the outcome and its reason."""
        if isinstance(outcome, Response):
            stayed = "answered" if question.may_stay else "not switched"
            why = self.engine.why.text if self.engine.why else ""
            self.transcript.verdict = f"{stayed} ({outcome.status}): {why}"
            return
        offer = [Protocol(token) for token in question.offer]
        lowest = outcome.protocols[:1]
        places = [offer.index(protocol) + 1 for protocol in lowest if protocol in offer]
        place = "".join(f", number {place} of {len(offer)} offered" for place in places)
        self.transcript.verdict = f"switched to {self.agreed or 'a tunnel'}{place}"

    def go_on_in_tls(self, leftover: bytes) -> None:
        """Performs the handshake after a switch to TLS, and reads the response over TLS.

        RFC 2817, section 3.3.

        If the handshake fails, the probe fails.
        """
        self.line.start_tls(leftover)
        self.engine.resume_http()
        self.transcript.say("resume", "!")
        self.transcript.say("TLS is up; the answer comes within it")
        answer = self.settle()
        if isinstance(answer, Response):
            self.transcript.verdict = f"switched to {self.agreed}, and answered within it ({answer.status})"

    @property
    def agreed(self) -> str:
        """The protocols that the server has switched to, joined by commas."""
        return ", ".join(map(str, self.engine.agreed))

    def another(self, offered: Sequence[str]) -> tuple[str, str] | None:
        """Returns the protocol to offer after a 426, and a word for the report, or None.

        The word is `instead` for a protocol that was not offered, and `alone` for one of several offered ones.

        None if there is nothing else to offer. Only one protocol, because many servers do not
        understand a list.
        """
        required = self.engine.required
        if not required:
            self.transcript.say("the 426 does not say which protocol it wants")
        else:
            self.transcript.say(f"the server wants {', '.join(map(str, required))}")
        ours = {Protocol(token): token for token in reversed(offered)}
        for protocol in required:
            if protocol not in ours:
                return str(protocol), "instead"
        if len(offered) > 1:
            for token in offered:
                if Protocol(token) in required:
                    return token, "alone"
        self.transcript.say("there is nothing else to try")
        return None

    def speak(self, switched: Switched) -> None:
        """Pipes the new protocol until the server ends; if it is TLS, resumes HTTP in it."""
        leftover = self.engine.take_leftover()
        lowest = switched.protocols[0] if switched.protocols else None
        if lowest and lowest.name.upper() == "TLS" and not self.line.is_secure:
            self.go_on_in_tls(leftover)
            return
        self.line.pipe(leftover, self.transcript)
        self.transcript.say("the new protocol is over")


def run(question: Question, config: dict[str, bool], transcript: Transcript) -> int:
    """Runs the probe, and returns the exit status of the process.

    The last line of the report is the outcome, in any case.
    """
    try:
        return _run(question, config, transcript)
    except (OSError, LocalProtocolError) as error:
        transcript.verdict = f"failed: {reason(error)}"
        return FAILED
    finally:
        transcript.close()


def _run(question: Question, config: dict[str, bool], transcript: Transcript) -> int:
    exchange = Exchange(question, config, transcript)
    outcome = exchange.ask(question.offer)
    if isinstance(outcome, Response) and outcome.status == 426 and (other := exchange.another(question.offer)):
        transcript.say(transcript.verdict)
        token, how = other
        is_reused = exchange.engine.persists
        transcript.say(f"offering {token} {how}, on {'the same' if is_reused else 'a new'} connection")
        if not is_reused:
            exchange.line.close()
            exchange = Exchange(question, config, transcript)
        question = question._replace(offer=[token])
        outcome = exchange.ask(question.offer)
    if isinstance(outcome, Switched):
        exchange.speak(outcome)
        return SWITCHED
    return SWITCHED if question.may_stay else STAYED
