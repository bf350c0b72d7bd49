// The field lines of a received message.

import { HIDDEN, inspect } from "./inspect.js";
import { SECRET_FIELDS } from "../generated/tables.js";

const secrets: ReadonlySet<string> = new Set(SECRET_FIELDS);

/** The class under whose name a console prints field lines. */
const { Headers: Shown } = { Headers: class extends Array<string> {} };

/**
 * The field lines of a header or trailer section, in order and as spelled.
 *
 * Nothing is decoded, joined or lower-cased (RFC 9110, section 5): a character stands for a byte. Names and values
 * become strings when they are accessed.
 */
export class Headers implements Iterable<[name: string, value: string]> {
  readonly #text: string;
  readonly #spans: readonly number[];
  readonly #isLong: boolean;

  /**
   * @internal `spans` holds the start and end of each name and value in the text.
   *
   * Each offset is one number if `isLong`. Otherwise one number has the start in its low 16 bits, the end above.
   */
  constructor(text: string, spans: readonly number[], isLong: boolean) {
    this.#text = text;
    this.#spans = spans;
    this.#isLong = isLong;
  }

  /** The number of field lines. */
  get length(): number {
    return this.#spans.length / (this.#isLong ? 4 : 2);
  }

  /** Returns the field line at `index`, counted from 0; `undefined` if there is none. */
  at(index: number): [name: string, value: string] | undefined {
    return Number.isInteger(index) && index >= 0 && index < this.length
      ? [this.#name(index), this.#value(index)]
      : undefined;
  }

  /**
   * Returns the value of the first field line of that name, or `undefined`.
   *
   * Names are case-insensitive (RFC 9110, section 5.1).
   */
  get(name: string): string | undefined {
    const index = this.#find(name.toLowerCase(), 0);
    return index === undefined ? undefined : this.#value(index);
  }

  /**
   * Returns the values of all field lines of that name, in order.
   *
   * Names are case-insensitive.
   */
  getAll(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let index = this.#find(wanted, 0); index !== undefined; index = this.#find(wanted, index + 1)) {
      values.push(this.#value(index));
    }
    return values;
  }

  /** Returns whether there is a field line of that name; names are case-insensitive. */
  has(name: string): boolean {
    return this.#find(name.toLowerCase(), 0) !== undefined;
  }

  /** Returns an iterator over all field lines, in order. */
  [Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    return this.lines()[Symbol.iterator]();
  }

  /** Returns all field lines in order, in a new array. */
  lines(): [name: string, value: string][] {
    const lines: [name: string, value: string][] = [];
    for (let index = 0; index < this.length; index++) lines.push([this.#name(index), this.#value(index)]);
    return lines;
  }

  /**
   * Returns all names and values in one flat array: name, value, name, value.
   *
   * It is the fastest way to read all lines. Node calls this form `rawHeaders`.
   */
  flat(): string[] {
    // A preallocated array is faster than one that grows, and a local variable faster than a private field.
    const text = this.#text;
    const count = 2 * this.length;
    const parts = new Array<string>(count);
    for (let part = 0; part < count; part++) parts[part] = text.substring(this.#start(part), this.#end(part));
    return parts;
  }

  /**
   * Returns all field lines for logs, with the values of secrets replaced.
   *
   * Secrets are the values of the fields in `SECRET_FIELDS`. `[...headers]` has them unreplaced.
   */
  toJSON(): [name: string, value: string][] {
    return this.lines().map(([name, value]) => [name, secrets.has(name.toLowerCase()) ? HIDDEN : value]);
  }

  /** @internal Returns the field lines of `toJSON` for a console. */
  [inspect](): string[] {
    return Shown.from(this.toJSON(), ([name, value]) => `${name}: ${value}`);
  }

  #start(index: number): number {
    return this.#isLong ? (this.#spans[2 * index] ?? 0) : (this.#spans[index] ?? 0) & 0xffff;
  }

  #end(index: number): number {
    return this.#isLong ? (this.#spans[2 * index + 1] ?? 0) : (this.#spans[index] ?? 0) >>> 16;
  }

  #name(index: number): string {
    return this.#text.substring(this.#start(2 * index), this.#end(2 * index));
  }

  #value(index: number): string {
    return this.#text.substring(this.#start(2 * index + 1), this.#end(2 * index + 1));
  }

  #find(wanted: string, from: number): number | undefined {
    for (let index = from; index < this.length; index++) {
      const length = this.#end(2 * index) - this.#start(2 * index);
      if (length === wanted.length && this.#name(index).toLowerCase() === wanted) return index;
    }
    return undefined;
  }
}
