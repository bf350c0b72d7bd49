// The worker for workerd: it receives the cases in one request and responds with the digests.

import { digests } from "./digests.mjs";

export default {
  /** @param {Request} request */
  async fetch(request) {
    const { text, runs } = digests(await request.text());
    return new Response(`${text}runs ${runs}\n`);
  },
};
