"""uvicorn's HTTP/1.1 on this engine: `uvicorn --http switchover.uvicorn:Protocol app:app`.

Needs `pip install switchover[uvicorn]`. WebSockets are uvicorn's own, whichever `--ws` is chosen, but for a
handshake that breaks a rule, which is answered here.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
from typing import TYPE_CHECKING, Any

from . import (
    NEED_DATA,
    Awaiting,
    Config,
    Connection,
    Data,
    EndOfMessage,
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
from ._reset import resets

OLDEST = (0, 54)
"""The first version of uvicorn that it is tested with."""

try:
    import uvicorn
    from uvicorn.config import Config as ServerConfig
    from uvicorn.logging import TRACE_LOG_LEVEL
    from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl, service_unavailable
    from uvicorn.protocols.utils import (
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

# What frameworks say against themselves (a length on a 204, or beside a Transfer-Encoding) is put right.
ENGINE = Config(tidy=True)
ENGINE_IN_TLS = Config(tidy=True, secure=True)

# How long a client that was answered early is read from: as long as it goes on without a pause of LULL, and no longer.
LINGER = 4.0
LULL = 1.0


class Protocol(asyncio.Protocol):
    """One connection of uvicorn."""

    timeout_head = 60.0
    """Seconds that a head may take from its first byte on, and the content of a handshake; then the answer is 408.

    A subclass may set others.
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
        self.head_task: asyncio.TimerHandle | None = None
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
        # Until when the rest of what a client sends is read and dropped, once it has its answer.
        self.lingers_until: float | None = None

    # What the transport calls.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begins."""
        secure = is_ssl(transport)
        self.connections.add(self)
        self.transport = transport
        self.flow = FlowControl(transport)
        self.connection = Connection(Role.SERVER, ENGINE_IN_TLS if secure else ENGINE)
        self.base = {
            "type": "http",
            "server": get_local_addr(transport),
            "client": get_remote_addr(transport),
            "scheme": "https" if secure else "http",
            "root_path": self.root_path,
        }
        self.log_trace("HTTP connection made")

    def connection_lost(self, exc: Exception | None) -> None:
        """Ends: what the app waits for is over."""
        self.connections.discard(self)
        self.log_trace("HTTP connection lost")
        if self.cycle is not None:
            self.cycle.disconnect()
        self.flow.resume_writing()
        self.stop_timer()
        self.stop_head_timer()
        if exc is None:
            self.transport.close()

    def eof_received(self) -> None:
        """The transport closes itself, as with uvicorn's own classes: the app hears that the client has gone."""

    def data_received(self, data: bytes) -> None:
        """Hands bytes to the engine and does what they say."""
        self.stop_timer()
        if self.lingers_until is not None:
            self.wait_for_the_end(self.lingers_until)
            return
        try:
            self.connection.receive_data(data)
        except ProtocolError:
            # The connection is over; what comes now is dropped until the transport has closed.
            return
        self.go_on()

    def pause_writing(self) -> None:
        """The client reads more slowly than the app writes."""
        self.flow.pause_writing()

    def resume_writing(self) -> None:
        """The client has read."""
        self.flow.resume_writing()

    # What uvicorn calls.

    def shutdown(self) -> None:
        """No request after this one."""
        if self.cycle is None or self.cycle.response_complete or self.lingers_until is not None:
            self.transport.close()
        else:
            self.cycle.close_after_response()

    # Events.

    def go_on(self) -> None:
        """Takes the events there are, and reads no further than the engine has room."""
        self.take_events()
        if not self.connection.wants_input and not self.is_handed_over and self.lingers_until is None:
            self.flow.pause_reading()

    def take_events(self) -> None:
        """Up to where more bytes are needed, or the app's answer."""
        while True:
            try:
                event = self.connection.next_event()
            except RemoteProtocolError as error:
                self.refuse(error)
                return
            if event is NEED_DATA:
                self.wait_for_more()
                return
            if isinstance(event, Request):
                self.stop_head_timer()
                self.stop_timer()
                self.take(event)
            elif isinstance(event, Data):
                if self.cycle is not None:
                    self.cycle.take(event.data)
            elif isinstance(event, EndOfMessage):
                if self.handshake is not None:
                    self.hand_over(self.handshake)
                    return
                if self.cycle is not None:
                    self.cycle.end()
            elif self.handshake is not None:
                self.turn_away(413, b"Content Too Large")
                return
            elif isinstance(event, Paused) and event.reason is not PausedReason.CLOSED:
                # The next request waits until this one is answered.
                return
            else:
                # The connection is over, or has become a tunnel, which no app can ask for.
                if self.cycle is None or self.cycle.response_complete:
                    self.finish()
                return

    def wait_for_more(self) -> None:
        """Sets a deadline, where the client is the one to go on and no app waits for it."""
        if self.handshake is not None or (self.connection.awaiting is Awaiting.REQUEST and self.connection.unread):
            if self.head_task is None:
                self.head_task = self.loop.call_later(self.timeout_head, self.timeout_head_handler)
        elif self.timeout_keep_alive_task is None and self.cycle is not None and self.cycle.response_complete:
            self.start_timer(self.timeout_keep_alive)

    def take(self, request: Request) -> None:
        """A request is for the app, unless it offers WebSocket and that is spoken here."""
        offered = next((offer for offer in request.offers if offer.protocol == WEBSOCKET), None)
        if offered is None or self.ws_protocol_class is None:
            if request.no_offer is None:
                self.warn_of_an_offer()
            self.begin(request)
        elif offered.ineligible is not None:
            self.decline(request, offered.ineligible)
        else:
            self.handshake = request
            if self.connection.owes is Owes.CONTINUE:
                self.transport.write(self.connection.send_informational(100))
            if not request.ends:
                self.connection.skip_content()

    def warn_of_an_offer(self) -> None:
        """Says what uvicorn's own classes say of an offer that is declined."""
        self.logger.warning("Unsupported upgrade request.")
        if self.ws_protocol_class is None:
            self.logger.warning(
                "No supported WebSocket library detected. Please use \"pip install 'uvicorn[standard]'\", "
                "or install 'websockets' or 'wsproto' manually."
            )

    def scope_of(self, request: Request) -> dict[str, Any]:
        """What the app is given of a request."""
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
        task = self.loop.create_task(cycle.run(app), **apart)
        task.add_done_callback(self.tasks.discard)
        self.tasks.add(task)

    def decline(self, request: Request, flaw: Ineligible) -> None:
        """Answers a handshake that cannot be accepted: says what is wrong, and what is spoken here."""
        text = flaw.text.encode()
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"upgrade", b"websocket")]
        self.cycle = cycle = Cycle(self, self.scope_of(request), request.ends)
        cycle.start(flaw.status, [*self.server_state.default_headers, *headers])
        cycle.write(text, more_body=True)
        # From here the next request would be answered inside this call, and a thousand may have come at once.
        self.loop.call_later(0, cycle.write, b"", False)

    def hand_over(self, request: Request) -> None:
        """A WebSocket is uvicorn's own class's from its handshake on: it gets every byte that has come after that.

        The names are in lower case, as those classes put them into a scope without a look.
        """
        self.log_trace("Upgrading to WebSocket")
        self.stop_head_timer()
        self.connections.discard(self)
        protocol = self.ws_protocol_class(config=self.config, server_state=self.server_state, app_state=self.app_state)
        protocol.connection_made(self.transport)
        # Of several offers it is the one that is taken.
        lines = b"".join(b"%b: %b\r\n" % line for line in request.headers.lower() if line[0] not in LEFT_OUT)
        start = b"%b %b HTTP/%b\r\n" % (request.method, request.target, request.http_version.encode())
        head, rest = b"%b%bupgrade: websocket\r\n\r\n" % (start, lines), self.connection.unread
        if type(getattr(protocol, "conn", None)).__module__ == "wsproto":
            defer(protocol, head, rest)
        else:
            protocol.data_received(head + rest)
        self.transport.set_protocol(protocol)
        self.is_handed_over = True
        self.flow.resume_reading()

    def turn_away(self, status: int, text: bytes) -> None:
        """Answers a handshake whose content has no end that is waited for, and ends the connection."""
        self.stop_head_timer()
        self.transport.write(self.connection.respond(status, [TEXT, (b"connection", b"close")], text))
        self.linger()

    def refuse(self, error: RemoteProtocolError) -> None:
        """Answers what is no HTTP, if that can still be done, and ends the connection."""
        self.logger.warning("Invalid HTTP request received: %s (%s). %s", error, error.clause, error.advice)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnect()
        if self.connection.owes is Owes.RESPONSE and error.status is not None:
            headers = [TEXT, (b"connection", b"close")]
            self.transport.write(self.connection.respond(error.status, headers, b"Invalid HTTP request received."))
        self.stop_head_timer()
        self.linger()

    def timeout_head_handler(self) -> None:
        """Half a head and no more: there is no request to answer yet. None is read after this one."""
        if self.transport.is_closing():
            return
        if self.handshake is not None:
            self.logger.warning("The content of a handshake took more than %g seconds.", self.timeout_head)
            self.turn_away(408, b"Request Timeout")
            return
        self.logger.warning("A request's head took more than %g seconds.", self.timeout_head)
        self.transport.write(self.connection.reject(408, [TEXT], b"Request Timeout"))
        self.linger()

    # The end.

    def close(self) -> None:
        """Closes, visibly so where an answer that would look whole is not."""
        if self.connection.must_reset:
            # The transport alone would end it as if all had been sent.
            if (raw := self.transport.get_extra_info("socket")) is not None:
                resets(raw)
            self.transport.abort()
        else:
            self.transport.close()

    def finish(self) -> None:
        """No request after this one; the rest of its content may be on its way."""
        if self.cycle is not None and self.cycle.more_body:
            self.linger()
        else:
            self.close()

    def linger(self) -> None:
        """Ends our direction and reads on: a close would take back an answer that was not read yet (RFC 9112, 9.6)."""
        if self.connection.must_reset or not ends_alone(self.transport):
            self.close()
        elif not self.transport.is_closing():
            self.transport.write_eof()
            self.flow.resume_reading()
            self.lingers_until = self.loop.time() + LINGER
            self.wait_for_the_end(self.lingers_until)

    def wait_for_the_end(self, until: float) -> None:
        """Until the client has ended its direction, too, or has had its time."""
        self.start_timer(max(0, min(LULL, until - self.loop.time())))

    # After an answer.

    def answered(self) -> None:
        """An answer is complete: on to the next request, or the end."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if not self.connection.persists or (self.cycle is not None and self.cycle.is_last):
            self.finish()
            return
        if self.cycle is not None and self.cycle.more_body:
            # The app did not read the rest of the request.
            self.connection.skip_content()
        self.start_timer(self.timeout_keep_alive)
        self.flow.resume_reading()
        self.go_on()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing has come for a while."""
        if not self.transport.is_closing():
            self.transport.close()

    def start_timer(self, seconds: float) -> None:
        """Ends the connection, if nothing comes in that time."""
        self.stop_timer()
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def stop_timer(self) -> None:
        """Something has come."""
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def stop_head_timer(self) -> None:
        """A head is complete, or will not be."""
        if self.head_task is not None:
            self.head_task.cancel()
            self.head_task = None

    def log_trace(self, message: str) -> None:
        """Says where a connection stands, with `--log-level trace`."""
        if self.logger.level <= TRACE_LOG_LEVEL:
            client = self.base["client"]
            self.logger.log(TRACE_LOG_LEVEL, "%s%s", f"{client[0]}:{client[1]} - " if client else "", message)


def ends_alone(transport: asyncio.Transport) -> bool:
    """Whether our direction can be ended apart from the client's: not in TLS, and not every transport says so."""
    try:
        return transport.can_write_eof()
    except (AttributeError, NotImplementedError):
        return False


def defer(protocol: Any, head: bytes, rest: bytes) -> None:
    """Keeps what follows the handshake until the app has accepted: wsproto drops it before."""
    accept, take = protocol.send, protocol.data_received
    waiting: bytearray | None = bytearray(rest)

    def data_received(data: bytes) -> None:
        nonlocal waiting
        if waiting is None:
            take(data)
            return
        waiting += data
        if len(waiting) > HIGH_WATER_LIMIT:
            protocol.transport.pause_reading()

    async def send(message: Any) -> None:
        nonlocal waiting
        await accept(message)
        if waiting is not None and message["type"] == "websocket.accept":
            held, waiting = bytes(waiting), None
            protocol.transport.resume_reading()
            if held:
                take(held)

    protocol.send, protocol.data_received = send, data_received
    take(head)


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
        # An app may answer HEAD as it answers GET: its content is dropped (ASGI).
        self.drops_content = scope["method"] == "HEAD"
        self.response_started = False
        self.response_complete = False
        self.is_last = False

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
        if not self.disconnected and not self.response_complete:
            if self.connection.wants_input:
                self.flow.resume_reading()
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    # The answer.

    async def run(self, app: ASGI3Application) -> None:
        """Runs the app, and ends what it leaves unfinished."""
        try:
            result = await app(self.scope, self.receive, self.send)  # type: ignore[arg-type, func-returns-value]
        except BaseException as error:
            self.logger.error("Exception in ASGI application\n", exc_info=error)
            await self.give_up()
        else:
            if result is not None:
                self.logger.error("ASGI callable should return None, but returned '%s'.", result)
                self.transport.close()
            elif not self.response_started and not self.disconnected:
                self.logger.error("ASGI callable returned without starting response.")
                await self.give_up()
            elif not self.response_complete and not self.disconnected:
                self.logger.error("ASGI callable returned without completing response.")
                await self.give_up()

    async def give_up(self) -> None:
        """A 500 where the app has not begun to answer; else the client has to see that the answer is not whole."""
        if self.response_started:
            self.protocol.close()
            return
        text = b"Internal Server Error"
        headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"connection", b"close")]
        await self.send({"type": "http.response.start", "status": 500, "headers": headers})
        await self.send({"type": "http.response.body", "body": text})

    async def send(self, message: ASGISendEvent) -> None:
        """ASGI: the head, which leaves with the first content, and content."""
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
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

    def start(self, status: int, headers: list[tuple[bytes, bytes]]) -> None:
        """The head waits for the first content: both leave in one write."""
        if self.protocol.access_log:
            self.protocol.access_logger.info(
                '%s - "%s %s HTTP/%s" %d',
                get_client_addr(self.scope),  # type: ignore[arg-type]
                self.scope["method"],
                get_path_with_query_string(self.scope),  # type: ignore[arg-type]
                self.scope["http_version"],
                status,
            )
        self.head = (status, headers)
        self.response_started = True

    def write_head(self, status: int, headers: list[tuple[bytes, bytes]], out: bytearray) -> None:
        """The engine writes Upgrade itself; an app says in a header what else it speaks."""
        try:
            self.connection.send_response(status, headers, into=out)
        except LocalProtocolError:
            spoken = [value for name, value in headers if name.lower() == b"upgrade"]
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
                status, headers = self.head
                self.write_head(status, headers, out)
                self.head = None
            if body and not self.drops_content:
                self.connection.send_data(body, into=out)
            if not more_body:
                self.connection.send_end(into=out)
        finally:
            # What the engine has written has to leave, also where it refuses what comes next.
            if out:
                self.transport.write(out)
        if not more_body:
            self.response_complete = True
            self.message_event.set()
            self.protocol.answered()
