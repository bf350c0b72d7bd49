// For runtimes with a file system: `local.mjs CASES` prints the digests, then the number of runs.

import { readFileSync } from "node:fs";
import process from "node:process";

import { digests } from "./digests.mjs";

const { text, runs } = digests(readFileSync(process.argv[2] ?? "", "utf8"));
process.stdout.write(`${text}runs ${runs}\n`);
