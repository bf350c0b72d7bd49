// `server.mjs switchover` or `server.mjs node:http` responds to every request with the text in its second argument, for
// `core/benches/servers/loopback`. Both behave as a server in Node: they parse the head, renew `Date` each second, and
// keep the connection.

import { createServer } from "node:http";
import net from "node:net";
import process from "node:process";
import { Connection, Prepared } from "switchover";

const [engine = "switchover", text = "hello"] = process.argv.slice(2);
const TYPE = "text/plain; charset=utf-8";

/** Creates a server of `node:http`, which adds `Date` and keeps the connection. */
function ofNode() {
  return createServer((request, response) => {
    if (request.url === "") throw new Error("no target");
    response.writeHead(200, { "Content-Type": TYPE, "Content-Length": Buffer.byteLength(text) }).end(text);
  });
}

/** Creates a server on the engine, which encodes the response once a second. */
function ours() {
  const content = new TextEncoder().encode(text);
  const encoded = () => new Prepared({ status: 200, headers: { Date: new Date().toUTCString(), "Content-Type": TYPE } }, content);
  let answer = encoded();
  setInterval(() => {
    answer.free();
    answer = encoded();
  }, 1000);
  return net.createServer({ noDelay: true }, (socket) => {
    const connection = new Connection("server");
    socket.on("error", () => socket.destroy());
    socket.on("close", () => connection.free());
    socket.on("data", (/** @type {Uint8Array} */ bytes) => {
      /** @type {Uint8Array[]} */
      const answers = [];
      try {
        connection.receive(bytes);
        for (;;) {
          const event = connection.nextEvent();
          if (event.kind === "request" && event.target === "") throw new Error("no target");
          if (event.kind === "need-data" || event.kind === "paused") break;
          if (event.kind === "end-of-message" || connection.takeEnd()) answers.push(connection.respondPrepared(answer));
        }
      } catch (error) {
        console.error(error);
        socket.destroy();
        return;
      }
      const [first] = answers;
      if (first !== undefined) socket.write(answers.length === 1 ? first : Buffer.concat(answers));
    });
  });
}

const server = engine === "node:http" ? ofNode() : ours();
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  console.log(`listening on http://127.0.0.1:${typeof address === "object" ? address?.port : address}`);
});
