"""WebSocket handshakes that come to hypercorn."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from .. import Connection, Headers, Ineligible, LocalProtocolError, Protocol

Fields = list[tuple[bytes, bytes]]

WEBSOCKET: Final = Protocol("websocket")
HANDSHAKE: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-accept"})
"""The names of the field lines that the engine itself writes in a WebSocket's 101."""
LISTS: Final = frozenset({b"connection", b"upgrade", b"sec-websocket-protocol", b"sec-websocket-extensions"})
"""The names of the lists in a handshake, which may have several lines."""


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
    headers = Headers(fields)
    lists = {name: b", ".join(headers.get_all(name)) for name in LISTS} | {b"upgrade": b"websocket"}
    # The first line of a list takes the whole value, and each later one is left out.
    lines = [(name, lists.pop(name.lower(), b"") if name.lower() in LISTS else value) for name, value in fields]
    return [line for line in lines if line[1] or line[0].lower() not in LISTS]
