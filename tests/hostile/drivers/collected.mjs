// Runs an example that is a server, and collects garbage as it goes, so that its memory can be judged: `collected.mjs PORT EXAMPLE`.
import { pathToFileURL } from "node:url";

const [, example = ""] = globalThis.Deno?.args ?? globalThis.process.argv.slice(2);
setInterval(() => globalThis.gc?.(), 100);
await import(pathToFileURL(example).href);
