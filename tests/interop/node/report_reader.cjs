// Reads a report in JSON and prints a line of JSON: the verdict of each check, and the received bytes.
"use strict";
const report = JSON.parse(require("node:fs").readFileSync(process.argv[2], "utf8"));
const verdicts = Object.fromEntries(report.findings.map(({ id, verdict }) => [id, verdict]));
const failed = report.findings.find(({ verdict }) => verdict === "fail");
const counts = [report.passed, report.warned, report.failed, report.not_applicable];
console.log(JSON.stringify({ verdicts, counts, came: Buffer.from(failed.came, "latin1").toString("hex"), again: failed.again }));
