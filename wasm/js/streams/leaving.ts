// The end of a server's connection, such that the client gets the whole of the last response.

import { DisconnectedError } from "./errors.js";
import type { Wire } from "./wire.js";

/**
 * Milliseconds after the last response during which further reads may begin.
 *
 * The last read may take `LINGER_IDLE` more. Reading stops earlier at the end of the input, after a
 * pause of `LINGER_IDLE` milliseconds, or after `LINGER_BYTES` bytes.
 */
const LINGER_MAX = 4_000;
const LINGER_IDLE = 1_000;
const LINGER_BYTES = 2 ** 20;

/**
 * @internal Ends a server's connection such that the client gets the last response.
 *
 * It closes the sending side, discards input for a while if `closing` is `linger`, then closes the
 * socket. Closing with unread bytes would reset the connection, and the client could lose the
 * response (RFC 9112, section 9.6). A client that was idle for `LINGER_IDLE` has received it. If an
 * incomplete response would look complete, it resets the connection instead. Returns an error if
 * closing shows that the end of a response was not sent.
 */
export async function leave(wire: Wire, isIdle: boolean): Promise<DisconnectedError | undefined> {
  let isCut = wire.sender.hasFailed || wire.connection.closing === "reset";
  const lingers = wire.connection.closing === "linger" && !(isIdle && wire.receiver.waited > LINGER_IDLE);
  wire.sender.flush();
  const { isQueued } = wire.transport;
  try {
    if (isCut) return undefined;
    // If this throws, part of the response was not sent.
    isCut = true;
    // In Workers closing the sending side of a socket that has failed may never settle.
    if (wire.receiver.failure) throw wire.receiver.failure;
    await wire.sender.end();
    isCut = false;
    const end = performance.now() + LINGER_MAX;
    for (let dropped = 0, length = 1; lingers && length > 0 && dropped < LINGER_BYTES && performance.now() < end; dropped += length) {
      length = await wire.receiver.drop(LINGER_IDLE);
    }
  } catch (cause) {
    // The client disconnected or stopped sending, or the signal aborted.
    const isLate = cause instanceof DOMException && cause.name === "TimeoutError";
    if (isCut && (isLate || isQueued)) return new DisconnectedError("the end of a response was not sent", cause);
  } finally {
    wire.close(undefined, { reset: isCut });
  }
  return undefined;
}
