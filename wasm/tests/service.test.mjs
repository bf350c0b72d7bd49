// Tests of the service example as a user of wrangler runs it: bundled for deployment, and run by `wrangler dev`.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const { NODE = process.execPath, WORKERD = "" } = process.env;
const home = join(process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples"), "service");
const wrangler = join(import.meta.dirname, "wrangler/node_modules/wrangler/bin/wrangler.js");
const folder = mkdtempSync(join(tmpdir(), "switchover-wrangler-"));
const timeout = 120_000;
// Settings that keep wrangler from using the network and from writing elsewhere.
const env = {
  ...process.env,
  CI: "1",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  MINIFLARE_WORKERD_PATH: WORKERD,
  WRANGLER_SEND_METRICS: "false",
  XDG_CONFIG_HOME: folder,
};
after(() => rmSync(folder, { recursive: true, force: true }));

test("each is bundled with the module, which stays one", { timeout }, async () => {
  for (const worker of ["server", "front"]) {
    const out = join(folder, worker);
    const given = ["deploy", "--dry-run", "--outdir", out, "--config", join(home, worker, "wrangler.jsonc")];
    await promisify(execFile)(NODE, [wrangler, ...given], { env, cwd: home, timeout });
    assert.deepEqual(readdirSync(out).filter((file) => /\.(wasm|js)$/.test(file)).map((file) => file.replace(/^.*-/, "")).sort(), [
      "index.js",
      "switchover.wasm",
    ]);
  }
});

test("the service refuses a tunnel", { timeout }, async () => {
  const { default: service } = await import(pathToFileURL(join(home, "server/index.mjs")).href);
  const [there, back] = [new TransformStream(), new TransformStream()];
  const served = service.connect({ readable: there.readable, writable: back.writable });
  void new Blob(["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"]).stream().pipeTo(there.writable);
  assert.match(await new Response(back.readable).text(), /^HTTP\/1\.1 501 /);
  await served;
});

test("the front speaks HTTP/1.1 and foo/2 with the service", { timeout }, async () => {
  const configs = ["front", "server"].flatMap((worker) => ["-c", join(home, worker, "wrangler.jsonc")]);
  const given = ["dev", ...configs, "--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0", "--persist-to", folder];
  // In a process group of its own, so that its child processes can be ended too.
  const dev = spawn(NODE, [wrangler, ...given], { env, cwd: home, stdio: ["ignore", "pipe", "inherit"], detached: true });
  const ended = once(dev, "exit");
  try {
    let said = "";
    dev.stdout.on("data", (more) => (said += more));
    let url;
    while (!(url = /Ready on (http:\S+)/.exec(said)?.[1])) {
      await Promise.race([once(dev.stdout, "data"), ended.then(() => assert.fail(`it has ended: ${said}`))]);
    }
    const plain = await fetch(`${url}/a`);
    assert.deepEqual([plain.status, await plain.text()], [200, "GET /a \n"]);
    const spoken = await fetch(`${url}/b`, { method: "POST", body: "hello there" });
    assert.deepEqual([spoken.status, await spoken.text()], [200, "HELLO THERE"]);
    const bytes = await fetch(`${url}/b`, { method: "POST", body: new Uint8Array([0xff, 0x61]) });
    assert.deepEqual(new Uint8Array(await bytes.arrayBuffer()), new Uint8Array([0xff, 0x41]));
  } finally {
    if (dev.pid && dev.exitCode === null) process.kill(-dev.pid, "SIGTERM");
    await ended;
  }
});
