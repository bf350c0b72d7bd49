#!/usr/bin/env node
// Tests the commands and literals that the pages offer for copying, with bytes chosen by a malicious client: curl
// commands in a shell, and C literals in a compiler.
//
//   tests/tools/copied.mjs TARGET     a folder to work in
//
// Such bytes must not make anything else run, or be sent or read. Ends with the line `N passed, N failed, N skipped`.

import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath, pathToFileURL } from "node:url";

const home = fileURLToPath(new URL("../..", import.meta.url));
/** A folder with the scripts as the switchboard has them below `/page`. */
const folder = join(process.argv[2] ?? join(home, "target"), "copied");
let [passed, failed, skipped] = [0, 0, 0];

rmSync(folder, { recursive: true, force: true });
mkdirSync(join(folder, "empty"), { recursive: true });
writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
cpSync(join(home, "core/switchboard/src/live/page/copy.js"), join(folder, "copy.js"));
cpSync(join(home, "wasm/playground/code.js"), join(folder, "code.js"));
cpSync(join(home, "wasm/playground/code"), join(folder, "code"), { recursive: true });
const { curl } = await import(pathToFileURL(join(folder, "copy.js")).href);
const { c } = await import(pathToFileURL(join(folder, "code/c.js")).href);

function check(name, isRight, ...seen) {
  if (isRight) passed += 1;
  else {
    failed += 1;
    console.log(`FAIL ${name}`, ...seen);
  }
}

// Commands of curl.

/**
 * Runs the curl command for the bytes of a request with `sh` and with `bash`.
 *
 * Returns what the server received each time.
 */
async function asked(bytes, isRaw) {
  const got = [];
  for (const shell of ["sh", "bash"]) {
    const heard = await new Promise((resolve) => {
      let text = "";
      const server = createServer((socket) => {
        socket.setEncoding("latin1").on("error", () => {});
        socket.on("data", (piece) => {
          text += piece;
          // A request of curl ends after its content, whose length is in its head.
          const head = text.indexOf("\r\n\r\n");
          const length = Number(/content-length: (\d+)/i.exec(text.slice(0, head))?.[1] ?? 0);
          if (!isRaw && head >= 0 && text.length >= head + 4 + length) socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
          if (isRaw && text.length >= bytes.length) socket.end();
        });
      }).listen(0, "127.0.0.1", async () => {
        const command = curl(bytes, isRaw, `http://127.0.0.1:${server.address().port}`);
        await new Promise((ended) => {
          import("node:child_process").then(({ execFile }) => execFile(shell, ["-c", command], { cwd: join(folder, "empty"), timeout: 20_000 }, ended));
        });
        server.close();
        resolve(text);
      });
    });
    got.push(heard);
  }
  return got;
}

const requests = [
  ["a method that a shell would run", "`touch$IFS.pwned` / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method with quotes", "A'B / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method that looks like an option", "-o.pwned / HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["content that names a file", "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Length: 10\r\n\r\n@/etc/host"],
  ["content that names what is piped", "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Length: 2\r\n\r\n@-"],
  ["content with quotes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: x\r\nContent-Length: 17\r\n\r\n'; touch .pwned; '"],
  ["a target that is a range", "GET /[1-3]{a,b} HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that a shell would run", "GET /$(touch\${IFS}.pwned)`touch\${IFS}.pwned`' HTTP/1.1\r\nHost: a\r\n\r\n".replaceAll("\\", "")],
  ["a target with dots", "GET /a/../b/./c HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a value that a shell would run", "GET / HTTP/1.1\r\nHost: a\r\nX: $(touch .pwned) ' \"\r\n\r\n"],
  ["a name that names a file", "GET / HTTP/1.1\r\nHost: a\r\n@/etc/hosts: x\r\n\r\n"],
  ["an empty value", "GET / HTTP/1.1\r\nHost: a\r\nX-Empty:\r\n\r\n"],
  ["a fragment", "GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["bytes that look like an option of printf", "-v x GET / HTTP/1.1\r\n\r\n"],
  ["bytes that printf would read", "%s %d \\n '$(touch .pwned)' `touch .pwned`\x00\x01\x7f\xfe\\0\x007\r\n\r\n"],
];

if (spawnSync("curl", ["--version"]).error) {
  console.log("SKIP commands of curl: there is no curl");
  skipped += requests.length;
} else {
  for (const [name, bytes] of requests) {
    const isRaw = curl(bytes, false, "http://a:1").startsWith("printf");
    for (const got of await asked(bytes, isRaw)) {
      if (isRaw) {
        check(name, got === bytes, JSON.stringify(got));
        continue;
      }
      const [head, content] = bytes.split("\r\n\r\n");
      const [line, ...fields] = head.split("\r\n");
      const wanted = fields.filter((field) => !/^(host|content-length):/i.test(field));
      check(name, got.startsWith(`${line}\r\n`) && wanted.every((field) => got.includes(`\r\n${field}\r\n`)) && got.endsWith(`\r\n\r\n${content}`), JSON.stringify(got));
    }
    const written = readdirSync(join(folder, "empty"));
    check(`${name}: nothing was written`, written.length === 0, written);
    rmSync(join(folder, "empty"), { recursive: true });
    mkdirSync(join(folder, "empty"));
  }
}

// Literals of C.

const literals = ['???/",0)); puts((char[]){80,87,78,69,68,0}); //', "??=??/??'??(??)??!??<??>??-", "?????", "%d\\n\"\0\x01\xff??/", "1?2??3???4"];
if (spawnSync("gcc", ["--version"]).error) {
  console.log("SKIP literals of C: there is no gcc");
  skipped += 4;
} else {
  for (const standard of ["c99", "c11", "c17", "gnu17"]) {
    const lines = literals.map((text) => `fwrite(${c.text(text)}, 1, ${text.length}, stdout);`);
    writeFileSync(join(folder, "literals.c"), `#include <stdio.h>\nint main(void) {\n${lines.join("\n")}\n}\n`);
    let printed;
    try {
      execFileSync("gcc", [`-std=${standard}`, "-Wall", "-Werror", "literals.c", "-o", "literals"], { cwd: folder, stdio: "pipe" });
      printed = execFileSync(join(folder, "literals")).toString("latin1");
    } catch (error) {
      printed = String(error.stderr ?? error);
    }
    check(`literals as ${standard}`, printed === literals.join(""), JSON.stringify(printed));
  }
}

console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
process.exit(failed > 0 ? 1 : 0);
