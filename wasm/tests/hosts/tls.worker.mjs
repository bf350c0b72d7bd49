// TLS by upgrade in a worker: offers it to env.SERVER, and responds with what it received over TLS.

import { connect } from "cloudflare:sockets";
import { upgrade } from "switchover/streams";

export default {
  /** @param {Request} _ @param {{ SERVER: string }} env */
  async fetch(_, env) {
    const socket = connect(env.SERVER, { secureTransport: "starttls", allowHalfOpen: true });
    const request = { target: "/secret", headers: { Host: "localhost" } };
    const switched = await upgrade(socket, request, { offer: ["TLS/1.2, HTTP/1.1"], resumes: true });
    if (switched.protocol === null) return new Response("declined", { status: 502 });
    const answer = await switched.resume(await switched.startTls());
    return new Response(`${answer.status} ${await answer.text()} ${answer.persists}`);
  },
};
