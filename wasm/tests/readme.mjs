// Checks that the README's quick start equals the files of `examples`; `BLESS=1` copies them into it.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

const home = join(import.meta.dirname, "..");
const file = join(home, "README.md");
const before = readFileSync(file, "utf8");
const after = before.replace(/```js (\S+)\n[^]*?```/g, (_, name) => {
  return `\`\`\`js ${name}\n${readFileSync(join(home, "examples", name), "utf8")}\`\`\``;
});
if (process.env["BLESS"]) writeFileSync(file, after);
else if (before !== after) {
  console.error("the README shows other files than those in examples; BLESS=1 rewrites it");
  process.exitCode = 1;
}
