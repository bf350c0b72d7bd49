/** `switchover/streams` for runtimes that refuse code made from bytes at run time (workerd, edge functions). */
import "./edge.js";
export * from "./streams.js";
