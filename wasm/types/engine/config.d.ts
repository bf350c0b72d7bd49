import { Lenient, Limits } from "../generated/tables.js";
/** Bounds, by their names in `Limits`. */
export type LimitOptions = {
    readonly [name in keyof typeof Limits]?: number;
};
/**
 * The configuration of a connection.
 *
 * What is left out has the default that `Limits`, `Lenient` and `Flags` show.
 */
export interface Config {
    /**
     * The bounds, in bytes unless the name says otherwise.
     *
     * Every one of them is counted byte by byte.
     */
    readonly limits?: LimitOptions;
    /**
     * Deviations that a client accepts.
     *
     * Each has a risk, which the core's documentation names.
     */
    readonly lenient?: {
        readonly [name in keyof typeof Lenient]?: boolean;
    };
    /**
     * The transport is TLS.
     *
     * Without it a request for an `https` target is refused (RFC 9110, section 7.4).
     */
    readonly secure?: boolean;
    /**
     * A server takes the HTTP/2 preface as the connection's first bytes for a switch.
     *
     * RFC 9113, section 3.4.
     */
    readonly http2Preface?: boolean;
    /**
     * An `h2c` offer without `HTTP2-Settings` is an offer like any other.
     *
     * It may be made and accepted, and what the two sides speak is their own affair (BuildKit reverses the roles of
     * HTTP/2). RFC 7540, section 3.2.1 forbids such an upgrade.
     */
    readonly bareH2c?: boolean;
    /**
     * Headers that contradict themselves are corrected, not refused.
     *
     * For programs whose headers are not their own. `trace` says what was done (`tidied`).
     */
    readonly tidy?: boolean;
}
