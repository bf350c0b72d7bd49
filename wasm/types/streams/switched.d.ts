import { ClientResponse } from "./response.js";
import { type Pair, type Socket } from "./transport.js";
import { type Options } from "./wire.js";
/** A class that makes a stream of Node from web streams: `Duplex`. */
export interface DuplexMaker<T> {
    fromWeb(pair: any): T;
}
/**
 * The new protocol's two directions.
 *
 * They are yours: close both, also when your code fails. Where nothing of the new protocol had come with the head they
 * are the socket's own streams, and the engine is out of the path. `close` of the writable ends our direction alone,
 * where the socket can do that; `cancel` and `abort` end both. RFC 9110, section 7.8.
 */
export declare class Switched implements Pair {
    #private;
    /**
     * The protocols, as the server spells them; empty in a tunnel by CONNECT.
     *
     * One name, or layers with the lowest first.
     */
    readonly protocol: string;
    /**
     * The protocols, layer by layer.
     *
     * Compare with `sameProtocol`.
     */
    readonly protocols: readonly string[];
    /** The socket that was given. */
    readonly socket: Socket;
    /** Client: the head of the 101, or of the 2xx to a CONNECT; `null` for a server. */
    readonly response: ClientResponse | null;
    /** The peer's bytes, from the first one of the new protocol on. */
    get readable(): ReadableStream<Uint8Array>;
    /**
     * Our bytes.
     *
     * Await its writer's `ready`: a peer that does not read is felt there.
     */
    get writable(): WritableStream<Uint8Array>;
    /**
     * Returns both directions as a stream of Node.
     *
     * `toDuplex(Duplex)` with the class of `node:stream`. A socket that was one comes back as it is, the first bytes put
     * back and its errors yours to listen for. It does not where the switch was `early` or the peer's direction has
     * ended. Use that, or the two streams.
     */
    toDuplex<T>(Duplex: DuplexMaker<T>): T;
    /**
     * Starts TLS as a client.
     *
     * `startTls` of the socket in Workers, `Deno.startTls` in Deno, with that host's options. Refused with an `Error`
     * where bytes have come before the handshake, which no one has authenticated (RFC 2817, section 3.3). Refused with a
     * `TypeError` where the socket cannot do it. Next: `resume`.
     */
    startTls(options?: object): Promise<Socket>;
    /**
     * Resumes HTTP above the new layer, and returns the answer to the request.
     *
     * Client, with the option `resumes` of `upgrade`. `socket` is TLS over what was switched. A `ProtocolError` where no
     * answer is owed, a `GoneError` without the option. RFC 2817, section 3; RFC 9110, section 7.8.
     */
    resume(socket: Socket, options?: Options): Promise<ClientResponse>;
    /** Closes both directions now. */
    close(): void;
    /** A description for logs. */
    toJSON(): object;
}
