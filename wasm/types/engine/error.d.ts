import { Blame, Ineligible, type CapsuleFault, type ErrorKind, type OverHttp2 } from "../generated/tables.js";
/**
 * A rule of the protocol was broken: by the peer (receiving has ended; a server may answer with `status`, once), or by
 * the caller (nothing has changed). The numbers and names are those of every surface of the engine; `errorText` has the
 * sentences.
 */
export declare class ProtocolError extends Error {
    /** The stable number. */
    readonly code: number;
    /** The stable name of the number. */
    readonly kind: ErrorKind;
    /** Who has to change something. */
    readonly blame: Blame;
    /** The status that a server answers a peer's error with; `null` for the caller's and for what only a client can meet. */
    readonly status: number | null;
    /** Where a peer's error lies, in bytes from the connection's first; `null` for the caller's errors. */
    readonly offset: number | null;
    /** Which of the headers that were given a caller's error is about, from 0; `null` where it is about none. */
    readonly field: number | null;
    /** Which rule of its protocol the offer of a refused `sendRequest` breaks, after `profile-field`; else `null`. */
    readonly ineligible: Ineligible | null;
    /** The rule that it is about, such as `RFC 9112, 6.3`. */
    get clause(): string;
    /** What to do about it. */
    get advice(): string;
}
/**
 * What a particular protocol asks for is not so: a `Splice` cannot take the request along, a list of HTTP/2 is malformed, a
 * stream of capsules is broken. `message` is the sentence.
 */
export declare class ProfileError extends Error {
    /** What is wrong: `Ineligible` of a `Splice`, `OverHttp2` of `http1Fields`, `CapsuleFault` of `Capsules`. */
    readonly reason: Ineligible | OverHttp2 | CapsuleFault;
}
