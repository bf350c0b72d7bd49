// Decoder of the result buffer: values are read in the order in which Rust wrote them.

import { Headers } from "./headers.js";
import { copy, left, sharedCopy, text, view, word, wordsAt } from "./raw.js";

/** @internal Returns the names of a table, indexed by their numbers. */
export function namesOf<T extends string>(table: Readonly<Record<T, number>>): readonly T[] {
  return Object.keys(table) as T[];
}

// `ignoreBOM` keeps a leading U+FEFF: a host name with it differs from the same name without it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @internal Returns a copy of the bytes in the result buffer. */
export function bytesLeft(): Uint8Array<ArrayBuffer> {
  return copy(left(4), left(5));
}

/** @internal Returns a copy of the bytes in the result buffer; copies may share one buffer. */
export function sharedBytesLeft(): Uint8Array<ArrayBuffer> {
  return sharedCopy(left(4), left(5));
}

/** @internal Decodes the bytes in the result buffer as UTF-8. */
export function utf8Left(): string {
  return decoder.decode(view(left(4), left(5)));
}

/**
 * @internal Returns the bytes of the result as a view of the module's memory.
 *
 * The view is valid until the next call.
 */
export function placeLeft(): Uint8Array<ArrayBuffer> {
  return view(left(4), left(5));
}

/**
 * @internal Reader of the numbers and strings in the result buffer.
 *
 * Read all of them before the next call, which overwrites the buffer. The text is decoded once, and strings are
 * substrings of it.
 */
export class Reader {
  #at: number;
  readonly #end: number;
  #all: string | undefined;
  #textAt = 0;

  constructor() {
    this.#at = left(0) / 4;
    this.#end = this.#at + left(1);
  }

  number(): number {
    return this.#at < this.#end ? word(this.#at++) : 0;
  }

  boolean(): boolean {
    return this.number() !== 0;
  }

  /** Reads a 64-bit number, exact up to 2 ** 53. */
  large(): number {
    const low = this.number();
    return low + this.number() * 2 ** 32;
  }

  /** Reads a 64-bit number, always exact. */
  big(): bigint {
    const low = BigInt(this.number());
    return low | (BigInt(this.number()) << 32n);
  }

  option(): number | null {
    const number = this.number();
    return number === 0 ? null : number - 1;
  }

  name<T extends string>(names: readonly T[]): T {
    return names[this.number()] as T;
  }

  optionalName<T extends string>(names: readonly T[]): T | null {
    const number = this.option();
    return number === null ? null : (names[number] as T);
  }

  text(): string {
    const start = this.#textAt;
    this.#textAt += this.number();
    return this.#texts().substring(start, this.#textAt);
  }

  texts(): string[] {
    const texts: string[] = [];
    for (let left = this.number(); left > 0; left--) texts.push(this.text());
    return texts;
  }

  /** Decodes the text of a head, to which the offsets of its field lines refer. */
  head(): string {
    return text(this.number(), this.number());
  }

  /** Reads field lines, as offsets in `head` or, if omitted, in the result's text. */
  headers(head = this.#texts()): Headers {
    const lines = this.number();
    if (lines === 0) return NONE;
    const isLong = (lines & 1) === 1;
    const numbers = (lines >>> 1) * (isLong ? 4 : 2);
    const start = this.#at;
    this.#at += numbers;
    return new Headers(head, wordsAt(start, numbers), isLong);
  }

  #texts(): string {
    return (this.#all ??= text(left(2), left(3)));
  }
}

const NONE = new Headers("", [], false);

/** @internal Calls `ask` and returns a reader of the result buffer. */
export function reading(ask: () => unknown): Reader {
  ask();
  return new Reader();
}
