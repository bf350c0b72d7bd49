import { DisposableHandle } from "./disposable.js";
/** One datagram of a stream of capsules. */
export declare class Datagram {
    /**
     * The context of the datagram (RFC 9298, section 4); less than 2 to the 62.
     *
     * `0n` is a UDP payload or an IP packet, others are what both sides have agreed on; drop one that is not known.
     */
    readonly context: bigint;
    /** The payload of the datagram. */
    readonly payload: Uint8Array;
    /**
     * Makes a datagram of that payload.
     *
     * A context that is negative or 2 to the 62 and more is a `RangeError`. Next: `write`.
     */
    constructor(context: bigint, payload: Uint8Array);
    /**
     * Writes it as a DATAGRAM capsule, to be sent after the 101.
     *
     * RFC 9297, section 3.5.
     */
    write(): Uint8Array<ArrayBuffer>;
}
/**
 * A reader of DATAGRAM capsules out of the bytes after a 101.
 *
 * Capsules of other types are skipped (RFC 9297, section 3.3).
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export declare class Capsules extends DisposableHandle {
    /**
     * Makes a reader that takes datagrams up to that payload, in bytes.
     *
     * That bounds what is held; `UDP_PAYLOAD` is the most that UDP has. Next: `receive`.
     */
    constructor(longest?: number);
    /**
     * Takes bytes of the stream, by copy, the leftover of the 101 first.
     *
     * Next: `nextDatagram` until there is none.
     */
    receive(bytes: Uint8Array): void;
    /**
     * The next datagram; `null` before more bytes come.
     *
     * Throws a `ProfileError` with the `CapsuleFault` of a stream that is broken: abort it. Next: once more, or
     * `receive`.
     */
    nextDatagram(): Datagram | null;
    /**
     * The stream has ended.
     *
     * Throws a `ProfileError`, `truncated`, where that was inside a capsule (RFC 9297, section 3.3).
     */
    finish(): void;
}
