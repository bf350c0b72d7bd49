// A client with the standard `WebSocket` class: of Deno, Bun, undici, and of Chromium, which runs it in a page.
"use strict";

async function play(url, fallback) {
  const Socket = globalThis.WebSocket ?? fallback;
  const socket = new Socket(url);
  socket.binaryType = "arraybuffer";
  const next = (name) =>
    new Promise((resolve, reject) => {
      socket.addEventListener(name, resolve, { once: true });
      socket.addEventListener("error", (event) => reject(new Error(event.message ?? "the socket failed")), { once: true });
    });
  const check = (holds, what) => {
    if (!holds) throw new Error(what);
  };
  await next("open");
  const large = new Uint8Array(1 << 20).map((_, at) => at % 251);
  for (const sent of ["h\u00e9llo", large, "x".repeat(1 << 20), ""]) {
    const echo = next("message");
    socket.send(sent);
    const { data } = await echo;
    if (typeof sent === "string") check(data === sent, "text differs");
    else check(new Uint8Array(data).every((byte, at) => byte === sent[at]) && data.byteLength === sent.length, "bytes differ");
  }
  const closed = next("close");
  socket.close(1000, "enough");
  const { code, wasClean } = await closed;
  check(code === 1000 && wasClean, `closed with ${code}`);
  return "all came back";
}

module.exports = { play };

if (require.main === module) {
  const fallback = globalThis.WebSocket ?? require("undici").WebSocket;
  play(process.argv[2], fallback).then(console.log).then(() => process.exit(0));
}
