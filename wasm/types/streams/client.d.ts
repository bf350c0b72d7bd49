import type { HeaderSource } from "../engine/args.js";
import type { InformationalEvent } from "../engine/event.js";
import { type ClientResponse } from "./response.js";
import { type Body } from "./content.js";
import { Switched } from "./switched.js";
import type { Socket } from "./transport.js";
import { type Options } from "./wire.js";
import type { Why } from "../generated/tables.js";
/** A request to send. */
export interface ClientRequest {
    /** A token; `GET` unless given. */
    readonly method?: string;
    /** The target in the form that fits the method (RFC 9112, section 3.2). */
    readonly target: string;
    /**
     * The field lines, `Host` among them.
     *
     * Content that is whole has its length added; what comes in pieces is chunked unless they say otherwise.
     */
    readonly headers: HeaderSource;
    /** The content. */
    readonly body?: Body | null;
    /** Trailers after content that is chunked. */
    readonly trailers?: HeaderSource;
}
/** The options of a client. */
export interface ClientOptions extends Options {
    /** Called with each interim response but a 101. */
    readonly informational?: (response: InformationalEvent) => void;
}
/** The options of a client that offers protocols. */
export interface UpgradeOptions extends ClientOptions {
    /**
     * Other protocols such as `foo/2`, the one that is liked best first.
     *
     * A CONNECT needs none.
     */
    readonly offer?: readonly string[];
    /**
     * HTTP goes on above the new layer, as with TLS by upgrade.
     *
     * The engine is kept for `Switched.resume`, or until `Switched.close`. Without it the engine is gone with the switch.
     */
    readonly resumes?: boolean;
}
/** The server has answered in HTTP instead. */
export interface Declined {
    readonly protocol: null;
    /** The answer: an ordinary response, its content still to be read. */
    readonly response: ClientResponse;
    /** Why there was no switch; `whyText` has the sentence. */
    readonly why: Why | null;
    /**
     * The protocols that a 426 requires.
     *
     * Offer some of it in a next `upgrade` (RFC 9110, section 15.5.22).
     */
    readonly required: readonly string[];
}
/**
 * Offers protocols on a socket that is connected.
 *
 * Returns the streams of the one that the server has switched to, or `protocol: null` and the response where the server
 * answers in HTTP. The method CONNECT opens a tunnel.
 *
 * A request that is refused before anything is sent, by a `ProtocolError` or `TypeError`, leaves the socket as it was.
 * After any other error it is closed, as nothing else could be said on it. It is a `ProtocolError` where the server
 * breaks the protocol, `DisconnectedError` where it is gone, a `TimeoutError`, the signal's reason, what `body` has
 * thrown. RFC 9110, section 7.8.
 *
 * Next: speak the new protocol; or read the response, and the socket is free if it `persists`.
 */
export declare function upgrade(socket: Socket, request: ClientRequest, options?: UpgradeOptions): Promise<Switched | Declined>;
/**
 * Sends a request on a socket that is connected, and gives the response.
 *
 * Read its content, and the socket is free for another request if the response `persists`. Errors and what becomes of
 * the socket are those of `upgrade`. RFC 9112, section 9.3.
 */
export declare function request(socket: Socket, request: ClientRequest, options?: ClientOptions): Promise<ClientResponse>;
