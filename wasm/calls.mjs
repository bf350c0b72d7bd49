// Writes `js/generated/calls.ts` from the declarations of both modules' glue: `calls.mjs GLUE.d.ts CORE.d.ts`.

import { readFileSync } from "node:fs";
import process from "node:process";

// What starts the module is not called through the guard.
const APART = ["initSync", "default", "exchange", "stage"];

const [declared = [], core = []] = process.argv
  .slice(2)
  .map((file) => [...readFileSync(file, "utf8").matchAll(/^export function (\w+)\((.*)\): .*;$/gm)]);
const everywhere = new Set(core.map(([, name]) => name));
const names = (/** @type {string} */ list) => list.split(", ").map((entry) => entry.split(":")[0]).join(", ");
const calls = declared
  .filter(([, name]) => !APART.includes(name ?? ""))
  .map(([, name = "", list = ""]) => {
    const given = names(list);
    return `  ${name}(${given}) {
    ${everywhere.has(name) ? "alive()" : `has("${name}")`};
    try {
      return glue.${name}(${given});
    } catch (cause) {
      throw stopped(cause);
    }
  },
`;
  });

process.stdout.write(`// Made from the glue's declarations by \`wasm/build\`; do not edit.
//
// Each function of the module, guarded. They are written out one by one, because compilers see through that.

import * as glue from "./glue.js";
import { alive, has, stopped } from "../engine/raw.js";

/** @internal */
type Raw = Omit<typeof glue, ${APART.map((name) => `"${name}"`).join(" | ")}>;

/** @internal The functions of the module, guarded. */
export const raw: Raw = {
${calls.join("")}};
`);
