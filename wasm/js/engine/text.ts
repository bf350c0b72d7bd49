// Explanatory texts for errors and reasons.

import { count, numberOf } from "./check.js";
import { raw } from "./calls.js";
import { reading } from "./reader.js";
import { ErrorKind, Ineligible, Why } from "../generated/tables.js";

/** Returns a sentence that explains a reason given by `Connection.why`. */
export function whyText(why: Why): string {
  return reading(() => raw.why_text(numberOf(Why, why, "why"))).text();
}

/** Returns a sentence that explains why an offer cannot be accepted. */
export function ineligibleText(reason: Ineligible): string {
  return reading(() => raw.ineligible_text(numberOf(Ineligible, reason, "reason"))).text();
}

/** Returns a sentence that describes a kind of protocol error. */
export function errorText(kind: ErrorKind): string {
  return reading(() => raw.error_text(numberOf(ErrorKind, kind, "kind"))).text();
}

/**
 * Returns the usual reason phrase of a status code (RFC 9110, section 15).
 *
 * Returns an empty string for an unknown status code.
 */
export function reasonPhrase(status: number): string {
  return reading(() => raw.reason(count(status, 65_535, "status"))).text();
}
