// The module: its instance, its memory, and what becomes of it when it traps. Nothing else but `calls.ts` touches the glue.

import * as glue from "../generated/glue.js";
import type { InitOutput } from "../generated/glue.js";
import { GoneError } from "./gone-error.js";
import { decoderOf } from "./latin1.js";
import { isBytes, lengthOf } from "./bytes.js";

let memory: WebAssembly.Memory | undefined;
/** The place of the exchange area, in words. */
let exchangeAt = 0;
let stageAt = 0;
let trapped: unknown;
/** The module to start at the first call, if nothing else has started it. */
let spare: CompiledModule | undefined;
/** The exports of the module. */
let exported: object = {};

/**
 * A compiled module, as TypeScript's `lib` has it.
 *
 * `dom` and `webworker` do.
 */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/**
 * Starts the engine from a compiled module, or from its bytes.
 *
 * Those of `switchover.wasm` or `core.wasm`. The entries of the package do it by themselves; call it after importing
 * `switchover/manual`, in runtimes that load modules in a way of their own. The second call, and all after it, do
 * nothing. Next: `new Connection(role)`.
 */
export function initSync(module: CompiledModule | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  if (memory !== undefined) return;
  const output: InitOutput = glue.initSync({ module });
  memory = output.memory;
  exported = output;
  exchangeAt = glue.exchange() / 4;
  stageAt = glue.stage();
}

/**
 * @internal `initSync` at the first call: a program that imports `switchover` too, in whatever order, gets the module that
 * knows everything.
 */
export function initLater(module: CompiledModule): void {
  spare = module;
}

/** The longest argument that is staged: `LEN` of `staging.rs`. */
const STAGE = 65_536;

/**
 * The module's memory as bytes and as numbers.
 *
 * Made again when it grew, for the old ones are empty then.
 */
let heap = new Uint8Array(0);
let words = new Uint32Array(0);
let staged = heap;
let decode = decoderOf(heap);

function renew(): void {
  if (heap.length !== 0) return;
  heap = new Uint8Array(memory?.buffer as ArrayBuffer);
  words = new Uint32Array(memory?.buffer as ArrayBuffer);
  staged = heap.subarray(stageAt, stageAt + STAGE);
  decode = decoderOf(heap);
}

/**
 * @internal Where the latest call left numbers, text and bytes; the order is that of `exchange.rs`. Ask it first: it is where
 * the views are made again.
 */
export function left(index: number): number {
  renew();
  return words[exchangeAt + index] ?? 0;
}

/** @internal The number at that word of the module's memory. */
export function word(at: number): number {
  return words[at] ?? 0;
}

/** @internal The numbers at those words, copied out; an array is much cheaper to make than a view of its own memory. */
export function wordsAt(start: number, count: number): number[] {
  const from = words;
  const copy = new Array<number>(count);
  for (let index = 0; index < count; index++) copy[index] = from[start + index] as number;
  return copy;
}

/** @internal Bytes of the module's memory as characters, one each. */
export function text(start: number, length: number): string {
  return length === 0 ? "" : decode(start, start + length);
}

/** @internal Puts bytes where the next call takes them from, and says how many; 0 where there are too many, or none. */
export function stage(bytes: Uint8Array): number {
  if (!isBytes(bytes)) return 0;
  const length = lengthOf(bytes);
  if (length > STAGE || length === 0) return 0;
  renew();
  // Never beyond the stage, whatever another thread makes of shared memory in between.
  staged.set(bytes);
  return length;
}

/** @internal A view of the module's memory; it is over at the next call into the module. */
export function view(start: number, length: number): Uint8Array<ArrayBuffer> {
  return heap.subarray(start, start + length);
}

/** @internal Bytes of the module's memory, copied out. */
export function copy(start: number, length: number): Uint8Array<ArrayBuffer> {
  // A length of 0 is the dearest of all to V8, but not in this form.
  return length === 0 ? new Uint8Array([]) : heap.slice(start, start + length);
}

/** @internal Whether bytes stand in the module's memory. */
export function isInside(bytes: Uint8Array): boolean {
  return bytes.buffer === memory?.buffer;
}

/** @internal Whether the module has stopped for good. */
export function hasTrapped(): boolean {
  return trapped !== undefined;
}

/** @internal What is thrown in place of what a call threw: that is a trap or an exhausted stack, and neither leaves the memory in order. */
export function stopped(cause: unknown): GoneError {
  trapped = cause;
  return new GoneError("trapped", { cause });
}

/** @internal The module must be there, and must not have trapped. */
export function alive(): void {
  if (trapped !== undefined) throw stopped(trapped);
  if (memory === undefined) start();
}

/** @internal The same for a function that the module of `switchover/core` does not have. */
export function has(name: string): void {
  alive();
  if (!Object.hasOwn(exported, name)) {
    throw new Error("switchover/core knows no particular protocols: import switchover, before the first connection is made");
  }
}

function start(): void {
  if (spare === undefined) throw new Error("the engine has not been started: call initSync first");
  initSync(spare);
}
