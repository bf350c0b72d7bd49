/**
 * `switchover/core` for runtimes that refuse code made from bytes at run time.
 *
 * workerd and edge functions: the module is imported.
 */
export * from "./core.js";
