// The time that is left for what the engine awaits, and whose turn it is while a client sends.

import type { Awaiting } from "../generated/tables.js";
import { LONGEST, MS_PER_BYTE } from "./bounds.js";
import type { StreamConnection } from "./connection.js";
import type { Timeouts } from "./options.js";

/** @internal */
export class Budget {
  readonly #connection: StreamConnection;
  readonly #timeouts: Required<Timeouts>;
  /** True while a request is being sent; the response's timeout begins after it. */
  isSending = false;
  /** True while a client's content waits for a 100, so that timeouts run meanwhile. */
  isHeld = false;
  /** True once no more of a request is sent, although the engine may expect it. */
  hasSent = false;
  /** Milliseconds that are left. */
  left = Infinity;
  /** The value of `Connection.awaiting` for which `left` is the remaining time. */
  #awaited: Awaiting = "nothing";

  constructor(connection: StreamConnection, timeouts: Required<Timeouts>) {
    this.#connection = connection;
    this.#timeouts = timeouts;
  }

  /** Updates `left`, the remaining time, for what the engine awaits now. */
  expect(): void {
    // The engine waits for its caller, who sends no more, or not before a 100.
    const isGivenUp = (this.hasSent || this.isHeld) && this.#connection.awaiting === "caller";
    const awaiting = isGivenUp ? "content" : this.#connection.awaiting;
    if (awaiting !== this.#awaited) this.left = Infinity;
    this.#awaited = awaiting;
    this.left = Math.min(this.left, this.#limit(awaiting));
  }

  /**
   * Extends the deadline for content by `MS_PER_BYTE` for each byte that was read.
   *
   * `expect` limits the time that is left to `timeouts.content`.
   */
  earn(bytes: Uint8Array): void {
    if (this.#awaited === "content") this.left += bytes.length * MS_PER_BYTE;
  }

  /** Gives the next wait its whole time. */
  reset(): void {
    this.left = Infinity;
  }

  /** Gives what is awaited its whole time, at the next `expect`. */
  renew(): void {
    this.#awaited = "nothing";
  }

  #limit(awaiting: Awaiting): number {
    switch (awaiting) {
      case "continue":
      case "response": {
        // A finite `expectContinue` ends the wait for a 100 itself.
        const isEndless = this.isHeld && this.#timeouts.expectContinue > LONGEST;
        return this.isSending && !isEndless ? Infinity : this.#timeouts.response;
      }
      case "content":
        // While a client sends, the sender has the deadline: a server may respond early and go on reading.
        return this.isSending && !this.isHeld ? Infinity : this.#timeouts.content;
      case "request":
      case "head":
        return this.#timeouts[awaiting];
      default:
        return Infinity;
    }
  }
}
