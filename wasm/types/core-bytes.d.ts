/**
 * `switchover/core` for runtimes that compile bytes: Node, Deno, Bun, browsers.
 *
 * From a file it reads `core.wasm` beside it, else it fetches it.
 */
export * from "./core.js";
