// Exclusive use of sockets that have no locks of their own, as those of Deno and Node.

import type { DenoSocket, NodeSocket, Socket, Transport } from "./sockets.js";

/** The transport that currently uses each socket. */
const held = new WeakMap<Socket, Transport>();

/**
 * @internal Reserves a socket for a transport; throws if it is in use.
 *
 * Also disables Nagle's algorithm, so that small pieces are sent at once.
 */
export function hold(socket: DenoSocket | NodeSocket, holder: Transport): void {
  if (held.has(socket)) throw new TypeError("the socket is in use: read the content of its answer first");
  held.set(socket, holder);
  try {
    socket.setNoDelay?.(true);
  } catch {
    // The socket is closed, which the next read reports.
  }
}

/** @internal Ends the reservation of a socket. */
export function unhold(socket: Socket, holder: Transport): void {
  if (held.get(socket) === holder) held.delete(socket);
}
