// Starts workerd with one worker.

import { spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

/**
 * The day on which Cloudflare announced `connect` handlers without a flag.
 *
 * As the compatibility date it keeps out older versions of workerd, which reject it.
 */
const DATE = "2026-08-18";
const FRONT = `export default {
  async connect(socket, env) {
    const service = env.SERVICE.connect("service:80");
    await Promise.all([socket.readable.pipeTo(service.writable), service.readable.pipeTo(socket.writable)]);
  },
};`;
/** Milliseconds until workerd must listen. */
const TIMEOUT = 20_000;

/**
 * Returns the paths of a folder's scripts by name, except those in `but`.
 * @param {string} from @param {string[]} but @returns {Record<string, string>}
 */
export function scripts(from, ...but) {
  const all = readdirSync(from, { recursive: true, encoding: "utf8" });
  const names = all.filter((file) => /\.m?js$/.test(file) && !but.includes(file));
  return Object.fromEntries(names.map((file) => [file, join(from, file)]));
}

/**
 * Returns the modules of an installed package, by their names in workerd.
 *
 * Names of entry points stand for the files of the `workerd` condition. workerd resolves an import next to the
 * importing module's name. `switchover/streams` is therefore a module, written to the folder, that only re-exports.
 * @param {string} packed
 * @param {string} folder
 */
function modulesOf(packed, folder) {
  const { exports } = JSON.parse(readFileSync(join(packed, "package.json"), "utf8"));
  const streams = join(folder, "leads-on.js");
  writeFileSync(streams, `export * from "../${basename(exports["./streams"].workerd)}";\n`);
  return {
    switchover: join(packed, exports["."].workerd),
    "switchover/streams": streams,
    "switchover.wasm?module": join(packed, "dist/switchover.wasm"),
    "core.wasm?module": join(packed, "dist/core.wasm"),
    ...scripts(join(packed, "dist"), ...["bytes", "node"].flatMap((kind) => ["", "core-", "streams-", "streams-core-"].map((entry) => `${entry}${kind}.js`))),
  };
}

/**
 * Starts workerd with a worker that can import the package, and calls `use`.
 *
 * `modules` are files by their module names, the worker's first.
 * @template T
 * @param {string} workerd
 * @param {string} packed
 * @param {Record<string, string>} modules
 * @param {Record<string, string>} bindings
 * @param {(url: string, tcp: number, pid: number) => Promise<T>} use called with the URL of its `fetch` handler, the port of its
 *     `connect` handler if requested, and its process id
 * @param {{ tcp?: "direct" | "bound", trusted?: string, hears?: (text: string) => void, flags?: string[] }} [options] whether its
 *     `connect` handler is reached through a listener or through the service binding of another worker; a certificate to trust; a
 *     callback for its output; flags for V8
 */
export async function withWorker(workerd, packed, modules, bindings, use, { tcp, trusted, hears, flags } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "switchover-workerd-"));
  const config = join(folder, "worker.capnp");
  writeFileSync(config, configuration(folder, { ...modules, ...modulesOf(packed, folder) }, bindings, tcp, trusted, flags));
  const prints = hears ? "pipe" : "inherit";
  const server = spawn(workerd, ["serve", config, "--control-fd=3"], { stdio: ["ignore", prints, prints, "pipe"] });
  if (hears) for (const stream of [server.stdout, server.stderr]) stream?.on("data", (text) => hears(String(text)));
  try {
    const ports = await portsOf(server, tcp ? ["http", "tcp"] : ["http"]);
    return await use(`http://127.0.0.1:${ports["http"]}/`, ports["tcp"] ?? 0, server.pid ?? 0);
  } finally {
    server.kill();
    rmSync(folder, { recursive: true });
  }
}

/**
 * Returns workerd's configuration; copies the embedded modules into the folder.
 *
 * workerd looks for embedded files next to the configuration.
 * @param {string} folder
 * @param {Record<string, string>} modules
 * @param {Record<string, string>} bindings
 * @param {"direct" | "bound"} [tcp]
 * @param {string} [trusted]
 * @param {string[]} [flags]
 */
function configuration(folder, modules, bindings, tcp, trusted, flags = []) {
  const quoted = JSON.stringify;
  const embedded = Object.entries(modules).map(([name, file]) => {
    const copy = name.replaceAll(/[?/]/g, "-");
    if (file !== join(folder, copy)) copyFileSync(file, join(folder, copy));
    return `(name = ${quoted(name)}, ${name.includes(".wasm") ? "wasm" : "esModule"} = embed ${quoted(copy)})`;
  });
  const bound = Object.entries(bindings).map(([name, text]) => `(name = ${quoted(name)}, text = ${quoted(text)})`);
  const listener = `(name = "tcp", address = "127.0.0.1:0", tcp = (), service = "${tcp === "bound" ? "front" : "main"}"),`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  v8Flags = [${flags.map((flag) => quoted(flag)).join(", ")}],
  services = [
    (name = "main", worker = .worker),
    (name = "front", worker = .front),
    # Where connect() leads to; by default not to this machine.
    (name = "internet", network = (allow = ["private"]${trusted ? `, tlsOptions = (trustedCertificates = [${quoted(trusted)}])` : ""})),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (), service = "main"),
    ${tcp ? listener : ""}
  ],
);
# What leads to it through a service binding.
const front :Workerd.Worker = (
  compatibilityDate = "${DATE}",
  modules = [(name = "front.mjs", esModule = ${quoted(FRONT)})],
  bindings = [(name = "SERVICE", service = "main")],
);
const worker :Workerd.Worker = (
  compatibilityDate = "${DATE}",
  modules = [${embedded.join(", ")}],
  bindings = [${bound.join(", ")}],
);
`;
}

/**
 * Returns the ports on which the worker listens.
 *
 * workerd reports them on its control pipe.
 * @param {import("node:child_process").ChildProcess} server
 * @param {string[]} names
 * @returns {Promise<Record<string, number>>}
 */
function portsOf(server, names) {
  /** @type {Record<string, number>} */
  const ports = {};
  return new Promise((resolve, reject) => {
    server.on("error", reject);
    server.on("exit", (status) => reject(new Error(`workerd ended with ${status}`)));
    setTimeout(() => reject(new Error("workerd does not listen")), TIMEOUT).unref();
    /** @type {import("node:stream").Readable} */ (server.stdio[3]).on("data", (said) => {
      for (const line of String(said).split("\n").filter(Boolean)) {
        const { event, socket, port } = JSON.parse(line);
        if (event === "listen") ports[socket] = port;
      }
      if (names.every((name) => ports[name])) resolve(ports);
    });
  });
}
