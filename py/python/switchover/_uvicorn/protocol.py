"""One HTTP/1.1 connection of uvicorn, on this engine."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any

from uvicorn.logging import TRACE_LOG_LEVEL
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl, service_unavailable
from uvicorn.protocols.utils import is_ssl

from .. import (
    NEED_DATA,
    Awaiting,
    Closing,
    Connection,
    Data,
    EndOfMessage,
    ErrorKind,
    Ineligible,
    Owes,
    Paused,
    PausedReason,
    Protocol as Token,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
)
from .._reset import bound_unsent
from .cycle import TEXT, Cycle, base_of
from .deadlines import Wait
from .ending import Ending
from .options import LINGER_BYTES, LINGER_IDLE, LINGER_MAX, Options, configured
from .transport import closes_after_eof
from .websocket import NO_CLASS, Undecided, handshake_of

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application
    from uvicorn.config import Config as ServerConfig
    from uvicorn.server import ServerState

WEBSOCKET = Token("websocket")


class Protocol(Options, asyncio.Protocol):
    """One HTTP/1.1 connection of uvicorn.

    A subclass may set other limits and timeouts.
    """

    def __init__(
        self,
        config: ServerConfig,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        if not config.loaded:
            config.load()
        self.config = config
        # uvicorn's types name its own protocol classes, and this class is not one of them.
        settings: Any = config
        self.app: ASGI3Application = settings.loaded_app
        self.ws_protocol_class: Any = settings.ws_protocol_class
        self.connections: set[Any] = server_state.connections
        self.loop = _loop or asyncio.get_event_loop()
        self.logger = logging.getLogger("uvicorn.error")
        self.access_logger = logging.getLogger("uvicorn.access")
        self.access_log = self.access_logger.hasHandlers()
        self.root_path = config.root_path
        self.limit_concurrency = config.limit_concurrency
        self.app_state = app_state
        self.timeout_keep_alive_task: asyncio.TimerHandle | None = None
        self.waiting = Wait(self.loop, self.timed_out)
        self.timeout_keep_alive = config.timeout_keep_alive
        self.server_state = server_state
        self.tasks = server_state.tasks

        self.connection: Connection
        self.transport: asyncio.Transport
        self.flow: FlowControl
        self.ending: Ending
        self.base: dict[str, Any] = {}
        self.scope: dict[str, Any] = {}
        self.cycle: Cycle | None = None
        # A WebSocket handshake, kept until the content of its request has been discarded.
        self.handshake: Request | None = None
        self.is_handed_over = False
        # Set while `process_events` handles events, and while it is to go on in a later turn of the loop.
        self.is_taking = False
        self.is_due = False
        self.has_eof = self.has_warned = False
        self.leaving: asyncio.TimerHandle | None = None
        # After the last response: the time at which discarding ends, and the number of discarded bytes.
        self.lingers_until: float | None = None
        self.dropped = 0

    # Called by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Stores the transport and creates the connection."""
        secure = is_ssl(transport)
        bound_unsent(transport.get_extra_info("socket"))
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        largest_head = self.config.h11_max_incomplete_event_size
        self.connection = Connection(Role.SERVER, configured(self.engine_config, largest_head, secure))
        self.ending = Ending(transport, self.connection, self.loop)
        self.base = base_of(transport, secure, self.root_path)
        self.waiting.begin("first byte", self.timeout_first_byte)
        self.log_trace("HTTP connection made")

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the app receive `http.disconnect`, and cancels the deadlines."""
        self.connections.discard(self)
        self.log_trace("HTTP connection lost")
        if self.cycle is not None:
            self.cycle.disconnect()
        self.flow.resume_writing()
        self.stop_timer()
        self.waiting.stop()
        self.ending.lost(exc)
        if exc is None:
            self.transport.close()

    def eof_received(self) -> bool | None:
        """Keeps the transport open after a half-close by the client, by returning True.

        It does so only while the client still waits for a response, and if `half_close` is set.
        """
        if not self.half_close or self.lingers_until is not None or not closes_after_eof(self.transport):
            if self.connection.closing is Closing.RESET:
                self.ending.reset()
            else:
                self.ending.bound_the_rest(self.timeout_write)
            return None
        self.has_eof = True
        self.connection.receive_eof()
        self.process_events()
        if self.transport.is_closing() or self.lingers_until is not None:
            self.ending.bound_the_rest(self.timeout_write)
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.notice_eof()
            self.leave_later(self.cycle)
        return True

    def data_received(self, data: bytes) -> None:
        """Passes received bytes to the engine, and handles the events."""
        self.stop_timer()
        if self.lingers_until is not None:
            self.dropped += len(data)
            if self.dropped > LINGER_BYTES:
                self.close()
            else:
                self.wait_for_the_end(self.lingers_until)
            return
        try:
            self.connection.receive_data(data)
        except ProtocolError:
            # HTTP has ended; bytes that arrive now are discarded until the transport has closed.
            return
        self.process_events()
        # Afterwards, as content may have come with its head.
        self.waiting.earn(len(data))

    def leave_later(self, cycle: Cycle) -> None:
        """Schedules `http.disconnect` for an app that waits for it in `receive`."""
        self.leaving = self.loop.call_later(self.timeout_half_closed, cycle.leave)

    def pause_writing(self) -> None:
        """Pauses the app's sends, as the client reads too slowly, and starts the deadline."""
        self.flow.pause_writing()
        self.ending.writing.begin(self.timeout_write)

    def resume_writing(self) -> None:
        """Resumes the app's sends, as the client has read."""
        self.flow.resume_writing()
        if not self.transport.is_closing():
            self.ending.writing.stop()
        if self.is_due:
            self.go_on_later()

    # Called by uvicorn.

    def shutdown(self) -> None:
        """Shuts down gracefully: no request is served after the current one."""
        if self.cycle is None or self.lingers_until is not None:
            self.close()
        elif not self.cycle.response_complete:
            self.cycle.close_after_response()
            if self.has_eof:
                self.cycle.leave()
        elif self.connection.awaiting is Awaiting.CONTENT:
            # A close with unread content would reset the connection, and the client could lose the response.
            self.linger()
        else:
            self.close()

    # Events.

    def process_events(self) -> None:
        """Handles pending events, and pauses reading if the engine's buffer is full."""
        if not self.is_due:
            self.is_taking = True
            try:
                self.take_events()
            finally:
                self.is_taking = False
        if not self.connection.wants_input and not self.is_handed_over and self.lingers_until is None:
            self.flow.pause_reading()

    def go_on_later(self) -> None:
        """Continues with the next event in another turn of the loop.

        A thousand requests may have arrived at once, and other clients must get their turn.
        """
        self.is_due = True
        self.stop_timer()
        self.loop.call_later(0, self.process_events_now)

    def process_events_now(self) -> None:
        """Handles events that were postponed, unless the client does not read responses."""
        if self.is_due and not self.flow.write_paused and not self.transport.is_closing():
            self.is_due = False
            self.process_events()

    def take_events(self) -> None:
        """Handles events until more bytes are needed, or the app's response."""
        while not self.is_due:
            if self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete:
                # A response to HEAD is complete with its head, while its app still runs.
                return
            try:
                event = self.connection.next_event()
            except RemoteProtocolError as error:
                self.send_error(error)
                return
            if event is NEED_DATA:
                self.wait_for_more()
                return
            if isinstance(event, Request):
                self.waiting.stop()
                self.stop_timer()
                self.take(event)
            elif isinstance(event, Data):
                if self.cycle is not None:
                    self.cycle.take(event.data)
            elif isinstance(event, EndOfMessage):
                self.waiting.stop()
                if self.handshake is not None:
                    self.hand_over(self.handshake)
                    return
                if self.cycle is not None:
                    self.cycle.end()
            elif self.handshake is not None:
                self.reject(413, b"Content Too Large")
                return
            elif isinstance(event, Paused) and event.reason is not PausedReason.CLOSED:
                # The next request waits until this one has its response.
                return
            else:
                # HTTP has ended.
                if self.cycle is None or self.cycle.response_complete:
                    self.linger()
                return

    def wait_for_more(self) -> None:
        """Sets a deadline if the client has to send more and no app waits for it."""
        if self.connection.wants_input and (self.cycle is None or len(self.cycle.body) <= HIGH_WATER_LIMIT):
            self.flow.resume_reading()
        awaiting = self.connection.awaiting
        is_answered = self.cycle is None or self.cycle.response_complete
        if awaiting is Awaiting.HEAD:
            self.waiting.begin("head", self.timeout_head)
        elif awaiting is Awaiting.CONTENT and (is_answered or self.handshake is not None):
            self.waiting.begin("content", self.timeout_content)
        elif awaiting is Awaiting.REQUEST and self.cycle is not None and is_answered:
            self.waiting.stop()
            if self.timeout_keep_alive_task is None:
                self.start_timer(self.timeout_keep_alive)

    def timed_out(self, what: str) -> None:
        """Closes the connection of a client that was too slow."""
        if self.transport.is_closing():
            return
        if what == "first byte":
            self.close()
            return
        time = f"timeout_{what}"
        self.logger.warning("A request's %s took too long (%s, %s seconds).", what, time, getattr(self, time))
        if self.cycle is not None:
            self.cycle.disconnect()
        self.reject(408, b"Request Timeout")

    def take(self, request: Request) -> None:
        """Starts the app for a request, or prepares a WebSocket handshake."""
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is None or self.ws_protocol_class is None:
            if request.no_offer is None:
                self.warn_of_an_offer()
            self.begin(request)
        elif offered.ineligible is not None:
            self.reject_offer(request, offered.ineligible)
        else:
            self.handshake = request
            if self.connection.owes is Owes.CONTINUE:
                self.transport.write(self.connection.send_informational(100))
            if not request.ends:
                self.connection.skip_content()

    def warn_of_an_offer(self) -> None:
        """Logs the warnings of uvicorn's own classes about a declined offer.

        Once for each connection.
        """
        if self.has_warned:
            # A client may repeat its offer any number of times.
            return
        self.has_warned = True
        self.logger.warning("Unsupported upgrade request.")
        if self.ws_protocol_class is None:
            self.logger.warning(NO_CLASS)

    def scope_of(self, request: Request) -> dict[str, Any]:
        """Builds and stores the ASGI scope of a request."""
        self.scope = scope = request.asgi()
        scope.update(self.base)
        scope["asgi"] = {"version": self.config.asgi_version, "spec_version": "2.3"}
        scope["state"] = self.app_state.copy()
        if self.root_path:
            scope["path"] = self.root_path + scope["path"]
            scope["raw_path"] = self.root_path.encode("ascii") + scope["raw_path"]
        return scope

    def begin(self, request: Request) -> None:
        """Starts the app, in a task, for a request."""
        app = self.app
        if self.limit_concurrency is not None and (
            len(self.connections) >= self.limit_concurrency or len(self.tasks) >= self.limit_concurrency
        ):
            app = service_unavailable
            self.logger.warning("Exceeded concurrency limit.")
        self.cycle = cycle = Cycle(self, self.scope_of(request), request.ends)
        if not request.ends:
            self.waiting.prepare("content", self.timeout_content)
        apart: dict[str, Any] = {"context": contextvars.Context()} if self.config.reset_contextvars else {}
        if self.has_eof:
            self.leave_later(cycle)
        task = self.loop.create_task(cycle.run(app), **apart)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def reject_offer(self, request: Request, flaw: Ineligible) -> None:
        """Responds to a WebSocket handshake that cannot be accepted.

        The response says what is wrong, and advertises websocket.
        """
        text = flaw.text.encode()
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"upgrade", b"websocket")]
        self.cycle = cycle = Cycle(self, self.scope_of(request), request.ends)
        cycle.start(flaw.status, [*self.server_state.default_headers, *headers])
        cycle.write(text, more_body=False)
        self.go_on_later()

    def hand_over(self, request: Request) -> None:
        """Passes a WebSocket handshake to uvicorn's own class.

        The class gets the head of the request and every byte after its content.
        """
        self.log_trace("Upgrading to WebSocket")
        self.waiting.stop()
        self.connections.discard(self)
        protocol = self.ws_protocol_class(config=self.config, server_state=self.server_state, app_state=self.app_state)
        head, rest = handshake_of(request), self.connection.unread
        self.is_handed_over = True
        # An app that still runs after its response must not affect the WebSocket.
        self.cycle = None
        self.flow.resume_reading()
        undecided = Undecided(protocol, self.transport, rest, self.has_eof, self.ending, self.timeout_write)
        undecided.begin(head, self.flow.write_paused)

    def send_error(self, error: RemoteProtocolError) -> None:
        """Responds to a protocol error, if still possible, and closes the connection."""
        if error.kind is ErrorKind.TRUNCATED:
            self.log_trace("HTTP request cut short")
        else:
            self.logger.warning("Invalid HTTP request received: %s (%s). %s", error, error.clause, error.advice)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnect()
        self.reject(error.status or 400, b"Invalid HTTP request received.")

    def reject(self, status: int, text: bytes) -> None:
        """Sends the connection's last response, if none has begun, and closes it."""
        self.waiting.stop()
        if self.transport.is_closing():
            return
        try:
            self.transport.write(self.connection.reject(status, [TEXT], text))
        except ProtocolError:
            # A response has begun, or the client's error has ended HTTP after a complete one.
            self.connection.abandon()
        self.linger()

    # The end.

    def close(self) -> None:
        """Closes the connection; resets it if a response would look complete but is not."""
        self.ending.close(self.timeout_write)

    def linger(self) -> None:
        """Half-closes the connection, then reads and discards for a limited time.

        An immediate close could make the client lose a response that it has not read yet (RFC 9112, section 9.6).
        """
        if self.lingers_until is not None or self.transport.is_closing():
            return
        if self.connection.closing is not Closing.LINGER or not closes_after_eof(self.transport):
            self.close()
            return
        try:
            self.transport.write_eof()
        except OSError:
            # The client has reset the connection.
            self.transport.abort()
            return
        self.ending.reset_if_cut()
        # Nothing more is answered, so a postponed event must not stop the timer of the end.
        self.is_due = False
        self.flow.resume_reading()
        self.lingers_until = monotonic() + LINGER_MAX
        self.wait_for_the_end(self.lingers_until)

    def wait_for_the_end(self, until: float) -> None:
        """Waits until the client has closed its side too, or the time is over."""
        self.start_timer(max(0, min(LINGER_IDLE, until - monotonic())))

    # After a response.

    def answered(self) -> None:
        """Continues after a complete response: with the next request, or by closing."""
        if self.leaving is not None:
            self.leaving.cancel()
            self.leaving = None
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self.connection.persists or (self.cycle is not None and self.cycle.is_last):
            self.linger()
            return
        if self.cycle is not None and self.cycle.more_body:
            # The app did not read the rest of the request.
            self.connection.skip_content()
        else:
            self.start_timer(self.timeout_keep_alive)
        self.flow.resume_reading()
        if not self.is_taking:
            self.process_events()

    def timeout_keep_alive_handler(self) -> None:
        """Closes a connection on which no byte was received for a while."""
        self.close()

    def start_timer(self, seconds: float) -> None:
        """Starts the timer that closes the connection if no byte is received in that time."""
        self.stop_timer()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def stop_timer(self) -> None:
        """Cancels the timer that closes the connection."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def log_trace(self, message: str) -> None:
        """Logs the state of the connection, with `--log-level trace`."""
        if self.logger.level <= TRACE_LOG_LEVEL:
            client = self.base["client"]
            self.logger.log(TRACE_LOG_LEVEL, "%s%s", f"{client[0]}:{client[1]} - " if client else "", message)
