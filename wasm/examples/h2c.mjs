// Accepts `h2c` and lets `node:http2` respond, which does not support upgrades. `h2c.mjs PORT`; 0 is any free port.
import { once } from "node:events";
import { performServerHandshake } from "node:http2";
import { createServer } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import { Connection, ProfileError, ProtocolError, Splice } from "switchover";

/** @typedef {import("node:net").Socket} Socket */

const server = createServer({ allowHalfOpen: true }, (socket) => {
  // A bug of this server ends only this connection and is reported; a disconnect of the peer is not an error.
  serveConnection(socket).catch((error) => {
    if (error !== socket.errored) console.error(error);
    socket.destroy();
  });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

/** @param {Socket} socket */
async function serveConnection(socket) {
  const http = new Connection("server", { limits: { content: 2 ** 20 } });
  const exchange = new Exchange(http, socket);
  socket.on("error", () => socket.destroy());
  /**
   * Timeouts in milliseconds; each byte of content extends that for content by 1 ms.
   *
   * `request` is for the first byte of a request, `head` for the rest of its head.
   */
  const times = { request: 60_000, head: 30_000, content: 30_000 };
  let [awaited, until, isLate] = ["", 0, false];
  const expect = (length = 0) => {
    const { awaiting } = http;
    const time = awaiting === "request" || awaiting === "head" || awaiting === "content" ? times[awaiting] : 60_000;
    const goesOn = awaiting === awaited && awaiting !== "request";
    until = goesOn ? until + (awaiting === "content" ? length : 0) : performance.now() + time;
    awaited = awaiting;
    clearTimeout(timer);
    timer = setTimeout(late, Math.max(0, until - performance.now()));
  };
  const late = () => {
    isLate = true;
    // A client that does not read gets nothing more.
    if (socket.writableNeedDrain) return void socket.destroy();
    if (http.awaiting !== "request") refuse(http, socket, 408);
    socket.destroySoon();
  };
  let timer = setTimeout(late, times.request);
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      http.receive(bytes);
      exchange.converse();
      if (http.maySpeak && exchange.splice) {
        clearTimeout(timer);
        return await handOver(exchange.splice, http.takeLeftover(), socket);
      }
      if (http.awaiting === "nothing") return;
      expect(bytes.length);
      if (socket.writableNeedDrain) await drained(socket);
    }
    http.receiveEof();
    exchange.converse();
  } catch (error) {
    if (isLate) return;
    if (!(error instanceof ProtocolError) || error.blame !== "peer") throw error;
    refuse(http, socket, error.status ?? 400);
  } finally {
    clearTimeout(timer);
    exchange.splice?.free();
    leave(http, socket);
    http.free();
  }
}

/**
 * Sends an error response, unless a response has begun.
 * @param {Connection} http @param {Socket} socket @param {number} status
 */
function refuse(http, socket, status) {
  try {
    socket.write(http.reject({ status }));
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
}

/**
 * Closes the socket as the engine requires.
 *
 * Closing with unread bytes could lose the last response (RFC 9112, section 9.6).
 * @param {Connection} http
 * @param {Socket} socket
 */
function leave(http, socket) {
  if (http.closing === "reset") return void socket.resetAndDestroy();
  const lingers = http.closing === "linger";
  const closing = setTimeout(() => socket.destroy(), lingers ? 4_000 : 30_000);
  socket.once("close", () => clearTimeout(closing));
  if (!lingers) return void socket.destroySoon();
  socket.end();
  let dropped = 0;
  socket.setTimeout(1_000, () => socket.destroy());
  socket.on("data", (bytes) => void ((dropped += bytes.length) > 2 ** 20 && socket.destroy()));
}

/** Waits until the socket takes more, or has closed. @param {Socket} socket */
async function drained(socket) {
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(socket, "drain", { signal }), once(socket, "close", { signal })]).finally(() => waiting.abort());
}

/** One HTTP/1.1 connection, until it is upgraded to `h2c`. */
class Exchange {
  /** @type {Splice | null} */ splice = null;
  content = new Uint8Array(0);
  /** The number of bytes of content that have been received. */ received = 0;
  isConnect = false;
  /** @type {import("switchover").Headers | undefined} */ trailers;

  /** @param {Connection} http @param {Socket} socket */
  constructor(http, socket) {
    this.http = http;
    this.socket = socket;
  }

  /** Handles all events that are available. */
  converse() {
    for (;;) {
      const event = this.http.nextEvent();
      switch (event.kind) {
        case "request":
          [this.content, this.received, this.isConnect] = [new Uint8Array(0), 0, event.method === "CONNECT"];
          if (this.http.owes === "continue") this.socket.write(this.http.sendInformational({ status: 100 }));
          break;
        case "data":
          // Content beyond what an upgrade can relay is read but not kept.
          if (this.received + event.data.length < 65_536) this.keep(event.data);
          this.received += event.data.length;
          break;
        case "end-of-message":
          this.trailers = event.trailers;
          break;
        case "paused":
          if (event.why === "closed") return;
          if (!this.accept()) this.answer();
          break;
        case "switched":
        case "need-data":
          return;
      }
    }
  }

  /** Appends content to one buffer: many small pieces would take more memory. @param {Uint8Array} data */
  keep(data) {
    const needed = this.received + data.length;
    if (needed > this.content.length) {
      const before = this.content;
      this.content = new Uint8Array(Math.max(needed, 2 * before.length));
      this.content.set(before);
    }
    this.content.set(data, this.received);
  }

  /** Accepts an offer of `h2c`; returns false if there is none that can be relayed. */
  accept() {
    const selection = this.http.select(["h2c"]);
    // A part of the content would look like all of it.
    if (!selection || this.received > 65_535) return false;
    try {
      this.splice = new Splice(this.http, this.content.subarray(0, this.received), this.trailers);
    } catch (error) {
      if (error instanceof ProfileError) return false;
      throw error;
    }
    return this.socket.write(this.http.accept(selection)) || true;
  }

  answer() {
    const text = new TextEncoder().encode("in HTTP/1.1\n");
    // A 200 to CONNECT would open a tunnel.
    this.socket.write(this.http.respond({ status: this.isConnect ? 501 : 200 }, text));
  }
}

/**
 * Relays between the client and an HTTP/2 engine.
 *
 * For the engine the client has spoken HTTP/2 from the start.
 * @param {Splice} splice
 * @param {Uint8Array} leftover
 * @param {Socket} socket
 */
async function handOver(splice, leftover, socket) {
  const engine = new Duplex({
    read: () => void engine.emit("moved"),
    write(bytes, _, done) {
      splice.engineSent(bytes);
      // Deferred, because the engine does not expect to receive bytes while it writes.
      setImmediate(() => {
        pass();
        engine.emit("moved");
        if (socket.writableNeedDrain) socket.once("drain", done);
        else done();
      });
    },
    // The answers have been written: the client's end of the connection is answered with ours.
    final: (done) => void socket.end(() => (engine.push(null), done())),
    destroy(error, done) {
      socket.destroy();
      engine.emit("moved");
      done(error);
    },
  });
  const pass = () => {
    if (engine.destroyed) return;
    const forClient = splice.takeForClient();
    const forEngine = splice.takeForEngine();
    if (forClient.length > 0) socket.write(forClient);
    if (forEngine.length > 0) engine.push(forEngine);
  };
  const isFull = () => engine.readableLength >= engine.readableHighWaterMark || !splice.wantsClient;
  // The types require a socket, but any stream works.
  const settings = { maxConcurrentStreams: 100 };
  const session = performServerHandshake(/** @type {any} */ (engine), { settings });
  session.on("stream", answerStream).on("error", () => engine.destroy());
  // A client that is silent and takes nothing for a minute has gone.
  socket.setTimeout(60_000, () => engine.destroy());
  socket.once("close", () => engine.destroy());
  try {
    splice.clientSent(leftover);
    pass();
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      splice.clientSent(bytes);
      pass();
      while (isFull() && !engine.destroyed) await once(engine, "moved");
    }
    splice.clientEnded();
    pass();
    // A client that has half-closed still gets its answers.
    session.close();
    if (!engine.destroyed) await once(engine, "close");
  } catch (error) {
    // The engine has ended the connection, as the client broke HTTP/2: the loop over the socket fails then.
    if (!engine.destroyed) throw error;
  } finally {
    engine.destroy();
  }
}

/** @param {import("node:http2").ServerHttp2Stream} stream @param {import("node:http2").IncomingHttpHeaders} headers */
async function answerStream(stream, headers) {
  // A client may reset a stream, or the connection, at any time.
  stream.on("error", () => {});
  let length = 0;
  try {
    for await (const bytes of stream) length += Buffer.byteLength(bytes);
    stream.respond({ ":status": 200 });
    stream.end(`${headers[":method"]} ${headers[":path"]} with ${length} bytes, in HTTP/2\n`);
  } catch {
    stream.destroy();
  }
}
