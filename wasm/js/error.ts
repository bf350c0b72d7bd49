// What a call is refused with, and what the peer did wrong.

import type { Reader } from "./reader.js";
import { Blame, type CapsuleFault, type ErrorKind, type Ineligible, type OverHttp2 } from "./tables.js";
import { namesOf } from "./reader.js";

const blames = namesOf(Blame);

/**
 * A rule of the protocol was broken: by the peer (receiving has ended; a server may answer with `statusHint`, once), or by
 * the caller (nothing has changed). The numbers and names are those of every surface of the engine; `errorText` has the
 * sentences.
 */
export class ProtocolError extends Error {
  /** The stable number. */
  readonly code: number;
  /** The stable name of the number. */
  readonly kind: ErrorKind;
  /** Who has to change something. */
  readonly side: Blame;
  /** The status that a server answers a peer's error with; `null` for the caller's and for what only a client can meet. */
  readonly statusHint: number | null;
  /** Where a peer's error lies, in octets from the connection's first; `null` for the caller's errors. */
  readonly offset: number | null;

  /** @internal */
  constructor(reader: Reader) {
    const code = reader.number();
    const side = reader.name(blames);
    const statusHint = reader.option();
    const hasOffset = reader.boolean();
    const offset = reader.large();
    const kind = reader.text() as ErrorKind;
    super(reader.text());
    this.name = "ProtocolError";
    this.code = code;
    this.kind = kind;
    this.side = side;
    this.statusHint = statusHint;
    this.offset = hasOffset ? offset : null;
  }
}

/**
 * What a particular protocol asks for is not so: a `Splice` cannot take the request along, a list of HTTP/2 is malformed, a
 * stream of capsules is broken. `message` is the sentence.
 */
export class ProfileError extends Error {
  /** What is wrong: `Ineligible` of a `Splice`, `OverHttp2` of `http1Fields`, `CapsuleFault` of `Capsules`. */
  readonly reason: Ineligible | OverHttp2 | CapsuleFault;

  /** @internal */
  constructor(reader: Reader) {
    const reason = reader.text() as Ineligible | OverHttp2 | CapsuleFault;
    super(reader.text());
    this.name = "ProfileError";
    this.reason = reason;
  }
}
