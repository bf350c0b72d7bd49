// `workerd.mjs WORKERD PACKAGE RUNNER CASES`: starts a worker that holds package and runner, asks it once, prints its answer.

import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

const [workerd = "", packed = "", runner = "", cases = ""] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), "switchover-workerd-"));

/** A module of the worker: its name there, and where it is here. @param {string} name @param {string} file */
function module(name, file) {
  // Whatever is embedded must stand beside the configuration.
  const copy = name.replaceAll("?", "-");
  copyFileSync(file, join(folder, copy));
  const kind = name.includes(".wasm") ? "wasm" : "esModule";
  return `(name = ${JSON.stringify(name)}, ${kind} = embed ${JSON.stringify(copy)})`;
}

/** @param {string} from @param {string[]} but */
function scripts(from, ...but) {
  const names = readdirSync(from).filter((file) => /\.m?js$/.test(file) && !but.includes(file));
  return names.map((file) => module(file, join(from, file)));
}

// What a bundler would do: the package's name stands for what its `workerd` condition leads to.
const { exports } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
const modules = [
  module("worker.mjs", join(runner, "worker.mjs")),
  module("switchover", join(packed, exports["."].workerd)),
  module("switchover.wasm?module", join(packed, "dist/switchover.wasm")),
  ...scripts(join(packed, "dist"), "edge.js", "bytes.js"),
  ...scripts(runner, "worker.mjs", "local.mjs"),
];
const config = join(folder, "worker.capnp");
writeFileSync(
  config,
  `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (compatibilityDate = "2026-01-01", modules = [${modules.join(", ")}]))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`,
);

const server = spawn(workerd, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
try {
  /** @type {number} */
  const port = await new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", (status) => reject(new Error(`workerd ended with ${status}`)));
    // It says on that pipe where it listens.
    server.stdio[3]?.on("data", (said) => {
      for (const line of String(said).split("\n").filter(Boolean)) {
        const { event, port } = JSON.parse(line);
        if (event === "listen") resolve(port);
      }
    });
  });
  const answer = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: readFileSync(cases) });
  process.stdout.write(await answer.text());
  if (!answer.ok) process.exitCode = 1;
} finally {
  server.kill();
  rmSync(folder, { recursive: true });
}
