// WebSocket negotiation: the key, and permessage-deflate. Frames are not handled here.

import { boolean, count, object, bytesOf } from "./check.js";
import { encodeHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { Reader, reading } from "./reader.js";

const NONCE = 16;

/**
 * Client: encodes a nonce as a value of `Sec-WebSocket-Key`.
 *
 * The nonce has 16 unpredictable bytes, new for each connection: `crypto.getRandomValues(new Uint8Array(16))`. Other
 * lengths throw a `RangeError`. Next: `sendRequest` with the key and `Sec-WebSocket-Version: 13`, offering `websocket`.
 * The engine checks the `Sec-WebSocket-Accept` of the 101. RFC 6455, section 4.1.
 */
export function websocketKey(nonce: Uint8Array): string {
  const given = bytesOf(nonce);
  if (given.length !== NONCE) throw new RangeError(`nonce must be ${NONCE} bytes`);
  return reading(() => raw.websocket_key(given)).text();
}

/**
 * The parameters from which a `Deflate` is made (RFC 7692, section 7.1).
 *
 * A parameter that is omitted is not sent, unless `selectDeflate` takes it over from the client's offer.
 */
export interface DeflateParameters {
  /** True if the server resets its compression window after each message. */
  readonly serverNoContextTakeover?: boolean;
  /** True if the client resets its compression window after each message. */
  readonly clientNoContextTakeover?: boolean;
  /**
   * The base-2 logarithm of the server's largest window in bytes, 8 to 15.
   *
   * `null` means that the parameter is not sent, which means 15.
   */
  readonly serverMaxWindowBits?: number | null;
  /**
   * The base-2 logarithm of the client's largest window in bytes, 8 to 15.
   *
   * `null` means that the parameter is not sent, which means 15.
   */
  readonly clientMaxWindowBits?: number | null;
}

/**
 * The parameters of `permessage-deflate` (RFC 7692, section 7.1).
 *
 * They are a server's own, or those that both sides have agreed on. `String(deflate)` is the value of
 * `Sec-WebSocket-Extensions` that states them.
 */
export class Deflate implements DeflateParameters {
  /** True if the server resets its compression window after each message. */
  readonly serverNoContextTakeover: boolean;
  /** True if the client resets its compression window after each message. */
  readonly clientNoContextTakeover: boolean;
  /**
   * The base-2 logarithm of the server's largest window in bytes, 8 to 15.
   *
   * `null` means that the parameter is not sent, which means 15.
   */
  readonly serverMaxWindowBits: number | null;
  /**
   * The base-2 logarithm of the client's largest window in bytes, 8 to 15.
   *
   * `null` means that the parameter is not sent, which means 15.
   */
  readonly clientMaxWindowBits: number | null;

  /**
   * Creates a set of parameters.
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

  /** Returns the value of `Sec-WebSocket-Extensions` that states the parameters. */
  toString(): string {
    const given = encodeDeflate(this);
    return reading(() => raw.deflate_text(...given)).text();
  }
}

/**
 * Returns `value` as a number of window bits, or `null` if there is none.
 *
 * Throws if it is given and no integer from 0 to 255. The engine checks later that it is 8 to 15.
 */
function bits(value: number | null | undefined, what: string): number | null {
  return value === null || value === undefined ? null : count(value, 255, what);
}

/** @internal Encodes parameters for the module: window bits plus 1, or 0 for `null`. */
export function encodeDeflate(own: Deflate): [boolean, boolean, number, number] {
  const option = (value: number | null) => (value === null ? 0 : value + 1);
  const { serverNoContextTakeover, clientNoContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = own;
  return [serverNoContextTakeover, clientNoContextTakeover, option(serverMaxWindowBits), option(clientMaxWindowBits)];
}

/** @internal Reads parameters, in the order in which `websocket.rs` writes them. */
export function readDeflate(reader: Reader): Deflate {
  return new Deflate({
    serverNoContextTakeover: reader.boolean(),
    clientNoContextTakeover: reader.boolean(),
    serverMaxWindowBits: reader.option(),
    clientMaxWindowBits: reader.option(),
  });
}

/**
 * Client: returns the compression that a 101 agrees on, or `null` for none.
 *
 * `headers` are the field lines of the 101. The engine has compared them with the offer before it
 * returned the 101. Next: compress by these parameters, or not at all. RFC 7692, section 7.1.
 */
export function agreedDeflate(headers: HeaderSource): Deflate | null {
  return raw.agreed_deflate(encodeHeaders(headers)) ? readDeflate(new Reader()) : null;
}
