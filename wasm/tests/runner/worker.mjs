// For workerd: the cases in one request, the digests in its answer.

import { digests } from "./digests.mjs";

export default {
  /** @param {Request} request */
  async fetch(request) {
    const { text, runs } = digests(await request.text());
    return new Response(`${text}runs ${runs}\n`);
  },
};
