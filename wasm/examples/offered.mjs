// A client offers a protocol and a server switches, without a transport: `offered.mjs` prints the first bytes.
import { Connection } from "switchover";

const client = new Connection("client");
const request = { method: "GET", target: "/chat", headers: { Host: "example.org" }, offer: ["foo/2", "bar"] };
client.sendRequest(request); // the bytes to send: … Upgrade: foo/2, bar
const answer = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nhello";
client.receive(new TextEncoder().encode(answer));
const event = client.nextEvent();
if (event.kind === "switched") console.log(new TextDecoder().decode(event.leftover)); // hello: the first bytes of foo/2
client.free();
