// Writes `js/calls.ts` from the glue's declarations: `calls.mjs GLUE.d.ts`.

import { readFileSync } from "node:fs";
import process from "node:process";

// What starts the module is not called through the guard.
const APART = ["initSync", "default", "exchange", "stage"];

const declared = readFileSync(process.argv[2] ?? "", "utf8").matchAll(/^export function (\w+)\((.*)\): .*;$/gm);
const names = (/** @type {string} */ list) => list.split(", ").map((entry) => entry.split(":")[0]).join(", ");
const calls = [...declared]
  .filter(([, name]) => !APART.includes(name ?? ""))
  .map(([, name = "", list = ""]) => {
    const given = names(list);
    return `  ${name}(${given}) {
    alive();
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
import { alive, stopped } from "./raw.js";

/** @internal */
type Raw = Omit<typeof glue, ${APART.map((name) => `"${name}"`).join(" | ")}>;

/** @internal The functions of the module, guarded. */
export const raw: Raw = {
${calls.join("")}};
`);
