/**
 * `switchover/streams` for runtimes that refuse code made from bytes.
 *
 * workerd and edge functions.
 */

import "./edge.js";

export * from "./streams.js";
