// Starts workerd with one worker in it.

import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** How long it may take to listen, in milliseconds. */
const PATIENCE = 20_000;

/** The scripts of a folder, by their names. @param {string} from @param {string[]} but @returns {Record<string, string>} */
export function scripts(from, ...but) {
  const names = readdirSync(from).filter((file) => /\.m?js$/.test(file) && !but.includes(file));
  return Object.fromEntries(names.map((file) => [file, join(from, file)]));
}

/** The modules of an installed package: its name stands for what its `workerd` condition leads to. @param {string} packed */
function modulesOf(packed) {
  const { exports } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  return {
    switchover: join(packed, exports["."].workerd),
    "switchover.wasm?module": join(packed, "dist/switchover.wasm"),
    ...scripts(join(packed, "dist"), "edge.js", "bytes.js"),
  };
}

/**
 * Does something with a worker that has the package: `modules` are files by their names there, the worker's first.
 * @template T
 * @param {string} workerd
 * @param {string} packed
 * @param {Record<string, string>} modules
 * @param {Record<string, string>} bindings
 * @param {(url: string) => Promise<T>} use
 */
export async function withWorker(workerd, packed, modules, bindings, use) {
  const folder = mkdtempSync(join(tmpdir(), "switchover-workerd-"));
  const config = join(folder, "worker.capnp");
  writeFileSync(config, configuration(folder, { ...modules, ...modulesOf(packed) }, bindings));
  const server = spawn(workerd, ["serve", config, "--control-fd=3"], { stdio: ["ignore", "inherit", "inherit", "pipe"] });
  try {
    return await use(`http://127.0.0.1:${await portOf(server)}/`);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/**
 * What is embedded is copied into the folder: it must stand beside the configuration.
 * @param {string} folder
 * @param {Record<string, string>} modules
 * @param {Record<string, string>} bindings
 */
function configuration(folder, modules, bindings) {
  const quoted = JSON.stringify;
  const embedded = Object.entries(modules).map(([name, file]) => {
    const copy = name.replaceAll("?", "-");
    copyFileSync(file, join(folder, copy));
    return `(name = ${quoted(name)}, ${name.includes(".wasm") ? "wasm" : "esModule"} = embed ${quoted(copy)})`;
  });
  const bound = Object.entries(bindings).map(([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    # Where connect() leads to; by default not to this machine.
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "2026-01-01",
  modules = [${embedded.join(", ")}],
  bindings = [${bound.join(", ")}],
);
`;
}

/** It says on a pipe where it listens. @param {import("node:child_process").ChildProcess} server @returns {Promise<number>} */
function portOf(server) {
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", (status) => reject(new Error(`workerd ended with ${status}`)));
    setTimeout(() => reject(new Error("workerd does not listen")), PATIENCE).unref();
    /** @type {import("node:stream").Readable} */ (server.stdio[3]).on("data", (said) => {
      for (const line of String(said).split("\n").filter(Boolean)) {
        const { event, port } = JSON.parse(line);
        if (event === "listen") resolve(port);
      }
    });
  });
}
