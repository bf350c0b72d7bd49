// Offers `foo/2` and speaks it if the server switches: `client.mjs PORT [LINE...]` sends the lines, then `QUIT`.
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { Connection, whyText } from "switchover";

const [port, ...lines] = process.argv.slice(2);
if (!port) throw new Error("usage: client.mjs PORT [LINE...]");
const socket = connect(Number(port), "127.0.0.1");
// A server that is silent, or that sends a byte now and then, has this much time for all that is HTTP.
const late = setTimeout(() => socket.destroy(new Error("the server is late")), 30_000);
await once(socket, "connect");

const http = new Connection("client");
const request = { method: "GET", target: "/foo", headers: { Host: `127.0.0.1:${port}` }, offer: ["foo/2"] };
socket.write(http.sendRequest(request));

const input = socket.iterator({ destroyOnReturn: false });
try {
  const leftover = await response();
  clearTimeout(late);
  socket.setTimeout(30_000, () => socket.destroy(new Error("the server is silent")));
  if (leftover === null) {
    if (http.why) console.error(whyText(http.why));
    process.exitCode = 1;
  } else {
    for (const line of lines) socket.write(`${line}\n`);
    socket.write("QUIT\n");
    process.stdout.write(leftover);
    for await (const bytes of input) process.stdout.write(bytes);
  }
} finally {
  clearTimeout(late);
  http.free();
  socket.destroy();
}

/** Returns the first bytes of `foo/2`, or `null` if the server responded in HTTP. */
async function response() {
  for (;;) {
    const event = http.nextEvent();
    switch (event.kind) {
      case "need-data": {
        const { value, done } = await input.next();
        if (done) http.receiveEof();
        else http.receive(value);
        break;
      }
      case "response":
        console.error(`${event.status} ${event.reason}`);
        break;
      case "data":
        process.stdout.write(event.data);
        break;
      case "switched":
        console.error(`speaking ${event.protocols.join(", ")}`);
        return event.leftover;
      case "end-of-message":
      case "paused":
        return null;
    }
  }
}
