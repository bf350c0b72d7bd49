"""uvicorn's HTTP/1.1 on this engine.

`uvicorn --http switchover.uvicorn:Protocol app:app`.

Needs `pip install switchover[uvicorn]`. WebSockets are uvicorn's own, whichever `--ws` is chosen, but for a
handshake that breaks a rule, which is answered here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from . import (
    NEED_DATA,
    Awaiting,
    Closing,
    Config,
    Connection,
    Data,
    EndOfMessage,
    ErrorKind,
    Ineligible,
    LocalProtocolError,
    Owes,
    Paused,
    PausedReason,
    Protocol as Token,
    ProtocolError,
    RemoteProtocolError,
    Request,
    Role,
)
from ._reset import acknowledged, bound_unsent, ends, has_hung_up, resets, unread_by_peer

OLDEST = (0, 54)
"""The first version of uvicorn that it is tested with."""

try:
    import uvicorn
    from uvicorn.config import Config as ServerConfig
    from uvicorn.logging import TRACE_LOG_LEVEL
    from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl, service_unavailable
    from uvicorn.protocols.utils import (
        ClientDisconnected,
        get_client_addr,
        get_local_addr,
        get_path_with_query_string,
        get_remote_addr,
        is_ssl,
    )
    from uvicorn.server import ServerState
except ImportError as _missing:
    raise ImportError("switchover.uvicorn needs uvicorn: pip install 'switchover[uvicorn]'") from _missing

if tuple(int(part) for part in uvicorn.__version__.split(".")[:2]) < OLDEST:
    raise ImportError(
        f"switchover.uvicorn needs uvicorn {OLDEST[0]}.{OLDEST[1]} or later, and this is {uvicorn.__version__}: "
        "pip install --upgrade 'switchover[uvicorn]'"
    )

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveEvent, ASGISendEvent

WEBSOCKET = Token("websocket")

# Fields of a handshake that a WebSocket class does not see: the other offers, and what frames content that is over.
LEFT_OUT = {b"upgrade", b"content-length", b"transfer-encoding", b"trailer", b"expect"}
TEXT = (b"content-type", b"text/plain; charset=utf-8")

# How long, and how much, is read from a client after its last response, unless it pauses for LINGER_IDLE.
LINGER_MAX = 4.0
LINGER_IDLE = 1.0
LINGER_BYTES = 1 << 20

# How many messages an app may send to a client that has gone, before `send` raises an error.
UNHEARD = 1_000

# What each byte of content adds to its time, in seconds.
SECONDS_PER_BYTE = 0.001


CONFIGURED: dict[tuple[Config, int | None, bool], Config] = {}


def configured(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns a configuration with uvicorn's own option for heads in it; made once."""
    key = (config, largest_head, secure)
    if key not in CONFIGURED:
        CONFIGURED[key] = with_options(config, largest_head, secure)
    return CONFIGURED[key]


def with_options(config: Config, largest_head: int | None, secure: bool) -> Config:
    """Returns the configuration with uvicorn's limit for a head, and `secure`."""
    options = {name: getattr(config, name) for name in dir(config)}
    if largest_head is not None:
        options |= {name: max(largest_head, options[name]) for name in ("head", "start_line", "field_line")}
    return Config(**{**options, "secure": secure})


class Wait:
    """The deadline of the client: one thing at a time, with its time."""

    def __init__(self, loop: asyncio.AbstractEventLoop, expired: Callable[[str], None]) -> None:
        self.loop = loop
        self.expired = expired
        self.what = ""
        self.most = self.left = self.until = 0.0
        self.handle: asyncio.TimerHandle | None = None

    def begin(self, what: str, seconds: float) -> None:
        """Waits; if that was waited for before, the time that is left of it runs on."""
        if self.what != what:
            self.stop()
            self.what, self.most, self.left = what, seconds, seconds
        if self.handle is None:
            self.until = monotonic() + self.left
            self.handle = self.loop.call_later(self.left, self.expire)

    def earn(self, length: int) -> None:
        """Adds the time of received bytes.

        Never to more than there was at the beginning.
        """
        if self.handle is not None:
            self.until = min(self.until + length * SECONDS_PER_BYTE, monotonic() + self.most)

    def pause(self) -> None:
        """Waits no longer, but may again."""
        if self.handle is not None:
            self.left = max(0.0, self.until - monotonic())
            self.handle.cancel()
            self.handle = None

    def stop(self) -> None:
        """Ends the deadline: what was waited for has come."""
        if self.what:
            self.pause()
            self.what = ""

    def expire(self) -> None:
        """Looks whether the time was prolonged meanwhile."""
        self.handle = None
        if (left := self.until - monotonic()) > 0:
            self.handle = self.loop.call_later(left, self.expire)
        else:
            what, self.what = self.what, ""
            self.expired(what)


class Protocol(asyncio.Protocol):
    """One connection of uvicorn. A subclass may set other limits and times."""

    engine_config: ClassVar[Config] = Config(tidy=True, content=1 << 30)
    """The limits of a request. `--h11-max-incomplete-event-size` raises those of a head.

    What frameworks say against themselves (a length on a 204, or beside a Transfer-Encoding) is put right.
    """
    timeout_first_byte = 60.0
    """Seconds until the first byte of a connection; after an answer it is `--timeout-keep-alive`."""
    timeout_head = 30.0
    """Seconds that a head may take from its first byte on; then the answer is 408."""
    timeout_content = 30.0
    """Seconds that content may take while the app waits for it, and a millisecond for each byte; then it is a 408."""
    timeout_write = 30.0
    """Seconds for which a client may take nothing of what is sent, and a millisecond for each byte that it takes."""
    half_close = True
    """Whether a client that has ended its sending side gets its answer. Without it the app learns at once that it left.

    The app of a stream of unknown length, as server-sent events are, gets `http.disconnect` in either case.
    """
    timeout_half_closed = LINGER_MAX
    """Seconds after that until an app that waits for its client's end in `receive` gets `http.disconnect`."""

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
        # uvicorn names its own classes in these types, of which this is none.
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
        self.write_task: asyncio.TimerHandle | None = None
        self.taken = 0
        self.is_reset_if_cut = False
        self.timeout_keep_alive = config.timeout_keep_alive
        self.server_state = server_state
        self.tasks = server_state.tasks

        self.connection: Connection
        self.transport: asyncio.Transport
        self.flow: FlowControl
        self.base: dict[str, Any] = {}
        self.scope: dict[str, Any] = {}
        self.cycle: Cycle | None = None
        # What goes to a WebSocket class once its content is over.
        self.handshake: Request | None = None
        self.is_handed_over = False
        # Events are being taken, in a call further out; or will be, in a later turn of the loop.
        self.is_taking = False
        self.is_due = False
        self.has_eof = self.has_warned = False
        self.leaving: asyncio.TimerHandle | None = None
        # Until when the rest of what a client sends is read and dropped, once it has its answer; and how much that was.
        self.lingers_until: float | None = None
        self.dropped = 0

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins."""
        secure = is_ssl(transport)
        bound_unsent(transport.get_extra_info("socket"))
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        largest_head = self.config.h11_max_incomplete_event_size
        self.connection = Connection(Role.SERVER, configured(self.engine_config, largest_head, secure))
        self.base = {
            "type": "http",
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "scheme": "https" if secure else "http",
            "root_path": self.root_path,
        }
        self.waiting.begin("first byte", self.timeout_first_byte)
        self.log_trace("HTTP connection made")

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends: what the app waits for is over."""
        self.connections.discard(self)
        self.log_trace("HTTP connection lost")
        if self.cycle is not None:
            self.cycle.disconnect()
        self.flow.resume_writing()
        self.stop_timer()
        self.stop_write_timer()
        self.waiting.stop()
        if self.is_reset_if_cut and exc is None and self.connection.closing is not Closing.RESET:
            # All has been sent: the socket is closed after this.
            ends(self.transport.get_extra_info("socket"))
        if exc is None:
            self.transport.close()

    def eof_received(self) -> bool | None:
        """Keeps the transport open for a client that has half-closed.

        As long as the client still waits for something.
        """
        if not self.half_close or self.lingers_until is not None or not closes_after_eof(self.transport):
            if self.connection.closing is Closing.RESET:
                self.reset()
            else:
                self.bound_the_rest()
            return None
        self.has_eof = True
        self.connection.receive_eof()
        self.process_events()
        if self.transport.is_closing() or self.lingers_until is not None:
            self.bound_the_rest()
            return None
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.notice_eof()
            self.leave_later(self.cycle)
        return True

    def data_received(self, data: bytes) -> None:
        """Hands bytes to the engine and does what they say."""
        self.stop_timer()
        if self.lingers_until is not None:
            self.dropped += len(data)
            if self.dropped > LINGER_BYTES:
                self.close()
            else:
                self.wait_for_the_end(self.lingers_until)
            return
        self.waiting.earn(len(data))
        try:
            self.connection.receive_data(data)
        except ProtocolError:
            # The connection is over; what comes now is dropped until the transport has closed.
            return
        self.process_events()

    def leave_later(self, cycle: Cycle) -> None:
        """An app that waits for its client's end hears it after a while."""
        self.leaving = self.loop.call_later(self.timeout_half_closed, cycle.leave)

    def pause_writing(self) -> None:
        """The client reads more slowly than the app writes."""
        self.flow.pause_writing()
        self.start_write_timer(self.timeout_write)

    def resume_writing(self) -> None:
        """The client has read."""
        self.flow.resume_writing()
        if not self.transport.is_closing():
            self.stop_write_timer()
        if self.is_due:
            self.go_on_later()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """No request after this one."""
        if self.cycle is None or self.lingers_until is not None:
            self.close()
        elif not self.cycle.response_complete:
            self.cycle.close_after_response()
            if self.has_eof:
                self.cycle.leave()
        elif self.connection.awaiting is Awaiting.CONTENT:
            # With content on its way a close would take the answer back.
            self.linger()
        else:
            self.close()

    # Events.

    def process_events(self) -> None:
        """Takes the events there are, and reads no further than the engine has room."""
        if not self.is_due:
            self.is_taking = True
            try:
                self.take_events()
            finally:
                self.is_taking = False
        if not self.connection.wants_input and not self.is_handed_over and self.lingers_until is None:
            self.flow.pause_reading()

    def go_on_later(self) -> None:
        """Goes on in another turn of the loop.

        A thousand requests may have come at once, and other clients wait, too.
        """
        self.is_due = True
        self.stop_timer()
        self.loop.call_later(0, self.process_events_now)

    def process_events_now(self) -> None:
        """Unless the client does not read its answers; then once it does."""
        if self.is_due and not self.flow.write_paused and not self.transport.is_closing():
            self.is_due = False
            self.process_events()

    def take_events(self) -> None:
        """Up to where more bytes are needed, or the app's answer."""
        while not self.is_due:
            if self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete:
                # An answer to HEAD is complete with its head, and its app is not.
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
                # The next request waits until this one is answered.
                return
            else:
                # The connection is over.
                if self.cycle is None or self.cycle.response_complete:
                    self.linger()
                return

    def wait_for_more(self) -> None:
        """Sets a deadline, where the client is the one to go on and no app waits for it."""
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
        """The client has not sent in time what it was waited for."""
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
        """A request is for the app, unless it offers WebSocket and that is spoken here."""
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
        """Logs what uvicorn's own classes log of a declined offer.

        Once for each connection.
        """
        if self.has_warned:
            # A client may ask as often as it likes.
            return
        self.has_warned = True
        self.logger.warning("Unsupported upgrade request.")
        if self.ws_protocol_class is None:
            self.logger.warning(
                "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", "
                "or install 'websockets' or 'wsproto' manually."
            )

    def scope_of(self, request: Request) -> dict[str, Any]:
        """Builds the scope of a request for the app."""
        self.scope = scope = request.asgi()
        scope.update(self.base)
        scope["asgi"] = {"version": self.config.asgi_version, "spec_version": "2.3"}
        scope["state"] = self.app_state.copy()
        if self.root_path:
            scope["path"] = self.root_path + scope["path"]
            scope["raw_path"] = self.root_path.encode("ascii") + scope["raw_path"]
        return scope

    def begin(self, request: Request) -> None:
        """Starts the app on a request."""
        app = self.app
        if self.limit_concurrency is not None and (
            len(self.connections) >= self.limit_concurrency or len(self.tasks) >= self.limit_concurrency
        ):
            app = service_unavailable
            self.logger.warning("Exceeded concurrency limit.")
        self.cycle = cycle = Cycle(self, self.scope_of(request), request.ends)
        apart: dict[str, Any] = {"context": contextvars.Context()} if self.config.reset_contextvars else {}
        if self.has_eof:
            self.leave_later(cycle)
        task = self.loop.create_task(cycle.run(app), **apart)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def reject_offer(self, request: Request, flaw: Ineligible) -> None:
        """Answers a handshake that cannot be accepted.

        Says what is wrong, and what is spoken here.
        """
        text = flaw.text.encode()
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"upgrade", b"websocket")]
        self.cycle = cycle = Cycle(self, self.scope_of(request), request.ends)
        cycle.start(flaw.status, [*self.server_state.default_headers, *headers])
        cycle.write(text, more_body=False)
        self.go_on_later()

    def hand_over(self, request: Request) -> None:
        """Gives a WebSocket to uvicorn's own class, from its handshake on.

        It gets every byte that has come after that.

        The names are in lower case, as those classes put them into a scope without a look.
        """
        self.log_trace("Upgrading to WebSocket")
        self.waiting.stop()
        self.stop_write_timer()
        self.connections.discard(self)
        protocol = self.ws_protocol_class(config=self.config, server_state=self.server_state, app_state=self.app_state)
        # Of several offers it is the one that is taken.
        lines = b"".join(b"%b: %b\r\n" % line for line in request.headers.lower() if line[0] not in LEFT_OUT)
        start = b"%b %b HTTP/%b\r\n" % (request.method, request.target, request.http_version.encode())
        head, rest = b"%b%bupgrade: websocket\r\n\r\n" % (start, lines), self.connection.unread
        self.is_handed_over = True
        # What an app does after its answer is nothing to a WebSocket.
        self.cycle = None
        self.flow.resume_reading()
        Undecided(protocol, self.transport, rest, self.has_eof).begin(head, self.flow.write_paused)

    def send_error(self, error: RemoteProtocolError) -> None:
        """Answers what is no HTTP, if that can still be done, and ends the connection."""
        if error.kind is ErrorKind.TRUNCATED:
            self.log_trace("HTTP request cut short")
        else:
            self.logger.warning("Invalid HTTP request received: %s (%s). %s", error, error.clause, error.advice)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnect()
        self.reject(error.status or 400, b"Invalid HTTP request received.")

    def reject(self, status: int, text: bytes) -> None:
        """Sends the connection's last answer, if none has begun, and ends it."""
        self.waiting.stop()
        if self.transport.is_closing():
            return
        try:
            self.transport.write(self.connection.reject(status, [TEXT], text))
        except ProtocolError:
            # An answer has begun, or the client's error has ended the connection after it.
            self.connection.abandon()
        self.linger()

    # The end.

    def close(self) -> None:
        """Closes, visibly so where an answer that would look whole is not."""
        if self.connection.closing is Closing.RESET:
            self.reset()
        elif not self.transport.is_closing():
            self.transport.close()
            self.bound_the_rest()

    def bound_the_rest(self) -> None:
        """Limits the time that a client may take over what waits.

        In a transport that closes.
        """
        if unsent_by(self.transport):
            self.start_write_timer(self.timeout_write)
            self.reset_if_cut()

    def reset_if_cut(self) -> None:
        """Has the connection reset if the process ends before an answer is all sent.

        Nothing else would tell.
        """
        raw = self.transport.get_extra_info("socket")
        if raw is None or not closes_after_eof(self.transport):
            return
        is_cut = self.connection.closing is Closing.RESET or unsent_by(self.transport) > 0
        if is_cut is not self.is_reset_if_cut:
            (resets if is_cut else ends)(raw)
            self.is_reset_if_cut = is_cut

    def reset_if_unfinished(self) -> None:
        """Has the connection reset if the process ends within a close-delimited answer."""
        if self.connection.closing is Closing.RESET:
            self.reset_if_cut()

    def reset(self) -> None:
        """Closes at once: the transport alone would end it as if all had been sent."""
        if (raw := self.transport.get_extra_info("socket")) is not None:
            resets(raw)
            self.is_reset_if_cut = False
        self.transport.abort()

    def linger(self) -> None:
        """Ends our direction and reads on.

        A close would take back an answer that was not read yet (RFC 9112, section 9.6).
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
        self.reset_if_cut()
        self.flow.resume_reading()
        self.lingers_until = monotonic() + LINGER_MAX
        self.wait_for_the_end(self.lingers_until)

    def wait_for_the_end(self, until: float) -> None:
        """Waits until the client has ended its direction, too, or has had its time."""
        self.start_timer(max(0, min(LINGER_IDLE, until - monotonic())))

    # After an answer.

    def answered(self) -> None:
        """An answer is complete: on to the next request, or the end."""
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
        """Nothing has come for a while."""
        self.close()

    def start_timer(self, seconds: float) -> None:
        """Ends the connection, if nothing comes in that time."""
        self.stop_timer()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def stop_timer(self) -> None:
        """Something has come."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def start_write_timer(self, seconds: float) -> None:
        """Looks in so many seconds what the client has taken."""
        self.stop_write_timer()
        self.taken = taken_by(self.transport)
        self.write_task = self.loop.call_later(seconds, self.write_handler)

    def stop_write_timer(self) -> None:
        """The client has taken what was sent."""
        if self.write_task is not None:
            self.write_task.cancel()
            self.write_task = None

    def write_handler(self) -> None:
        """The client has had its time: what it has taken earns more."""
        taken = taken_by(self.transport) - self.taken
        if taken > 0:
            self.start_write_timer(min(taken * SECONDS_PER_BYTE, self.timeout_write))
        else:
            # The engine may have written all of an answer whose end is the connection's: the transport has not.
            self.reset()

    def log_trace(self, message: str) -> None:
        """Says where a connection stands, with `--log-level trace`."""
        if self.logger.level <= TRACE_LOG_LEVEL:
            client = self.base["client"]
            self.logger.log(TRACE_LOG_LEVEL, "%s%s", f"{client[0]}:{client[1]} - " if client else "", message)


def closes_after_eof(transport: asyncio.Transport) -> bool:
    """Returns whether our direction can be ended apart from the client's.

    Not in TLS, and not every transport says so.
    """
    try:
        return transport.can_write_eof()
    except (AttributeError, NotImplementedError):
        return False


def unsent_by(transport: asyncio.Transport) -> int:
    """Returns how many bytes the client has not taken yet.

    Not every transport says so.
    """
    try:
        return transport.get_write_buffer_size()
    except (AttributeError, NotImplementedError):
        return 0


def taken_by(transport: asyncio.Transport) -> int:
    """Returns how many bytes the client has taken, from some number on.

    Where the system counts them, it knows of those that wait in TLS or in its own buffer, too.
    """
    raw = transport.get_extra_info("socket")
    counted = acknowledged(raw)
    return -unsent_by(transport) - unread_by_peer(raw) if counted is None else counted


class Undecided(asyncio.Protocol):
    """A handshake that uvicorn's WebSocket class has, and its app has not accepted.

    Holds what comes after it.

    Those classes lose what comes before, or break over it.
    """

    def __init__(self, protocol: Any, transport: asyncio.Transport, rest: bytes, has_eof: bool) -> None:
        self.protocol = protocol
        self.transport = transport
        self.held = bytearray(rest)
        self.has_eof = has_eof
        self.is_paused = False
        self.is_accepted = False
        self.giving_up: asyncio.TimerHandle | None = None

    def begin(self, head: bytes, is_full: bool) -> None:
        """Gives the class its handshake, and the app a `send` that notes its accept."""
        app = self.protocol.app

        async def told(scope: Any, receive: Any, send: Any) -> Any:
            async def noticed(message: Any) -> None:
                await send(message)
                if message["type"] == "websocket.accept":
                    # The class on `websockets` answers in a task of its own.
                    answered = getattr(self.protocol, "handshake_completed_event", None)
                    if isinstance(answered, asyncio.Event):
                        await answered.wait()
                    self.accepted()

            return await app(scope, receive, noticed)

        self.protocol.app = told
        # First, so that the class hears of the end whatever the handshake does to it.
        self.transport.set_protocol(self)
        self.protocol.connection_made(self.transport)
        if is_full:
            # An answer before is still being taken, which no one says again.
            self.protocol.pause_writing()
        self.protocol.data_received(head)

    def accepted(self) -> None:
        """The class has the connection for itself, and all that has come."""
        held, self.held = bytes(self.held), bytearray()
        self.is_accepted = True
        self.wait_no_more()
        self.transport.set_protocol(self.protocol)
        if self.transport.is_closing():
            return
        if self.is_paused:
            self.transport.resume_reading()
        try:
            if held:
                self.protocol.data_received(held)
        except Exception as error:
            # As the transport would do.
            logging.getLogger("uvicorn.error").error("Exception in a WebSocket protocol", exc_info=error)
            self.transport.abort()
        if self.has_eof and not self.protocol.eof_received():
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Holds it, and reads no more than can be held."""
        self.held += data
        if len(self.held) > HIGH_WATER_LIMIT and not self.is_paused:
            self.is_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """Takes the end, which has its place after what is held.

        But an app that does not accept hears of it.
        """
        self.has_eof = True
        self.giving_up = asyncio.get_running_loop().call_later(LINGER_MAX, self.give_up)
        return closes_after_eof(self.transport)

    def give_up(self) -> None:
        """The client has ended its direction, and the app has taken too long to accept."""
        if not self.is_accepted and not self.transport.is_closing():
            self.transport.close()

    def wait_no_more(self) -> None:
        """Forgets that the app may take too long."""
        if self.giving_up is not None:
            self.giving_up.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """The class ends."""
        self.wait_no_more()
        self.protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """As the class has it."""
        self.protocol.pause_writing()

    def resume_writing(self) -> None:
        """As the class has it."""
        self.protocol.resume_writing()


class Cycle:
    """A request and its answer: what the app receives and sends."""

    def __init__(self, protocol: Protocol, scope: dict[str, Any], ends: bool) -> None:
        self.protocol = protocol
        self.connection = protocol.connection
        self.transport = protocol.transport
        self.flow = protocol.flow
        self.logger = protocol.logger
        self.scope = scope
        self.message_event = asyncio.Event()
        self.disconnected = False
        self.body = bytearray()
        self.more_body = not ends
        if ends:
            self.message_event.set()
        self.head: tuple[int, list[tuple[bytes, bytes]]] | None = None
        self.has_sent_head = False
        # An app may answer HEAD as it answers GET: its content is dropped (ASGI).
        self.drops_content = scope["method"] == "HEAD"
        self.has_length = False
        # Content follows the head; not after HEAD, nor with 204 and 304.
        self.has_content = True
        self.response_started = False
        self.response_complete = False
        self.is_last = False
        # The client sends no more, and most likely does not read either.
        self.has_left = False
        # The app has all of the request, and knows amid an answer without a length that its client has left.
        self.is_read = False
        self.is_cut = False
        # The app has been told that the client has left.
        self.has_heard = False
        self.unheard = 0

    # The request.

    def take(self, data: bytes) -> None:
        """Content has come."""
        if self.response_complete:
            return
        self.body += data
        if len(self.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.message_event.set()

    def end(self) -> None:
        """The request is complete."""
        self.more_body = False
        self.message_event.set()

    def disconnect(self) -> None:
        """The client does not hear the rest of the answer."""
        self.disconnected = not self.response_complete
        self.message_event.set()

    def notice_eof(self) -> None:
        """Handles a client that has half-closed.

        One that waits for its answer gets it; one in the middle of an endless stream has left.
        """
        if self.response_started and not self.has_length and self.has_content:
            self.leave()

    def leave(self) -> None:
        """Tells an app that waits for its client's end.

        What it answers all the same is sent.
        """
        self.has_left = True
        self.message_event.set()

    def close_after_response(self) -> None:
        """The server stops after this answer."""
        try:
            self.connection.close_after_response()
        except ProtocolError:
            # The head has left, or the client has broken the protocol.
            self.is_last = True

    async def receive(self) -> ASGIReceiveEvent:
        """ASGI: content, or that the client has gone."""
        if self.connection.owes is Owes.CONTINUE and not self.transport.is_closing():
            self.transport.write(self.connection.send_informational(100))
        if not self.is_over() and not self.message_event.is_set():
            if self.connection.wants_input:
                self.flow.resume_reading()
            if self.more_body:
                self.protocol.waiting.begin("content", self.protocol.timeout_content)
            try:
                await self.message_event.wait()
            finally:
                # The time stands still while the app works, also where it has looked for a moment only.
                self.protocol.waiting.pause()
        self.message_event.clear()
        if self.is_over():
            self.has_heard = True
            # It may stop now, in order: what it leaves out must not look as if it had never been.
            is_endless = not self.has_length and self.has_content
            self.is_cut = self.is_cut or (self.response_started and is_endless and not self.response_complete)
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        self.is_read = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    def is_over(self) -> bool:
        """Returns whether the app has nothing to receive any more."""
        return self.disconnected or self.response_complete or (self.has_left and self.is_read)

    # The answer.

    async def run(self, app: ASGI3Application) -> None:
        """Runs the app, and ends what it leaves unfinished."""
        try:
            result = await app(self.scope, self.receive, self.send)  # type: ignore[arg-type, func-returns-value]
        except BaseException as error:
            if self.unheard <= UNHEARD:
                self.logger.error("Exception in ASGI application\n", exc_info=error)
            elif self.response_complete:
                return
            await self.give_up()
        else:
            if result is not None:
                self.logger.error("ASGI callable should return None, but returned '%s'.", result)
                if not self.response_complete:
                    await self.give_up()
                elif self.protocol.cycle is self:
                    self.protocol.linger()
            elif not self.response_complete and not self.disconnected:
                if not self.has_heard:
                    what = "completing" if self.response_started else "starting"
                    self.logger.error("ASGI callable returned without %s response.", what)
                await self.give_up()

    async def give_up(self) -> None:
        """Sends a 500, if the app has not begun to answer.

        Else the client has to see that the answer is not whole.
        """
        if self.transport.is_closing() or self.protocol.lingers_until is not None:
            return
        if self.response_started:
            self.give_up_halfway()
            return
        text = b"Internal Server Error"
        if self.has_heard:
            # An app that has stopped because its client has left is no line in the access log.
            self.protocol.reject(500, text)
            return
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": text})

    def give_up_halfway(self) -> None:
        """Sends the head that has waited.

        Where content should follow it, the end of the connection shows the cut.
        """
        if not self.response_complete and (self.head is not None or self.has_sent_head):
            try:
                self.write(b"", more_body=self.has_content)
            except Exception as error:
                self.logger.error("Exception in ASGI application\n", exc_info=error)
            if self.response_complete:
                return
        # The connection may be at the next request, which has nothing to do with it.
        if self.protocol.cycle is self:
            self.protocol.linger()

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI: the head, which leaves with the first content, and content."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected or self.drops_content or self.transport.is_closing():
            # Nothing is written that could be waited for, and other clients wait, too. A closing transport takes
            # everything at once, and says that the client has gone in the loop's next turn.
            await asyncio.sleep(0)
            self.count_unheard()
        if self.disconnected:
            return
        kind = message["type"]
        if not self.response_started:
            if message["type"] != "http.response.start":
                raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
            self.start(message["status"], [*self.protocol.server_state.default_headers, *message.get("headers", ())])
        elif self.response_complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after response already completed.")
        elif message["type"] != "http.response.body":
            raise RuntimeError(f"Expected ASGI message 'http.response.body', but got '{kind}'.")
        else:
            self.write(message.get("body", b""), message.get("more_body", False))

    def count_unheard(self) -> None:
        """Ends an app that sends without end to a client that has gone."""
        self.unheard += 1
        if self.unheard <= UNHEARD:
            return
        # Where requests wait before the client's end, the loop does not tell of it.
        if self.disconnected or self.has_left or has_hung_up(self.transport.get_extra_info("socket")):
            raise ClientDisconnected("the client has left, and the app goes on sending")
        self.unheard = 0

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """Holds the head for the first content, or for the next turn of the loop.

        Both leave in one write.
        """
        if self.protocol.access_log:
            self.protocol.access_logger.info(
                '%s - "%s %s HTTP/%s" %d',
                get_client_addr(self.scope),  # type: ignore[arg-type]
                self.scope["method"],
                get_path_with_query_string(self.scope),  # type: ignore[arg-type]
                self.scope["http_version"],
                status,
            )
        if status < 200:
            raise RuntimeError(f"A response of an app cannot have the status {status}.")
        if self.scope["method"] == "CONNECT" and status < 300:
            self.logger.error("A %d to CONNECT would open a tunnel, which no app can have: it is sent as 501.", status)
            status, headers, self.drops_content = 501, [TEXT, (b"content-length", b"0")], True
        self.head = (status, headers)
        self.response_started = True
        self.has_length = any(name.lower() == b"content-length" for name, _ in headers)
        self.has_content = not self.drops_content and status not in {204, 304}
        if not self.has_length:
            # Content may be long in coming, as events are: its head does not wait for it.
            self.protocol.loop.call_later(0, self.flush_head)
            if self.protocol.has_eof:
                self.notice_eof()

    def flush_head(self) -> None:
        """Sends the head, if no content has taken it along."""
        if self.head is not None and not self.disconnected and not self.transport.is_closing():
            try:
                self.write(b"", more_body=True)
            except Exception as error:
                # The app may be silent for long, and its client is answered now.
                self.logger.error("Exception in ASGI application\n", exc_info=error)
                self.disconnect()
                self.protocol.reject(500, b"Internal Server Error")

    def write_head(self, status: int, headers: list[tuple[bytes, bytes]], out: bytearray) -> None:
        """The engine writes Upgrade itself; an app says in a header what else it speaks."""
        try:
            self.connection.send_response(status, headers, into=out)
        except LocalProtocolError:
            spoken = [value for name, value in headers if name.lower() == b"upgrade"]
            if not spoken and status == 426:
                self.logger.warning("A 426 without Upgrade is sent as a 400: it has to name what would do.")
                self.connection.send_response(400, headers, into=out)
                return
            if not spoken:
                raise
            others = [line for line in headers if line[0].lower() != b"upgrade"]
            if status == 426:
                self.connection.require(spoken, others, into=out)
            else:
                self.connection.advertise(spoken)
                self.connection.send_response(status, others, into=out)

    def write(self, body: bytes, more_body: bool) -> None:
        """Content, and with the last of it the end."""
        out = bytearray()
        try:
            if self.head is not None:
                (status, headers), self.head = self.head, None
                self.write_head(status, headers, out)
                self.has_sent_head = True
                if not self.has_length:
                    self.protocol.reset_if_unfinished()
            if body and not self.drops_content:
                self.connection.send_data(body, into=out)
            if not more_body and not self.is_cut:
                self.connection.send_end(into=out)
        finally:
            # What the engine has written has to leave, also where it refuses what comes next.
            if out:
                self.transport.write(out)
        if not more_body:
            self.response_complete = True
            self.message_event.set()
            if self.is_cut:
                self.protocol.close()
            else:
                self.protocol.answered()
