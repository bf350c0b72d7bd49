// Selection of the transport for a socket.

import { OfDeno } from "./deno-transport.js";
import { OfNode, isOfSocket, wasCancelled } from "./node-transport.js";
import type { Handed, Socket, Transport } from "./sockets.js";
import { OfStreams } from "./stream-transport.js";

/** @internal Returns the transport for a socket, and reserves the socket. */
export function transportOf(socket: Socket): Transport {
  if (typeof socket === "object" && socket !== null) {
    if ("closeWrite" in socket) return new OfDeno(socket);
    if ("unshift" in socket) return new OfNode(socket);
    if ("readable" in socket && "writable" in socket) return new OfStreams(socket);
  }
  throw new TypeError("a socket has a readable and a writable stream");
}

const moment = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 0, undefined));

/** @internal Returns whether an error is a failure of the socket, not of the code that speaks the new protocol. */
export async function isFailureOf(socket: Socket, pair: Handed, error: unknown): Promise<boolean> {
  if (pair.failures?.has(error)) return true;
  // New streams over the socket would not know its error. `errored` may also hold an error of the socket's user, so
  // only errors of the system, TLS and HTTP/2 count.
  if ("unshift" in socket) return error instanceof Error && (wasCancelled(socket, error) || (socket.errored === error && isOfSocket(error)));
  if ("closeWrite" in socket) return false;
  // The socket's own streams report the error again once their users have released them: soon, but not in this turn.
  // The writable does not count, since its user may have aborted it with any error.
  for (let turn = 0; turn < TURNS; turn++) {
    await moment();
    if (!pair.readable.locked && (await stores(pair.readable.getReader(), error))) return true;
  }
  return false;
}

const TURNS = 5;

/** Returns whether a locked stream has failed with this error; releases the lock. */
async function stores(lock: { readonly closed: Promise<unknown>; releaseLock(): void }, error: unknown): Promise<boolean> {
  const stored = lock.closed.then(
    () => undefined,
    (stored: unknown) => stored,
  );
  const is = (await Promise.race([stored, moment()])) === error;
  lock.releaseLock();
  return is;
}
