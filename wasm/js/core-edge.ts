/**
 * `switchover/core` for runtimes that refuse code made from bytes at run time.
 *
 * workerd and edge functions: the module is imported.
 */

import module from "./core.wasm?module";

import { initLater } from "./engine/raw.js";

initLater(module);

export * from "./core.js";
