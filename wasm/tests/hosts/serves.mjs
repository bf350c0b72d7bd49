// A server that responds with what its handler knows of the client, in any runtime: `serves(socket)`.

import { FastResponse, serveConnection } from "switchover/streams";

/** The number of clients that have disconnected while they waited. */
let left = 0;

/** The number of connections by how they have ended. @type {Record<string, number>} */
const outcomes = {};

/**
 * Yields one line at once, and another after the client has disconnected.
 * @param {AbortSignal} signal
 */
async function* wait(signal) {
  yield new TextEncoder().encode("waiting\n");
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve));
  left++;
  yield new TextEncoder().encode("too late\n");
}

/** @param {import("switchover/streams").Socket} socket */
export function serves(socket) {
  const serving = serveConnection(socket, async (request, { remoteAddr }) => {
    const { signal, target } = request;
    switch (target) {
      case "/from":
        return Response.json(remoteAddr);
      case "/wait":
        return { body: wait(signal) };
      case "/left":
        return new Response(`left: ${left}`);
      case "/last":
        void serving.shutdown();
        return new Response("last");
      case "/fast": {
        // As the middleware of frameworks makes one response of another.
        const fast = new FastResponse("fast", { status: 201, headers: { "X-A": "1" } });
        return new Response(fast.body, new FastResponse(null, fast));
      }
      case "/outcomes":
        return Response.json(outcomes);
      case "/close":
        return new Response("close", { headers: { Connection: "close" } });
    }
    const switched = await request.upgrade(["foo/2"], undefined, { early: target === "/early" });
    if (!switched) return new Response("nothing was offered");
    const writer = switched.writable.getWriter();
    await writer.write(new TextEncoder().encode("welcome\n"));
    while (target === "/push") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      await writer.write(new TextEncoder().encode("more\n"));
    }
    writer.releaseLock();
    await switched.readable.pipeThrough(new TransformStream()).pipeTo(switched.writable);
    return undefined;
  }, { onError: () => {} });
  void serving.then(({ how }) => void (outcomes[how] = (outcomes[how] ?? 0) + 1));
  return serving;
}
