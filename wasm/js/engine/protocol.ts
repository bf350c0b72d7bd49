// Comparison and classification of protocol names.

import { encodeArgs, putText } from "./args.js";
import { raw } from "./calls.js";

/**
 * Returns whether two names, such as `foo/2`, mean the same protocol.
 *
 * The name is compared case-insensitively, the version exactly. Peers may spell names differently, so compare the
 * values of `protocols`, `offers` and `agreed` by this function, not by `===`. Returns false if either is not a valid
 * protocol. RFC 9110, section 7.8.
 */
export function sameProtocol(a: string, b: string): boolean {
  const args = encodeArgs(() => {
    putText(a, "a");
    putText(b, "b");
  });
  return raw.same_protocol(args);
}

/**
 * Returns whether an intermediary may forward an offer of that protocol.
 *
 * False unless it is a single protocol, and false for one that is limited to one hop, as TLS and h2c are. Use it for
 * the `:protocol` of an extended CONNECT; for an offer in HTTP/1.1 use `connection.forwardable`. Next: `http1Fields`.
 * RFC 2817, section 5.1; RFC 7540, section 3.2.1.
 */
export function mayForward(protocol: string): boolean {
  return raw.may_forward(encodeArgs(() => putText(protocol, "protocol")));
}
