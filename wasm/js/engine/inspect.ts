// What logs and consoles show of an object whose own fields are private.

/** @internal The method that Node, Deno and Bun ask for what to show. */
export const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** @internal What stands in the place of a value that no log should hold. */
export const HIDDEN = "<hidden>";
