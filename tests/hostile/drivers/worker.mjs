// A host of the hostile kit: `switchover/streams` in a Worker, a server by `connect` and a client by `fetch`.
import { connect } from "cloudflare:sockets";
import { ask } from "./asks.mjs";
import { said, served } from "./handler.mjs";

addEventListener("unhandledrejection", (event) => console.error("UNHANDLED", said(event.reason)));
const open = async (/** @type {number} */ port) => connect(`127.0.0.1:${port}`, { secureTransport: "off", allowHalfOpen: true });

export default {
  /** @param {import("switchover/streams").Socket} socket */
  connect: (socket) => served(socket),
  /** @param {Request} request */
  async fetch(request) {
    const words = (await request.text()).split(" ");
    if (words[0] === "self") globalThis.gc?.();
    return new Response(words[0] === "self" ? "self" : await ask(open, words));
  },
};
