// Helpers for the tests of `switchover/streams`: real sockets on the loopback interface, in each form that Node has.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Duplex } from "node:stream";
import { after } from "node:test";

/** @typedef {import("node:net").Socket} NetSocket */
/** @typedef {import("switchover/streams").Socket} Socket */

/** Milliseconds that any step may take, long enough for a slow and busy machine. */
export const TIMEOUTS = 240_000;

// A test that fails may leave a server, and a process with one would not end.
after(() => {
  setTimeout(() => {
    console.error("something is left that keeps the process alive");
    process.exit(1);
  }, 10_000).unref();
});

/**
 * The forms of a socket: a `net.Socket`, and a pair of web streams.
 *
 * Sockets of Workers are such pairs. `paired` makes them without `Duplex.toWeb`, whose readable does not end before the
 * writable does in Node 20. Only tests where this does not matter use `toWeb`.
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
      // Has no effect on a stream that has ended.
      socket.on("close", () => controller.error(new Error("the socket was closed")));
    },
    pull: () => void socket.resume(),
    cancel: () => void socket.destroy(),
  });
  const writable = new WritableStream({
    write: (bytes) => new Promise((resolve, reject) => socket.write(bytes, (error) => (error ? reject(error) : resolve()))),
    // `end` of a closed socket may never call back.
    close: () => new Promise((resolve) => void (socket.closed ? resolve(undefined) : socket.end(resolve))),
    abort: () => void socket.destroy(),
  });
  return { readable, writable, close: () => void socket.destroy() };
}

/**
 * Returns the web streams that Node makes of a socket.
 * @param {NetSocket} socket @returns {import("switchover/streams").StreamSocket}
 */
export function toWeb(socket) {
  return Duplex.toWeb(socket);
}

/**
 * Starts a server that calls `behave` with each socket.
 *
 * `close` waits for all calls; it returns their results, or throws an error of one.
 * @param {(socket: NetSocket) => unknown} behave
 */
export async function listening(behave) {
  /** The server's open sockets. @type {Set<NetSocket>} */
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
  // A failing test may not reach `close`; the server must not keep its process alive.
  server.unref();
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address ? address.port : 0;
  return {
    port,
    /** The number of sockets that are open on the server's side. */
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

/** Returns a connected socket. @param {number} port */
export async function connected(port) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  socket.on("error", () => {});
  return socket;
}

/** Returns all bytes until the end or a reset, as Latin-1. @param {NetSocket} socket */
export async function rest(socket) {
  let text = "";
  try {
    for await (const bytes of socket) text += bytes.toString("latin1");
  } catch {
    // The connection was reset.
  }
  return text;
}

/**
 * Reads until the wanted text has been received, and returns the text so far.
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

/** Waits until a condition holds. @param {() => boolean} isSo */
export async function holds(isSo) {
  for (const end = Date.now() + TIMEOUTS; !isSo(); ) {
    if (Date.now() > end) throw new Error(`it never was so: ${isSo}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * Returns all bytes of a stream, as Latin-1.
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
 * Writes a text, and closes the writable if `ends` is set.
 * @param {WritableStream<Uint8Array>} writable @param {string} text
 */
export async function say(writable, text, { ends = false } = {}) {
  const writer = writable.getWriter();
  await writer.write(Buffer.from(text, "latin1"));
  if (ends) await writer.close();
  writer.releaseLock();
}

/**
 * Waits until a number has not changed for a while, and returns it.
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

/** Writes until the socket accepts no more; returns the number of bytes. @param {NetSocket} socket */
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
 * Returns the limit for bytes in transit to a peer that does not read.
 *
 * It is 4 MB, or the capacity of the system's buffers plus `more` bytes if that is larger.
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
