import { type HeaderSource } from "./args.js";
/** The destination of a `connect-udp` request (RFC 9298, section 3). */
export interface UdpTarget {
    /** A name or an address, decoded; an IPv6 address without brackets. */
    readonly host: string;
    /** 1 to 65535. */
    readonly port: number;
}
/** The destination of a `connect-ip` request (RFC 9484, section 4.6). */
export interface IpTarget {
    /**
     * A name, an address or a prefix, decoded; `null` is `*`, any.
     *
     * Such as `192.0.2.0/24`.
     */
    readonly target: string | null;
    /** The Internet Protocol number; `null` is `*`, any. */
    readonly protocol: number | null;
}
/**
 * Returns whether the field lines of a message say that capsules follow.
 *
 * `Capsule-Protocol` is the item `?1`, with any parameters. Anything else counts as absent. Next: `Capsules` after the
 * 101. RFC 9297, section 3.4.
 */
export declare function saysCapsules(headers: HeaderSource): boolean;
/**
 * Server: parses the target of a `connect-udp` request, or returns `null`.
 *
 * By a template such as `UDP_TEMPLATE`: variables `target_host` and `target_port` in `{name}` or `{?name,name}`. `null`
 * where it does not fit or a variable is not valid; a 400 is the answer then. Next: `accept`, or decline. RFC 9298,
 * section 3.1.
 */
export declare function udpTarget(template: string, target: string): UdpTarget | null;
/**
 * Server: parses the target of a `connect-ip` request, or returns `null`.
 *
 * By a template such as `IP_TEMPLATE`: variables `target` and `ipproto`. `null` where it does not fit or a variable is
 * not valid; a 400 is the answer then. Next: `accept`, or decline. RFC 9484, section 4.6.
 */
export declare function ipTarget(template: string, target: string): IpTarget | null;
