// Sockets for the tests of `switchover/streams`: real ones on the loopback, in each form in which Node has them.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Duplex } from "node:stream";

/** @typedef {import("node:net").Socket} NetSocket */
/** @typedef {import("switchover/streams").Socket} Socket */

/**
 * The milliseconds that anything may take.
 *
 * A machine may be slow, and busy.
 */
export const TIMEOUTS = 60_000;

/**
 * The forms of a socket: as it is, and as a pair of web streams.
 *
 * Workers have such pairs. `Duplex.toWeb` of Node 20 has a readable that does not end before the writable does, and is
 * tried where that does not matter.
 * @type {Record<string, (socket: NetSocket) => Socket>}
 */
export const forms = { "net.Socket": (socket) => socket, "web streams": paired };

/** @param {NetSocket} socket @returns {import("switchover/streams").StreamSocket} */
export function paired(socket) {
  const readable = new ReadableStream({
    type: "bytes",
    start(controller) {
      socket.pause();
      socket.on("data", (/** @type {Buffer} */ bytes) => {
        controller.enqueue(Uint8Array.from(bytes));
        if ((controller.desiredSize ?? 0) <= 0) socket.pause();
      });
      socket.on("end", () => {
        controller.close();
        controller.byobRequest?.respond(0);
      });
      socket.on("error", (error) => controller.error(error));
      // Without effect on what has ended.
      socket.on("close", () => controller.error(new Error("the socket was closed")));
    },
    pull: () => void socket.resume(),
    cancel: () => void socket.destroy(),
  });
  const writable = new WritableStream({
    write: (bytes) => new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    close: () => new Promise((resolve) => socket.end(resolve)),
    abort: () => void socket.destroy(),
  });
  return { readable, writable, close: () => void socket.destroy() };
}

/** The streams that Node makes. @param {NetSocket} socket @returns {import("switchover/streams").StreamSocket} */
export function toWeb(socket) {
  return Duplex.toWeb(socket);
}

/**
 * Listens, and does something with each socket.
 *
 * An error of that is thrown by `close`, which waits for all of it.
 * @param {(socket: NetSocket) => unknown} behave
 */
export async function listening(behave) {
  /** @type {Set<NetSocket>} */
  const sockets = new Set();
  /** @type {Promise<unknown>[]} */
  const behaved = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("close", () => sockets.delete(socket));
    behaved.push(Promise.resolve(behave(socket)));
  });
  server.listen(0, "127.0.0.1");
  // A test that fails before it closes this must not keep its process.
  server.unref();
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    port,
    /** The number of sockets that are open on this side. */
    get open() {
      return sockets.size;
    },
    async close() {
      server.close();
      const all = Promise.all(behaved);
      const late = setTimeout(() => sockets.forEach((socket) => socket.destroy()), 500);
      try {
        return await all;
      } finally {
        clearTimeout(late);
        for (const socket of sockets) socket.destroy();
      }
    },
  };
}

/** A socket that is connected. @param {number} port */
export async function connected(port) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

/** All that comes until the end, or until the peer resets, as Latin-1. @param {NetSocket} socket */
export async function rest(socket) {
  let text = "";
  try {
    for await (const bytes of socket) text += bytes.toString("latin1");
  } catch {
    // It was reset.
  }
  return text;
}

/**
 * Reads until the wanted text has come.
 * @param {NetSocket} socket @param {string} wanted @returns {Promise<string>}
 */
export async function until(socket, wanted) {
  let text = "";
  for (;;) {
    const bytes = socket.read();
    if (bytes) text += bytes.toString("latin1");
    if (text.includes(wanted)) return text;
    if (socket.readableEnded) throw new Error(`it ended after ${JSON.stringify(text)}`);
    if (!bytes) await once(socket, "readable", { signal: AbortSignal.timeout(TIMEOUTS) });
  }
}

/** Waits until something is so. @param {() => boolean} isSo */
export async function holds(isSo) {
  for (const end = Date.now() + TIMEOUTS; !isSo(); ) {
    if (Date.now() > end) throw new Error(`it never was so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * Returns all that a stream sends, as Latin-1.
 * @param {ReadableStream<Uint8Array>} readable
 */
export async function said(readable) {
  let text = "";
  const reader = readable.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return text;
    text += Buffer.from(value).toString("latin1");
  }
}

/**
 * Sends a text, and ends the direction if that was all.
 * @param {WritableStream<Uint8Array>} writable @param {string} text
 */
export async function say(writable, text, { ends = false } = {}) {
  const writer = writable.getWriter();
  await writer.write(Buffer.from(text, "latin1"));
  if (ends) await writer.close();
  writer.releaseLock();
}

/**
 * Waits until an amount has stood still for a while, and returns it.
 * @param {() => number} amount
 */
export async function still(amount) {
  for (let before = -1, times = 0; times < 4; ) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    times = amount() === before ? times + 1 : 0;
    before = amount();
  }
  return amount();
}

/** Writes until no more is taken; how much that was. @param {NetSocket} socket */
export async function flood(socket) {
  let amount = 0;
  const piece = new Uint8Array(65_536);
  const more = () => {
    if (socket.destroyed) return;
    amount += piece.length;
    socket.write(piece, (error) => error ?? more());
  };
  more();
  return still(() => amount);
}

/**
 * The bytes that may be on their way to a peer that does not read.
 *
 * That is 4 MB, or as much as the system alone holds and a little more.
 * @param {number} more
 */
export async function bound(more = 512 << 10) {
  const server = await listening((socket) => void socket.pause());
  const socket = await connected(server.port);
  const amount = await flood(socket);
  socket.destroy();
  await server.close();
  return Math.max(4 << 20, amount + more);
}
