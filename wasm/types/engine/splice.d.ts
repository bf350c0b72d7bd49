import { Connection } from "./connection.js";
import { DisposableHandle } from "./disposable.js";
import { type HeaderSource } from "./args.js";
/**
 * A splice between a client that was sent a `101` for `h2c` and an HTTP/2 engine.
 *
 * It is out of the way as soon as both have the same picture. To the engine it looks as if the client had spoken HTTP/2
 * from the start, the request on stream 1.
 *
 * What the client sends goes to `clientSent`, what the engine writes to `engineSent`; after either, pass on what
 * `takeForEngine` and `takeForClient` hold. Do not read the client while `wantsClient` is false. Once it `isDone`, connect
 * the two directly.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export declare class Splice extends DisposableHandle {
    /**
     * Server, before the 101: what the connection's current request brings along.
     *
     * `content` and `trailers` are all that came, at most 65,535 bytes. Where it cannot be taken along a `ProfileError`
     * with the `Ineligible` says why: decline the offer then. A connection without a current request is a `TypeError`.
     * Next: `accept`, then `clientSent` with the leftover.
     */
    constructor(connection: Connection, content: Uint8Array, trailers?: HeaderSource);
    /**
     * Takes bytes of the client, by copy, the leftover of the 101 first.
     *
     * Next: `takeForEngine`, `takeForClient`.
     */
    clientSent(bytes: Uint8Array): void;
    /**
     * The client has ended: what has not come whole goes to the engine as it is.
     *
     * Next: `takeForEngine`; tell the engine of the end once `isWaiting` is false.
     */
    clientEnded(): void;
    /**
     * Takes bytes that the engine has written, by copy.
     *
     * Next: `takeForEngine`, `takeForClient`.
     */
    engineSent(bytes: Uint8Array): void;
    /** Takes what goes to the engine now, often nothing. */
    takeForEngine(): Uint8Array<ArrayBuffer>;
    /** Takes what goes to the client now, often nothing. */
    takeForClient(): Uint8Array<ArrayBuffer>;
    /**
     * Tells whether the client should be read.
     *
     * False only while too much waits for the engine.
     */
    get wantsClient(): boolean;
    /** Tells whether bytes of the client wait for the engine's window. */
    get isWaiting(): boolean;
    /**
     * Tells whether nothing is held and both sides have the same picture.
     *
     * Then connect client and engine directly, and `free` it.
     */
    get isDone(): boolean;
}
