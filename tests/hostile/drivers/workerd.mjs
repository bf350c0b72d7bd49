// Starts workerd, prints its process id and port, and passes lines of standard input to its worker:
// `workerd.mjs WORKERD PACKAGE WORKER`.
import { basename } from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { withWorker } from "../../../wasm/tests/hosts/edge.mjs";

const [workerd = "", packed = "", worker = ""] = process.argv.slice(2);
const place = (/** @type {string} */ name) => fileURLToPath(new URL(name, import.meta.url));
const modules = Object.fromEntries([worker, "asks.mjs", "handler.mjs"].map((name) => [basename(name), place(name)]));
/** @type {Set<string>} */
const asked = new Set();

await withWorker(workerd, packed, modules, {}, speak, { tcp: "direct", flags: ["--expose-gc", "--max-semi-space-size=1"] });

/** @param {string} url @param {number} port @param {number} pid */
async function speak(url, port, pid) {
  console.log("pid", pid);
  console.log("listening on", port);
  for (const sign of ["SIGINT", "SIGTERM"]) process.on(sign, () => (process.kill(pid), process.exit(0)));
  for await (const line of createInterface({ input: process.stdin })) {
    const [id = "", ...words] = line.split(" ");
    if (words[0] === "self") void fetch(url, { method: "POST", body: "self" }).then(() => console.log(id, "self", asked.size));
    else void passed(url, id, words.join(" "));
  }
}

/** @param {string} url @param {string} id @param {string} body */
async function passed(url, id, body) {
  asked.add(id);
  const outcome = await fetch(url, { method: "POST", body })
    .then((answer) => answer.text())
    .catch((error) => `failed ${error}`);
  asked.delete(id);
  console.log(id, outcome);
}
