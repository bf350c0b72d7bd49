// Detection of clients that disconnect while their request is being handled.

import type { Wire } from "./wire.js";

/** @internal A lazy `AbortSignal` that aborts when the client of one request disconnects. */
export class DisconnectWatcher {
  readonly #wire: Wire;
  #isOver: boolean;
  #left: AbortController | undefined;

  constructor(wire: Wire, isOver: boolean) {
    this.#wire = wire;
    this.#isOver = isOver;
  }

  get signal(): AbortSignal {
    if (this.#left) return this.#left.signal;
    const left = (this.#left = new AbortController());
    if (this.#isOver) return left.signal;
    this.#wire.life.onGone = (reason) => left.abort(reason);
    if (this.#wire.life.failure) left.abort(this.#wire.life.failure.reason);
    else this.#wire.receiver.watch();
    return left.signal;
  }

  /** Watches for a disconnect again once the request was read, if `signal` is in use. */
  isRead(): void {
    if (this.#left && !this.#isOver) this.#wire.receiver.watch();
  }

  /** Stops watching for a disconnect: the response was sent, or a switch was made. */
  end(): void {
    this.#isOver = true;
    this.#wire.life.onGone = undefined;
    this.#wire.receiver.endWatch();
  }
}
