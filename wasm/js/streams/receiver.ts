// The receiving direction of a wire: reads, deadlines, and the bytes that pass to the engine.

import { plain } from "../engine/bytes.js";
import { ProtocolError } from "../engine/error.js";
import type { DataEvent, Event, PausedStep } from "../engine/event.js";
import { GoneError } from "../engine/gone-error.js";
import type { Awaiting } from "../generated/tables.js";
import { Alarm } from "./alarm.js";
import { LONGEST, MS_PER_BYTE, PROBED } from "./bounds.js";
import type { StreamConnection } from "./connection.js";
import { DisconnectedError, HalfClosedError, contentDropped } from "./errors.js";
import { tooSlow, type Lifetime } from "./lifetime.js";
import type { Timeouts } from "./options.js";
import type { Sender } from "./sender.js";
import type { Transport } from "./sockets.js";

const NOTHING = new Uint8Array(0);

/** The functions that settle a wait for bytes. */
interface Waiter {
  resolve(bytes: Uint8Array | null | undefined): void;
  reject(reason: unknown): void;
}

/**
 * The treatment of received bytes.
 *
 * In the phase `open`, content of a known length does not pass through the engine, unless it came with the head or was
 * read ahead. It does while it is discarded (`skipping`). It does after an early switch (`early`): the engine must see
 * the end of the request together with what follows. After malformed bytes (`malformed`), later ones are discarded.
 */
type Phase = "open" | "skipping" | "early" | "malformed";

/** @internal */
export class Receiver {
  readonly #transport: Transport;
  readonly #connection: StreamConnection;
  readonly #life: Lifetime;
  readonly #sender: Sender;
  readonly #timeouts: Required<Timeouts>;
  #phase: Phase = "open";
  /** True while a request is being sent; the response's timeout begins after it. */
  isSending = false;
  /** True while a client's content waits for a 100, so that nothing is sent. */
  #isHeld = false;
  /** True once no more of a request is sent, although the engine may expect it. */
  hasSent = false;
  /** The error of a read that has failed, if one has. */
  failure: unknown;
  #left = Infinity;
  /** The value of `Connection.awaiting` for which `#left` is the remaining time. */
  #awaited: Awaiting = "nothing";
  readonly #alarm = new Alarm();
  #pending: Promise<Uint8Array | null> | undefined;
  #unread: Uint8Array = NOTHING;
  /** Content for the next event, which does not pass through the engine. */
  #passed: Uint8Array<ArrayBuffer> | undefined;
  /** The pending wait for bytes, which `#resolve` and `#reject` settle. */
  #waiter: Waiter | undefined;
  readonly #resolve = (bytes: Uint8Array | null | undefined): void => this.#endWait()?.resolve(bytes);
  readonly #reject = (reason: unknown): void => this.#endWait()?.reject(reason);
  /** The waiter that `whenMore` uses, so that no promise is made. */
  readonly #idle: Waiter = { resolve: (bytes) => this.#goesOn(bytes), reject: (reason) => this.#goOn(this.#failed(reason)) };
  #goOn: (error?: unknown) => void = () => {};
  #begun = 0;
  readonly #readable = (): void => {
    if (this.#waiter !== this.#idle) return;
    try {
      const bytes = this.#transport.waiting?.();
      if (bytes) return this.#resolve(bytes);
    } catch (error) {
      return this.#disconnect(error);
    }
    // The end of the stream, or its failure.
    this.#endWait();
    this.#left -= performance.now() - this.#begun;
    this.#moreThen(this.#goOn);
  };
  readonly #late = (): void => this.#reject(tooSlow());
  readonly #disconnect = (cause: unknown): void => {
    this.#reject((this.failure = this.#life.disconnected(cause)));
  };
  /** True once `drop` was called: bytes of the input are missing from then on. */
  #isDropping = false;
  /** True while the pending read has the callbacks of `#attend`. */
  #isAttended = false;
  /** The timer of the next check whether the socket has failed. */
  #probing: ReturnType<typeof setTimeout> | undefined;
  /** True while the wire reads ahead to report a disconnect to `onGone`. */
  #isWatched = false;
  /** The error of a peer that has disconnected or closed its sending side. */
  #departure: DisconnectedError | undefined;
  /** A callback for `#departure`, while `whilePresent` waits for the user's code. */
  #departs: ((error: DisconnectedError) => void) | undefined;
  /**
   * Starts the timer that limits how long unread bytes may hide a disconnect.
   *
   * Undefined unless `whilePresent` waits with such a limit.
   */
  #hides: (() => void) | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;

  /** The callback of `onStalled`, and the time after which it is called. */
  #stall: { readonly milliseconds: number; readonly act: () => void } | undefined;
  #stalling: ReturnType<typeof setTimeout> | undefined;

  constructor(transport: Transport, connection: StreamConnection, life: Lifetime, sender: Sender, timeouts: Required<Timeouts>) {
    this.#transport = transport;
    this.#connection = connection;
    this.#life = life;
    this.#sender = sender;
    this.#timeouts = timeouts;
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
        if (this.#life.failure) throw this.#life.failure.reason;
        // The engine is freed once the socket is closed.
        if (this.#isDropping && this.#life.isOver) throw contentDropped();
        if (this.#passed) return this.#takePassed();
        const event = this.#connection.nextEvent();
        if (event.kind === "need-data") {
          if (this.#isDropping) throw contentDropped();
          const bytes = this.#arrived();
          if (!bytes) return undefined;
          this.#receive(bytes);
          continue;
        }
        if (event.kind !== "data") this.#left = Infinity;
        if (event.kind === "end-of-message" && this.#phase === "skipping") this.#phase = "open";
        return event;
      }
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Records and returns an error of reading; discards what follows malformed bytes. */
  #failed(error: unknown): unknown {
    if (error instanceof ProtocolError) {
      this.#phase = "malformed";
      if (this.#isAhead) this.#attend();
    }
    return this.#life.note(error);
  }

  /**
   * Returns bytes that the transport can give at once, otherwise `null`.
   *
   * Also `null` if a read is pending, earlier bytes are unread, or a 100 is due first.
   */
  #arrived(): Uint8Array | null {
    if (this.#pending || this.#unread.length > 0 || this.#connection.owes === "continue") return null;
    const bytes = this.#transport.waiting?.() ?? null;
    if (bytes) this.#expect();
    return bytes;
  }

  /** Reads once, within the deadline, after sending a due 100; next: `poll`. */
  async more(): Promise<void> {
    try {
      if (this.#sender.unsent) throw this.#sender.unsent;
      if (this.#connection.owes === "continue") await this.#sender.send(this.#connection.sendInformational({ status: 100 }));
      this.#expect();
      const begun = performance.now();
      const reading = this.look();
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
   * Reads once within the deadline, then calls `goOn`, with an error if that failed.
   *
   * A due 100 is sent before. If nothing else is due or pending, no promise is made for a socket that
   * says when it has bytes.
   */
  whenMore(goOn: (error?: unknown) => void): void {
    const isIdle = !this.#sender.unsent && !this.#life.failure && !this.#waiter && !this.#pending && this.#unread.length === 0;
    if (!isIdle || this.#connection.owes === "continue" || !this.#transport.whenReadable?.(this.#readable)) return this.#moreThen(goOn);
    this.#expect();
    this.#begun = performance.now();
    this.#goOn = goOn;
    this.#waiter = this.#idle;
    this.#alarm.set(this.#begun, this.#left, this.#late);
  }

  #moreThen(goOn: (error?: unknown) => void): void {
    this.more().then(() => goOn(), goOn);
  }

  /**
   * Ends a wait of `whenMore`: processes the bytes, then calls its `goOn`.
   *
   * `bytes` is `undefined` if `nudge` ended the wait.
   */
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

  /** Updates `#left`, the time that is left for what the engine awaits. */
  #expect(): void {
    // The engine waits for its caller, who sends no more.
    const isGivenUp = this.hasSent && this.#connection.awaiting === "caller";
    const awaiting = isGivenUp ? "content" : this.#connection.awaiting;
    if (awaiting !== this.#awaited) this.#left = Infinity;
    this.#awaited = awaiting;
    this.#left = Math.min(this.#left, this.#limit(awaiting));
  }

  /**
   * Passes bytes to the engine.
   *
   * In the phase `open`, content of a known length is kept for `poll` instead.
   */
  #receive(bytes: Uint8Array): void {
    this.#earn(bytes);
    const known = this.#phase !== "open" ? 0 : Math.min(bytes.length, this.#connection.content.length);
    if (known > 0) this.#connection.passContent(known);
    if (known < bytes.length) this.#connection.receive(known > 0 ? bytes.subarray(known) : bytes);
    if (this.#isAhead) this.#attend();
    if (known > 0) this.#passed = plain(bytes.subarray(0, known)) as Uint8Array<ArrayBuffer>;
  }

  /**
   * Records the end of the peer's bytes.
   *
   * If sending has failed before, the apparent end may be a reset, so it counts as truncated.
   */
  async #receiveEof(): Promise<void> {
    const isCut = await this.hasFailedToSend();
    // Meanwhile the wire may have been given up, which frees the engine.
    if (this.#life.failure) throw this.#life.failure.reason;
    this.#connection.receiveEof(isCut ? "truncated" : "clean");
  }

  /** Returns whether sending has failed, after a moment for a pending write. */
  async hasFailedToSend(): Promise<boolean> {
    if (this.isSending && !this.#sender.isBroken) await new Promise((resolve) => setTimeout(resolve, 0));
    return this.#sender.isBroken;
  }

  /**
   * Returns the pending read, which all callers share, or starts one.
   *
   * The read continues after a timeout. Its bytes are kept until a caller uses them.
   */
  look(): Promise<Uint8Array | null> {
    return (this.#pending ??= this.#unread.length > 0 ? Promise.resolve(this.#takeUnread()) : this.#transport.read());
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
    if (this.#waiter) return reading.catch((cause: unknown) => Promise.reject(this.#life.disconnected(cause)));
    return new Promise((resolve, reject) => {
      this.#waiter = { resolve, reject };
      this.#begun = now;
      this.#alarm.set(now, this.#left, this.#late);
      if (this.#stall && this.#stall.milliseconds <= LONGEST) this.#stalling = setTimeout(this.#stall.act, this.#stall.milliseconds);
      reading.then(this.#resolve, this.#disconnect);
      if (this.#life.failure) this.#reject(this.#life.failure.reason);
    });
  }

  /**
   * Calls `act` once a reader has waited for bytes for `milliseconds`.
   *
   * No timer runs while no reader waits. Returns a function that cancels this.
   */
  onStalled(milliseconds: number, act: () => void): () => void {
    this.#stall = { milliseconds, act };
    return () => {
      this.#stall = undefined;
      this.#endStall();
    };
  }

  #endStall(): void {
    if (this.#stalling === undefined) return;
    clearTimeout(this.#stalling);
    this.#stalling = undefined;
  }

  /**
   * Records that a client's content waits for a 100, until `release`.
   *
   * Meanwhile the timeout for the response's content applies, although the request is not sent
   * whole.
   */
  hold(): void {
    this.#isHeld = true;
  }

  release(): void {
    this.#isHeld = false;
    // The wait under way has the deadline of before.
    this.#awaited = "nothing";
    this.nudge();
  }

  /** Ends a pending wait for bytes, so that `nextEvent` asks the engine again. */
  nudge(): void {
    this.#resolve(undefined);
  }

  /** Reads ahead to notice a peer that disconnects, until `unwatch` or `endWatch`. */
  watch(): void {
    this.#isWatched = true;
    if (this.#departure) this.#life.note(this.#departure);
    this.#attend();
  }

  /** Ends `watch`, as the response was sent or a switch was made. */
  endWatch(): void {
    this.#isWatched = false;
    this.#stopProbing();
  }

  #stopProbing(): void {
    clearTimeout(this.#probing);
    this.#probing = undefined;
  }

  /**
   * Waits for a promise of the user's code, as long as the peer is connected.
   *
   * While nothing is sent, nothing else would detect a disconnect. Rejects once the socket has
   * failed. If the peer has closed its sending side, rejects after `timeouts.write`. Rejects, too,
   * once unread bytes may have hidden a disconnect for `unread` milliseconds.
   */
  async whilePresent<T>(step: Promise<T>, unread = Infinity): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const fail = (error: DisconnectedError): void => reject(this.#life.note(error));
      const hidden = (): void => fail(new DisconnectedError("the peer may have gone, behind bytes that are not read"));
      if (unread < Infinity) this.#hides = () => (this.#hidden ??= setTimeout(hidden, Math.min(unread, LONGEST)));
      this.#departs = (error) => {
        if (!(error instanceof HalfClosedError)) return fail(error);
        timer = setTimeout(fail, Math.min(this.#timeouts.write, LONGEST), error);
      };
      if (this.#departure) this.#departs(this.#departure);
      this.#attend();
      this.#life.until(step)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          this.#shows();
          this.#departs = this.#hides = undefined;
        });
    });
  }

  /**
   * Reads ahead to notice that the peer disconnects.
   *
   * While `#isAhead` is true, bytes that arrive instead are passed to the engine if it accepts them, or discarded if
   * they follow malformed ones. Others are left to `more`, which applies the deadlines.
   */
  #attend(): void {
    if (this.#isAttended || this.#departure) return;
    this.#isAttended = true;
    const reading = this.look();
    reading.then(
      (bytes) => {
        if (this.#pending !== reading || this.#life.isOver) return;
        if (bytes === null) return this.#depart(new HalfClosedError("the peer has ended its direction"));
        if (!this.#isAhead || !(this.#phase === "malformed" || this.#connection.wantsInput)) {
          this.#isAttended = false;
          this.#hides?.();
          return this.#probeLater();
        }
        this.#taken();
        this.#earn(bytes);
        try {
          if (this.#phase !== "malformed") this.#connection.receive(bytes);
        } catch {
          // The bytes are malformed; `nextEvent` reports that when it reaches them.
        }
        this.#attend();
      },
      this.#fails,
    );
  }

  readonly #fails = (cause: unknown): void => {
    const error = new DisconnectedError("the socket has failed", cause);
    this.failure = error;
    this.#depart(error);
  };

  #depart(error: DisconnectedError): void {
    this.#departure = error;
    if (this.#isWatched) this.#life.note(error);
    this.#departs?.(error);
  }

  /** Checks each second whether the socket has failed; unread bytes may hide that. */
  #probeLater(): void {
    if (!this.#isAhead || this.#life.isOver || !this.#transport.probe) return;
    this.#probing ??= setTimeout(() => {
      this.#probing = undefined;
      if (!this.#pending || this.#isAttended || !this.#isAhead) return;
      this.#transport.probe?.().then(() => this.#probeLater(), this.#fails);
    }, PROBED);
  }

  /**
   * Extends the deadline for content by `MS_PER_BYTE` for each byte that was read.
   *
   * `#expect` limits the time that is left to `timeouts.content`.
   */
  #earn(bytes: Uint8Array): void {
    if (this.#awaited === "content") this.#left += bytes.length * MS_PER_BYTE;
  }

  /** Returns whether bytes are read before `nextEvent` needs them. */
  get #isAhead(): boolean {
    return this.#departs !== undefined || this.#isWatched;
  }

  /** Stops the timer that limits how long unread bytes may hide a disconnect. */
  #shows(): void {
    if (this.#hidden === undefined) return;
    clearTimeout(this.#hidden);
    this.#hidden = undefined;
  }

  /** Forgets the pending read, whose bytes the caller uses. */
  #taken(): void {
    this.#shows();
    this.#pending = undefined;
    this.#isAttended = false;
  }

  /** Stops reading ahead before a switch, if the transport supports that. */
  async unwatch(): Promise<void> {
    this.#isWatched = false;
    const reading = this.#pending;
    if (!reading || !this.#transport.interrupt) return;
    // Clearing the pending read keeps `#attend` from using its bytes or reading on.
    this.#taken();
    this.#transport.interrupt();
    // Bytes that have come are passed on before a waiting reader of the content polls for those after them.
    const passed = reading.then((bytes) => {
      // At the end of the stream, the next read returns the end again.
      if (bytes !== null && bytes.length > 0) {
        if (this.#connection.wantsInput) this.#connection.receive(bytes);
        else this.#unread = bytes;
        this.nudge();
      }
      return NOTHING;
    });
    // Until then nobody reads later bytes.
    this.#pending = passed;
    await this.#life.transported(passed, Infinity).catch((error: unknown) => {
      throw this.#life.note(error);
    });
    if (this.#pending === passed) this.#taken();
  }

  /** Reads bytes that do not pass to the engine; `null` at the end. */
  async take(): Promise<Uint8Array | null> {
    const bytes = await this.look();
    this.#pending = undefined;
    return bytes;
  }

  /**
   * Reads and discards bytes; returns their number, 0 at the end of the stream.
   *
   * Waits at most `milliseconds`. Code that reads the content later gets an error, since bytes are
   * missing.
   */
  async drop(milliseconds: number): Promise<number> {
    if (!this.#isDropping) this.fail(contentDropped());
    this.#isDropping = true;
    const bytes = await this.#life.transported(this.take(), milliseconds);
    return bytes?.length ?? 0;
  }

  /** Returns what was read and not passed to the engine, and the pending read. */
  takeAll(): { readonly unread: Uint8Array; readonly ahead: Promise<Uint8Array | null> | undefined } {
    const all = { unread: this.#takeUnread(), ahead: this.#pending };
    this.#taken();
    return all;
  }

  /** True while a read is pending that `unwatch` can end. */
  get readsAhead(): boolean {
    return this.#pending !== undefined && this.#transport.interrupt !== undefined;
  }

  /** Passes all later content through the engine, so that it finds the switch. */
  beginEarly(): void {
    this.#phase = "early";
  }

  #limit(awaiting: Awaiting): number {
    switch (awaiting) {
      case "response":
        return this.isSending ? Infinity : this.#timeouts.response;
      case "content":
        // While a client sends, the sender has the deadline: a server may respond early and go on reading.
        return this.isSending && !this.#isHeld ? Infinity : this.#timeouts.content;
      case "request":
      case "head":
        return this.#timeouts[awaiting];
      default:
        return Infinity;
    }
  }

  /** Discards the rest of the content being received, if there is any. */
  skip(): void {
    try {
      this.#connection.skipContent();
      if (this.#phase === "open") this.#phase = "skipping";
    } catch (error) {
      // After a trap the next event throws.
      if (!(error instanceof GoneError || (error instanceof ProtocolError && error.kind === "no-content"))) throw error;
    }
  }

  /** Fails a pending wait for bytes with the reason. */
  fail(reason: unknown): void {
    this.#reject(reason);
  }

  /** Stops all timers of the receiver. */
  stop(): void {
    this.#alarm.stop();
    this.#endStall();
    this.#stopProbing();
    this.#shows();
  }

  #endWait(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) this.#alarm.clear();
    this.#endStall();
    return waiter;
  }
}
