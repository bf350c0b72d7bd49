// Throughput of `switchover/streams` compared with node:http and plain sockets: `streams.mjs [ROUNDS] [MEGABYTES]`.
//
// Each way moves MEGABYTES (by default 100) over the loopback interface in turn; the ratios of their times are printed. The best round
// counts, since other programs use the machine.

import { once } from "node:events";
import { createServer as createHttp, request as httpRequest } from "node:http";
import { connect, createServer } from "node:net";
import process from "node:process";
import { Duplex, Readable, Writable } from "node:stream";
import { request, serveConnection, upgrade } from "switchover/streams";

/** @typedef {import("node:net").Socket} NetSocket */
/** @typedef {import("node:net").Server} Server */
/** @typedef {import("switchover/streams").Socket} Socket */

const [rounds = "5", megabytes = "100"] = process.argv.slice(2);
const LENGTH = Number(megabytes) << 20;
const PIECE = new Uint8Array(65_536);
const HEADERS = { Host: "a.example" };

/** Returns `LENGTH` bytes of content as a web stream. */
function content() {
  let left = LENGTH;
  return new ReadableStream({
    pull(controller) {
      if (left === 0) return controller.close();
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
      left -= piece.length;
      controller.enqueue(piece);
    },
  }, { highWaterMark: 0 });
}

/** Returns `LENGTH` bytes of content as a stream of Node. */
function nodeContent() {
  let left = LENGTH;
  return new Readable({
    read() {
      const piece = PIECE.subarray(0, Math.min(left, PIECE.length));
      left -= piece.length;
      this.push(piece.length > 0 ? piece : null);
    },
  });
}

/**
 * Reads `length` bytes of a stream; throws if it reads another number.
 * @param {AsyncIterable<Uint8Array> | ReadableStream<Uint8Array>} stream
 */
async function drain(stream, length = LENGTH) {
  let left = length;
  if (stream instanceof ReadableStream) {
    const reader = stream.getReader();
    // A readable of `Duplex.toWeb` ends only after its writable.
    for (let step; left > 0 && !(step = await reader.read()).done; ) left -= step.value.length;
  } else {
    const readable = /** @type {Readable} */ (stream);
    readable.on("data", (bytes) => (left -= bytes.length));
    await once(readable, "end");
  }
  if (left !== 0) throw new Error(`${left} bytes are missing`);
}

/** @param {Server} server @returns {Promise<number>} */
async function port(server) {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
}

/** @param {number} number */
async function dial(number) {
  const socket = connect({ port: number, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/** @param {NetSocket} socket @returns {any} */
const web = (socket) => Duplex.toWeb(socket);
/** @param {NetSocket} socket @returns {any} */
const own = (socket) => socket;

/**
 * The compared ways to serve a response of `LENGTH` bytes, by name.
 * @type {Record<string, () => Server>}
 */
const servers = {
  "node:http, its own streams": () => createHttp((_, response) => nodeContent().pipe(response.setHeader("Content-Length", LENGTH))),
  "node:http, web streams": () =>
    createHttp((_, response) => {
      response.setHeader("Content-Length", LENGTH);
      void content().pipeTo(/** @type {any} */ (Writable.toWeb(response)));
    }),
  "streams over net.Socket": () => streams(own),
  "streams over Duplex.toWeb": () => streams(web),
};

/** @param {(socket: NetSocket) => Socket} shape */
function streams(shape) {
  const headers = { "Content-Length": String(LENGTH) };
  return createServer({ allowHalfOpen: true }, (socket) => void serveConnection(shape(socket), () => ({ headers, body: content() })));
}

/**
 * The compared ways to receive a response of `LENGTH` bytes, by name.
 * @type {Record<string, (port: number) => Promise<void>>}
 */
const clients = {
  "node:http, its own streams": async (port) => drain(await get(port)),
  "node:http, web streams": async (port) => drain(/** @type {any} */ (Readable.toWeb(await get(port)))),
  "streams over net.Socket": (port) => receive(port, own),
  "streams over Duplex.toWeb": (port) => receive(port, web),
};

/** @param {number} port @returns {Promise<import("node:http").IncomingMessage>} */
function get(port) {
  return new Promise((resolve, reject) => {
    httpRequest({ port, host: "127.0.0.1", agent: false }, resolve).on("error", reject).end();
  });
}

/** @param {number} port @param {(socket: NetSocket) => Socket} shape */
async function receive(port, shape) {
  const socket = await dial(port);
  const answer = await request(shape(socket), { target: "/", headers: HEADERS });
  if (!answer.body) throw new Error("there is no content");
  await drain(answer.body);
  socket.destroy();
}

/**
 * The compared ways to read `LENGTH` bytes of a new protocol, by name.
 * @type {Record<string, (port: number) => Promise<void>>}
 */
const tunnels = {
  "bare Duplex.toWeb": async (port) => {
    const socket = await dial(port);
    const { readable, writable } = web(socket);
    const writer = writable.getWriter();
    await writer.write(Buffer.from("\r\n\r\n"));
    await drain(readable, HEAD.length + LENGTH);
    socket.destroy();
  },
  "switched over Duplex.toWeb": (port) => speak(port, web),
  "switched over net.Socket": (port) => speak(port, own),
};

const HEAD = "HTTP/1.1 101 S\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";

/** @param {number} port @param {(socket: NetSocket) => Socket} shape */
async function speak(port, shape) {
  const socket = await dial(port);
  const switched = await upgrade(shape(socket), { target: "/", headers: HEADERS }, { offer: ["foo/2"] });
  if (switched.protocol === null) throw new Error("declined");
  await drain(switched.readable);
  socket.destroy();
}

/** Creates a server that sends `LENGTH` bytes after a 101. */
function talker() {
  return createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => {
      socket.write(HEAD);
      setTimeout(() => nodeContent().pipe(socket), 5);
    });
  });
}

/** @param {() => Promise<void>} act */
async function seconds(act) {
  const begin = performance.now();
  await act();
  return (performance.now() - begin) / 1000;
}

/**
 * Measures each way in turn, in several rounds, and prints their best rates.
 * @param {string} title @param {Record<string, () => Promise<void>>} ways
 */
async function compare(title, ways) {
  /** @type {Record<string, number>} */
  const best = {};
  for (let round = 0; round < Number(rounds); round++) {
    for (const [name, act] of Object.entries(ways)) best[name] = Math.min(best[name] ?? Infinity, await seconds(act));
  }
  const [first = 1] = Object.values(best);
  console.log(`\n${title.padEnd(34)} ${"MB/s".padStart(6)}  ratio to the first`);
  for (const [name, took] of Object.entries(best)) {
    console.log(`${name.padEnd(34)} ${(LENGTH / took / 2 ** 20).toFixed(0).padStart(6)}  ${(first / took).toFixed(2)}`);
  }
}

const giving = servers["node:http, its own streams"]?.();
if (!giving) throw new Error("no server");
const source = await port(giving);
await compare("a response received", Object.fromEntries(Object.entries(clients).map(([name, act]) => [name, () => act(source)])));
giving.close();

/** @type {Record<string, () => Promise<void>>} */
const serving = {};
const started = [];
for (const [name, make] of Object.entries(servers)) {
  const server = make();
  started.push(server);
  const number = await port(server);
  serving[name] = async () => drain(await get(number));
}
await compare("a response served", serving);
for (const server of started) server.close();

const talking = talker();
const spoken = await port(talking);
await compare("a tunnel", Object.fromEntries(Object.entries(tunnels).map(([name, act]) => [name, () => act(spoken)])));
talking.close();
