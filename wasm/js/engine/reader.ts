// What a call left in the exchange, read in the order in which it was written.

import { Headers } from "./headers.js";
import { copy, left, text, view, word, wordsAt } from "./raw.js";

/** @internal The names of a table, by number. */
export function namesOf<T extends string>(table: Readonly<Record<T, number>>): readonly T[] {
  return Object.keys(table) as T[];
}

// A host name that begins with U+FEFF is another than the one after it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @internal The bytes that a call left, copied out. */
export function bytesLeft(): Uint8Array<ArrayBuffer> {
  return copy(left(4), left(5));
}

/** @internal The bytes that a call left, as the UTF-8 that they are. */
export function utf8Left(): string {
  return decoder.decode(view(left(4), left(5)));
}

/** @internal A place in the module's own memory; over at the next call. */
export function placeLeft(): Uint8Array<ArrayBuffer> {
  return view(left(4), left(5));
}

/**
 * @internal Reads numbers and texts, where they stand: what is not taken before the next call is lost. Texts are decoded once;
 * what is taken from them are substrings.
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

  /** 64 bits; exact up to 2 ** 53. */
  large(): number {
    const low = this.number();
    return low + this.number() * 2 ** 32;
  }

  /** 64 bits, exact. */
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

  /** The text of a head, which its field lines are parts of. */
  head(): string {
    return text(this.number(), this.number());
  }

  /** Field lines that are parts of a text; without one, of all that was left. */
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

/** @internal What `ask` leaves when it is called. */
export function reading(ask: () => unknown): Reader {
  ask();
  return new Reader();
}
