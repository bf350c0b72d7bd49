// A server in Node and Bun without our code, for comparison: it sends a response to any input.
import { createServer } from "node:net";
import process from "node:process";

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nplain\n";
const server = createServer((socket) => socket.on("error", () => {}).on("data", () => socket.write(ANSWER)));
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
process.on("SIGINT", () => process.exit(0));
