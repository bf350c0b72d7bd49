// The capsules after a 101: DATAGRAM is read and written, others are skipped (RFC 9297, 3).

import { count, bytesOf } from "./check.js";
import { ProfileError } from "./error.js";
import { DisposableHandle } from "./disposable.js";
import { raw } from "./calls.js";
import { bytesLeft, Reader } from "./reader.js";
import { UDP_PAYLOAD } from "../generated/tables.js";

/**
 * One more than the greatest context: the numbers of QUIC have 62 bits.
 *
 * RFC 9000, section 16.
 */
const CONTEXTS = 2n ** 62n;

/** One datagram of a stream of capsules. */
export class Datagram {
  /**
   * The context of the datagram (RFC 9298, section 4); less than 2 to the 62.
   *
   * `0n` is a UDP payload or an IP packet, others are what both sides have agreed on; drop one that is not known.
   */
  readonly context: bigint;
  /** The payload of the datagram. */
  readonly payload: Uint8Array;

  /**
   * Makes a datagram of that payload.
   *
   * A context that is negative or 2 to the 62 and more is a `RangeError`. Next: `write`.
   */
  constructor(context: bigint, payload: Uint8Array) {
    if (typeof context !== "bigint") throw new TypeError("context must be a bigint");
    if (context < 0n || context >= CONTEXTS) throw new RangeError("context must be from 0 to 2 ** 62 - 1");
    bytesOf(payload);
    this.context = context;
    this.payload = payload;
  }

  /**
   * Writes the datagram as a DATAGRAM capsule, to be sent after the 101.
   *
   * RFC 9297, section 3.5.
   */
  write(): Uint8Array<ArrayBuffer> {
    raw.datagram_write(this.context, bytesOf(this.payload));
    return bytesLeft();
  }
}

/**
 * A reader of DATAGRAM capsules out of the bytes after a 101.
 *
 * Capsules of other types are skipped (RFC 9297, section 3.3).
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export class Capsules extends DisposableHandle {
  /**
   * Makes a reader that takes datagrams up to that payload, in bytes.
   *
   * That bounds what is held; `UDP_PAYLOAD` is the most that UDP has. Next: `receive`.
   */
  constructor(longest: number = UDP_PAYLOAD) {
    super(raw.capsules_new(count(longest, 2 ** 32 - 1, "longest")), raw.capsules_free, "reader of capsules");
  }

  /**
   * Takes bytes of the stream, by copy, the leftover of the 101 first.
   *
   * Next: `nextDatagram` until there is none.
   */
  receive(bytes: Uint8Array): void {
    raw.capsules_receive(this.live(), bytesOf(bytes));
  }

  /**
   * The next datagram; `null` before more bytes come.
   *
   * Throws a `ProfileError` with the `CapsuleFault` of a stream that is broken: abort it. Next: once more, or
   * `receive`.
   */
  nextDatagram(): Datagram | null {
    // The numbers of `Outcome` in `capsules.rs`.
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
   * The stream has ended.
   *
   * Throws a `ProfileError`, `truncated`, where that was inside a capsule (RFC 9297, section 3.3).
   */
  finish(): void {
    if (!raw.capsules_finish(this.live())) throw new ProfileError(new Reader());
  }
}
