// Prints what the package promises: the names of each entry, and the declarations that can be reached from them.
//
//   node api.mjs DECLARATIONS     the folder that tsc has written them to
//
// `build` compares it with api.txt. Comments are left out, and so are the tables of js/generated, which can be read there.

import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

const folder = resolve(process.argv[2] ?? "dist");
const { exports } = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8"));

const COMMENT = /("(?:[^"\\\n]|\\.)*")|[ ]*\/\*[^]*?\*\/\n?|\/\/[^\n]*/g;
// tsc begins each statement, and nothing else, in the first column.
const STATEMENT = /^(?=[a-z])/m;
const DECLARED = /^(?:export )?(?:declare )?(?:abstract )?(?:class|interface|type|const|function) (\w+)/;
const NAMED = /^(?:import|export) (?:type )?\{([^}]*)\} from "([^"]+)"/;
const ALL = /^export \* from "([^"]+)"/;

/**
 * A `.d.ts` file: its own declarations, and the names that it imports and exports.
 *
 * `own` has its declarations by name, `from` the origin of each name from another file, and `given` the exported names.
 * @typedef {{ own: Map<string, string[]>, from: Map<string, { file: string, name: string }>, given: Set<string> }} Module
 */

/** @type {Map<string, Module>} */
const modules = new Map();

/** @param {string} file @returns {Module} */
function moduleOf(file) {
  const known = modules.get(file);
  if (known) return known;
  /** @type {Module} */
  const made = { own: new Map(), from: new Map(), given: new Set() };
  modules.set(file, made);
  const text = readFileSync(file, "utf8").replace(COMMENT, (_, string) => string ?? "");
  for (const statement of text.split(STATEMENT).map((part) => part.replace(/^\s*\n/gm, "").trim())) {
    const isGiven = statement.startsWith("export");
    const all = ALL.exec(statement);
    const named = NAMED.exec(statement);
    const declared = DECLARED.exec(statement);
    if (all) {
      const other = join(dirname(file), /** @type {string} */ (all[1]).replace(/js$/, "d.ts"));
      for (const name of moduleOf(other).given) take(name, name, other);
    } else if (named) {
      const other = join(dirname(file), /** @type {string} */ (named[2]).replace(/js$/, "d.ts"));
      for (const item of /** @type {string} */ (named[1]).split(",").map((item) => item.trim().replace(/^type /, ""))) {
        const [name = "", alias = name] = item.split(" as ");
        if (name) isGiven ? take(alias, name, other) : made.from.set(alias, { file: other, name });
      }
    } else if (declared) {
      const name = /** @type {string} */ (declared[1]);
      made.own.set(name, [...(made.own.get(name) ?? []), statement]);
      if (isGiven) made.given.add(name);
    }
  }
  return made;

  /** @param {string} alias @param {string} name @param {string} other */
  function take(alias, name, other) {
    made.from.set(alias, { file: other, name });
    made.given.add(alias);
  }
}

/**
 * The declarations that the package's entry points lead to, by name and file.
 *
 * Those in `generated` are left out.
 * @type {Map<string, string>}
 */
const reached = new Map();

/** @param {string} file @param {string} name */
function reach(file, name) {
  const { own, from } = moduleOf(file);
  const other = from.get(name);
  if (other) return reach(other.file, other.name);
  const texts = own.get(name);
  if (!texts || file.includes("/generated/") || reached.has(`${name} ${file}`)) return;
  reached.set(`${name} ${file}`, texts.join("\n"));
  for (const word of texts.join("\n").match(/\w+/g) ?? []) reach(file, word);
}

console.log("// What the package promises, printed by `api.mjs`. A change here is a change of the API: say so in CHANGELOG.md.");
for (const [name, { types }] of Object.entries(exports)) {
  if (!types || types.endsWith(".wasm.d.ts")) continue;
  const file = join(folder, types.replace("./dist/", ""));
  const given = [...moduleOf(file).given].sort();
  if (given.length === 0) throw new Error(`${types} gives nothing`);
  for (const one of given) reach(file, one);
  console.log(`\n// switchover${name.slice(1)}:\n//   ${given.join(", ").replace(/(.{90,120}?,) /g, "$1\n//   ")}`);
}
for (const [, text] of [...reached].sort(([one], [other]) => (one < other ? -1 : 1))) console.log(`\n${text}`);
