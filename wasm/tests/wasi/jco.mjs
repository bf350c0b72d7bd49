// Runs a WASI component in Node, by jco:
//
//     node jco.mjs transpile FILE FOLDER    makes modules of a component
//     node jco.mjs run FOLDER ARGUMENT...   runs them, with the sockets of this machine

import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";

const [, , verb, ...rest] = process.argv;
if (verb === "transpile") {
  const [file = "", folder = ""] = rest;
  const { transpile } = await import("@bytecodealliance/jco-transpile");
  const { files } = await transpile(file, { name: "component", noTypescript: true });
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
  }
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  const modules = join(folder, "node_modules");
  await rm(modules, { force: true });
  await symlink(join(import.meta.dirname, "node_modules"), modules);
} else {
  const [folder = "", ...given] = rest;
  // The shim reads the arguments of the component from here, the first of which is its name.
  process.argv.splice(1, Infinity, "component", ...given);
  const component = await import(pathToFileURL(resolve(folder, "component.js")).href);
  try {
    component.run.run();
  } catch {
    // The component has printed its error.
    process.exitCode = 1;
  }
}
