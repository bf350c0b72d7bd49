// A timer for one deadline after another.

import { LONGEST } from "./bounds.js";

/** The timer of a runtime: of some it is a number, which has no methods. */
type Timer = ReturnType<typeof setTimeout> & { ref?(): unknown; unref?(): unknown };

const NOTHING = (): void => {};

/**
 * @internal A timer that is set anew for each wait of a connection.
 *
 * It keeps the timer of the runtime for a later deadline: to start and clear one for each wait costs more.
 */
export class Alarm {
  #timer: Timer | undefined;
  /** The time at which the timer of the runtime fires. */
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
   * Calls `act` once that time has passed, in place of an earlier call.
   *
   * `now` is the time of `performance`.
   */
  set(now: number, milliseconds: number, act: () => void): void {
    this.#deadline = milliseconds <= LONGEST ? now + milliseconds : Infinity;
    this.#act = act;
    if (this.#deadline < this.#fires) this.#start(milliseconds);
    else if (this.#deadline < Infinity) this.#timer?.ref?.();
  }

  /** Forgets the call; the rest of the timer keeps no process alive. */
  clear(): void {
    this.#deadline = Infinity;
    this.#act = NOTHING;
    this.#timer?.unref?.();
  }

  /** Stops the timer of the runtime too. */
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
