// Tests of the example for WASI, in both roles, against programs that are not components.
//
//   GUEST        the command of a host that runs the component, as a JSON array
//   SWITCHBOARD  the path of the switchboard
//   TLS          set if the component has the feature `tls`
//   CLIENT       the command that runs core/examples/client.rs as a component, as a JSON array

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:https";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";

/** @type {[string, ...string[]]} */
const [program, ...given] = JSON.parse(process.env["GUEST"] ?? "[]");
const { SWITCHBOARD = "", TLS, CLIENT } = process.env;
const timeout = 60_000;

/** @typedef {import("node:child_process").ChildProcess} ChildProcess */

/** @type {ChildProcess[]} */
const children = [];
after(() => children.forEach((child) => child.kill("SIGKILL")));

/**
 * Starts a program, and collects its output.
 * @param {string} file @param {string[]} list @param {string} [input] @param {Record<string, string>} [more]
 */
function start(file, list, input, more) {
  const child = spawn(file, list, { env: { ...process.env, ...more } });
  children.push(child);
  // `close` comes once all output has been read.
  const running = { child, out: "", errors: "", ended: once(child, "close") };
  child.stdout.on("data", (text) => (running.out += text));
  child.stderr.on("data", (text) => (running.errors += text));
  child.stdin.end(input);
  return running;
}

/** Starts a server, and returns the port that it prints, with its origin. @param {string} file @param {string[]} list */
async function serve(file, list) {
  const server = start(file, list);
  for (;;) {
    const port = /listening on \S*?(\d+)\s/.exec(server.out)?.[1];
    if (port) return { port: Number(port), origin: `http://127.0.0.1:${port}` };
    await Promise.race([once(/** @type {any} */ (server.child.stdout), "data"), server.ended.then(() => assert.fail(server.errors))]);
  }
}

/**
 * Runs a program to its end.
 * @param {string} file @param {string[]} list @param {string} [input] @param {Record<string, string>} [more]
 */
async function run(file, list, input, more) {
  const running = start(file, list, input, more);
  await running.ended;
  return { code: running.child.exitCode, out: running.out, errors: running.errors };
}

/** @param {string[]} list @param {Record<string, string>} [more] */
const ask = (list, more) => run(program, [...given, "ask", ...list], "", more);

/** @type {{ port: number, origin: string }} */
let guest;
/** @type {{ port: number, origin: string }} */
let switchboard;
before(async () => {
  guest = await serve(program, [...given, "serve", "127.0.0.1:0"]);
  switchboard = await serve(SWITCHBOARD, ["--port", "0"]);
}, { timeout });

test("the server answers in HTTP/1.1", { timeout }, async () => {
  const plain = await fetch(`${guest.origin}/a`);
  assert.deepEqual([plain.status, await plain.text()], [200, "Offer foo/2 or websocket.\n"]);
  const content = "x".repeat(1_000_000);
  const posted = await fetch(guest.origin, { method: "POST", body: content });
  assert.equal(await posted.text(), content);
  assert.equal((await fetch(guest.origin, { method: "DELETE" })).status, 501);
  assert.equal((await fetch(`${guest.origin}/ws`, { method: "HEAD" })).status, 426);
});

test("the server switches to what is offered", { timeout }, async () => {
  const foo = await run(SWITCHBOARD, ["probe", "--offer", "example/1, foo/2", `${guest.origin}/foo`], "hello\n");
  assert.deepEqual([foo.code, foo.out], [0, "foo/2 answers GET /foo\nHELLO\n"]);
  const websocket = await run(SWITCHBOARD, ["probe", "--offer", "websocket", `${guest.origin}/ws`], "hello\n");
  assert.deepEqual([websocket.code, websocket.out], [0, "hello\n"]);
});

test("the server passes the audit", { timeout }, async () => {
  const audit = await run(SWITCHBOARD, ["audit", guest.origin, "--websocket", "/ws"]);
  assert.match(audit.out, /^71 passed, 0 warned, 0 failed, 5 not applicable$/m);
  assert.equal(audit.code, 0);
});

test("one client does not hold up another", { timeout }, async () => {
  const silent = connect(guest.port, "127.0.0.1");
  await once(silent, "connect");
  silent.write("GET / HTTP/1.1\r\n");
  const plain = await fetch(guest.origin);
  assert.equal(plain.status, 200);
  silent.destroy();
});

test("bytes of the new protocol in the request's segment are read", { timeout }, async () => {
  const socket = connect(guest.port, "127.0.0.1");
  let answer = "";
  socket.on("data", (bytes) => (answer += bytes));
  socket.end("GET /early HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nearly\n");
  await once(socket, "end");
  assert.match(answer, /^HTTP\/1\.1 101 [^]*\r\n\r\nfoo\/2 answers GET \/early\nEARLY\n$/);
});

test("the client speaks what the server accepts", { timeout }, async () => {
  const { origin } = switchboard;
  assert.deepEqual((await ask([`${origin}/foo`, "foo/2", "one", "two"])).out, "foo/2 200 GET /foo 0\nONE\nTWO\n");
  assert.deepEqual((await ask([`${origin}/ws`, "websocket", "hello"])).out, "hello\n");
  assert.deepEqual((await ask([`${origin}/h2c`, "h2c"])).out, "200 OK in HTTP/2\nGET /h2c stream 1, 0 bytes\n");
  // A host name is looked up.
  const named = origin.replace("127.0.0.1", "localhost");
  assert.deepEqual((await ask([`${named}/foo`, "foo/2"])).out, "foo/2 200 GET /foo 0\n");
});

test("the client fails where the server leaves", { timeout }, async () => {
  const server = createTcpServer((socket) => {
    socket.once("data", () => socket.end("HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\n\r\nfoo\n"));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const left = await ask([`http://127.0.0.1:${port}/`, "foo/2", "hello"]);
  server.close();
  assert.equal(left.code, 1);
  assert.match(left.errors, /the server left|ConnectionReset|BrokenPipe/);
});

test("the client prints the response that declines", { timeout }, async () => {
  const declined = await ask([`${guest.origin}/`, "example/1"]);
  assert.deepEqual([declined.code, declined.out], [0, "answered 200 OK: the request was answered in HTTP/1.1 instead\n"]);
  const refused = await ask(["http://127.0.0.1:1/", "foo/2"]);
  assert.equal(refused.code, 1);
  assert.match(refused.errors, /ConnectionRefused/);
});

test("the engine's own example runs unchanged", { timeout, skip: CLIENT === undefined && "jco's sockets" }, async () => {
  const [file, ...list] = JSON.parse(CLIENT ?? "[]");
  const spoken = await run(file, [...list, String(switchboard.port), "/foo", "hello", "bye"]);
  assert.deepEqual([spoken.code, spoken.out], [0, "foo/2 200 GET /foo 0\nHELLO\nBYE\nBYE\n"]);
});

test("the client offers above TLS", { timeout, skip: TLS === undefined && "built without TLS" }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "switchover-wasi-"));
  const [key, cert] = ["key.pem", "cert.pem"].map((name) => join(folder, name));
  try {
    const subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:FALSE"];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc", "-days", "2"];
    execFileSync("openssl", ["req", ...kind, ...subject, "-keyout", String(key), "-out", String(cert)], { stdio: "ignore", timeout });
    const roots = readFileSync(String(cert), "utf8");
    const server = createServer({ key: readFileSync(String(key)), cert: roots });
    server.on("upgrade", (request, socket) => {
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: Upgrade\r\n\r\n${request.url} in TLS\n`);
      socket.on("data", (line) => socket.write(String(line).toUpperCase())).on("end", () => socket.end());
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    try {
      const trusted = await ask([`https://localhost:${port}/a`, "foo/2", "hello"], { ROOTS: roots });
      assert.deepEqual([trusted.code, trusted.out], [0, "/a in TLS\nHELLO\n"]);
      // RFC 7540, section 3.4: h2c is for clear text.
      const forbidden = await ask([`https://localhost:${port}/a`, "h2c"], { ROOTS: roots });
      assert.equal(forbidden.code, 1);
      const stranger = await ask([`https://localhost:${port}/a`, "foo/2"]);
      assert.equal(stranger.code, 1);
      assert.match(stranger.errors, /InvalidCertificate/);
    } finally {
      server.close();
      server.closeAllConnections();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
