"""TLS by upgrade (RFC 2817).

Usage: `python tls.py serve PORT CERTIFICATE KEY`, `python tls.py ask PORT AUTHORITY [TARGET]`.

A client that offers TLS switches to TLS on the same port, and its request gets its response there. A client that needs
TLS must not continue without it: an attacker between client and server can decline the offer.
"""

import ssl
import sys
from dataclasses import dataclass

import anyio
from anyio.abc import SocketAttribute
from anyio.streams.tls import TLSAttribute, TLSStream
from switchover.aio import Declined, Exchange, connect_upgrade, resume, serve

HANDSHAKE = 30


@dataclass
class Server:
    """A server with its TLS context."""

    context: ssl.SSLContext

    async def handle(self, exchange: Exchange) -> None:
        """Responds to one request, over TLS if the client offers it."""
        if exchange.upgrade:
            stream = await exchange.accept()
            try:
                with anyio.fail_after(HANDSHAKE):
                    secured = await TLSStream.wrap(stream, server_side=True, ssl_context=self.context)
            except (anyio.BrokenResourceError, anyio.EndOfStream, OSError):
                return  # no handshake, an error in it, or none in time: the connection ends
            exchange.resume(secured)
        version = exchange.stream.extra(TLSAttribute.tls_version, "in the clear")
        await exchange.respond(200, {"Content-Type": "text/plain"}, f"{version}\n".encode())


async def main(port: int, context: ssl.SSLContext) -> None:
    """Runs the server; port 0 is any free one."""
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1", local_port=port)
    print(f"listening on {listener.extra(SocketAttribute.local_port)}", flush=True)
    await serve(listener, Server(context).handle, ["TLS/1.2, HTTP/1.1"])


async def ask(port: int, context: ssl.SSLContext, target: str) -> None:
    """Prints the response received over TLS; exits if the server declines TLS."""
    headers = {"Host": f"localhost:{port}"}
    async with await anyio.connect_tcp("127.0.0.1", port) as transport:
        try:
            switched = await connect_upgrade(transport, target, headers, ["TLS/1.2", "HTTP/1.1"])
        except Declined as declined:
            sys.exit(f"no TLS: {declined}")
        with anyio.fail_after(HANDSHAKE):
            secured = await TLSStream.wrap(switched, hostname="localhost", ssl_context=context)
        answer = await resume(switched, secured)
        text = answer.content.decode(errors="replace")
        print(answer.response.status, text, end="" if answer.is_whole else " (cut)\n")
        await secured.aclose()


if __name__ == "__main__":
    if sys.argv[1:2] == ["ask"]:
        trust = ssl.create_default_context(cafile=sys.argv[3])
        anyio.run(ask, int(sys.argv[2]), trust, sys.argv[4] if len(sys.argv) > 4 else "/")
    else:
        identity = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        identity.load_cert_chain(sys.argv[3], sys.argv[4])
        anyio.run(main, int(sys.argv[2]), identity)
