/**
 * Entry point of `switchover/core` for runtimes that forbid compiling at run time.
 *
 * These are workerd and edge functions: the compiled module is imported.
 */

import module from "./core.wasm?module";

import { initLater } from "./engine/raw.js";

initLater(module);

export * from "./core.js";
