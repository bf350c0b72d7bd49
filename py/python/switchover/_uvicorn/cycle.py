"""A request and its response, as an ASGI app sees them."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol as Interface

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT, FlowControl
from uvicorn.protocols.utils import (
    ClientDisconnected,
    get_client_addr,
    get_local_addr,
    get_path_with_query_string,
    get_remote_addr,
)

from .. import Connection, LocalProtocolError, Owes, ProtocolError
from .._reset import has_hung_up
from .deadlines import Wait
from .ending import Ending

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application, ASGIReceiveEvent, ASGISendEvent
    from uvicorn.server import ServerState

TEXT = (b"content-type", b"text/plain; charset=utf-8")

# How many messages an app may send to a client that has gone, before `send` raises an error.
UNHEARD = 1_000


def base_of(transport: asyncio.Transport, secure: bool, root_path: str) -> dict[str, Any]:
    """Returns what the scopes of a connection have in common."""
    return {
        "type": "http",
        "server": get_local_addr(transport),
        "client": get_remote_addr(transport),
        "scheme": "https" if secure else "http",
        "root_path": root_path,
    }


class Host(Interface):
    """The connection that a cycle belongs to."""

    connection: Connection
    transport: asyncio.Transport
    flow: FlowControl
    loop: asyncio.AbstractEventLoop
    server_state: ServerState
    logger: logging.Logger
    access_logger: logging.Logger
    access_log: bool
    timeout_content: float
    waiting: Wait
    ending: Ending
    cycle: Cycle | None
    has_eof: bool
    lingers_until: float | None

    def close(self) -> None:
        """Closes, visibly so where an answer that would look whole is not."""

    def linger(self) -> None:
        """Ends our direction and reads on."""

    def reject(self, status: int, text: bytes) -> None:
        """Sends the connection's last answer, if none has begun, and ends it."""

    def answered(self) -> None:
        """Goes on after a complete answer: to the next request, or to the end."""


class Cycle:
    """A request and its answer: what the app receives and sends."""

    def __init__(self, protocol: Host, scope: dict[str, Any], ends: bool) -> None:
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
        if self.connection.owes is Owes.CONTINUE and not self.is_over() and not self.transport.is_closing():
            self.transport.write(self.connection.send_informational(100))
        if not self.is_over() and not self.message_event.is_set():
            if self.connection.wants_input:
                self.flow.resume_reading()
            if self.more_body:
                self.protocol.waiting.begin("content", self.protocol.timeout_content)
            try:
                await self.message_event.wait()
            finally:
                # The time stands still while the app works, also where it has looked for a moment only. After its
                # response the deadline is the connection's.
                if not self.response_complete:
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
        """Runs the app, and completes a response that it leaves unfinished."""
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
        """Writes the head of a response.

        The engine writes Upgrade itself; an app says in a header what else it speaks.
        """
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
        """Writes content, and with the last of it the end."""
        out = bytearray()
        try:
            if self.head is not None:
                (status, headers), self.head = self.head, None
                self.write_head(status, headers, out)
                self.has_sent_head = True
                if not self.has_length:
                    self.protocol.ending.reset_if_unfinished()
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
