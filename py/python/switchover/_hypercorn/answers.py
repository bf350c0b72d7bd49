"""The conversion of the events of hypercorn's streams to bytes for the client."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from hypercorn.protocol.events import Body, Data, EndBody, Event, Response

from .. import Connection, Ineligible, LocalProtocolError, Protocol, Switched
from .._advertised import advertised

Fields = list[tuple[bytes, bytes]]

WEBSOCKET: Final = Protocol("websocket")
HANDSHAKE: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-accept"})
"""The names of the field lines that the engine itself writes in a WebSocket's 101."""
LISTS: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-protocol", b"sec-websocket-extensions"})
"""The names of the lists in a WebSocket handshake, which may have several lines."""


def encoded(connection: Connection, event: Event, fields: Callable[[], Fields], warn: Callable[[str], object]) -> bytes:
    """Returns the bytes to send for an event of a stream, which may be none.

    `fields` returns the server's own field lines, which are added to each head. `warn` logs a
    warning about a protocol that cannot be advertised.
    """
    if isinstance(event, Body):
        return connection.send_data(event.data)
    if isinstance(event, EndBody):
        return connection.send_end()
    if isinstance(event, Response):
        return head(connection, event.status_code, [*event.headers, *fields()], warn)
    return event.data if isinstance(event, Data) else b""


def has_length(response: Response) -> bool:
    """Returns whether a response has a Content-Length."""
    return any(name.lower() == b"content-length" for name, _ in response.headers)


def head(connection: Connection, status: int, fields: Fields, warn: Callable[[str], object]) -> bytes:
    """Returns the bytes of a response's head; a 101 accepts the WebSocket offer."""
    if status == 101 and (selection := connection.select([WEBSOCKET])):
        return connection.accept(selection, [line for line in fields if line[0].lower() not in HANDSHAKE])
    if status < 200:
        return connection.send_informational(status, fields, b"")
    if status == 426 or any(name.lower() == b"upgrade" for name, _ in fields):
        return advertised(connection, warn, status, [], fields)
    return connection.send_response(status, fields, b"")


def refusal(connection: Connection, flaw: Ineligible, fields: Fields) -> bytes:
    """Returns the response to a WebSocket handshake that breaks a rule.

    Its status is that of the broken rule, such as 400. The connection goes on in HTTP.
    """
    with suppress(LocalProtocolError):
        connection.skip_content()
    if flaw.status == 426:
        return connection.require([WEBSOCKET], fields) + connection.send_end()
    return connection.respond(flaw.status, fields, flaw.text.encode())


def handshake(fields: Fields) -> Fields:
    """Returns the field lines of a WebSocket handshake, without any other offer.

    hypercorn compares the whole value of Upgrade with `websocket`, and of several lines it reads the last one. So a
    list has one line here (RFC 9110, section 5.3).
    """
    lines: list[tuple[bytes, bytes]] = []
    places: dict[bytes, int] = {}
    for name, value in fields:
        if (lowered := name.lower()) not in LISTS:
            lines.append((name, value))
        elif lowered not in places:
            places[lowered] = len(lines)
            lines.append((name, b"websocket" if lowered == b"upgrade" else value))
        elif lowered != b"upgrade":
            before = lines[places[lowered]]
            lines[places[lowered]] = (before[0], b"%b, %b" % (before[1], value))
    return lines


def leftover_of(connection: Connection) -> bytes:
    """Returns the bytes of the new protocol that were received before the 101 left."""
    return next((event.leftover for event in connection.events() if isinstance(event, Switched)), b"")
