import { type Config } from "./config.js";
import { DisposableHandle } from "./disposable.js";
import { Role } from "../generated/tables.js";
/** A connection as something that has memory in the module. */
export declare class Handle extends DisposableHandle {
    #private;
    /** A connection of that role. Next: a server receives, a client sends a request. */
    constructor(role: Role, config?: Config);
    /**
     * Gives memory back where a connection is parked.
     *
     * What `trace`, `required` and the current event held is gone.
     */
    release(): void;
}
