// The module: its instance, its memory, and what becomes of it when it traps. Nothing else in this folder touches the glue.

import * as glue from "./glue.js";
import type { InitOutput } from "./glue.js";
import { GoneError } from "./gone.js";
import { decoderOf } from "./latin1.js";
import { isOctets, lengthOf } from "./octets.js";

let memory: WebAssembly.Memory | undefined;
/** In words. */
let exchangeAt = 0;
let stageAt = 0;
let trapped: unknown;

/** A compiled module, where TypeScript's `lib` says what that is (`dom` and `webworker` do). */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer M } } } ? M : object;

/**
 * Starts the engine from a compiled module, or from the bytes of `switchover.wasm`. The entries of the package do it by
 * themselves; call it after importing `switchover/manual`, in runtimes that load modules in a way of their own. The second
 * call, and all after it, do nothing. Next: `new Connection(role)`.
 */
export function initSync(module: CompiledModule | ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
  if (memory !== undefined) return;
  const output: InitOutput = glue.initSync({ module });
  memory = output.memory;
  exchangeAt = glue.exchange() / 4;
  stageAt = glue.stage();
}

/** How much may be staged: `LEN` of `stage.rs`. */
const STAGE = 65_536;

/** The module's memory as bytes and as numbers: made again when it grew, for the old ones are empty then. */
let octets = new Uint8Array(0);
let words = new Uint32Array(0);
let staged = octets;
let decode = decoderOf(octets);

function renew(): void {
  if (octets.length !== 0) return;
  octets = new Uint8Array(memory?.buffer as ArrayBuffer);
  words = new Uint32Array(memory?.buffer as ArrayBuffer);
  staged = octets.subarray(stageAt, stageAt + STAGE);
  decode = decoderOf(octets);
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
  if (!isOctets(bytes)) return 0;
  const length = lengthOf(bytes);
  if (length > STAGE || length === 0) return 0;
  renew();
  // Never beyond the stage, whatever another thread makes of shared memory in between.
  staged.set(bytes);
  return length;
}

/** @internal A view of the module's memory; it is over at the next call into the module. */
export function view(start: number, length: number): Uint8Array<ArrayBuffer> {
  return octets.subarray(start, start + length);
}

/** @internal Bytes of the module's memory, copied out. */
export function copy(start: number, length: number): Uint8Array<ArrayBuffer> {
  // A length of 0 is the dearest of all to V8, but not in this form.
  return length === 0 ? new Uint8Array([]) : octets.slice(start, start + length);
}

/** @internal Whether bytes stand in the module's memory. */
export function isInside(bytes: Uint8Array): boolean {
  return bytes.buffer === memory?.buffer;
}

/** @internal Whether the module has stopped for good. */
export function hasTrapped(): boolean {
  return trapped !== undefined;
}

/** What is thrown in place of what a call threw: that is a trap or an exhausted stack, and neither leaves the memory in order. */
function stopped(cause: unknown): GoneError {
  trapped = cause;
  return new GoneError("trapped", { cause });
}

type Call<A extends unknown[], R> = (...given: A) => R;

/** The module must be there, and must not have trapped. */
function alive(): void {
  if (trapped !== undefined) throw stopped(trapped);
  if (memory === undefined) throw new Error("the engine has not been started: call initSync first");
}

/** A function of the module, guarded. One that is called for each message is written out below: compilers see through that. */
function guarded<A extends unknown[], R>(call: Call<A, R>): Call<A, R> {
  return (...given) => {
    alive();
    try {
      return call(...given);
    } catch (cause) {
      throw stopped(cause);
    }
  };
}

/** @internal */
type Raw = Omit<typeof glue, "initSync" | "default" | "exchange" | "stage">;

/** @internal The functions of the module, guarded. */
export const raw: Raw = {
  abandon: guarded(glue.abandon),
  accept(handle, selection, isEarly, parcel) {
    alive();
    try {
      return glue.accept(handle, selection, isEarly, parcel);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  advance(handle) {
    alive();
    try {
      return glue.advance(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  advertise: guarded(glue.advertise),
  agreed: guarded(glue.agreed),
  agreed_deflate: guarded(glue.agreed_deflate),
  authority: guarded(glue.authority),
  awaiting: guarded(glue.awaiting),
  capsules_finish: guarded(glue.capsules_finish),
  capsules_free: guarded(glue.capsules_free),
  capsules_new: guarded(glue.capsules_new),
  capsules_next: guarded(glue.capsules_next),
  capsules_receive: guarded(glue.capsules_receive),
  check_http2: guarded(glue.check_http2),
  close_after_response: guarded(glue.close_after_response),
  commit: guarded(glue.commit),
  configure_flags: guarded(glue.configure_flags),
  configure_lenient: guarded(glue.configure_lenient),
  configure_limit: guarded(glue.configure_limit),
  configure_nothing: guarded(glue.configure_nothing),
  content: guarded(glue.content),
  create(role) {
    alive();
    try {
      return glue.create(role);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  datagram_write: guarded(glue.datagram_write),
  deflate_text: guarded(glue.deflate_text),
  end_to_end: guarded(glue.end_to_end),
  error_advice: guarded(glue.error_advice),
  error_clause: guarded(glue.error_clause),
  error_text: guarded(glue.error_text),
  event: guarded(glue.event),
  extended_connect: guarded(glue.extended_connect),
  failure: guarded(glue.failure),
  forwardable: guarded(glue.forwardable),
  free(handle) {
    alive();
    try {
      return glue.free(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  hand_over: guarded(glue.hand_over),
  http1_fields: guarded(glue.http1_fields),
  http2_fields: guarded(glue.http2_fields),
  http2_request: guarded(glue.http2_request),
  ineligible_text: guarded(glue.ineligible_text),
  ip_target: guarded(glue.ip_target),
  largest_limit: guarded(glue.largest_limit),
  may_speak: guarded(glue.may_speak),
  must_reset: guarded(glue.must_reset),
  next_event(handle) {
    alive();
    try {
      return glue.next_event(handle);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  unread: guarded(glue.unread),
  unread_len: guarded(glue.unread_len),
  owes: guarded(glue.owes),
  pass_content: guarded(glue.pass_content),
  persists: guarded(glue.persists),
  prepared_content: guarded(glue.prepared_content),
  prepared_free: guarded(glue.prepared_free),
  prepared_new: guarded(glue.prepared_new),
  prepared_status: guarded(glue.prepared_status),
  position: guarded(glue.position),
  reason: guarded(glue.reason),
  receive: guarded(glue.receive),
  receive_buffer: guarded(glue.receive_buffer),
  receive_staged(handle, length) {
    alive();
    try {
      return glue.receive_staged(handle, length);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  receive_eof: guarded(glue.receive_eof),
  reject: guarded(glue.reject),
  release: guarded(glue.release),
  request: guarded(glue.request),
  require: guarded(glue.require),
  required: guarded(glue.required),
  respond(handle, status, hasReason, parcel, content) {
    alive();
    try {
      return glue.respond(handle, status, hasReason, parcel, content);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  respond_prepared(handle, prepared) {
    alive();
    try {
      return glue.respond_prepared(handle, prepared);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  resume_http: guarded(glue.resume_http),
  may_forward: guarded(glue.may_forward),
  same_protocol: guarded(glue.same_protocol),
  says_capsules: guarded(glue.says_capsules),
  select: guarded(glue.select),
  select_deflate: guarded(glue.select_deflate),
  select_subprotocol: guarded(glue.select_subprotocol),
  send_data(handle, data) {
    alive();
    try {
      return glue.send_data(handle, data);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_data_parts: guarded(glue.send_data_parts),
  send_end(handle, parcel) {
    alive();
    try {
      return glue.send_end(handle, parcel);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  send_informational: guarded(glue.send_informational),
  send_request: guarded(glue.send_request),
  send_response(handle, status, hasReason, parcel) {
    alive();
    try {
      return glue.send_response(handle, status, hasReason, parcel);
    } catch (cause) {
      throw stopped(cause);
    }
  },
  skip_content: guarded(glue.skip_content),
  splice_client_ended: guarded(glue.splice_client_ended),
  splice_client_sent: guarded(glue.splice_client_sent),
  splice_engine_sent: guarded(glue.splice_engine_sent),
  splice_free: guarded(glue.splice_free),
  splice_is_done: guarded(glue.splice_is_done),
  splice_is_waiting: guarded(glue.splice_is_waiting),
  splice_new: guarded(glue.splice_new),
  splice_take_for_client: guarded(glue.splice_take_for_client),
  splice_take_for_engine: guarded(glue.splice_take_for_engine),
  splice_wants_client: guarded(glue.splice_wants_client),
  state: guarded(glue.state),
  subprotocols: guarded(glue.subprotocols),
  take_end: guarded(glue.take_end),
  take_leftover: guarded(glue.take_leftover),
  trace: guarded(glue.trace),
  udp_target: guarded(glue.udp_target),
  unanswered: guarded(glue.unanswered),
  wants_input: guarded(glue.wants_input),
  websocket_key: guarded(glue.websocket_key),
  why: guarded(glue.why),
  why_text: guarded(glue.why_text),
};
