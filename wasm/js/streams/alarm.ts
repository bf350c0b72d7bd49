// A timer for one deadline after another.

import { LONGEST } from "./bounds.js";

/** The result of `setTimeout`: in some runtimes a number, which has no methods. */
type Timer = ReturnType<typeof setTimeout> & { ref?(): unknown; unref?(): unknown };

const NOTHING = (): void => {};

/**
 * @internal A timer for the successive waits of one connection.
 *
 * The timer of the runtime is not cleared after each wait, but kept for a later deadline. That
 * costs less than one timer for each wait.
 */
export class Alarm {
  #timer: Timer | undefined;
  /** The time by `performance.now()` at which `#timer` fires; `Infinity` for none. */
  #fires = Infinity;
  #deadline = Infinity;
  #act = NOTHING;
  readonly #fire = (): void => {
    this.#fires = Infinity;
    if (this.#deadline === Infinity) return;
    const left = this.#deadline - performance.now();
    if (left > 0) return this.#start(left);
    this.#deadline = Infinity;
    this.#act();
  };

  /**
   * Calls `act` after `milliseconds`, in place of the call that is pending.
   *
   * `now` is the current time of `performance.now()`. If `milliseconds` is above `LONGEST`, `act`
   * is never called.
   */
  set(now: number, milliseconds: number, act: () => void): void {
    this.#deadline = milliseconds <= LONGEST ? now + milliseconds : Infinity;
    this.#act = act;
    if (this.#deadline < this.#fires) this.#start(milliseconds);
    else if (this.#deadline < Infinity) this.#timer?.ref?.();
  }

  /**
   * Cancels the pending call.
   *
   * The timer of the runtime runs on. It does not keep the process alive if it has `unref`.
   */
  clear(): void {
    this.#deadline = Infinity;
    this.#act = NOTHING;
    this.#timer?.unref?.();
  }

  /** Cancels the pending call, and stops the timer of the runtime. */
  stop(): void {
    this.clear();
    this.#fires = Infinity;
    clearTimeout(this.#timer);
  }

  #start(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#fires = this.#deadline;
    this.#timer = setTimeout(this.#fire, milliseconds) as Timer;
  }
}
