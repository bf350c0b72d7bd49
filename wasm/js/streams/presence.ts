// The presence of the peer, which must be known while nothing is sent and nothing else would detect a disconnect.

import { LONGEST } from "./bounds.js";
import { DisconnectedError, HalfClosedError } from "./errors.js";
import type { Lifetime } from "./lifetime.js";

/** @internal */
export class Presence {
  readonly #life: Lifetime;
  readonly #write: number;
  /** True while a disconnect is reported to `onGone`. */
  #isWatched = false;
  /** The error of a peer that has disconnected or closed its sending side. */
  #departure: DisconnectedError | undefined;
  /** A callback for `#departure`, while `during` waits for the user's code. */
  #departs: ((error: DisconnectedError) => void) | undefined;
  /**
   * Starts the timer that limits how long unread bytes may hide a disconnect.
   *
   * Undefined unless `during` waits with such a limit.
   */
  #hides: (() => void) | undefined;
  #hidden: ReturnType<typeof setTimeout> | undefined;

  /** Takes the timeout in milliseconds for a peer that has closed its sending side. */
  constructor(life: Lifetime, write: number) {
    this.#life = life;
    this.#write = write;
  }

  /** True while bytes are read ahead, to notice a disconnect. */
  get isAhead(): boolean {
    return this.#departs !== undefined || this.#isWatched;
  }

  /** True once the peer has disconnected or closed its sending side. */
  get hasEnded(): boolean {
    return this.#departure !== undefined;
  }

  /** Reports a disconnect to `onGone` until `endWatch`. */
  watch(): void {
    this.#isWatched = true;
    if (this.#departure) this.#life.note(this.#departure);
  }

  endWatch(): void {
    this.#isWatched = false;
  }

  /**
   * Waits for a promise of the user's code, as long as the peer is connected.
   *
   * Rejects once the socket has failed. If the peer has closed its sending side, rejects after the timeout of a write.
   * Rejects, too, once unread bytes may have hidden a disconnect for `unread` milliseconds.
   */
  during<T>(step: Promise<T>, unread: number): Promise<T> {
    return new Promise((resolve, reject) => {
      let timer: ReturnType<typeof setTimeout> | undefined;
      const fail = (error: DisconnectedError): void => reject(this.#life.note(error));
      const hidden = (): void => fail(new DisconnectedError("the peer may have gone, behind bytes that are not read"));
      if (unread < Infinity) this.#hides = () => (this.#hidden ??= setTimeout(hidden, Math.min(unread, LONGEST)));
      this.#departs = (error) => {
        if (!(error instanceof HalfClosedError)) return fail(error);
        timer = setTimeout(fail, Math.min(this.#write, LONGEST), error);
      };
      if (this.#departure) this.#departs(this.#departure);
      this.#life.until(step)
        .then(resolve, reject)
        .finally(() => {
          clearTimeout(timer);
          this.show();
          this.#departs = this.#hides = undefined;
        });
    });
  }

  /** Records that the peer has disconnected or closed its sending side. */
  end(error: DisconnectedError): void {
    this.#departure = error;
    if (this.#isWatched) this.#life.note(error);
    this.#departs?.(error);
  }

  /** Records that unread bytes may hide a disconnect from now on. */
  hide(): void {
    this.#hides?.();
  }

  /** Records that no unread bytes hide a disconnect. */
  show(): void {
    if (this.#hidden === undefined) return;
    clearTimeout(this.#hidden);
    this.#hidden = undefined;
  }
}
