// Node's own `http` as a client: an accepted offer, with content and without, and a declined offer.
"use strict";
const http = require("node:http");
const assert = require("node:assert/strict");
const { once } = require("node:events");

const base = process.argv[2];
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });

async function accepted(content) {
  const request = http.request(`${base}/foo`, {
    method: content.length ? "POST" : "GET",
    headers: { Connection: "Upgrade", Upgrade: "example/1, foo/2", "Content-Length": content.length },
  });
  request.end(content);
  const [response, socket, head] = await once(request, "upgrade");
  assert.equal(response.statusCode, 101);
  assert.equal(response.headers.upgrade, "foo/2");
  const lines = "a line in small letters\n".repeat(40_000);
  const pieces = [head];
  socket.on("data", (piece) => pieces.push(piece));
  socket.end(lines);
  await once(socket, "close");
  const answer = Buffer.from(`foo/2 200 ${content.length ? "POST" : "GET"} /foo ${content.length}\n`);
  const wanted = [answer, content, Buffer.from(content.length ? "\n" : ""), Buffer.from(lines.toUpperCase())];
  assert.ok(Buffer.concat(pieces).equals(Buffer.concat(wanted)), "bytes differ");
}

async function declined(content) {
  const request = http.request(`${base}/plain`, {
    agent, method: "POST", headers: { Connection: "Upgrade", Upgrade: "foo/2", "Content-Length": content.length },
  });
  request.end(content);
  const [response] = await once(request, "response");
  let text = "";
  for await (const piece of response) text += piece;
  assert.equal(response.statusCode, 200);
  assert.match(text, new RegExp(`^POST /plain: ${content.length} bytes`));
  return request.reusedSocket;
}

(async () => {
  await accepted(Buffer.alloc(0));
  await accepted(Buffer.alloc(1 << 20, "content "));
  await declined(Buffer.alloc(1 << 20, "x"));
  await declined(Buffer.alloc(3, "x"));
  agent.destroy();
})();
