// Tests of the worker example, in workerd, against the WebSocket server of `ws` and against misbehaving servers.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { withWorker } from "./hosts/edge.mjs";

/** @typedef {import("node:http").IncomingMessage} IncomingMessage */
/** @typedef {import("node:stream").Duplex} Duplex */

const { WORKERD = "", WS = "", PACKAGE = "" } = process.env;
const examples = process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples");
const { WebSocketServer } = createRequire(import.meta.url)(WS);
const HEAD = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
const HI_AND_CLOSE = Buffer.from("\x81\x02hi\x88\x02\x03\xe8", "latin1");
const TIMEOUT = 10_000;

const echo = new WebSocketServer({ noServer: true });

/**
 * Behaviours of a server that receives an offer, by request target.
 * @type {Record<string, (request: IncomingMessage, socket: Duplex, head: Buffer) => void>}
 */
const servers = {
  "/echo"(request, socket, head) {
    echo.handleUpgrade(request, socket, head, answerMessages);
  },
  "/welcome"(request, socket, head) {
    // Everything written until `uncork` is sent in one segment.
    socket.cork();
    echo.handleUpgrade(request, socket, head, (/** @type {any} */ peer) => {
      peer.send("welcome");
      answerMessages(peer);
      socket.uncork();
    });
  },
  async "/slow"(request, socket) {
    for (const byte of Buffer.concat([Buffer.from(`${HEAD}${proof(request)}\r\n\r\n`), HI_AND_CLOSE])) {
      socket.write(Uint8Array.of(byte));
      await pause(1);
    }
    socket.end();
  },
  "/unproven"(_, socket) {
    socket.end(`${HEAD}AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n`);
  },
  "/leaves"(request, socket) {
    socket.end(`${HEAD}${proof(request)}\r\n\r\n\x81`, "latin1");
  },
  "/declines"(_, socket) {
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
  },
};

/** Returns the `Sec-WebSocket-Accept` for a request (RFC 6455, section 4.2.2). @param {IncomingMessage} request */
function proof({ headers }) {
  return createHash("sha1").update(`${headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}

/**
 * Responds to each WebSocket message of a client.
 *
 * `ws` checks the frames: an unmasked client frame ends the connection.
 * @param {any} peer
 */
function answerMessages(peer) {
  peer.on("message", (/** @type {Buffer} */ data, /** @type {boolean} */ isBinary) => {
    peer.send(`${data} came`, { binary: isBinary });
  });
}

const server = createServer().on("upgrade", (request, socket, head) => {
  servers[new URL(request.url ?? "", "http://a").pathname]?.(request, socket, head);
});
/** @type {(done?: unknown) => void} */
let finish = () => {};
/** @type {Promise<unknown>} */
let worker;
let url = "";

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const SERVER = `127.0.0.1:${typeof address === "object" ? address?.port : address}`;
  const finished = new Promise((resolve) => (finish = resolve));
  await new Promise((resolve, reject) => {
    worker = withWorker(WORKERD, PACKAGE, { "worker.mjs": join(examples, "worker.mjs") }, { SERVER }, async (there) => {
      url = there;
      resolve(undefined);
      await finished;
    });
    worker.catch(reject);
  });
});
after(async () => {
  finish();
  await worker;
  server.closeAllConnections();
  server.close();
});

/**
 * Lets the worker open a WebSocket at `target` and send `say`; returns its report.
 *
 * `target` is a key of `servers`. The report is the status and the text of the worker's response.
 * @param {string} target @param {string} say
 */
async function ask(target, say = "hello") {
  const query = new URLSearchParams({ say });
  const answer = await fetch(new URL(`${target}?${query}`, url), { signal: AbortSignal.timeout(TIMEOUT) });
  return { status: answer.status, said: await answer.text() };
}

test("a message and its answer", async () => {
  const { status, said } = await ask("/echo", "h\u00e4llo");
  assert.deepEqual([status, JSON.parse(said)], [200, { leftover: 0, messages: ["h\u00e4llo came"] }]);
});

test("lengths of one, and of two bytes", async () => {
  for (const length of [0, 125, 126, 8_000]) {
    const say = "x".repeat(length);
    assert.deepEqual(JSON.parse((await ask("/echo", say)).said).messages, [`${say} came`]);
  }
});

test("a server that speaks first, in the segment of its 101", async () => {
  // The leftover is the frame head 0x81 0x07 and the word.
  assert.deepEqual(JSON.parse((await ask("/welcome")).said), { leftover: 9, messages: ["welcome", "hello came"] });
});

test("byte by byte", async () => {
  assert.deepEqual(JSON.parse((await ask("/slow")).said).messages, ["hi"]);
});

test("a server that does not prove that it speaks WebSocket", async () => {
  const { status, said } = await ask("/unproven");
  assert.equal(status, 502);
  assert.match(said, /^ProtocolError: /);
});

test("a server that declines", async () => {
  assert.deepEqual(await ask("/declines"), { status: 502, said: "the request was answered in HTTP/1.1 instead\n" });
});

test("a server that leaves in the middle of a frame", async () => {
  assert.deepEqual(await ask("/leaves"), { status: 502, said: "Error: the server has left without a Close\n" });
});
