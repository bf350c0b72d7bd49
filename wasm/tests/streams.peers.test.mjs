// Tests of a server by `switchover/streams`, with WebSockets by `ws`, against clients of others: `websockets` of
// Python, and Chromium, to which it also serves pages.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { Duplex } from "node:stream";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { serveConnection } from "switchover/streams";
import { TIMEOUTS, listening } from "./sockets.mjs";

const { WS = "", PYTHON = "", RUNTIMES = "", CHROMIUM = "" } = process.env;
const { WebSocket } = createRequire(import.meta.url)(WS);
const FLAGS = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync";

/** The requests received on each connection, by the client's port. @typedef {Map<number, string[]>} Requests */

/** @param {Requests} [requests] */
function serving(requests = new Map()) {
  return listening((socket) => serveConnection(socket, async (request, { remoteAddr }) => {
    const { connection, method, target, url } = request;
    const port = remoteAddr?.port ?? 0;
    requests.set(port, [...(requests.get(port) ?? []), `${method} ${target}`]);
    if (target === "/plain") return { status: 403, body: "no" };
    const subprotocol = connection.selectSubprotocol(["chat"]);
    const switched = await request.upgrade(["websocket"], subprotocol ? { "Sec-WebSocket-Protocol": subprotocol } : {});
    if (!switched) return new Response(method === "POST" ? `${(await request.text(9e6)).length}` : `<title>${url}</title>`, { headers: { "Content-Type": "text/html" } });
    // As the server of `ws` does it after its own handshake.
    const peer = new WebSocket(null, undefined, { autoPong: true });
    peer.setSocket(switched.toDuplex(Duplex), Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 1 << 20, skipUTF8Validation: false });
    peer.on("message", (/** @type {Buffer} */ data) => peer.send(`${data} came`));
    return undefined;
  }));
}

test("websockets of Python", { timeout: TIMEOUTS, skip: !PYTHON && "there is no websockets" }, async () => {
  const server = await serving();
  const program = join(import.meta.dirname, "hosts/client.py");
  const { stdout } = await promisify(execFile)(PYTHON, [program, `ws://127.0.0.1:${server.port}/`], { timeout: TIMEOUTS });
  assert.equal(stdout, "chat\n5 True\n100000 True\nin pieces came\n1000\nserver rejected WebSocket connection: HTTP 403\n");
  await server.close();
});

test("Chromium: a page, requests on kept connections, content, a WebSocket", { timeout: TIMEOUTS, skip: !CHROMIUM && "there is no Chromium" }, async () => {
  /** @type {Requests} */
  const requests = new Map();
  const server = await serving(requests);
  /** @type {{ chromium: any }} */
  const { chromium } = await import(pathToFileURL(join(RUNTIMES, "playwright-core/index.mjs")).href);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS.split(" ") });
  try {
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.port}/page`);
    assert.equal(await page.title(), `http://127.0.0.1:${server.port}/page`);
    const lengths = await page.evaluate(async () => {
      const lengths = [];
      for (const length of [0, 5, 3_000_000]) lengths.push(await (await fetch("/post", { method: "POST", body: "x".repeat(length) })).text());
      return lengths;
    });
    assert.deepEqual(lengths, ["0", "5", "3000000"]);
    const spoken = await page.evaluate(async (/** @type {string} */ url) => {
      const peer = new globalThis.WebSocket(url, ["chat.v2", "chat"]);
      const next = () => new Promise((resolve, reject) => ((peer.onmessage = ({ data }) => resolve(data)), (peer.onclose = reject)));
      await new Promise((resolve, reject) => ((peer.onopen = resolve), (peer.onerror = reject)));
      const said = [];
      for (const text of ["hello", "x".repeat(70_000)]) {
        peer.send(text);
        said.push((await next()) === `${text} came`);
      }
      const closed = new Promise((resolve) => (peer.onclose = ({ code, wasClean }) => resolve([code, wasClean])));
      peer.close(1000);
      return [peer.protocol, ...said, await closed];
    }, `ws://127.0.0.1:${server.port}/chat`);
    assert.deepEqual(spoken, ["chat", true, true, [1000, true]]);
    const [declined] = await page.evaluate(async (/** @type {string} */ url) => {
      const peer = new globalThis.WebSocket(url);
      return [await new Promise((resolve) => ((peer.onopen = () => resolve("open")), (peer.onerror = () => resolve("declined"))))];
    }, `ws://127.0.0.1:${server.port}/plain`);
    assert.equal(declined, "declined");
  } finally {
    await browser.close();
    await server.close();
  }
  assert([...requests.values()].some((sent) => sent.length > 2), "no connection was kept");
});
