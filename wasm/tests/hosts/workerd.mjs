// `workerd.mjs WORKERD PACKAGE RUNNER CASES` starts a worker with the package and the runner, sends it one request, and
// prints the response.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { scripts, withWorker } from "./edge.mjs";

const [workerd = "", packed = "", runner = "", cases = ""] = process.argv.slice(2);
const modules = { "worker.mjs": join(runner, "worker.mjs"), ...scripts(runner, "worker.mjs", "local.mjs") };
await withWorker(workerd, packed, modules, {}, async (url) => {
  const answer = await fetch(url, { method: "POST", body: readFileSync(cases) });
  process.stdout.write(await answer.text());
  if (!answer.ok) process.exitCode = 1;
});
