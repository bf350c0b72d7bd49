// What the servers of `switchover/streams` share, in any runtime: a handler that does what its path says.

import { serve } from "switchover/streams";

const TEN = new TextEncoder().encode("0123456789");
const CHUNK = new Uint8Array(1024);
const length = (/** @type {string} */ text) => ({ "Content-Length": text });

/** How many connections are being served. */
let serving = 0;

/** Serves one connection; what a handler throws is a line. @param {import("switchover/streams").Socket} socket @param {AbortSignal} [signal] */
export async function served(socket, signal) {
  serving++;
  await serve(socket, answer, { onError: (error) => console.error("handler:", said(error)), ...(signal && { signal }) });
  serving--;
}

/** An error in one line. @param {unknown} error */
export const said = (error) => String(error).replaceAll("\n", " ");

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  const foo = await request.upgrade(["foo/2"]);
  if (foo) return foo.readable.pipeTo(foo.writable);
  switch (request.target) {
    case "/plain":
      return { body: "plain\n" };
    case "/echo":
      return { body: request.body };
    case "/self":
      globalThis.gc?.();
      return { body: String(serving) };
    case "/megabyte":
      return { body: new Uint8Array(2 ** 20) };
    case "/too-long":
      return { headers: length("100"), body: pieces(1) };
    case "/too-short":
      return { headers: length("10"), body: pieces(2) };
    case "/no-length":
      return { body: pieces(10) };
    case "/raises-before":
      throw new Error("before the head");
    case "/raises-in-head":
      return { get headers() { throw new Error("in the head"); } };
    case "/raises-in-content":
      return { body: pieces(1, new Error("in the content")) };
    case "/raises-after":
      return { headers: length("10"), body: pieces(1, new Error("after the end")) };
    case "/breaks-value":
      return { headers: { "X-A": "b\r\nInjected: yes" } };
    case "/breaks-name":
      return { headers: { "X\r\nInjected": "yes" } };
    case "/breaks-reason":
      return { reason: "OK\r\nInjected: yes" };
    case "/endless":
      return { body: endless() };
    case "/sleeps":
      await new Promise((resolve) => setTimeout(resolve, 2000));
      break;
    case "/waits":
      await new Promise((resolve) => request.signal.addEventListener("abort", resolve));
  }
  return { body: "?" };
}

/** Pieces of content, and maybe an error. @param {number} number @param {Error} [error] */
async function* pieces(number, error) {
  for (let i = 0; i < number; i++) yield TEN;
  if (error) throw error;
}

async function* endless() {
  for (;;) yield CHUNK;
}
