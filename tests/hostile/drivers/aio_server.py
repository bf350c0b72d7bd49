"""A host of the hostile kit: a server of `switchover.aio`.

The path of a request selects the handler's behaviour. Usage: `aio_server.py BACKEND`, where
BACKEND is `asyncio`, `uvloop` or `trio`.
"""

import ssl
import sys

import anyio
import lies
import python_log
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSListener
from switchover.aio import Exchange, serve


async def handler(exchange: Exchange) -> None:
    """Responds to one request as its path says, or echoes bytes after a switch."""
    path = exchange.request.target.decode()
    if exchange.upgrade:
        await anyio.sleep(lies.LATER if path == "/accepts-later" else 0)
        async with await exchange.accept() as stream:
            if path == "/raises-switched":
                raise ValueError("after the switch")
            async for data in stream:
                await stream.send(data)
        return
    if path == "/self":
        await exchange.respond(200, content=lies.number_of(anyio.get_running_tasks))
        return
    if path == "/waits":
        await exchange.gone()
        return
    await anyio.sleep(lies.MOMENT if path == "/sleeps" else 0)
    if path == "/breaks-reason":
        await exchange.respond(200, reason="OK\r\nInjected: yes")
    answer = lies.ANSWERS.get(path, lies.NOTHING)
    if answer.before:
        raise answer.before("before the head")
    await exchange.send_response(200, answer.head())
    while path == "/echo" and (data := await exchange.receive()):
        await exchange.send_data(data)
    for piece in answer.pieces:
        await exchange.send_data(piece)
    if path == "/silent":
        await exchange.gone()
    while path == "/endless":
        await exchange.send_data(lies.CHUNK)
    if answer.fails:
        raise ValueError("in the content")
    await exchange.send_end()
    if answer.goes_on:
        raise ValueError("after the end")
    if answer.sends_on:
        await exchange.send_data(lies.TEN)


async def main() -> None:
    """Serves until a signal arrives."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=0)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    if files := lies.certified():
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(**files)
        listener = TLSListener(listener, context, standard_compatible=True)
    await lies.until_a_signal(serve, listener, handler, ["foo/2"])


python_log.set_up()
lies.run(main, sys.argv[1])
