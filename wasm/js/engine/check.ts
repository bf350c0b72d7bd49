// Run-time checks of arguments, for callers that do not use a type checker.

import { isBytes, plain } from "./bytes.js";
import { isInside } from "./raw.js";

/** The maximum number of bytes of one argument. */
const MOST = 2 ** 30;

/**
 * @internal Returns bytes that can be passed to the module, or throws.
 *
 * A view of the module's own memory is copied, since that memory may move when it grows.
 */
export function bytesOf(bytes: Uint8Array): Uint8Array {
  if (!isBytes(bytes)) throw new TypeError("bytes must be a Uint8Array");
  const own = plain(bytes);
  if (own.length > MOST) throw new RangeError(`bytes must be at most ${MOST}`);
  return isInside(own) ? own.slice() : own;
}

/** @internal Returns `value` if it is an integer from 0 to `most`, or throws. */
export function count(value: number, most: number, what: string): number {
  if (typeof value !== "number") throw new TypeError(`${what} must be a number`);
  if (!Number.isInteger(value) || value < 0 || value > most) {
    throw new RangeError(`${what} must be a whole number from 0 to ${most}`);
  }
  return value;
}

/** @internal Returns a status code that fits 16 bits, or throws; the engine checks it further. */
export function statusOf(value: number): number {
  return count(value, 65_535, "status");
}

/** @internal Returns the number of a name in a table, or throws if it has no such name. */
export function numberOf<T extends string>(table: Readonly<Record<T, number>>, name: T, what: string): number {
  if (typeof name !== "string" || !Object.hasOwn(table, name)) throw new TypeError(`${what} must be one of ${Object.keys(table).join(", ")}`);
  return table[name];
}

/** @internal Returns `value` if it is an object and not `null`, or throws. */
export function object<T extends object>(value: T, what: string): T {
  if (typeof value !== "object" || value === null) throw new TypeError(`${what} must be an object`);
  return value;
}

/** @internal Returns `value` if it is a boolean, or throws. */
export function boolean(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new TypeError(`${what} must be a boolean`);
  return value;
}
