/**
 * Whether two names, such as `foo/2`, mean the same protocol: the name without regard to case, the version exactly. Peers
 * spell as they like, so compare what `protocols`, `offers` and `agreed` hold with this and not with `===`. What is no
 * protocol is the same as none. RFC 9110, 7.8.
 */
export declare function sameProtocol(a: string, b: string): boolean;
/**
 * Whether an intermediary may pass on an offer of that protocol: a single one, and not one that is, like TLS and h2c,
 * between two neighbours. For the `:protocol` of an extended CONNECT; what a request offers in HTTP/1.1,
 * `connection.forwardable` says. Next: `http1Fields`. RFC 2817, 5.1; RFC 7540, 3.2.1.
 */
export declare function mayForward(protocol: string): boolean;
