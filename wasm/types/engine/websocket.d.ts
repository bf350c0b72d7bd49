import { type HeaderSource } from "./args.js";
/**
 * Client: encodes a nonce as `Sec-WebSocket-Key`.
 *
 * 16 bytes that cannot be guessed, new for each connection: `crypto.getRandomValues(new Uint8Array(16))`. Other lengths
 * are a `RangeError`. Next: `sendRequest` with it and `Sec-WebSocket-Version: 13`, offering `websocket`; the engine
 * checks what the 101 proves. RFC 6455, section 4.1.
 */
export declare function websocketKey(nonce: Uint8Array): string;
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
export declare class Deflate implements DeflateParameters {
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
    /** These parameters. Next: `Connection.selectDeflate` with them. */
    constructor(parameters?: DeflateParameters);
    /** The value of `Sec-WebSocket-Extensions` that says so. */
    toString(): string;
}
/**
 * Client: the `permessage-deflate` that the server's 101 has agreed to, or `null`.
 *
 * Of that response's field lines. The engine has compared it with the offer before it showed the 101. Next: compress
 * so, or not at all. RFC 7692, section 7.1.
 */
export declare function agreedDeflate(headers: HeaderSource): Deflate | null;
