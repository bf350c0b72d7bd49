// Runs `ends` in a worker; the content of a request has the ports as JSON.

import { connect } from "cloudflare:sockets";
import { ends } from "./ends.mjs";

export default {
  /** @param {Request} request */
  async fetch(request) {
    const open = async (/** @type {number} */ port) => connect(`127.0.0.1:${port}`, { secureTransport: "off", allowHalfOpen: true });
    return Response.json(await ends(open, /** @type {Record<string, number>} */ (await request.json())));
  },
};
