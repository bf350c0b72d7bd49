// Relay for upgrades to `h2c`: an HTTP/2 engine without support for upgrades handles the request as stream 1 (RFC 7540,
// 3.2).

import { bytesOf } from "./check.js";
import { Connection } from "./connection.js";
import { ProfileError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { encodeHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";

/**
 * A relay between a client that received a `101` for `h2c` and an HTTP/2 engine.
 *
 * The engine sees a client that speaks HTTP/2 from the start, with the request on stream 1. Once client and engine
 * have the same HTTP/2 state, the relay is no longer needed.
 *
 * Pass bytes from the client to `clientSent`, and bytes from the engine to `engineSent`. After either, send on the
 * results of `takeForEngine` and `takeForClient`. Do not read from the client while `wantsClient` is false. Once
 * `isDone` is true, connect the two directly.
 *
 * Its memory belongs to the WebAssembly module, where it is not garbage-collected: call `free`, or declare it with
 * `using`.
 */
export class Splice extends DisposableHandle {
  /**
   * Server, before the 101: creates a relay for the connection's current request.
   *
   * `content` is all of the request's content, at most 65,535 bytes, and `trailers` are its trailers. Throws a
   * `ProfileError` with the `Ineligible` if the request cannot be relayed: decline the offer then. Throws a `TypeError`
   * if the connection has no current request. Next: `accept`, then `clientSent` with the leftover.
   */
  constructor(connection: Connection, content: Uint8Array, trailers?: HeaderSource) {
    super(begin(connection, content, trailers), raw.splice_free, "splice");
  }

  /**
   * Accepts a copy of bytes from the client, starting with the leftover of the 101.
   *
   * Next: `takeForEngine`, `takeForClient`.
   */
  clientSent(bytes: Uint8Array): void {
    raw.splice_client_sent(this.live(), bytesOf(bytes));
  }

  /**
   * Records that the client has ended its stream.
   *
   * An incomplete HTTP/2 frame then goes to the engine as it is. Next: `takeForEngine`; end the engine's input once
   * `isWaiting` is false.
   */
  clientEnded(): void {
    raw.splice_client_ended(this.live());
  }

  /**
   * Accepts a copy of bytes that the engine has written.
   *
   * Next: `takeForEngine`, `takeForClient`.
   */
  engineSent(bytes: Uint8Array): void {
    raw.splice_engine_sent(this.live(), bytesOf(bytes));
  }

  /** Removes and returns the bytes to send to the engine now, often none. */
  takeForEngine(): Uint8Array<ArrayBuffer> {
    raw.splice_take_for_engine(this.live());
    return bytesLeft();
  }

  /** Removes and returns the bytes to send to the client now, often none. */
  takeForClient(): Uint8Array<ArrayBuffer> {
    raw.splice_take_for_client(this.live());
    return bytesLeft();
  }

  /**
   * Returns whether the caller should read from the client.
   *
   * False only while too many bytes wait to be sent to the engine.
   */
  get wantsClient(): boolean {
    return raw.splice_wants_client(this.live());
  }

  /** Returns whether bytes from the client wait for the engine's flow-control window. */
  get isWaiting(): boolean {
    return raw.splice_is_waiting(this.live());
  }

  /**
   * Returns whether client and engine can be connected directly, without the relay.
   *
   * No bytes wait then, and both have the same HTTP/2 state, or the client does not speak HTTP/2. Next: connect them,
   * and `free` the relay.
   */
  get isDone(): boolean {
    return raw.splice_is_done(this.live());
  }
}

/** Creates a relay in the module and returns its handle. */
function begin(connection: Connection, content: Uint8Array, trailers: HeaderSource | undefined): number {
  if (!(connection instanceof Connection)) throw new TypeError("connection must be a Connection");
  const args = encodeHeaders(trailers);
  const number = raw.splice_new(Connection.numberOf(connection), bytesOf(content), args);
  // The numbers are those of `Refused` in `splice.rs`.
  if (number === 0) throw new TypeError("the connection has no current request");
  if (number === 1) throw new ProfileError(new Reader());
  return number - 2;
}
