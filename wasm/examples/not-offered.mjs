// A server switches to a protocol that was not offered: `not-offered.mjs` prints the client's error.
import { Connection } from "switchover";

const client = new Connection("client");
client.sendRequest({ method: "GET", target: "/chat", headers: { Host: "example.org" }, offer: ["foo/2"] });
const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n";
client.receive(new TextEncoder().encode(answer));
try {
  client.nextEvent();
} catch (error) {
  console.log(String(error)); // ProtocolError: a 101 that names what was not offered (error 604) at byte 43
}
client.free();
