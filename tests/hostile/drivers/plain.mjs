// A server in Node and Bun without our code, for comparison: it sends a response to any input.
import { createServer } from "node:net";
import process from "node:process";
import { createServer as createTlsServer } from "node:tls";
import { certified } from "./certified.mjs";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nplain\n";
const serve = (/** @type {import("node:net").Socket} */ socket) => void socket.on("error", () => {}).on("data", () => socket.write(ANSWER));
const server = certified ? createTlsServer(certified, serve) : createServer(serve);
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
process.on("SIGINT", () => process.exit(0));
