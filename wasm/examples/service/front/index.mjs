// The front worker: offers `foo/2` to the service bound to it, sends the content of a POST in it, and returns the
// response.
import { request, upgrade } from "switchover/streams";

/** @typedef {{ connect(address: string): { close(): Promise<void> } & import("switchover/streams").StreamSocket }} Service */

export default {
  /** @param {Request} asked @param {{ SERVER: Service }} env */
  async fetch(asked, { SERVER }) {
    if (!["GET", "HEAD", "POST"].includes(asked.method)) return new Response("not here\n", { status: 501 });
    const { pathname, search } = new URL(asked.url);
    // `connect` of a service binding requires an address but ignores it.
    const socket = SERVER.connect("service:80");
    const head = { target: pathname + search, headers: { Host: "service" } };
    try {
      return await (asked.method === "POST" ? inFoo(socket, head, asked) : inHttp(socket, { ...head, method: asked.method }));
    } catch (error) {
      return new Response(`${error}\n`, { status: 502 });
    } finally {
      await socket.close().catch(() => {});
    }
  },
};

/** @typedef {import("switchover/streams").StreamSocket} Socket */
/** @typedef {{ method?: string, target: string, headers: Record<string, string> }} Head */

/** @param {Socket} socket @param {Head} head */
async function inHttp(socket, head) {
  const answer = await request(socket, head);
  const { status } = answer;
  const content = await answer.bytes();
  const headers = new Headers([...answer.headers]);
  // They are about the other connection and its framing.
  for (const name of ["connection", "content-length", "keep-alive", "transfer-encoding"]) headers.delete(name);
  // A 204 or 304 has no content, which `Response` wants to be told.
  return new Response(content.length > 0 ? content : null, { status, headers });
}

/** @param {Socket} socket @param {Head} head @param {Request} asked */
async function inFoo(socket, head, asked) {
  const foo = await upgrade(socket, head, { offer: ["foo/2"], signal: AbortSignal.timeout(10_000) });
  if (foo.protocol === null) return new Response(await foo.response.bytes(), { status: 502 });
  const say = new Blob([await asked.arrayBuffer()]).stream().pipeTo(foo.writable);
  // Workers reject as a body the socket's own stream, since it was read from before.
  const said = new Response(foo.readable.pipeThrough(new TransformStream())).arrayBuffer();
  const [bytes] = await Promise.all([said, say]);
  return new Response(bytes);
}
