import { Lenient, Limits } from "../generated/tables.js";
/** Bounds, by their names in `Limits`. */
export type LimitOptions = {
    readonly [name in keyof typeof Limits]?: number;
};
/** How a connection behaves. What is left out has the default that `Limits`, `Lenient` and `Flags` show. */
export interface Config {
    /** The bounds, in bytes unless the name says otherwise. Every one of them is counted byte by byte. */
    readonly limits?: LimitOptions;
    /** Deviations that a client puts up with; each has a risk, which the core's documentation names. */
    readonly lenient?: {
        readonly [name in keyof typeof Lenient]?: boolean;
    };
    /** The transport is TLS. Without it a request for an `https` target is refused (RFC 9110, 7.4). */
    readonly secure?: boolean;
    /** A server takes the HTTP/2 preface as the connection's first bytes for a switch (RFC 9113, 3.4). */
    readonly http2Preface?: boolean;
    /**
     * An `h2c` offer without `HTTP2-Settings` may be made and accepted: the token is then one like any other, and what the two
     * sides speak is their own affair (BuildKit reverses the roles of HTTP/2). RFC 7540, 3.2.1 forbids such an upgrade.
     */
    readonly bareH2c?: boolean;
    /**
     * Headers that contradict themselves are put right where they would be refused, for programs whose headers are not
     * their own. `trace` says what was done (`tidied`).
     */
    readonly tidy?: boolean;
}
