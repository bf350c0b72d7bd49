/**
 * Entry point of `switchover/core/streams` for runtimes that compile from bytes.
 *
 * It is `switchover/streams` with the smaller module.
 */

import "./core-bytes.js";

export * from "./streams.js";
