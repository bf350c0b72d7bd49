"""A request and its response, as an ASGI app sees them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeAlias

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from .. import LocalProtocolError, Owes, ProtocolError
from .._advertised import advertised
from .._limits import TLS_TURN
from .._reset import has_hung_up
from .._switchover import _answer, _noted
from .access import log_access
from .audience import Audience
from .file import send_file
from .transport import socket_of
from .tunnel import Tunnel, accepted, is_framed

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

    from .host import Host

TEXT = (b"content-type", b"text/plain; charset=utf-8")
# What is owed before the head is sent.
UNSENT = {Owes.CONTINUE, Owes.RESPONSE}
Lines: TypeAlias = Iterable[tuple[bytes, bytes]]
"""The type of field lines from an app: pairs of name and value."""

# The turns of the loop that a 101 may take through middleware.
TURNS = 50


class Cycle:
    """A request and its response: the `receive` and `send` of an ASGI app."""

    __slots__ = (
        "audience",
        "body",
        "connection",
        "disconnected",
        "drops_content",
        "event",
        "flow",
        "has_begun",
        "has_content",
        "has_heard",
        "has_input",
        "has_left",
        "has_length",
        "has_news",
        "has_returned",
        "has_sent_head",
        "head",
        "is_cut",
        "is_gone",
        "is_last",
        "is_read",
        "is_trailing",
        "more_body",
        "offers",
        "protocol",
        "receivers",
        "response_complete",
        "response_started",
        "scope",
        "sent",
        "size",
        "task",
        "trailers",
        "transport",
        "tunnel",
        "turns",
        "writes_head",
    )

    def __init__(self, protocol: Host, scope: dict[str, Any], ends: bool, offers: bool = False) -> None:
        self.protocol = protocol
        self.connection = protocol.connection
        self.transport = protocol.transport
        self.flow = protocol.flow
        self.scope = scope
        # The client offers other protocols, or asks for a tunnel; and the bytes of the one that the app has accepted.
        self.offers = offers
        self.turns = TURNS
        self.tunnel: Tunnel | None = None
        # The trailers, which the app has announced; and it has sent the last of the content.
        self.trailers: list[tuple[bytes, bytes]] | None = None
        self.is_trailing = False
        self.task: asyncio.Task[None] | None = None
        # What the task has done: an eager one has returned before it is known.
        self.has_begun = self.has_returned = False
        # There is something to receive; the event is made when `receive` has to wait for it.
        self.has_news = ends
        self.event: asyncio.Event | None = None
        self.disconnected = False
        self.body: list[bytes] = []
        self.size = 0
        # The request has content; and some of it may still come.
        self.has_input = self.more_body = not ends
        # The status, the server's field lines and the app's.
        self.head: tuple[int, list[tuple[bytes, bytes]], Lines] | None = None
        # The head names protocols, or has to.
        self.writes_head = False
        self.has_sent_head = False
        # An app may respond to HEAD as to GET: its content is discarded (ASGI).
        self.drops_content = scope["method"] == "HEAD"
        self.has_length = False
        # False after HEAD, and with 204 and 304.
        self.has_content = True
        self.response_started = False
        self.response_complete = False
        self.is_last = False
        # The client has half-closed, and most likely does not read either.
        self.has_left = False
        # The client has ended TLS: what is sent reaches nobody.
        self.is_gone = False
        self.receivers = 0
        # The app has received the whole request. In a response without a length it then gets `http.disconnect` if the
        # client half-closes.
        self.is_read = False
        self.is_cut = False
        # The app has received `http.disconnect`.
        self.has_heard = False
        # Made once a message is not written.
        self.audience: Audience | None = None
        # The messages since the app has waited.
        self.sent = 0

    # The request.

    def take(self, data: bytes) -> None:
        """Appends received content to the buffer for the app.

        Pauses reading above a limit. Drops the content once the response is complete.
        """
        if self.response_complete:
            return
        self.body.append(data)
        self.size += len(data)
        if self.size > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.tell()

    def end(self) -> None:
        """Records the end of the request's content, and wakes `receive`."""
        self.more_body = False
        self.tell()

    def tell(self) -> None:
        """Wakes `receive`, as there is content, the end or a disconnect to receive."""
        self.has_news = True
        if self.event is not None:
            self.event.set()

    def disconnect(self) -> None:
        """Records that the client will not receive the rest of the response."""
        self.disconnected = not self.response_complete
        if self.tunnel is not None:
            self.tunnel.lose()
        self.tell()

    def notice_eof(self) -> None:
        """Handles a half-close by the client.

        A client that waits for its response gets it. In the middle of a response without a length, `receive` returns
        `http.disconnect` after the request; what the app still sends is sent.
        """
        if self.tunnel is None and self.response_started and not self.has_length and self.has_content:
            self.leave()

    def leave(self) -> None:
        """Lets `receive` return `http.disconnect` after all of the request.

        What the app still sends is sent: the client may have only half-closed.
        """
        self.has_left = True
        if self.tunnel is not None:
            self.tunnel.leave()
        self.tell()

    def lose_reader(self) -> None:
        """Makes `send` drop what the app still sends, as the client has ended TLS.

        The end of TLS concerns both directions. `receive` returns `http.disconnect` after the
        request.
        """
        self.is_gone = True
        # An app that waits for room would wait until the deadline for writes.
        self.flow.resume_writing()
        self.leave()

    def close_after_response(self) -> None:
        """Makes this response the last of the connection, as the server shuts down."""
        try:
            self.connection.close_after_response()
        except ProtocolError:
            # The head was sent already, or the client has broken the protocol.
            self.is_last = True

    async def receive(self) -> ASGIReceiveEvent:
        """Returns the next ASGI message: content of the request, or `http.disconnect`.

        After a switch the content is that of the tunnel: the bytes of the new protocol.
        """
        if self.turns and self.offers and not self.response_started and not self.more_body:
            await self.wait_for_middleware()
        if self.tunnel is not None:
            return await self.tunnel.receive()
        if not self.has_news and not self.is_over():
            tunnel = await self.wait()
            if tunnel is not None:
                return await tunnel.receive()
        self.has_news = False
        if self.event is not None:
            self.event.clear()
        if self.is_over():
            self.has_heard = True
            # The app may now return early. A response without a length is then reset, as its end would look complete.
            is_endless = not self.has_length and self.has_content
            self.is_cut = self.is_cut or (self.response_started and is_endless and not self.response_complete)
            return {"type": "http.disconnect"}
        body, self.body, self.size = b"".join(self.body), [], 0
        self.is_read = not self.more_body
        return {"type": "http.request", "body": body, "more_body": self.more_body}

    async def wait_for_middleware(self) -> None:
        """Waits some turns of the loop for a 101 that a middleware may be passing on.

        A middleware that runs the app in a task of its own passes on its messages later. If `receive` returned the
        request's end before the 101, the app would take it for the new protocol's end, and lose its content.
        """
        # Once for a request: an app that only asks whether its client is there cancels each call at its first wait.
        turns, self.turns = self.turns, 0
        for _ in range(turns):
            await asyncio.sleep(0)
            if self.response_started:
                return

    async def wait(self) -> Tunnel | None:
        """Waits for something to receive; returns a tunnel accepted meanwhile, or None."""
        protocol = self.protocol
        if self.connection.owes is Owes.CONTINUE and not self.transport.is_closing():
            protocol.write_at_once(self.connection.send_informational(100))
        if self.connection.wants_input:
            self.flow.resume_reading()
        self.flush_head()  # the client may wait for it before it sends more, or leaves
        if self.more_body:
            protocol.deadline.begin("content", protocol.timeout_content)
        if self.event is None:
            self.event = asyncio.Event()
        self.receivers += 1
        if self.flow.read_paused:
            protocol.watch()
        try:
            await self.event.wait()
        finally:
            self.receivers -= 1
            # The deadline is paused while the app works, even if it called `receive` only for a moment. After the
            # response it is a deadline of the connection, which may also end meanwhile.
            if not self.response_complete and self.receivers == 0:
                protocol.deadline.pause("content")
        return self.tunnel

    def is_over(self) -> bool:
        """Returns whether `receive` has only `http.disconnect` left to return."""
        if self.protocol.turn == TLS_TURN and (self.body or not (self.more_body or self.is_read)):
            return self.response_complete  # it has come before the client ended TLS
        return self.disconnected or self.response_complete or (self.has_left and self.is_read)

    # The response.

    async def send(self, message: ASGISendEvent) -> None:
        """Sends an ASGI message; a response's head is held back for the first content.

        Waits while the client reads too slowly. Drops messages once the client has disconnected.
        """
        self.sent += 1
        if self.flow.write_paused and not self.disconnected:
            self.sent = 0
            await self.flow.drain()
        elif self.sent >= self.protocol.turn:
            # A client that reads at once makes nobody wait.
            self.sent = 0
            await asyncio.sleep(0)
            if self.protocol.turn == TLS_TURN and has_hung_up(socket_of(self.transport)):
                await self.protocol.await_eof(self)
        if self.disconnected or self.drops_content or self.is_gone or self.transport.is_closing():
            # Nothing is written that could be awaited, so other tasks get a turn here. A closing transport accepts
            # everything at once, and reports the disconnect in the loop's next turn.
            await asyncio.sleep(0)
            self.audience = self.audience or Audience()
            self.audience.count(self.disconnected or self.has_left, socket_of(self.transport))
        if self.disconnected or self.is_gone:
            return
        if message["type"] == "http.response.start" and not self.response_started:
            self.start(message["status"], message.get("headers", ()))
            if message.get("trailers", False):
                self.trailers = []
        elif message["type"] == "http.response.body" and self.response_started and not self.response_complete:
            body, more_body = message.get("body") or b"", message.get("more_body", False)
            if body or not more_body:
                if self.audience is not None:
                    self.audience.absence = None
            elif self.tunnel is None:
                self.audience = self.audience or Audience()
                raw, limit = socket_of(self.transport), self.protocol.timeout_write
                self.audience.check(raw, self.protocol.loop.time(), limit)
            self.write(body, more_body)
        else:
            await self.send_other(message)

    async def send_other(self, message: ASGISendEvent) -> None:
        """Sends an early hint, trailers or the content of a file, as an ASGI message asks.

        Raises RuntimeError for any other message, or one that is not expected now. But late hints are ignored, and so
        are, within a response, trailers that were not announced or precede the end of the content.
        """
        kind = message["type"]
        if message["type"] == "http.response.early_hint":
            self.hint(message["links"])
        elif not self.response_started:
            raise RuntimeError(f"Expected ASGI message 'http.response.start', but got '{kind}'.")
        elif self.response_complete:
            raise RuntimeError(f"Unexpected ASGI message '{kind}' sent, after response already completed.")
        elif message["type"] == "http.response.trailers":
            self.write_trailers(message["headers"], message.get("more_trailers", False))
        elif str(kind) == "http.response.pathsend":
            # uvicorn's types do not have it.
            file: Any = message
            is_whole = await send_file(file["path"], self.send, self.reads_files)
            self.is_cut = self.is_cut or not (is_whole or self.drops_content)
            await self.send({"type": "http.response.body", "body": b"", "more_body": False})
        else:
            raise RuntimeError(f"Expected ASGI message 'http.response.body', but got '{kind}'.")

    @property
    def is_delimited(self) -> bool:
        """True unless the response's content is delimited by the end of the connection."""
        return self.has_length or not self.has_content or self.scope["http_version"] != "1.0"

    def reads_files(self) -> bool:
        """Returns whether content of the response would be sent, so that a file is read."""
        return not (self.drops_content or self.disconnected or self.is_gone or self.transport.is_closing())

    def hint(self, links: Iterable[bytes]) -> None:
        """Sends a 103 with these values of Link, but not to an HTTP/1.0 client.

        Once the head has left it is ignored, as ASGI permits: an app cannot know when that is.
        """
        if self.scope["http_version"] != "1.0" and not self.has_sent_head:
            self.protocol.write_at_once(self.connection.send_informational(103, [(b"link", link) for link in links]))

    @property
    def is_unheard(self) -> bool:
        """True once the app has sent too many messages to a client that has left."""
        return self.audience is not None and self.audience.is_lost

    def start(self, status: int, headers: Lines) -> None:
        """Holds the head back for the first content.

        Head and content are then sent in one write, if the content is shorter than 16 KiB and the head has no Upgrade.
        A head without a length is held for one turn of the loop at most. One with a length is held at most until the
        app waits in `receive`. A response that switches is sent at once.
        """
        protocol = self.protocol
        # The app may go on to change its own.
        headers = list(headers)
        switches = self.offers and self.accepts(status, headers)
        if protocol.access_log:
            log_access(protocol.access_logger, self.scope, status)
        if switches:
            return
        if status < 200:
            raise RuntimeError(f"A response of an app cannot have the status {status}.")
        if self.scope["method"] == "CONNECT" and status < 300:
            protocol.logger.error("A %d to CONNECT would open a tunnel, which has no length: it becomes 501.", status)
            status, headers, self.drops_content = 501, [TEXT, (b"content-length", b"0")], True
        self.head = (status, protocol.server_state.default_headers, headers)
        self.response_started = True
        self.has_length, has_upgrade = _noted(headers)
        self.writes_head = has_upgrade or status == 426
        self.has_content = not self.drops_content and status not in {204, 304}
        # Middleware that has heard of the disconnect may cancel the app, and end its content.
        self.is_cut = self.has_heard and not self.has_length and self.has_content
        if not self.has_length:
            # Content may come much later, as events do: the head does not wait for it.
            protocol.loop.call_later(0, self.flush_head)
            if protocol.has_eof:
                self.notice_eof()

    def accepts(self, status: int, headers: Lines) -> bool:
        """Sends a response that switches protocols; returns whether this is one.

        A 101 accepts an offer, and a 2xx without Content-Length or Transfer-Encoding a CONNECT. Any
        other response declines, and is not sent here.
        """
        is_tunnel = self.scope["method"] == "CONNECT" and 200 <= status < 300 and not is_framed(headers)
        if status != 101 and not is_tunnel:
            if self.scope["method"] != "CONNECT":
                self.protocol.warn_of_an_offer()
            return False
        if self.more_body or self.body or (self.has_input and not self.is_read):
            raise RuntimeError("The request's content has to be received before its offer is accepted.")
        defaults = self.protocol.server_state.default_headers
        self.protocol.write_at_once(accepted(self.connection, status, defaults, headers))
        self.response_started = self.has_sent_head = True
        self.drops_content = False
        self.protocol.switch()
        self.tunnel = Tunnel(self.protocol, self.connection)
        if self.protocol.is_stopping:
            self.tunnel.leave()
        # Who waits for something to receive gets it from there now.
        self.tell()
        return True

    def flush_head(self) -> None:
        """Sends the head, if it is still held back for content."""
        if self.head is not None and not self.disconnected and not self.transport.is_closing():
            try:
                self.write(b"", more_body=True)
            except Exception as error:
                # The app may send nothing for long, so the client gets its response now.
                self.protocol.logger.error("Exception in ASGI application\n", exc_info=error)
                self.disconnect()
                self.protocol.reject(500, b"Internal Server Error")

    def write(self, body: ReadableBuffer, more_body: bool) -> None:
        """Writes content, and after the last of it the end, unless trailers follow.

        If the engine rejects the content or the end, what it has encoded before that is sent nevertheless.
        """
        if not isinstance(body, bytes):
            # The app may go on to change it; and what is no content must not cost the head.
            body = memoryview(body).tobytes()
        if self.tunnel is not None:
            self.tunnel.write(body, more_body)
            return
        protocol = self.protocol
        head, self.head = self.head, None
        if self.is_unheard and not self.has_length and self.has_content:
            self.is_cut = True
        if self.trailers is not None and not more_body:
            self.is_trailing = more_body = True
        ends = not more_body and not self.is_cut
        if head is not None and ends and self.more_body:
            # The app reads no more. If the rest is known to be too long to discard, the head says that this is the end.
            with suppress(LocalProtocolError):
                self.connection.skip_content()
        if head is not None and self.writes_head:
            protocol.write(advertised(self.connection, protocol.logger.warning, *head))
            head = None
        try:
            is_idle = _answer(self.connection, head, b"" if self.drops_content else body, ends, protocol.write)
        except Exception:
            self.has_sent_head = self.has_sent_head or self.connection.owes not in UNSENT
            raise
        self.has_sent_head = True
        if not more_body:
            self.finish(is_idle)
        elif not self.has_length:
            protocol.ending.reset_if_unfinished()

    def write_trailers(self, headers: Lines, more_trailers: bool) -> None:
        """Sends trailers, if the client reads them, and the end of the response.

        Trailers with `more_trailers` wait for the last ones. Only chunked content can have them; in another response
        they are left out. Does nothing if they were not announced, or before the end of the content. RFC 9110, section
        6.5.1.
        """
        if self.trailers is None or not self.is_trailing:
            # A middleware may have dropped the announcement, and with it the client's wish.
            return
        self.trailers += headers
        if more_trailers:
            return
        is_read = any(name == b"te" and b"trailers" in value.lower() for name, value in self.scope["headers"])
        is_sent = is_read and not self.has_length and self.has_content
        if not self.is_cut and (out := self.connection.send_end(self.trailers if is_sent else ())):
            self.protocol.write(out)
        self.finish(is_idle=False)

    def finish(self, is_idle: bool) -> None:
        """Records the end of the response, and lets the connection continue or close.

        `is_idle` says that nothing is unread and another request may follow.
        """
        self.response_complete = self.has_news = True
        if self.event is not None:
            self.event.set()
        if self.is_cut:
            self.protocol.close()
        else:
            self.protocol.answered(is_idle)
