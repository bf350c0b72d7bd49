/**
 * The entry for runtimes that refuse code made from bytes at run time.
 *
 * workerd and edge functions: the module is imported.
 */
export * from "./index.js";
