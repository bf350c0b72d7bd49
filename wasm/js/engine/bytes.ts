// Safe access to `Uint8Array` arguments. A subclass, or a property set on an array, can report a false length or
// buffer. These functions read the true values through the built-in getters.

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/**
 * Returns a built-in getter of typed arrays.
 *
 * Later changes of the prototype cannot replace it.
 */
function getter<T>(name: PropertyKey): (bytes: Uint8Array) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return Function.prototype.call.bind(get) as (bytes: Uint8Array) => T;
}

const kindOf = getter<string | undefined>(Symbol.toStringTag);
const memoryOf = getter<ArrayBuffer>("buffer");
const startOf = getter<number>("byteOffset");

/** @internal Returns the number of bytes; 0 if the buffer was transferred or has become too small. */
export const lengthOf = getter<number>("length");

/**
 * @internal Returns whether a value is a `Uint8Array`, also of a subclass or of another window.
 *
 * An object that only inherits from one is not.
 */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf(value as Uint8Array) === "Uint8Array";
}

/**
 * @internal Returns a plain `Uint8Array` over the same bytes.
 *
 * Throws a `TypeError` if the buffer is detached.
 */
export function plain(bytes: Uint8Array): Uint8Array {
  const length = lengthOf(bytes);
  // An empty array and a detached one both have the length 0, but only `at` of the detached one throws.
  if (length === 0) at(bytes, 0);
  return new Uint8Array(memoryOf(bytes), startOf(bytes), length);
}

/** Built-in `at`, which throws a `TypeError` if the buffer is detached. */
const at = Function.prototype.call.bind(Uint8Array.prototype.at) as (bytes: Uint8Array, index: number) => unknown;

/** @internal Returns the concatenation of the pieces as a new array. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The length in bytes up to which a piece, unless it is the first, is copied. */
const SMALL = 1_024;

/** @internal Bytes that come in pieces, gathered in few arrays: small pieces share arrays. */
export class Gathered {
  length = 0;
  readonly #arrays: Uint8Array[] = [];
  /** The array that small pieces are copied to; its first `#used` bytes are in use. */
  #shared = new Uint8Array(0);
  #used = 0;

  add(piece: Uint8Array): void {
    const isFirst = this.length === 0;
    this.length += piece.length;
    if (isFirst || piece.length > SMALL) return void (this.#share(0), this.#arrays.push(piece));
    if (piece.length > this.#shared.length - this.#used) this.#share(Math.min(Math.max(this.length, SMALL), 64 * SMALL));
    this.#shared.set(piece, this.#used);
    this.#used += piece.length;
  }

  /** Returns the arrays with all bytes, in order. */
  arrays(): readonly Uint8Array[] {
    this.#share(0);
    return this.#arrays;
  }

  /** Adds the used part of `#shared` to the arrays; begins one of `length` bytes. */
  #share(length: number): void {
    if (this.#used > 0) this.#arrays.push(this.#shared.subarray(0, this.#used));
    [this.#shared, this.#used] = [new Uint8Array(length), 0];
  }
}
