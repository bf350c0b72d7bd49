// The server code for `switchover/streams` in all runtimes: the path of a request selects the handler's behaviour.

import { serveConnection } from "switchover/streams";

const TEN = new TextEncoder().encode("0123456789");
const CHUNK = new Uint8Array(1024);
const length = (/** @type {string} */ text) => ({ "Content-Length": text });

/** The number of connections that are being served. */
let serving = 0;
/**
 * Serves one connection; prints a line for each error of a handler or response.
 * @param {import("switchover/streams").Socket} socket @param {AbortSignal} [signal]
 */
export async function served(socket, signal) {
  serving++;
  await serveConnection(socket, answer, { onError: (error) => console.error("handler:", said(error)), ...(signal && { signal }) });
  serving--;
}

/** Returns an error as one line of text. @param {unknown} error */
export const said = (error) => String(error).replaceAll("\n", " ");

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  if (request.target === "/accepts-later") await new Promise((resolve) => setTimeout(resolve, 50));
  const foo = await request.upgrade(["foo/2"]);
  if (foo && request.target === "/raises-switched") raise("after the switch");
  if (foo) return foo.readable.pipeTo(foo.writable);
  return (ANSWERS[request.target] ?? (() => ({ body: "?" })))(request);
}

/** @type {Record<string, import("switchover/streams").Handler>} */
const ANSWERS = {
  "/plain": () => ({ body: "plain\n" }),
  "/echo": (request) => ({ body: request.body }),
  "/self": () => (globalThis.gc?.(), { body: String(serving) }),
  "/megabyte": () => ({ body: new Uint8Array(2 ** 20) }),
  "/too-long": () => ({ headers: length("100"), body: pieces(1) }),
  "/too-short": () => ({ headers: length("10"), body: pieces(2) }),
  "/no-length": () => ({ body: pieces(10) }),
  "/raises-before": () => raise("before the head"),
  "/raises-in-head": () => ({ get headers() { return raise("in the head"); } }),
  "/raises-in-content": () => ({ body: pieces(1, "in the content") }),
  "/raises-after": () => ({ headers: length("10"), body: pieces(1, "after the end") }),
  "/breaks-value": () => ({ headers: { "X-A": "b\r\nInjected: yes" } }),
  "/breaks-name": () => ({ headers: { "X\r\nInjected": "yes" } }),
  "/breaks-reason": () => ({ reason: "OK\r\nInjected: yes" }),
  "/endless": () => ({ body: pieces(Infinity, "never", CHUNK) }),
  "/silent": () => ({ body: new ReadableStream({ start: (to) => to.enqueue(TEN) }) }),
  "/sleeps": () => new Promise((resolve) => setTimeout(resolve, 2000, { body: "?" })),
  "/waits": (request) => new Promise((resolve) => request.signal.addEventListener("abort", () => resolve({ body: "?" }))),
};

/** @param {string} where @returns {never} */
function raise(where) {
  throw new Error(where);
}

/**
 * Yields pieces of content, then throws an error if one is given.
 * @param {number} number @param {string} [error] @param {Uint8Array} piece
 */
async function* pieces(number, error, piece = TEN) {
  for (let i = 0; i < number; i++) yield piece;
  if (error) raise(error);
}
