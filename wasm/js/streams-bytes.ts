/** `switchover/streams` for runtimes that compile bytes: Node, Deno, Bun, browsers. */

import "./bytes.js";

export * from "./streams.js";
