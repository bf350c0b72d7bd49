/**
 * Entry point of `switchover/core` for Node, also for its `require`.
 *
 * It reads and compiles `core.wasm` from the folder of the script, without waiting.
 */

import { loadNow } from "./engine/load.js";
import { initLater } from "./engine/raw.js";

initLater(loadNow("core.wasm", () => new URL("./core.wasm", import.meta.url)));

export * from "./core.js";
