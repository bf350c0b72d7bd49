// The field lines that an adapter adds to those that it was given.

import type { HeaderSource } from "./parcel.js";

type Lines = Iterable<readonly [name: string, value: string | Uint8Array]>;

/** @internal The field lines so that they can be gone through more than once. What is no source is left to the engine. */
export function listed(headers: HeaderSource): HeaderSource {
  if (typeof headers !== "object" || headers === null || !(Symbol.iterator in headers) || Array.isArray(headers)) return headers;
  return [...(headers as Lines)] as HeaderSource;
}

/** @internal Whether a line has this name, which is in lower case; of lines that are `listed`. */
export function hasField(headers: HeaderSource, name: string): boolean {
  if (typeof headers !== "object" || headers === null) return false;
  const names = Array.isArray(headers) ? headers.map((line: unknown) => (Array.isArray(line) ? line[0] : line)) : Object.keys(headers);
  return names.some((given) => typeof given === "string" && given.toLowerCase() === name);
}

/** @internal The field lines and this one, unless a line of `others` is among them. What is no source is left to the engine. */
export function withField(headers: HeaderSource, name: string, value: string, others: readonly string[]): HeaderSource {
  if (typeof headers !== "object" || headers === null) return headers;
  if (!(Symbol.iterator in headers)) {
    for (const given of Object.keys(headers)) if (others.includes(given.toLowerCase())) return headers;
    return { ...headers, [name]: value };
  }
  // Some can be gone through only once.
  const lines = Array.isArray(headers) ? (headers as readonly (readonly [string, string])[]) : [...(headers as Lines)];
  for (const line of lines) {
    if (Array.isArray(line) && typeof line[0] === "string" && others.includes(line[0].toLowerCase())) return lines;
  }
  return [...lines, [name, value]];
}

const DATE = ["date"];
let second = NaN;
let text = "";

/** @internal The field lines and `Date`, unless there is one: an origin server with a clock sends it (RFC 9110, 6.6.1). */
export function dated(headers: HeaderSource): HeaderSource {
  const now = Math.floor(Date.now() / 1000);
  if (now !== second) {
    second = now;
    text = new Date(now * 1000).toUTCString();
  }
  return withField(headers, "Date", text, DATE);
}

const FRAMING = ["content-length", "transfer-encoding"];

/** @internal The field lines, which say how the content ends: of whole content its length, else that it is chunked. RFC 9112, 6. */
export function framedBy(headers: HeaderSource, length: number | null): HeaderSource {
  return length === null
    ? withField(headers, "Transfer-Encoding", "chunked", FRAMING)
    : withField(headers, "Content-Length", String(length), FRAMING);
}
