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
  fetch: async (request) => new Response(await ask(open, (await request.text()).split(" "), request.signal)),
};
