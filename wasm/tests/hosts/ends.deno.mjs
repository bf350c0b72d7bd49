// `ends` in Deno: `ends.deno.mjs PORTS`, which is JSON.

import { ends } from "./ends.mjs";

console.log(JSON.stringify(await ends((port) => Deno.connect({ hostname: "127.0.0.1", port }), JSON.parse(Deno.args[0] ?? ""))));
