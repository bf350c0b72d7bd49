// The two programs of the quick start, against each other and against curl.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";

const examples = process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples");
const server = spawn(process.execPath, [join(examples, "server.mjs"), "0"], { stdio: ["ignore", "pipe", "inherit"] });
let port = "";

before(async () => {
  const [said] = await once(server.stdout, "data");
  port = /^listening on (\d+)\n$/.exec(String(said))?.[1] ?? assert.fail(`it said ${said}`);
});
after(() => server.kill());

/** @param {string} program @param {string[]} given @returns {Promise<{ stdout: string, stderr: string }>} */
function run(program, ...given) {
  return new Promise((resolve, reject) =>
    execFile(program, given, (error, stdout, stderr) => (error ? reject(error) : resolve({ stdout, stderr }))),
  );
}

/** What comes back for these octets. @param {string[]} pieces */
async function exchange(...pieces) {
  const socket = connect(Number(port), "127.0.0.1");
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.end();
  return text(socket);
}

/** curl with this added. @param {string[]} given */
const curl = (...given) => run("curl", "-sS", "-i", "--max-time", "5", ...given, `http://127.0.0.1:${port}/foo`);

const REQUEST = "GET /foo HTTP/1.1\r\nHost: a\r\n";
const OFFER = "Upgrade: foo/2\r\nConnection: upgrade\r\n";

test("client and server switch", async () => {
  const { stdout, stderr } = await run(process.execPath, join(examples, "client.mjs"), port, "hello", "there \u00e4");
  assert.equal(stderr, "speaking foo/2\n");
  // Capitals of the octets as Latin-1: the second octet of the letter has none.
  assert.equal(stdout.split("\n").slice(0, 2).join("\n"), "foo/2 answers GET /foo\nHELLO");
  assert.match(stdout, /^THERE /m);
});

test("the new protocol in the segment of the request", async () => {
  const said = await exchange(`${REQUEST}${OFFER}\r\nfirst\nsec`, "ond\nQUIT\nnever\n");
  const [head = "", body] = said.split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.equal(body, "foo/2 answers GET /foo\nFIRST\nSECOND\n");
});

test("octet by octet", async () => {
  const said = await exchange(..."GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(said, /^HTTP\/1\.1 200 OK\r\n[^]*foo\/2 too\.\n$/);
});

test("two requests and a decline on one connection", async () => {
  const said = await exchange(`${REQUEST}Upgrade: bar\r\nConnection: upgrade\r\n\r\n${REQUEST}\r\n`);
  assert.equal(said.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
});

test("a peer's error is answered", async () => {
  assert.match(await exchange("GET / HTTP/1.1\r\nHost : a\r\n\r\n"), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a tunnel is refused", async () => {
  assert.match(await exchange("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), /^HTTP\/1\.1 501 /);
});

test("a peer that vanishes takes nobody with it", async () => {
  for (const said of [REQUEST, "bad\r\n\r\n", `${REQUEST}\r\n`]) {
    for (let round = 0; round < 5; round++) {
      const socket = connect(Number(port), "127.0.0.1");
      socket.on("error", () => {});
      await new Promise((resolve) => socket.write(said, resolve));
      socket.resetAndDestroy();
    }
  }
  assert.match(await exchange(`${REQUEST}\r\n`), /^HTTP\/1\.1 200 OK\r\n/);
});

test("curl: plain, HEAD, content behind a 100, an offer that is declined", async () => {
  assert.match((await curl()).stdout, /^HTTP\/1\.1 200 OK\r\n[^]*foo\/2 too\.\n$/);
  assert.match((await curl("--head")).stdout, /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
  const posted = await curl("-H", "Expect: 100-continue", "--data-binary", "x".repeat(2000));
  assert.match(posted.stdout, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
  assert.match((await curl("--http2")).stdout, /^HTTP\/1\.1 200 OK\r\n/);
});

test("curl: an offer that is accepted", async () => {
  const child = spawn("curl", [
    ..."-sS -i -N --max-time 2 -H".split(" "),
    "Upgrade: foo/2",
    ..."-H Connection:upgrade".split(" "),
    `http://127.0.0.1:${port}/foo`,
  ]);
  assert.match(await text(child.stdout), /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*foo\/2 answers GET \/foo\n$/);
});
