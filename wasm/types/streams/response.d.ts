import { Message } from "./head.js";
/**
 * A response in HTTP.
 *
 * Read its content to the end, or cancel it: then the socket is free, if `persists` says so, else closed. After an
 * error of the content the socket is closed.
 */
export declare class ClientResponse extends Message {
    #private;
    /**
     * 100 to 999; an unknown one means what the x00 of its class means.
     *
     * RFC 9110, section 15.
     */
    readonly status: number;
    /** The reason phrase: often empty, without any meaning. */
    readonly reason: string;
    /** The status is 2xx. */
    get ok(): boolean;
    /**
     * The socket is free for another `request` or `upgrade`.
     *
     * All content was read, and the connection is kept.
     */
    get persists(): boolean;
    /** For logs: the head without secrets. */
    toJSON(): object;
}
