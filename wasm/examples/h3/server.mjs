// Serves an application of h3, as nitro makes one, in Node, Bun or Deno: `server.mjs [PORT]`. A route switches to `foo/2`.
import { H3 } from "h3";
import { createServer } from "node:net";
import process from "node:process";
import { fetchHandler, serveConnection } from "switchover/streams";

const app = new H3();
app.get("/hello/:name", (event) => `hello ${event.context.params?.name}\n`);
app.post("/echo", async (event) => new Response(await event.req.arrayBuffer()));
app.get("/foo", async (event) => {
  const foo = await event.req.context.upgrade(["foo/2"]);
  if (!foo) return new Response("offer foo/2\n", { status: 426, headers: { Upgrade: "foo/2", Connection: "Upgrade" } });
  // In foo/2 the server returns all bytes.
  await foo.readable.pipeTo(foo.writable);
  return null;
});

// Members of `context` of a request are those of its event.
const handler = fetchHandler((asked, { request }) => {
  const context = { upgrade: (protocols) => request.upgrade(protocols) };
  return app.fetch(Object.assign(asked, { context }));
});
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, handler));
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
