// Sentences for people.

import { count, numberOf } from "./check.js";
import { raw } from "./calls.js";
import { reading } from "./reader.js";
import { ErrorKind, Ineligible, Why } from "../generated/tables.js";

/** A sentence for a reason that `Connection.why` gives. */
export function whyText(why: Why): string {
  return reading(() => raw.why_text(numberOf(Why, why, "why"))).text();
}

/** A sentence for a reason that an offer is ineligible for. */
export function ineligibleText(reason: Ineligible): string {
  return reading(() => raw.ineligible_text(numberOf(Ineligible, reason, "reason"))).text();
}

/** A sentence for an error. */
export function errorText(kind: ErrorKind): string {
  return reading(() => raw.error_text(numberOf(ErrorKind, kind, "kind"))).text();
}

/**
 * Returns the reason phrase of a status (RFC 9110, section 15), or nothing.
 *
 * Empty for others.
 */
export function reasonPhrase(status: number): string {
  return reading(() => raw.reason(count(status, 65_535, "status"))).text();
}
