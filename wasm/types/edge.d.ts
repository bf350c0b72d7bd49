/**
 * The entry for hosts that refuse code made from octets at run time (workerd, edge functions): the module is imported.
 */
export * from "./index.js";
