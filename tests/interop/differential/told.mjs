// A server that reports the requests it gets: `told.mjs ours` uses `switchover/streams`, `told.mjs node` node:http.
import http from "node:http";
import net from "node:net";
import process from "node:process";

const { serveConnection } = await import("switchover/streams");
const quiet = { onError: () => {} };
const server = process.argv[2] === "ours" ? net.createServer((socket) => void serveConnection(socket, answer, quiet)) : http.createServer(tell);
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  let length = 0;
  for await (const bytes of request.body ?? []) length += bytes.length;
  return { body: `${request.method} ${request.target} ${length}\n` };
}

/** @param {http.IncomingMessage} request @param {http.ServerResponse} response */
function tell(request, response) {
  let length = 0;
  request.on("error", () => {});
  request.on("data", (bytes) => (length += bytes.length));
  request.on("end", () => {
    const text = `${request.method} ${request.url} ${length}\n`;
    response.setHeader("Content-Length", Buffer.byteLength(text));
    response.end(text);
  });
}
