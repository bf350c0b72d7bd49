// Loading of the WebAssembly module in runtimes that compile bytes.

/** `node:fs`, if the runtime has it, loaded in a way that bundlers do not follow. */
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
