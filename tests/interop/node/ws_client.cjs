// `ws` as a client: text, binary, and 1 MiB in one message and in fragments; then a ping and an orderly close.
"use strict";
const assert = require("node:assert/strict");
const { once } = require("node:events");
const { randomBytes } = require("node:crypto");
const WebSocket = require("ws");

(async () => {
  const socket = new WebSocket(`${process.argv[2].replace("http", "ws")}/ws`);
  await once(socket, "open");
  const large = randomBytes(1 << 20);
  for (const [sent, options] of [["h\u00e9llo", {}], [large, {}], ["x".repeat(1 << 20), {}], ["", {}]]) {
    const echo = once(socket, "message");
    socket.send(sent, options);
    const [got, isBinary] = await echo;
    assert.equal(isBinary, Buffer.isBuffer(sent));
    assert.ok(got.equals(Buffer.from(sent)), "bytes differ");
  }
  const echo = once(socket, "message");
  for (let at = 0; at < large.length; at += 1 << 16) {
    socket.send(large.subarray(at, at + (1 << 16)), { fin: at + (1 << 16) >= large.length, binary: true });
  }
  assert.ok((await echo)[0].equals(large), "bytes differ in fragments");
  const pong = once(socket, "pong");
  socket.ping("are you there");
  assert.equal((await pong)[0].toString(), "are you there");
  socket.close(1000, "enough");
  const [code, reason] = await once(socket, "close");
  assert.equal(code, 1000);
  assert.equal(reason.toString(), "enough");
})();
