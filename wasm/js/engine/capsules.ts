// Capsules after a 101: DATAGRAM capsules are read and written, others are skipped (RFC 9297, 3).

import { count, bytesOf } from "./check.js";
import { ProfileError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";
import { UDP_PAYLOAD } from "../generated/tables.js";

/**
 * The first invalid context ID: a QUIC variable-length integer has 62 bits.
 *
 * RFC 9000, section 16.
 */
const CONTEXTS = 2n ** 62n;

function contextOf(context: bigint): bigint {
  if (typeof context !== "bigint") throw new TypeError("context must be a bigint");
  if (context < 0n || context >= CONTEXTS) throw new RangeError("context must be from 0 to 2 ** 62 - 1");
  return context;
}

/** A datagram that was received in a capsule, or that is to be sent in one. */
export class Datagram {
  /**
   * The context ID of the datagram (RFC 9298, section 4); less than 2 to the 62.
   *
   * `0n` marks a UDP payload or an IP packet. Both sides may agree on others; discard a datagram with an unknown one.
   */
  readonly context: bigint;
  /** The payload of the datagram. */
  readonly payload: Uint8Array;

  /**
   * Creates a datagram with that payload.
   *
   * Throws a `RangeError` if the context is negative, or 2 to the 62 or more. Next: `write`.
   */
  constructor(context: bigint, payload: Uint8Array) {
    bytesOf(payload);
    this.context = contextOf(context);
    this.payload = payload;
  }

  /**
   * Encodes the datagram as a DATAGRAM capsule, to be sent after the 101.
   *
   * RFC 9297, section 3.5.
   */
  write(): Uint8Array<ArrayBuffer> {
    // Another value may have been assigned since.
    raw.datagram_write(contextOf(this.context), bytesOf(this.payload));
    return bytesLeft();
  }
}

/**
 * A parser of DATAGRAM capsules in the bytes received after a 101.
 *
 * It skips capsules of other types (RFC 9297, section 3.2).
 *
 * Its memory belongs to the WebAssembly module, where it is not garbage-collected: call `free`, or declare it with
 * `using`.
 */
export class Capsules extends DisposableHandle {
  /**
   * Creates a parser for datagrams with at most `longest` bytes of payload.
   *
   * This limits the memory it uses; `UDP_PAYLOAD` is the longest payload of UDP. Next: `receive`.
   */
  constructor(longest: number = UDP_PAYLOAD) {
    super(raw.capsules_new(count(longest, 2 ** 32 - 1, "longest")), raw.capsules_free, "reader of capsules");
  }

  /**
   * Appends a copy of bytes received after the 101, starting with its leftover.
   *
   * Next: `nextDatagram` until it returns `null`.
   */
  receive(bytes: Uint8Array): void {
    raw.capsules_receive(this.live(), bytesOf(bytes));
  }

  /**
   * Returns the next datagram, or `null` if more bytes are needed.
   *
   * Throws a `ProfileError` with the `CapsuleFault` if the stream is malformed: abort it then. Next: `nextDatagram`
   * again, or `receive` after `null`.
   */
  nextDatagram(): Datagram | null {
    // The cases are the numbers of `Outcome` in `capsules.rs`.
    switch (raw.capsules_next(this.live())) {
      case 1:
        return null;
      case 2:
        return new Datagram(new Reader().big(), bytesLeft());
      default:
        throw new ProfileError(new Reader());
    }
  }

  /**
   * Checks that the stream has ended between two capsules.
   *
   * Throws a `ProfileError` with the reason `truncated` if it ended inside a capsule, or if `nextDatagram` has not yet
   * read every capsule. If `nextDatagram` has thrown one, throws that again. RFC 9297, section 3.3.
   */
  finish(): void {
    if (!raw.capsules_finish(this.live())) throw new ProfileError(new Reader());
  }
}
