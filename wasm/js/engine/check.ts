// Arguments that are not what the types say: code without a type checker must hear of it too.

import { isBytes, plain } from "./bytes.js";
import { isInside } from "./raw.js";

/** More bytes at once than this, and the module could not hold them. */
const MOST = 2 ** 30;

/** @internal Bytes that may cross: a view of the module's own memory is copied first, for it may move when it grows. */
export function bytesOf(bytes: Uint8Array): Uint8Array {
  if (!isBytes(bytes)) throw new TypeError("bytes must be a Uint8Array");
  const own = plain(bytes);
  if (own.length > MOST) throw new RangeError(`bytes must be at most ${MOST}`);
  return isInside(own) ? own.slice() : own;
}

/** @internal A whole number from 0 to `most`. */
export function count(value: number, most: number, what: string): number {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number`);
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${what} must be a whole number from 0 to ${most}`);
  }
  return value;
}

/** @internal A status as far as a number can be one; whether it fits the call is the engine's business. */
export function statusOf(value: number): number {
  return count(value, 65_535, "status");
}

/** @internal The number that a table gives a name. */
export function numberOf<T extends string>(table: Readonly<Record<T, number>>, name: T, what: string): number {
  if (typeof name !== "string" || !Object.hasOwn(table, name)) throw new TypeError(`${what} must be one of ${Object.keys(table).join(", ")}`);
  return table[name];
}

/** @internal An object, not nothing. */
export function object<T extends object>(value: T, what: string): T {
  if (typeof value !== "object" || value === null) throw new TypeError(`${what} must be an object`);
  return value;
}

/** @internal Nothing but true or false. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${what} must be a boolean`);
  return value;
}
