import { type Config } from "./config.js";
import { DisposableHandle } from "./disposable.js";
import { type HeaderSource } from "./args.js";
/** The head of a response to send. */
export interface ResponseHead {
    /** 200 to 599; of `sendInformational` another 1xx than 101. */
    readonly status: number;
    /** The reason phrase; the usual one where it is left out. */
    readonly reason?: string;
    /**
     * The field lines.
     *
     * `Connection` is merged with what the engine has to say. Without `Content-Length` and `Transfer-Encoding` a response
     * that has content is sent chunked, to an HTTP/1.0 client until close.
     */
    readonly headers?: HeaderSource;
}
/**
 * A whole response, checked and encoded once, for `respondPrepared`.
 *
 * On any number of connections. What was given is copied, and nothing can change it. With a `Date` among its headers it
 * is good for a second.
 *
 * Its memory is the module's, which the collector does not see: call `free`, or declare it with `using`.
 */
export declare class Prepared extends DisposableHandle {
    /**
     * Checks and encodes.
     *
     * `config` is that of the connections; with its `tidy` the headers may be put right. Throws what `respond` throws for
     * what is wrong with the response itself. Next: `respondPrepared`.
     */
    constructor(response: ResponseHead, content?: Uint8Array, config?: Config);
    /** The status. */
    get status(): number;
    /** The content, copied. */
    get content(): Uint8Array<ArrayBuffer>;
}
