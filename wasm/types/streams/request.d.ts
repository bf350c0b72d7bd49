import type { Connection } from "../engine/connection.js";
import type { Offer } from "../engine/event.js";
import type { HeaderSource } from "../engine/args.js";
import { Message } from "./head.js";
import { Switched } from "./switched.js";
import type { Socket } from "./transport.js";
/** The options of `ServerRequest.upgrade`. */
export interface AcceptOptions {
    /**
     * Switches at once, where the new protocol needs nothing of the request's content.
     *
     * Ours is the new protocol then, while the client still sends its request: the readable begins after that.
     */
    readonly early?: boolean;
}
/**
 * A request, and the way to another protocol.
 *
 * It is over when the handler's response is sent.
 */
export declare class ServerRequest extends Message {
    #private;
    /** A token; compare it exactly. */
    readonly method: string;
    /** As sent: nothing is decoded or normalised. */
    readonly target: string;
    /**
     * The whole URL, by the target and Host; `null` where HTTP/1.0 names no host.
     *
     * RFC 9112, section 3.3.
     */
    readonly url: string | null;
    /** The x of HTTP/1.x. */
    readonly minorVersion: number;
    /** The offered protocols in the client's order of preference. */
    readonly offers: readonly Offer[];
    /**
     * Aborts when the client leaves before its response has been sent.
     *
     * Its reason is a `DisconnectedError`, or that of the signal of `serveConnection`. A client that has ended its
     * direction counts as gone, although it may still read: what the handler returns is sent. While content is still to
     * come, reading that says it; after a next request has come, nothing does until the response is sent. Once it was
     * asked for, up to one read of what comes next is kept in memory.
     */
    get signal(): AbortSignal;
    /**
     * The engine, for questions: `selectSubprotocol`, `selectDeflate`, `advertise`.
     *
     * What its verbs return, nothing sends.
     */
    get connection(): Connection;
    /** The socket that was given to `serveConnection`. */
    get socket(): Socket;
    /**
     * Switches to one of `preferences` that the client offers too.
     *
     * By the client's order; or opens the tunnel that a CONNECT asks for. `null` where there is nothing to switch to:
     * answer the request then. Without `preferences` they are the `upgrades` of `serveConnection`. Content that was not
     * read is dropped, up to the limit `drain`; with `early` that is not waited for. RFC 9110, sections 7.8 and 9.3.6.
     *
     * Next: speak the new protocol; the streams are yours to close.
     */
    upgrade(preferences?: readonly string[], headers?: HeaderSource, { early }?: AcceptOptions): Promise<Switched | null>;
    /** For logs: the head without secrets. */
    toJSON(): object;
}
