import { ErrorKind, Ineligible, Why } from "../generated/tables.js";
/** A sentence for a reason that `Connection.why` gives. */
export declare function whyText(why: Why): string;
/** A sentence for a reason that an offer is ineligible for. */
export declare function ineligibleText(reason: Ineligible): string;
/** A sentence for an error. */
export declare function errorText(kind: ErrorKind): string;
/**
 * Returns the reason phrase of a status (RFC 9110, section 15), or nothing.
 *
 * Empty for others.
 */
export declare function reasonPhrase(status: number): string;
