// A host of the hostile kit: clients of `switchover/streams` in Node, Bun and Deno. Each line on standard input sends
// a request, ends one, or asks for the number of tasks.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import { ask } from "./asks.mjs";
import { certified } from "./certified.mjs";

process.on("unhandledRejection", (error) => console.error("UNHANDLED", String(error)));
/** @type {Map<string, AbortController>} */
const asked = new Map();

/** @param {number} port */
async function open(port) {
  const [hostname, host] = ["127.0.0.1", "127.0.0.1"];
  if (globalThis.Deno && certified) return Deno.connectTls({ hostname, port, caCerts: [certified.cert] });
  if (globalThis.Deno) return Deno.connect({ hostname, port });
  const socket = certified ? connectTls({ port, host, ca: certified.cert }) : connect({ port, host });
  await once(socket, certified ? "secureConnect" : "connect");
  return socket;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [id = "", ...words] = line.split(" ");
  if (words[0] === "self") {
    globalThis.gc?.();
    console.log(id, "self", asked.size);
  } else if (words[0] === "cancel") {
    asked.get(id)?.abort(new Error("cancelled"));
  } else {
    const controller = new AbortController();
    asked.set(id, controller);
    void ask(open, words, controller.signal).catch((error) => `failed ${error}`).then((outcome) => {
      asked.delete(id);
      console.log(id, outcome);
    });
  }
}
process.exit();
