// A client in Node or Bun: offers `foo/2`, sends the lines in it, and prints the response: `streams-client.mjs PORT
// [LINE...]`.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { upgrade } from "switchover/streams";

const [port, ...lines] = process.argv.slice(2);
const socket = connect({ host: "127.0.0.1", port: Number(port), allowHalfOpen: true });
await once(socket, "connect");
const request = { target: "/foo", headers: { Host: `127.0.0.1:${port}` } };
const foo = await upgrade(socket, request, { offer: ["foo/2"], signal: AbortSignal.timeout(10_000) });
if (foo.protocol === null) {
  console.log(foo.response.status, foo.why, await foo.response.text());
  socket.destroy();
} else {
  socket.setTimeout(30_000, () => socket.destroy(new Error("the server is silent")));
  const said = new Blob(lines.map((line) => `${line}\n`)).stream();
  await Promise.all([said.pipeTo(foo.writable), print(foo.readable)]);
}

/** @param {ReadableStream<Uint8Array>} readable */
async function print(readable) {
  for await (const bytes of readable) process.stdout.write(bytes);
}
