// `size.mjs FACE [MODULE NAMED BOUND]...` prints the size of each module, raw and gzipped, and the size of its parts.
// It fails if a gzipped module has more than BOUND bytes. Function names are read from NAMED, the module as the
// compiler made it; the finished module has none. It also fails if a size in the README, in kB, is off by more than 1
// kB; `BLESS=1` rewrites those.

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import process from "node:process";
import { gzipSync } from "node:zlib";

const [face = "", ...modules] = process.argv.slice(2);
const SECTIONS = "custom type import function table memory global export start element code data data-count tag".split(" ");

class Bytes {
  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }

  get isOver() {
    return this.at >= this.bytes.length;
  }

  /** Reads an unsigned LEB128 number. */
  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.bytes[this.at++] ?? 0;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  }

  take(length = this.number()) {
    this.at += length;
    return new Bytes(this.bytes.subarray(this.at - length, this.at));
  }

  text() {
    return new TextDecoder().decode(this.take().bytes);
  }
}

/** @param {string} file */
function sections(file) {
  const bytes = new Bytes(readFileSync(file));
  bytes.at = 8;
  /** @type {{ name: string, content: Bytes }[]} */
  const all = [];
  while (!bytes.isOver) {
    const name = SECTIONS[bytes.number()] ?? "unknown";
    all.push({ name, content: bytes.take() });
  }
  return all;
}

/**
 * Returns the number of bytes of code of each crate, and of each module of ours.
 * @param {string} file
 */
function groups(file) {
  const all = sections(file);
  const names = functionNames(all.filter(({ name }) => name === "custom").map(({ content }) => content));
  const code = all.find(({ name }) => name === "code")?.content ?? new Bytes(new Uint8Array(0));
  const imports = importedFunctions(all.find(({ name }) => name === "import")?.content);
  /** @type {Map<string, number>} */
  const sizes = new Map();
  const count = code.number();
  for (let index = imports; index < imports + count; index++) {
    const group = groupOf(names.get(index) ?? "?");
    sizes.set(group, (sizes.get(group) ?? 0) + code.take().bytes.length);
  }
  return [...sizes].sort(([, one], [, other]) => other - one);
}

/** @param {Bytes} [imports] All imports of this module are functions. */
function importedFunctions(imports) {
  return imports?.number() ?? 0;
}

/** @param {Bytes[]} customs */
function functionNames(customs) {
  /** @type {Map<number, string>} */
  const names = new Map();
  const section = customs.find((custom) => custom.text() === "name");
  while (section && !section.isOver) {
    const kind = section.number();
    const part = section.take();
    if (kind !== 1) continue;
    for (let left = part.number(); left > 0; left--) names.set(part.number(), part.text());
  }
  return names;
}

/**
 * The crates to look for in a function's name, in this order.
 *
 * A generic function of `alloc` or `core` so counts for the crate that uses it.
 */
const CRATES = "dlmalloc memchr sha1 base64 bytes wasm_bindgen compiler_builtins std alloc core".split(" ");

/** Returns the crate of a mangled name; for our own crates also the module. @param {string} name */
function groupOf(name) {
  // Functions that describe the exports to wasm-bindgen are not in the finished module.
  if (name.includes("__wbindgen_describe")) return "";
  // Both mangling schemes write each part of a path after its length; the older one writes `::` as `..` inside a part.
  const parts = [...name.matchAll(/\d+(?=[A-Za-z_])/g)].map((match) => {
    const start = match.index + match[0].length;
    return name.slice(start, start + Number(match[0])).replaceAll("..", "::");
  });
  const path = parts.join("::");
  if (/^[a-z_]+_[0-9a-f]{16}$/.test(name)) return "switchover_wasm::(exports)";
  const own = /\b(switchover(?:_wasm)?)::(\w+)/.exec(path);
  if (own) return `${own[1]}::${own[2]}`;
  return CRATES.find((crate) => new RegExp(`\\b${crate}\\b`).test(path)) ?? "other";
}

const gzipped = (/** @type {Uint8Array} */ bytes) => gzipSync(bytes, { level: 9 }).length;

/** @param {string} finished @param {string} named @param {number} bound */
function report(finished, named, bound) {
  const module = readFileSync(finished);
  const size = gzipped(module);
  console.log(`# ${basename(finished)}: ${module.length} bytes, ${size} gzipped of ${bound} at most`);
  const parts = sections(finished).map(({ name, content }) => `${name} ${content.bytes.length}`);
  console.log(`#   sections: ${parts.join(", ")}`);
  for (const [group, size] of groups(named).filter(([group, size]) => group !== "" && size >= 1000)) {
    console.log(`#   ${String(size).padStart(7)} ${group}`);
  }
  if (size > bound) {
    console.error(`${basename(finished)} is ${size - bound} bytes larger than it may be`);
    process.exitCode = 1;
  }
}

for (let at = 0; at < modules.length; at += 3) report(modules[at] ?? "", modules[at + 1] ?? "", Number(modules[at + 2]));

/** Returns an entry point and all scripts that it imports. @param {string} entry @param {Set<string>} [found] @returns {Set<string>} */
function scriptsOf(entry, found = new Set()) {
  if (found.has(entry)) return found;
  found.add(entry);
  const text = readFileSync(join(face, entry), "utf8");
  for (const [, next = ""] of text.matchAll(/^(?:import|export)\b[^;]*?"(\.[\w./-]+\.js)"/gm)) scriptsOf(join(dirname(entry), next), found);
  return found;
}

const kilobytes = (/** @type {number} */ bytes) => `${Math.round(bytes / 1000)} kB`;

/** @param {string} name @param {Uint8Array[]} files */
function row(name, ...files) {
  const all = Buffer.concat(files);
  return `| ${name} | ${kilobytes(all.length)} | ${kilobytes(gzipped(all))} |`;
}

/**
 * Returns the README's table of download sizes, as lines.
 *
 * Scripts are counted with their comments, which a bundler removes.
 */
function table() {
  const read = (/** @type {Iterable<string>} */ names) => [...names].map((name) => readFileSync(join(face, name)));
  const [base, core] = [scriptsOf("bytes.js"), scriptsOf("core-bytes.js")];
  const streams = [...scriptsOf("streams-bytes.js")].filter((name) => !base.has(name));
  return [
    "| part | raw | gzipped |",
    "|---|---|---|",
    row("the module of `switchover`", ...read(["switchover.wasm"])),
    row("its scripts", ...read(base)),
    row("the module of `switchover/core`", ...read(["core.wasm"])),
    row("its scripts", ...read(core)),
    row("more scripts with `switchover/streams` or `switchover/core/streams`", ...read(streams)),
  ];
}

/** Returns the README with the current sizes. @param {string} text */
function withSizes(text) {
  const made = table();
  const [whole = 0, small = 0] = ["switchover.wasm", "core.wasm"].map((name) => Math.round(gzipped(readFileSync(join(face, name))) / 1000));
  return text
    .replace(/(<!-- the sizes of .*-->\n)[^]*?(<!-- their end -->)/, (_, begin, end) => `${begin}\n${made.join("\n")}\n\n${end}`)
    .replace(/(one module, )\d+( kB gzipped, or \[a smaller one\]\(.*\) of )\d+/, (_, one, other) => `${one}${whole}${other}${small}`);
}

/**
 * Returns whether two texts are equal except for differences of 1 kB.
 *
 * A few bytes may change the last digit.
 * @param {string} one @param {string} other
 */
function agree(one, other) {
  const sizes = /\b\d+(?= kB)|(?<=\) of )\d+/g;
  const [ones, others] = [one, other].map((text) => (text.match(sizes) ?? []).map(Number));
  const isNear = ones?.every((size, at) => Math.abs(size - (others?.[at] ?? NaN)) <= 1);
  return isNear && one.replace(sizes, "") === other.replace(sizes, "");
}

const readme = join(import.meta.dirname, "../README.md");
const before = readFileSync(readme, "utf8");
const after = withSizes(before);
if (!before.includes("<!-- the sizes of ")) throw new Error("the README has no place for the sizes");
for (const line of table()) console.log(`# ${line}`);
if (process.env["BLESS"]) writeFileSync(readme, after);
else if (!agree(before, after)) {
  console.error("the README says other sizes; BLESS=1 rewrites them");
  process.exitCode = 1;
}

const scripts = readdirSync(face, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".js"));
const text = Buffer.concat(scripts.map((file) => readFileSync(join(face, file))));
console.log(`# scripts: ${text.length} bytes in ${scripts.length} files, ${gzipped(text)} gzipped together`);
