// A server in Node or Bun for HTTP/1.1, and for `foo/2` if a client offers it: `streams-server.mjs [PORT]`.
import { createServer } from "node:net";
import process from "node:process";
import { serveConnection } from "switchover/streams";

const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, answer));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log("listening on", Object(server.address()).port));

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  if (request.method === "CONNECT") return new Response("no tunnels here\n", { status: 501 });
  const foo = await request.upgrade(["foo/2"]);
  if (!foo) return new Response(`${request.method} ${request.target} ${await request.text()}\n`);
  // In foo/2 the server returns all bytes in upper case.
  await foo.readable.pipeThrough(new TransformStream({ transform: capitals })).pipeTo(foo.writable);
}

/** @param {Uint8Array} bytes @param {TransformStreamDefaultController<Uint8Array>} to */
const capitals = (bytes, to) => to.enqueue(bytes.map((byte) => (byte > 96 && byte < 123 ? byte - 32 : byte)));
