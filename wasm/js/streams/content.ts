// Content: of a received message, as a stream or whole, and of a message to be sent.

import type { Event, PausedStep } from "../engine/event.js";
import type { Headers as Fields } from "../engine/headers.js";
import { Gathered, isBytes, joined, plain } from "../engine/bytes.js";
import { DisconnectedError, contentDropped } from "./errors.js";
import { Turns } from "./turns.js";
import type { Wire } from "./wire.js";
import { PIECE } from "./bounds.js";

/**
 * Content to send: whole, or in pieces as they become available.
 *
 * Text is encoded as UTF-8. Content may be sent without a copy: do not change its bytes until it was sent. Those of a
 * piece may change once the next piece is asked for. A stream of Node is refused if it was read before. It is
 * destroyed if it is not sent to its end, unless the request of a client is rejected at once.
 */
export type Body = string | Uint8Array | ReadableStream<Uint8Array | string> | AsyncIterable<Uint8Array | string>;

/**
 * The error for content that is longer than `text`, `json` or `bytes` allow.
 *
 * Also for more content than `upgrade` may discard. If a handler throws the error of its own request, `serveConnection`
 * responds with a 413.
 */
export class ContentTooLargeError extends Error {
  /** @internal */
  constructor(message: string) {
    super(message);
    this.name = "ContentTooLargeError";
  }
}

const NOTHING = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder();
/** The default limit in bytes of `text`, `json` and `bytes`. */
const LARGEST = 1 << 20;

/** A resolved promise: the beginning of the queue of reads of each message. */
const FIRST = Promise.resolve();

/** The content of a message that is received. */
export class Content {
  readonly #wire: Wire;
  readonly #ended: () => void;
  /** A callback for when the rest of the content is cancelled or cannot be read. */
  readonly #cancelled: (reason: unknown) => void;
  #trailers: Fields | null = null;
  #isTaken = false;
  #stream: ReadableStream<Uint8Array> | null = null;
  /** The error with which reading has failed, if it has; `skip` throws it. */
  #failure: { readonly reason: unknown } | undefined;
  #end: "none" | "open" | "unwanted" | "over" | "dropped";
  /**
   * The last queued read; reads are made one after another.
   *
   * Each checks the state again when its turn comes, since the content may have ended.
   */
  #turn: Promise<unknown> = FIRST;
  /** The number of reads that are queued or under way. */
  #queued = 0;

  /** @internal Creates the content of a message; `hasEnded` is true if the message has none. */
  constructor(wire: Wire, hasEnded: boolean, ended: () => void, cancelled: (reason: unknown) => void) {
    this.#wire = wire;
    this.#ended = ended;
    this.#cancelled = cancelled;
    this.#end = hasEnded ? "none" : "open";
  }

  /**
   * The trailers, once all content has been read, otherwise `null`.
   *
   * Also `null` if the message had no content.
   */
  get trailers(): Fields | null {
    return this.#trailers;
  }

  /**
   * @internal Returns whether the message had no content, or its end was reached.
   *
   * An end that was reached by `skip` does not count.
   */
  get isRead(): boolean {
    return this.#end === "none" || this.#end === "over";
  }

  /** Returns whether reading of the content has begun. */
  get bodyUsed(): boolean {
    return this.#isTaken;
  }

  /**
   * The content as a stream; `null` if there is none.
   *
   * It reads from the socket only on demand, which puts back-pressure on the peer. Malformed or
   * truncated content is a `ProtocolError`. After `text`, `json` or `bytes` it is a locked stream,
   * so that nobody takes a part of the content for the whole.
   */
  get body(): ReadableStream<Uint8Array> | null {
    if (this.#end === "none") return null;
    if (this.#isTaken && !this.#stream) {
      this.#stream = new ReadableStream();
      this.#stream.getReader();
    }
    return (this.#stream ??= new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          this.#isTaken = true;
          const piece = await this.#soonest();
          if (piece) controller.enqueue(piece);
          else controller.close();
        },
        // A late cancel must not reach the next message.
        cancel: (reason) => (this.#end === "open" ? this.#cancelled(reason) : undefined),
      },
      { highWaterMark: 0 },
    ));
  }

  /**
   * Returns all of the content.
   *
   * Throws a `ContentTooLargeError` if it has more than `largest` bytes, 1 MiB by default.
   */
  async bytes(largest = LARGEST): Promise<Uint8Array<ArrayBuffer>> {
    return joined(await this.#pieces(largest));
  }

  /**
   * Returns all of the content, decoded as UTF-8.
   *
   * Throws a `ContentTooLargeError` if it has more than `largest` bytes, 1 MiB by default.
   */
  async text(largest = LARGEST): Promise<string> {
    const pieces = await this.#pieces(largest);
    return decoder.decode(pieces.length === 1 ? pieces[0] : joined(pieces));
  }

  /**
   * Returns all of the content, parsed as JSON; the result is not validated further.
   *
   * Throws a `ContentTooLargeError` if it has more than `largest` bytes, 1 MiB by default.
   */
  async json(largest = LARGEST): Promise<unknown> {
    return JSON.parse(await this.text(largest));
  }

  async #pieces(largest: number): Promise<readonly Uint8Array[]> {
    if (this.#isTaken || this.#stream) throw new TypeError("the content is being read already");
    this.#isTaken = true;
    const pieces = new Gathered();
    for (;;) {
      const piece = await this.#soonest();
      if (!piece) return pieces.arrays();
      pieces.add(piece);
      if (pieces.length <= largest) continue;
      const error = this.#wire.life.note(new ContentTooLargeError(`more than ${largest} bytes of content`));
      this.#cancelled(error);
      throw error;
    }
  }

  /**
   * @internal Discards the content as it arrives, unless its reading has begun.
   *
   * If there may be more content than `limits.drain` bytes, the response says that the connection
   * closes.
   */
  markUnwanted(): void {
    if (this.#end !== "open") return;
    const { connection, receiver } = this.#wire;
    if (!this.#isTaken) {
      this.#end = "unwanted";
      receiver.skip();
      // Short chunked content may have come to its end already.
      if (connection.content.kind === "chunked" && receiver.poll()?.kind === "end-of-message") {
        this.#end = "over";
        this.#ended();
      }
    }
    if (this.mayBeTooLong) connection.closeAfterResponse();
  }

  /**
   * @internal Returns whether more content than `limits.drain` bytes may follow.
   *
   * True for any chunked content.
   */
  get mayBeTooLong(): boolean {
    const { kind, length } = this.#wire.connection.content;
    return kind === "chunked" || length > this.#wire.drain;
  }

  /** @internal Discards the rest of the content; returns false if it has more than `limits.drain` bytes. */
  skip(): Promise<boolean> {
    return this.#inTurn(async () => {
      if (this.#failure) throw this.#failure.reason;
      if (this.#end !== "open" && this.#end !== "unwanted") return true;
      this.#end = "dropped";
      this.#wire.receiver.skip();
      for (;;) {
        const event = await this.#wire.receiver.nextEvent();
        if (event.kind === "paused") return false;
        if (event.kind === "end-of-message") return true;
      }
    });
  }

  /** Returns the next piece of content, or a promise of it; `null` is the end. */
  #soonest(): Uint8Array | null | Promise<Uint8Array | null> {
    const piece = this.#poll();
    return piece === undefined ? this.#next() : piece;
  }

  /** Waits for the next piece of content, or `null` at the end. */
  #next(): Promise<Uint8Array | null> {
    return this.#inTurn(async () => {
      if (this.#hasEnded()) return null;
      try {
        return this.#read(await this.#wire.receiver.nextEvent());
      } catch (error) {
        throw this.#failed(error);
      }
    });
  }

  /**
   * Returns the next piece of content if it can be had at once, else `undefined`.
   *
   * Returns `null` at the end. While earlier reads are queued, it returns `undefined`.
   */
  #poll(): Uint8Array | null | undefined {
    if (this.#queued > 0) return undefined;
    if (this.#hasEnded()) return null;
    try {
      const event = this.#wire.receiver.poll();
      return event && this.#read(event);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Returns whether the content has ended; throws if the rest was dropped. */
  #hasEnded(): boolean {
    if (this.#end === "dropped" || this.#end === "unwanted") throw contentDropped();
    return this.#end !== "open";
  }

  /** Returns the piece of content in an event, or `null` if it ends the message. */
  #read(event: Event | PausedStep): Uint8Array | null {
    if (event.kind === "data") return event.data;
    if (event.kind !== "end-of-message") throw new DisconnectedError("the rest of the content is not read any more");
    this.#end = "over";
    this.#trailers = event.trailers;
    this.#ended();
    return null;
  }

  #failed(error: unknown): unknown {
    this.#end = "dropped";
    this.#failure ??= { reason: error };
    this.#cancelled(error);
    return error;
  }

  #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const done = (): void => void this.#queued--;
    this.#queued++;
    const acted = this.#turn.then(act);
    this.#turn = acted.then(done, done);
    return acted;
  }
}

/** Milliseconds that cancelled content may take to clean up. */
const CLEANUP_MAX = 1_000;

/**
 * @internal Content to send that becomes available piece by piece.
 *
 * `next` returns the next piece, or `null` at the end. `cancel` is called if no more pieces are needed; it resolves once
 * the content has cleaned up, or has taken too long.
 */
export interface Source {
  next(): Promise<Uint8Array | null>;
  cancel(reason: unknown): Promise<void>;
}

/** @internal Returns whole content as bytes, otherwise a source of its pieces. */
export function contentOf(body: Body | null | undefined): Uint8Array | Source {
  if (body === null || body === undefined) return new Uint8Array(0);
  if (typeof body === "string") return encoder.encode(body);
  // Bytes of another window are none of this one's.
  if (isBytes(body)) return body instanceof Uint8Array ? body : plain(body);
  if (body instanceof ReadableStream) return ofStream(body);
  if (typeof body === "object" && Symbol.asyncIterator in body) return ofIterable(body);
  throw new TypeError("a body is a string, a Uint8Array, a ReadableStream or an AsyncIterable of Uint8Array");
}

/** The number of characters up to which `TextEncoder` costs more than a loop. */
const SHORT = 128;
/** The largest number of characters to encode into `scratch`. */
const SHARED = 8_192;
const scratch = new Uint8Array(3 * SHARED);

/**
 * @internal Returns whether a body is a string that `encodedInPlace` can encode.
 *
 * Its length is at most `SHARED` characters.
 */
export function isShortText(body: unknown): body is string {
  return typeof body === "string" && body.length <= SHARED;
}

/** @internal Encodes a short text as UTF-8. The bytes are valid until the next call. */
export function encodedInPlace(text: string): Uint8Array {
  let all = text.length <= SHORT ? 0 : 0x80;
  for (let index = 0; all < 0x80 && index < text.length; index++) {
    const character = text.charCodeAt(index);
    all |= character;
    scratch[index] = character;
  }
  return scratch.subarray(0, all < 0x80 ? text.length : encoder.encodeInto(text, scratch).written);
}

/** @internal Cancels content that will not be sent; whole content needs no cancelling. */
export async function letGo(content: Uint8Array | Source, reason: unknown): Promise<void> {
  if (!(content instanceof Uint8Array)) await content.cancel(reason);
}

/**
 * Returns a function that calls `cancel` at the first call and waits for it.
 *
 * It waits for at most `CLEANUP_MAX` milliseconds, and ignores errors.
 */
function cancelling(cancel: (reason: unknown) => unknown): Source["cancel"] {
  let cleanup: Promise<void> | undefined;
  const begin = async (reason: unknown): Promise<void> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise((resolve) => (timer = setTimeout(resolve, CLEANUP_MAX)));
    await Promise.race([new Promise((resolve) => resolve(cancel(reason))).catch(() => {}), late]);
    clearTimeout(timer);
  };
  return (reason) => (cleanup ??= begin(reason));
}

function ofStream(body: ReadableStream<Uint8Array | string>): Source {
  if (body.locked) throw new TypeError("the stream of a body is locked");
  // A request that is refused leaves its stream as it was.
  let reader: ReadableStreamDefaultReader<Uint8Array | string> | undefined;
  return {
    async next() {
      const { value, done } = await (reader ??= body.getReader()).read();
      return done ? null : piece(value);
    },
    cancel: cancelling((reason) => (reader ?? body).cancel(reason)),
  };
}

/** The used members of a stream of Node, which an async iterable may be. */
interface NodeStream {
  on?(event: "error", act: () => void): unknown;
  destroy?(): void;
  readonly destroyed?: boolean;
  readonly errored?: Error | null;
  readonly readableDidRead?: boolean;
}

function ofIterable(body: AsyncIterable<Uint8Array | string> & NodeStream): Source {
  if (body.readableDidRead || (body.destroyed && !body.errored)) throw new TypeError("the stream of a body was read before");
  // A stream of Node may fail before its first piece is read. Its iterator still throws that error then.
  if (body.destroy) body.on?.("error", () => {});
  const iterator = body[Symbol.asyncIterator]();
  return {
    async next() {
      const { value, done } = await iterator.next();
      return done ? null : piece(value);
    },
    // `return` waits for a piece that is awaited, and closes nothing that was not begun; a stream of Node has `destroy`.
    cancel: cancelling(() => (body.destroy ? body.destroy() : iterator.return?.())),
  };
}

function piece(value: Uint8Array | string): Uint8Array {
  if (typeof value === "string") return encoder.encode(value);
  if (!isBytes(value)) throw new TypeError("a body is made of Uint8Array and text");
  return value;
}

/**
 * @internal Returns the bytes to send for a piece of content.
 *
 * If the framing adds no bytes, they are `data` itself.
 */
export function framed(wire: Wire, data: Uint8Array): Uint8Array {
  const { prefix, suffix } = wire.connection.sendDataParts(data.length);
  if (prefix.length + suffix.length === 0) return data;
  return joined([prefix, data, suffix]);
}

/** @internal Sends the head, then the pieces of content as they become available. */
export async function pump(wire: Wire, source: Source, head: Uint8Array = NOTHING): Promise<void> {
  const forget = wire.life.onGivenUp((reason) => void source.cancel(reason));
  const turns = new Turns();
  try {
    if (head.length > PIECE) {
      await wire.sender.send(head);
      head = NOTHING;
    }
    for (let piece; (piece = await wire.life.until(source.next())); head = NOTHING) {
      const bytes = piece.length > 0 ? framed(wire, piece) : NOTHING;
      await wire.sender.send(head.length > 0 ? joined([head, bytes]) : bytes);
      // The source may use its buffer again.
      const taken = bytes === piece && wire.sender.taken();
      if (taken) await taken;
      await turns.step();
    }
    await wire.sender.send(head);
  } catch (error) {
    wire.cleanup = source.cancel(error);
    throw error;
  } finally {
    forget();
  }
}

/**
 * @internal Returns the next piece of content that is not empty, or `null` at the end.
 *
 * Once the socket is closed, returns an empty piece too.
 */
export async function filled(wire: Wire, source: Source): Promise<Uint8Array | null> {
  const turns = new Turns();
  for (;;) {
    const piece = await source.next();
    if (piece === null || piece.length > 0 || wire.life.isOver) return piece;
    await turns.step();
  }
}

/** The number of microtasks to wait for a piece of content before a timer is used. */
const MICROTASKS = 32;
/** The largest number of pieces that `soon` collects, as a source may never wait. */
const PIECES = 64;
const afterTasks = (): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * @internal Collects pieces that a source can deliver at once.
 *
 * Returns all content if the source has ended, otherwise a source that begins with these pieces.
 */
export async function soon(source: Source): Promise<Uint8Array | Source> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let late: Promise<undefined> | undefined;
  let pending: Promise<Uint8Array | null> | undefined;
  while (length < PIECE && pieces.length < PIECES) {
    pending = source.next();
    let isHere = false;
    const here = (): void => void (isHere = true);
    pending.then(here, here);
    for (let turn = 0; turn < MICROTASKS && !isHere; turn++) await undefined;
    // Streams of some runtimes give nothing within microtasks.
    const piece = isHere ? await pending : await Promise.race([pending, (late ??= afterTasks())]);
    if (piece === null) return joined(pieces);
    if (!piece) break;
    // The source may use its buffer again for the next piece.
    length += piece.length;
    pieces.push(length < PIECE ? new Uint8Array(piece) : piece);
    pending = undefined;
  }
  const first = pieces.length === 1 ? pieces[0] : joined(pieces);
  const steps = [Promise.resolve(first ?? NOTHING), ...(pending ? [pending] : [])];
  return { next: () => steps.shift() ?? source.next(), cancel: (reason) => source.cancel(reason) };
}
