// What is no more.

/**
 * The error of an object that was freed, or whose module has stopped.
 *
 * It was freed, or the module that it lived in has stopped. Make a new one in the first case; in the second load the
 * module anew (another worker, another process).
 */
export class GoneError extends Error {
  /** The cause: the object was freed, or the module has stopped. */
  readonly reason: "freed" | "trapped";

  /** @internal */
  constructor(reason: "freed" | "trapped", { what = "connection", cause }: { what?: string; cause?: unknown } = {}) {
    const text =
      reason === "freed" ? `the ${what} was freed` : "the engine has stopped for good: its WebAssembly module trapped";
    super(text, cause === undefined ? undefined : { cause });
    this.name = "GoneError";
    this.reason = reason;
  }
}
