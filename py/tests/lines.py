"""Formats a connection's output as the lines of a test vector, and parses hex."""

from __future__ import annotations

from switchover import (
    EndOfMessage,
    Event,
    Headers,
    Informational,
    NoOffer,
    ProtocolError,
    Request,
    Response,
    Switched,
)

NAMED = {0x0D: "\\r", 0x0A: "\\n", 0x09: "\\t", 0: "\\0", 0x5C: "\\\\"}
LONGEST = 160
RUN = 24

Fields = list[tuple[bytes, bytes]]


def data_of(text: str) -> bytes:
    """Parses hex; a hyphen means no bytes."""
    return b"" if text == "-" else bytes.fromhex(text)


def entries(text: str) -> list[bytes]:
    """Parses a list in hex whose entries are separated by semicolons."""
    return [entry for entry in data_of(text).split(b";") if entry]


def truth(value: bool) -> str:
    return "true" if value else "false"


def escape(data: bytes) -> str:
    """Escapes bytes; printable ASCII but the backslash stays as it is."""
    return "".join(NAMED.get(byte) or (chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in data)


def compact(data: bytes) -> str:
    """Escapes bytes, and writes long runs of one byte as a repetition."""
    out, at = "", 0
    while at < len(data):
        run = len(data) - at - len(data[at:].lstrip(data[at : at + 1]))
        one = escape(data[at : at + 1])
        out += f"\\{{{run}*{one}}}" if run >= RUN else one * run
        at += run
    return out


def summary(data: bytes) -> str:
    """Formats short content in quotes, long content as its length and checksum."""
    if len(data) <= LONGEST:
        return f'"{escape(data)}"'
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return f"{len(data)} bytes {value:016x}"


def error_line(error: ProtocolError) -> str:
    """Formats a peer's error: its code, name, status to respond with, and offset."""
    status = "-" if error.status is None else error.status
    offset = "-" if error.offset is None else error.offset
    return f"error {error.code} {error.name} {status} @{offset}"


def fields_text(headers: Headers) -> str:
    """Formats field lines, each in braces."""
    return "".join(f" {{{escape(name)}: {escape(value)}}}" for name, value in headers)


def offers_text(request: Request) -> str:
    """Formats a request's offers, or the reason for none; empty without an Upgrade."""
    if request.no_offer is NoOffer.ABSENT:
        return ""
    if request.no_offer is not None:
        return f" offers nothing ({request.no_offer.label})"
    offers = (
        f"{offer.protocol}!{offer.ineligible.label}" if offer.ineligible else str(offer.protocol)
        for offer in request.offers
    )
    return f" offers [{', '.join(offers)}]"


def event_line(event: Event, position: int, shows_fields: bool) -> str:
    """Formats an event other than Data as a line; its field lines if `shows_fields`.

    Trailers are always in it, and the fields of a request that switched never.
    """

    def fields(headers: Headers) -> str:
        return fields_text(headers) if shows_fields else ""

    match event:
        case Request(method, target, headers):
            line = f"{compact(method)} {compact(target)} 1.{event.minor_version}"
            return f"request {line}{offers_text(event)}{fields(headers)} @{position}"
        case Informational(status, headers):
            return f"informational {status}{fields(headers)} @{position}"
        case Response(status, headers):
            dropped = f" dropped {event.dropped}" if event.dropped else ""
            return f"response {status} 1.{event.minor_version}{dropped}{fields(headers)} @{position}"
        case EndOfMessage(trailers):
            return f"end{fields_text(trailers)} @{position}"
        case Switched(by, protocols):
            to = f" to {', '.join(map(str, protocols))}" if protocols else ""
            head = ""
            if event.request:
                head = f" for {event.request.method.decode()} {event.request.target.decode()}"
            elif event.response:
                head = f" {event.response.status}{fields(event.response.headers)}"
            return f"switched by {by.label}{to}{head} @{position}"
        case _:
            raise AssertionError(event)
