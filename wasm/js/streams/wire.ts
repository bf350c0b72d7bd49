// A socket together with the engine that parses its bytes: the part that clients and servers share.

import type { Config, LimitOptions } from "../engine/config.js";
import { ProtocolError } from "../engine/error.js";
import type { DataEvent, Event, PausedStep } from "../engine/event.js";
import { object } from "../engine/check.js";
import { joined, plain } from "../engine/bytes.js";
import { Alarm } from "./alarm.js";
import { StreamConnection } from "./connection.js";
import { CONTENT, EARNED_MAX, LONGEST, MS_PER_BYTE, SENT } from "./bounds.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import { TIMEOUTS, type Options, type Timeouts } from "./options.js";
import { following, pairOver } from "./pair.js";
import { listen, unlisten } from "./signals.js";
import type { Handed, Socket, Transport } from "./sockets.js";
import { transportOf } from "./transport.js";
import { Limits, type Awaiting, type Role } from "../generated/tables.js";

/** @internal The streams of a new protocol, and its first bytes, `null` if they have not arrived yet. */
export interface HandedOut {
  readonly pair: Handed;
  readonly first: Uint8Array | null;
}

const NOTHING = new Uint8Array(0);
const SENT_NOW = Promise.resolve();

/** The functions that settle a wait for bytes. */
interface Waiter {
  resolve(bytes: Uint8Array | null | undefined): void;
  reject(reason: unknown): void;
}

/** @internal */
export class Wire {
  readonly socket: Socket;
  readonly transport: Transport;
  readonly connection: StreamConnection;
  /** True if the user's `config` says so, or without it the transport. */
  readonly isSecure: boolean;
  readonly timeouts: Required<Timeouts>;
  /** The limit of content that is discarded. */
  readonly drain: number;
  /** True once a message was cut or `giveUp` called, so that no more can be sent. */
  isBroken = false;
  /** True while received content is discarded; it must still pass through the engine. */
  isSkipping = false;
  #left = Infinity;
  /** The value of `Connection.awaiting` for which `#left` is the remaining time. */
  #awaited: Awaiting = "nothing";
  readonly #alarm = new Alarm();
  #pending: Promise<Uint8Array | null> | undefined;
  #unread: Uint8Array = NOTHING;
  /** Content for the next event, which does not pass through the engine. */
  #passed: Uint8Array<ArrayBuffer> | undefined;
  #isOver = false;
  /**
   * A callback for the release of the socket.
   *
   * It ends the wait of `send` for bytes in the transport's queue, which are sent anyway.
   */
  #freed: () => void = () => {};
  /** The bytes that `sendNow` has held. */
  #held: Uint8Array[] = [];
  #heldLength = 0;
  /** The error of a transport that has thrown at what `sendNow` has held. */
  #unsent: DisconnectedError | undefined;
  /** The latest call of `send`, while its bytes are on their way. */
  #sending: Promise<void> | undefined;
  /** Milliseconds by which bytes sent so far extend the next write's timeout. */
  #credit = 0;
  #failure: { reason: unknown } | undefined;
  readonly #noted = new WeakSet<object>();
  /**
   * True after an early switch: the peer switches at the end of its request.
   *
   * Until it does, all received bytes pass through the engine, which must see that end together with what follows.
   */
  #isEarly = false;
  /** The wait for bytes; its callbacks are made once, since each request has one. */
  #waiter: Waiter | undefined;
  readonly #resolve = (bytes: Uint8Array | null | undefined): void => this.#endWait()?.resolve(bytes);
  readonly #reject = (reason: unknown): void => this.#endWait()?.reject(reason);
  /** The wait of `whenMore`, which makes no promise. */
  readonly #idle: Waiter = { resolve: (bytes) => this.#goesOn(bytes), reject: (reason) => this.#goOn(this.#failed(reason)) };
  #goOn: (error?: unknown) => void = () => {};
  #begun = 0;
  readonly #readable = (): void => {
    if (this.#waiter !== this.#idle) return;
    try {
      const bytes = this.transport.waiting?.();
      if (bytes) return this.#resolve(bytes);
    } catch (error) {
      return this.#disconnect(error);
    }
    // The end of the stream, or its failure.
    this.#endWait();
    this.#left -= performance.now() - this.#begun;
    this.#moreThen(this.#goOn);
  };
  /** The timer of the whole exchange. */
  #exchange: ReturnType<typeof setTimeout> | undefined;
  readonly #late = (): void => this.#reject(tooSlow());
  readonly #disconnect = (cause: unknown): void => this.#reject(this.#disconnected(cause));
  #isAttended = false;
  /** True while `whilePresent` waits for the user's code or a disconnect. */
  #isWaiting = false;
  /** True once the peer's bytes are malformed; later ones are discarded. */
  #isDeaf = false;
  /** True while the wire reads ahead to report a disconnect to `onGone`. */
  #isWatched = false;
  /** The error of a peer that disconnected; `#departs` is the callback for it. */
  #departure: DisconnectedError | undefined;
  #departs: (error: DisconnectedError) => void = () => {};
  /** Resolves once cancelled content has cleaned up, or has taken too long. */
  cleanup: Promise<void> | undefined;
  /** True while a request is being sent; the response's timeout begins after it. */
  isSending = false;
  /** A callback for when the peer disconnects, or `giveUp` closes the socket. */
  onGone: ((reason: unknown) => void) | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #aborted = (): void => this.giveUp(this.#signal?.reason);
  /** Callbacks for when `giveUp` or `close` closes the socket; each gets the reason. */
  readonly #endings = new Set<(reason: unknown) => void>();

  /** Joins a socket and an engine; wrong arguments throw before any I/O. */
  constructor(socket: Socket, role: Role, { signal, config, timeouts }: Options, connection?: StreamConnection) {
    this.timeouts = timeouts ? timeoutsOf(timeouts) : TIMEOUTS;
    this.drain = config?.limits?.drain ?? Limits.drain;
    if (signal !== undefined && typeof signal?.addEventListener !== "function") throw new TypeError("signal must be an AbortSignal");
    this.socket = socket;
    this.transport = transportOf(socket);
    try {
      this.isSecure = config?.secure ?? this.transport.isSecure;
      this.connection = connection ?? new StreamConnection(role, configOf(role, config, this.isSecure));
      this.connection.sharesBuffers = this.transport.sharesBuffers;
    } catch (error) {
      this.transport.release();
      throw error;
    }
    this.#signal = signal;
    if (signal) listen(signal, this.#aborted);
    if (signal?.aborted) this.#aborted();
  }

  /** Returns whether this wire has released or closed the socket. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The reason given to `giveUp`, such as the signal's or an error of the content. */
  get failure(): { readonly reason: unknown } | undefined {
    return this.#failure;
  }

  /** Returns whether an error is the peer's or the transport's, not the user code's. */
  hasNoted(error: unknown): boolean {
    return typeof error === "object" && error !== null && this.#noted.has(error);
  }

  /** Returns the next event; sends a due 100, and reads, while bytes are needed. */
  async nextEvent(): Promise<Event | PausedStep> {
    for (;;) {
      const event = this.poll();
      if (event) return event;
      await this.more();
    }
  }

  /** Returns the next event, or `undefined` if bytes have to be awaited for it. */
  poll(): Event | PausedStep | undefined {
    try {
      for (;;) {
        if (this.#failure) throw this.#failure.reason;
        if (this.#passed) return this.#takePassed();
        const event = this.connection.nextEvent();
        if (event.kind === "need-data") {
          const bytes = this.#arrived();
          if (!bytes) return undefined;
          this.#receive(bytes);
          continue;
        }
        if (event.kind !== "data") this.#left = Infinity;
        if (event.kind === "end-of-message") this.isSkipping = false;
        return event;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Records the error of an event, and discards what follows malformed bytes. */
  #failed(error: unknown): unknown {
    if (error instanceof ProtocolError) {
      this.#isDeaf = true;
      if (this.#isAhead) this.#attend();
    }
    return this.note(error);
  }

  /** Returns bytes that can be read at once, unless something else comes first. */
  #arrived(): Uint8Array | null {
    if (this.#pending || this.#unread.length > 0 || this.connection.owes === "continue") return null;
    const bytes = this.transport.waiting?.() ?? null;
    if (bytes) this.#expect();
    return bytes;
  }

  /** Reads once, within the deadline, after sending a due 100; next: `poll`. */
  async more(): Promise<void> {
    try {
      if (this.#unsent) throw this.#unsent;
      if (this.connection.owes === "continue") await this.send(this.connection.sendInformational({ status: 100 }));
      this.#expect();
      const begun = performance.now();
      const reading = this.#reading();
      const bytes = await this.#arriving(reading, begun);
      this.#left -= performance.now() - begun;
      // After `nudge`, or if `unwatch` or `#attend` has passed the bytes to the engine.
      if (bytes === undefined || this.#pending !== reading) return;
      this.#taken();
      if (bytes === null) await this.#receiveEof();
      else this.#receive(bytes);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /**
   * Reads as `more` does, then calls `goOn`, with an error if reading has failed.
   *
   * No promise is made if the socket says when it has bytes.
   */
  whenMore(goOn: (error?: unknown) => void): void {
    const isIdle = !this.#unsent && !this.#failure && !this.#waiter && !this.#pending && this.#unread.length === 0;
    if (!isIdle || this.connection.owes === "continue" || !this.transport.whenReadable?.(this.#readable)) return this.#moreThen(goOn);
    this.#expect();
    this.#begun = performance.now();
    this.#goOn = goOn;
    this.#waiter = this.#idle;
    this.#alarm.set(this.#begun, this.#left, this.#late);
  }

  #moreThen(goOn: (error?: unknown) => void): void {
    this.more().then(() => goOn(), goOn);
  }

  /** Ends a wait of `whenMore`; there are no bytes after `nudge`. */
  #goesOn(bytes: Uint8Array | null | undefined): void {
    const goOn = this.#goOn;
    this.#left -= performance.now() - this.#begun;
    try {
      if (bytes) this.#receive(bytes);
    } catch (error) {
      return goOn(this.#failed(error));
    }
    goOn();
  }

  #takePassed(): DataEvent {
    const data = this.#passed as Uint8Array<ArrayBuffer>;
    this.#passed = undefined;
    return { kind: "data", data };
  }

  /** Sets the time that is left for what the engine awaits. */
  #expect(): void {
    const { awaiting } = this.connection;
    if (awaiting !== this.#awaited) this.#left = Infinity;
    this.#awaited = awaiting;
    this.#left = Math.min(this.#left, this.#limit(awaiting));
  }

  /** Passes bytes to the engine, except content of a known length. */
  #receive(bytes: Uint8Array): void {
    this.#earn(bytes);
    const known = this.isSkipping || this.#isEarly ? 0 : Math.min(bytes.length, this.connection.content.length);
    if (known > 0) this.connection.passContent(known);
    if (known < bytes.length) this.connection.receive(known > 0 ? bytes.subarray(known) : bytes);
    if (this.#isAhead) this.#attend();
    if (known > 0) this.#passed = plain(bytes.subarray(0, known)) as Uint8Array<ArrayBuffer>;
  }

  /**
   * Records the end of the peer's bytes.
   *
   * If sending has failed before, the apparent end may be a reset, so it counts as truncated.
   */
  async #receiveEof(): Promise<void> {
    this.connection.receiveEof((await this.#hasFailedToSend()) ? "truncated" : "clean");
  }

  /** Returns whether sending has failed, after a moment for a pending write. */
  async #hasFailedToSend(): Promise<boolean> {
    if (this.isSending && !this.isBroken) await new Promise((resolve) => setTimeout(resolve, 0));
    return this.isBroken;
  }

  /**
   * Returns the pending read, which all callers share, or starts one.
   *
   * The read continues after a timeout. Its bytes are kept until a caller uses them.
   */
  #reading(): Promise<Uint8Array | null> {
    return (this.#pending ??= this.#unread.length > 0 ? Promise.resolve(this.#takeUnread()) : this.transport.read());
  }

  /** Returns and clears the bytes that were read but did not fit into the engine. */
  #takeUnread(): Uint8Array {
    const unread = this.#unread;
    this.#unread = NOTHING;
    return unread;
  }

  /**
   * Returns the result of a read, or `undefined` after `nudge`.
   *
   * Rejects once the time that is left is over.
   */
  #arriving(reading: Promise<Uint8Array | null>, now: number): Promise<Uint8Array | null | undefined> {
    // The reader that waits already has the deadline.
    if (this.#waiter) return reading.catch((cause: unknown) => this.#throwDisconnected(cause));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#alarm.set(now, this.#left, this.#late);
      reading.then(this.#resolve, this.#disconnect);
      if (this.#failure) this.#reject(this.#failure.reason);
    });
  }

  /** Ends a pending wait for bytes, so that `nextEvent` asks the engine again. */
  nudge(): void {
    this.#resolve(undefined);
  }

  /** Reads ahead to notice a peer that disconnects, until `unwatch` or `endWatch`. */
  watch(): void {
    this.#isWatched = true;
    if (this.#departure) this.note(this.#departure);
    this.#attend();
  }

  /** Ends `watch`, as the response was sent or a switch was made. */
  endWatch(): void {
    this.#isWatched = false;
  }

  /**
   * Waits for a promise of the user's code, as long as the peer is connected.
   *
   * Rejects once the socket has failed. If the peer has closed its sending side, rejects after `timeouts.write`.
   * While nothing is sent, nothing else would detect a disconnect.
   */
  async whilePresent<T>(step: Promise<T>): Promise<T> {
    this.#isWaiting = true;
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
          this.#isWaiting = false;
          this.#departs = () => {};
        });
    });
  }

  /**
   * Reads ahead to notice that the peer disconnects.
   *
   * While `#isAhead` is true, bytes that arrive instead are passed to the engine if it accepts them, or discarded if
   * `#isDeaf` is true. Others are left to `more`, which applies the deadlines.
   */
  #attend(): void {
    if (this.#isAttended || this.#departure) return;
    this.#isAttended = true;
    const reading = this.#reading();
    const departs = (error: DisconnectedError): void => {
      this.#departure = error;
      if (this.#isWatched) this.note(error);
      this.#departs(error);
    };
    reading.then(
      (bytes) => {
        if (this.#pending !== reading || this.#isOver) return;
        if (bytes === null) return departs(new HalfClosedError("the peer has ended its direction"));
        if (!this.#isAhead || !(this.#isDeaf || this.connection.wantsInput)) {
          this.#isAttended = false;
          return;
        }
        this.#taken();
        this.#earn(bytes);
        try {
          if (!this.#isDeaf) this.connection.receive(bytes);
        } catch {
          // The bytes are malformed; `nextEvent` reports that when it reaches them.
        }
        this.#attend();
      },
      (cause: unknown) => departs(new DisconnectedError("the socket has failed", cause)),
    );
  }

  /** Extends the deadline for content by `MS_PER_BYTE` for each byte that was read. */
  #earn(bytes: Uint8Array): void {
    if (this.#awaited === "content") this.#left += bytes.length * MS_PER_BYTE;
  }

  /** Returns whether bytes are read before `nextEvent` needs them. */
  get #isAhead(): boolean {
    return this.#isWaiting || this.#isWatched;
  }

  /** Forgets the pending read, whose bytes the caller uses. */
  #taken(): void {
    this.#pending = undefined;
    this.#isAttended = false;
  }

  /** Stops reading ahead before a switch, if the transport supports that. */
  async unwatch(): Promise<void> {
    this.#isWatched = false;
    const reading = this.#pending;
    if (!reading || !this.transport.interrupt) return;
    // Clearing the pending read keeps `#attend` from using its bytes or reading on.
    this.#taken();
    this.transport.interrupt();
    // Bytes that have come are passed on before a waiting reader of the content polls for those after them.
    const passed = reading.then((bytes) => {
      // At the end of the stream, the next read returns the end again.
      if (bytes === null || bytes.length === 0) return;
      if (this.connection.wantsInput) this.connection.receive(bytes);
      else this.#unread = bytes;
      this.nudge();
    });
    await this.#transported(passed, Infinity).catch((error: unknown) => {
      throw this.note(error);
    });
  }

  /** Reads and discards bytes; returns their number, 0 at the end of the stream. */
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

  /** Discards the rest of the content being received, if there is any. */
  skip(): void {
    try {
      this.connection.skipContent();
      this.isSkipping = true;
    } catch (error) {
      if (!(error instanceof ProtocolError && error.kind === "no-content")) throw error;
    }
  }

  /**
   * Holds bytes to be sent by `flush`, or by the next `send`.
   *
   * Returns false, and holds nothing, if the transport has no room.
   */
  sendNow(bytes: Uint8Array): boolean {
    if (this.#failure || this.isBroken || this.#sending || bytes.length > SENT) return false;
    if (!this.transport.hasRoom?.(this.#heldLength + bytes.length)) return false;
    this.#held.push(bytes);
    this.#heldLength += bytes.length;
    this.#earnSending(bytes.length);
    return true;
  }

  /** Writes the bytes that `sendNow` has held: all responses of a turn at once. */
  flush(): void {
    if (this.#heldLength === 0) return;
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    try {
      this.transport.put?.(held.length === 1 ? (held[0] as Uint8Array) : joined(held));
    } catch (cause) {
      this.isBroken = true;
      this.#unsent = new DisconnectedError("the socket has failed", cause);
    }
  }

  /**
   * Calls `flush` once the promises that are settled have been handled.
   *
   * Until then, a handler that returns at once may add its response.
   */
  flushSoon(): void {
    if (this.#heldLength === 0) return;
    const { process } = globalThis as { process?: { nextTick?(act: () => void): void } };
    if (process?.nextTick) process.nextTick(() => this.flush());
    else queueMicrotask(() => this.flush());
  }

  /**
   * Sends all bytes, after those of earlier calls.
   *
   * It calls `queued` once a transport that queues has queued them. If it fails, nothing more can be sent, since part of
   * the bytes may have been sent.
   */
  send(bytes: Uint8Array, queued?: () => void): Promise<void> {
    const isHeld = this.sendNow(bytes);
    this.flush();
    if (isHeld && !this.#unsent) {
      queued?.();
      return SENT_NOW;
    }
    if (isHeld) return Promise.reject(this.note(this.#unsent));
    const sent = this.#sending ? this.#sending.then(() => this.#send(bytes, queued)) : this.#send(bytes, queued);
    const over = (): void => {
      if (this.#sending === sending) this.#sending = undefined;
    };
    const sending = (this.#sending = sent.then(over, over));
    return sent;
  }

  async #send(bytes: Uint8Array, queued?: () => void): Promise<void> {
    if (this.#failure) throw this.#failure.reason;
    if (this.isBroken) throw this.note(new DisconnectedError("an earlier send has failed"));
    try {
      for (let at = 0; at < bytes.length; at += SENT) {
        const piece = bytes.length <= SENT ? bytes : bytes.subarray(at, at + SENT);
        // An earlier wire on this socket may have left queued bytes.
        const room = this.transport.room?.();
        if (room) await this.#transported(room, this.#sendingTime);
        const begun = performance.now();
        let writing = this.transport.write(piece);
        if (queued && at + SENT >= bytes.length && this.transport.queues) {
          queued();
          writing = Promise.race([writing, new Promise<void>((resolve) => (this.#freed = resolve))]);
        }
        await this.#transported(writing, this.#sendingTime);
        this.#earnSending(piece.length, performance.now() - begun);
      }
    } catch (error) {
      this.isBroken = true;
      throw this.note(error);
    }
  }

  /** Adds the time that sent bytes earn to the next timeout, less what they took. */
  #earnSending(length: number, milliseconds = 0): void {
    const earned = this.#credit + length * MS_PER_BYTE - milliseconds;
    this.#credit = Math.max(0, Math.min(earned, EARNED_MAX * this.timeouts.write));
  }

  /** Closes our sending side once the transport has accepted all bytes. */
  async end(): Promise<void> {
    this.flush();
    await this.#transported(this.transport.end(), this.#sendingTime);
  }

  get #sendingTime(): number {
    return this.timeouts.write + this.#credit;
  }

  /** Begins the time of an exchange; then calls `act`, or closes the socket. */
  beginExchange(act = (error: DOMException): void => this.giveUp(error)): void {
    const { exchange } = this.timeouts;
    if (exchange <= LONGEST && !this.#isOver) this.#exchange = setTimeout(() => act(timedOut("the exchange has taken too long")), exchange);
  }

  /** Ends the time of an exchange. */
  endExchange(): void {
    clearTimeout(this.#exchange);
  }

  /** Records a peer's or transport's error, reports a disconnect; returns the error. */
  note<T>(error: T): T {
    if (typeof error === "object" && error !== null) this.#noted.add(error);
    if (error instanceof DisconnectedError) this.onGone?.(error);
    return error;
  }

  /** Waits for a promise, at most that long; rejects once the socket is closed. */
  async until<T>(step: Promise<T>, milliseconds = Infinity): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#failure) {
        step.catch(() => {});
        return reject(this.#failure.reason);
      }
      const late = (): void => fail(tooSlow());
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
      step.catch((cause: unknown) => this.#throwDisconnected(cause)),
      milliseconds,
    );
  }

  #endWait(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) this.#alarm.clear();
    return waiter;
  }

  #throwDisconnected(cause: unknown): never {
    throw this.#disconnected(cause);
  }

  /** Returns the reason of `giveUp`, or the error for a transport that has failed. */
  #disconnected(cause: unknown): unknown {
    return this.#failure ? this.#failure.reason : new DisconnectedError("the socket has failed", cause);
  }

  /**
   * Calls `act` with the reason when `giveUp` or `close` closes the socket.
   *
   * Returns a function that cancels this. `act` is not called if the socket was closed or released before.
   */
  onGivenUp(act: (reason: unknown) => void): () => void {
    this.#endings.add(act);
    return () => void this.#endings.delete(act);
  }

  /** Closes the socket now. All pending operations fail with the reason. */
  giveUp(reason: unknown): void {
    if (this.#isOver || this.#failure) return;
    this.flush();
    this.#failure = { reason };
    this.isBroken = true;
    // An orderly close would make a partial message look complete.
    if (this.#isEarly || this.connection.closing === "reset") this.transport.reset();
    else this.transport.close(reason);
    this.#reject(reason);
    for (const end of [...this.#endings]) end(reason);
    this.onGone?.(reason);
    this.#end();
  }

  /** Releases the socket if it is still in use, and frees the engine. */
  letGo(): void {
    if (this.#end()) {
      this.transport.release();
      this.#freed();
    }
    this.connection.free();
  }

  /**
   * Closes the socket and frees the engine.
   *
   * With `reset` the peer sees that a message is incomplete.
   */
  close(reason?: unknown, { reset = false } = {}): void {
    if (this.#end()) {
      if (reset) this.transport.reset();
      else this.transport.close(reason);
      const error = reason ?? new DisconnectedError("the socket was closed");
      this.#reject(error);
      for (const end of [...this.#endings]) end(error);
    }
    this.connection.free();
  }

  /** Passes the socket to the new protocol; frees the engine unless `keepsEngine`. */
  handOut(keepsEngine: boolean): HandedOut {
    this.#end();
    const [leftover, unread, ahead] = [this.connection.takeLeftover(), this.#takeUnread(), this.#pending];
    this.#taken();
    if (!keepsEngine) this.connection.free();
    const first = unread.length > 0 ? joined([leftover, unread]) : leftover;
    return { pair: this.transport.handOut(first, ahead), first };
  }

  /** True while a read is pending that `unwatch` can end. */
  get readsAhead(): boolean {
    return this.#pending !== undefined && this.transport.interrupt !== undefined;
  }

  /**
   * Records an early switch: we have switched, and the peer may do so at any time.
   *
   * From then on the engine sees each byte of content, so that it finds the switch.
   */
  beginEarly(): void {
    this.#isEarly = true;
  }

  /**
   * Returns streams for an early switch: we have switched, and the peer follows.
   *
   * `arrives` waits for the peer's switch and returns the result of `arrived`. The wire stays in use until then.
   */
  handOutEarly(arrives: () => Promise<Uint8Array>): HandedOut {
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

  /**
   * Returns streams for a switch that a client receives while it sends the request.
   *
   * Reading begins at once, and writing once `sending` resolves. The wire stays in use until then.
   */
  handOutUnsent(sending: Promise<void>): HandedOut {
    const first = this.connection.takeLeftover();
    this.onGivenUp(() => this.connection.free());
    const sent = sending.then(() => {
      this.checkSent();
      this.arrived();
    });
    // Only a writer needs to know.
    sent.catch(() => {});
    // One piece is read ahead: nothing else notices a server that leaves while the content waits for its source.
    const look = (): void => {
      if (this.#isOver) return;
      this.#reading().catch((cause: unknown) => this.giveUp(new DisconnectedError("the socket has failed", cause)));
    };
    const read = async (): Promise<Uint8Array | null> => {
      const bytes = await this.#transported(this.#reading(), Infinity);
      this.#pending = undefined;
      if (bytes !== null) look();
      else if (await this.#hasFailedToSend()) throw this.note(new DisconnectedError("the request could not be sent whole"));
      return bytes;
    };
    look();
    const { transport } = this;
    const behind = {
      write: (bytes: Uint8Array) => sent.then(() => transport.write(bytes)),
      end: () => sent.then(() => transport.end()),
      close: (reason?: unknown) => (this.#isOver ? transport.close(reason) : this.close(reason)),
      reset: () => (this.#isOver ? transport.reset() : this.close(undefined, { reset: true })),
    };
    return { pair: pairOver(behind, following(read, first)), first: null };
  }

  /** Throws if the request was not sent whole. */
  checkSent(): void {
    if (this.#failure) throw this.#failure.reason;
    if (this.#isOver) throw this.note(new DisconnectedError("the socket was closed"));
    if (!this.connection.maySpeak) throw this.note(new DisconnectedError("the request could not be sent whole"));
  }

  /** Frees the engine once the peer switched; returns the new protocol's first bytes. */
  arrived(): Uint8Array {
    this.#end();
    const first = this.connection.takeLeftover();
    this.connection.free();
    return first;
  }

  /** Ends the use of the socket by this wire; returns false if it had ended before. */
  #end(): boolean {
    if (this.#isOver) return false;
    this.flush();
    this.#isOver = true;
    this.#alarm.stop();
    this.endExchange();
    if (this.#signal) unlisten(this.#signal, this.#aborted);
    return true;
  }
}

/** Returns all timeouts; throws if one is invalid. */
function timeoutsOf(timeouts: Timeouts): Required<Timeouts> {
  const all = { ...TIMEOUTS, ...timeouts };
  for (const [name, limit] of Object.entries(all)) {
    if (!Object.hasOwn(TIMEOUTS, name)) throw new TypeError(`there is no timeout by the name ${name}`);
    if (typeof limit !== "number" || !(limit > 0)) throw new TypeError(`timeouts.${name} must be a number above 0`);
  }
  return all;
}

/** Returns the configuration with the defaults that are this layer's. */
function configOf(role: Role, config: Config | undefined, secure: boolean): Config | undefined {
  if (config !== undefined) object(config, "config");
  if (role === "client") return secure ? { ...config, secure } : config;
  const own: LimitOptions = object(config?.limits === undefined ? {} : config.limits, "limits");
  const limits = { ...own, content: own.content ?? CONTENT };
  return { ...config, tidy: config?.tidy ?? true, secure, limits };
}

const tooSlow = (): DOMException => timedOut("the peer is too slow");

function timedOut(message: string): DOMException {
  return new DOMException(message, "TimeoutError");
}
