// Test that sockets of Deno fit the types of `switchover/streams`: this file is compiled, not run.

import { serveConnection, upgrade } from "switchover/streams";

const socket = await Deno.connect({ hostname: "a.example", port: 80 });
const foo = await upgrade(socket, { target: "/", headers: { Host: "a.example" } }, { offer: ["foo/2"] });
if (foo.protocol !== null) await foo.readable.pipeTo(foo.writable);
for await (const connection of Deno.listen({ hostname: "127.0.0.1", port: 0 })) {
  await serveConnection(connection, (request) => new Response(request.body));
}
