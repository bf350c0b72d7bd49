// What is negotiated beside the token `websocket`: its key, and permessage-deflate. Frames are the next protocol's work.

import { boolean, count, object, bytesOf } from "./check.js";
import { encodeHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { Reader, reading } from "./reader.js";

/** The number of bytes of a nonce. */
const NONCE = 16;

/**
 * Client: encodes a nonce as `Sec-WebSocket-Key`.
 *
 * 16 bytes that cannot be guessed, new for each connection: `crypto.getRandomValues(new Uint8Array(16))`. Other lengths
 * are a `RangeError`. Next: `sendRequest` with it and `Sec-WebSocket-Version: 13`, offering `websocket`; the engine
 * checks what the 101 proves. RFC 6455, section 4.1.
 */
export function websocketKey(nonce: Uint8Array): string {
  const given = bytesOf(nonce);
  if (given.length !== NONCE) throw new RangeError(`nonce must be ${NONCE} bytes`);
  return reading(() => raw.websocket_key(given)).text();
}

/**
 * The parameters of a `Deflate`.
 *
 * What is left out is not said.
 */
export interface DeflateParameters {
  /** The server forgets its window after each message. */
  readonly serverNoContextTakeover?: boolean;
  /** The client forgets its window after each message. */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The server's window: at most 2 to this many bytes, 8 to 15.
   *
   * `null` is not said and means 15.
   */
  readonly serverMaxWindowBits?: number | null;
  /**
   * The client's window: at most 2 to this many bytes, 8 to 15.
   *
   * `null` is not said and means 15.
   */
  readonly clientMaxWindowBits?: number | null;
}

/**
 * The parameters of `permessage-deflate` (RFC 7692, section 7.1).
 *
 * A server's own, or those that both sides have agreed on. As a string it is the value of `Sec-WebSocket-Extensions`
 * that says so: `String(deflate)`.
 */
export class Deflate implements DeflateParameters {
  /** The server forgets its window after each message. */
  readonly serverNoContextTakeover: boolean;
  /** The client forgets its window after each message. */
  readonly clientNoContextTakeover: boolean;
  /**
   * The server's window: at most 2 to this many bytes, 8 to 15.
   *
   * `null` is not said and means 15.
   */
  readonly serverMaxWindowBits: number | null;
  /**
   * The client's window: at most 2 to this many bytes, 8 to 15.
   *
   * `null` is not said and means 15.
   */
  readonly clientMaxWindowBits: number | null;

  /**
   * Creates an offer with these parameters.
   *
   * Next: `Connection.selectDeflate` with them.
   */
  constructor(parameters: DeflateParameters = {}) {
    const given = object(parameters, "parameters");
    this.serverNoContextTakeover = boolean(given.serverNoContextTakeover ?? false, "serverNoContextTakeover");
    this.clientNoContextTakeover = boolean(given.clientNoContextTakeover ?? false, "clientNoContextTakeover");
    this.serverMaxWindowBits = bits(given.serverMaxWindowBits, "serverMaxWindowBits");
    this.clientMaxWindowBits = bits(given.clientMaxWindowBits, "clientMaxWindowBits");
  }

  /** The value of `Sec-WebSocket-Extensions` that says so. */
  toString(): string {
    const given = encodeDeflate(this);
    return reading(() => raw.deflate_text(...given)).text();
  }
}

/**
 * Returns bits as far as a number can be some.
 *
 * Which of them are legal is the engine's business.
 */
function bits(value: number | null | undefined, what: string): number | null {
  return value === null || value === undefined ? null : count(value, 255, what);
}

/** @internal As the module takes parameters: bits one higher, 0 where they are not said. */
export function encodeDeflate(own: Deflate): [boolean, boolean, number, number] {
  const option = (value: number | null) => (value === null ? 0 : value + 1);
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = own;
  return [serverNoContextTakeover, clientNoContextTakeover, option(serverMaxWindowBits), option(clientMaxWindowBits)];
}

/** @internal The parameters that a call left; the order is that of `websocket.rs`. */
export function readDeflate(reader: Reader): Deflate {
  return new Deflate({
    serverNoContextTakeover: reader.boolean(),
    clientNoContextTakeover: reader.boolean(),
    serverMaxWindowBits: reader.option(),
    clientMaxWindowBits: reader.option(),
  });
}

/**
 * Client: the `permessage-deflate` that the server's 101 has agreed to, or `null`.
 *
 * Of that response's field lines. The engine has compared it with the offer before it showed the 101. Next: compress
 * so, or not at all. RFC 7692, section 7.1.
 */
export function agreedDeflate(headers: HeaderSource): Deflate | null {
  return raw.agreed_deflate(encodeHeaders(headers)) ? readDeflate(new Reader()) : null;
}
