// Tests how a client of `switchover/streams` ends, in any runtime: `ends(open, ports)` returns the result of each
// attempt.

import { request, upgrade } from "switchover/streams";

const asked = { target: "/", headers: { Host: "a.example" } };
const offer = ["foo/2"];
const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Returns a signal that aborts after some milliseconds. @param {number} milliseconds */
function soon(milliseconds) {
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), milliseconds);
  return stop.signal;
}

/**
 * Makes requests that fail or end in different ways; returns the results.
 * @param {(port: number) => Promise<import("switchover/streams").Socket>} open
 * @param {Record<string, number>} ports of servers that send nothing, send without end, disconnect, truncate their response, send after our FIN
 */
export async function ends(open, { silent = 0, floods = 0, vanishes = 0, cuts = 0, polite = 0 }) {
  const failed = (/** @type {Error} */ error) => error.message;
  const socket = () => open(silent);
  const aborted = await upgrade(await socket(), asked, { offer, signal: soon(50) }).then(() => "an answer", failed);
  const late = await request(await socket(), asked, { timeouts: { response: 50 } }).then(() => "an answer", (error) => error.name);

  let sent = 0;
  const body = new ReadableStream({ pull: (to) => (to.enqueue(new Uint8Array(65_536)), void (sent += 65_536)) }, { highWaterMark: 0 });
  const headers = { ...asked.headers, "Transfer-Encoding": "chunked" };
  const sending = await request(await socket(), { method: "POST", target: "/", headers, body }, { signal: soon(1_000) }).then(() => "an answer", failed);

  const flood = await request(await open(floods), asked);
  await pause(1_000);
  await flood.body?.cancel();

  const vanished = await upgrade(await open(vanishes), asked, { offer }).then(() => "an answer", (error) => error.name);

  // The reset makes the pending write fail; the read then sees what looks like an end.
  const much = { method: "POST", ...asked, body: new Uint8Array(30_000_000) };
  const cut = await request(await open(cuts), much).then((answer) => answer.text()).catch(() => "an error");

  const switched = await upgrade(await open(polite), asked, { offer });
  if (switched.protocol === null) throw new Error("declined");
  await switched.writable.close();
  const decoder = new TextDecoder();
  let said = "";
  const reader = switched.readable.getReader();
  for (let step; !(step = await reader.read()).done; ) said += decoder.decode(step.value);
  return { aborted, late, sending, sent, vanished, cut, said };
}
