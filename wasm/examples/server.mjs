// A server for two protocols on one port: HTTP/1.1, and `foo/2` for clients that offer it. `server.mjs PORT`; 0 is any free one.
import { createServer } from "node:net";
import process from "node:process";
import { Connection, ProtocolError } from "switchover";

/** @typedef {import("node:net").Socket} Socket */

const server = createServer({ allowHalfOpen: true }, (socket) => {
  // A mistake of this server's ends the one connection, and is reported. A peer that has vanished is not.
  serve(socket).catch((error) => {
    if (error !== socket.errored) console.error(error);
    socket.destroy();
  });
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on ${typeof address === "object" ? address?.port : address}`);
});

/** @param {Socket} socket */
async function serve(socket) {
  const http = new Connection("server");
  const request = { method: "" };
  // A peer may vanish at any time, also while something is being written; without a listener that would end the process.
  socket.on("error", () => socket.destroy());
  try {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      http.receive(bytes);
      const switched = converse(http, socket, request);
      if (switched) return await speakFoo(socket, switched);
      if (http.awaiting === "nothing") return;
    }
    http.receiveEof();
    converse(http, socket, request);
  } catch (error) {
    if (!(error instanceof ProtocolError) || error.blame !== "peer") throw error;
    // The peer's mistake is answered once, if no answer has begun.
    if (http.owes === "response") socket.write(http.respond({ status: error.status ?? 400 }));
  } finally {
    http.free();
    leave(socket);
  }
}

/**
 * Ends our direction, and reads on for a moment: to close with bytes unread would take the last answer away (RFC 9112, 9.6).
 * @param {Socket} socket
 */
function leave(socket) {
  socket.end();
  socket.resume();
  const closing = setTimeout(() => socket.destroy(), 2000);
  socket.once("close", () => clearTimeout(closing));
}

/**
 * Answers what has come. If the connection switches, gives the event that says so.
 * @param {Connection} http
 * @param {Socket} socket
 * @param {{ method: string }} request
 */
function converse(http, socket, request) {
  for (;;) {
    const event = http.nextEvent();
    switch (event.kind) {
      case "request":
        // Of a request without an offer nothing is kept but what is kept here, for its content may come later.
        request.method = event.method;
        break;
      case "paused":
        if (event.why === "closed") return null;
        answer(http, socket, request.method);
        break;
      case "switched":
        return event;
      case "need-data":
        // Some clients wait for it before they send their content.
        if (http.owes === "continue") socket.write(http.sendInformational({ status: 100 }));
        return null;
    }
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
 * The new protocol: its first line answers the request, then every line comes back in capitals, until `QUIT`.
 * @param {Socket} socket
 * @param {import("switchover").SwitchedEvent} switched
 */
async function speakFoo(socket, { request, protocols, leftover }) {
  socket.write(`${protocols[0]} answers ${request?.method} ${request?.target}\n`);
  let text = "";
  for await (const bytes of withFirst(leftover, socket)) {
    const lines = (text + Buffer.from(bytes).toString("latin1")).split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) {
      if (line.trimEnd() === "QUIT") return;
      socket.write(`${line.toUpperCase()}\n`, "latin1");
    }
  }
}

/** @param {Uint8Array} first @param {Socket} socket */
async function* withFirst(first, socket) {
  yield first;
  yield* socket;
}
