"""The calls of a test vector for particular protocols, such as h2c and capsules."""

from __future__ import annotations

from typing import Any

from lines import Fields, data_of, fields_text, summary, truth
from switchover import (
    IP_TEMPLATE,
    UDP_TEMPLATE,
    Capsules,
    Config,
    Connection,
    Deflate,
    Event,
    Headers,
    Informational,
    NeedData,
    Order,
    Paused,
    ProfileError,
    Request,
    Response,
    Splice,
    Switched,
    agreed_deflate,
    check_http2,
    http1_fields,
    ip_target,
    may_forward,
    says_capsules,
    udp_target,
    websocket_key,
)

QUESTIONS = {
    "websocket-key",
    "subprotocol",
    "deflate",
    "agreed-deflate",
    "says-capsules",
    "udp-target",
    "ip-target",
    "capsules",
    "may-forward",
    "forwardable",
    "end-to-end",
    "check-http2",
    "http2",
    "extended",
    "http2-fields",
    "http1",
    "splice",
    "from-client",
    "from-engine",
    "client-ended",
}


class Profiles:
    """The maker of a test vector's calls for particular protocols, such as h2c.

    It keeps what later calls need, such as the splice.
    """

    def __init__(self, connection: Connection, config: Config) -> None:
        self.connection = connection
        self.secure = config.secure
        self.current: Event | Paused | NeedData | None = None
        """The result of the latest `next_event`, or None after an error."""
        self.splice: Splice | None = None

    def answer(self, verb: str, arguments: list[str], fields: Fields) -> list[str] | None:
        """Makes a call for a particular protocol, and returns its result as lines.

        None means that the verb is not one of QUESTIONS.
        """
        if verb not in QUESTIONS:
            return None
        what = data_of(arguments[0])
        match verb:
            case "splice":
                return [self.begin_splice(what, fields)]
            case "from-client" | "from-engine" | "client-ended":
                return self.go_on(verb, what)
            case "capsules":
                return read_capsules(what)
            case "check-http2":
                fault = check_http2(fields, int(what) if what else None)
                return [f"check-http2 {fault.label if fault else 'ok'}"]
            case "http1":
                return [to_http1(what, fields)]
            case "websocket-key":
                return [f"websocket-key {websocket_key(what)}"]
            case "may-forward":
                return [f"may-forward {str(may_forward(what)).lower()}"]
            case "forwardable":
                return [f"forwardable {', '.join(map(str, self.connection.forwardable))}".rstrip()]
            case _:
                return [f"{verb}{self.of_offer(verb, what) or self.of_head(verb, what)}"]

    def of_offer(self, verb: str, what: bytes) -> str:
        """Formats the result of a call about a handshake or target; empty for other verbs."""
        match verb:
            case "subprotocol":
                names = what.removesuffix(b" by server")
                order = Order.CLIENT if names == what else Order.SERVER
                chosen = self.connection.select_subprotocol([name.strip() for name in names.split(b";")], order)
                return f" {chosen or 'none'}"
            case "deflate":
                return f" {self.connection.select_deflate(own_deflate(what.decode())) or 'none'}"
            case "udp-target":
                udp = udp_target(self.request.target, what or UDP_TEMPLATE)
                return f" {udp.host} {udp.port}" if udp else " none"
            case "ip-target":
                ip = ip_target(self.request.target, what or IP_TEMPLATE)
                return f" {ip.target or '*'} {'*' if ip.protocol is None else ip.protocol}" if ip else " none"
            case _:
                return ""

    def of_head(self, verb: str, what: bytes) -> str:
        """Formats the result of a call about the current head or its conversion."""
        match verb:
            case "agreed-deflate":
                return f" {agreed_deflate(self.headers or ()) or 'none'}"
            case "says-capsules":
                return f" {truth(says_capsules(self.headers or ()))}"
            case "http2":
                return fields_text(self.request.http2_request(secure=self.secure))
            case "extended":
                return fields_text(self.request.extended_connect(what, secure=self.secure))
            case "end-to-end" | "http2-fields":
                assert self.headers is not None
                translate = {
                    "end-to-end": self.headers.end_to_end,
                    "http2-fields": self.headers.http2_fields,
                }
                return fields_text(translate[verb]())
            case _:
                return ""

    @property
    def request(self) -> Request:
        request = self.connection.request
        assert request
        return request

    @property
    def headers(self) -> Headers | None:
        """Returns the headers of the latest response event, else of the kept request."""
        match self.current:
            case Response(headers=headers) | Informational(headers=headers):
                return headers
            case Switched(response=Response(headers=headers)):
                return headers
            case _:
                request = self.connection.request
                return request.headers if request else None

    def begin_splice(self, content: bytes, trailers: Fields) -> str:
        try:
            self.splice = Splice(self.connection, content, trailers)
        except ProfileError as error:
            return f"splice {error.reason.label}"
        return "splice ok"

    def go_on(self, verb: str, data: bytes) -> list[str]:
        """Passes bytes to a splice, and returns its output as lines."""
        splice = self.splice
        assert splice
        match verb:
            case "from-client":
                splice.client_sent(data)
            case "from-engine":
                splice.engine_sent(data)
            case _:
                splice.client_ended()
        taken = [("for-engine", splice.take_for_engine()), ("for-client", splice.take_for_client())]
        lines = [f"{name} {summary(data)}" for name, data in taken if data]
        done, waiting, wants = map(truth, (splice.is_done, splice.is_waiting, splice.wants_client))
        return [*lines, f"splice done={done} waiting={waiting} wants={wants}"]


def own_deflate(what: str) -> Deflate:
    """Parses parameters of the form `name` or `name=number`, separated by spaces."""
    words = [word.partition("=") for word in what.split()]
    parameters: dict[str, Any] = {name: int(number) if number else True for name, _, number in words}
    return Deflate(**parameters)


def to_http1(what: bytes, fields: Fields) -> str:
    authority, _, key = what.partition(b" ")
    try:
        return f"http1{fields_text(http1_fields(authority, fields, key or None))}"
    except ProfileError as error:
        return f"http1 {error.reason.label}"


def read_capsules(stream: bytes) -> list[str]:
    """Decodes and encodes the datagrams of a capsule stream.

    Returns a line for each, with its encoded length, and one for the end or the error.
    """
    capsules, lines = Capsules(), list[str]()
    capsules.receive_data(stream)
    try:
        while datagram := capsules.next_datagram():
            written = len(datagram.write())
            lines.append(f"datagram {datagram.context} {summary(datagram.payload)} {written}")
        capsules.finish()
    except ProfileError as error:
        return [*lines, f"capsules {error.reason.label}"]
    return [*lines, "capsules end"]
