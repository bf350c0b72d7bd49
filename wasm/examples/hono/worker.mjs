// Serves the application in a Worker, in its `connect` handler.
import { fetchHandler, serveConnection } from "switchover/streams";
import { app } from "./app.mjs";

const handler = fetchHandler(app.fetch);
// The connection lasts until this promise resolves.
export default { connect: async (socket) => void (await serveConnection(socket, handler)) };
