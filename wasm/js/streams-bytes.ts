/**
 * Entry point of `switchover/streams` for runtimes that compile from bytes.
 *
 * These are Node, Deno, Bun and browsers.
 */

import "./bytes.js";

export * from "./streams.js";
