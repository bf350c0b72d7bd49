/**
 * `switchover/core/streams` for runtimes that refuse code made from bytes.
 *
 * workerd and edge functions.
 */

import "./core-edge.js";

export * from "./streams.js";
