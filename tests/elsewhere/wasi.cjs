// Runs a WASI program: node wasi.cjs FILE ARGUMENT...
const { readFileSync } = require("node:fs");
const { WASI } = require("node:wasi");

const [, , file, ...more] = process.argv;
const wasi = new WASI({ version: "preview1", args: [file, ...more], returnOnExit: true });
WebAssembly.instantiate(readFileSync(file), wasi.getImportObject()).then(({ instance }) => process.exit(wasi.start(instance)));
