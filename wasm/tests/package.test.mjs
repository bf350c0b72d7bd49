// Tests of the published package: its contents, and the file that each runtime resolves.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";

/** The folder in which the tarball was installed. */
const consumer = process.env["CONSUMER"] ?? assert.fail("CONSUMER is the folder that the package was installed in");
const home = join(consumer, "node_modules/switchover");
const manifest = JSON.parse(readFileSync(join(home, "package.json"), "utf8"));
const files = readdirSync(home, { recursive: true, encoding: "utf8" });

/** The entry points that start an engine, with the prefixes of their file names. */
const ENTRIES = { ".": "", "./core": "core-", "./streams": "streams-", "./core/streams": "streams-core-" };

test("licences, types, two modules, and nothing that is not for users", () => {
  for (const file of ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "dist/index.d.ts"]) {
    assert(files.includes(file), `${file} is missing`);
  }
  const modules = files.filter((file) => file.endsWith(".wasm")).sort();
  assert.deepEqual(modules, ["dist/core.wasm", "dist/switchover.wasm"]);
  assert.deepEqual(files.filter((file) => /(^|\/)(src|tests|node_modules|js)(\/|$)|\.rs$|\.mjs$/.test(file)), []);
  assert.equal(manifest.license, "(MIT OR Apache-2.0)");
  for (const name of ["dependencies", "peerDependencies", "optionalDependencies", "scripts", "main"]) {
    assert.equal(manifest[name], undefined, name);
  }
});

test("the version is that of the crates", () => {
  const workspace = readFileSync(join(import.meta.dirname, "../../Cargo.toml"), "utf8");
  assert.equal(manifest.version, /^version = "(.*)"$/m.exec(workspace)?.[1]);
});

test("conditions stand in their order and lead to one of three entries", () => {
  for (const [name, prefix] of Object.entries(ENTRIES)) {
    const { types, bun, ...entries } = manifest.exports[name];
    // What `require` loads in Bun may await nothing.
    assert.deepEqual(Object.entries(bun), [["require", entries.node], ["default", entries.default]]);
    assert.deepEqual(Object.keys(manifest.exports[name]), [
      ..."types workerd edge-light deno bun node browser default".split(" "),
    ]);
    assert.deepEqual([...new Set(Object.values(entries))], [`./dist/${prefix}edge.js`, `./dist/${prefix}bytes.js`, `./dist/${prefix}node.js`]);
    for (const file of Object.values(entries)) assert(manifest.sideEffects.includes(file), `${file} starts the engine`);
    assert.equal(types, `./dist/${prefix}bytes.d.ts`);
  }
  for (const target of Object.values(manifest.exports)) {
    for (const file of typeof target === "string" ? [target] : Object.values(target).flatMap((one) => typeof one === "string" ? one : Object.values(one))) {
      assert(existsSync(join(home, file)), `${file} is missing`);
    }
  }
});

test("each host's condition is found", () => {
  const lead = (/** @type {string[]} */ ...conditions) => {
    const names = JSON.stringify(Object.keys(ENTRIES).map((name) => name.replace(".", "switchover")));
    const script = `console.log(${names}.map((name) => import.meta.resolve(name).split("/").at(-1)).join(" "))`;
    const given = [...conditions.map((name) => `--conditions=${name}`), "--input-type=module", "--eval", script];
    return execFileSync(process.execPath, given, { cwd: consumer, encoding: "utf8" }).trim();
  };
  const all = (/** @type {string} */ kind) => Object.values(ENTRIES).map((prefix) => `${prefix}${kind}.js`).join(" ");
  assert.equal(lead(), all("node"));
  assert.equal(lead("workerd"), all("edge"));
  assert.equal(lead("edge-light"), all("edge"));
});

test("`require` gives what `import` gives", (context) => {
  const script = `
    const names = ${JSON.stringify(Object.keys(ENTRIES).map((name) => name.replace(".", "switchover")))};
    const assert = require("node:assert");
    (async () => {
      for (const name of names) assert.equal(await import(name), require(name));
      const { Connection } = require("switchover");
      const server = new Connection("server");
      server.receive(Buffer.from("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"));
      console.log(server.nextEvent().method);
    })();
  `;
  // Before 20.19 and 22.12 it was behind a flag.
  const { require_module: may } = /** @type {{ require_module?: boolean }} */ (process.features);
  if (!may) return context.skip("this Node cannot require a module");
  const given = ["--input-type=commonjs", "--no-warnings", "--eval", script];
  assert.equal(execFileSync(process.execPath, given, { cwd: consumer, encoding: "utf8" }).trim(), "GET");
});

test("where the module is missing, the error says what to do", () => {
  const folder = mkdtempSync(join(tmpdir(), "switchover-"));
  try {
    cpSync(join(home, "dist"), folder, { recursive: true, filter: (file) => !file.endsWith(".wasm") });
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    const script = `import("./node.js").catch((error) => console.log(error.message))`;
    const said = execFileSync(process.execPath, ["--eval", script], { cwd: folder, encoding: "utf8" });
    assert.match(said, /switchover\.wasm cannot be read: copy it there from node_modules\/switchover\/dist, or import switchover\/manual/);
    // A bundle of CommonJS has no URL, and a path.
    const bundled = readFileSync(join(folder, "engine/load.js"), "utf8").replaceAll("export ", "");
    const asked = `loadNow("switchover.wasm", () => new URL("./x", undefined));`;
    writeFileSync(join(folder, "bundle.cjs"), `${bundled}\ntry { ${asked} } catch (error) { console.log(error.message); }`);
    assert.match(execFileSync(process.execPath, ["bundle.cjs"], { cwd: folder, encoding: "utf8" }), /^file:.*\/switchover\.wasm cannot be read/);
    cpSync(join(home, "dist/switchover.wasm"), join(folder, "switchover.wasm"));
    assert.equal(execFileSync(process.execPath, ["bundle.cjs"], { cwd: folder, encoding: "utf8" }), "");
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("no code from text, one registry of finalizers, no paths of the machine that made it", () => {
  for (const file of files.filter((file) => /\.(js|ts|json|md)$/.test(file))) {
    const text = readFileSync(join(home, file), "utf8").replace(/^There is no.*|^It is ESM only.*/gm, "");
    assert.doesNotMatch(text, /\beval\(|new Function|createRequire|module\.exports/, file);
    // A runtime may lack it, so this one file asks before.
    if (file !== "dist/engine/disposable.js") assert.doesNotMatch(text, /new FinalizationRegistry/, file);
  }
  const paths = [process.env["HOME"], process.env["CARGO_HOME"], join(import.meta.dirname, "../..")];
  for (const name of ["switchover.wasm", "core.wasm"]) {
    const module = readFileSync(join(home, "dist", name));
    for (const path of paths.filter((path) => path !== undefined && path !== "/")) {
      assert(!module.includes(`${path}/`, 0, "latin1"), `${path} is in ${name}`);
    }
    // The module imports only from its own glue code.
    const imports = WebAssembly.Module.imports(new WebAssembly.Module(module));
    assert.deepEqual([...new Set(imports.map(({ module }) => module))], ["./glue_bg.js"]);
  }
});
