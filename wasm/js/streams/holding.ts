// Sockets without locks of their own: each is in use at most once.

import type { DenoSocket, NodeSocket, Socket, Transport } from "./sockets.js";

/** Sockets without locks of their own that are in use, each with its holder. */
const held = new WeakMap<Socket, Transport>();

/**
 * @internal Takes a socket, which no one else may read until it is let go.
 *
 * Its small pieces do not wait for another.
 */
export function hold(socket: DenoSocket | NodeSocket, holder: Transport): void {
  if (held.has(socket)) throw new TypeError("the socket is in use: read the content of its answer first");
  held.set(socket, holder);
  try {
    socket.setNoDelay?.(true);
  } catch {
    // It is closed, which a read says.
  }
}

/** @internal Lets go of a socket. */
export function unhold(socket: Socket, holder: Transport): void {
  if (held.get(socket) === holder) held.delete(socket);
}
