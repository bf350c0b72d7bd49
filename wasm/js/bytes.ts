/**
 * The entry for runtimes that compile bytes: Node, Deno, Bun, browsers.
 *
 * From a file it reads `switchover.wasm` beside it, else it fetches it.
 */

import { initSync } from "./index.js";
import { load } from "./engine/load.js";

initSync(await load(new URL("./switchover.wasm", import.meta.url)));

export * from "./index.js";
