// Runs `serves` in Node and Bun.

import { createServer } from "node:net";
import { serves } from "./serves.mjs";

const server = createServer({ allowHalfOpen: true }, (socket) => void serves(socket));
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
