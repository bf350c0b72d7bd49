// Tests of the packed package with bundlers: a program is bundled for Node or a browser, and what comes out is run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, createReadStream, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import process from "node:process";
import { before, test } from "node:test";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";

const { PACKED = "", MADE = "", CHROMIUM = "" } = process.env;
const tools = join(import.meta.dirname, "node_modules/.bin");
const README = join(import.meta.dirname, "../../README.md");
const options = { timeout: 120_000 };

/** A program that shows what it has received in foo/2. */
const PROGRAM = `
import { Connection } from "switchover";
import { serveConnection } from "switchover/streams";
const client = new Connection("client");
client.sendRequest({ method: "GET", target: "/chat", headers: { Host: "example.org" }, offer: ["foo/2", "bar"] });
client.receive(new TextEncoder().encode("HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: foo/2\\r\\nConnection: upgrade\\r\\n\\r\\nhello"));
const event = client.nextEvent();
const told = new TextDecoder().decode(event.leftover) + " " + typeof serveConnection;
if (globalThis.document) document.title = told;
else console.log(told);
client.free();
`;
const TOLD = "hello function";

/** @param {string} program @param {string[]} given */
const run = (program, ...given) => promisify(execFile)(program, given, { cwd: MADE, timeout: 100_000 });
const bundle = (/** @type {string} */ tool, /** @type {string[]} */ ...given) => run(join(tools, tool), ...given);

before(async () => {
  rmSync(MADE, { recursive: true, force: true });
  mkdirSync(join(MADE, "src"), { recursive: true });
  writeFileSync(join(MADE, "package.json"), '{ "private": true }');
  writeFileSync(join(MADE, "src/main.mjs"), PROGRAM);
  writeFileSync(join(MADE, "index.html"), '<!doctype html><title>none</title><script type="module" src="/src/main.mjs"></script>');
  await run("npm", "install", "--silent", "--no-save", "--no-package-lock", "--offline", PACKED);
});

/**
 * Runs a bundle for Node, and checks that it fails without `switchover.wasm`.
 * @param {string} file
 */
async function runsInNode(file) {
  const folder = join(MADE, file, "..");
  await assert.rejects(run(process.execPath, file), /switchover\.wasm cannot be read: copy it there from node_modules\/switchover\/dist/);
  copyFileSync(join(MADE, "node_modules/switchover/dist/switchover.wasm"), join(folder, "switchover.wasm"));
  assert.equal((await run(process.execPath, file)).stdout, `${TOLD}\n`);
}

/** Opens a page from a folder in a browser, and checks its title. @param {string} folder */
async function runsInBrowser(folder) {
  const types = { html: "text/html", js: "text/javascript", mjs: "text/javascript", wasm: "application/wasm" };
  const server = createServer((request, response) => {
    const file = join(MADE, folder, request.url === "/" ? "index.html" : String(request.url));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": Reflect.get(types, file.split(".").at(-1) ?? "") ?? "text/plain" });
    createReadStream(file).pipe(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const profile = join(MADE, "profile");
  try {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", `--user-data-dir=${profile}`, "--virtual-time-budget=5000"];
    const { stdout } = await run(CHROMIUM, ...flags, "--dump-dom", `http://127.0.0.1:${Object(server.address()).port}/`);
    assert.match(stdout, new RegExp(`<title>${TOLD}</title>`));
  } finally {
    server.close();
    server.closeAllConnections();
    rmSync(profile, { recursive: true, force: true });
  }
}

test("serveConnection has the size that the README says, once esbuild has minified it", options, async () => {
  writeFileSync(join(MADE, "src/served.mjs"), 'export { serveConnection } from "switchover/streams";');
  const minified = ["--bundle", "--minify", "--format=esm", "--platform=node", "--outfile=served.mjs"];
  await bundle("esbuild", "src/served.mjs", ...minified);
  const bytes = readFileSync(join(MADE, "served.mjs"));
  const [, raw = "", packed = ""] = /^\| `serveConnection` and all .* \| (\d+) kB \| (\d+) kB \|$/m.exec(readFileSync(README, "utf8")) ?? [];
  for (const [said, is] of [[raw, bytes.length], [packed, gzipSync(bytes, { level: 9 }).length]]) {
    assert.ok(Math.abs(Number(said) - Number(is) / 1000) <= 1, `the README says ${said} kB, and it is ${is} bytes`);
  }
});

for (const [form, extension] of Object.entries({ esm: "mjs", cjs: "cjs" })) {
  test(`esbuild, for Node, ${form}`, options, async () => {
    const file = `esbuild-${form}/main.${extension}`;
    await bundle("esbuild", "src/main.mjs", "--bundle", "--platform=node", `--format=${form}`, `--outfile=${file}`);
    await runsInNode(file);
  });

  test(`Rollup, for Node, ${form}`, options, async () => {
    writeFileSync(join(MADE, "rollup.mjs"), `
import resolve from "${join(import.meta.dirname, "node_modules/@rollup/plugin-node-resolve/dist/es/index.js")}";
export default { input: "src/main.mjs", plugins: [resolve({ exportConditions: ["node"] })] };
`);
    const file = `rollup-${form}/main.${extension}`;
    await bundle("rollup", "-c", "rollup.mjs", "--silent", "--format", form, "--file", file);
    await runsInNode(file);
  });
}

test("webpack, for Node", options, async () => {
  await bundle("webpack", "--mode", "production", "--target", "node", "--entry", "./src/main.mjs", "-o", "webpack-node", "--output-filename", "main.cjs");
  assert.equal((await run(process.execPath, "webpack-node/main.cjs")).stdout, `${TOLD}\n`);
});

const inBrowser = { ...options, skip: !CHROMIUM && "there is no Chromium" };

test("webpack, for a browser", inBrowser, async () => {
  await bundle("webpack", "--mode", "production", "--target", "web", "--entry", "./src/main.mjs", "-o", "webpack-web", "--output-filename", "main.js");
  writeFileSync(join(MADE, "webpack-web/index.html"), '<!doctype html><title>none</title><script src="main.js"></script>');
  await runsInBrowser("webpack-web");
});

test("Vite, for a browser", inBrowser, async () => {
  await bundle("vite", "build", "--logLevel", "error", "--outDir", "vite");
  assert(readdirSync(join(MADE, "vite/assets")).some((name) => name.endsWith(".wasm")));
  await runsInBrowser("vite");
});

test("esbuild, for a browser", inBrowser, async () => {
  await bundle("esbuild", "src/main.mjs", "--bundle", "--format=esm", "--outfile=esbuild-web/main.js");
  copyFileSync(join(MADE, "node_modules/switchover/dist/switchover.wasm"), join(MADE, "esbuild-web/switchover.wasm"));
  writeFileSync(join(MADE, "esbuild-web/index.html"), '<!doctype html><title>none</title><script type="module" src="main.js"></script>');
  await runsInBrowser("esbuild-web");
});

test("publint has nothing to say", options, async () => {
  assert.match((await bundle("publint", "node_modules/switchover")).stdout, /All good!/);
});

test("arethetypeswrong has nothing to say of an ESM package", options, async () => {
  // It fails if there is a problem that the profile does not ignore.
  assert.match((await bundle("attw", "--no-color", "--profile", "esm-only", PACKED)).stdout, /node16 \(from ESM\): 🟢/);
});
