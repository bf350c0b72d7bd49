// Runs `serves` in a worker.

import { serves } from "./serves.mjs";

export default {
  /** @param {import("switchover/streams").StreamSocket} socket */
  connect: async (socket) => void (await serves(socket)),
};
