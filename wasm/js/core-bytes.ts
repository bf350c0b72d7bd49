/**
 * Entry point of `switchover/core` for runtimes that compile from bytes.
 *
 * These are Deno, Bun and browsers. When imported from a file, it reads `core.wasm` from the same folder;
 * otherwise it fetches that file.
 */

import { load } from "./engine/load.js";
import { initLater } from "./engine/raw.js";

initLater(await load(new URL("./core.wasm", import.meta.url)));

export * from "./core.js";
