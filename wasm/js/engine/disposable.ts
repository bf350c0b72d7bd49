/// <reference lib="esnext.disposable" preserve="true" />
// Handles: numbers that identify objects in the WebAssembly module.

import { GoneError } from "./gone-error.js";
import { engine, trapped } from "./raw.js";

/** The registry of functions to call once an object was garbage-collected, if any. */
const collected = typeof FinalizationRegistry === "function" ? new FinalizationRegistry<() => void>((act) => act()) : undefined;

/**
 * @internal Calls `act` once the object was garbage-collected.
 *
 * `act` must not refer to the object. It is never called in a runtime without FinalizationRegistry.
 */
export function whenCollected(object: object, act: () => void): void {
  collected?.register(object, act);
}

/** An object in the WebAssembly module, whose memory is not garbage-collected. */
export class DisposableHandle {
  readonly #free: (number: number) => void;
  readonly #what: string;
  /** The number of the module's instance in which the object was created. */
  readonly #instance = engine.instance;
  #number: number | undefined;
  #isCollected = false;

  /** @internal */
  constructor(number: number, free: (number: number) => void, what: string) {
    this.#number = number;
    this.#free = free;
    this.#what = what;
  }

  /** @internal Returns the handle of an object; throws if it was freed or its module trapped. */
  static numberOf(owned: DisposableHandle): number {
    return owned.live();
  }

  /**
   * Frees the object's memory.
   *
   * All calls but `free` and a connection's `toJSON` then throw a `GoneError`. A second `free` does
   * nothing.
   */
  free(): void {
    const number = this.#number;
    this.#number = undefined;
    if (this.#isCollected) collected?.unregister(this);
    if (number !== undefined && this.#instance === engine.instance) this.#free(number);
  }

  /** @internal Arranges that the module's object is freed when this one is collected. */
  freeWhenCollected(): void {
    const [number, free, instance] = [this.#number, this.#free, this.#instance];
    if (number === undefined || this.#isCollected) return;
    this.#isCollected = true;
    collected?.register(this, () => void (instance === engine.instance && free(number)), this);
  }

  /** @internal Returns whether the module has trapped since this object was created. */
  get hasTrapped(): boolean {
    return this.#instance !== engine.instance;
  }

  /** Calls `free`, for `using`. */
  [Symbol.dispose](): void {
    this.free();
  }

  /** @internal Returns the handle; throws if the object was freed or its module has trapped. */
  protected live(): number {
    if (this.#instance !== engine.instance) throw trapped();
    if (this.#number === undefined) throw new GoneError("freed", { what: this.#what });
    return this.#number;
  }
}
