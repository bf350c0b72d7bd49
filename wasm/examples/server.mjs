// A server for two protocols on one port: HTTP/1.1, and `foo/2` for clients that offer it. `server.mjs PORT`; 0 is any
// free port.
import { once } from "node:events";
import { createServer } from "node:net";
import process from "node:process";
import { Connection, ProtocolError } from "switchover";

/** @typedef {import("node:net").Socket} Socket */
/** @typedef {import("switchover").SwitchedEvent} Switched */

/** The limit of content of a request, in bytes. */
const CONTENT = 2 ** 20;
/**
 * Timeouts in milliseconds; each byte of content extends that for content by 1 ms.
 *
 * `request` is for the first byte of a request, `head` for the rest of its head.
 */
const TIMES = { request: 60_000, head: 30_000, content: 30_000 };
/** Timeout in milliseconds for the client to accept what is sent. */
const SENDING = 30_000;
/** Limits in milliseconds and bytes for reading after the last response. */
const LINGER = { max: 4_000, idle: 1_000, bytes: 2 ** 20 };

const server = createServer({ allowHalfOpen: true }, (socket) => void new Client(socket));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

/** A connection, from its first byte to its last. */
class Client {
  #http = new Connection("server", { limits: { content: CONTENT } });
  #socket;
  #method = "";
  #awaited = "";
  #until = 0;
  /** @type {NodeJS.Timeout | undefined} */ #timer;
  #isLeaving = false;
  #dropped = 0;

  /** @param {Socket} socket */
  constructor(socket) {
    this.#socket = socket;
    // A peer may disconnect at any time, even during a write; without this listener that would end the process.
    socket.on("error", () => socket.destroy());
    socket.on("data", this.#receive);
    socket.on("end", this.#end);
    socket.on("drain", this.#goOn);
    socket.on("close", () => (clearTimeout(this.#timer), this.#http.free()));
    this.#expect();
  }

  /** @param {Uint8Array} bytes */
  #receive = (bytes) => {
    if (this.#isLeaving) return this.#drop(bytes.length);
    if (this.#http.awaiting === "content") this.#waitUntil(this.#until + bytes.length);
    this.#attempt(() => this.#http.receive(bytes));
    this.#goOn();
  };

  #end = () => {
    if (this.#isLeaving) return void this.#socket.destroy();
    this.#http.receiveEof();
    this.#goOn();
  };

  /** Handles all available events, as long as the client reads the responses. */
  #goOn = () => {
    this.#socket.resume();
    this.#attempt(() => {
      while (!this.#isLeaving && this.#step());
    });
  };

  /**
   * Runs `act`; responds to an error of the peer.
   *
   * An error of this server ends only this connection and is reported.
   * @param {() => void} act
   */
  #attempt(act) {
    try {
      act();
    } catch (error) {
      if (error instanceof ProtocolError && error.blame === "peer") return this.#refuse(error.status ?? 400);
      console.error(error);
      this.#socket.destroy();
    }
  }

  /** Handles one event of the engine; returns whether to ask for the next one now. */
  #step() {
    if (this.#socket.writableNeedDrain) {
      this.#socket.pause();
      this.#waitUntil(performance.now() + SENDING);
      return false;
    }
    const event = this.#http.nextEvent();
    if (event.kind !== "data") this.#expect();
    switch (event.kind) {
      case "request":
        // The engine keeps nothing of a request without an offer, and its content may arrive later.
        this.#method = event.method;
        return true;
      case "paused":
        if (event.why === "closed") this.#leave();
        else answer(this.#http, this.#socket, this.#method);
        return true;
      case "switched":
        this.#handOver(event);
        return false;
      case "need-data":
        // Some clients wait for a 100 before they send their content.
        if (this.#http.owes === "continue") this.#socket.write(this.#http.sendInformational({ status: 100 }));
        return false;
      default:
        return true; // content that this server does not use, and its end
    }
  }

  /** @param {Switched} event */
  #handOver(event) {
    clearTimeout(this.#timer);
    this.#socket.pause().off("data", this.#receive).off("end", this.#end).off("drain", this.#goOn);
    speakFoo(this.#socket, event).catch((error) => {
      if (error !== this.#socket.errored) console.error(error);
      this.#socket.destroy();
    });
  }

  // Deadlines, and the end of the connection.

  /** Starts a new timeout if the connection waits for something else than before. */
  #expect() {
    const { awaiting } = this.#http;
    if (awaiting === this.#awaited) return;
    this.#awaited = awaiting;
    const time = awaiting === "request" || awaiting === "head" || awaiting === "content" ? TIMES[awaiting] : SENDING;
    this.#waitUntil(performance.now() + time);
  }

  /** @param {number} until */
  #waitUntil(until) {
    clearTimeout(this.#timer);
    this.#until = until;
    this.#timer = setTimeout(this.#late, Math.max(0, until - performance.now()));
  }

  #late = () => {
    if (this.#isLeaving || this.#socket.writableNeedDrain) this.#socket.destroy();
    else this.#refuse(408);
  };

  /**
   * Sends an error response, unless a response has begun.
   *
   * A client that has sent nothing of a request gets none.
   * @param {number} status
   */
  #refuse(status) {
    try {
      if (this.#http.awaiting !== "request") this.#socket.write(this.#http.reject({ status }));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
    }
    this.#leave();
  }

  /**
   * Closes the socket as the engine requires.
   *
   * Closing with unread bytes could lose the last response (RFC 9112, section 9.6).
   */
  #leave() {
    const { closing } = this.#http;
    this.#isLeaving = true;
    if (closing === "reset") this.#socket.resetAndDestroy();
    else if (closing === "close" || this.#socket.readableEnded) this.#socket.end(() => this.#socket.destroy());
    else this.#socket.end().resume();
    const ends = setTimeout(() => this.#socket.destroy(), LINGER.max);
    this.#socket.once("close", () => clearTimeout(ends));
    this.#drop(0);
  }

  /** @param {number} length */
  #drop(length) {
    this.#dropped += length;
    this.#waitUntil(performance.now() + LINGER.idle);
    if (this.#dropped > LINGER.bytes) this.#socket.destroy();
  }
}

/** @param {Connection} http @param {Socket} socket @param {string} method */
function answer(http, socket, method) {
  const offered = http.select(["foo/2"]);
  if (offered) {
    socket.write(http.accept(offered));
    return;
  }
  const text = new TextEncoder().encode("This server speaks foo/2 too.\n");
  const status = ["GET", "HEAD", "POST"].includes(method) ? 200 : 501;
  socket.write(http.respond({ status, headers: { "Content-Type": "text/plain" } }, text));
}

/**
 * Speaks the new protocol: its first line responds to the request.
 *
 * Then it returns every line in upper case, until `QUIT`.
 * @param {Socket} socket
 * @param {Switched} switched
 */
async function speakFoo(socket, { request, protocols, leftover }) {
  socket.write(`${protocols[0]} answers ${request?.method} ${request?.target}\n`);
  socket.setTimeout(TIMES.request, () => socket.destroy());
  let text = "";
  try {
    for await (const bytes of withFirst(leftover, socket)) {
      const lines = (text + Buffer.from(bytes).toString("latin1")).split("\n");
      text = lines.pop() ?? "";
      const quit = lines.findIndex((line) => line.trimEnd() === "QUIT");
      if (quit >= 0) lines.length = quit;
      // One write for all lines: others wait while this client's are handled.
      const said = lines.map((line) => `${line.toUpperCase()}\n`).join("");
      if (said && !socket.write(said, "latin1")) await once(socket, "drain");
      if (quit >= 0 || text.length > 65_536) return;
    }
  } finally {
    linger(socket);
  }
}

/**
 * Sends what was written, then discards input for a while.
 *
 * Closing with unread bytes could lose the last lines.
 * @param {Socket} socket
 */
function linger(socket) {
  let dropped = 0;
  socket.on("data", ({ length }) => {
    dropped += length;
    if (dropped > LINGER.bytes) socket.destroy();
  });
  socket.end(() => {
    const ends = setTimeout(() => socket.destroy(), LINGER.max);
    socket.once("close", () => clearTimeout(ends));
  });
}

/** @param {Uint8Array} first @param {Socket} socket */
async function* withFirst(first, socket) {
  yield first;
  if (!socket.readableEnded) yield* socket.iterator({ destroyOnReturn: false });
}
