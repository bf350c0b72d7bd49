// Field lines that this layer adds to those of the caller: `Date` and framing. And the statuses without content.

import { WithLine, type HeaderSource } from "../engine/args.js";

type Lines = Iterable<readonly [name: string, value: string | Uint8Array]>;

/**
 * @internal Returns the field lines in a form that can be iterated repeatedly.
 *
 * An invalid source is returned unchanged, for the engine to reject.
 */
export function listed(headers: HeaderSource): HeaderSource {
  if (typeof headers !== "object" || headers === null || !(Symbol.iterator in headers) || Array.isArray(headers)) return headers;
  return [...(headers as Lines)] as HeaderSource;
}

/** @internal Returns whether a field line has one of these lower-case names. `headers` comes from `listed`. */
export function hasField(headers: HeaderSource, names: readonly string[]): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  if (headers instanceof WithLine) return isOneOf(names, headers.name) || hasField(headers.lines, names);
  for (const line of Array.isArray(headers) ? (headers as unknown[]) : Object.keys(headers)) {
    if (isOneOf(names, Array.isArray(line) ? line[0] : line)) return true;
  }
  return false;
}

/** @internal Returns the only value of a field with this lower-case name, if it is text. */
export function onlyValue(headers: HeaderSource, name: string): string | undefined {
  if (headers instanceof WithLine) return headers.name.toLowerCase() === name ? undefined : onlyValue(headers.lines, name);
  const lines: unknown[] = Array.isArray(headers) ? headers : Object.entries(headers);
  const values = lines.filter((line) => Array.isArray(line) && isOneOf([name], line[0])).map((line) => (line as unknown[])[1]);
  return values.length === 1 && typeof values[0] === "string" ? values[0] : undefined;
}

function isOneOf(names: readonly string[], name: unknown): boolean {
  if (typeof name !== "string") return false;
  for (const one of names) if (one.length === name.length && one === name.toLowerCase()) return true;
  return false;
}

/**
 * @internal Returns the field lines plus another, unless a line named in `others` is present.
 *
 * An invalid source is returned unchanged, for the engine to reject.
 */
export function withField(headers: HeaderSource, name: string, value: string, others: readonly string[]): HeaderSource {
  const lines = listed(headers);
  if (typeof lines !== "object" || lines === null || hasField(lines, others)) return lines;
  return new WithLine(lines, name, value) as unknown as HeaderSource;
}

const DATE = ["date"];
let second = NaN;
let text = "";

/**
 * @internal Adds a `Date` unless there is one.
 *
 * An origin server with a clock sends it (RFC 9110, section 6.6.1).
 */
export function dated(headers: HeaderSource): HeaderSource {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return withField(headers, "Date", text, DATE);
}

const FRAMING = ["content-length", "transfer-encoding"];

/**
 * @internal Adds a framing field: the length of whole content, or chunked if `length` is `null`.
 *
 * Unless there is one already. RFC 9112, section 6.
 */
export function framedBy(headers: HeaderSource, length: number | null): HeaderSource {
  return length === null
    ? withField(headers, "Transfer-Encoding", "chunked", FRAMING)
    : withField(headers, "Content-Length", String(length), FRAMING);
}

/** @internal Returns whether a response with this status has no content (RFC 9110, section 6.4.1). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}
