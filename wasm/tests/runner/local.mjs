// For runtimes that have files: `local.mjs CASES` prints the digests, then how many times cases were played.

import { readFileSync } from "node:fs";
import process from "node:process";

import { digests } from "./digests.mjs";

const { text, runs } = digests(readFileSync(process.argv[2] ?? "", "utf8"));
process.stdout.write(`${text}runs ${runs}\n`);
