// The names of protocols.

import { encodeArgs, putText } from "./args.js";
import { raw } from "./calls.js";

/**
 * Returns whether two names, such as `foo/2`, mean the same protocol.
 *
 * The name without regard to case, the version exactly. Peers spell as they like, so compare what `protocols`, `offers`
 * and `agreed` hold with this and not with `===`. What is no protocol is the same as none. RFC 9110, section 7.8.
 */
export function sameProtocol(a: string, b: string): boolean {
  const args = encodeArgs(() => {
    putText(a, "a");
    putText(b, "b");
  });
  return raw.same_protocol(args);
}

/**
 * Returns whether an intermediary may pass on an offer of that protocol.
 *
 * A single one, and not one that is, like TLS and h2c, between two neighbours. For the `:protocol` of an extended
 * CONNECT; what a request offers in HTTP/1.1, `connection.forwardable` says. Next: `http1Fields`. RFC 2817, section
 * 5.1; RFC 7540, section 3.2.1.
 */
export function mayForward(protocol: string): boolean {
  return raw.may_forward(encodeArgs(() => putText(protocol, "protocol")));
}
