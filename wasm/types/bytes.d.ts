/**
 * The entry for runtimes that compile bytes: Node, Deno, Bun, browsers.
 *
 * From a file it reads `switchover.wasm` beside it, else it fetches it.
 */
export * from "./index.js";
