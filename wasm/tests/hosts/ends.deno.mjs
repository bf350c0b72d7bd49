// Runs `ends` in Deno: `ends.deno.mjs PORTS`, with the ports as JSON.

import { ends } from "./ends.mjs";

console.log(JSON.stringify(await ends((port) => Deno.connect({ hostname: "127.0.0.1", port }), JSON.parse(Deno.args[0] ?? ""))));
