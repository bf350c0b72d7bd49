#!/usr/bin/env node
// Runs the program `switchboard` from the package of this platform.

import { spawn } from "node:child_process";
import { createRequire } from "node:module";

const platform = `${process.platform}-${process.arch}`;
const ending = process.platform === "win32" ? ".exe" : "";
let program = "";
try {
  program = createRequire(import.meta.url).resolve(`switchover-switchboard-${platform}/switchboard${ending}`);
} catch {
  console.error(`switchboard: there is no program for ${platform}, or npm has left out optional dependencies`);
  process.exit(1);
}
const child = spawn(program, process.argv.slice(2), { stdio: "inherit" });
child.on("error", (error) => {
  console.error(`switchboard: ${error.message}`);
  process.exit(1);
});
// In a terminal ^C reaches both; this waits for the program, which reports what it has found.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code) => process.exit(code ?? 1));
