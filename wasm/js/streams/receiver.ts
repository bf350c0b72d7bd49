// The receiving direction of a wire: reads, deadlines, and the bytes that pass to the engine.

import { plain } from "../engine/bytes.js";
import { ProtocolError } from "../engine/error.js";
import type { DataEvent, Event, PausedStep } from "../engine/event.js";
import { GoneError } from "../engine/gone-error.js";
import { Alarm } from "./alarm.js";
import { Budget } from "./budget.js";
import { PROBED } from "./bounds.js";
import type { StreamConnection } from "./connection.js";
import { DisconnectedError, HalfClosedError, contentDropped } from "./errors.js";
import { tooSlow, type Lifetime } from "./lifetime.js";
import type { Timeouts } from "./options.js";
import { Presence } from "./presence.js";
import type { Sender } from "./sender.js";
import type { Transport } from "./sockets.js";
import { Stall } from "./stall.js";

const NOTHING = new Uint8Array(0);

/** The functions that settle a wait for bytes. */
interface Waiter {
  resolve(bytes: Uint8Array | null | undefined): void;
  reject(reason: unknown): void;
}

/**
 * The treatment of received bytes.
 *
 * In the phase `open`, content does not pass through the engine, unless it came with the head or was read ahead. It does
 * while it is discarded (`skipping`). It does after an early switch (`early`): the engine must see the end of the request
 * together with what follows. After malformed bytes (`malformed`), later ones are discarded.
 */
type Phase = "open" | "skipping" | "early" | "malformed";

/** @internal */
export class Receiver {
  readonly #transport: Transport;
  readonly #connection: StreamConnection;
  readonly #life: Lifetime;
  readonly #sender: Sender;
  /** The time that is left for what the engine awaits. */
  readonly budget: Budget;
  #phase: Phase = "open";
  /** The error of a read or a probe that has failed, if one has. */
  failure: unknown;
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
    this.budget.left -= performance.now() - this.#begun;
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
  readonly #presence: Presence;
  readonly #stall = new Stall();

  constructor(transport: Transport, connection: StreamConnection, life: Lifetime, sender: Sender, timeouts: Required<Timeouts>) {
    this.#transport = transport;
    this.#connection = connection;
    this.#life = life;
    this.#sender = sender;
    this.budget = new Budget(connection, timeouts);
    this.#presence = new Presence(life, timeouts.write);
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
        if (event.kind !== "data") this.budget.reset();
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
      if (this.#presence.isAhead) this.#attend();
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
    if (bytes) this.budget.expect();
    return bytes;
  }

  /** Sends a due 100, or reads once within the deadline; next: `poll`. */
  async more(): Promise<void> {
    try {
      if (this.#sender.unsent) throw this.#sender.unsent;
      if (this.#connection.owes === "continue") {
        // Meanwhile the content may come to the engine by `#attend`.
        return await this.#sender.send(this.#connection.sendInformational({ status: 100 }));
      }
      this.budget.expect();
      const begun = performance.now();
      const reading = this.look();
      const bytes = await this.#arriving(reading, begun);
      this.budget.left -= performance.now() - begun;
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
    this.budget.expect();
    this.#begun = performance.now();
    this.#goOn = goOn;
    this.#waiter = this.#idle;
    this.#alarm.set(this.#begun, this.budget.left, this.#late);
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
    this.budget.left -= performance.now() - this.#begun;
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

  /**
   * Passes bytes to the engine, except, in the phase `open`, expected content.
   *
   * Content of the message or of its current chunk is kept for `poll`. The engine only counts it.
   */
  #receive(bytes: Uint8Array): void {
    this.budget.earn(bytes);
    const known = this.#phase !== "open" ? 0 : Math.min(bytes.length, this.#connection.content.length);
    if (known > 0) this.#connection.passContent(known);
    if (known < bytes.length) this.#connection.receive(known > 0 ? bytes.subarray(known) : bytes);
    if (this.#presence.isAhead) this.#attend();
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
    if (this.budget.isSending && !this.#sender.isBroken) await new Promise((resolve) => setTimeout(resolve, 0));
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
      this.#alarm.set(now, this.budget.left, this.#late);
      this.#stall.begin();
      reading.then(this.#resolve, this.#disconnect);
      if (this.#life.failure) this.#reject(this.#life.failure.reason);
    });
  }

  /**
   * Calls `act` once a reader has waited for bytes for `milliseconds`.
   *
   * Returns a function that cancels this.
   */
  onStalled(milliseconds: number, act: () => void): () => void {
    return this.#stall.on(milliseconds, act);
  }

  /** The milliseconds since the latest wait for bytes began. */
  get waited(): number {
    return performance.now() - this.#begun;
  }

  /** Records that a client's content waits for a 100, until `release`. */
  hold(): void {
    this.#holds(true);
  }

  release(): void {
    this.#holds(false);
  }

  #holds(isHeld: boolean): void {
    this.budget.isHeld = isHeld;
    // The wait under way has the deadline of before.
    this.budget.renew();
    this.nudge();
  }

  /** Ends a pending wait for bytes, so that `nextEvent` asks the engine again. */
  nudge(): void {
    this.#resolve(undefined);
  }

  /** Reads ahead to notice a peer that disconnects, until `unwatch` or `endWatch`. */
  watch(): void {
    this.#presence.watch();
    this.#attend();
  }

  /** Ends `watch`, as the response was sent or a switch was made. */
  endWatch(): void {
    this.#presence.endWatch();
    this.#stopProbing();
  }

  #stopProbing(): void {
    clearTimeout(this.#probing);
    this.#probing = undefined;
  }

  /** Waits for the user's code, as long as the peer is connected (`Presence.during`). */
  whilePresent<T>(step: Promise<T>, unread = Infinity): Promise<T> {
    const done = this.#presence.during(step, unread);
    this.#attend();
    return done;
  }

  /**
   * Reads ahead to notice that the peer disconnects.
   *
   * Bytes that arrive instead, while the presence has to be known, are passed to the engine if it accepts them. After
   * malformed ones they are discarded. Others are left to `more`, which applies the deadlines.
   */
  #attend(): void {
    if (this.#isAttended || this.#presence.hasEnded) return;
    this.#isAttended = true;
    const reading = this.look();
    reading.then(
      (bytes) => {
        if (this.#pending !== reading || this.#life.isOver) return;
        if (bytes === null) return this.#presence.end(new HalfClosedError("the peer has ended its direction"));
        if (!this.#presence.isAhead || !(this.#phase === "malformed" || this.#connection.wantsInput)) {
          this.#isAttended = false;
          this.#presence.hide();
          return this.#probeLater();
        }
        this.#taken();
        this.budget.earn(bytes);
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
    this.#presence.end(error);
  };

  /** Checks each second whether the socket has failed; unread bytes may hide that. */
  #probeLater(): void {
    if (!this.#presence.isAhead || this.#life.isOver || !this.#transport.probe) return;
    this.#probing ??= setTimeout(() => {
      this.#probing = undefined;
      if (!this.#pending || this.#isAttended || !this.#presence.isAhead) return;
      this.#transport.probe?.().then(() => this.#probeLater(), this.#fails);
    }, PROBED);
  }

  /** Forgets the pending read, whose bytes the caller uses. */
  #taken(): void {
    this.#presence.show();
    this.#pending = undefined;
    this.#isAttended = false;
  }

  /** Stops reading ahead before a switch, if the transport supports that. */
  async unwatch(): Promise<void> {
    this.#presence.endWatch();
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
    this.#stall.end();
    this.#stopProbing();
    this.#presence.show();
  }

  #endWait(): Waiter | undefined {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter) this.#alarm.clear();
    this.#stall.end();
    return waiter;
  }
}
