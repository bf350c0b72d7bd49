// A client that sends each argument as a message to a WebSocket, and prints what comes back: `client.mjs PORT [TEXT...]`.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { websocketKey } from "switchover";
import { upgrade } from "switchover/streams";
import { WebSocket } from "./frames.mjs";

const [port, ...texts] = process.argv.slice(2);
const connection = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
await once(connection, "connect");
const key = websocketKey(crypto.getRandomValues(new Uint8Array(16)));
const headers = { Host: `127.0.0.1:${port}`, "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13" };
const streams = await upgrade(connection, { target: "/", headers }, { offer: ["websocket"], signal: AbortSignal.timeout(10_000) });
if (streams.protocol === null) {
  console.log(streams.response.status, streams.why, await streams.response.text());
  connection.destroy();
} else {
  connection.setTimeout(30_000, () => connection.destroy(new Error("the server is silent")));
  const socket = new WebSocket(streams, { isClient: true });
  for (const text of texts) {
    await socket.send(text);
    console.log(await socket.receive());
  }
  await socket.close();
  await socket.receive();
}
