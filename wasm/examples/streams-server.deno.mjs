// A server in Deno for HTTP/1.1, and for `foo/2` if a client offers it: `streams-server.deno.mjs [PORT]`.
import { serveConnection } from "switchover/streams";

const listener = Deno.listen({ hostname: "127.0.0.1", port: Number(Deno.args[0] ?? 0) });
console.log("listening on", listener.addr.port);
for (;;) {
  try {
    void serveConnection(await listener.accept(), answer);
  } catch (error) {
    // A client may have gone before it is accepted. Where no descriptors are left, the server must go on later.
    const { code } = /** @type {{ code?: string }} */ (error);
    if (code !== "ENOTCONN" && code !== "ECONNABORTED") await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  if (request.method === "CONNECT") return new Response("no tunnels here\n", { status: 501 });
  const foo = await request.upgrade(["foo/2"]);
  if (!foo) return new Response(`${request.method} ${request.target} ${await request.text()}\n`);
  // In foo/2 the server returns all bytes in upper case.
  await foo.readable.pipeThrough(new TransformStream({ transform: capitals })).pipeTo(foo.writable);
}

/** @param {Uint8Array} bytes @param {TransformStreamDefaultController<Uint8Array>} to */
function capitals(bytes, to) {
  to.enqueue(bytes.map((byte) => (byte > 96 && byte < 123 ? byte - 32 : byte)));
}
