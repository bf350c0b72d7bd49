// Turns of the event loop for others, in loops that may never wait.

/** The milliseconds after which others get a turn. */
const TURN = 10;
/**
 * The maximum number of steps between two turns.
 *
 * Workers may stop the clock between I/O.
 */
const STEPS = 1024;

/**
 * @internal Lets others have a turn of the event loop, every few milliseconds.
 *
 * A loop whose reads and sends are complete at once stays among the microtasks, and would keep everyone else waiting.
 */
export class Turns {
  #since = performance.now();
  #steps = 0;

  /** Ends a step of the loop; waits for a turn of the others if one is due. */
  async step(): Promise<void> {
    if (++this.#steps % STEPS !== 0 && performance.now() - this.#since < TURN) return;
    const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void };
    await new Promise<void>((resolve) => void (setImmediate ? setImmediate(resolve) : setTimeout(resolve, 0)));
    this.#since = performance.now();
  }
}
