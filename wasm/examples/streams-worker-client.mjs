// A client in a Worker: offers `foo/2` to env.SERVER, sends the content of the request in it, and returns the response.
import { connect } from "cloudflare:sockets";
import { upgrade } from "switchover/streams";

export default {
  /** @param {Request} asked @param {{ SERVER: string }} env */
  async fetch(asked, env) {
    const socket = connect(env.SERVER, { secureTransport: "off", allowHalfOpen: true });
    const request = { target: "/foo", headers: { Host: env.SERVER } };
    const foo = await upgrade(socket, request, { offer: ["foo/2"], signal: AbortSignal.timeout(10_000) });
    if (foo.protocol === null) return new Response(await foo.response.bytes(), { status: 502 });
    const say = new Blob([await asked.arrayBuffer()]).stream().pipeTo(foo.writable);
    // Workers reject as a body the socket's own stream, since it was read from before.
    const said = new Response(foo.readable.pipeThrough(new TransformStream())).arrayBuffer();
    const [bytes] = await Promise.all([said, say]);
    return new Response(bytes);
  },
};
