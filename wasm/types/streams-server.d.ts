import { Connection } from "./connection.js";
import type { Offer } from "./event.js";
import type { HeaderSource } from "./parcel.js";
import { type Body } from "./streams-content.js";
import { Message } from "./streams-head.js";
import { Switched } from "./streams-switched.js";
import type { Socket } from "./streams-transport.js";
import { type Options } from "./streams-wire.js";
/** A response to send: this, or the platform's `Response`. */
export interface ServerResponse {
    /** 200 to 599; 200 unless given. */
    readonly status?: number;
    /** The reason phrase; the usual one where it is left out. */
    readonly reason?: string;
    /** The field lines. Content that is whole has its length added; what comes in pieces is chunked unless they say otherwise. */
    readonly headers?: HeaderSource;
    /** The content. In answer to HEAD it is left out; with a 204 or 304 there must be none. */
    readonly body?: Body | null;
    /** A 426 that requires one of these protocols, in place of `status` (RFC 9110, 15.5.22). */
    readonly requires?: readonly string[];
    /** Trailers after content that is chunked. */
    readonly trailers?: HeaderSource;
}
/** What `serve` calls with each request. What it returns is sent, unless it has called `upgrade`. */
export type Handler = (request: ServerRequest) => ServerResponse | Response | void | Promise<ServerResponse | Response | void>;
/** What a server may be told. */
export interface ServeOptions extends Options {
    /** The protocols that the handler speaks: see `ServerRequest.upgrade`. */
    readonly upgrades?: readonly string[];
    /** Called with what the handler has thrown; unless given it is `console.error`. */
    readonly onError?: (error: unknown, request: ServerRequest) => void;
}
/** How a connection has ended. */
export interface Ending {
    /**
     * `closed`: in order, after the last response. `switched`: the handler has the streams. `refused`: the client broke the
     * protocol or was too slow, and was answered where that could be done. `gone`: the client is. `failed`: the handler has thrown
     * or returned no response; the client got a 500 where none had begun.
     */
    readonly how: "closed" | "switched" | "refused" | "gone" | "failed";
    /** What it was, but for `closed` and `switched`. */
    readonly error?: unknown;
}
/**
 * Serves one connection, from its first byte to its last: calls `handler` with each request, sends what it returns, and closes
 * the socket. After `upgrade` the streams are the handler's, and only a handler that fails has them closed for it.
 *
 * It fails with TypeError and the like for wrong arguments, and with the signal's reason, which closes the socket at once; all
 * else is an `Ending`. RFC 9112, 9.
 */
export declare function serve(socket: Socket, handler: Handler, options?: ServeOptions): Promise<Ending>;
/** A request, and the way to another protocol. It is over when the handler's response is sent. */
export declare class ServerRequest extends Message {
    #private;
    /** A token; compare it exactly. */
    readonly method: string;
    /** As sent: nothing is decoded or normalised. */
    readonly target: string;
    /** The whole URL, by the target and Host; `null` where HTTP/1.0 names no host. RFC 9112, 3.3. */
    readonly url: string | null;
    /** The x of HTTP/1.x. */
    readonly minorVersion: number;
    /** The offered protocols in the client's order of preference. */
    readonly offers: readonly Offer[];
    /** The engine, for questions: `selectSubprotocol`, `selectDeflate`, `advertise`. What its verbs return, nothing sends. */
    get connection(): Connection;
    /** The socket that was given to `serve`. */
    get socket(): Socket;
    /**
     * Switches to one of `preferences` that the client offers too, by the client's order, or opens the tunnel that a CONNECT asks
     * for. `null` where there is nothing to switch to: answer the request then. Without `preferences` they are the `upgrades` of
     * `serve`. Content that was not read is dropped, up to the limit `drain`. RFC 9110, 7.8 and 9.3.6.
     *
     * Next: speak the new protocol; the streams are yours to close.
     */
    upgrade(preferences?: readonly string[], headers?: HeaderSource): Promise<Switched | null>;
    /** For logs: the head without secrets. */
    toJSON(): object;
}
