// A client for the audit to test: offers `websocket`, sends a message, and responds to pings until the server closes.
//
// Usage: `audited.mjs PORT`.
import { Buffer } from "node:buffer";
import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";
import { websocketKey } from "switchover";
import { upgrade } from "switchover/streams";

const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;

const port = Number(process.argv[2]);
const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
await once(socket, "connect");
const headers = {
  Host: `127.0.0.1:${port}`,
  "Sec-WebSocket-Key": websocketKey(crypto.getRandomValues(new Uint8Array(16))),
  "Sec-WebSocket-Version": "13",
};
const switched = await upgrade(socket, { target: "/", headers }, { offer: ["websocket"], signal: AbortSignal.timeout(20_000) });
if (switched.protocol === null) {
  console.log(switched.response.status, switched.why);
  socket.destroy();
} else {
  const writer = switched.writable.getWriter();
  await writer.write(masked(TEXT, Buffer.from("hello")));
  let came = Buffer.alloc(0);
  for await (const bytes of switched.readable) {
    came = Buffer.concat([came, bytes]);
    // Frames of a server are not masked, and those of the audit have short lengths.
    for (let len; came.length >= 2 && came.length >= (len = 2 + came.readUInt8(1)); came = came.subarray(len)) {
      const opcode = came.readUInt8(0) & 15;
      if (opcode === PING) await writer.write(masked(PONG, came.subarray(2, len)));
      if (opcode === CLOSE) {
        await writer.write(masked(CLOSE, came.subarray(2, len)));
        await writer.close();
      }
    }
  }
}

/**
 * Returns a frame of a client, with a mask of zeros (RFC 6455, section 5.3).
 * @param {number} opcode
 * @param {Uint8Array} payload
 */
function masked(opcode, payload) {
  return Buffer.concat([Uint8Array.of(0x80 | opcode, 0x80 | payload.length, 0, 0, 0, 0), payload]);
}
