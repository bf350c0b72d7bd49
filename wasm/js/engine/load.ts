// How runtimes get at the module that compile bytes.

/** The reader of files, where there are any, asked for as no bundler follows. */
interface Files {
  readFileSync(file: URL): BufferSource;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Files };
}

/** @internal The module at that place: read where it is a file, else fetched. */
export async function load(place: URL): Promise<WebAssembly.Module> {
  const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs");
  if (place.protocol === "file:" && files !== undefined) return WebAssembly.compile(files.readFileSync(place));
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place.href} cannot be had: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}
