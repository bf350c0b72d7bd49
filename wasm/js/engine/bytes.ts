// Bytes that come from outside. A subclass, or a property of the array's own, can say anything of its length and its
// memory; what these functions say is the array's own, as the engine of JavaScript keeps it.

const prototype = Object.getPrototypeOf(Uint8Array.prototype) as object;

/** A getter of every typed array, out of reach of those who write over it later. */
function getter<T>(name: PropertyKey): (bytes: Uint8Array) => T {
  const get = Object.getOwnPropertyDescriptor(prototype, name)?.get as () => T;
  return Function.prototype.call.bind(get) as (bytes: Uint8Array) => T;
}

const kindOf = getter<string | undefined>(Symbol.toStringTag);
const memoryOf = getter<ArrayBuffer>("buffer");
const startOf = getter<number>("byteOffset");

/** @internal How many bytes there are; none where the memory was transferred, or has become too small. */
export const lengthOf = getter<number>("length");

/** @internal Whether it is a Uint8Array, of whatever class and window; an object that only inherits from one is none. */
export function isBytes(value: unknown): value is Uint8Array {
  return kindOf(value as Uint8Array) === "Uint8Array";
}

/** @internal The same bytes, in an array of its own. Memory that is not there any more is a TypeError. */
export function plain(bytes: Uint8Array): Uint8Array {
  const length = lengthOf(bytes);
  // An array of no bytes, and one that has lost them, both have the length 0; only the latter has no first place.
  if (length === 0) at(bytes, 0);
  return new Uint8Array(memoryOf(bytes), startOf(bytes), length);
}

/** Refuses memory that is not there. */
const at = Function.prototype.call.bind(Uint8Array.prototype.at) as (bytes: Uint8Array, index: number) => unknown;

/** @internal Returns the pieces one after another, in an array of their own. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
