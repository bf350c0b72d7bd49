// A worker that offers WebSocket to env.SERVER on its own socket: `/TARGET?say=TEXT` sends the text and shows the
// messages.
import { connect } from "cloudflare:sockets";
import { Connection, websocketKey, whyText } from "switchover";

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */
/** @typedef {{ opcode: number, payload: Bytes }} Frame */

const TEXT = 1;
const CLOSE = 8;

export default {
  /** @param {Request} request @param {{ SERVER: string }} env */
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const socket = connect(env.SERVER);
    const http = new Connection("client");
    try {
      const input = socket.readable.getReader();
      const output = socket.writable.getWriter();
      const headers = handshake(env.SERVER);
      await output.write(http.sendRequest({ method: "GET", target: pathname, headers, offer: ["websocket"] }));
      const leftover = await switched(http, input);
      if (leftover === null) return new Response(`${http.why && whyText(http.why)}\n`, { status: 502 });
      const messages = await converse(searchParams.get("say") ?? "", leftover, input, output);
      return Response.json({ leftover: leftover.length, messages });
    } catch (error) {
      return new Response(`${error}\n`, { status: 502 });
    } finally {
      http.free();
      await socket.close();
    }
  },
};

/**
 * Returns the handshake's fields, with a random nonce of 16 bytes.
 *
 * RFC 6455, section 4.1.
 * @param {string} host
 */
function handshake(host) {
  const nonce = crypto.getRandomValues(new Uint8Array(16));
  return { Host: host, "Sec-WebSocket-Key": websocketKey(nonce), "Sec-WebSocket-Version": "13" };
}

/**
 * Returns the first bytes of WebSocket, or `null` if the server responded in HTTP.
 * @param {Connection} http
 * @param {ReadableStreamDefaultReader<Bytes>} input
 */
async function switched(http, input) {
  for (;;) {
    switch (http.nextEvent().kind) {
      case "need-data": {
        const { value, done } = await input.read();
        if (done) http.receiveEof();
        else http.receive(value);
        break;
      }
      case "switched":
        return http.takeLeftover();
      case "response":
      case "paused":
        return null;
    }
  }
}

/**
 * Sends one message and a Close frame.
 *
 * Returns the text messages that the server sent until its Close frame.
 * @param {string} text
 * @param {Bytes} leftover
 * @param {ReadableStreamDefaultReader<Bytes>} input
 * @param {WritableStreamDefaultWriter<Bytes>} output
 */
async function converse(text, leftover, input, output) {
  const messages = [];
  await output.write(masked(TEXT, new TextEncoder().encode(text)));
  await output.write(masked(CLOSE, Uint8Array.of(1000 >> 8, 1000 & 255)));
  for await (const { opcode, payload } of frames(leftover, input)) {
    if (opcode === TEXT) messages.push(new TextDecoder().decode(payload));
    if (opcode === CLOSE) return messages;
  }
  throw new Error("the server has left without a Close");
}

// A minimal WebSocket framing, to show the bytes after the switch: one frame per message, up to 65,535 bytes.

/** Returns a frame of a client, with a random mask (RFC 6455, section 5.3). @param {number} opcode @param {Bytes} payload */
function masked(opcode, payload) {
  const { length } = payload;
  if (length > 0xffff) throw new RangeError("a message that is too long for one frame here");
  const lengths = length < 126 ? [length] : [126, length >> 8, length & 255];
  const mask = crypto.getRandomValues(new Uint8Array(4));
  const hidden = payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Uint8Array.of(0x80 | opcode, 0x80 | (lengths[0] ?? 0), ...lengths.slice(1), ...mask, ...hidden);
}

/**
 * Yields the frames of a server, which are not masked (RFC 6455, section 5.1).
 *
 * The first bytes may have arrived with the 101.
 * @param {Bytes} bytes
 * @param {ReadableStreamDefaultReader<Bytes>} input
 * @returns {AsyncGenerator<Frame>}
 */
async function* frames(bytes, input) {
  for (;;) {
    for (let next; (next = first(bytes)); bytes = bytes.subarray(next.end)) yield next;
    const { value, done } = await input.read();
    if (done) return;
    const more = new Uint8Array(bytes.length + value.length);
    more.set(bytes);
    more.set(value, bytes.length);
    bytes = more;
  }
}

/**
 * Returns the first frame, or `null` if it is incomplete (RFC 6455, section 5.2).
 * @param {Bytes} bytes
 */
function first(bytes) {
  const [head = 0, short = 0, high = 0, low = 0] = bytes;
  if (short > 126) throw new RangeError("a frame that is masked, or too long to be read here");
  const [start, length] = short < 126 ? [2, short] : [4, (high << 8) | low];
  const end = start + length;
  return bytes.length < start || bytes.length < end ? null : { opcode: head & 15, payload: bytes.subarray(start, end), end };
}
