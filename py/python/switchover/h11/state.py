"""The states of client and server as in h11, and the transitions between them."""

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

# The transitions: for each state of the sending side and event, the state that follows.
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
    """The states of both sides, and the transitions to further states.

    `state[role, Event, flag]` is the state that follows, computed once and then cached.

    The flag says of a Request whether it proposes a switch, of a response whether it switches. `ERROR` in the place of
    an event means that the side has failed; `MUST_CLOSE` means that no other request may follow. Raises
    LocalProtocolError for an event that is not allowed.
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
    """Returns the one `State` object with these attributes.

    First applies the transitions that need no event.
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
"""The states of both sides on a new connection, and at each new cycle."""
