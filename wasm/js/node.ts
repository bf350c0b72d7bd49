/**
 * Entry point of `switchover` for Node, both for `import` and for `require`.
 *
 * It reads and compiles `switchover.wasm` from the folder of the script, synchronously.
 */

import { initSync } from "./index.js";
import { loadNow } from "./engine/load.js";

initSync(loadNow("switchover.wasm", () => new URL("./switchover.wasm", import.meta.url)));

export * from "./index.js";
