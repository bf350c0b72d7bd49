// Parser of the test cases that `bin/export.rs` writes; `tests/rust/src/export.rs` describes the format.

import { Flags, Lenient } from "switchover";

/**
 * The types of a test case: its inputs, expected outputs and calls, in order.
 *
 * @typedef {{ is: "feed", bytes: Uint8Array }
 *   | { is: "end", end: import("switchover").End }
 *   | { is: "data", length: number }
 *   | { is: "leftover" }
 *   | { is: "line" }
 *   | { is: "do", verb: string, words: string[] }} Item
 * @typedef {{ name: string, role: import("switchover").Role, showsFields: boolean,
 *   config: import("switchover").Config, items: Item[] }} Case
 */

/**
 * Parses the exported test cases, except those with the verb `note`.
 *
 * This package does not have the function that they call (`note_response` in Rust).
 * @param {string} text
 * @returns {Case[]}
 */
export function parse(text) {
  /** @type {Case[]} */
  const cases = [];
  for (const line of text.split("\n")) {
    const [word = "", ...rest] = line.split(" ");
    const items = cases.at(-1)?.items ?? [];
    if (word === "case") cases.push(head(rest));
    else if (word !== "" && word !== "." && word !== "every") items.push(item(word, rest));
  }
  // Cases for servers that encode their own responses need a function that this package does not have.
  return cases.filter(({ items }) => !items.some((item) => item.is === "do" && item.verb === "note"));
}

/** @param {string[]} words @returns {Case} */
function head([name = "", role, shows, ...settings]) {
  if (role !== "client" && role !== "server") throw new Error(`${name}: what is ${role}?`);
  return { name, role, showsFields: shows === "fields", config: config(settings), items: [] };
}

/** @param {string[]} settings @returns {import("switchover").Config} */
function config(settings) {
  const named = settings.map((setting) => {
    const [name = "", value] = setting.split("=");
    return /** @type {const} */ ([camel(name), Number(value)]);
  });
  const flags = named.filter(([name]) => name in Flags);
  const lenient = named.filter(([name]) => name in Lenient);
  const limits = named.filter((pair) => !flags.includes(pair) && !lenient.includes(pair));
  return {
    limits: Object.fromEntries(limits),
    lenient: Object.fromEntries(lenient.map(([name]) => [name, true])),
    ...Object.fromEntries(flags.map(([name]) => [name, true])),
  };
}

/** @param {string} name */
function camel(name) {
  return name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
}

/** @param {string} word @param {string[]} rest @returns {Item} */
function item(word, [first = "", ...rest]) {
  if (word === "feed") return { is: "feed", bytes: unhex(first) };
  if (word === "end") return { is: "end", end: first === "clean" ? "clean" : "truncated" };
  if (word === "do") return { is: "do", verb: first, words: rest };
  if (word !== "expect") throw new Error(`what is ${word}?`);
  if (first === "data") return { is: "data", length: Number(rest[0]) };
  return { is: first === "leftover" ? "leftover" : "line" };
}

/**
 * Decodes hex digits; `-` stands for no bytes.
 * @param {string} digits
 */
export function unhex(digits) {
  if (digits === "-") return new Uint8Array(0);
  return Uint8Array.from({ length: digits.length / 2 }, (_, at) => parseInt(digits.slice(2 * at, 2 * at + 2), 16));
}

/**
 * Decodes hex digits to a string, one character per byte.
 * @param {string} digits
 */
export function untext(digits) {
  return String.fromCharCode(...unhex(digits));
}

/** Decodes hex digits to a list of strings, which semicolons separate. @param {string} digits */
export function list(digits) {
  return digits === "-" ? [] : untext(digits).split(";");
}

/** Parses limits, one per word, such as `start_line=9`. @param {string[]} words */
export function limits(words) {
  return Object.fromEntries(words.map((word) => word.split("=")).map(([name = "", value]) => [camel(name), Number(value)]));
}

/** Parses field lines, one per word: name and value as hex digits. @param {string[]} words @returns {[string, Uint8Array][]} */
export function fields(words) {
  return words.map((word) => {
    const [name = "-", value = "-"] = word.split(":");
    return [untext(name), unhex(value)];
  });
}
