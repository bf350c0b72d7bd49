// Support for printing objects with private fields in logs and consoles.

/** @internal The method that Node, Deno and Bun call to print an object. */
export const inspect: unique symbol = Symbol.for("nodejs.util.inspect.custom");

/** @internal The text that replaces a secret value in logs. */
export const HIDDEN = "<hidden>";
