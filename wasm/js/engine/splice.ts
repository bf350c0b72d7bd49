// Any HTTP/2 engine answers the request of an upgrade on stream 1, though it knows nothing of upgrades (RFC 7540, 3.2).

import { bytesOf } from "./check.js";
import { Connection } from "./connection.js";
import { ProfileError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { encodeHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";

/**
 * A splice between a client that was sent a `101` for `h2c` and an HTTP/2 engine.
 *
 * It is out of the way as soon as both have the same picture. To the engine it looks as if the client had spoken HTTP/2
 * from the start, the request on stream 1.
 *
 * What the client sends goes to `clientSent`, what the engine writes to `engineSent`; after either, pass on what
 * `takeForEngine` and `takeForClient` hold. Do not read the client while `wantsClient` is false. Once it `isDone`, connect
 * the two directly.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export class Splice extends DisposableHandle {
  /**
   * Server, before the 101: what the connection's current request brings along.
   *
   * `content` and `trailers` are all that came, at most 65,535 bytes. Where it cannot be taken along a `ProfileError`
   * with the `Ineligible` says why: decline the offer then. A connection without a current request is a `TypeError`.
   * Next: `accept`, then `clientSent` with the leftover.
   */
  constructor(connection: Connection, content: Uint8Array, trailers?: HeaderSource) {
    super(begin(connection, content, trailers), raw.splice_free, "splice");
  }

  /**
   * Takes bytes of the client, by copy, the leftover of the 101 first.
   *
   * Next: `takeForEngine`, `takeForClient`.
   */
  clientSent(bytes: Uint8Array): void {
    raw.splice_client_sent(this.live(), bytesOf(bytes));
  }

  /**
   * The client has ended: what has not come whole goes to the engine as it is.
   *
   * Next: `takeForEngine`; tell the engine of the end once `isWaiting` is false.
   */
  clientEnded(): void {
    raw.splice_client_ended(this.live());
  }

  /**
   * Takes bytes that the engine has written, by copy.
   *
   * Next: `takeForEngine`, `takeForClient`.
   */
  engineSent(bytes: Uint8Array): void {
    raw.splice_engine_sent(this.live(), bytesOf(bytes));
  }

  /** Takes what goes to the engine now, often nothing. */
  takeForEngine(): Uint8Array<ArrayBuffer> {
    raw.splice_take_for_engine(this.live());
    return bytesLeft();
  }

  /** Takes what goes to the client now, often nothing. */
  takeForClient(): Uint8Array<ArrayBuffer> {
    raw.splice_take_for_client(this.live());
    return bytesLeft();
  }

  /**
   * Tells whether the client should be read.
   *
   * False only while too much waits for the engine.
   */
  get wantsClient(): boolean {
    return raw.splice_wants_client(this.live());
  }

  /** Tells whether bytes of the client wait for the engine's window. */
  get isWaiting(): boolean {
    return raw.splice_is_waiting(this.live());
  }

  /**
   * Tells whether nothing is held and both sides have the same picture.
   *
   * Then connect client and engine directly, and `free` it.
   */
  get isDone(): boolean {
    return raw.splice_is_done(this.live());
  }
}

/** The number of a new one. */
function begin(connection: Connection, content: Uint8Array, trailers: HeaderSource | undefined): number {
  if (!(connection instanceof Connection)) throw new TypeError("connection must be a Connection");
  const args = encodeHeaders(trailers);
  const number = raw.splice_new(Connection.numberOf(connection), bytesOf(content), args);
  // The numbers of `Refused` in `splice.rs`.
  if (number === 0) throw new TypeError("the connection has no current request");
  if (number === 1) throw new ProfileError(new Reader());
  return number - 2;
}
