/**
 * Entry point of `switchover` for runtimes that forbid compiling at run time.
 *
 * These are workerd and edge functions: the compiled module is imported.
 */

import module from "./switchover.wasm?module";

import { initSync } from "./index.js";

initSync(module);

export * from "./index.js";
