/**
 * Entry point of `switchover/core/streams` for Node.
 *
 * It is `switchover/streams` with the smaller module.
 */

import "./core-node.js";

export * from "./streams.js";
