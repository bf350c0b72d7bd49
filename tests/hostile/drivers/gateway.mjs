// A host of the hostile kit: a gateway of `switchover/streams`, before the server with this address: `gateway.mjs ADDRESS`.
import { connect, createServer } from "node:net";
import process from "node:process";
import { forward, serveConnection } from "switchover/streams";
import { said } from "./handler.mjs";

const [, host = "", port] = /^(.+):(\d+)$/.exec(process.argv[2] ?? "") ?? [];
const stop = new AbortController();
const { signal } = stop;
process.on("unhandledRejection", (error) => console.error("UNHANDLED", said(error)));
process.on("uncaughtException", (error) => console.error("UNHANDLED", said(error)));
setInterval(() => globalThis.gc?.(), 100).unref();
const dial = () => connect({ port: Number(port), host, allowHalfOpen: true });
const onError = (/** @type {unknown} */ error) => console.error("request:", said(error));
const server = createServer({ allowHalfOpen: true }, (socket) => {
  serveConnection(socket, (request) => forward(request, dial), { signal, onError }).catch(onError);
});
server.on("error", (error) => console.error("accept:", said(error)));
server.listen(0, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));
process.on("SIGINT", () => (server.close(), stop.abort(), setTimeout(() => process.exit(0), 1000)));
