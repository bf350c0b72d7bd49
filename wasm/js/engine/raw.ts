// The WebAssembly module: its instance, its memory, and its failure. Only this file and `calls.ts` use the glue code.
//
// After a trap, as by a stack overflow, the memory of an instance may be inconsistent. Its objects are lost then, and
// the next call that needs none of them starts a new instance.

import * as glue from "../generated/glue.js";
import type { InitOutput } from "../generated/glue.js";
import { GoneError } from "./gone-error.js";
import { decoderOf } from "./latin1.js";
import { isBytes, lengthOf } from "./bytes.js";

/** @internal The number of the current instance, which a trap raises, and the cause of the last trap. */
export const engine: { instance: number; trap: unknown } = { instance: 0, trap: undefined };

let memory: WebAssembly.Memory | undefined;
/** The number of the instance that was started last; -1 before the first. */
let started = -1;
/** The index in `words` of the addresses and lengths of the three result buffers. */
let exchangeAt = 0;
let stageAt = 0;
/** The compiled module, to be started at the first call and after each trap. */
let spare: CompiledModule | undefined;
/** The exports of the started module, by name. */
let exported: object = {};

/**
 * The type of a compiled module, if TypeScript's `lib` declares it, else `object`.
 *
 * The libraries `dom` and `webworker` declare it.
 */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/**
 * Starts the engine from a compiled WebAssembly module, or from the bytes of one.
 *
 * Pass `switchover.wasm` or `core.wasm`. The other entry points of the package start the engine themselves. Call it
 * after importing `switchover/manual`, in a runtime that loads modules in another way. It has no effect once the engine
 * was started. Next: `new Connection(role)`.
 */
export function initSync(module: CompiledModule | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  if (memory !== undefined) return;
  spare = module instanceof WebAssembly.Module ? module : new WebAssembly.Module(module as ArrayBuffer);
  start(spare);
}

function start(module: CompiledModule): void {
  const output: InitOutput = glue.initSync({ module });
  memory = output.memory;
  exported = output;
  heap = NOTHING;
  exchangeAt = glue.exchange() / 4;
  stageAt = glue.stage();
  // Last, as the stack may overflow before: the next call then starts another one.
  started = engine.instance;
}

/**
 * @internal Sets the module to start at the first call, unless one was started before.
 *
 * A program that imports both `switchover/core` and `switchover`, in either order, so gets the complete module.
 */
export function initLater(module: CompiledModule): void {
  if (memory === undefined) spare = module;
}

const NOTHING = new Uint8Array(0);

/** The size of the staging buffer in bytes: `LEN` of `staging.rs`. */
const STAGE = 65_536;

/**
 * The module's memory as bytes and as 32-bit numbers.
 *
 * `renew` creates these views again after the memory has grown, since the old ones are empty then.
 */
let heap = NOTHING;
let words = new Uint32Array(0);
let staged = heap;
let decode = decoderOf(heap);

function renew(): void {
  if (heap.length !== 0) return;
  const bytes = new Uint8Array(memory?.buffer as ArrayBuffer);
  words = new Uint32Array(memory?.buffer as ArrayBuffer);
  staged = bytes.subarray(stageAt, stageAt + STAGE);
  decode = decoderOf(bytes);
  // Last, as the stack may overflow before.
  heap = bytes;
}

/**
 * @internal Returns one of the addresses and lengths of the three result buffers.
 *
 * The order is that of `publish` in `result.rs`. Call it before other reads: it renews the views of the memory.
 */
export function left(index: number): number {
  renew();
  return words[exchangeAt + index] ?? 0;
}

/** @internal Returns the 32-bit number at an index of `words`. */
export function word(at: number): number {
  return words[at] ?? 0;
}

/**
 * @internal Returns a copy of 32-bit numbers in the module's memory.
 *
 * An array is much cheaper to create than a typed array.
 */
export function wordsAt(start: number, count: number): number[] {
  const from = words;
  const copy = new Array<number>(count);
  for (let index = 0; index < count; index++) copy[index] = from[start + index] as number;
  return copy;
}

/** @internal Decodes bytes of the module's memory as Latin-1. */
export function text(start: number, length: number): string {
  return length === 0 ? "" : decode(start, start + length);
}

/**
 * @internal Copies bytes to the staging buffer and returns their number.
 *
 * Returns 0, without copying, if they are too many, none, or no `Uint8Array`.
 */
export function stage(bytes: Uint8Array): number {
  if (!isBytes(bytes)) return 0;
  const length = lengthOf(bytes);
  if (length > STAGE || length === 0) return 0;
  renew();
  // `staged` has a fixed length, so a length that another thread changes meanwhile cannot cause a write beyond it.
  staged.set(bytes);
  return length;
}

/** @internal Returns a view of the module's memory, valid until the next call into the module. */
export function view(start: number, length: number): Uint8Array<ArrayBuffer> {
  return heap.subarray(start, start + length);
}

/** @internal Returns a copy of bytes of the module's memory. */
export function copy(start: number, length: number): Uint8Array<ArrayBuffer> {
  // In V8, `new Uint8Array([])` is the fastest way to create an empty array.
  return length === 0 ? new Uint8Array([]) : heap.slice(start, start + length);
}

/** The size in bytes of a buffer that several short copies share. */
const SHARED = 16_384;
/** The largest size in bytes of a copy that shares its buffer with others. */
const SHORT = 2_048;
let shared = NOTHING;
let sharedUsed = 0;

/**
 * @internal Returns a copy of bytes of the module's memory, which may share its buffer with other copies.
 *
 * For short copies, as a buffer of its own costs more than all else of a small response. Use it
 * only for code that transfers no buffers.
 */
export function sharedCopy(start: number, length: number): Uint8Array<ArrayBuffer> {
  if (length > SHORT) return copy(start, length);
  if (sharedUsed + length > shared.length) {
    shared = new Uint8Array(SHARED);
    sharedUsed = 0;
  }
  const bytes = shared.subarray(sharedUsed, (sharedUsed += length));
  bytes.set(heap.subarray(start, start + length));
  return bytes;
}

/** @internal Returns whether the bytes are in the module's memory. */
export function isInside(bytes: Uint8Array): boolean {
  return bytes.buffer === memory?.buffer;
}

/** @internal Returns the error for an object of an instance that has trapped. */
export function trapped(): GoneError {
  return new GoneError("trapped", { cause: engine.trap });
}

/** @internal Starts an instance if needed; throws if there is no module to start. */
export function alive(): void {
  if (started === engine.instance) return;
  if (spare === undefined) throw new Error("the engine has not been started: call initSync first");
  start(spare);
}

/**
 * @internal Checks like `alive`, and that the module has an export of that name.
 *
 * The module of `switchover/core` lacks some exports.
 */
export function has(name: string): void {
  alive();
  if (!Object.hasOwn(exported, name)) {
    throw new Error("switchover/core knows no particular protocols: import switchover, before the first connection is made");
  }
}
