// What both ends of WebSocket agree on beside the token, with no transport between them: `profiles.mjs` prints it.
import { agreedDeflate, Connection, sameProtocol, websocketKey } from "switchover";

const client = new Connection("client");
const server = new Connection("server");

// The client asks. By what it asked the engine will judge the 101.
const headers = {
  Host: "a.example",
  "Sec-WebSocket-Key": websocketKey(crypto.getRandomValues(new Uint8Array(16))),
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Protocol": "chat.v2, chat.v1",
  "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
};
server.receive(client.sendRequest({ method: "GET", target: "/chat", headers, offer: ["websocket"] }));

// The server chooses. The engine adds what proves that it has read the key.
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

// The client sees what was agreed, in the server's spelling. Frames are another library's work from here on.
const event = client.nextEvent();
if (event.kind === "switched" && event.protocols.some((name) => sameProtocol(name, "websocket"))) {
  const agreed = event.response && agreedDeflate(event.response.headers);
  console.log(event.response?.headers.get("sec-websocket-protocol"), agreed?.clientMaxWindowBits);
}
client.free();
server.free();
