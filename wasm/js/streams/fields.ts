// The field lines that an adapter adds to those that it was given.

import type { HeaderSource } from "../engine/args.js";

type Lines = Iterable<readonly [name: string, value: string | Uint8Array]>;

/** @internal The field lines so that they can be gone through more than once. What is no source is left to the engine. */
export function listed(headers: HeaderSource): HeaderSource {
  if (typeof headers !== "object" || headers === null || !(Symbol.iterator in headers) || Array.isArray(headers)) return headers;
  return [...(headers as Lines)] as HeaderSource;
}

/** @internal Returns whether a line has one of these names, which are in lower case; of lines that are `listed`. */
export function hasField(headers: HeaderSource, ...names: readonly string[]): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  const given = Array.isArray(headers) ? headers.map((line: unknown) => (Array.isArray(line) ? line[0] : line)) : Object.keys(headers);
  return given.some((name) => typeof name === "string" && names.includes(name.toLowerCase()));
}

/** @internal The field lines and this one, unless a line of `others` is among them. What is no source is left to the engine. */
export function withField(headers: HeaderSource, name: string, value: string, others: readonly string[]): HeaderSource {
  const lines = listed(headers);
  if (typeof lines !== "object" || lines === null || hasField(lines, ...others)) return lines;
  return (Array.isArray(lines) ? [...lines, [name, value]] : { ...lines, [name]: value }) as HeaderSource;
}

const DATE = ["date"];
let second = NaN;
let text = "";

/** @internal The field lines and `Date`, unless there is one: an origin server with a clock sends it (RFC 9110, section 6.6.1). */
export function dated(headers: HeaderSource): HeaderSource {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return withField(headers, "Date", text, DATE);
}

const FRAMING = ["content-length", "transfer-encoding"];

/** @internal The field lines, which say how the content ends: of whole content its length, else that it is chunked. RFC 9112, section 6. */
export function framedBy(headers: HeaderSource, length: number | null): HeaderSource {
  return length === null
    ? withField(headers, "Transfer-Encoding", "chunked", FRAMING)
    : withField(headers, "Content-Length", String(length), FRAMING);
}
