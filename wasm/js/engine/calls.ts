// The exports of the WebAssembly module, each wrapped in a guard.

import * as glue from "../generated/glue.js";
import { alive, engine, has, trapped } from "./raw.js";

/** @internal The guarded exports: all but those that start the module or locate its buffers. */
type Raw = Omit<typeof glue, "initSync" | "default" | "exchange" | "stage">;

type Call = (...given: unknown[]) => unknown;

/**
 * Wraps an export so that it throws if the module is missing, or traps.
 *
 * It also throws if the module lacks the export. After a trap the wrapper calls no function to
 * record it, since an overflown stack has no room. The parameters are named: that is faster than a
 * rest array.
 */
function guarded(name: string, call: Call): Call {
  if (call.length > 6) throw new Error(`${name} takes more arguments than are passed on`);
  let isThere = false;
  return (a, b, c, d, e, f) => {
    if (isThere) alive();
    else {
      has(name);
      isThere = true;
    }
    try {
      return call(a, b, c, d, e, f);
    } catch (cause) {
      engine.trap = cause;
      engine.instance++;
      throw trapped();
    }
  };
}

/** @internal The exports of the module, guarded. */
export const raw = Object.fromEntries(
  Object.entries(glue).map(([name, call]) => [name, guarded(name, call as Call)]),
) as unknown as Raw;
