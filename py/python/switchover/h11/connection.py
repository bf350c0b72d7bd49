"""The `Connection` of h11, on the engine.

The engine parses, encodes and validates. This module adds the states of h11, and the places where h11 pauses.
"""

from __future__ import annotations

import contextlib
from typing import Any, Final

from switchover import (
    Awaiting,
    Config,
    Connection as Engine,
    Owes,
    ProtocolError as EngineError,
    RemoteProtocolError as PeerError,
    Role,
    Stage,
)
from switchover._h11 import (
    ConnectionClosed,
    Data,
    EndOfMessage,
    Event,
    InformationalResponse,
    Request,
    Response,
    read,
    write,
)
from switchover.h11.errors import LocalProtocolError, RemoteProtocolError
from switchover.h11.sentinels import (
    CLIENT,
    DONE,
    ERROR,
    IDLE,
    MIGHT_SWITCH_PROTOCOL,
    MUST_CLOSE,
    NEED_DATA,
    PAUSED,
    SEND_BODY,
    SEND_RESPONSE,
    SERVER,
    SWITCHED_PROTOCOL,
    Sentinel,
)
from switchover.h11.state import START

DEFAULT_MAX_INCOMPLETE_EVENT_SIZE: Final = 16 * 1024
"""The default limit of the bytes kept for an incomplete event."""

UNLIMITED: Final = 2**32 - 1

# h11 has a single limit, which is checked in this module: a head that arrives as a whole may be longer.
CONFIG: Final = Config(
    start_line=UNLIMITED,
    method=UNLIMITED,
    field_line=UNLIMITED,
    fields=UNLIMITED,
    head=UNLIMITED,
    chunk_line=UNLIMITED,
    chunk_extensions=UNLIMITED,
    trailers=UNLIMITED,
    informational=UNLIMITED,
    buffered=UNLIMITED,
    h2c_head=UNLIMITED,
    h2c_content=2**64 - 1,
    status_without_space=True,
    response_lone_lf=True,
    space_after_chunk_size=True,
    controls_in_values=True,
    both_framings=True,
    coding_in_http10=True,
    any_version=True,
    http2_preface=True,
    tidy=True,
    # h11 accepts targets of both schemes, and does not know whether the transport is TLS.
    trusted_gateway=True,
)

PREFACE: Final = len(b"PRI * HTTP/2.0\r\n\r\n")


class Connection:
    """One connection, as client or server.

    `receive_data` appends received bytes, `next_event` returns events, `send` returns the bytes of an event.
    """

    def __init__(
        self, our_role: type[Sentinel], max_incomplete_event_size: int = DEFAULT_MAX_INCOMPLETE_EVENT_SIZE
    ) -> None:
        if our_role is not CLIENT and our_role is not SERVER:
            raise ValueError(f"expected CLIENT or SERVER, not {our_role!r}")
        self.our_role = our_role
        self.their_role: type[Sentinel] = SERVER if our_role is CLIENT else CLIENT
        self.their_http_version: bytes | None = None
        self._max_incomplete_event_size = max_incomplete_event_size
        self._engine = Engine(Role.CLIENT if our_role is CLIENT else Role.SERVER, CONFIG)
        self._state = START
        self._received = 0
        self._after_http = b""
        self._has_ended = False
        self._request: Request | None = None
        self._unasked: tuple[Response, bytearray] | None = None

    # Getters.

    @property
    def states(self) -> dict[type[Sentinel], type[Sentinel]]:
        """The states of client and server, by the sentinels `CLIENT` and `SERVER`."""
        return {CLIENT: self._state.client, SERVER: self._state.server}

    @property
    def our_state(self) -> type[Sentinel]:
        """The state of this side."""
        return self._state.client if self.our_role is CLIENT else self._state.server

    @property
    def their_state(self) -> type[Sentinel]:
        """The state of the peer."""
        return self._state.server if self.our_role is CLIENT else self._state.client

    @property
    def client_is_waiting_for_100_continue(self) -> bool:
        """Returns whether the client waits for a 100 or a response before its content.

        RFC 9110, section 10.1.1.
        """
        if self.our_role is CLIENT:
            return self._engine.awaiting is Awaiting.CONTINUE
        return self._engine.owes is Owes.CONTINUE

    @property
    def they_are_waiting_for_100_continue(self) -> bool:
        """Returns whether this is a server whose client waits for a 100.

        Always False for a client. Next: `send` an InformationalResponse of 100.
        """
        return self.our_role is SERVER and self._engine.owes is Owes.CONTINUE

    @property
    def trailing_data(self) -> tuple[bytes, bool]:
        """The received bytes that were not parsed, and whether EOF was received.

        After a switch these are the first bytes of the new protocol.
        """
        return self._engine.unread[self._preface :] + self._after_http, self._has_ended

    @property
    def _preface(self) -> int:
        """Returns the length of the part of a preface that h11 parses as a request.

        It is the HTTP/2 preface, and that part is among the engine's unread bytes. 0 without a preface.
        """
        return PREFACE if self._request is not None and self._request.http_version == b"2.0" else 0

    # Receiving.

    def receive_data(self, data: bytes) -> None:
        """Appends bytes received from the peer; `b""` is its EOF.

        Next: `next_event`. Raises RuntimeError for bytes after the EOF.
        """
        if not data:
            self._has_ended = True
            self._engine.receive_eof()
            return
        if self._has_ended:
            raise RuntimeError("received close, then received more data?")
        try:
            self._engine.receive_data(data)
        except EngineError:
            # The engine parses no more HTTP.
            self._after_http += data
        else:
            self._received += len(data)
            self._close_after_excess()

    def next_event(self) -> Event | type[NEED_DATA] | type[PAUSED]:
        """Returns the next event.

        `NEED_DATA` if more bytes are needed. `PAUSED` if bytes wait for `start_next_cycle`, or while a switch is
        undecided or done. Raises RemoteProtocolError if the peer broke the protocol or exceeded the limit. Next: `send`
        a response, or call this again.
        """
        state = self._state
        theirs = state.server if self.our_role is CLIENT else state.client
        if theirs is not IDLE and theirs is not SEND_BODY and theirs is not SEND_RESPONSE:
            return self._after_message(theirs)
        try:
            event = read(self._engine)
            if event is None:
                return self._nothing()
            kind = type(event)
            if kind is Data or kind is EndOfMessage:
                self._state = state[self.their_role, kind, False]
                self._close_after_excess()
            else:
                self._take_head(event)
        except PeerError as error:
            raise self._their_error(str(error), error.status) from error
        except LocalProtocolError as error:
            raise self._their_error(str(error), error.error_status_hint) from error
        return event

    def _take_head(self, event: Event) -> None:
        """Records the head of a message of the peer in the states."""
        state, role, kind = self._state, self.their_role, type(event)
        if isinstance(event, Request):
            self._request = event
            after = state[role, kind, event._proposes]
        else:
            assert isinstance(event, (InformationalResponse, Response))
            switches = state.proposed and self._engine.their_state is Stage.SWITCHED_PROTOCOL
            after = state[role, kind, switches]
        self._state = after if self._engine.persists else after[role, MUST_CLOSE, False]
        self.their_http_version = event.http_version

    def _close_after_excess(self) -> None:
        """Makes a client's connection end if bytes follow the complete response.

        They would be parsed as the next response, so complete sides become MUST_CLOSE. RFC 9112,
        section 9.2.
        """
        if self.our_role is CLIENT and self._state.server is DONE and self._received > self._engine.position:
            self._state = self._state[SERVER, MUST_CLOSE, False]

    def _nothing(self) -> Event | type[NEED_DATA]:
        """Returns the result of `next_event` if the received bytes contain no event.

        Raises LocalProtocolError if more bytes are kept than the limit for an incomplete event.
        """
        if self._has_ended:
            return self._closed()
        if self._received - self._engine.position > self._max_incomplete_event_size:
            # The engine gets an EOF, so that a server may respond.
            self._engine.receive_eof(clean=False)
            with contextlib.suppress(PeerError):
                read(self._engine)
            raise LocalProtocolError("Receive buffer too long", 431)
        return NEED_DATA

    def _after_message(self, theirs: type[Sentinel]) -> Event | type[NEED_DATA] | type[PAUSED]:
        """Returns the result of `next_event` if the peer's message is complete or failed."""
        if theirs is ERROR:
            raise RemoteProtocolError("Can't receive data when peer state is ERROR")
        if theirs is MIGHT_SWITCH_PROTOCOL or theirs is SWITCHED_PROTOCOL:
            return PAUSED
        if self._received > self._engine.position or self._after_http:
            if theirs is DONE:
                return PAUSED
            raise self._their_error("Got data when expecting EOF", None)
        return self._closed() if self._has_ended else NEED_DATA

    def _closed(self) -> ConnectionClosed:
        self._state = self._state[self.their_role, ConnectionClosed, False]
        return ConnectionClosed()

    def _their_error(self, text: str, status: int | None) -> RemoteProtocolError:
        self._state = self._state[self.their_role, ERROR, False]
        return RemoteProtocolError(text, status or 400)

    # Sending.

    def send(self, event: Event) -> bytes | None:
        """Returns the bytes of an event; None for `ConnectionClosed`.

        Raises LocalProtocolError if the event is invalid or not allowed now; our state is then `ERROR`. Next: send the
        bytes to the peer.
        """
        try:
            return self._send(event, type(event))
        except EngineError as error:
            self.send_failed()
            raise LocalProtocolError(str(error)) from error
        except BaseException:
            self.send_failed()
            raise

    def send_with_data_passthrough(self, event: Event) -> list[Any] | None:
        """Returns the bytes of an event as a list of pieces; None for `ConnectionClosed`.

        For a non-empty `Data` one of them is its `data` object itself, of which only the length is used. In a response
        without a request the content is copied.
        """
        if not isinstance(event, Data) or not len(event.data) or self._unasked is not None:
            sent = self.send(event)
            return None if sent is None else [sent]
        try:
            after = self._state[self.our_role, Data, False]
            before, following = self._engine.send_data_parts(len(event.data))
        except EngineError as error:
            self.send_failed()
            raise LocalProtocolError(str(error)) from error
        except LocalProtocolError:
            self.send_failed()
            raise
        self._state = after
        return [*([before] if before else []), event.data, *([following] if following else [])]

    def send_failed(self) -> None:
        """Records that an event could not be sent: our state becomes `ERROR`."""
        self._state = self._state[self.our_role, ERROR, False]

    def start_next_cycle(self) -> None:
        """Starts the next request and response on the connection.

        Raises LocalProtocolError unless both sides are `DONE`.
        """
        if self._state.client is not DONE or self._state.server is not DONE:
            raise LocalProtocolError(f"not in a reusable state. self.states={self.states}")
        self._state = START

    def _send(self, event: Event, kind: type[Event]) -> bytes | None:
        state, role, engine = self._state, self.our_role, self._engine
        if kind is Data or kind is EndOfMessage:
            after = state[role, kind, False]
            sent = write(engine, event) if self._unasked is None else self._add(event)
        elif isinstance(event, Request):
            after = state[role, kind, event._proposes]
            sent = write(engine, event)
            after = after if engine.persists else after[role, MUST_CLOSE, False]
        elif kind is ConnectionClosed:
            self._state = state[role, kind, False]
            return None
        else:
            after = state[role, kind, False]
            sent = self._answer(event)
            if state.proposed and engine.our_state is Stage.SWITCHED_PROTOCOL:
                after = state[role, kind, True]
            elif not engine.persists or self._unasked is not None:
                after = after[role, MUST_CLOSE, False]
        self._state = after
        return sent

    def _answer(self, event: Event) -> bytes:
        """Returns the bytes of a response head; none yet if no request was received.

        A 426 for which no protocol is known becomes a 400.
        """
        if isinstance(event, InformationalResponse):
            return write(self._engine, event)
        assert isinstance(event, Response)
        if event.status_code == 426 and not listed(event) and not (self._request and listed(self._request)):
            # A 426 must name a protocol (RFC 9110, 15.5.22); if none is known, a 400 is sent instead.
            event = Response(
                status_code=400,
                headers=event.headers,
                http_version=event.http_version,
                reason=event.reason,
            )
        if self._state.server is IDLE and self._engine.owes is not Owes.RESPONSE:
            self._unasked = (event, bytearray())
            return b""
        if event.status_code == 426 and self._request is not None and (offered := listed(self._request)):
            # A list in the event itself takes precedence over this one.
            self._engine.advertise(offered)
        return write(self._engine, event)

    def _add(self, event: Event) -> bytes:
        """Adds content or the end to a response for which no request was received.

        The engine encodes such a response as a whole, once its end is added.
        """
        assert self._unasked is not None
        response, content = self._unasked
        if isinstance(event, Data):
            content += event.data
            return b""
        return self._engine.reject(response.status_code, response.headers.raw_items(), content, response.reason)


def listed(event: Request | Response) -> list[bytes]:
    """Returns the protocols in the Upgrade header of an event.

    A 426 without that header requires the protocols that the request offers. RFC 9110, section 15.5.22.
    """
    values = [value for name, value in event.headers if name == b"upgrade"]
    return [one.strip() for one in b",".join(values).split(b",") if one.strip()]
