"""The progress of each side: h11's states, and what follows them."""

from __future__ import annotations

from typing import Final, TypeAlias

from switchover._h11 import ConnectionClosed, Data, EndOfMessage, Event, InformationalResponse, Request, Response
from switchover.h11.errors import LocalProtocolError
from switchover.h11.sentinels import (
    CLIENT,
    CLOSED,
    DONE,
    ERROR,
    IDLE,
    MIGHT_SWITCH_PROTOCOL,
    MUST_CLOSE,
    SEND_BODY,
    SEND_RESPONSE,
    SERVER,
    SWITCHED_PROTOCOL,
    Sentinel,
)

Move: TypeAlias = tuple[type[Sentinel], type[Event] | type[Sentinel], bool]

# What an event makes of the side that sends it.
BODY: Final[dict[type[Event] | type[Sentinel], type[Sentinel]]] = {Data: SEND_BODY, EndOfMessage: DONE}
END: Final[dict[type[Event] | type[Sentinel], type[Sentinel]]] = {ConnectionClosed: CLOSED}
TABLE: Final[dict[type[Sentinel], dict[type[Sentinel], dict[type[Event] | type[Sentinel], type[Sentinel]]]]] = {
    CLIENT: {IDLE: {Request: SEND_BODY, **END}, SEND_BODY: BODY, DONE: END, MUST_CLOSE: END, CLOSED: END},
    SERVER: {
        IDLE: {Response: SEND_BODY, **END},
        SEND_RESPONSE: {InformationalResponse: SEND_RESPONSE, Response: SEND_BODY},
        SEND_BODY: BODY,
        DONE: END,
        MUST_CLOSE: END,
        CLOSED: END,
    },
}


class State(dict[Move, "State"]):
    """The states of both sides, and the ones that follow.

    `state[role, Event, whether]`, found once and then kept.

    The last part of a move says of a Request whether it proposes a switch, of an answer whether it switches. `ERROR`
    in the place of an event is an error of that side; `MUST_CLOSE` says that no other request may follow.
    LocalProtocolError for an event that may not come now.
    """

    __slots__ = ("client", "persists", "proposed", "server")

    def __init__(self, client: type[Sentinel], server: type[Sentinel], persists: bool, proposed: bool) -> None:
        super().__init__()
        self.client = client
        self.server = server
        self.persists = persists
        self.proposed = proposed

    def __missing__(self, move: Move) -> State:
        state = self[move] = self._after(*move)
        return state

    def _after(self, role: type[Sentinel], event: type[Event] | type[Sentinel], whether: bool) -> State:
        if event is MUST_CLOSE:
            return settled(self.client, self.server, False, self.proposed)
        state = self.client if role is CLIENT else self.server
        to = ERROR if event is ERROR else TABLE[role].get(state, {}).get(event)
        if to is None or (event is Request and self.server is not IDLE):
            raise LocalProtocolError(f"can't handle event type {event.__name__} when role={role} and state={state}")
        if event is Request:
            return settled(to, SEND_RESPONSE, self.persists, whether)
        if role is CLIENT:
            return settled(to, self.server, self.persists, self.proposed)
        if whether:
            return settled(self.client, SWITCHED_PROTOCOL, self.persists, self.proposed)
        return settled(self.client, to, self.persists, self.proposed and event is not Response)


def settled(client: type[Sentinel], server: type[Sentinel], persists: bool, proposed: bool) -> State:
    """Returns the state of these parts, the same object each time.

    With what follows from them by itself.
    """
    if client is DONE and proposed:
        client = MIGHT_SWITCH_PROTOCOL
    if client is MIGHT_SWITCH_PROTOCOL and not proposed:
        client = DONE
    if client is MIGHT_SWITCH_PROTOCOL and server is SWITCHED_PROTOCOL:
        client = SWITCHED_PROTOCOL
    if client is DONE and (not persists or server in (CLOSED, ERROR)):
        client = MUST_CLOSE
    if server is DONE and (not persists or client in (CLOSED, ERROR)):
        server = MUST_CLOSE
    if client is IDLE and server is CLOSED:
        client = MUST_CLOSE
    if server is IDLE and client is CLOSED:
        server = MUST_CLOSE
    parts = client, server, persists, proposed
    return KNOWN.setdefault(parts, State(*parts))


KNOWN: Final[dict[tuple[type[Sentinel], type[Sentinel], bool, bool], State]] = {}

START: Final = settled(IDLE, IDLE, True, False)
"""Nothing has begun."""
