// What a call is refused with, and what the peer did wrong.

import { raw } from "./calls.js";
import { namesOf, reading, type Reader } from "./reader.js";
import { Blame, Ineligible, type CapsuleFault, type ErrorKind, type OverHttp2 } from "../generated/tables.js";

const blames = namesOf(Blame);
const ineligibles = namesOf(Ineligible);

/**
 * A breach of the protocol, by the peer or by the caller.
 *
 * After one by the peer receiving has ended, and a server may answer with `status`, once; after one by the caller
 * nothing has changed. The numbers and names are those of every surface of the engine; `errorText` has the sentences.
 */
export class ProtocolError extends Error {
  /** The stable number. */
  readonly code: number;
  /** The stable name of the number. */
  readonly kind: ErrorKind;
  /** The side that has to change something. */
  readonly blame: Blame;
  /**
   * The status that a server answers a peer's error with, or `null`.
   *
   * `null` for the caller's errors and for what only a client can meet.
   */
  readonly status: number | null;
  /**
   * The place of a peer's error, in bytes from the connection's first, or `null`.
   *
   * `null` for the caller's errors.
   */
  readonly offset: number | null;
  /**
   * The index of the given header that a caller's error is about, or `null`.
   *
   * Counted from 0; `null` where it is about none.
   */
  readonly field: number | null;
  /**
   * The rule of its protocol that the offer of a refused `sendRequest` breaks.
   *
   * After `profile-field`; else `null`.
   */
  readonly ineligible: Ineligible | null;

  /** @internal */
  constructor(reader: Reader) {
    const code = reader.number();
    const blame = reader.name(blames);
    const status = reader.option();
    const hasOffset = reader.boolean();
    const offset = reader.large();
    const field = reader.option();
    const ineligible = reader.optionalName(ineligibles);
    const kind = reader.text() as ErrorKind;
    super(reader.text());
    this.name = "ProtocolError";
    this.code = code;
    this.kind = kind;
    this.blame = blame;
    this.status = status;
    this.offset = hasOffset ? offset : null;
    this.field = field;
    this.ineligible = ineligible;
  }

  /** The rule that was broken, such as `RFC 9112, section 6.3`. */
  get clause(): string {
    return reading(() => raw.error_clause(this.code)).text();
  }

  /** Advice on how to mend the fault. */
  get advice(): string {
    return reading(() => raw.error_advice(this.code)).text();
  }
}

/**
 * A breach of what a particular protocol needs; `message` is the sentence.
 *
 * A `Splice` cannot take the request along, a list of HTTP/2 is malformed, a stream of capsules is broken.
 */
export class ProfileError extends Error {
  /**
   * The fault: `Ineligible`, `OverHttp2` or `CapsuleFault`.
   *
   * `Ineligible` of a `Splice`, `OverHttp2` of `http1Fields`, `CapsuleFault` of `Capsules`.
   */
  readonly reason: Ineligible | OverHttp2 | CapsuleFault;

  /** @internal */
  constructor(reader: Reader) {
    const reason = reader.text() as Ineligible | OverHttp2 | CapsuleFault;
    super(reader.text());
    this.name = "ProfileError";
    this.reason = reason;
  }
}
