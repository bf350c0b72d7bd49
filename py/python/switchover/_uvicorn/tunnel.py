"""The bytes of a connection that an ASGI app has switched to another protocol."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from .. import Connection, Offer, Switched
from .._advertised import parted
from .transport import closes_after_eof

if TYPE_CHECKING:
    from collections.abc import Iterable

    from uvicorn._types import ASGIReceiveEvent

    from .host import Host

EXTENSION = "switchover.upgrade"
"""The name of the ASGI extension for switches, in a scope."""

# Fields of a response that a 101 has not, or that the engine writes itself.
LEFT_OUT = {b"connection", b"content-length", b"content-encoding", b"transfer-encoding"}


def extension_of(offers: Iterable[Offer], connect: bytes | None = None) -> dict[str, Any]:
    """Returns the entry of a scope for `EXTENSION`: offers, and a CONNECT's target.

    The offers are in the client's order.
    """
    return {
        "offers": [
            {"protocol": str(offer.protocol), "ineligible": offer.ineligible and offer.ineligible.text}
            for offer in offers
        ],
        "connect": None if connect is None else connect.decode("latin-1"),
    }


def is_framed(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Returns whether there is a Content-Length or Transfer-Encoding among the lines."""
    return any(name.lower() in {b"content-length", b"transfer-encoding"} for name, _ in headers)


def accepted(
    connection: Connection, status: int, defaults: list[tuple[bytes, bytes]], headers: Iterable[tuple[bytes, bytes]]
) -> bytes:
    """Returns the bytes of the 101 that accepts the protocol in the app's Upgrade.

    For a CONNECT they are those of the 2xx that opens the tunnel. Raises RuntimeError if a 101 names no protocol that
    can be accepted, or if there is a content coding other than `identity`.
    """
    chosen, others = parted((name.lower(), value) for name, value in headers)
    if any(name == b"content-encoding" and value.lower() != b"identity" for name, value in others):
        raise RuntimeError("There is no content to encode: give it `content-encoding: identity` against a middleware.")
    rest = [*defaults, *(line for line in others if line[0] not in LEFT_OUT)]
    if status != 101:
        return connection.send_response(status, rest)
    if not chosen:
        raise RuntimeError("A 101 needs the header `upgrade`, with one of the offered protocols.")
    selection = connection.select(chosen)
    if selection is None:
        raise RuntimeError(f"The client does not offer {chosen[0].decode('latin-1')!r}, or it cannot be accepted.")
    return connection.accept(selection, rest)


class Tunnel:
    """The bytes of another protocol, received and sent by an ASGI app.

    They are the content of `http.request` and `http.response.body`; `more_body` is False at the end of a direction.
    """

    __slots__ = (
        "event",
        "flow",
        "has_end",
        "has_sent",
        "has_told_end",
        "held",
        "is_left",
        "is_lost",
        "is_over",
        "leaving",
        "protocol",
        "size",
    )

    def __init__(self, protocol: Host, connection: Connection) -> None:
        self.protocol = protocol
        self.flow = protocol.flow
        self.event = asyncio.Event()
        self.held: list[bytes] = []
        self.size = 0
        # The client has ended its direction, and the app was told; the app has ended its own.
        self.has_end = protocol.has_eof
        self.has_told_end = self.is_over = False
        # The connection is lost; or it is to be left, as the server shuts down.
        self.is_lost = self.is_left = False
        # After the client's end: the time to leave, and whether the app has sent something meanwhile.
        self.leaving: asyncio.TimerHandle | None = None
        self.has_sent = False
        event = connection.next_event()
        if not isinstance(event, Switched):
            raise RuntimeError(f"The connection has not switched: {event}.")
        if early := connection.take_leftover():
            self.take(early)
            connection.release()

    # From the client.

    def take(self, data: bytes) -> None:
        """Holds received bytes for the app, and pauses reading above a limit."""
        self.held.append(data)
        self.size += len(data)
        if self.size > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
            # An app that only sends would not hear of a reset behind these bytes.
            self.protocol.watch()
        self.event.set()

    def end(self) -> bool:
        """Records the end of the client's direction; returns whether ours is still open.

        False over TLS, whose end concerns both directions.
        """
        self.has_end = True
        self.event.set()
        return not self.is_over and closes_after_eof(self.protocol.transport)

    def lose(self) -> None:
        """Records that the connection is lost."""
        self.is_lost = True
        if self.leaving is not None:
            self.leaving.cancel()
        self.event.set()

    def leave(self) -> None:
        """Stops reading, and lets `receive` return `http.disconnect` after the held bytes."""
        self.is_left = True
        # A client that sends on must not put that off.
        self.flow.pause_reading()
        self.event.set()

    def wait_to_leave(self) -> None:
        """Lets `receive` return `http.disconnect` once the app sends nothing for a while.

        A client that has left after its half-close looks like one that waits. Only bytes that are sent to it show the
        difference.
        """
        self.has_sent = False
        self.leaving = self.protocol.loop.call_later(self.protocol.timeout_half_closed, self.look)

    def look(self) -> None:
        """Calls `leave`, or waits again if the app has sent bytes meanwhile."""
        if self.has_sent:
            self.wait_to_leave()
        else:
            self.leave()

    # The app.

    async def receive(self) -> ASGIReceiveEvent:
        """Returns an ASGI message: received bytes, the client's end, or `http.disconnect`."""
        while True:
            if self.held:
                data, self.held, self.size = b"".join(self.held), [], 0
                if not self.is_left:
                    self.flow.resume_reading()
                return {"type": "http.request", "body": data, "more_body": True}
            if self.has_end and not self.has_told_end:
                self.has_told_end = True
                return {"type": "http.request", "body": b"", "more_body": False}
            if self.is_lost or self.is_left or (self.has_end and self.is_over):
                return {"type": "http.disconnect"}
            if self.has_told_end and self.leaving is None:
                self.wait_to_leave()
            self.event.clear()
            await self.event.wait()

    def write(self, data: bytes, more_body: bool) -> None:
        """Sends bytes, and after the last of them the end of our direction.

        If the client has ended its own, or over TLS, the connection is then closed. Raises RuntimeError after that end.
        """
        if self.is_over:
            raise RuntimeError("The direction to the client has ended.")
        transport = self.protocol.transport
        if data:
            self.has_sent = True
            transport.write(data)
        if not more_body:
            self.is_over = True
            self.event.set()
            if self.has_end or not closes_after_eof(transport):
                self.protocol.close()
            elif not transport.is_closing():
                self.protocol.half_close_ours()
