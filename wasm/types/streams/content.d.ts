import type { Headers as Fields } from "../engine/headers.js";
/**
 * Content to send: whole, or in pieces as they come.
 *
 * A piece is not copied: its bytes stay as they are until it has been sent.
 */
export type Body = string | Uint8Array | ReadableStream<Uint8Array> | AsyncIterable<Uint8Array>;
/**
 * There is more content than `text`, `json` or `bytes` may take.
 *
 * `serveConnection` answers it with a 413.
 */
export declare class ContentTooLargeError extends Error {
}
/** The content of a message that is received. */
export declare class Content {
    #private;
    /**
     * The trailers, once all content has been read, or `null`.
     *
     * `null` before, and where there was none.
     */
    get trailers(): Fields | null;
    /** The first piece was asked for. */
    get bodyUsed(): boolean;
    /**
     * The content as it comes; `null` where there is none.
     *
     * What is not read stays with the peer: it feels that as back-pressure. Malformed content, or an end too early, is a
     * `ProtocolError`.
     */
    get body(): ReadableStream<Uint8Array> | null;
    /**
     * Returns all of the content.
     *
     * A `ContentTooLargeError` where it has more than `largest` bytes, 1 MiB unless given.
     */
    bytes(largest?: number): Promise<Uint8Array<ArrayBuffer>>;
    /** All of it as UTF-8. */
    text(largest?: number): Promise<string>;
    /** All of it as JSON, which may be anything. */
    json(largest?: number): Promise<unknown>;
}
