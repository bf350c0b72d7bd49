// A host of the hostile kit: a server of `switchover/streams` on sockets of Node and Bun.
import { createServer } from "node:net";
import process from "node:process";
import { createServer as createTlsServer } from "node:tls";
import { certified } from "./certified.mjs";
import { said, served } from "./handler.mjs";

process.on("unhandledRejection", (error) => console.error("UNHANDLED", said(error)));
process.on("uncaughtException", (error) => console.error("UNHANDLED", said(error)));
const stop = new AbortController();
const serve = (/** @type {import("node:net").Socket} */ socket) => void served(socket, stop.signal);
const server = certified ? createTlsServer(certified, serve) : createServer(serve);
server.on("error", (error) => console.error("accept:", said(error)));
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
process.on("SIGINT", () => (server.close(), stop.abort(), setTimeout(() => process.exit(0), 1000)));
