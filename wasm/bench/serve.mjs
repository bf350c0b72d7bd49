// Processor time of `serveConnection` beside node:http: `serve.mjs [ROUNDS] [REQUESTS]`. `BLESS=1` writes it into README.md.
//
// `serve.mjs ROUNDS REQUESTS NAME PROGRAM [ARGUMENT]...` runs the servers in another runtime, such as Bun, beside its own node:http.
//
// Each way has a server process of its own, which says how much time of the processor it has used. In each round each way
// answers the same requests in turn. The ratios to node:http are those within a round; their median and range are
// printed. An echo in a new protocol is compared with one on a bare socket. In Node it prints the goals that a median
// misses, and ends with exit code 1 if that of an object at once, one request at a time, is among them.

import { fork } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttp } from "node:http";
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
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
  "1 kB of content, read by `text()`": { bytes: POST, at: 1 },
};

/** The length of large content, and of its pieces, in bytes. */
const LARGE = 100_000_000;
const PIECE = 65_536;
const whole = new Uint8Array(LARGE);
/** The ways to send or receive large content, by the target of the request for it. */
const TARGETS = {
  "/whole": "sent, a `Uint8Array`",
  "/pieces": "sent, an async iterable, chunked",
  "/sized": "sent, an async iterable with a length",
  "/stream": "sent, a `ReadableStream`, chunked",
  "/reader": "received, by a reader",
  "/iterator": "received, by `for await`",
  "/chunked": "received chunked, by a reader",
};
/** The greatest ratios that are allowed in Node, by row, in the order of `LOADS`. @type {Record<string, number[]>} */
const GOALS = {
  "an object, at once": [0.95, 0.75, 0.85],
  "a `FastResponse`": [0.97],
  "a native `Response`": [2.7],
  "sent, a `Uint8Array`": [2.3],
  "sent, an async iterable, chunked": [2.6],
  "received, by a reader": [1.4],
  "received, by `for await`": [1.4],
  "an echo after a switch": [1.0],
};
const GATE = "an object, at once";
const BARE = "an echo on a bare socket";
const SWITCHED = "an echo after a switch";
const SWITCH = "GET / HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n";
const ACCEPTED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo/2\r\n\r\n";
const MESSAGE = "x".repeat(64);

const SIZED = { "Content-Length": String(LARGE) };

async function* pieces() {
  for (let at = 0; at < LARGE; at += PIECE) yield whole.subarray(at, at + PIECE);
}

function streamed() {
  const source = pieces();
  return new ReadableStream({
    async pull(controller) {
      const { value, done } = await source.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Handles a request for one of the `TARGETS`. @param {import("switchover/streams").ServerRequest} request */
async function large(request) {
  const { target, body } = request;
  if (target === "/whole") return { body: whole };
  if (target === "/pieces") return { body: pieces() };
  if (target === "/sized") return { headers: SIZED, body: pieces() };
  if (target === "/stream") return { body: streamed() };
  let length = 0;
  if (target === "/iterator") for await (const piece of body ?? []) length += piece.length;
  else {
    const reader = body?.getReader();
    for (let step; (step = await reader?.read()) && !step.done; ) length += step.value.length;
  }
  return { body: String(length) };
}

/** Handles a request for one of the `TARGETS` in node:http. @type {import("node:http").RequestListener} */
async function largeOfNode(request, response) {
  const target = String(request.url);
  if (target === "/whole") return void response.writeHead(200, SIZED).end(whole);
  if (target === "/pieces" || target === "/sized" || target === "/stream") {
    response.writeHead(200, target === "/sized" ? SIZED : {});
    for await (const piece of pieces()) if (!response.write(piece)) await once(response, "drain");
    return void response.end();
  }
  let length = 0;
  if (target === "/iterator") for await (const piece of request) length += piece.length;
  else {
    request.on("data", (piece) => (length += piece.length));
    await once(request, "end");
  }
  response.end(String(length));
}

/**
 * The handlers that are compared with node:http.
 * @type {Record<string, Handler>}
 */
const HANDLERS = {
  "an object, from an `async` function": async (request) => ({ headers: HEADERS, body: request.method === "POST" ? await request.text() : "hello" }),
  "an object, at once": (request) => {
    if (!request.target.startsWith("/hello")) return large(request);
    return request.method === "POST" ? text(request) : { headers: HEADERS, body: "hello" };
  },
  "a `FastResponse`": async (request) => new FastResponse(request.method === "POST" ? await request.text() : "hello", { headers: HEADERS }),
  "a native `Response`": async (request) => new Response(request.method === "POST" ? await request.text() : "hello", { headers: HEADERS }),
};

/** @param {import("switchover/streams").ServerRequest} request */
async function text(request) {
  return { headers: HEADERS, body: await request.text() };
}

/** Switches to `foo/2`, and sends each piece back. @type {Handler} */
async function echoed(request) {
  const foo = await request.upgrade(["foo/2"]);
  if (!foo) return { status: 426 };
  const socket = foo.toDuplex(Duplex);
  socket.on("data", (piece) => socket.write(piece));
  await once(socket, "end");
}

/** Does the same without an engine, for the one client of this bench. @param {import("node:net").Socket} socket */
function bare(socket) {
  socket.once("data", () => {
    socket.write(ACCEPTED);
    socket.on("data", (piece) => socket.write(piece));
  });
  socket.on("end", () => socket.end());
}

/** Creates a server of node:http that answers as the handlers do. */
function ofNode() {
  return createHttp((request, response) => {
    if (!request.url?.startsWith("/hello")) return void largeOfNode(request, response);
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
 * Runs one of the compared servers until the parent disconnects.
 *
 * Sends the parent its port. Then it answers each message with the processor time used so far, in microseconds.
 * @param {string} name
 */
async function serve(name) {
  const handler = name === SWITCHED ? echoed : HANDLERS[name];
  const options = { allowHalfOpen: true, noDelay: true };
  const server = handler
    ? createServer(options, (socket) => void serveConnection(socket, handler))
    : name === BARE ? createServer(options, bare) : ofNode();
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
  /** @param {string} name @param {string[]} runtime the program that runs the server, and its arguments; empty for this one */
  constructor(name, [execPath = process.execPath, ...execArgv]) {
    this.name = name;
    this.child = fork(fileURLToPath(import.meta.url), ["serve", name], { execPath, execArgv });
    this.port = 0;
  }

  async begin() {
    [this.port] = await once(this.child, "message");
    return this;
  }

  /** Returns the processor time that the server has used, in microseconds. @returns {Promise<number>} */
  async used() {
    const told = once(this.child, "message");
    this.child.send("used");
    return (await told)[0];
  }

  /** Returns the server's processor time in microseconds for one large content. @param {string} target */
  async costOf(target) {
    const before = await this.used();
    await exchange(this.port, target);
    return (await this.used()) - before;
  }

  /** Returns the server's processor time in microseconds for each echoed message. @param {number} messages */
  async costOfEcho(messages) {
    const each = Math.ceil(messages / CONNECTIONS);
    const sockets = await Promise.all(Array.from({ length: CONNECTIONS }, () => switched(this.port)));
    const before = await this.used();
    await Promise.all(sockets.map((socket) => echo(socket, each)));
    const used = (await this.used()) - before;
    for (const socket of sockets) socket.destroy();
    return used / (each * CONNECTIONS);
  }

  /** Returns the server's processor time in microseconds for each request. @param {{ bytes: string, at: number }} load @param {number} requests */
  async cost(load, requests) {
    const before = await this.used();
    const each = Math.ceil(requests / (CONNECTIONS * load.at)) * load.at;
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

/** Returns a connection that has switched. @param {number} port */
async function switched(port) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  socket.write(SWITCH);
  const [head] = await once(socket, "data");
  if (!String(head).startsWith("HTTP/1.1 101 ")) throw new Error(`no switch: ${head}`);
  return socket;
}

/** Sends messages, each once the one before has come back. @param {import("node:net").Socket} socket @param {number} messages */
function echo(socket, messages) {
  let left = messages;
  let received = 0;
  return new Promise((resolve, reject) => {
    socket.on("end", () => reject(new Error("a server has closed")));
    socket.on("data", (/** @type {Buffer} */ piece) => {
      received += piece.length;
      if (received < MESSAGE.length) return;
      received = 0;
      left -= 1;
      if (left > 0) socket.write(MESSAGE);
      else resolve(undefined);
    });
    socket.write(MESSAGE);
  });
}

/** Returns the length of the first response in bytes. @param {Buffer} data */
function lengthOf(data) {
  const shown = data.toString("latin1");
  const content = /^HTTP\/1\.1 200 OK\r\n[^]*?content-length: (\d+)\r\n/i.exec(shown);
  if (!content) throw new Error(`no response: ${shown}`);
  return shown.indexOf("\r\n\r\n") + 4 + Number(content[1]);
}

/**
 * Sends or receives large content on a connection of its own.
 * @param {number} port @param {string} target
 */
async function exchange(port, target) {
  const socket = connect({ port, host: "127.0.0.1" });
  await once(socket, "connect");
  let received = 0;
  let last = "";
  socket.on("data", (/** @type {Buffer} */ data) => {
    received += data.length;
    last = data.subarray(-20).toString("latin1");
  });
  const isUpload = TARGETS[/** @type {keyof typeof TARGETS} */ (target)].startsWith("received");
  const isChunked = target === "/chunked";
  const framing = !isUpload ? "" : isChunked ? "Transfer-Encoding: chunked\r\n" : `Content-Length: ${LARGE}\r\n`;
  socket.write(`${isUpload ? "POST" : "GET"} ${target} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${framing}\r\n`);
  if (isUpload) {
    for await (const piece of pieces()) {
      if (isChunked) socket.write(`${piece.length.toString(16)}\r\n`);
      const hasRoom = socket.write(piece);
      if (isChunked) socket.write("\r\n");
      if (!hasRoom) await once(socket, "drain");
    }
    if (isChunked) socket.write("0\r\n\r\n");
  }
  await once(socket, "end");
  socket.end();
  if (isUpload ? !last.includes(String(LARGE)) : received < LARGE) throw new Error(`${target}: content is missing`);
}

/** @param {number[]} numbers */
function median(numbers) {
  return [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
}

/**
 * Measures each way in turn, for a number of rounds.
 *
 * A round before them is not counted. Returns, for each way, the median of its ratios to the first way, and their range.
 * @param {Way[]} ways @param {number} rounds @param {(way: Way, isFirst: boolean) => Promise<number>} cost @param {string} title
 */
async function compared(ways, rounds, cost, title) {
  /** @type {number[][]} */
  const costs = ways.map(() => []);
  for (const way of ways) await cost(way, true);
  for (let round = 0; round < rounds; round++) {
    for (const [at, way] of ways.entries()) costs[at]?.push(await cost(way, false));
  }
  console.log(`\n${title.padEnd(38)}      us   ratio to node:http`);
  return ways.map((way, at) => {
    const own = costs[at] ?? [];
    const ratios = own.map((cost, round) => cost / (costs[0]?.[round] ?? NaN)).sort((a, b) => a - b);
    const told = `${median(ratios).toFixed(2)} (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)})`;
    console.log(`${way.name.padEnd(38)} ${median(own).toFixed(1).padStart(7)}   ${told}`);
    return told;
  });
}

/** @param {number} rounds @param {number} requests @param {string} name of the runtime; empty for this one @param {string[]} runtime */
async function compare(rounds, requests, name, runtime) {
  const ways = await Promise.all(["node:http", ...Object.keys(HANDLERS)].map((way) => new Way(way, runtime).begin()));
  /** @type {string[][]} */
  const columns = [];
  for (const [title, load] of Object.entries(LOADS)) {
    columns.push(await compared(ways, rounds, (way, isFirst) => way.cost(load, isFirst ? requests / 4 : requests), title));
  }
  const small = ways.slice(1).map(({ name }, at) => [name, ...columns.map((column) => column[at + 1] ?? "")]);
  if (name !== "") {
    for (const way of ways) way.child.disconnect();
    if (process.env["BLESS"]) rewrite(`the table of bench/serve.mjs in ${name}`, table([`in ${name}, the handler returns`, ...Object.keys(LOADS)], small));
    return;
  }
  const echoes = await Promise.all([BARE, SWITCHED].map((way) => new Way(way, []).begin()));
  const [, echo = ""] = await compared(echoes, rounds, (way) => way.costOfEcho(requests), "64 bytes in a new protocol");
  for (const way of echoes) way.child.disconnect();
  const both = ways.filter(({ name }) => name === "node:http" || name === "an object, at once");
  /** @type {string[][]} */
  const rows = [];
  for (const [target, title] of Object.entries(TARGETS)) {
    const [, told = ""] = await compared(both, rounds, (way) => way.costOf(target), title);
    rows.push([title, told]);
  }
  for (const way of ways) way.child.disconnect();
  judge([...small, ...rows, [SWITCHED, echo]]);
  if (!process.env["BLESS"]) return;
  rewrite("the tables of bench/serve.mjs", [
    ...table(["the handler returns", ...Object.keys(LOADS)], small),
    "",
    ...table([`${LARGE / 1e6} MB of content`, "beside node:http"], rows),
    "",
    ...table(["64 bytes of a new protocol", "beside a bare `net.Socket`"], [[SWITCHED, echo]]),
  ]);
}

/**
 * Prints the missed goals; the first one of `GATE` also sets the exit code.
 * @param {string[][]} rows the name of a row, and its cells
 */
function judge(rows) {
  const missed = rows.flatMap(([name = "", ...cells]) =>
    (GOALS[name] ?? []).flatMap((goal, at) =>
      parseFloat(cells[at] ?? "") <= goal ? [] : [{ told: `${name}: ${cells[at]}, at most ${goal}`, isGate: name === GATE && at === 0 }],
    ),
  );
  for (const { told } of missed) console.log(`missed: ${told}`);
  console.log(`# ${missed.length} goals missed`);
  if (missed.some(({ isGate }) => isGate)) process.exitCode = 1;
}

/** @param {string[]} head @param {string[][]} rows */
function table(head, rows) {
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

/** Replaces the lines between two marks of `wasm/README.md`. @param {string} name @param {string[]} lines */
function rewrite(name, lines) {
  const file = new URL("../README.md", import.meta.url);
  const before = readFileSync(file, "utf8");
  const marks = new RegExp(`(<!-- ${name} -->\\n)[^]*?(\\n<!-- (?:their|its) end -->)`);
  if (!marks.test(before)) throw new Error(`the README has no marks for ${name}`);
  writeFileSync(file, before.replace(marks, (_, begin, end) => `${begin}\n${lines.join("\n")}\n${end}`));
}

const [first = "5", second = "32000", name = "", ...runtime] = process.argv.slice(2);
if (first === "serve") await serve(second);
else await compare(Number(first), Number(second), name, runtime);
