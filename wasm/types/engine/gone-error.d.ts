/**
 * The connection, or what was made beside it, is no more.
 *
 * It was freed, or the module that it lived in has stopped. Make a new one in the first case; in the second load the
 * module anew (another worker, another process).
 */
export declare class GoneError extends Error {
    /** The reason: it was freed, or the module has stopped. */
    readonly reason: "freed" | "trapped";
}
