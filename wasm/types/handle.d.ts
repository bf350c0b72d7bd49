/// <reference lib="esnext.disposable" preserve="true" />
import { type Config } from "./config.js";
import { Role } from "./tables.js";
/** The memory of a connection, which is the module's: the collector does not see it. */
export declare class Handle {
    #private;
    /** A connection of that role. Next: a server receives, a client sends a request. */
    constructor(role: Role, config?: Config);
    /** Which end this is. */
    get role(): Role;
    /** Gives memory back where a connection is parked. What `trace`, `required` and the current event held is gone. */
    release(): void;
    /** Gives all of it back. The connection is no more: every other call throws a `GoneError`. A second call does nothing. */
    free(): void;
    /** `free`, for `using`. */
    [Symbol.dispose](): void;
}
