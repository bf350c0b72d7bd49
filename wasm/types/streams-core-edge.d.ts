/** `switchover/core/streams` for runtimes that refuse code made from bytes at run time (workerd, edge functions). */
import "./core-edge.js";
export * from "./streams.js";
