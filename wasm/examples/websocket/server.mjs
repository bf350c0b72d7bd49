// A server that returns each message of a WebSocket: `server.mjs [PORT]`.
import { createServer } from "node:net";
import process from "node:process";
import { serveConnection } from "switchover/streams";
import { FrameError, WebSocket } from "./frames.mjs";

const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, answer));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log("listening on", Object(server.address()).port));

/** @type {import("switchover/streams").Handler} */
async function answer(request) {
  if (request.method === "CONNECT") return { status: 501, body: "no tunnels here\n" };
  const streams = await request.upgrade(["websocket"]);
  if (!streams) return { requires: ["websocket"], body: "only WebSockets here\n" };
  const socket = new WebSocket(streams);
  try {
    for (let message; (message = await socket.receive()) !== null; ) await socket.send(message);
  } catch (error) {
    // The client has broken the protocol, or left without a close.
    if (!(error instanceof FrameError)) throw error;
  }
}
