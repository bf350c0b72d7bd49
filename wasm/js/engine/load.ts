// Loading of the WebAssembly module in runtimes that compile bytes.

/** The used part of `node:fs`, if any, loaded so that bundlers do not include it. */
interface Files {
  readFileSync(file: URL): BufferSource;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Files };
}

/** @internal Loads and compiles the module at a URL: read from the disk for `file:`, otherwise fetched. */
export async function load(place: URL): Promise<WebAssembly.Module> {
  const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs");
  if (place.protocol === "file:" && files !== undefined) return WebAssembly.compile(files.readFileSync(place));
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place.href} cannot be had: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}
