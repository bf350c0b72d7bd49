/**
 * Entry point of `switchover` for runtimes that compile WebAssembly from bytes.
 *
 * These are Deno, Bun, browsers, and others that are not named. When imported from a file, it reads `switchover.wasm` from the same folder;
 * otherwise it fetches that file.
 */

import { initSync } from "./index.js";
import { load } from "./engine/load.js";

initSync(await load(new URL("./switchover.wasm", import.meta.url)));

export * from "./index.js";
