// The service: HTTP/1.1 in its `connect` handler, and `foo/2` for clients that offer it.
import { serveConnection } from "switchover/streams";

export default {
  // The connection lasts until this promise resolves.
  /** @param {import("switchover/streams").StreamSocket} socket */
  connect: async (socket) => void (await serveConnection(socket, answer)),
};

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  if (request.method === "CONNECT") return new Response("no tunnels here\n", { status: 501 });
  const foo = await request.upgrade(["foo/2"]);
  if (!foo) return new Response(`${request.method} ${request.target} ${await request.text()}\n`);
  // In foo/2 the service returns all bytes in upper case.
  const capitals = new TransformStream({ transform: (bytes, to) => to.enqueue(bytes.map(capital)) });
  await foo.readable.pipeThrough(capitals).pipeTo(foo.writable);
  return undefined;
}

const capital = (/** @type {number} */ byte) => (byte > 96 && byte < 123 ? byte - 32 : byte);
