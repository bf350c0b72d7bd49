/**
 * `switchover/core` for runtimes that refuse code made from bytes at run time (workerd, edge functions): the module is imported.
 */
export * from "./core.js";
