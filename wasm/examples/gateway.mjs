// A gateway: passes on each request with its offer, and what comes of it: `gateway.mjs BACKEND-PORT [PORT]`.
import { connect, createServer } from "node:net";
import process from "node:process";
import { endToEndFields } from "switchover";
import { serveConnection, upgrade } from "switchover/streams";

const [backend = 80, port = 0] = process.argv.slice(2).map(Number);
const server = createServer({ allowHalfOpen: true }, (socket) => void serveConnection(socket, forward));
server.listen(port, "127.0.0.1", () => console.log("listening on", Object(server.address()).port));

/** @type {import("switchover/streams").Handler} */
async function forward(request) {
  const { method, target, fields, body, connection } = request;
  if (method === "CONNECT") return { status: 501 };
  /** @type {[string, string][]} */
  const headers = [...endToEndFields(fields), ["Via", "1.1 gateway"], ["Connection", "close"]];
  /** @param {import("switchover").InformationalEvent} response */
  const informational = (response) => void request.sendInformational({ status: response.status, headers: endToEndFields(response.headers) });
  const socket = connect(backend, "127.0.0.1");
  const options = { offer: connection.forwardable, informational };
  const answer = await upgrade(socket, { method, target, headers, body }, options).catch(() => null);
  if (!answer) return { status: 502 };
  if (answer.protocol === null) {
    const { response, required } = answer;
    const declined = { status: response.status, reason: response.reason, headers: endToEndFields(response.fields), body: response.body };
    return required.length > 0 ? { ...declined, requires: required } : declined;
  }
  const client = await request.upgrade([answer.protocol], endToEndFields(answer.response?.headers ?? []));
  if (!client) return answer.close();
  await Promise.all([client.readable.pipeTo(answer.writable), answer.readable.pipeTo(client.writable)]);
}
