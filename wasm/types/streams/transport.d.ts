/**
 * The reader of a web stream, as far as it is needed.
 *
 * Each host has a type of its own for it.
 */
export interface ReadableSide {
    getReader(): {
        read(): Promise<{
            readonly done: boolean;
            readonly value?: Uint8Array | undefined;
        }>;
        cancel(reason?: unknown): Promise<void>;
        releaseLock(): void;
    };
    cancel(reason?: unknown): Promise<void>;
}
/** The writer of a web stream, as far as it is needed. */
export interface WritableSide {
    getWriter(): {
        write(bytes: any): Promise<void>;
        close(): Promise<void>;
        abort(reason?: unknown): Promise<void>;
        releaseLock(): void;
    };
    abort(reason?: unknown): Promise<void>;
}
/**
 * A pair of web streams.
 *
 * `cloudflare:sockets`, `Duplex.toWeb` of Node, or your own.
 */
export interface StreamSocket {
    readonly readable: ReadableSide;
    readonly writable: WritableSide;
    /** Closes both directions. Without it the streams are cancelled and aborted. */
    close?(): unknown;
    /** TLS from here on, as in Workers. */
    startTls?(options?: object): StreamSocket;
    /** `"on"` where it is TLS, as in Workers. */
    readonly secureTransport?: string;
}
/**
 * A connection of Deno.
 *
 * Its own streams end both directions at once, so it is read and written without them. Its `noDelay` is set and stays
 * set: a small piece does not wait for another.
 */
export interface DenoSocket {
    read(space: Uint8Array): Promise<number | null>;
    write(bytes: Uint8Array): Promise<number>;
    closeWrite(): Promise<void>;
    close(): void;
    setNoDelay?(noDelay: boolean): unknown;
}
/**
 * A `Duplex` of Node, mostly a `net.Socket`.
 *
 * Its `allowHalfOpen` is set while it is in use here, as `node:http` sets it: a peer that has ended its direction still
 * gets its answer. Its `noDelay` is set, and stays set: a small piece does not wait for another.
 */
export interface NodeSocket {
    on(event: string, listener: (...given: any[]) => void): unknown;
    off(event: string, listener: (...given: any[]) => void): unknown;
    read(): unknown;
    unshift(bytes: Uint8Array): unknown;
    write(bytes: Uint8Array): boolean;
    end(): unknown;
    destroy(reason?: Error): unknown;
    resetAndDestroy?(): unknown;
    setNoDelay?(noDelay: boolean): unknown;
    allowHalfOpen?: boolean;
    readonly destroyed: boolean;
    readonly readableEnded: boolean;
    readonly writableFinished: boolean;
    readonly writableNeedDrain?: boolean;
    readonly writableLength?: number;
    readonly errored?: Error | null;
}
/** A socket that can be connected. */
export type Socket = StreamSocket | DenoSocket | NodeSocket;
/** Both directions of something, as web streams. */
export interface Pair {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array>;
}
