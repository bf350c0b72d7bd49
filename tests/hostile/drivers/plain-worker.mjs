// A Worker without our code, for comparison: it sends a response to any input.
const ANSWER = new TextEncoder().encode("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nplain\n");

export default {
  /** @param {{ readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array> }} socket */
  async connect({ readable, writable }) {
    const writer = writable.getWriter();
    for await (const _ of readable) await writer.write(ANSWER);
  },
};
