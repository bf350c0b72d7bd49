/** Entry point of `switchover/streams` for Node. */

import "./node.js";

export * from "./streams.js";
