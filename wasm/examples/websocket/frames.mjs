// The frames of WebSocket (RFC 6455) on the streams of a switched connection, for both roles, without compression.

const [CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG] = [0, 1, 2, 8, 9, 10];
const [PROTOCOL_ERROR, ABNORMAL, INVALID_DATA, TOO_LARGE] = [1002, 1006, 1007, 1009];
/** Milliseconds to wait for the peer to end the connection. */
const CLOSING = 5_000;
/**
 * The number of frames after which other connections have a turn.
 *
 * One read may hold thousands of frames.
 */
const TURN = 128;
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/**
 * The error for frames that break the protocol, with the code of the close.
 *
 * The code is 1006 if the connection ends without one (RFC 6455, section 7.1.5).
 */
export class FrameError extends Error {
  /** @param {number} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

/** A WebSocket: `receive` returns messages, and answers pings and the close. */
export class WebSocket {
  #reader;
  #writer;
  #isClient;
  #largest;
  /** @type {Uint8Array} */ #bytes = new Uint8Array(0);
  #isClosing = false;
  #isOver = false;
  #isReceiving = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #late;
  #hasLeft = false;
  /** Callbacks that end each wait for a peer that does not read. @type {Set<() => void>} */ #waits = new Set();
  #frames = 0;

  /**
   * @param {{ readable: ReadableStream<Uint8Array>, writable: WritableStream<Uint8Array> }} streams
   * @param {{ isClient?: boolean, largest?: number }} [options] `largest` is the limit of a message in bytes.
   */
  constructor({ readable, writable }, { isClient = false, largest = 2 ** 20 } = {}) {
    this.#reader = readable.getReader();
    this.#writer = writable.getWriter();
    this.#isClient = isClient;
    this.#largest = largest;
  }

  /**
   * Returns the next message, or `null` once the WebSocket is closed.
   *
   * Throws a `FrameError` if the peer breaks the protocol, or if the connection ends without the peer's close.
   * @returns {Promise<string | Uint8Array | null>}
   */
  async receive() {
    if (this.#isReceiving) throw new TypeError("a message is awaited already");
    if (this.#isOver) return null;
    this.#isReceiving = true;
    try {
      return await this.#message();
    } catch (error) {
      await this.#fail(error instanceof FrameError && error.code !== ABNORMAL ? error.code : undefined);
      throw error;
    } finally {
      this.#isReceiving = false;
    }
  }

  /** Sends a message; resolves once the stream has taken it. @param {string | Uint8Array} message */
  async send(message) {
    if (this.#isClosing) throw new Error("the WebSocket is closing");
    if (typeof message !== "string" && !(message instanceof Uint8Array)) throw new TypeError("a message is a string or a Uint8Array");
    if (typeof message === "string") await this.#send(TEXT, encoder.encode(message));
    else await this.#send(BINARY, message);
  }

  /** Begins to close; the caller must `receive` until `null`. @param {number} [code] @param {string} [reason] */
  async close(code = 1000, reason = "") {
    const words = encoder.encode(reason);
    if (!maySend(code) || words.length > 123) throw new RangeError("a code that may not be sent, or a reason above 123 bytes");
    if (this.#isClosing) return;
    this.#isClosing = true;
    // A peer that does not answer, or does not read, is left.
    this.#late = setTimeout(() => this.#leave(), CLOSING);
    await this.#send(CLOSE, Uint8Array.of(code >> 8, code & 255, ...words)).catch(() => {});
  }

  async #message() {
    let type = 0;
    /** @type {Uint8Array} */
    let content = new Uint8Array(0);
    for (let length = 0; ; ) {
      const frame = await this.#frame(length);
      if (frame.opcode === CLOSE) return this.#closed(frame.content);
      if (frame.opcode === PING && !this.#isClosing) await this.#send(PONG, frame.content);
      if (frame.opcode >= CLOSE) continue;
      if ((frame.opcode === CONTINUATION) !== (type !== 0)) throw new FrameError(PROTOCOL_ERROR, "a fragment out of order");
      type ||= frame.opcode;
      content = appended(content, length, frame.content);
      length += frame.content.length;
      if (!frame.isLast) continue;
      const whole = content.slice(0, length);
      const message = type === TEXT ? decoded(whole) : whole;
      if (!this.#isClosing) return message;
      type = length = 0;
    }
  }

  /** @param {number} before The length of earlier fragments. */
  async #frame(before) {
    // Timers and sockets wait for as long as each step is complete at once.
    if (++this.#frames % TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    const [first = 0, second = 0] = await this.#take(2);
    const opcode = first & 15;
    const isLast = first >= 128;
    let length = second & 127;
    if (first & 0x70 || (opcode > BINARY && opcode < CLOSE) || opcode > PONG) throw new FrameError(PROTOCOL_ERROR, "a reserved bit or opcode");
    if (opcode >= CLOSE && (!isLast || length > 125)) throw new FrameError(PROTOCOL_ERROR, "a control frame is long or in fragments");
    if (second >= 128 === this.#isClient) throw new FrameError(PROTOCOL_ERROR, "only a client masks its frames");
    if (length > 125) length = (await this.#take(length === 126 ? 2 : 8)).reduce((sum, byte) => sum * 256 + byte, 0);
    if (opcode < CLOSE && before + length > this.#largest) throw new FrameError(TOO_LARGE, "a message is too large");
    const mask = second >= 128 ? await this.#take(4) : undefined;
    const content = await this.#take(length);
    return { opcode, isLast, content: mask ? masked(content, mask) : content };
  }

  /** Answers the peer's close frame, and ends the connection. @param {Uint8Array} content */
  async #closed(content) {
    const code = content.length === 0 ? 1000 : (content[0] ?? 0) * 256 + (content[1] ?? 0);
    if (content.length === 1 || !maySend(code)) throw new FrameError(PROTOCOL_ERROR, "a code that may not be sent");
    decoded(content.subarray(2));
    await this.#fail(code);
    return null;
  }

  /** Sends a close frame if there is a code and none was sent; ends the connection. @param {number} [code] */
  async #fail(code) {
    this.#isOver = true;
    const isFirst = !this.#isClosing;
    this.#isClosing = true;
    this.#late ??= setTimeout(() => this.#leave(), CLOSING);
    if (code && isFirst) await this.#send(CLOSE, Uint8Array.of(code >> 8, code & 255)).catch(() => {});
    await this.#end();
    clearTimeout(this.#late);
  }

  /** Ends both directions at once. */
  #leave() {
    this.#hasLeft = true;
    for (const end of this.#waits) end();
    this.#reader.cancel().catch(() => {});
    this.#writer.abort().catch(() => {});
  }

  /** Ends the connection; a client waits for the server (RFC 6455, section 7.1.1). */
  async #end() {
    const close = () => this.#writer.close().catch(() => {});
    const closing = this.#isClient ? undefined : close();
    for (;;) {
      const { done } = await this.#reader.read().catch(() => ({ done: true }));
      if (done) break;
    }
    await this.#unlessLeft(closing ?? close());
  }

  /**
   * Waits for a step of the writer, or until `#leave` gives the peer up.
   *
   * `Promise.race` with one promise for all steps would keep each step in memory.
   * @param {Promise<void>} step @returns {Promise<void>}
   */
  #unlessLeft(step) {
    return new Promise((resolve, reject) => {
      if (this.#hasLeft) resolve();
      this.#waits.add(resolve);
      step.then(resolve, reject).finally(() => this.#waits.delete(resolve));
    });
  }

  /** Returns the next `length` bytes; throws if the connection ends before them. @param {number} length */
  async #take(length) {
    let [bytes, has] = [this.#bytes, this.#bytes.length];
    // While the peer is awaited, no large buffer is kept for the few bytes in it.
    if (has < length) bytes = this.#bytes = bytes.slice();
    while (has < length) {
      const { value, done } = await this.#reader.read();
      if (done) throw new FrameError(ABNORMAL, "the connection has ended before a close");
      // Copied: small pieces of their own would take much more memory than their bytes.
      bytes = has > 0 ? appended(bytes, has, value) : value;
      has += value.length;
    }
    this.#bytes = bytes.subarray(length, has);
    return bytes.subarray(0, length);
  }

  /** @param {number} opcode @param {Uint8Array} content */
  async #send(opcode, content) {
    const { length } = content;
    const size = length < 126 ? [length] : length < 65_536 ? [126, length >> 8, length & 255] : [127, ...long(length)];
    const mask = this.#isClient ? crypto.getRandomValues(new Uint8Array(4)) : undefined;
    if (mask) size[0] = (size[0] ?? 0) | 128;
    const head = Uint8Array.of(128 | opcode, ...size, ...(mask ?? []));
    await this.#unlessLeft(this.#writer.write(joined([head, mask ? masked(content, mask) : content])));
  }
}

/** Returns whether a code may be sent (RFC 6455, section 7.4). @param {number} code */
function maySend(code) {
  return (code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code)) || (code >= 3000 && code <= 4999);
}

/**
 * Returns a buffer with the first `length` bytes of content, then the fragment.
 * @param {Uint8Array} content @param {number} length @param {Uint8Array} fragment
 */
function appended(content, length, fragment) {
  const needed = length + fragment.length;
  const space = needed <= content.length ? content : new Uint8Array(Math.max(needed, 2 * length));
  if (space !== content) space.set(content.subarray(0, length));
  space.set(fragment, length);
  return space;
}

/** @param {Uint8Array[]} pieces */
function joined(pieces) {
  const all = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** @param {Uint8Array} content @param {Uint8Array} mask */
const masked = (content, mask) => content.map((byte, index) => byte ^ (mask[index & 3] ?? 0));

/** @param {number} length */
const long = (length) => new Uint8Array(new BigUint64Array([BigInt(length)]).buffer).reverse();

/** @param {Uint8Array} content */
function decoded(content) {
  try {
    return decoder.decode(content);
  } catch {
    throw new FrameError(INVALID_DATA, "a text is not UTF-8");
  }
}
