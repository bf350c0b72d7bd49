import { ClientResponse } from "./response.js";
import { type Pair, type Socket } from "./transport.js";
import { type Options } from "./wire.js";
/** What makes a stream of Node from web streams: `Duplex` of `node:stream`. */
export interface DuplexMaker<T> {
    fromWeb(pair: any): T;
}
/**
 * The new protocol's two directions. They are yours: close both, also when your code fails. Where nothing of the new protocol
 * had come with the head they are the socket's own streams, and the engine is out of the path. `close` of the writable ends our
 * direction alone, where the socket can do that; `cancel` and `abort` end both. RFC 9110, 7.8.
 */
export declare class Switched implements Pair {
    #private;
    /** What is spoken, as the server spells it: one name, or layers with the lowest first. Empty in a tunnel by CONNECT. */
    readonly protocol: string;
    /** The same, layer by layer. Compare with `sameProtocol`. */
    readonly protocols: readonly string[];
    /** The socket that was given. */
    readonly socket: Socket;
    /** Client: the head of the 101, or of the 2xx to a CONNECT; `null` for a server. */
    readonly response: ClientResponse | null;
    /** What the peer says, from the first byte of the new protocol on. */
    get readable(): ReadableStream<Uint8Array>;
    /** What we say. Await its writer's `ready`: a peer that does not read is felt there. */
    get writable(): WritableStream<Uint8Array>;
    /**
     * The same as a stream of Node: `toDuplex(Duplex)` with the class of `node:stream`. A socket that was one comes back as it is,
     * the first bytes put back and its errors yours to listen for, unless the switch was `early` or the peer's direction has ended.
     * Use that, or the two streams.
     */
    toDuplex<T>(Duplex: DuplexMaker<T>): T;
    /**
     * TLS from here on, as a client: `startTls` of the socket in Workers, `Deno.startTls` in Deno, with that host's options.
     * Refused with an `Error` where bytes have come before the handshake, which no one has authenticated (RFC 2817, 3.3), and a
     * `TypeError` where the socket cannot do it. Next: `resume`.
     */
    startTls(options?: object): Promise<Socket>;
    /**
     * Client, with the option `resumes` of `upgrade`: HTTP goes on above the new layer, and this is the answer to the request.
     * `socket` is TLS over what was switched. A `ProtocolError` where no answer is owed, a `GoneError` without the option.
     * RFC 2817, 3; RFC 9110, 7.8.
     */
    resume(socket: Socket, options?: Options): Promise<ClientResponse>;
    /** Closes both directions now. */
    close(): void;
    /** What is spoken, for logs. */
    toJSON(): object;
}
