// The error for using an object that was freed, or a module that has trapped.

/**
 * The error for using an object that was freed, or whose module has trapped.
 *
 * Create a new object. After a trap of the WebAssembly module, as by a stack overflow, all its
 * objects are lost. New ones belong to a new instance of the module.
 */
export class GoneError extends Error {
  /** `freed` if the object was freed, `trapped` if its module has trapped. */
  readonly reason: "freed" | "trapped";

  /** @internal */
  constructor(reason: "freed" | "trapped", { what = "connection", cause }: { what?: string; cause?: unknown } = {}) {
    const text =
      reason === "freed" ? `the ${what} was freed` : "the engine's WebAssembly module trapped, and all objects of before are lost: create new ones";
    super(text, cause === undefined ? undefined : { cause });
    this.name = "GoneError";
    this.reason = reason;
  }
}
