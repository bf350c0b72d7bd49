// A server in Deno without our code, for comparison: its own HTTP server.
import { certified } from "./certified.mjs";

const CHUNK = new Uint8Array(1024);
/** @type {Record<string, (request: Request) => unknown>} */
const ANSWERS = {
  "/plain": () => "plain\n",
  "/endless": () => new ReadableStream({ pull: (to) => to.enqueue(CHUNK) }),
  "/silent": () => new ReadableStream({ start: (to) => to.enqueue(new TextEncoder().encode("0123456789")) }),
  "/waits": (request) => new Promise((resolve) => request.signal.addEventListener("abort", () => resolve("?"))),
};
const onListen = (/** @type {{ port: number }} */ { port }) => console.log("listening on", port);
const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen, ...certified }, async (request) => {
  globalThis.gc?.();
  return new Response(await ANSWERS[new URL(request.url).pathname]?.(request));
});
Deno.addSignalListener("SIGINT", () => void server.shutdown());
