// Exchanges with a server of `serveConnection` and one of `node:http`: the outcome is the same, or the table of the README
// says why not. `BLESS=1` writes that table.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer as createHttp } from "node:http";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { text } from "node:stream/consumers";
import { serveConnection } from "switchover/streams";

/** @typedef {import("switchover/streams").ServerResponse} ServerResponse */

const HOST = "Host: a\r\n";
const LAST = `GET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;
const PLAIN = { "content-type": "text/plain" };

/** Turns of the event loop in silence after which a connection counts as kept open. */
const OPEN = 40;

/**
 * The exchanges by name: the client's bytes, and whether it then half-closes.
 * @type {Record<string, { bytes: string, ends?: boolean }>}
 */
const EXCHANGES = {
  "a GET, and another": { bytes: `GET / HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a GET on a connection that is kept": { bytes: `GET / HTTP/1.1\r\n${HOST}\r\n` },
  "a HEAD": { bytes: `HEAD / HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a HEAD of content in pieces": { bytes: `HEAD /pieces HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a GET of HTTP/1.0": { bytes: "GET / HTTP/1.0\r\n\r\n" },
  "a GET of HTTP/1.0 with keep-alive": { bytes: "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n" },
  "content in pieces": { bytes: `GET /pieces HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "content in pieces for HTTP/1.0": { bytes: "GET /pieces HTTP/1.0\r\n\r\n" },
  "content in pieces with a length": { bytes: `GET /sized HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "content with trailers": { bytes: `GET /trailers HTTP/1.1\r\n${HOST}TE: trailers\r\n\r\n${LAST}` },
  "content that is cut": { bytes: `GET /cut HTTP/1.1\r\n${HOST}\r\n` },
  "a 204": { bytes: `GET /204 HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a 304": { bytes: `GET /304 HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a 103 before the response": { bytes: `GET /103 HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a response that closes": { bytes: `GET /close HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a POST with a length": { bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${LAST}` },
  "a POST in chunks": { bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nA: b\r\n\r\n${LAST}` },
  "a POST that waits for a 100": { bytes: `POST / HTTP/1.1\r\n${HOST}Expect: 100-continue\r\nContent-Length: 5\r\n\r\nhello${LAST}` },
  "another expectation": { bytes: `GET / HTTP/1.1\r\n${HOST}Expect: tea\r\n\r\n${LAST}` },
  "content that is not read": { bytes: `POST /unread HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${LAST}` },
  "a client that half-closes": { bytes: `GET /slow HTTP/1.1\r\n${HOST}\r\n`, ends: true },
  "an offer that nobody takes": { bytes: `GET / HTTP/1.1\r\n${HOST}Upgrade: foo/2\r\nConnection: upgrade\r\n\r\n${LAST}` },
  "a CONNECT": { bytes: "CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n" },
  "OPTIONS *": { bytes: `OPTIONS * HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a target in absolute form": { bytes: `GET http://a/ HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "an empty line before a request": { bytes: `\r\nGET / HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "a method of one's own": { bytes: `TEA / HTTP/1.1\r\n${HOST}\r\n${LAST}` },
  "no Host": { bytes: "GET / HTTP/1.1\r\n\r\n" },
  "two Hosts": { bytes: `GET / HTTP/1.1\r\n${HOST}Host: b\r\n\r\n` },
  "a space before a colon": { bytes: `GET / HTTP/1.1\r\n${HOST}A : b\r\n\r\n` },
  "a folded line": { bytes: `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n` },
  "a length and chunks": { bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n` },
  "two lengths": { bytes: `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello` },
  "a chunk size that is none": { bytes: `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\nx\r\n` },
  "a head of 100 kB": { bytes: `GET / HTTP/1.1\r\n${HOST}A: ${"a".repeat(100_000)}\r\n\r\n` },
  "half a head, and the end": { bytes: "GET / HTTP/1.1\r\nHo", ends: true },
  "HTTP/2 by prior knowledge": { bytes: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" },
  "another protocol": { bytes: "SSH-2.0-example\r\n" },
};

/** The RFC clause or the reason for each difference from node:http. @type {Record<string, string>} */
const REASONS = {
  "a HEAD": "the same fields as for a GET: RFC 9110, 9.3.2",
  "a GET of HTTP/1.0 with keep-alive": "the content has a length, so the connection can persist: RFC 9112, 9.3",
  "a POST that waits for a 100": "its content has come already: RFC 9110, 10.1.1",
  "another expectation": "a server may ignore it: RFC 9110, 10.1.1; a handler can return a 417",
  "a client that half-closes": "it can still read: RFC 9112, 9.6",
  "an offer that nobody takes": "a server may ignore `Upgrade`: RFC 9110, 7.8; Node reads no request after it",
  "a CONNECT": "a method that is not supported: RFC 9110, 15.6.2",
  "a method of one's own": "methods are extensible: RFC 9110, 9.1 and 16.1",
  "two Hosts": "a server must answer 400: RFC 9112, 3.2",
  "HTTP/2 by prior knowledge": "the version is not supported: RFC 9110, 15.6.6",
};

/**
 * Lets the event loop turn, a hundred milliseconds each time.
 *
 * Both servers and the clients share the loop, so a machine with other work makes none of them late.
 * @param {number} number
 */
async function turns(number) {
  for (let turn = 0; turn < number; turn++) await new Promise((resolve) => setTimeout(resolve, 100));
}

/** @returns {AsyncGenerator<Uint8Array>} */
async function* pieces() {
  yield Buffer.from("one");
  // Content that ends at once has a length.
  await turns(3);
  yield Buffer.from("two");
}

async function* cut() {
  yield* pieces();
  // As the handler of node:http waits: at once, the response may not have begun, and becomes a 500.
  await turns(1);
  throw new Error("cut");
}

/** @param {import("switchover/streams").ServerRequest} request @returns {Promise<ServerResponse>} */
async function ours(request) {
  switch (request.target) {
    case "/pieces":
      return { headers: PLAIN, body: pieces() };
    case "/sized":
      return { headers: { ...PLAIN, "content-length": "6" }, body: pieces() };
    case "/trailers":
      return { headers: PLAIN, body: pieces(), trailers: { "x-sum": "1" } };
    case "/cut":
      return { headers: PLAIN, body: cut() };
    case "/204":
      return { status: 204 };
    case "/304":
      return { status: 304, headers: { etag: '"a"' } };
    case "/103":
      await request.sendInformational({ status: 103, headers: { link: "</a>; rel=preload" } });
      return { headers: PLAIN, body: "hello" };
    case "/close":
      return { headers: { ...PLAIN, connection: "close" }, body: "hello" };
    case "/unread":
      return { headers: PLAIN, body: "hello" };
    case "/slow":
      await turns(2);
      return { headers: PLAIN, body: "hello" };
    default:
      if (request.method === "CONNECT") return { status: 501 };
      return { headers: PLAIN, body: `${request.method} ${request.target} ${await request.text()}` };
  }
}

/** @type {import("node:http").RequestListener} */
async function ofNode(request, response) {
  for (const [name, value] of Object.entries(PLAIN)) response.setHeader(name, value);
  switch (request.url) {
    case "/sized":
      response.setHeader("content-length", "6");
    // Falls through: the content is the same.
    case "/pieces":
      for await (const piece of pieces()) response.write(piece);
      return void response.end();
    case "/trailers":
      for await (const piece of pieces()) response.write(piece);
      response.addTrailers({ "x-sum": "1" });
      return void response.end();
    case "/cut":
      for await (const piece of pieces()) response.write(piece);
      await turns(1);
      return void response.destroy();
    case "/204":
      response.removeHeader("content-type");
      return void response.writeHead(204).end();
    case "/304":
      response.removeHeader("content-type");
      return void response.writeHead(304, { etag: '"a"' }).end();
    case "/103":
      response.writeEarlyHints({ link: "</a>; rel=preload" });
      return void response.end("hello");
    case "/close":
      return void response.writeHead(200, { connection: "close" }).end("hello");
    case "/unread":
      return void response.end("hello");
    case "/slow":
      await turns(2);
      return void response.end("hello");
    default:
      try {
        response.end(`${request.method} ${request.url} ${await text(request)}`);
      } catch {
        // The content is malformed, and node:http answers.
      }
  }
}

const servers = {
  node: createHttp({ keepAliveTimeout: 60_000 }, ofNode),
  ours: createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, ours, { onError: () => {} })),
};
before(async () => {
  for (const server of Object.values(servers)) {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
  }
});
after(() => {
  for (const server of Object.values(servers)) server.close();
  servers.node.closeAllConnections();
});

/**
 * Returns the responses that a client receives, and how the connection ended.
 * @param {import("node:net").Server} server @param {{ bytes: string, ends?: boolean }} exchange
 */
async function outcome(server, { bytes, ends }) {
  const socket = connect({ port: Object(server.address()).port, host: "127.0.0.1", allowHalfOpen: true });
  let received = "";
  let end = "kept open";
  let silence = 0;
  socket.setEncoding("latin1").on("data", (data) => {
    received += data;
    silence = 0;
  });
  socket.on("end", () => (end = "closed"));
  // Node 20 may read a reset that follows bytes as an end.
  socket.on("error", () => (end = "closed"));
  socket.write(bytes);
  if (ends) socket.end();
  while (end !== "closed" && silence++ < OPEN) await turns(1);
  socket.destroy();
  return [...responses(received, bytes.split(" ")), end].join("; ");
}

/**
 * Returns the responses among bytes, without what is each server's own.
 *
 * Left out are `Date`, `Keep-Alive`, `Content-Type` and the framing of content, which is compared itself. So is
 * `Connection: keep-alive`, unless the request is of HTTP/1.0.
 * @param {string} received @param {string[]} request
 */
function responses(received, [method = "", , version = ""]) {
  /** @type {string[]} */
  const told = [];
  let left = received;
  for (let head; (head = /^HTTP\/1\.1 (\d+)[^\r]*\r\n((?:[^\r]+\r\n)*)\r\n/.exec(left)); ) {
    left = left.slice(head[0].length);
    const lines = (head[2] ?? "").toLowerCase().split("\r\n").filter(Boolean);
    const isBodiless = (method === "HEAD" && told.length === 0) || /^(1..|204|304)$/.test(head[1] ?? "");
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(head[0])?.[1] ?? (isBodiless ? 0 : left.length));
    let content = isBodiless ? "" : left.slice(0, length);
    let trailers = "";
    left = left.slice(content.length);
    if (!isBodiless && lines.includes("transfer-encoding: chunked")) [content, trailers, left] = chunks(content);
    const own = /^(date|keep-alive|content-type|transfer-encoding):/;
    const isUsual = (/** @type {string} */ line) => line === "connection: keep-alive" && !version.startsWith("HTTP/1.0");
    const shown = lines.filter((line) => !own.test(line) && !isUsual(line) && (isBodiless || !line.startsWith("content-length")));
    told.push([head[1], ...shown.sort(), content && JSON.stringify(content), trailers].filter(Boolean).join(", "));
  }
  return told.concat(left ? [JSON.stringify(left)] : []);
}

/** Returns the content of chunks, the trailers, and what follows. @param {string} left @returns {[string, string, string]} */
function chunks(left) {
  for (let content = ""; ; ) {
    const size = /^([0-9a-f]+)\r\n/.exec(left);
    if (!size) return [content, "and no end", left];
    left = left.slice(size[0].length);
    const length = parseInt(size[1] ?? "", 16);
    if (length === 0) {
      const end = left.startsWith("\r\n") ? 0 : left.indexOf("\r\n\r\n") + 2;
      return [content, left.slice(0, end).trim().toLowerCase(), left.slice(end + 2)];
    }
    content += left.slice(0, length);
    left = left.slice(length + 2);
  }
}

const README = join(import.meta.dirname, "../README.md");
const MARKS = /(<!-- the table of tests\/streams.exchanges.test.mjs -->\n)[^]*?(\n<!-- its end -->)/;

test("the outcome is that of node:http, or the table says why not", { timeout: 240_000 }, async () => {
  const rows = await Promise.all(
    Object.entries(EXCHANGES).map(async ([name, exchange]) => {
      const [theirs, own] = await Promise.all([outcome(servers.node, exchange), outcome(servers.ours, exchange)]);
      return { name, theirs, own };
    }),
  );
  const differing = rows.filter(({ theirs, own }) => theirs !== own);
  // Other versions of Node answer otherwise.
  if (!process.version.startsWith("v20.")) return;
  const unexplained = differing.filter(({ name }) => !REASONS[name]);
  // A line of output stays in the log of a run, where the report of a failed test is cut.
  for (const row of unexplained) console.log("differs without a reason:", JSON.stringify(row));
  assert.deepEqual(unexplained, [], "differences without a reason");
  assert.deepEqual(differing.map(({ name }) => name).sort(), Object.keys(REASONS).sort());
  const equal = rows.filter(({ theirs, own }) => theirs === own).map(({ name }) => name);
  const code = (/** @type {string} */ words) => `\`${words.replaceAll("`", "'")}\``;
  const table = [
    `Of ${rows.length} exchanges ${equal.length} have the same outcome:`,
    "",
    ...equal.map((name) => `- ${name}`),
    "",
    "The others:",
    "",
    "| a client sends | node:http | `serveConnection` | why |",
    "| --- | --- | --- | --- |",
    ...differing.map(({ name, theirs, own }) => `| ${name} | ${code(theirs)} | ${code(own)} | ${REASONS[name]} |`),
  ].join("\n");
  const before = readFileSync(README, "utf8");
  const after = before.replace(MARKS, (_, begin, end) => `${begin}\n${table}\n${end}`);
  if (process.env["BLESS"]) return writeFileSync(README, after);
  // Only the lines that differ are shown: a report of the whole page would be cut.
  const [written, found] = [before, after].map((page) => page.split("\n"));
  const only = (/** @type {string[]} */ these = [], /** @type {string[]} */ those = []) => these.filter((line) => !those.includes(line));
  const difference = { inTheReadme: only(written, found), found: only(found, written) };
  if (before !== after) console.log("differs from the README:", JSON.stringify(difference));
  assert.ok(before === after, `BLESS=1 writes the table of the README: ${JSON.stringify(difference)}`);
});
