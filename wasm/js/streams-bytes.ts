/**
 * Entry point of `switchover/streams` for runtimes that compile from bytes.
 *
 * These are Deno, Bun and browsers.
 */

import "./bytes.js";

export * from "./streams.js";
