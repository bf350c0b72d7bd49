// Tests of the example programs: the quick start against itself and curl, and those for particular protocols.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { text } from "node:stream/consumers";

const examples = process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples");
/** The standard error of the programs that `start` and `startQuick` have started. */
let complaints = "";
const server = start("server.mjs");
const h2c = start("h2c.mjs");
let port = "";
let h2cPort = "";

before(async () => {
  port = await portOf(server);
  h2cPort = await portOf(h2c);
});
after(() => {
  server.kill();
  h2c.kill();
});

/** The answers of the backend of a gateway, by target. @type {Record<string, string>} */
const ANSWERS = {
  "/426": "HTTP/1.1 426 Upgrade Required\r\nUpgrade: foo/2, bar\r\nConnection: upgrade, X-Hop\r\nX-Hop: 1\r\nContent-Length: 3\r\n\r\nno\n",
  "/426-of-nothing": "HTTP/1.1 426 Upgrade Required\r\nContent-Length: 3\r\n\r\nno\n",
  "/head": "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n",
  "/103": "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
  "/gzip": "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
  "/777": "HTTP/1.1 777 Seven\r\nContent-Length: 5\r\n\r\nhello",
  "/no-http": "SSH-2.0-example\r\n\r\n",
};

const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";

/** Starts an example in Node on a free port. @param {string} program @param {string[]} given */
function start(program, ...given) {
  const started = spawn(process.execPath, [join(examples, program), ...given, "0"], { stdio: ["ignore", "pipe", "pipe"] });
  started.stderr.setEncoding("utf8").on("data", (told) => (complaints += told));
  return started;
}

/**
 * Waits until a server prints its address, and returns the port.
 * @param {ReturnType<typeof start>} program
 */
async function portOf(program, form = /^listening on (\d+)\n$/) {
  const [said] = await once(program.stdout, "data");
  return form.exec(String(said))?.[1] ?? assert.fail(`it said ${said}`);
}

/** @param {string} program @param {string[]} given @returns {Promise<{ stdout: string, stderr: string }>} */
function run(program, ...given) {
  return new Promise((resolve, reject) =>
    execFile(program, given, (error, stdout, stderr) => (error ? reject(error) : resolve({ stdout, stderr }))),
  );
}

/**
 * Sends these bytes to the example `server.mjs` and returns its response.
 * @param {string[]} pieces
 */
function exchange(...pieces) {
  return exchangeAt(port, ...pieces);
}

/** @param {string} port @param {string[]} pieces */
async function exchangeAt(port, ...pieces) {
  const socket = connect(Number(port), "127.0.0.1");
  for (const piece of pieces) {
    socket.write(piece, "latin1");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  socket.end();
  return text(socket);
}

/** Runs curl with these arguments against the example `server.mjs`. @param {string[]} given */
const curl = (...given) => run("curl", "-sS", "-i", "--max-time", "5", ...given, `http://127.0.0.1:${port}/foo`);

const REQUEST = "GET /foo HTTP/1.1\r\nHost: a\r\n";
const OFFER = "Upgrade: foo/2\r\nConnection: upgrade\r\n";

test("client and server switch", async () => {
  const { stdout, stderr } = await run(process.execPath, join(examples, "client.mjs"), port, "hello", "there \u00e4");
  assert.equal(stderr, "speaking foo/2\n");
  // The server upper-cases Latin-1 characters; the second byte of the UTF-8 letter has no upper case.
  assert.equal(stdout.split("\n").slice(0, 2).join("\n"), "foo/2 answers GET /foo\nHELLO");
  assert.match(stdout, /^THERE /m);
});

test("the new protocol in the segment of the request", async () => {
  const said = await exchange(`${REQUEST}${OFFER}\r\nfirst\nsec`, "ond\nQUIT\nnever\n");
  const [head = "", body] = said.split("\r\n\r\n");
  assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n/);
  assert.equal(body, "foo/2 answers GET /foo\nFIRST\nSECOND\n");
});

test("QUIT in the segment of the request ends the connection", async () => {
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  socket.write(`${REQUEST}${OFFER}\r\nhello\nQUIT\n`);
  const ended = once(socket, "end", { signal: AbortSignal.timeout(5_000) });
  const [said] = await Promise.all([text(socket), ended]);
  socket.end();
  assert.match(said, /HELLO\n$/);
});

test("no line is lost to what comes after QUIT", async () => {
  const socket = connect({ port: Number(port), host: "127.0.0.1", allowHalfOpen: true });
  const lines = Array.from({ length: 500 }, (_, number) => `${number} ${"x".repeat(1000)}\n`).join("");
  socket.write(`${REQUEST}${OFFER}\r\n${lines}QUIT\n${"x".repeat(900_000)}`);
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert((await text(socket)).endsWith(`\n${lines.toUpperCase()}`));
  socket.end();
});

test("byte by byte", async () => {
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

/**
 * Starts an example whose timeouts of 60, 30, 4 and 1 seconds are shortened.
 *
 * That of a second becomes 100 ms, the others 300 ms.
 * @param {string} program @param {string[]} given
 */
function startQuick(program, ...given) {
  const shown = readFileSync(join(examples, program), "utf8");
  const code = shown.replaceAll(/\b([63]0|4)_000\b/g, "300").replaceAll("1_000", "100");
  assert(/\b300\b/.test(code) && !/[^1]0_000/.test(code), "the times stand elsewhere in the example");
  const quick = spawn(process.execPath, ["--input-type=module", "-e", code, program, ...given], { cwd: dirname(join(examples, program)), stdio: ["ignore", "pipe", "pipe"] });
  quick.stderr.setEncoding("utf8").on("data", (told) => (complaints += told));
  return quick;
}

/**
 * Connects a client that sends a text and keeps its sending side open.
 * @param {number} port @param {string} said
 */
function opened(port, said) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  socket.on("error", () => {});
  socket.write(said);
  return socket;
}

/**
 * Sends batches of 1,000 requests until the server disconnects.
 *
 * It reads no response. Returns the number of batches.
 * @param {number} port
 */
async function sentUnread(port) {
  const silent = opened(port, "").pause();
  let sent = 0;
  const more = () => silent.write(`${REQUEST}\r\n`.repeat(1_000), (error) => error ?? ((sent += 1), more()));
  more();
  const closed = new Promise((resolve) => silent.once("close", resolve));
  assert.notEqual(await Promise.race([closed, delay(20_000, "late", { ref: false })]), "late");
  return sent;
}

test("a client that waits, sends too much or does not end is answered or left", async () => {
  const quick = startQuick("server.mjs");
  try {
    const port = Number(await portOf(quick));
    /** @param {string} said */
    const open = (said) => opened(port, said);
    assert.equal(await text(open("")), "");
    assert.match(await text(open("GET / HT")), /^HTTP\/1\.1 408 /);
    assert.match(await text(open(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc`)), /^HTTP\/1\.1 408 /);
    assert.match(await text(open(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${2 ** 21}\r\n\r\nabc`)), /^HTTP\/1\.1 413 /);
    assert.match(await text(open(`${REQUEST}\r\n`)), /^HTTP\/1\.1 200 [^]*foo\/2 too\.\n$/);
    // The server stops reading from a client that does not read, and later disconnects it.
    const sent = await sentUnread(port);
    assert(sent < 5_000, `${sent}`);
    assert.match(await text(open(`${REQUEST}${OFFER}\r\nhello\nQUIT\n`).end()), /HELLO\n$/);
  } finally {
    quick.kill();
  }
});

test("a server that is silent after the switch is left", async () => {
  /** @type {import("node:net").Socket[]} */
  const held = [];
  const silent = createServer({ allowHalfOpen: true }, (socket) => {
    held.push(socket);
    socket.on("error", () => {});
    socket.once("data", (head) => {
      const [, protocol] = /\r\nUpgrade: (\S+)/i.exec(String(head)) ?? [];
      const [, key = ""] = /\r\nSec-WebSocket-Key: (\S+)/i.exec(String(head)) ?? [];
      const hash = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
      const accept = key && `Sec-WebSocket-Accept: ${hash}\r\n`;
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: ${protocol}\r\nConnection: upgrade\r\n${accept}\r\n`);
    });
  });
  silent.listen(0, "127.0.0.1");
  await once(silent, "listening");
  const told = complaints;
  try {
    for (const program of ["client.mjs", "streams-client.mjs", "websocket/client.mjs"]) {
      complaints = "";
      const client = startQuick(program, String(Object(silent.address()).port), "hello");
      const late = setTimeout(() => client.kill(), 10_000);
      const [code] = await once(client, "close");
      clearTimeout(late);
      assert.equal(code, 1, program);
      assert.match(complaints, /Error: the server is silent\n/);
    }
  } finally {
    complaints = told;
    silent.close();
    for (const socket of held) socket.destroy();
  }
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

test("curl: plain, HEAD, content after a 100, an offer that is declined", async () => {
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

test("what the README opens with", async () => {
  assert.equal((await run(process.execPath, join(examples, "offered.mjs"))).stdout, "hello\n");
  const error = "ProtocolError: a 101 that names what was not offered (error 604) at byte 43\n";
  assert.equal((await run(process.execPath, join(examples, "not-offered.mjs"))).stdout, error);
});

test("what WebSocket agrees on beside the token", async () => {
  assert.equal((await run(process.execPath, join(examples, "profiles.mjs"))).stdout, "chat.v1 12\n");
});

/** Runs curl with an offer of h2c and these arguments. @param {string[]} given */
const offering = (...given) => run("curl", "-sS", "--http2", "--max-time", "20", ...given);

test("curl: h2c, answered by an engine that knows nothing of upgrades", async () => {
  const there = `http://127.0.0.1:${h2cPort}`;
  const { stdout } = await offering("-i", `${there}/x`);
  assert.match(stdout, /^HTTP\/1\.1 101 [^]*\r\n\r\nHTTP\/2 200 \r\n[^]*GET \/x with 0 bytes, in HTTP\/2\n$/);
  // A request with content, and on stream 3 a response that is far larger than a flow-control window.
  const content = join(mkdtempSync(join(tmpdir(), "switchover-h2c-")), "content");
  writeFileSync(content, new Uint8Array(3_000_000));
  const posted = await offering("-d", "x".repeat(60_000), `${there}/a`, "--next", "--http2", "-T", content, `${there}/b`);
  assert.equal(posted.stdout, "POST /a with 60000 bytes, in HTTP/2\nPUT /b with 3000000 bytes, in HTTP/2\n");
  rmSync(dirname(content), { recursive: true });
});

test("h2c that cannot be taken along, and clients that leave", async () => {
  const head = "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade, http2-settings\r\n";
  const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
  assert.match(await exchangeAt(h2cPort, `${head}HTTP2-Settings: !\r\n\r\n`), /^HTTP\/1\.1 200 OK\r\n[^]*in HTTP\/1\.1\n$/);
  // A window of 0, so that stream 1 waits, and its reset with INTERNAL_ERROR.
  const reset = `${preface}\0\0\x06\x04\0\0\0\0\0\0\x04\0\0\0\0\0\0\x04\x03\0\0\0\0\x01\0\0\0\x02`;
  // A POST on stream 3 whose content never arrives.
  const stream = "\0\0\0\x04\0\0\0\0\0\0\0\x03\x01\x04\0\0\0\x03\x83\x86\x84";
  for (const after of ["", `${preface}\0`, `${preface}${stream}`, reset, "this is no preface of HTTP/2\r\n\r\n"]) {
    const said = `${head}HTTP2-Settings: \r\n\r\n${after}`;
    assert.match(await exchangeAt(h2cPort, said), /^HTTP\/1\.1 101 /);
    const socket = connect(Number(h2cPort), "127.0.0.1");
    socket.on("error", () => {});
    socket.write(said, "latin1");
    await once(socket, "data");
    socket.resetAndDestroy();
  }
  assert.match((await offering(`http://127.0.0.1:${h2cPort}/y`)).stdout, /^GET \/y with 0 bytes, in HTTP\/2\n$/);
  assert.match(await exchangeAt(h2cPort, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"), /^HTTP\/1\.1 501 /);
});

test("a client of h2c that has half-closed gets its answer", async () => {
  const head = "GET /x HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: \r\n\r\n";
  const socket = connect({ port: Number(h2cPort), host: "127.0.0.1", allowHalfOpen: true });
  socket.end(`${head}PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0`, "latin1");
  assert.match(await text(socket), /^HTTP\/1\.1 101 [^]*GET \/x with 0 bytes, in HTTP\/2\n/);
});

test("the server of h2c leaves a client that does not read", async () => {
  const quick = startQuick("h2c.mjs");
  try {
    const sent = await sentUnread(Number(await portOf(quick)));
    assert(sent < 5_000, `${sent}`);
  } finally {
    quick.kill();
  }
});

test("none of this is a mistake of the servers", () => {
  assert.equal(complaints, "");
});

test("the gateway passes requests, offers and their answers on", async () => {
  /** @type {string[]} */
  const received = [];
  let open = 0;
  const backend = createServer({ allowHalfOpen: true }, (socket) => {
    open++;
    socket.on("end", () => early === undefined && socket.end());
    socket.on("close", () => open--);
    socket.on("error", () => {});
    /** @type {string | undefined} */
    let early;
    socket.on("data", (bytes) => {
      if (early !== undefined) {
        early += bytes;
        if (early.endsWith("NEW")) socket.end(`[${early}]`);
        return;
      }
      received.push(String(bytes));
      const target = String(bytes).split(" ")[1]?.replace("http://b", "") ?? "";
      if (ANSWERS[target]) socket.write(ANSWERS[target]);
      if (target === "/leaves" || target === "/") socket.destroy();
      if (target === "/late") setTimeout(() => socket.write(SWITCH), 100);
      if (target === "/slow") setTimeout(() => socket.end("HTTP/1.1 204 No Content\r\n\r\n"), 200);
      if (target !== "/early") return;
      early = String(bytes).split("\r\n\r\n")[1] ?? "";
      socket.write(`${SWITCH}first`);
      // The rest of the content comes once the 101 is on its way, however long that takes.
      setTimeout(() => socket.end(`[${early}]`), 10_000).unref();
    });
  });
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const to = start("streams-server.mjs");
  const before = start("gateway.mjs", await portOf(to, /listening on (\d+)/));
  const beforeOurs = start("gateway.mjs", String(Object(backend.address()).port));
  try {
    const [port, ours] = [await portOf(before, /listening on (\d+)/), await portOf(beforeOurs, /listening on (\d+)/)];
    const { stdout } = await run(process.execPath, join(examples, "streams-client.mjs"), port, "hello");
    assert.equal(stdout, "HELLO\n");
    const switched = await exchangeAt(port, `POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${OFFER}\r\nhellofirst`);
    assert.match(switched, /^HTTP\/1\.1 101 [^]*\r\n\r\nFIRST$/);
    assert.match(await exchangeAt(port, `${REQUEST}Upgrade: bar\r\nConnection: upgrade\r\n\r\n`), /^HTTP\/1\.1 200 [^]*GET \/foo \n$/);
    const chunked = "POST /y HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    assert.match(await exchangeAt(port, chunked), /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 [^]*POST \/y abc\n$/);

    const asked = (/** @type {string} */ target, method = "GET", version = "1.1") =>
      exchangeAt(ours, `${method} ${target} HTTP/${version}\r\nHost: a\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n\r\n`);
    const required = await asked("/426");
    assert.match(required, /\r\nUpgrade: foo\/2, bar\r\n[^]*no\n$/);
    assert.doesNotMatch(required, /X-Hop/);
    assert.doesNotMatch(received.join(), /X-Hop/);
    assert.match(await asked("/head", "HEAD"), /\r\nContent-Length: 5\r\n[^]*\r\n\r\n$/);
    assert.match(await asked("/103"), /^HTTP\/1\.1 103 Early Hints\r\nLink: <\/a>\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*hello$/);
    assert.match(await asked("/103", "GET", "1.0"), /^HTTP\/1\.1 200 OK\r\n[^]*hello$/);
    for (const target of ["/no-http", "/leaves"]) assert.match(await asked(target), /^HTTP\/1\.1 502 /);
    // What is refused before it is sent, and what is the client's fault.
    assert.match(await exchangeAt(ours, "GET / HTTP/1.0\r\n\r\n"), /^HTTP\/1\.1 502 /);
    assert.match(received.at(-1) ?? "", /^GET \/ HTTP\/1\.1\r\nHost: localhost\r\n/);
    assert.match(await exchangeAt(ours, "GET http://b/426 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 426 /);
    assert.match(received.at(-1) ?? "", /^GET http:\/\/b\/426 HTTP\/1\.1\r\nHost: b\r\n/);
    const unsent = `GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n`;
    for (let count = 0; count < 5; count++) assert.match(await exchangeAt(ours, unsent), /^HTTP\/1\.1 502 /);
    const malformed = "POST /426 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n";
    assert.match(await exchangeAt(port, malformed), /^HTTP\/1\.1 400 /);
    assert.match(await asked("/gzip"), /^HTTP\/1\.1 502 /);
    assert.match(await asked("/426-of-nothing"), /^HTTP\/1\.1 400 [^]*\r\n\r\nno\n$/);
    assert.match(await asked("/777"), /^HTTP\/1\.1 500 Internal Server Error\r\n[^]*hello$/);
    // A backend that switches while the content is still to come, and a client that leaves before that.
    const early = await exchangeAt(ours, `POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n${OFFER}\r\n01234`, "56789", "NEW");
    assert.match(early, /^HTTP\/1\.1 101 [^]*\r\n\r\nfirst\[0123456789NEW\]$/);
    for (let count = 0; count < 5; count++) {
      const leaving = connect(Number(ours), "127.0.0.1");
      leaving.write(`GET /late HTTP/1.1\r\nHost: a\r\n${OFFER}\r\n`);
      await delay(30);
      leaving.resetAndDestroy();
    }
    await delay(300);
    // A client that leaves while its request is forwarded, and one that has only ended its direction.
    const [leaving] = await Promise.all([opened(Number(ours), "GET /silent HTTP/1.1\r\nHost: a\r\n\r\n"), once(backend, "connection")]);
    leaving.resetAndDestroy();
    assert.match(await asked("/slow"), /^HTTP\/1\.1 204 /);
    for (let left = 50; open > 0 && left > 0; left--) await delay(20);
    assert.equal(open, 0, "connections to the backend are left");
  } finally {
    for (const program of [to, before, beforeOurs]) program.kill();
    backend.close();
  }
});
