/**
 * `switchover/core` for runtimes that compile bytes: Node, Deno, Bun, browsers.
 *
 * From a file it reads `core.wasm` beside it, else it fetches it.
 */

import { load } from "./engine/load.js";
import { initLater } from "./engine/raw.js";

initLater(await load(new URL("./core.wasm", import.meta.url)));

export * from "./core.js";
