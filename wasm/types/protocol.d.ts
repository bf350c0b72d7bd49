/**
 * Whether two names, such as `foo/2`, mean the same protocol: the name without regard to case, the version exactly. Peers
 * spell as they like, so compare what `protocols`, `offers` and `agreed` hold with this and not with `===`. What is no
 * protocol is the same as none. RFC 9110, 7.8.
 */
export declare function sameProtocol(a: string, b: string): boolean;
