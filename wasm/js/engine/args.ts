// Encoding of call arguments: strings and lists packed into one byte array, which `args.rs` decodes.

import { bytesOf } from "./check.js";
import { isBytes } from "./bytes.js";

/**
 * Field lines to send, in order.
 *
 * Either pairs of name and value: an array, a `Map`, the `Headers` of a received message or of the platform. Or an
 * object, in which an array of values stands for one line per value. A character stands for one byte, so none may be
 * above U+00FF; the value of a pair may be bytes too.
 */
export type HeaderSource =
  | Iterable<readonly [name: string, value: string | Uint8Array]>
  | Readonly<Record<string, string | readonly string[]>>;

/** The buffer for encoded arguments; reused by later calls up to `KEPT` bytes. */
let space = new Uint8Array(4096);
let used = 0;
let isPacking = false;

const KEPT = 65_536;

/** @internal Returns the bytes that `fill` appends; they are valid until the next `encodeArgs`. */
export function encodeArgs(fill: () => void): Uint8Array {
  // Iterating a header source may run the caller's code, which may call the engine in turn.
  const outer = isPacking ? { space, used } : undefined;
  if (outer !== undefined || space.length > KEPT) space = new Uint8Array(4096);
  used = 0;
  isPacking = true;
  try {
    fill();
    return space.subarray(0, used);
  } finally {
    isPacking = outer !== undefined;
    if (outer !== undefined) ({ space, used } = outer);
  }
}

/** @internal Appends a string to the arguments, one byte per character; throws above U+00FF. */
export function putText(text: string, what: string): void {
  if (typeof text !== "string") throw new TypeError(`${what} must be a string`);
  const { length } = text;
  reserve(4 + length);
  write(used, length);
  // Writing to local variables is faster than writing to module variables.
  const to = space;
  const start = used + 4;
  let all = 0;
  for (let index = 0; index < length; index++) {
    const character = text.charCodeAt(index);
    all |= character;
    to[start + index] = character;
  }
  if (all > 0xff) throw new TypeError(`${what} holds a character above U+00FF, for which no byte stands`);
  used = start + length;
}

/**
 * @internal Appends a string to the arguments; throws if it is not ASCII.
 *
 * The module would send other characters as UTF-8.
 */
export function putAscii(text: string, what: string): void {
  putText(text, what);
  if (!/^[\0-\x7f]*$/.test(text)) throw new TypeError(`${what} holds a character that is not ASCII`);
}

/** @internal Appends a list of strings to the arguments, one byte per character. */
export function putTexts(texts: readonly string[], what: string): void {
  if (!Array.isArray(texts)) throw new TypeError(`${what} must be an array of strings`);
  putNumber(texts.length);
  for (const text of texts) putText(text, what);
}

/** @internal Appends a list of ASCII strings to the arguments; throws for other characters. */
export function putAsciis(texts: readonly string[], what: string): void {
  putNumber(texts.length);
  for (const text of texts) putAscii(text, what);
}

/** @internal A source of field lines: those of another source, and one more after them. */
export class WithLine {
  readonly lines: HeaderSource;
  readonly name: string;
  readonly value: string;

  constructor(lines: HeaderSource, name: string, value: string) {
    this.lines = lines;
    this.name = name;
    this.value = value;
  }
}

/** @internal Appends field lines to the arguments: their number, then each name and value. */
export function putHeaders(source: HeaderSource | undefined): void {
  const place = used;
  putNumber(0);
  if (source !== undefined) write(place, putLines(source));
}

/** Appends names and values of field lines to the arguments; returns their number. */
function putLines(source: HeaderSource | WithLine): number {
  if (typeof source !== "object" || source === null) throw new TypeError("headers must be pairs or an object");
  let count = 0;
  if (source instanceof WithLine) {
    count = putLines(source.lines) + 1;
    putLine(source.name, source.value, count);
    return count;
  }
  if (Symbol.iterator in source) {
    for (const line of source) {
      if (!Array.isArray(line) || line.length !== 2) {
        throw new TypeError(`field line ${count + 1}: it must be a pair of name and value`);
      }
      putLine(line[0], line[1], ++count);
    }
  } else {
    for (const name of Object.keys(source)) {
      const value = source[name];
      if (!Array.isArray(value)) putLine(name, value as string, ++count);
      else for (const one of value) putLine(name, one, ++count);
    }
  }
  return count;
}

function putLine(name: string, value: string | Uint8Array, number: number): void {
  try {
    putText(name, "the name");
    if (typeof value === "string") putText(value, "the value");
    else if (isBytes(value)) putBytes(value);
    else throw new TypeError("the value must be a string or a Uint8Array");
  } catch (error) {
    throw inLine(error as Error, number, name);
  }
}

/**
 * Returns an error with the number and name of the field line that it concerns.
 *
 * The value is left out, since it may be a secret.
 */
function inLine(error: Error, number: number, name: unknown): Error {
  const Kind = error instanceof RangeError ? RangeError : TypeError;
  return new Kind(`field line ${number}${typeof name === "string" ? ` (${JSON.stringify(name)})` : ""}: ${error.message}`);
}

/** @internal Encodes arguments that consist of field lines only. */
export function encodeHeaders(source: HeaderSource | undefined): Uint8Array {
  return encodeArgs(() => putHeaders(source));
}

function putBytes(value: Uint8Array): void {
  const given = bytesOf(value);
  putNumber(given.length);
  reserve(given.length);
  space.set(given, used);
  used += given.length;
}

function putNumber(number: number): void {
  reserve(4);
  write(used, number);
  used += 4;
}

/** Writes a number to the buffer at `place`: 32 bits, least significant byte first. */
function write(place: number, number: number): void {
  space[place] = number;
  space[place + 1] = number >>> 8;
  space[place + 2] = number >>> 16;
  space[place + 3] = number >>> 24;
}

function reserve(length: number): void {
  if (used + length <= space.length) return;
  const larger = new Uint8Array(Math.max(used + length, 2 * space.length));
  larger.set(space);
  space = larger;
}
