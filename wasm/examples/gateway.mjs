// A gateway: passes on each request with its offer, and what comes of it: `gateway.mjs BACKEND-PORT [PORT]`.
import { connect, createServer } from "node:net";
import process from "node:process";
import { forward, serveConnection } from "switchover/streams";

const [backend = 80, port = 0] = process.argv.slice(2).map(Number);
const dial = () => connect({ port: backend, host: "127.0.0.1", allowHalfOpen: true });
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, (request) => forward(request, dial)));
server.listen(port, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
