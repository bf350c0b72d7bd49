// What a call left in the exchange, read in the order in which it was written.

import { Headers } from "./headers.js";
import { copy, left, numbersAt, view } from "./raw.js";

/** @internal The names of a table, by number. */
export function namesOf<T extends string>(table: Readonly<Record<T, number>>): readonly T[] {
  return Object.keys(table) as T[];
}

/** Octets as characters, one each: RFC 9110 (5.5) gives those above 0x7f no other meaning. */
function latin1(octets: Uint8Array, isAscii: boolean): string {
  // Node and browsers read `latin1` as windows-1252, which is another thing; for ASCII all of them are the same.
  if (isAscii) return decoder.decode(octets);
  let text = "";
  for (let at = 0; at < octets.length; at += 4096) {
    text += String.fromCharCode(...octets.subarray(at, at + 4096));
  }
  return text;
}

// A host name that begins with U+FEFF is another than the one behind it.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** @internal The octets that a call left, copied out. */
export function octetsLeft(): Uint8Array<ArrayBuffer> {
  return copy(left(5), left(6));
}

/** @internal The octets that a call left, as the UTF-8 that they are. */
export function utf8Left(): string {
  return decoder.decode(view(left(5), left(6)));
}

/** @internal A place in the module's own memory; over at the next call. */
export function placeLeft(): Uint8Array<ArrayBuffer> {
  return view(left(5), left(6));
}

/** @internal Reads numbers and texts. The text is decoded once; what is taken from it are substrings. */
export class Reader {
  readonly #numbers: Uint32Array;
  readonly #all: string;
  #at = 0;
  #textAt = 0;

  constructor() {
    this.#numbers = numbersAt(left(0), left(1));
    this.#all = left(3) === 0 ? "" : latin1(view(left(2), left(3)), left(4) === 1);
  }

  number(): number {
    return this.#numbers[this.#at++] ?? 0;
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
    return this.#all.substring(start, this.#textAt);
  }

  texts(): string[] {
    return Array.from({ length: this.number() }, () => this.text());
  }

  headers(): Headers {
    const count = this.number();
    const start = this.number();
    const ends = this.#numbers.subarray(this.#at, this.#at + 2 * count);
    this.#at += 2 * count;
    this.#textAt = ends[2 * count - 1] ?? start;
    return new Headers(this.#all, start, ends);
  }
}

/** @internal What `ask` leaves when it is called. */
export function reading(ask: () => unknown): Reader {
  ask();
  return new Reader();
}
