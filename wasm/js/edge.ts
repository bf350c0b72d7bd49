/**
 * The entry for runtimes that refuse code made from bytes at run time.
 *
 * workerd and edge functions: the module is imported.
 */

import module from "./switchover.wasm?module";

import { initSync } from "./index.js";

initSync(module);

export * from "./index.js";
