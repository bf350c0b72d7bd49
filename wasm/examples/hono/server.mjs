// Serves the application in Node, Bun or Deno: `server.mjs [PORT]`.
import { createServer } from "node:net";
import process from "node:process";
import { fetchHandler, serveConnection } from "switchover/streams";
import { app } from "./app.mjs";

const handler = fetchHandler(app.fetch);
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, handler));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
