/// <reference lib="esnext.disposable" preserve="true" />
// The number that stands for something in the module, and what becomes of it.

import { GoneError } from "./gone-error.js";
import { hasTrapped } from "./raw.js";

/** Something whose memory is the module's: the collector does not see it. */
export class DisposableHandle {
  readonly #free: (number: number) => void;
  readonly #what: string;
  #number: number | undefined;

  /** @internal */
  constructor(number: number, free: (number: number) => void, what: string) {
    this.#number = number;
    this.#free = free;
    this.#what = what;
  }

  /** @internal The number of something of this kind that is still there. */
  static numberOf(owned: DisposableHandle): number {
    return owned.live();
  }

  /**
   * Gives all of its memory back.
   *
   * It is no more: every other call throws a `GoneError`. A second call does nothing.
   */
  free(): void {
    const number = this.#number;
    this.#number = undefined;
    if (number !== undefined && !hasTrapped()) this.#free(number);
  }

  /** `free`, for `using`. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal The number, if it still stands for anything. */
  protected live(): number {
    if (this.#number === undefined) throw new GoneError("freed", { what: this.#what });
    return this.#number;
  }
}
