// Turns of the event loop for others, in loops that may never wait.

/** The milliseconds after which a loop yields to the event loop. */
const TURN = 10;
/**
 * The maximum number of steps of a loop before it yields to the event loop.
 *
 * Workers may stop the clock between I/O.
 */
const STEPS = 1024;

/** @internal Resolves in the event loop's next turn, after what has been received. */
export function nextTurn(): Promise<void> {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
  return new Promise((resolve) => void (setImmediate ? setImmediate(resolve) : setTimeout(resolve, 0)));
}

/**
 * @internal A timer by which a long loop yields to the event loop every few milliseconds.
 *
 * A loop whose reads and sends are complete at once stays among the microtasks, and would delay all other connections.
 */
export class Turns {
  #since = performance.now();
  #steps = 0;

  /**
   * Ends a step of the loop.
   *
   * Returns a promise to await if it is time to yield to the event loop.
   */
  step(): Promise<undefined> | undefined {
    return ++this.#steps % STEPS !== 0 && performance.now() - this.#since < TURN ? undefined : this.#yield();
  }

  async #yield(): Promise<undefined> {
    await nextTurn();
    this.#since = performance.now();
    return undefined;
  }
}
