// The transport of a socket, whichever it is.

import { OfDeno } from "./deno-transport.js";
import { OfNode, isOfSocket, wasCancelled } from "./node-transport.js";
import type { Handed, Socket, Transport } from "./sockets.js";
import { OfStreams } from "./stream-transport.js";

/** @internal Takes hold of a socket. */
export function transportOf(socket: Socket): Transport {
  if (typeof socket === "object" && socket !== null) {
    if ("closeWrite" in socket) return new OfDeno(socket);
    if ("unshift" in socket) return new OfNode(socket);
    if ("readable" in socket && "writable" in socket) return new OfStreams(socket);
  }
  throw new TypeError("a socket has a readable and a writable stream");
}

const moment = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 0, undefined));

/** @internal Returns whether the socket under a new protocol has failed with this, and not the code that speaks the protocol. */
export async function isFailureOf(socket: Socket, pair: Handed, error: unknown): Promise<boolean> {
  if (pair.failures?.has(error)) return true;
  // Streams over it that are made now would know no more. What it was destroyed with may be a mistake of who had it, too; what the
  // system, TLS and HTTP/2 say is none.
  if ("unshift" in socket) return error instanceof Error && (wasCancelled(socket, error) || (socket.errored === error && isOfSocket(error)));
  if ("closeWrite" in socket) return false;
  // The socket's own streams say it again, once those that have used them have let go: soon, but not in the same turn. One that is
  // written may have been aborted with anything.
  for (let turn = 0; turn < TURNS; turn++) {
    await moment();
    if (!pair.readable.locked && (await stores(pair.readable.getReader(), error))) return true;
  }
  return false;
}

const TURNS = 5;

/** Returns whether a stream has failed with this. */
async function stores(lock: { readonly closed: Promise<unknown>; releaseLock(): void }, error: unknown): Promise<boolean> {
  const stored = lock.closed.then(
    () => undefined,
    (stored: unknown) => stored,
  );
  const is = (await Promise.race([stored, moment()])) === error;
  lock.releaseLock();
  return is;
}
