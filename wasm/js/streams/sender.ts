// The sending direction of a wire: bytes held for a turn, bytes on their way, and the time that each may take.

import { joined } from "../engine/bytes.js";
import { EARNED_MAX, MS_PER_BYTE, SENT } from "./bounds.js";
import { DisconnectedError } from "./errors.js";
import type { Lifetime } from "./lifetime.js";
import type { Transport } from "./sockets.js";
import { nextTurn } from "./turns.js";

const SENT_NOW = Promise.resolve();

/** @internal */
export class Sender {
  readonly #transport: Transport;
  readonly #life: Lifetime;
  /** The time limit of one write, in milliseconds. */
  readonly #limit: number;
  /** True for a client: a response may arrive while the request is still being sent. */
  readonly #isClient: boolean;
  /** The number of bytes that were written since `#listen` last waited. */
  #inTurn = 0;
  /** Milliseconds by which bytes sent so far extend the next write's timeout. */
  #credit = 0;
  /** True once no more can be sent, because a part of a message may be missing. */
  isBroken = false;
  /** True once the transport has not sent all bytes. */
  hasFailed = false;
  /** The bytes that `sendNow` has held. */
  #held: Uint8Array[] = [];
  #heldLength = 0;
  /** The error of a transport that refused bytes which `sendNow` had held. */
  unsent: DisconnectedError | undefined;
  /** The latest call of `send`, while its bytes are on their way. */
  #sending: Promise<void> | undefined;
  /**
   * A callback for the release of the socket.
   *
   * It ends the wait of `send` for bytes in the transport's queue, which are sent anyway.
   */
  #freed: () => void = () => {};

  constructor(transport: Transport, life: Lifetime, limit: number, isClient: boolean) {
    this.#transport = transport;
    this.#life = life;
    this.#limit = limit;
    this.#isClient = isClient;
  }

  /**
   * Holds bytes to be sent by `flush`, or by the next `send`.
   *
   * Returns false, and holds nothing, if the bytes need `send`. They do if there are more than
   * `SENT`, the transport has no room, a `send` is pending, or sending has failed.
   */
  sendNow(bytes: Uint8Array): boolean {
    if (this.#life.failure || this.isBroken || this.#sending || bytes.length > SENT) return false;
    if (!this.#transport.hasRoom?.(this.#heldLength + bytes.length)) return false;
    this.#held.push(bytes);
    this.#heldLength += bytes.length;
    this.#earn(bytes.length);
    return true;
  }

  /** Writes the bytes that `sendNow` has held: all responses of a turn at once. */
  flush(): void {
    if (this.#heldLength === 0) return;
    const held = this.#held;
    this.#held = [];
    this.#heldLength = 0;
    try {
      const isOne = held.length === 1 && this.#transport.sharesBuffers;
      this.#transport.put?.(isOne ? (held[0] as Uint8Array) : joined(held));
    } catch (cause) {
      this.isBroken = this.hasFailed = true;
      this.unsent = new DisconnectedError("the socket has failed", cause);
    }
  }

  /**
   * Calls `flush` soon: at Node's next tick, or else in a microtask.
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
   * Fails if other code transfers their buffer while it is still needed, since the rest of a message would be missing.
   *
   * It calls `queued` once a transport that queues has queued them. If it fails, nothing more can be sent, since part of
   * the bytes may have been sent.
   */
  send(bytes: Uint8Array, queued?: () => void): Promise<void> {
    const isHeld = this.sendNow(bytes);
    this.flush();
    if (isHeld && !this.unsent) {
      queued?.();
      return SENT_NOW;
    }
    if (isHeld) return Promise.reject(this.#life.note(this.unsent));
    const sent = this.#sending ? this.#sending.then(() => this.#send(bytes, queued)) : this.#send(bytes, queued);
    const over = (): void => {
      if (this.#sending === sending) this.#sending = undefined;
    };
    const sending = (this.#sending = sent.then(over, over));
    return sent;
  }

  async #send(bytes: Uint8Array, queued?: () => void): Promise<void> {
    if (this.#life.failure) throw this.#life.failure.reason;
    if (this.isBroken) throw this.#life.note(new DisconnectedError("an earlier send has failed"));
    const { length } = bytes;
    const { sharesBuffers } = this.#transport;
    try {
      for (let at = 0; at < length; at += SENT) {
        const part = length <= SENT ? bytes : bytes.subarray(at, at + SENT);
        // A socket may transfer what it writes, so it gets a buffer of its own.
        const piece = sharesBuffers ? part : new Uint8Array(part);
        // An earlier wire on this socket may have left queued bytes.
        const room = this.#transport.room?.();
        if (room) await this.#life.transported(room, this.#time);
        if (this.#isClient && this.#transport.losesInput) await this.#listen(piece.length);
        const begun = performance.now();
        let writing = this.#transport.write(piece);
        if (queued && at + SENT >= length && this.#transport.queues) {
          queued();
          writing = Promise.race([writing, new Promise<void>((resolve) => (this.#freed = resolve))]);
        }
        await this.#life.transported(writing, this.#time);
        if (bytes.length !== length && (sharesBuffers || at + SENT < length)) throw new TypeError("the buffer of the content was transferred while it was sent");
        this.#earn(piece.length, performance.now() - begun);
      }
    } catch (error) {
      this.isBroken = this.hasFailed = true;
      throw bytes.length === length ? this.#life.note(error) : error;
    }
  }

  /**
   * Lets the event loop receive before more than `SENT` bytes are written in a turn.
   *
   * A failed write would lose a response that has arrived but was not received.
   */
  async #listen(length: number): Promise<void> {
    this.#inTurn += length;
    if (this.#inTurn <= SENT) return;
    // The first may be in the turn that has received already.
    await nextTurn();
    await nextTurn();
    this.#inTurn = length;
    if (this.#life.failure) throw this.#life.failure.reason;
  }

  /** Closes our sending direction once the transport has accepted all bytes. */
  async end(): Promise<void> {
    this.flush();
    await this.#life.transported(this.#transport.end(), this.#time);
  }

  /** Waits until the transport keeps no bytes; `undefined` if it keeps none now. */
  taken(): Promise<void> | undefined {
    const taken = this.#transport.taken?.();
    return taken && this.#taken(taken);
  }

  async #taken(taken: Promise<void>): Promise<void> {
    const begun = performance.now();
    try {
      await this.#life.transported(taken, this.#time);
      this.#earn(0, performance.now() - begun);
    } catch (error) {
      this.isBroken = this.hasFailed = true;
      throw this.#life.note(error);
    }
  }

  /** Ends the wait for queued bytes, as the socket is released. */
  free(): void {
    this.#freed();
  }

  /**
   * Updates the time by which sent bytes extend the timeouts of later writes.
   *
   * Each byte adds a millisecond, and the duration of the write is subtracted. The result is at least 0 and at most
   * `EARNED_MAX` times the limit.
   */
  #earn(length: number, milliseconds = 0): void {
    const earned = this.#credit + length * MS_PER_BYTE - milliseconds;
    this.#credit = Math.max(0, Math.min(earned, EARNED_MAX * this.#limit));
  }

  get #time(): number {
    return this.#limit + this.#credit;
  }
}
