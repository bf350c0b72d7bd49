// Processor time of `serveConnection` beside node:http: `serve.mjs [ROUNDS] [REQUESTS]`.
//
// Each way has a server process of its own, which says how much time of the processor it has used. In each round each way
// answers the same requests in turn. The ratios to node:http are those within a round; their median and range are
// printed.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { connect, createServer } from "node:net";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { FastResponse, serveConnection } from "switchover/streams";

/** @typedef {import("switchover/streams").Handler} Handler */

const CONNECTIONS = 16;
const PIPELINED = 10;
const TYPE = "text/plain; charset=utf-8";
const HEADERS = { "Content-Type": TYPE };
const CONTENT = "x".repeat(1024);
const GET = "GET /hello?name=a HTTP/1.1\r\nHost: a.example\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n";
const POST = `POST /hello HTTP/1.1\r\nHost: a.example\r\nContent-Type: ${TYPE}\r\nContent-Length: ${CONTENT.length}\r\n\r\n${CONTENT}`;

/** The kinds of load: the bytes of a request, and the number of requests at a time. */
const LOADS = {
  "one at a time": { bytes: GET, at: 1 },
  [`${PIPELINED} at a time`]: { bytes: GET, at: PIPELINED },
  "1 kB of content": { bytes: POST, at: 1 },
};

/**
 * The handlers that are compared with node:http.
 * @type {Record<string, Handler>}
 */
const HANDLERS = {
  "a plain object": async (request) => ({ headers: HEADERS, body: request.method === "POST" ? await request.text() : "hello" }),
  "a plain object, at once": (request) => (request.method === "POST" ? text(request) : { headers: HEADERS, body: "hello" }),
  "FastResponse": async (request) => new FastResponse(request.method === "POST" ? await request.text() : "hello", { headers: HEADERS }),
  "a native Response": async (request) => new Response(request.method === "POST" ? await request.text() : "hello", { headers: HEADERS }),
};

/** @param {import("switchover/streams").ServerRequest} request */
async function text(request) {
  return { headers: HEADERS, body: await request.text() };
}

/** Creates a server of node:http that answers as the handlers do. */
function ofNode() {
  return createHttp((request, response) => {
    /** @param {string} body */
    const answer = (body) => response.writeHead(200, { ...HEADERS, "Content-Length": Buffer.byteLength(body) }).end(body);
    if (request.method !== "POST") return void answer("hello");
    /** @type {Buffer[]} */
    const pieces = [];
    request.on("data", (piece) => pieces.push(piece));
    request.on("end", () => answer(Buffer.concat(pieces).toString()));
  });
}

/**
 * Runs one way until the parent disconnects.
 *
 * Sends the port, and then, for each message, the time of the processor that it has used.
 * @param {string} name
 */
async function serve(name) {
  const handler = HANDLERS[name];
  const server = handler
    ? createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void serveConnection(socket, handler))
    : ofNode();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  process.send?.(Object(server.address()).port);
  process.on("message", () => {
    const { user, system } = process.cpuUsage();
    process.send?.(user + system);
  });
  process.on("disconnect", () => process.exit());
}

class Way {
  /** @param {string} name */
  constructor(name) {
    this.name = name;
    this.child = fork(fileURLToPath(import.meta.url), ["serve", name]);
    this.port = 0;
  }

  async begin() {
    [this.port] = await once(this.child, "message");
    return this;
  }

  /** Returns the microseconds of the processor that the server has used. @returns {Promise<number>} */
  async used() {
    const told = once(this.child, "message");
    this.child.send("used");
    return (await told)[0];
  }

  /** Returns the microseconds of the processor for each request. @param {{ bytes: string, at: number }} load @param {number} requests */
  async cost(load, requests) {
    const before = await this.used();
    const each = Math.ceil(requests / CONNECTIONS);
    await Promise.all(Array.from({ length: CONNECTIONS }, () => ask(this.port, load, each)));
    return ((await this.used()) - before) / (each * CONNECTIONS);
  }
}

/**
 * Sends requests on one connection, the next ones once all responses have come.
 * @param {number} port @param {{ bytes: string, at: number }} load @param {number} requests
 */
async function ask(port, { bytes, at }, requests) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  await once(socket, "connect");
  let left = requests;
  let received = 0;
  let length = 0;
  await new Promise((resolve, reject) => {
    const send = () => socket.write(bytes.repeat(at));
    socket.on("error", reject);
    socket.on("end", () => reject(new Error("a server has closed")));
    socket.on("data", (/** @type {Buffer} */ data) => {
      // All responses have the same length.
      if (length === 0) length = lengthOf(data);
      received += data.length;
      if (received < at * length) return;
      if (received !== at * length) return reject(new Error("a response has another length"));
      received = 0;
      left -= at;
      if (left > 0) send();
      else resolve(undefined);
    });
    send();
  });
  socket.destroy();
}

/** Returns the length of the first response. @param {Buffer} data */
function lengthOf(data) {
  const shown = data.toString("latin1");
  const content = /^HTTP\/1\.1 200 OK\r\n[^]*?content-length: (\d+)\r\n/i.exec(shown);
  if (!content) throw new Error(`no response: ${shown}`);
  return shown.indexOf("\r\n\r\n") + 4 + Number(content[1]);
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/** @param {number} rounds @param {number} requests */
async function compare(rounds, requests) {
  const ways = await Promise.all(["node:http", ...Object.keys(HANDLERS)].map((name) => new Way(name).begin()));
  for (const [title, load] of Object.entries(LOADS)) {
    for (const way of ways) await way.cost(load, requests / 4);
    /** @type {number[][]} */
    const costs = ways.map(() => []);
    for (let round = 0; round < rounds; round++) {
      for (const [at, way] of ways.entries()) costs[at]?.push(await way.cost(load, requests));
    }
    console.log(`\n${title.padEnd(34)} us each   ratio to node:http`);
    for (const [at, way] of ways.entries()) {
      const own = costs[at] ?? [];
      const ratios = own.map((cost, round) => cost / (costs[0]?.[round] ?? NaN)).sort((a, b) => a - b);
      const range = `${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)}`;
      console.log(`${way.name.padEnd(34)} ${median(own).toFixed(1).padStart(7)}   ${median(ratios).toFixed(2)} (${range})`);
    }
  }
  for (const way of ways) way.child.disconnect();
}

const [first = "5", second = "32000"] = process.argv.slice(2);
if (first === "serve") await serve(second);
else await compare(Number(first), Number(second));
