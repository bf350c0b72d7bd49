// Negotiation of a WebSocket subprotocol and compression, without a transport: `profiles.mjs` prints the result.
import { agreedDeflate, Connection, sameProtocol, websocketKey } from "switchover";

const client = new Connection("client");
const server = new Connection("server");

// The client sends a request. The engine will check the 101 against it.
const headers = {
  Host: "a.example",
  "Sec-WebSocket-Key": websocketKey(crypto.getRandomValues(new Uint8Array(16))),
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Protocol": "chat.v2, chat.v1",
  "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
};
server.receive(client.sendRequest({ method: "GET", target: "/chat", headers, offer: ["websocket"] }));

// The server selects from the offer. The engine adds `Sec-WebSocket-Accept`.
while (server.nextEvent().kind !== "end-of-message");
const selection = server.select(["websocket"]);
if (!selection) throw new Error("nothing that this server speaks");
const subprotocol = server.selectSubprotocol(["chat.v1"]);
const deflate = server.selectDeflate({ clientMaxWindowBits: 12 });
/** @type {[string, string][]} */
const answer = [];
if (subprotocol) answer.push(["Sec-WebSocket-Protocol", subprotocol]);
if (deflate) answer.push(["Sec-WebSocket-Extensions", String(deflate)]);
client.receive(server.accept(selection, answer));

// The client reads what was agreed, in the server's spelling. From here on another library handles the frames.
const event = client.nextEvent();
if (event.kind === "switched" && event.protocols.some((name) => sameProtocol(name, "websocket"))) {
  const agreed = event.response && agreedDeflate(event.response.headers);
  console.log(event.response?.headers.get("sec-websocket-protocol"), agreed?.clientMaxWindowBits);
}
client.free();
server.free();
