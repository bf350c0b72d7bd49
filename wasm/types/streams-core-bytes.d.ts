/**
 * `switchover/core/streams` for runtimes that compile bytes.
 *
 * `switchover/streams` with the smaller module.
 */
import "./core-bytes.js";
export * from "./streams.js";
