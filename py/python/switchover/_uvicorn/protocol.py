"""One HTTP/1.1 connection of uvicorn, on switchover's engine."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from typing import Any

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
from .._keep import keep
from .._limits import LINGER_BYTES, LINGER_IDLE, TLS_TURN, TURN
from .._reset import prepare, takes_all
from .._switchover import _next_scope, _scope
from .base import HANDED_OVER, LINGERING, OPEN, POSTPONED, SWITCHED, TAKING
from .cycle import TEXT, Cycle
from .deadlines import NEXT_REQUEST
from .ending import Ending
from .host import base_of, below_root
from .options import configured
from .run import run
from .transport import closes_after_eof, socket_of
from .tunnel import EXTENSION, extension_of
from .watching import Watching
from .websocket import NO_CLASS, Undecided, failed, handshake_of

WEBSOCKET = Token("websocket")

# The number of requests that tasks answer at once before other clients have their turn.
REQUESTS = 16

# The number of looks in `await_eof`.
EOF_LOOKS = 10


class Protocol(Watching):
    """One HTTP/1.1 connection of uvicorn.

    A subclass may set other limits and timeouts.
    """

    # Called by the transport.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Stores the transport, creates the engine, and sets the first deadline."""
        secure = is_ssl(transport)
        prepare(socket_of(transport))
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        largest_head = self.config.h11_max_incomplete_event_size
        self.connection = Connection(Role.SERVER, configured(self.engine_config, largest_head, secure))
        self.ending = Ending(transport, self.connection, self.loop)
        self.write = transport.write
        self.turn = TLS_TURN if secure else TURN
        self.base = base_of(transport, secure, self.root_path, self.sends_files)
        self.base["asgi"] = {"version": self.config.asgi_version, "spec_version": "2.3"}
        self.base["state"] = self.app_state
        self.deadline.begin("first byte", self.timeout_first_byte)
        self.log_trace("HTTP connection made")

    def connection_lost(self, exc: Exception | None) -> None:
        """Lets the app receive `http.disconnect`, and cancels the connection's deadlines."""
        self.connections.discard(self)
        self.lingering.discard(self)
        self.log_trace("HTTP connection lost")
        if self.cycle is not None:
            self.cycle.disconnect()
            if self.cycle.task is not None and not self.cycle.has_begun:
                # It may have been cancelled before its first step.
                self.tasks.discard(self.cycle.task)
        self.flow.resume_writing()
        self.deadline.cancel()
        self.ending.lost(exc)
        if exc is None:
            self.transport.close()

    def eof_received(self) -> bool | None:
        """Keeps the transport open after a half-close by the client, by returning True.

        It does so only while a response is due and `half_close` is set, or an app may still send another protocol.
        """
        if (tunnel := self.tunnel) is not None:
            stays_open = tunnel.end()
            if stays_open:
                self.watch_for_close()
            else:
                self.ending.bound_the_rest(self.timeout_write)
                if self.cycle is not None and is_ssl(self.transport):
                    self.cycle.lose_reader()
            return stays_open
        self.end_burst()
        if not self.half_close or self.lingers or not closes_after_eof(self.transport):
            if self.connection.closing is Closing.RESET:
                self.ending.reset_after_eof(self.timeout_write)
            else:
                self.ending.bound_the_rest(self.timeout_write)
            if self.cycle is not None and not self.cycle.response_complete and is_ssl(self.transport):
                self.cycle.lose_reader()
            return None
        self.has_eof = True
        self.connection.receive_eof()
        self.process_events()
        if self.transport.is_closing() or self.lingers:
            self.ending.bound_the_rest(self.timeout_write)
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.notice_eof()
            self.leave_later(self.cycle)
        return True

    async def await_eof(self, cycle: Cycle) -> None:
        """Waits until TLS has reported the EOF of a client that has hung up.

        Unread bytes may precede that EOF. While TLS flushes, and while reading is paused, its transport never reports
        it, and may drop and log each write. So after `LINGER_IDLE` seconds this does what its report would do.
        """
        for _ in range(EOF_LOOKS):
            if cycle.is_gone or cycle.disconnected or self.transport.is_closing():
                return
            await asyncio.sleep(LINGER_IDLE / EOF_LOOKS)
        if cycle.is_gone:
            return
        if self.flow.read_paused:
            cycle.lose_reader()
        elif cycle is self.cycle:
            self.eof_received()

    def data_received(self, data: bytes) -> None:
        """Passes received bytes to the engine and handles events, or to an app's tunnel.

        Discards them after the last response.
        """
        if self.phase is LINGERING:
            self.discard(len(data))
            return
        if self.phase is SWITCHED and (tunnel := self.tunnel) is not None:
            tunnel.take(data)
            return
        self.process_events(data)
        # Afterwards, as content may have come with its head.
        if self.deadline.what == "content":
            self.deadline.earn(len(data), self.timeout_content)

    def discard(self, length: int) -> None:
        """Counts bytes discarded after the last response; closes after `LINGER_BYTES`."""
        self.dropped += length
        if self.dropped > LINGER_BYTES:
            self.close()
        else:
            self.wait_for_the_end()

    def pause_writing(self) -> None:
        """Pauses the app's sends, as the client is slow, and starts the write deadline."""
        self.flow.pause_writing()
        self.ending.writing.begin(self.timeout_write)

    def resume_writing(self) -> None:
        """Resumes the app's sends, as the client has read, and stops the write deadline.

        The deadline of a closing transport goes on.
        """
        self.flow.resume_writing()
        if not self.transport.is_closing():
            self.ending.writing.stop()
        if self.phase is POSTPONED:
            self.go_on_later()

    # Called by uvicorn.

    def shutdown(self) -> None:
        """Shuts down gracefully: no request is served after the current one."""
        self.is_stopping = True
        takes_all(socket_of(self.transport))
        if self.lingers:
            return  # it takes some seconds at most
        if self.cycle is None:
            self.close()
        elif not self.cycle.response_complete:
            self.cycle.close_after_response()
            if self.has_eof or self.cycle.tunnel is not None or self.has_left_unread():
                self.cycle.leave()
        elif self.connection.awaiting is Awaiting.CONTENT:
            # A close with unread content would reset the connection, and the client could lose the response.
            self.linger()
        else:
            self.close()

    # Events.

    def process_events(self, data: bytes | None = None) -> None:
        """Passes `data` to the engine and handles the events.

        If events are being handled already, or are postponed, it only passes the bytes. Pauses
        reading if the engine takes no more bytes now.
        """
        if self.phase is OPEN:
            self.phase = TAKING
            try:
                self.take_events(data)
            finally:
                if self.phase is TAKING:
                    self.phase = OPEN
        elif data is not None:
            keep(self.connection, data)
        if not self.connection.wants_input and self.serves:
            self.flow.pause_reading()
        if self.flow.read_paused and self.cycle is not None and self.is_awaited(self.cycle):
            self.watch()

    def go_on_later(self) -> None:
        """Continues with the next event in another turn of the loop.

        A thousand requests may have arrived at once, and other clients must get their turn.
        """
        self.phase = POSTPONED
        self.deadline.stop()
        self.loop.call_later(0, self.process_events_now)

    def process_events_now(self) -> None:
        """Handles postponed events, unless a response waits for the client to read."""
        if self.phase is POSTPONED and not self.flow.write_paused and not self.transport.is_closing():
            self.phase = OPEN
            self.process_events()

    def take_events(self, data: bytes | None) -> None:
        """Handles the engine's events until it needs more bytes, or the app's response."""
        answered = 0
        while self.phase is TAKING:
            cycle = self.cycle
            if cycle is not None and not cycle.more_body and not cycle.response_complete:
                # A response to HEAD is complete with its head, while its app still runs.
                if data is not None:
                    keep(self.connection, data)
                return
            try:
                event = _next_scope(self.connection, self.base, data)
            except RemoteProtocolError as error:
                self.send_error(error)
                return
            except ProtocolError:
                # HTTP has ended; bytes that arrive now are discarded until the transport has closed.
                return
            data = None
            if isinstance(event, tuple):
                self.begin(*event)
                # A task that starts at once may have answered already.
                answered += self.cycle is not None and self.cycle.response_complete
                if answered == REQUESTS and self.phase is TAKING:
                    self.go_on_later()
            elif event is NEED_DATA:
                self.wait_for_more()
                return
            elif isinstance(event, Request):
                self.take(event)
            elif isinstance(event, Data):
                if self.cycle is not None:
                    self.cycle.take(event.data)
            elif isinstance(event, EndOfMessage):
                self.deadline.stop()
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
        """Resumes reading, and sets the deadline for what the client has to send.

        A deadline for content is set here only after the response, or for a WebSocket handshake.
        """
        if self.connection.wants_input and (self.cycle is None or self.cycle.size <= HIGH_WATER_LIMIT):
            self.flow.resume_reading()
        awaiting = self.connection.awaiting
        is_answered = self.cycle is None or self.cycle.response_complete
        if awaiting is Awaiting.HEAD:
            self.deadline.begin("head", self.timeout_head)
        elif awaiting is Awaiting.CONTENT and (is_answered or self.handshake is not None):
            self.deadline.begin("content", self.timeout_content)
        elif awaiting is Awaiting.REQUEST and self.cycle is not None and is_answered:
            self.deadline.begin(NEXT_REQUEST, self.timeout_keep_alive)

    def timed_out(self, what: str) -> None:
        """Closes the connection of a client that was too slow with `what`.

        For `head` and `content` it first sends a 408, unless a response has begun.
        """
        if self.transport.is_closing():
            return
        if what not in {"head", "content"}:
            self.close()
            return
        time = f"timeout_{what}"
        self.logger.warning("A request's %s took too long (%s, %s seconds).", what, time, getattr(self, time))
        if self.cycle is not None:
            self.cycle.disconnect()
        self.reject(408, b"Request Timeout")

    def take(self, request: Request) -> None:
        """Starts the app for a request with an offer, or handles a WebSocket handshake.

        A handshake is kept until the request's end, or rejected if it breaks a rule. If uvicorn has
        no WebSocket class, it is an offer like any other.
        """
        self.deadline.stop()
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is None or self.ws_protocol_class is None:
            scope = _scope(request, self.base)
            scope["extensions"][EXTENSION] = extension_of(request.offers)
            if request.ends:
                self.connection.take_end()
            self.begin(scope, request.ends, offers=True)
        elif offered.ineligible is not None:
            self.reject_offer(request, offered.ineligible)
        else:
            self.handshake = request
            if self.connection.owes is Owes.CONTINUE:
                self.write_at_once(self.connection.send_informational(100))
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

    def begin(self, scope: dict[str, Any], ends: bool, *, offers: bool = False) -> None:
        """Starts the app for a request in a task; `ends` says that no content follows."""
        if self.root_path:
            below_root(scope, self.root_path)
        if scope["method"] == "CONNECT" and (request := self.connection.request) is not None:
            scope["extensions"][EXTENSION] = extension_of((), connect=request.target)
            offers = True
        app = self.app
        limit = self.limit_concurrency
        if limit is not None and max(len(self.connections) - len(self.lingering), len(self.tasks)) >= limit:
            app = service_unavailable
            self.logger.warning("Exceeded concurrency limit.")
        self.cycle = cycle = Cycle(self, scope, ends, offers)
        if ends:
            self.deadline.stop()
        else:
            self.deadline.prepare("content", self.timeout_content)
        if self.has_eof:
            self.leave_later(cycle)
        variables = contextvars.Context() if self.config.reset_contextvars else self.variables.copy()
        if self.eager_start and sys.version_info >= (3, 12):
            task = asyncio.Task(run(cycle, app), loop=self.loop, eager_start=True, context=variables)
        else:
            # Not by an argument, which not all loops and factories of tasks know.
            task = variables.run(self.loop.create_task, run(cycle, app))
        # The loop's own factory of tasks may start them at once, too.
        if not cycle.has_returned:
            cycle.task = task
            self.tasks.add(task)

    def reject_offer(self, request: Request, flaw: Ineligible) -> None:
        """Responds to a WebSocket handshake that cannot be accepted.

        The content of the response names the broken rule, and its Upgrade is `websocket`.
        """
        text = flaw.text.encode()
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"upgrade", b"websocket")]
        scope = _scope(request, self.base)
        if self.root_path:
            below_root(scope, self.root_path)
        self.cycle = cycle = Cycle(self, scope, request.ends)
        cycle.start(flaw.status, headers)
        cycle.write(text, more_body=False)
        if self.phase is TAKING:
            self.go_on_later()

    def hand_over(self, request: Request) -> None:
        """Passes a WebSocket handshake to uvicorn's own class.

        The class gets the head of the request and every byte after its content.
        """
        self.log_trace("Upgrading to WebSocket")
        self.deadline.cancel()
        self.connections.discard(self)
        protocol = self.ws_protocol_class(config=self.config, server_state=self.server_state, app_state=self.app_state)
        self.end_burst()
        head, rest = handshake_of(request), self.connection.unread
        self.phase = HANDED_OVER
        # An app that still runs after its response must not affect the WebSocket.
        self.cycle = None
        self.flow.resume_reading()
        undecided = Undecided(protocol, self.transport, rest, self.has_eof, self.ending, self.timeout_write)
        try:
            # The app before must not pass its context variables on, although it may be what calls this.
            self.variables.copy().run(undecided.begin, head, self.flow.write_paused)
        except Exception as error:
            # It is no error of the app before, in whose last `send` this may be.
            failed(self.transport, error)

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
        self.deadline.stop()
        if self.transport.is_closing():
            return
        try:
            self.write_at_once(self.connection.reject(status, [TEXT], text))
        except ProtocolError:
            # A response has begun, or the client's error has ended HTTP after a complete one.
            self.connection.abandon()
        self.linger()

    # After a response.

    def answered(self, is_idle: bool) -> None:
        """Continues after a complete response: with the next request, or by closing."""
        if self.leaving is not None:
            self.cancel_leaving()
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        cycle = self.cycle
        if (cycle is not None and cycle.is_last) or not (is_idle or self.connection.persists):
            self.linger()
            return
        if cycle is not None and cycle.more_body:
            # The app did not read the rest of the request.
            self.connection.skip_content()
        if self.flow.read_paused:
            self.flow.resume_reading()
        if is_idle and not self.has_eof:
            self.deadline.begin(NEXT_REQUEST, self.timeout_keep_alive)
            if self.burst is not None:
                self.end_burst()
        else:
            # The next event, or a need for more bytes, sets the deadline.
            burst = self.burst or self.begin_burst()
            if burst is None:
                self.process_events()
                return
            self.write = burst.write
            self.process_events()
            if not burst.is_scheduled:
                burst.watch()
