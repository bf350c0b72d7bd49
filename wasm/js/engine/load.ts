// Loading of the WebAssembly module in runtimes that compile bytes.

/** The used part of `node:fs`, loaded so that bundlers do not include it. */
interface Files {
  readFileSync(file: URL): BufferSource;
}

/** The part of `node:url` that is used here. */
interface Urls {
  pathToFileURL(file: string): URL;
}

interface Host {
  readonly process?: { getBuiltinModule?(name: string): Files & Urls };
}

/** The advice at the end of the errors of `loadNow` about what cannot be found. */
const MANUAL = "import switchover/manual and call its initSync";

/** The path of the running script, which only CommonJS defines. */
declare const __filename: string | undefined;

/** @internal Loads and compiles the module at a URL: read from the disk for `file:`, otherwise fetched. */
export async function load(place: URL): Promise<WebAssembly.Module> {
  const files = (globalThis as Host).process?.getBuiltinModule?.("node:fs");
  if (place.protocol === "file:" && files !== undefined) return WebAssembly.compile(files.readFileSync(place));
  const answer = await fetch(place);
  if (!answer.ok) throw new Error(`${place.href} cannot be had: ${answer.status}`);
  return WebAssembly.compile(await answer.arrayBuffer());
}

/**
 * @internal Reads and compiles a module from the folder of the script, without waiting.
 *
 * `place` throws in a bundle of CommonJS, which has no URL; its path is used instead.
 */
export function loadNow(name: string, place: () => URL): WebAssembly.Module {
  const builtin = (module: string): Files & Urls => {
    const found = (globalThis as Host).process?.getBuiltinModule?.(module);
    if (found === undefined) throw new Error(`${module} cannot be had: ${MANUAL}`);
    return found;
  };
  let url: URL;
  try {
    url = place();
  } catch {
    if (typeof __filename !== "string") throw new Error(`the folder of ${name} is unknown: ${MANUAL}`);
    url = new URL(name, builtin("node:url").pathToFileURL(__filename));
  }
  let bytes: BufferSource;
  try {
    bytes = builtin("node:fs").readFileSync(url);
  } catch (cause) {
    throw new Error(`${url.href} cannot be read: copy it there from node_modules/switchover/dist, or ${MANUAL}`, { cause });
  }
  return new WebAssembly.Module(bytes);
}
