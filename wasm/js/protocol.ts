// The names of protocols.

import { pack, putText } from "./parcel.js";
import { raw } from "./raw.js";

/**
 * Whether two names, such as `foo/2`, mean the same protocol: the name without regard to case, the version exactly. Peers
 * spell as they like, so compare what `protocols`, `offers` and `agreed` hold with this and not with `===`. What is no
 * protocol is the same as none. RFC 9110, 7.8.
 */
export function sameProtocol(a: string, b: string): boolean {
  const parcel = pack(() => {
    putText(a, "a");
    putText(b, "b");
  });
  return raw.same_protocol(parcel);
}
