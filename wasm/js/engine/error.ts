// The errors of a connection, and of protocol-specific functions.

import { raw } from "./calls.js";
import { namesOf, reading, type Reader } from "./reader.js";
import { Blame, Ineligible, type CapsuleFault, type ErrorKind, type OverHttp2 } from "../generated/tables.js";

const blames = namesOf(Blame);
const ineligibles = namesOf(Ineligible);

/**
 * A violation of the protocol, by the peer or by the caller.
 *
 * After an error by the peer nothing more is received, and a server may send one response with `status`, unless it has
 * begun one. After an error by the caller the connection is unchanged, except that a call that receives has ended the
 * current event. Codes and names are the same in all languages of the engine; `errorText` describes them.
 */
export class ProtocolError extends Error {
  /** The code of the error, which is the same in every version. */
  readonly code: number;
  /** The name of the error, which is the same in every version. */
  readonly kind: ErrorKind;
  /** The party that must change something to avoid the error: the peer or your code. */
  readonly blame: Blame;
  /**
   * The status code with which a server responds to a peer's error, or `null`.
   *
   * `null` for the caller's errors, and for those that only a client can encounter.
   */
  readonly status: number | null;
  /**
   * The position of a peer's error, or `null` for the caller's errors.
   *
   * Counted in bytes from the start of the connection.
   */
  readonly offset: number | null;
  /**
   * The index of the field line that the caller's error refers to, or `null`.
   *
   * Counted from 0 in the given headers; `null` if it refers to none, or if `tidy` corrected lines
   * before.
   */
  readonly field: number | null;
  /**
   * The rule of the offered protocol that a rejected `sendRequest` violates.
   *
   * Set only for `profile-field`, otherwise `null`.
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

  /** The rule that was violated, such as `RFC 9112, 6.3`. */
  get clause(): string {
    return reading(() => raw.error_clause(this.code)).text();
  }

  /** Advice on how to avoid the error. */
  get advice(): string {
    return reading(() => raw.error_advice(this.code)).text();
  }
}

/**
 * A violation of the rules of a particular protocol; `message` explains it.
 *
 * Either a `Splice` cannot relay the request, an HTTP/2 field list is malformed, or a stream of capsules is malformed.
 */
export class ProfileError extends Error {
  /**
   * The violated rule.
   *
   * It is an `Ineligible` if a `Splice` threw the error, an `OverHttp2` if `http1Fields` did, a `CapsuleFault` if
   * `Capsules` did.
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
