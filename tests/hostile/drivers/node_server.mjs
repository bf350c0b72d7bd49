// A host of the hostile kit: a server of `switchover/streams` on sockets of Node and Bun.
import { createServer } from "node:net";
import process from "node:process";
import { said, served } from "./handler.mjs";

process.on("unhandledRejection", (error) => console.error("UNHANDLED", said(error)));
process.on("uncaughtException", (error) => console.error("UNHANDLED", said(error)));
const stop = new AbortController();
const server = createServer((socket) => void served(socket, stop.signal));
server.on("error", (error) => console.error("accept:", said(error)));
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
process.on("SIGINT", () => (server.close(), stop.abort(), setTimeout(() => process.exit(0), 1000)));
