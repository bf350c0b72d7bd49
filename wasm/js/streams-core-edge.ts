/**
 * Entry point of `switchover/core/streams` for workerd and edge functions.
 *
 * These forbid compiling at run time, so the compiled module is imported.
 */

import "./core-edge.js";

export * from "./streams.js";
