"""The task of an ASGI app, and the end of a response that it leaves unfinished."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .cycle import TEXT, Cycle

if TYPE_CHECKING:
    from uvicorn._types import ASGI3Application


async def run(cycle: Cycle, app: ASGI3Application) -> None:
    """Runs the app, and ends a response that it leaves unfinished."""
    cycle.has_begun = True
    try:
        result = await app(cycle.scope, cycle.receive, cycle.send)  # type: ignore[arg-type, func-returns-value]
    except BaseException as error:
        if not cycle.is_unheard:
            cycle.protocol.logger.error("Exception in ASGI application\n", exc_info=error)
        elif cycle.response_complete:
            return
        if cycle.tunnel is not None:
            if not cycle.transport.is_closing():
                cycle.protocol.ending.reset()
            return
        await give_up(cycle)
    else:
        if result is not None:
            cycle.protocol.logger.error("ASGI callable should return None, but returned '%s'.", result)
            if not cycle.response_complete:
                await give_up(cycle)
            elif cycle.protocol.cycle is cycle:
                cycle.protocol.linger()
        elif cycle.tunnel is not None:
            cycle.protocol.leave_tunnel(cycle.tunnel)
        elif not (cycle.response_complete or cycle.disconnected or cycle.is_gone):
            if not cycle.has_heard:
                what = "completing" if cycle.response_started else "starting"
                cycle.protocol.logger.error("ASGI callable returned without %s response.", what)
            await give_up(cycle)
    finally:
        cycle.has_returned = True
        if cycle.is_gone and cycle.tunnel is None:
            # It would flush what nobody receives.
            cycle.transport.abort()
        if cycle.task is not None:
            cycle.protocol.tasks.discard(cycle.task)
            cycle.task = None


async def give_up(cycle: Cycle) -> None:
    """Sends a 500, if the app has not begun to respond.

    Otherwise the client has to see that the response is incomplete.
    """
    if cycle.transport.is_closing() or cycle.protocol.lingers:
        return
    if cycle.response_started:
        give_up_halfway(cycle)
        return
    text = b"Internal Server Error"
    if cycle.has_heard:
        # An app that has stopped because its client disconnected gets no line in the access log.
        cycle.protocol.reject(500, text)
        return
    headers = [TEXT, (b"content-length", b"%d" % len(text)), (b"connection", b"close")]
    await cycle.send({"type": "http.response.start", "status": 500, "headers": headers})
    await cycle.send({"type": "http.response.body", "body": text})


def give_up_halfway(cycle: Cycle) -> None:
    """Sends a head that was held back; closes unless the response is then complete.

    If content should follow the head, the end of the connection shows that the response is incomplete.
    """
    if not cycle.response_complete and (cycle.head is not None or cycle.has_sent_head):
        try:
            cycle.write(b"", more_body=cycle.has_content)
        except Exception as error:
            cycle.protocol.logger.error("Exception in ASGI application\n", exc_info=error)
        if cycle.response_complete:
            return
    # The connection may already serve the next request, which must not be disturbed.
    if cycle.protocol.cycle is cycle:
        cycle.protocol.linger()
