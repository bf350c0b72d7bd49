/// <reference lib="esnext.disposable" preserve="true" />
/** Something whose memory is the module's: the collector does not see it. */
export declare class DisposableHandle {
    #private;
    /**
     * Gives all of its memory back.
     *
     * It is no more: every other call throws a `GoneError`. A second call does nothing.
     */
    free(): void;
    /** `free`, for `using`. */
    [Symbol.dispose](): void;
}
