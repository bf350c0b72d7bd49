// A client in Deno: offers `foo/2`, sends the lines in it, and prints the response: `streams-client.deno.mjs PORT
// [LINE...]`.
import { upgrade } from "switchover/streams";

const [port, ...lines] = Deno.args;
const socket = await Deno.connect({ hostname: "127.0.0.1", port: Number(port) });
const request = { target: "/foo", headers: { Host: `127.0.0.1:${port}` } };
const foo = await upgrade(socket, request, { offer: ["foo/2"], signal: AbortSignal.timeout(10_000) });
if (foo.protocol === null) {
  console.log(foo.response.status, foo.why, await foo.response.text());
  socket.close();
} else {
  const said = new Blob(lines.map((line) => `${line}\n`)).stream();
  await Promise.all([said.pipeTo(foo.writable), foo.readable.pipeTo(Deno.stdout.writable, { preventClose: true })]);
}
