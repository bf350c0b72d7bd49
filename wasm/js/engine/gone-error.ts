// The error for using an object that was freed, or a module that has trapped.

/**
 * The error for using an object that was freed, or whose module has trapped.
 *
 * If the object was freed, create a new one. If its WebAssembly module trapped, load that module again, in another
 * worker or another process.
 */
export class GoneError extends Error {
  /** `freed` if the object was freed, `trapped` if its module has trapped. */
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
