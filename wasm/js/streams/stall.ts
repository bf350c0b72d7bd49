// The wait of a reader that lasts too long for the caller.

import { LONGEST } from "./bounds.js";

/** @internal A timer that runs while a reader waits. */
export class Stall {
  /** The callback, and the time after which it is called. */
  #stall: { readonly milliseconds: number; readonly act: () => void } | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * Calls `act` once a reader has waited for `milliseconds`.
   *
   * No timer runs while no reader waits. Returns a function that cancels this.
   */
  on(milliseconds: number, act: () => void): () => void {
    this.#stall = { milliseconds, act };
    return () => {
      this.#stall = undefined;
      this.end();
    };
  }

  /** Records that a reader waits. */
  begin(): void {
    if (this.#stall && this.#stall.milliseconds <= LONGEST) this.#timer = setTimeout(this.#stall.act, this.#stall.milliseconds);
  }

  /** Records that no reader waits. */
  end(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
