// The client code for `switchover/streams` in all runtimes: sends one request and returns its outcome.

import { upgrade } from "switchover/streams";

const PIECE = new Uint8Array(10);
const CONTENTS = { large: () => new Uint8Array(2 ** 20), short: () => pieces(1), long: () => pieces(20), raises: () => pieces(1, true) };

/** @param {number} number @param {boolean} [raises] */
async function* pieces(number, raises = false) {
  for (let i = 0; i < number; i++) yield PIECE;
  if (raises) throw new Error("in the content");
}

/**
 * Sends a request on the socket that `open` returns; returns its outcome as text.
 * @param {(port: number) => Promise<import("switchover/streams").Socket>} open
 * @param {string[]} words
 * @param {AbortSignal} [signal]
 */
export async function ask(open, [method = "", port = "", offer = "", content = ""], signal) {
  const socket = await open(Number(port));
  const headers = { Host: `127.0.0.1:${port}`, ...(/short|long/.test(content) && { "Content-Length": "100" }) };
  const body = CONTENTS[/** @type {keyof typeof CONTENTS} */ (content)]?.();
  try {
    const options = { offer: offer === "-" ? [] : [offer], ...(signal && { signal }) };
    const answer = await upgrade(socket, { method, target: "/", headers, ...(body && { body }) }, options);
    if (answer.protocol === null) {
      let length = 0;
      for await (const bytes of answer.response.body ?? []) length += bytes.length;
      return `whole ${answer.response.status} ${length}`;
    }
    const writer = answer.writable.getWriter();
    await writer.write(new TextEncoder().encode("hello"));
    let length = 0;
    for await (const bytes of answer.readable) length += bytes.length;
    await writer.close();
    return `switched ${length}`;
  } catch (error) {
    return `failed ${String(error).replaceAll("\n", " ")}`;
  } finally {
    close(socket);
  }
}

/** @param {any} socket */
function close(socket) {
  try {
    socket.destroy ? socket.destroy() : socket.close();
  } catch {
    // The socket is closed already.
  }
}
