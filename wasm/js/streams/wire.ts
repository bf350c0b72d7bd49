// A socket, and the engine that its bytes pass through: what is the same for a client and a server.

import { Connection } from "../engine/connection.js";
import { ProtocolError } from "../engine/error.js";
import type { Event, PausedStep, SwitchedEvent } from "../engine/event.js";
import { joined } from "../engine/bytes.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import { TIMEOUTS, type Options, type Timeouts } from "./options.js";
import { pairOver } from "./pair.js";
import { listen, unlisten } from "./signals.js";
import type { Handed, Socket, Transport } from "./sockets.js";
import { transportOf } from "./transport.js";
import type { Awaiting, Role } from "../generated/tables.js";

/** @internal The streams of a new protocol, and its first bytes: `null` where they are still to come. */
export interface HandedOut {
  readonly pair: Handed;
  readonly first: Uint8Array | null;
}

/** @internal How much of a message is made at once. */
export const PIECE = 65_536;
const NOTHING = new Uint8Array(0);
/** The number of bytes that are sent at once. */
const SENT = 32_768;
/**
 * Milliseconds that a byte adds to the time left.
 *
 * Long content may take long, a byte a second may not.
 */
const MS_PER_BYTE = 1;
/** The multiple of `timeouts.write` in which the system's own buffer may empty. */
const SYSTEM = 3;
/** The limit of content of a request, in bytes, unless `config` has another. */
const CONTENT = 2 ** 30;
/** A timer of a longer time would ring at once. */
const LONGEST = 2 ** 31 - 1;

/** @internal */
export class Wire {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly connection: Connection;
  readonly timeouts: Required<Timeouts>;
  /** Part of a message is missing, so nothing can be sent any more. */
  isBroken = false;
  /** Content is being dropped, and has to be counted by the engine. */
  isSkipping = false;
  #left = Infinity;
  /** The phase that the time is left for. */
  #awaited: Awaiting = "nothing";
  #pending: Promise<Uint8Array | null> | undefined;
  #unread: Uint8Array = NOTHING;
  #isOver = false;
  /**
   * A callback when the socket is let go.
   *
   * The bytes that are queued by then leave by themselves.
   */
  #freed: () => void = () => {};
  /** Milliseconds that what was sent has earned. */
  #credit = 0;
  #failure: { reason: unknown } | undefined;
  readonly #noted = new WeakSet<object>();
  /**
   * The peer switches after its request.
   *
   * The engine has to see the end of that together with what follows.
   */
  #isEarly = false;
  #nudged: () => void = () => {};
  #isAttended = false;
  /** The error of a client that has left, and the callback that waits for it. */
  #departure: DisconnectedError | undefined;
  #departs: (error: DisconnectedError) => void = () => {};
  /** A request is on its way: the time for its response begins after it. */
  isSending = false;
  /** Called when the peer turns out to be gone, and when the wire is given up. */
  onGone: ((reason: unknown) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = (): void => this.giveUp(this.#signal?.reason);
  /** Called with the reason when the wire is given up. */
  readonly #endings = new Set<(reason: unknown) => void>();

  /** Wrong arguments are refused before the socket is touched. */
  constructor(socket: Socket, role: Role, { signal, config, timeouts = {} }: Options, connection?: Connection) {
    this.timeouts = { ...TIMEOUTS, ...timeouts };
    for (const [name, limit] of Object.entries(this.timeouts)) {
      if (typeof limit !== "number" || !(limit > 0)) throw new TypeError(`timeouts.${name} must be a number above 0`);
    }
    if (signal !== undefined && typeof signal?.addEventListener !== "function") throw new TypeError("signal must be an AbortSignal");
    this.socket = socket;
    this.transport = transportOf(socket);
    try {
      const limits = { ...config?.limits, content: config?.limits?.content ?? CONTENT };
      const { tidy = role === "server", secure = this.transport.isSecure } = config ?? {};
      this.connection = connection ?? new Connection(role, { ...config, tidy, secure, limits });
    } catch (error) {
      this.transport.release();
      throw error;
    }
    this.#signal = signal;
    if (signal) listen(signal, this.#aborted);
    if (signal?.aborted) this.#aborted();
  }

  /** The socket is no more in use here. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Why it was given up: the signal's reason, a time-out, what the transport said. */
  get failure(): { readonly reason: unknown } | undefined {
    return this.#failure;
  }

  /** Returns whether an error is the peer's or the transport's, and not your code's. */
  hasNoted(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#noted.has(error);
  }

  /** Returns the next event; reads where the engine needs more for it. */
  async nextEvent(): Promise<Event | PausedStep> {
    try {
      return await this.#next();
    } catch (error) {
      throw this.note(error);
    }
  }

  async #next(): Promise<Event | PausedStep> {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      const event = this.connection.nextEvent();
      if (event.kind === "need-data") {
        if (this.connection.owes === "continue") await this.send(this.connection.sendInformational({ status: 100 }));
        const data = await this.#read();
        if (data) return { kind: "data", data };
        continue;
      }
      if (event.kind !== "data") this.#left = Infinity;
      if (event.kind === "end-of-message") this.isSkipping = false;
      return event;
    }
  }

  /**
   * Reads once, within the deadline.
   *
   * Content whose length is known never enters the engine: here it is.
   */
  async #read(): Promise<Uint8Array<ArrayBuffer> | null> {
    const { awaiting } = this.connection;
    if (awaiting !== this.#awaited) this.#left = Infinity;
    this.#awaited = awaiting;
    const left = Math.min(this.#left, this.#limit(awaiting));
    const begun = performance.now();
    const bytes = await this.#transported(this.#arriving(), left);
    if (bytes === undefined) return null;
    this.#taken();
    if (bytes === null) {
      await this.#receiveEof();
      return null;
    }
    this.#left = left - (performance.now() - begun) + (awaiting === "content" ? bytes.length * MS_PER_BYTE : 0);
    const known = this.isSkipping || this.#isEarly ? 0 : Math.min(bytes.length, this.connection.content.length);
    if (known > 0) this.connection.passContent(known);
    if (known < bytes.length) this.connection.receive(known > 0 ? bytes.subarray(known) : bytes);
    return known > 0 ? (bytes.subarray(0, known) as Uint8Array<ArrayBuffer>) : null;
  }

  /**
   * The end of what the peer says.
   *
   * Where it no longer takes what we send, the system may have told that alone: what looks like an end may be a reset.
   */
  async #receiveEof(): Promise<void> {
    // A write that waits fails soon, if it does.
    if (this.isSending && !this.isBroken) await new Promise((resolve) => setTimeout(resolve, 0));
    this.connection.receiveEof(this.isBroken ? "truncated" : "clean");
  }

  /**
   * Reads once at a time, for all callers.
   *
   * After a time-out the same read goes on, and what was read ahead is here until it is taken.
   */
  #reading(): Promise<Uint8Array | null> {
    return (this.#pending ??= this.#unread.length > 0 ? Promise.resolve(this.#takeUnread()) : this.transport.read());
  }

  /** Takes the bytes that were read and did not fit into the engine. */
  #takeUnread(): Uint8Array {
    const unread = this.#unread;
    this.#unread = NOTHING;
    return unread;
  }

  /** Reads once, or returns `undefined` after `nudge`. */
  #arriving(): Promise<Uint8Array | null | undefined> {
    return new Promise((resolve, reject) => {
      this.#nudged = () => resolve(undefined);
      this.#reading().then(resolve, reject);
    });
  }

  /** Wakes what waits for bytes, to ask the engine again. */
  nudge(): void {
    this.#nudged();
  }

  /**
   * Reads ahead, once, to notice a peer that leaves.
   *
   * What comes instead is kept for the next read.
   */
  watch(): void {
    this.#reading().then(
      (bytes) => {
        if (bytes === null) this.note(new HalfClosedError("the client has ended its direction"));
      },
      (cause: unknown) => void this.note(new DisconnectedError("the socket has failed", cause)),
    );
  }

  /**
   * Waits for what your code makes, as long as there is a client to send it to.
   *
   * Not once the socket has failed, nor for longer than `timeouts.write` where the client has ended its direction.
   * Nothing else would tell while nothing is sent.
   */
  async whilePresent<T>(step: Promise<T>): Promise<T> {
    this.#attend();
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const fail = (error: DisconnectedError): void => reject(this.note(error));
      this.#departs = (error) => {
        if (!(error instanceof HalfClosedError)) return fail(error);
        timer = setTimeout(fail, Math.min(this.timeouts.write, LONGEST), error);
      };
      if (this.#departure) this.#departs(this.#departure);
      this.until(step)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          this.#departs = () => {};
        });
    });
  }

  /**
   * Reads ahead to notice that the client leaves.
   *
   * As far as the engine takes what comes instead.
   */
  #attend(): void {
    if (this.#isAttended || this.#departure) return;
    this.#isAttended = true;
    const reading = this.#reading();
    const departs = (error: DisconnectedError): void => this.#departs((this.#departure = error));
    reading.then(
      (bytes) => {
        if (this.#pending !== reading || this.#isOver) return;
        if (bytes === null) return departs(new HalfClosedError("the client has ended its direction"));
        const { awaiting, wantsInput } = this.connection;
        if (awaiting !== "caller" || !wantsInput) return;
        this.#taken();
        try {
          this.connection.receive(bytes);
        } catch {
          // It is no HTTP, which is said once it is its turn.
        }
        this.#attend();
      },
      (cause: unknown) => departs(new DisconnectedError("the socket has failed", cause)),
    );
  }

  /** Forgets the read that was pending: its bytes are in use. */
  #taken(): void {
    this.#pending = undefined;
    this.#isAttended = false;
  }

  /** Ends `watch` before a new protocol, where the transport can do that. */
  async unwatch(): Promise<void> {
    const reading = this.#pending;
    if (!reading || !this.transport.interrupt) return;
    // Who reads ahead does not take this, nor reads on.
    this.#taken();
    this.transport.interrupt();
    const bytes = await this.#transported(reading, Infinity).catch((error: unknown) => {
      throw this.note(error);
    });
    // At the end there is the same end again.
    if (bytes === null || bytes.length === 0) return;
    if (this.connection.wantsInput) this.connection.receive(bytes);
    else this.#unread = bytes;
  }

  /** Reads what is of no use to the engine; how much that was, 0 at the end. */
  async drop(milliseconds: number): Promise<number> {
    const bytes = await this.#transported(this.#reading(), milliseconds);
    this.#pending = undefined;
    return bytes?.length ?? 0;
  }

  #limit(awaiting: Awaiting): number {
    switch (awaiting) {
      case "response":
        return this.isSending ? Infinity : this.timeouts.response;
      case "request":
      case "head":
      case "content":
        return this.timeouts[awaiting];
      default:
        return Infinity;
    }
  }

  /** Drops the rest of the content being received, if there is any. */
  skip(): void {
    try {
      this.connection.skipContent();
      this.isSkipping = true;
    } catch (error) {
      if (!(error instanceof ProtocolError && error.kind === "no-content")) throw error;
    }
  }

  /**
   * Sends all bytes; `queued` is called once they leave by themselves.
   *
   * Where it fails nothing can follow: part of it may have left.
   */
  async send(bytes: Uint8Array, queued?: () => void): Promise<void> {
    if (this.#failure) throw this.#failure.reason;
    if (this.isBroken) throw new DisconnectedError("an earlier send has failed");
    try {
      for (let at = 0; at < bytes.length; at += SENT) {
        const piece = bytes.length <= SENT ? bytes : bytes.subarray(at, at + SENT);
        // A wire before this one may have left something to be taken.
        const room = this.transport.room?.();
        if (room) await this.#transported(room, this.#sendingTime);
        const begun = performance.now();
        let writing = this.transport.write(piece);
        if (queued && at + SENT >= bytes.length && this.transport.queues) {
          queued();
          writing = Promise.race([writing, new Promise<void>((resolve) => (this.#freed = resolve))]);
        }
        await this.#transported(writing, this.#sendingTime);
        const earned = this.#credit + piece.length * MS_PER_BYTE - (performance.now() - begun);
        this.#credit = Math.max(0, Math.min(earned, SYSTEM * this.timeouts.write));
      }
    } catch (error) {
      this.isBroken = true;
      throw this.note(error);
    }
  }

  /** Ends our direction, once the peer has taken what is written. */
  async end(): Promise<void> {
    await this.#transported(this.transport.end(), this.#sendingTime);
  }

  get #sendingTime(): number {
    return this.timeouts.write + this.#credit;
  }

  /** Returns an error, which is from then on the peer's or the transport's. */
  note<T>(error: T): T {
    if (typeof error === "object" && error !== null) this.#noted.add(error);
    if (error instanceof DisconnectedError) this.onGone?.(error);
    return error;
  }

  /** Waits for that long, or until the wire is given up. */
  async until<T>(step: Promise<T>, milliseconds = Infinity): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure) {
        step.catch(() => {});
        return reject(this.#failure.reason);
      }
      const late = (): void => fail(new DOMException("the peer is too slow", "TimeoutError"));
      const timer = milliseconds <= LONGEST ? setTimeout(late, milliseconds) : undefined;
      const end = (): void => {
        clearTimeout(timer);
        this.#endings.delete(fail);
      };
      const fail = (reason: unknown): void => {
        end();
        reject(reason);
      };
      this.#endings.add(fail);
      step.then((value) => {
        end();
        resolve(value);
      }, fail);
    });
  }

  async #transported<T>(step: Promise<T>, milliseconds: number): Promise<T> {
    return this.until(
      step.catch((cause: unknown) => {
        throw this.#failure ? this.#failure.reason : new DisconnectedError("the socket has failed", cause);
      }),
      milliseconds,
    );
  }

  /** Calls `act` when the wire is given up, and returns a function that prevents it. */
  onGivenUp(act: (reason: unknown) => void): () => void {
    this.#endings.add(act);
    return () => void this.#endings.delete(act);
  }

  /** Closes the socket now. Whatever waits fails with the reason. */
  giveUp(reason: unknown): void {
    if (this.#isOver || this.#failure) return;
    this.#failure = { reason };
    this.isBroken = true;
    // An end in order would make the half look whole.
    if (this.#isEarly || this.connection.closing === "reset") this.transport.reset();
    else this.transport.close(reason);
    for (const end of [...this.#endings]) end(reason);
    this.onGone?.(reason);
    this.#end();
  }

  /** Releases the socket, as it was given. */
  letGo(): void {
    if (!this.#end()) return;
    this.transport.release();
    this.#freed();
    this.connection.free();
  }

  /**
   * Ends the wire: the socket is closed and the engine gone.
   *
   * `reset` so that the peer sees that something is missing.
   */
  close(reason?: unknown, { reset = false } = {}): void {
    if (this.#end()) {
      if (reset) this.transport.reset();
      else this.transport.close(reason);
      for (const end of [...this.#endings]) end(reason ?? new DisconnectedError("the socket was closed"));
    }
    this.connection.free();
  }

  /** The new protocol has the socket. */
  handOut(event: SwitchedEvent, keepsEngine: boolean): HandedOut {
    this.#end();
    const [leftover, unread, ahead] = [this.connection.takeLeftover(), this.#takeUnread(), this.#pending];
    this.#taken();
    if (!keepsEngine) this.connection.free();
    const first = unread.length > 0 ? joined([leftover, unread]) : leftover;
    return { pair: this.transport.handOut(first, ahead), first: event.leftover };
  }

  /**
   * Hands out both directions where ours has switched, and the peer's will.
   *
   * `arrives` comes to that, and gives what `arrived` does. Until then the wire is in use.
   */
  handOutEarly(arrives: () => Promise<Uint8Array>): HandedOut {
    this.#isEarly = true;
    let hasArrived = false;
    const read = async (): Promise<Uint8Array | null> => {
      if (!hasArrived) {
        hasArrived = true;
        const first = await arrives();
        if (first.length > 0) return first;
      }
      const bytes = await this.#reading();
      this.#pending = undefined;
      return bytes;
    };
    return { pair: pairOver(this.transport, read), first: null };
  }

  /** After the peer's switch: the first bytes of the new protocol. */
  arrived(): Uint8Array {
    this.#end();
    const first = this.connection.takeLeftover();
    this.connection.free();
    return first;
  }

  /** The wire was still in use. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.#isOver = true;
    if (this.#signal) unlisten(this.#signal, this.#aborted);
    return true;
  }
}
