// `programs.mjs FOLDER` writes each case of the menu as a program in each language, with its expected output.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import { GROUPS } from "../../playground/generated/cases.js";
import { LANGUAGES } from "../../playground/code.js";
import { play } from "../../playground/engine.js";
import { ofVector } from "../../playground/scenario.js";

const folder = process.argv[2] ?? ".";
const ENDINGS = { rust: "rs", c: "c", python: "py", javascript: "mjs" };

/**
 * Returns a program's expected output: events, errors, the number of bytes sent.
 *
 * Adjacent pieces of content count as one. Pauses, and needs for more bytes, are left out.
 * @param {import("../../playground/engine.js").Entry[]} log
 */
function expected(log) {
  const lines = log.flatMap(({ kind, name, error }) => {
    if (kind === "event") return [name];
    if (kind === "error" && error !== null) return [`error ${error.code} ${error.kind}`];
    return kind === "decision" && error !== null && error.code > 0 ? [`refused ${error.kind}`] : [];
  });
  return [...lines, `sent ${log.reduce((sum, { out }) => sum + out.length, 0)} bytes`].map((line) => `${line}\n`).join("");
}

for (const language of Object.keys(ENDINGS)) mkdirSync(join(folder, language), { recursive: true });
for (const { name, info, lines } of GROUPS.flatMap(({ cases }) => cases)) {
  const scenario = ofVector({ info, lines });
  const { log, steps } = play(scenario);
  const file = name.replace(/[^a-z0-9]/g, "_");
  for (const [language, ending] of Object.entries(ENDINGS)) {
    const text = LANGUAGES[language].program({ role: scenario.role, words: scenario.words, steps });
    writeFileSync(join(folder, language, `${file}.${ending}`), text);
  }
  writeFileSync(join(folder, `${file}.expected`), expected(log));
}
