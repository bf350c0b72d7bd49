// A peer that returns each message of a WebSocket, by the frames of the examples: `peer.mjs [PORT]`.
//
// Without a port it is a server. With the port of Autobahn's server it is a client, and takes part in each case.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import process from "node:process";
import { websocketKey } from "switchover";
import { serveConnection, upgrade } from "switchover/streams";
import { FrameError, WebSocket } from "../../examples/websocket/frames.mjs";

/** The longest message of a case, in bytes. */
const LARGEST = 2 ** 24;
const port = Number(process.argv[2]);

/**
 * Returns each message; returns the last one.
 * @param {ConstructorParameters<typeof WebSocket>[0]} streams @param {boolean} isClient
 */
async function echo(streams, isClient, isSilent = false) {
  const socket = new WebSocket(streams, { isClient, largest: LARGEST });
  let last = null;
  try {
    for (let message; (message = await socket.receive()) !== null; last = message) {
      if (!isSilent) await socket.send(message);
    }
  } catch (error) {
    // Many cases break the protocol.
    if (!(error instanceof FrameError)) throw error;
  }
  return last;
}

/** Opens a WebSocket, and returns each message unless it is silent. @param {string} target */
async function visit(target, isSilent = false) {
  const connection = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  await once(connection, "connect");
  const key = websocketKey(crypto.getRandomValues(new Uint8Array(16)));
  const headers = { Host: `127.0.0.1:${port}`, "Sec-WebSocket-Key": key, "Sec-WebSocket-Version": "13" };
  const streams = await upgrade(connection, { target, headers }, { offer: ["websocket"], signal: AbortSignal.timeout(10_000) });
  if (streams.protocol === null) throw new Error(`${target} is declined: ${streams.response.status}`);
  return await echo(streams, true, isSilent);
}

if (port) {
  const count = Number(await visit("/getCaseCount", true));
  for (let number = 1; number <= count; number += 1) await visit(`/runCase?case=${number}&agent=client`);
  await visit("/updateReports?agent=client", true);
} else {
  /** @type {import("switchover/streams").Handler} */
  const answer = async (request) => {
    const streams = await request.upgrade(["websocket"]);
    if (streams) await echo(streams, false);
    return streams ? undefined : { requires: ["websocket"] };
  };
  const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, answer));
  server.listen(0, "127.0.0.1", () => console.log(Object(server.address()).port));
}
