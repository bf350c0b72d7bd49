// Tests of the WebAssembly module's life: before it starts, its memory in use, and after it has trapped.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import process from "node:process";
import { test } from "node:test";

import { Capsules, Connection, Splice } from "switchover";

/** Runs a script in a process of its own; returns its output. @param {string} script */
function alone(script) {
  const options = /** @type {const} */ ({ cwd: import.meta.dirname, encoding: "utf8" });
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], options);
  return stdout + stderr;
}

test("before initSync, and twice", () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { fileURLToPath } from "node:url";
    import { Connection, initSync } from "switchover/manual";
    try { new Connection("server") } catch (error) { console.log(error.message) }
    const module = new WebAssembly.Module(readFileSync(fileURLToPath(import.meta.resolve("switchover/switchover.wasm"))));
    initSync(module);
    initSync(module);
    console.log(new Connection("server").awaiting);`;
  assert.equal(alone(script), "the engine has not been started: call initSync first\nrequest\n");
});

test("memory that runs out is an error of the call, and everything goes on", () => {
  const script = `
    import { Connection } from "switchover";
    const greedy = new Connection("server", { limits: { buffered: 2 ** 32 - 1 } });
    try { greedy.receiveBuffer(2 ** 32 - 1) } catch (error) { console.log(error.name, error.kind) }
    console.log(greedy.receiveBuffer(1).length > 0, new Connection("server").awaiting);`;
  assert.equal(alone(script), "ProtocolError out-of-memory\ntrue request\n");
});

/** The start of a script; sets `memory` to the memory of the WebAssembly instance. */
const MEASURES = `
  const { Instance } = WebAssembly;
  let memory;
  WebAssembly.Instance = class { constructor(...given) { const made = new Instance(...given); memory = made.exports.memory; return made } };`;

/** The start of a script whose module traps in its first `receive_buffer`. */
const TRAPS = `
  const { Instance } = WebAssembly;
  let instances = 0;
  WebAssembly.Instance = function (module, imports) {
    const exports = { ...new Instance(module, imports).exports };
    const name = Object.keys(exports).find((name) => name.startsWith("receive_buffer"));
    if (instances++ === 0) exports[name] = () => { throw new WebAssembly.RuntimeError("unreachable") };
    return { exports };
  };`;

/** The imports of a script that begins with `TRAPS` and serves connections. */
const IMPORTS = `
  const { once } = await import("node:events");
  const { connect, createServer } = await import("node:net");
  const { serveConnection } = await import("switchover/streams");
  const { Connection } = await import("switchover");`;

test("after a trap the objects of before are gone, and say so; new ones go on", () => {
  // No call makes the module trap, so one is put in the place of a call.
  const script = `${TRAPS}
    const { Connection } = await import("switchover");
    const other = new Connection("client");
    const greedy = new Connection("server");
    for (const call of [() => greedy.receiveBuffer(1), () => other.awaiting, () => greedy.awaiting]) {
      try { call(); console.log("nothing") }
      catch (error) { console.log(error.name, error.reason, error.cause instanceof WebAssembly.RuntimeError) }
    }
    const fresh = new Connection("server");
    // What stands in a \`finally\` must not hide the error before it, nor free an object of the new instance.
    greedy.free();
    other.free();
    console.log(fresh.receiveBuffer(1).length > 0, fresh.awaiting);`;
  assert.equal(alone(script), `${"GoneError trapped true\n".repeat(3)}true request\n`);
});

test("an overflow of the stack ends no later connection", () => {
  const script = `
    const { Connection } = await import("switchover");
    const request = new TextEncoder().encode("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
    const begun = () => { const connection = new Connection("server"); connection.receive(request); connection.nextEvent(); return connection };
    const deep = (connection, depth) => [connection.state, connection.authority, deep(connection, depth + 1)];
    const padded = (connection, more) => more > 0 ? [padded(connection, more - 1)] : deep(connection, 0);
    for (let more = 0; more < 100; more++) {
      const connection = begun();
      try { padded(connection, more); console.log("nothing") } catch {}
      connection.free();
    }
    console.log(begun().authority);`;
  assert.equal(alone(script), "a\n");
});

test("a trap ends the connections of streams, whose sockets are closed, and no later ones", () => {
  const script = `${TRAPS}${IMPORTS}
    const ends = [];
    const onError = (error) => ends.push(error.name);
    const server = createServer(async (socket) => {
      const { how } = await serveConnection(socket, () => {
        if (ends.length === 0) try { new Connection("server").receiveBuffer(1) } catch {}
        return { body: "hello" };
      }, { onError });
      ends.push(how);
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    for (let times = 0; times < 2; times++) {
      const socket = connect(server.address().port, "127.0.0.1").on("error", () => {});
      socket.write("GET / HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\n\\r\\n");
      let text = "";
      socket.on("data", (data) => text += data);
      await new Promise((resolve) => socket.once("close", resolve));
      console.log(text.slice(-5));
    }
    while (ends.length < 3) await new Promise((resolve) => setTimeout(resolve, 10));
    console.log(ends.join());
    process.exit();`;
  assert.equal(alone(script), "\nhello\nGoneError,failed,closed\n");
});

test("a trap throws in no callback of another connection, and all of them end", () => {
  const script = `${TRAPS}${IMPORTS}
    process.on("uncaughtException", (error) => console.log("uncaught", error));
    process.on("unhandledRejection", (error) => console.log("unhandled", error));
    const ways = ["sends", "leaves", "shutdown", "signal", "exchange"];
    const answers = [];
    const handles = [];
    const stop = new AbortController();
    const server = createServer((socket) => {
      const way = ways[handles.length];
      const handler = ({ signal }) => new Promise((resolve) => answers.push(resolve) && signal);
      const options = { onError: () => {}, ...(way === "signal" && { signal: stop.signal }), ...(way === "exchange" && { timeouts: { exchange: 1_000 } }) };
      handles.push(serveConnection(socket, handler, options));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const sockets = [];
    for (const way of ways) {
      const socket = connect(server.address().port, "127.0.0.1").on("error", () => {});
      sockets.push(socket);
      socket.write("GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n");
      while (answers.length < sockets.length) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    try { new Connection("server").receiveBuffer(1) } catch {}
    sockets[0].write("GET / HTTP/1.1\\r\\n");
    sockets[1].destroy();
    handles[2].shutdown();
    stop.abort();
    await new Promise((resolve) => setTimeout(resolve, 1_300));
    for (const answer of answers) answer({ body: "late" });
    console.log((await Promise.all(handles)).map(({ how }) => how).join());
    process.exit();`;
  assert.match(alone(script), /^(failed|gone),(failed|gone),failed,aborted,aborted\n$/);
});

test("memory stays where it is over many connections and cycles", () => {
  const probe = new Connection("server");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const request = new TextEncoder().encode("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  const cycle = () => {
    const connection = new Connection("server", { limits: { head: 9000 } });
    connection.receive(request);
    while (connection.nextEvent().kind !== "paused");
    connection.sendResponse({ status: 200, headers: { "Content-Length": "0" } });
    connection.free();
  };
  for (let round = 0; round < 1000; round++) cycle();
  const before = size();
  for (let round = 0; round < 100_000; round++) cycle();
  assert.equal(size(), before);
});

/** The forms of a client's socket; web streams do not report that it was destroyed. */
const WAYS = { "a socket": "(socket) => socket", "web streams": "(socket) => Duplex.toWeb(socket)" };
/**
 * JavaScript expressions for responses of 60 kB, without the status line.
 *
 * They use the variable `content` of the script in which they are placed.
 */
const FRAMINGS = {
  "of a known length": '"Connection: close\\r\\nContent-Length: 60000\\r\\n\\r\\n" + content',
  "in chunks": '"Transfer-Encoding: chunked\\r\\n\\r\\nea60\\r\\n" + content + "\\r\\n0\\r\\n\\r\\n"',
};
const UNREAD = Object.entries(WAYS).flatMap(([name, way]) => Object.entries(FRAMINGS).map(([form, framed]) => [name, way, form, framed]));

for (const [name, way, form, framed] of UNREAD) {
  test(`memory stays where it is over responses ${form} that are not read from ${name}, with one signal for all`, () => {
    const script = `
      import { once } from "node:events";
      import { connect, createServer } from "node:net";
      import { Duplex } from "node:stream";
      import { setFlagsFromString } from "node:v8";
      import { runInNewContext } from "node:vm";
      ${MEASURES}
      const { request } = await import("switchover/streams");
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc");
      const { signal } = new AbortController();
      const content = "x".repeat(60_000);
      const answer = "HTTP/1.1 404 No\\r\\n" + ${framed};
      const server = createServer((socket) => socket.on("error", () => {}).once("data", () => socket.end(answer)));
      await once(server.listen(0, "127.0.0.1"), "listening");
      const sizes = [];
      for (let number = 0; number < 400; number++) {
        const socket = connect(server.address().port, "127.0.0.1");
        await once(socket, "connect");
        await request((${way})(socket), { target: "/", headers: { Host: "a" } }, { signal });
        socket.destroy();
        if (number % 20 !== 19) continue;
        for (let turn = 0; turn < 3; turn++) { collect(); await new Promise((resolve) => setTimeout(resolve, 1)) }
        sizes.push(memory.buffer.byteLength);
      }
      console.log(sizes.at(-1) - sizes[4] < 2 ** 20 || sizes);
      process.exit();`;
    assert.equal(alone(script), "true\n");
  });
}

/** Calls with a socket that sends half a head, then nothing, and never closes. @type {Record<string, [half: string, use: string]>} */
const FORGOTTEN = {
  requests: ["HTTP/1.1 200 OK", 'request(socket, { target: "/", headers: { Host: "a" } }, { timeouts })'],
  connections: ["GET / HTTP/1.1", "serveConnection(socket, () => ({}), { timeouts })"],
};

for (const [name, [half, use]] of Object.entries(FORGOTTEN)) {
  test(`memory stays where it is over ${name} that are forgotten, as in a Worker whose visitor has left`, () => {
    const script = `
      import { setFlagsFromString } from "node:v8";
      import { runInNewContext } from "node:vm";
      ${MEASURES}
      const { request, serveConnection } = await import("switchover/streams");
      setFlagsFromString("--expose-gc");
      const collect = runInNewContext("gc");
      const half = new TextEncoder().encode("${half}\\r\\nX: " + "x".repeat(10_000));
      const timeouts = { request: Infinity, head: Infinity, response: Infinity, write: Infinity };
      const begin = () => {
        const readable = new ReadableStream({ start: (to) => to.enqueue(half), pull: () => new Promise(() => {}) });
        const socket = { readable, writable: new WritableStream() };
        void ${use};
      };
      const sizes = [];
      for (let number = 0; number < 400; number++) {
        begin();
        if (number % 20 !== 19) continue;
        for (let turn = 0; turn < 3; turn++) { await new Promise((resolve) => setTimeout(resolve, 1)); collect() }
        sizes.push(memory.buffer.byteLength);
      }
      console.log(sizes.at(-1) - sizes[4] < 2 ** 20 || sizes);
      process.exit();`;
    assert.equal(alone(script), "true\n");
  });
}

test("large content does not pass through the module, with a length of the handler's or without", () => {
  const script = `${MEASURES}
    const { serveConnection } = await import("switchover/streams");
    const body = new Uint8Array(20 << 20);
    for (const headers of [{}, { "Content-Length": String(body.length) }, [["content-length", String(body.length)]]]) {
      let length = 0;
      const readable = new Blob(["GET / HTTP/1.1\\r\\nHost: a\\r\\n\\r\\n"]).stream();
      const writable = new WritableStream({ write: (bytes) => void (length += bytes.length) });
      const { how } = await serveConnection({ readable, writable }, () => ({ headers, body }), { onError: () => {} });
      console.log(how, length > body.length, memory.buffer.byteLength < 4 << 20);
    }`;
  assert.equal(alone(script), "closed true true\n".repeat(3));
});

test("memory stays where it is over many splices and readers of capsules", () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade, http2-settings\r\nHTTP2-Settings: \r\n\r\n";
  const connection = new Connection("server");
  connection.receive(new TextEncoder().encode(text));
  connection.nextEvent();
  const probe = new Connection("server");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const half = Uint8Array.of(0, 9, 0, 1);
  const cycle = () => {
    const splice = new Splice(connection, new Uint8Array(0));
    splice.clientSent(half);
    splice.free();
    const capsules = new Capsules();
    capsules.receive(half);
    capsules.nextDatagram();
    capsules.free();
  };
  for (let round = 0; round < 1000; round++) cycle();
  const before = size();
  for (let round = 0; round < 100_000; round++) cycle();
  assert.equal(size(), before);
});
