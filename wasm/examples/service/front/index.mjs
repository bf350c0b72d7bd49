// The front worker: offers `foo/2` to the service bound to it, sends the content of a POST in it, and returns the
// response.
import { request, upgrade } from "switchover/streams";

/** @typedef {{ connect(address: string): import("switchover/streams").StreamSocket & { close(): Promise<void> } }} Service */

export default {
  /** @param {Request} asked @param {{ SERVER: Service }} env */
  async fetch(asked, { SERVER }) {
    const { pathname } = new URL(asked.url);
    // `connect` of a service binding requires an address but ignores it.
    const socket = SERVER.connect("service:80");
    const head = { target: pathname, headers: { Host: "service" } };
    if (asked.method !== "POST") {
      const answer = await request(socket, head);
      const { status, headers } = answer;
      const text = await answer.text();
      await socket.close();
      return new Response(text, { status, headers });
    }
    const foo = await upgrade(socket, head, { offer: ["foo/2"], signal: AbortSignal.timeout(10_000) });
    if (foo.protocol === null) return new Response(await foo.response.text(), { status: 502 });
    const say = new Blob([await asked.arrayBuffer()]).stream().pipeTo(foo.writable);
    // Workers reject as a body the socket's own stream, since it was read from before.
    const said = await new Response(foo.readable.pipeThrough(new TransformStream())).text();
    return say.then(() => new Response(said));
  },
};
