/**
 * The entry for runtimes that compile bytes: Node, Deno, Bun, browsers. From a file it reads `switchover.wasm` beside it, else
 * it fetches it.
 */

import { initSync } from "./index.js";

/** What files are read with, where there are any: asked for in a way that no bundler follows. */
interface Files {
  readFileSync(file: URL): BufferSource;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Files };
}

async function load(): Promise<WebAssembly.Module> {
  const place = new URL("./switchover.wasm", import.meta.url);
  const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs");
  if (place.protocol === "file:" && files !== undefined) return WebAssembly.compile(files.readFileSync(place));
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place.href} cannot be had: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}

initSync(await load());

export * from "./index.js";
