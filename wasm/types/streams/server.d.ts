import type { HeaderSource } from "../engine/args.js";
import { type RemoteAddr } from "./address.js";
import { type Body } from "./content.js";
import { ServerRequest } from "./request.js";
import type { Socket } from "./transport.js";
import { type Options } from "./wire.js";
/** A response to send: this, or the platform's `Response`. */
export interface ServerResponse {
    /**
     * 200 to 599; 200 unless given.
     *
     * A 2xx to CONNECT opens a tunnel: `ServerRequest.upgrade` sends it, and here it is an error.
     */
    readonly status?: number;
    /** The reason phrase; the usual one where it is left out. */
    readonly reason?: string;
    /**
     * The field lines.
     *
     * Content that is whole has its length added; what comes in pieces is chunked unless they say otherwise.
     */
    readonly headers?: HeaderSource;
    /**
     * The content.
     *
     * In answer to HEAD it is left out; with a 204 or 304 there must be none.
     */
    readonly body?: Body | null;
    /**
     * A 426 that requires one of these protocols, in place of `status`.
     *
     * RFC 9110, section 15.5.22.
     */
    readonly requires?: readonly string[];
    /** Trailers after content that is chunked. */
    readonly trailers?: HeaderSource;
}
/** The facts of a connection beside its requests. */
export interface ServeInfo {
    /**
     * The address that the connection comes from, or `null`.
     *
     * `null` where the runtime does not say so.
     */
    readonly remoteAddr: RemoteAddr | null;
}
/**
 * A handler, which `serveConnection` calls with each request.
 *
 * What it returns is sent, unless it has called `upgrade`.
 */
export type Handler = (request: ServerRequest, info: ServeInfo) => ServerResponse | Response | void | Promise<ServerResponse | Response | void>;
/** The options of a server. */
export interface ServeOptions extends Options {
    /** The protocols that the handler speaks: see `ServerRequest.upgrade`. */
    readonly upgrades?: readonly string[];
    /**
     * `Date` is added to responses that have none; `true` unless given.
     *
     * RFC 9110, section 6.6.1.
     */
    readonly date?: boolean;
    /** Called with what the handler has thrown; unless given it is `console.error`. */
    readonly onError?: (error: unknown, request: ServerRequest) => void;
}
/** A connection that is being served: how it ends, and a way to end it in order. */
export interface ServeHandle extends Promise<ServeResult> {
    /**
     * Ends the connection after the request that is being answered.
     *
     * Its response says so where its head has not left; a connection without a request ends now. What is pipelined after
     * it is not answered. After a switch it changes nothing. Next: await the ending. RFC 9112, section 9.6.
     */
    shutdown(): Promise<ServeResult>;
}
/** The way in which a connection has ended. */
export interface ServeResult {
    /**
     * `closed`: in order, after the last response.
     *
     * `switched`: the handler has the streams. `refused`: the client broke the protocol or was too slow, and was answered
     * where that could be done. `gone`: the client is, or it was and the handler has thrown what the socket said of that.
     * `failed`: the handler has thrown or returned no response, or a 2xx to CONNECT. The client got a 500 where none had
     * begun, after that 2xx a 501. `aborted`: the signal has closed it.
     */
    readonly how: "closed" | "switched" | "refused" | "gone" | "failed" | "aborted";
    /** The error, but for `closed` and `switched`. */
    readonly error?: unknown;
}
/**
 * Serves one connection, from its first byte to its last.
 *
 * Calls `handler` with each request, sends what it returns, and closes the socket. After `upgrade` the streams are the
 * handler's, and only a handler that fails has them closed for it. Its `shutdown` ends the connection in order.
 *
 * It fails with TypeError and the like for wrong arguments; all else is an `ServeResult`, also that the signal has
 * closed the socket. RFC 9112, section 9.
 */
export declare function serveConnection(socket: Socket, handler: Handler, options?: ServeOptions): ServeHandle;
