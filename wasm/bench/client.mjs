// Processor time of a client's requests on one connection, beside undici and node:http: `client.mjs [FOLDER] [ROUNDS]
// [REQUESTS]`.
//
// FOLDER holds undici, as `bench/run` installs it. Each client is a process of its own and makes the same requests in turn.
// The ratios to undici are those within a round; their median and range are printed.

import { fork } from "node:child_process";
import { once } from "node:events";
import { Agent, request as ofNode } from "node:http";
import { createRequire } from "node:module";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { request } from "switchover/streams";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello";
const TARGET = "/hello?name=a";
const HEADERS = { Accept: "*/*" };
const CLIENTS = ["undici", "switchover/streams", "node:http"];

/**
 * Returns a function that makes a request and reads its response.
 * @param {string} name @param {number} port @param {string} folder @returns {Promise<() => Promise<string>>}
 */
async function clientOf(name, port, folder) {
  if (name === "undici") {
    const { Client } = createRequire(join(folder, "package.json"))("undici");
    const client = new Client(`http://127.0.0.1:${port}`);
    return async () => (await client.request({ method: "GET", path: TARGET, headers: HEADERS })).body.text();
  }
  if (name === "node:http") {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    return () => new Promise((resolve) => void ofNode({ port, host: "127.0.0.1", path: TARGET, agent, headers: HEADERS }, (response) => resolve(text(response))).end());
  }
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  const head = { target: TARGET, headers: { Host: `127.0.0.1:${port}`, ...HEADERS } };
  return async () => (await request(socket, head)).text();
}

/** Makes as many requests as the parent asks for, and sends it the CPU time of one. @param {string[]} given */
async function serve([name = "", port = "", folder = ""]) {
  const ask = await clientOf(name, Number(port), folder);
  process.on("message", async (count) => {
    const before = process.cpuUsage();
    for (let left = Number(count); left > 0; left--) if ((await ask()) !== "hello") throw new Error("another response");
    const { user, system } = process.cpuUsage(before);
    process.send?.((user + system) / Number(count));
  });
  process.on("disconnect", () => process.exit());
  process.send?.("ready");
}

/** @param {string} folder @param {number} rounds @param {number} requests */
async function compare(folder, rounds, requests) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => socket.write(ANSWER));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const children = [];
  for (const name of CLIENTS) {
    const child = fork(fileURLToPath(import.meta.url), ["client", name, String(Object(server.address()).port), folder]);
    await once(child, "message");
    children.push(child);
  }
  /** @param {import("node:child_process").ChildProcess} child @param {number} count */
  const cost = async (child, count) => {
    const told = once(child, "message");
    child.send(count);
    return Number((await told)[0]);
  };
  for (const child of children) await cost(child, requests / 2);
  /** @type {number[][]} */
  const costs = CLIENTS.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [at, child] of children.entries()) costs[at]?.push(await cost(child, requests));
  }
  console.log("a request on a kept connection   us each   ratio to undici");
  for (const [at, name] of CLIENTS.entries()) {
    const own = costs[at] ?? [];
    const ratios = own.map((each, round) => each / (costs[0]?.[round] ?? NaN)).sort((a, b) => a - b);
    const middle = (/** @type {number[]} */ numbers) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? NaN;
    console.log(`${name.padEnd(32)} ${middle(own).toFixed(1).padStart(7)}   ${middle(ratios).toFixed(2)} (${ratios[0]?.toFixed(2)} to ${ratios.at(-1)?.toFixed(2)})`);
  }
  for (const child of children) child.disconnect();
  server.close();
}

const [first = ".", second = "9", third = "8000"] = process.argv.slice(2);
if (first === "client") await serve(process.argv.slice(3));
else await compare(first, Number(second), Number(third));
