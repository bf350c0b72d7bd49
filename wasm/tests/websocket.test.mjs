// Tests of the example with WebSocket frames: cases as those of Autobahn's suite, by its sections, and other programs.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { join } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const examples = join(process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples"), "websocket");
const { WS = "" } = process.env;
const options = { timeout: 240_000 };
const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HEAD = `GET / HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${KEY}\r\n\r\n`;
const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
const NAMES = ["continuation", "text", "binary", , , , , , "close", "ping", "pong"];

const server = spawn(process.execPath, [join(examples, "server.mjs"), "0"], { stdio: ["ignore", "pipe", "pipe"] });
let complaints = "";
let port = 0;
server.stderr.setEncoding("utf8").on("data", (told) => (complaints += told));
before(async () => {
  const [said] = await once(server.stdout, "data");
  port = Number(/^listening on (\d+)\n$/.exec(String(said))?.[1]);
});
after(() => void server.kill());

/**
 * Returns a frame of a client.
 * @param {number} opcode @param {string | Uint8Array} [content] @param {{ isLast?: boolean, reserved?: number, isMasked?: boolean }} [options]
 */
function frame(opcode, content = "", { isLast = true, reserved = 0, isMasked = true } = {}) {
  const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content);
  const { length } = bytes;
  const size = Buffer.alloc(length < 126 ? 1 : length < 65_536 ? 3 : 9);
  size[0] = Math.min(length, length < 65_536 ? 126 : 127);
  if (size.length === 3) size.writeUInt16BE(length, 1);
  if (size.length === 9) size.writeBigUInt64BE(BigInt(length), 1);
  if (isMasked) size[0] |= 128;
  const mask = isMasked ? [1, 2, 3, 250] : [];
  const content_ = isMasked ? bytes.map((byte, index) => byte ^ (mask[index & 3] ?? 0)) : bytes;
  return Buffer.concat([Buffer.from([(isLast ? 128 : 0) | (reserved << 4) | opcode]), size, Buffer.from(mask), content_]);
}

/** @param {number} code @param {Buffer} [reason] */
const closing = (code, reason = Buffer.alloc(0)) => frame(CLOSE, Buffer.concat([Buffer.from([code >> 8, code & 255]), reason]));

/** Returns the frames of a server in words. @param {Buffer} bytes */
function told(bytes) {
  const words = [];
  while (bytes.length > 0) {
    const [first = 0, second = 0] = bytes;
    const start = second < 126 ? 2 : second === 126 ? 4 : 10;
    const length = second < 126 ? second : second === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    const content = bytes.subarray(start, start + length);
    assert.equal(first & 0xf0, 0x80, "the server sends whole frames without extensions");
    const name = NAMES[first & 15];
    words.push(name === "close" ? `close ${bytes.readUInt16BE(start)}` : length > 200 ? `${name} of ${length}` : `${name} ${content}`);
    bytes = bytes.subarray(start + length);
  }
  return words;
}

/**
 * Sends the handshake's request and frames, in pieces of `size` bytes.
 *
 * Returns the frames, in words, that the server sends until it closes.
 * @param {Buffer[]} frames @param {number} [size]
 */
async function exchange(frames, size = Infinity) {
  const socket = connect({ port, host: "127.0.0.1", noDelay: true });
  /** @type {Buffer[]} */
  const received = [];
  socket.on("data", (/** @type {Buffer} */ bytes) => void received.push(bytes));
  socket.on("error", () => {});
  const ended = once(socket, "close", { signal: AbortSignal.timeout(120_000) });
  const bytes = Buffer.concat([Buffer.from(HEAD), ...frames]);
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    if (size < Infinity) await new Promise((resolve) => setImmediate(resolve));
  }
  await ended;
  const all = Buffer.concat(received);
  const start = all.indexOf("\r\n\r\n") + 4;
  assert.match(all.subarray(0, start).toString(), /^HTTP\/1\.1 101 [^]*Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/i);
  return told(all.subarray(start));
}

const BYE = closing(1000);
/** @type {Record<string, [frames: Buffer[], expected: string[]][]>} */
const CASES = {
  "1 framing": [0, 125, 126, 127, 128, 65_535, 65_536].flatMap((length) =>
    [TEXT, BINARY].map((opcode) => [[frame(opcode, "*".repeat(length)), BYE], [length > 200 ? `${NAMES[opcode]} of ${length}` : `${NAMES[opcode]} ${"*".repeat(length)}`, "close 1000"]]),
  ),
  "2 pings and pongs": [
    [[frame(PING), BYE], ["pong ", "close 1000"]],
    [[frame(PING, "p".repeat(125)), BYE], [`pong ${"p".repeat(125)}`, "close 1000"]],
    [[frame(PING, "p".repeat(126)), BYE], ["close 1002"]],
    [[frame(PONG), frame(PONG, "unasked"), frame(PING, "a"), BYE], ["pong a", "close 1000"]],
    [[..."0123456789"].map((name) => frame(PING, name)).concat(BYE), [..."0123456789"].map((name) => `pong ${name}`).concat("close 1000")],
  ],
  "3 reserved bits": [1, 2, 3, 4, 5, 6, 7].flatMap((reserved) =>
    [TEXT, PING, CLOSE].map((opcode) => [[frame(TEXT, "a"), frame(opcode, "", { reserved })], ["text a", "close 1002"]]),
  ),
  "4 opcodes": [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((opcode) => [[frame(opcode, "a"), frame(PING)], ["close 1002"]]),
  "5 fragments": [
    [[frame(PING, "a", { isLast: false }), frame(CONTINUATION, "b")], ["close 1002"]],
    [[frame(PONG, "a", { isLast: false }), frame(CONTINUATION, "b")], ["close 1002"]],
    [[frame(TEXT, "a", { isLast: false }), frame(CONTINUATION, "b"), BYE], ["text ab", "close 1000"]],
    [[frame(BINARY, "", { isLast: false }), frame(CONTINUATION, "", { isLast: false }), frame(CONTINUATION), BYE], ["binary ", "close 1000"]],
    [[frame(TEXT, "a", { isLast: false }), frame(PING, "p"), frame(CONTINUATION, "b"), BYE], ["pong p", "text ab", "close 1000"]],
    [[frame(CONTINUATION, "a"), frame(TEXT, "b")], ["close 1002"]],
    [[frame(CONTINUATION, "a", { isLast: false }), frame(TEXT, "b")], ["close 1002"]],
    [[frame(TEXT, "a", { isLast: false }), frame(TEXT, "b")], ["close 1002"]],
    [[frame(TEXT, "a", { isLast: false }), frame(CONTINUATION, "b"), frame(TEXT, "c"), BYE], ["text ab", "text c", "close 1000"]],
    [[frame(TEXT, "a"), frame(TEXT, "b", { isMasked: false })], ["text a", "close 1002"]],
  ],
  "6 UTF-8": [
    [[frame(TEXT, "Hello-µ@ßöäüàá-UTF-8!!\u{10FFFF}\uFEFF"), BYE], ["text Hello-µ@ßöäüàá-UTF-8!!\u{10FFFF}\uFEFF", "close 1000"]],
    [[frame(TEXT, Buffer.from("e2", "hex"), { isLast: false }), frame(CONTINUATION, Buffer.from("82", "hex"), { isLast: false }), frame(CONTINUATION, Buffer.from("ac", "hex")), BYE], ["text €", "close 1000"]],
    .../** @type {[Buffer[], string[]][]} */ (["cebae1bdb9cf83cebcceb5eda080656469746564", "c080", "ff", "f888808080", "f4908080", "eda080", "ce", "80", "fe", "c1bf", "e0809f", "f0808080"].map((hex) => [[frame(TEXT, Buffer.from(hex, "hex"))], ["close 1007"]])),
    [[frame(BINARY, Buffer.from("61", "hex")), BYE], ["binary a", "close 1000"]],
  ],
  "7 closing": [
    [[frame(CLOSE)], ["close 1000"]],
    [[BYE, frame(TEXT, "late"), frame(PING)], ["close 1000"]],
    [[frame(TEXT, "a", { isLast: false }), BYE, frame(CONTINUATION, "b")], ["close 1000"]],
    [[frame(CLOSE, "x")], ["close 1002"]],
    [[frame(CLOSE, "x".repeat(126))], ["close 1002"]],
    [[closing(1000, Buffer.from("€".repeat(41)))], ["close 1000"]],
    [[closing(1000, Buffer.from("ce", "hex"))], ["close 1007"]],
    .../** @type {[Buffer[], string[]][]} */ ([1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map((code) => [[closing(code)], [`close ${code}`]])),
    .../** @type {[Buffer[], string[]][]} */ ([0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map((code) => [[closing(code)], ["close 1002"]])),
  ],
  "9 limits": [
    [[frame(BINARY, Buffer.alloc(2 ** 20)), BYE], [`binary of ${2 ** 20}`, "close 1000"]],
    [[frame(BINARY, Buffer.alloc(2 ** 20 + 1))], ["close 1009"]],
    [[frame(TEXT, "a".repeat(2 ** 20), { isLast: false }), frame(CONTINUATION, "b")], ["close 1009"]],
    [[frame(BINARY, Buffer.alloc(2 ** 20), { isLast: false }), frame(PING, "p"), frame(CONTINUATION), BYE], ["pong p", `binary of ${2 ** 20}`, "close 1000"]],
    [[frame(BINARY, "a", { isLast: false }), ...Array.from({ length: 140_000 }, () => frame(CONTINUATION, "a", { isLast: false })), frame(CONTINUATION), BYE], ["binary of 140001", "close 1000"]],
  ],
};

for (const [section, cases] of Object.entries(CASES)) {
  describe(`Autobahn's section ${section}`, () => {
    for (const [at, [frames, expected]] of cases.entries()) {
      test(`case ${at + 1}: ${expected.map((words) => words.slice(0, 20)).join(", ")}`, options, async () => {
        assert.deepEqual(await exchange(frames), expected);
        const length = frames.reduce((sum, { length }) => sum + length, 0);
        if (length < 300) assert.deepEqual(await exchange(frames, 1), expected, "byte by byte");
      });
    }
  });
}

test("the client of the example, and what is no WebSocket", options, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [join(examples, "client.mjs"), String(port), "hello", "ä€", "x".repeat(70_000)]);
  assert.equal(stdout, `hello\nä€\n${"x".repeat(70_000)}\n`);
  const { stdout: required } = await promisify(execFile)("curl", ["-sS", "-i", "--max-time", "5", `http://127.0.0.1:${port}/`]);
  assert.match(required, /^HTTP\/1\.1 426 Upgrade Required\r\n[^]*Upgrade: websocket\r\n[^]*only WebSockets here\n$/);
  const socket = connect(port, "127.0.0.1");
  socket.end("CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n");
  assert.match(await text(socket), /^HTTP\/1\.1 501 /);
});

test("ws as the client, and as the server", { ...options, skip: !existsSync(WS) && "there is no ws" }, async () => {
  const { WebSocket, WebSocketServer } = createRequire(import.meta.url)(WS);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
  await once(socket, "open");
  for (const message of ["hello", "x".repeat(100_000)]) {
    socket.send(message);
    assert.equal(String((await once(socket, "message"))[0]), message);
  }
  socket.ping("p");
  assert.equal(String((await once(socket, "pong"))[0]), "p");
  socket.close(4000);
  assert.equal((await once(socket, "close"))[0], 4000);
  const peer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(peer, "listening");
  peer.on("connection", (/** @type {any} */ one) => one.on("message", (/** @type {Buffer} */ data) => one.send(`${data} came`)));
  const { stdout } = await promisify(execFile)(process.execPath, [join(examples, "client.mjs"), String(peer.address().port), "a", "b"]);
  assert.equal(stdout, "a came\nb came\n");
  peer.close();
});

/** Returns both ends of a connection in memory, and the frames on one of them. */
async function ends() {
  const { WebSocket, FrameError } = await import(pathToFileURL(join(examples, "frames.mjs")).href);
  const [here, there] = [new TransformStream(), new TransformStream()];
  return { WebSocket, FrameError, socket: new WebSocket({ readable: here.readable, writable: there.writable }), writer: here.writable.getWriter(), reader: there.readable.getReader() };
}

test("misuse of the frames is refused, and sends nothing", options, async () => {
  const { socket, writer, reader } = await ends();
  await assert.rejects(socket.send([1]), TypeError);
  for (const given of [[1005], [70_000], [1000, "x".repeat(124)]]) await assert.rejects(socket.close(...given), RangeError);
  const awaited = socket.receive();
  await assert.rejects(socket.receive(), TypeError);
  const closed = socket.close(4000, "bye");
  assert.deepEqual(Buffer.from((await reader.read()).value).subarray(2).toString("latin1"), "\x0f\xa0bye");
  await closed;
  await assert.rejects(socket.send("late"), /is closing/);
  void writer.write(closing(4000)).then(() => writer.close());
  assert.equal((await reader.read()).done, true);
  assert.equal(await awaited, null);
  assert.equal(await socket.receive(), null);
});

test("a peer that does not answer a close, or does not read it, is left", options, async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  for (const isBlocked of [false, true]) {
    const { socket, reader } = await ends();
    if (isBlocked) void socket.send("nobody reads this").catch(() => {});
    const awaited = socket.receive();
    const closed = socket.close();
    if (!isBlocked) await reader.read();
    await new Promise((resolve) => setImmediate(resolve));
    context.mock.timers.tick(5_000);
    await assert.rejects(awaited, { code: 1006 });
    await closed;
  }
});

test("the frames of one read leave others a turn", options, async () => {
  const { socket, writer, reader } = await ends();
  let hadTurn = false;
  setTimeout(() => (hadTurn = true), 0);
  void writer.write(Buffer.concat(Array.from({ length: 1_000 }, () => frame(PING))));
  const awaited = socket.receive();
  for (let left = 1_000; left > 0; left--) await reader.read();
  assert(hadTurn);
  void writer.close();
  await assert.rejects(awaited, { code: 1006 });
});

test("nothing is kept of a message that was sent", options, async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const { socket, reader } = await ends();
  const used = async (/** @type {number} */ messages) => {
    for (; messages > 0; messages--) await Promise.all([socket.send(""), reader.read()]);
    gc();
    return process.memoryUsage().heapUsed;
  };
  const [before, after] = [await used(1_000), await used(50_000)];
  assert(after - before < 2 ** 23, `${after - before} bytes`);
});

test("the server has not complained", () => {
  assert.equal(complaints, "");
});
