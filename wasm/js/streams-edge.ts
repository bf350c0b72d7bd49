/**
 * Entry point of `switchover/streams` for workerd and edge functions.
 *
 * These forbid compiling at run time, so the compiled module is imported.
 */

import "./edge.js";

export * from "./streams.js";
