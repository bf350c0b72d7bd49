// A client that leaves while its request is answered.

import type { Wire } from "./wire.js";

/** @internal Whether the client of one request is still there: as a signal, which costs nothing until it is asked for. */
export class DisconnectWatcher {
  readonly #wire: Wire;
  #isRead = false;
  #isOver = false;
  #left: AbortController | undefined;

  constructor(wire: Wire) {
    this.#wire = wire;
  }

  get signal(): AbortSignal {
    if (this.#left) return this.#left.signal;
    const left = (this.#left = new AbortController());
    if (this.#isOver) return left.signal;
    this.#wire.onGone = (reason) => left.abort(reason);
    if (this.#wire.failure) left.abort(this.#wire.failure.reason);
    else if (this.#isRead) this.#wire.watch();
    return left.signal;
  }

  /** The request was read to its end: what comes now is the next one, or the end. */
  isRead(): void {
    this.#isRead = true;
    if (this.#left && !this.#isOver) this.#wire.watch();
  }

  /** The request is answered, or the connection is something else. */
  end(): void {
    this.#isOver = true;
    this.#wire.onGone = undefined;
  }
}
