// Functions that all generators share: parsing of decisions, and bytes as text. A string has one character per byte.

/**
 * The types of a program that repeats the engine calls of a test vector.
 *
 * @typedef {{ verb: string, method: string, target: string, list: string[], by: "client" | "server", status: number, reason: string,
 *   content: string, length: number, fields: [string, string][] }} Decision
 * @typedef {{ is: "receive", bytes: string } | { is: "eof", end: string } | { is: "next", times: number }
 *   | { is: "do", decision: string }} Step
 * @typedef {{ role: "client" | "server", words: string[], steps: Step[] }} Program
 *
 * A `Language` prints literals, each decision (a call of the engine), each step, and the whole program.
 * @typedef {{ name: string, bytes(text: string): string, fields(decision: Decision): string, list(list: string[]): string,
 *   decide(decision: Decision): string, step(step: Step): string, program(program: Program): string }} Language
 * @typedef {Language & { text(text: string): string, head(decision: Decision): string }} LanguageOfTexts
 */

/**
 * Parses a decision of a test vector: the text of one call of the engine.
 *
 * Must accept what `tests/rust/src/script/host.rs` accepts, except `note` and `limits`.
 * @returns {Decision} @param {string} text
 */
export function parseDecision(text) {
  const [verb, rest] = cut(text.trim(), " ");
  const [what, ...lines] = rest.split("|");
  const fields = lines.map((line) => cut(line, ":")).map(([name, value]) => /** @type {[string, string]} */ ([unescape(name.trim()), unescape(value.trim())]));
  /** @type {Decision} */
  const decision = { verb, method: "", target: "", list: [], by: "client", status: 0, reason: "", content: "", length: 0, fields };
  const said = what.trim();
  if (verb === "request") {
    const [line, offer] = cut(said, / offer /);
    const [method, target] = cut(line, " ");
    Object.assign(decision, { method: unescape(method), target: unescape(target), list: entries(offer) });
  } else if (["response", "respond", "reject", "prepared", "inform"].includes(verb)) {
    const [head, content] = cut(said, / content /);
    const [status, reason] = cut(head, " ");
    Object.assign(decision, { status: Number(status), reason: unescape(reason), content: unescape(content) });
  } else if (["select", "accept", "accept-early", "require", "advertise"].includes(verb)) {
    const [list, server] = said.endsWith(" by server") ? [said.slice(0, -10), true] : [said, false];
    Object.assign(decision, { list: entries(list), by: server ? "server" : "client" });
  } else if (verb === "data" || verb === "receive") decision.content = unescape(said);
  else if (verb === "pass" || verb === "parts") decision.length = Number(said);
  return decision;
}

/** @param {string} text @param {string | RegExp} mark */
function cut(text, mark) {
  const at = text.search(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + (text.slice(at).match(mark)?.[0].length ?? 1))];
}

/** @param {string} list */
function entries(list) {
  return list.split(";").map((entry) => entry.trim()).filter((entry) => entry !== "");
}

/** @type {Record<string, string>} */
const NAMED = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\" };

/**
 * Returns the bytes of a line of a test vector.
 *
 * `\r \n \t \0 \\ \xHH` are escapes, and `\{3*ab}` is a repetition. Braces inside a repetition must be escaped, since
 * otherwise a long text of opening braces would take quadratic time.
 * @param {string} text @returns {string}
 */
export function unescape(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return bytes.replace(/\\(?:x([0-9a-fA-F]{2})|\{(\d+)\*([^{}]*)\}|([rnt0\\]))/g, (_, hex, count, what, name) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    if (what === undefined) return NAMED[name];
    const [repeated, times] = [unescape(what), Number(count)];
    if (repeated.length * times > MOST_REPEATED) throw new RangeError(`a repetition of more than ${MOST_REPEATED} bytes`);
    return repeated.repeat(times);
  });
}

/** The limit in bytes of a repetition, so that a link cannot exhaust the memory. */
const MOST_REPEATED = 2 ** 22;

/** @type {Record<string, string>} */
const NAMES = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\\": "\\\\" };

/** Returns the escaped text of bytes, as in a test vector. @param {string} bytes */
export function escape(bytes) {
  return bytes.replace(/[^\x20-\x5b\x5d-\x7e]/g, (one) => NAMES[one] ?? `\\x${hex(one)}`);
}

/** @param {string} one */
export function hex(one) {
  return one.charCodeAt(0).toString(16).padStart(2, "0");
}

/**
 * Returns a literal in double quotes; `other` escapes unprintable characters.
 * @param {string} text @param {(one: string) => string} other
 */
export function quoted(text, other) {
  /** @type {Record<string, string>} */
  const named = { "\r": "\\r", "\n": "\\n", "\\": "\\\\", '"': '\\"' };
  return `"${text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, (one) => named[one] ?? other(one))}"`;
}

/**
 * Returns the literals of a text's lines, each on a line of its own.
 * @param {string} text @param {(line: string) => string} literal @param {string} indent
 */
export function inLines(text, literal, indent) {
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [""];
  return lines.map((line) => literal(line)).join(`\n${indent}`);
}

/** @param {string} name */
export const pascal = (name) => name.replace(/(?:^|[-_])(.)/g, (_, one) => one.toUpperCase());
/** @param {string} name */
export const camel = (name) => name.replace(/[-_](.)/g, (_, one) => one.toUpperCase());

/**
 * The engine's methods without arguments that send nothing, by verb in a vector.
 * @type {Record<string, string>}
 */
export const PLAIN = {
  skip: "skip_content",
  close: "close_after_response",
  resume: "resume_http",
  take: "take_leftover",
  abandon: "abandon",
  release: "release",
  "hand-over": "hand_over",
};

/** The verbs of `PLAIN` whose method in Rust returns no `Result`. */
export const SURE = new Set(["take", "release"]);

/**
 * The flags among the configuration words of a test vector.
 *
 * Other words with a value are limits; those without one, except `fields`, are leniencies.
 */
export const FLAGS = ["secure", "trusted_gateway", "http2_preface", "bare_h2c", "tidy", "lowercase_names"];
/** @param {string[]} words */
export const settings = (words) => words.filter((word) => word !== "fields").map((word) => word.split("="));

/** Returns bytes as a string with one character per byte. @param {Uint8Array} bytes */
export function textOf(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Returns the bytes of a text that was typed: a line break is CRLF. @param {string} text */
export const bytesOfTyped = (text) => unescape(text.replaceAll("\n", "\\r\\n"));

/** Returns the text that a user would type for these bytes. @param {string} bytes */
export const typedOf = (bytes) => bytes.split("\r\n").map(escape).join("\n");
