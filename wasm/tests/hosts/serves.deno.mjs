// Runs `serves` in Deno.

import { serves } from "./serves.mjs";

const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
console.log("listening on", listener.addr.port);
for await (const socket of listener) void serves(socket);
