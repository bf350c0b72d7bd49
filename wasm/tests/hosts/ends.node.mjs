// Runs `ends` in Node and Bun: `ends.node.mjs PORTS`, with the ports as JSON.

import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { ends } from "./ends.mjs";

/** @param {number} port */
async function open(port) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

console.log(JSON.stringify(await ends(open, JSON.parse(process.argv[2] ?? ""))));
process.exit();
