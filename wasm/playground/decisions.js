// The decisions of the page's menu: their form fields, and their text in a test vector.

import { escape } from "./code.js";

/** The form input for field lines: its name, its label, and its initial value. */
const HEADERS = ["headers", "Header lines", ""];

/**
 * The decisions (calls of the engine) that the page offers, in button order.
 *
 * A decision without form fields is made at once.
 */
export const DECISIONS = [
  { verb: "request", roles: ["client"], label: "Send a request", fields: [["method", "Method", "GET"], ["target", "Target", "/"], ["offer", "Offer (separated by ;)", "foo/2"], ["headers", "Header lines", "Host: example.org"]] },
  { verb: "accept", roles: ["server"], label: "Accept", fields: [["list", "Protocols by preference (;)", ""], HEADERS] },
  { verb: "accept-early", roles: ["server"], label: "Accept before the content", fields: [["list", "Protocols by preference (;)", ""], HEADERS] },
  { verb: "respond", roles: ["server"], label: "Respond", fields: [["status", "Status", "200"], ["content", "Content", "hello"], ["headers", "Header lines", "Content-Type: text/plain"]] },
  { verb: "response", roles: ["server"], label: "Send a response’s head", fields: [["status", "Status", "200"], HEADERS] },
  { verb: "inform", roles: ["server"], label: "Send a 1xx", fields: [["status", "Status", "100"], HEADERS] },
  { verb: "require", roles: ["server"], label: "Require a protocol (426)", fields: [["list", "Protocols (;)", "foo/2"], HEADERS] },
  { verb: "advertise", roles: ["server"], label: "Advertise protocols", fields: [["list", "Protocols (;)", "foo/2"]] },
  { verb: "reject", roles: ["server"], label: "Reject without a request", fields: [["status", "Status", "408"], ["content", "Content", ""], HEADERS] },
  { verb: "data", roles: ["client", "server"], label: "Send content", fields: [["content", "Content", "hello"]] },
  { verb: "end", roles: ["client", "server"], label: "End the message", fields: [["headers", "Trailer lines", ""]] },
  { verb: "skip", roles: ["client", "server"], label: "Skip the content", fields: [] },
  { verb: "close", roles: ["client", "server"], label: "Close after the response", fields: [] },
  { verb: "take", roles: ["client", "server"], label: "Take the leftover", fields: [] },
  { verb: "resume", roles: ["client", "server"], label: "Go on in HTTP above", fields: [] },
  { verb: "abandon", roles: ["client", "server"], label: "Abandon", fields: [] },
];

/**
 * Escapes typed text for a decision's text.
 *
 * Bars are escaped too, since they separate field lines.
 * @param {string} text
 */
const word = (text) => escape(bytesIn(text.trim())).replaceAll("|", "\\x7c");

/**
 * Encodes typed text as UTF-8, one character per byte, and decodes its escapes.
 * @param {string} text
 */
function bytesIn(text) {
  /** @type {Record<string, string>} */
  const named = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\" };
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return bytes.replace(/\\(?:x([0-9a-fA-F]{2})|([rnt0\\]))/g, (_, hex, name) => (hex ? String.fromCharCode(parseInt(hex, 16)) : named[name]));
}

/**
 * Returns a decision, a call of the engine, in the format of a test vector.
 * @param {{ verb: string, fields: string[][] }} kind
 * @param {Record<string, string>} values
 */
export function written({ verb, fields }, values) {
  /** @param {string} name */
  const value = (name) => word(values[name] ?? "");
  /** @param {string} name */
  const list = (name) => (values[name] ?? "").split(";").map(word).filter((entry) => entry !== "").join("; ");
  const lines = (values.headers ?? "").split("\n").filter((line) => line.trim() !== "");
  const headers = lines.map((line) => ` | ${line.includes(":") ? `${word(line.slice(0, line.indexOf(":")))}: ${word(line.slice(line.indexOf(":") + 1))}` : `${word(line)}: `}`).join("");
  /** @param {string} name */
  const has = (name) => fields.some(([known]) => known === name);
  const parts = [verb];
  if (has("method")) parts.push(value("method"), value("target"));
  if (has("offer") && list("offer") !== "") parts.push("offer", list("offer"));
  if (has("status")) parts.push(value("status"));
  if (has("list")) parts.push(list("list"));
  if (verb === "data") parts.push(escape(bytesIn(values.content ?? "")).replaceAll("|", "\\x7c").replace(/^ | $/g, "\\x20"));
  else if (has("content") && (values.content ?? "") !== "") parts.push("content", value("content"));
  return parts.filter((part) => part !== "").join(" ") + headers;
}

/**
 * Returns the initial values of a decision's form fields.
 *
 * An empty list is filled with the offered protocols.
 * @param {{ fields: string[][] }} kind @param {string} offered @returns {Record<string, string>}
 */
export function defaults({ fields }, offered) {
  return Object.fromEntries(fields.map(([name, , value]) => [name, name === "list" && value === "" ? offered : value]));
}
