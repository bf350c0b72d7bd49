// From HTTP/2 to HTTP/1.1, and what must not cross (RFC 9113, 8.2.2; RFC 8441). The other way is the connection's.

import { statusOf } from "./check.js";
import { ProfileError } from "./error.js";
import type { Headers } from "./headers.js";
import { encodeArgs, encodeHeaders, putAscii, putAsciis, putHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { namesOf, Reader } from "./reader.js";
import { OverHttp2 } from "../generated/tables.js";

const faults = namesOf(OverHttp2);

/**
 * Returns the reason why a field list may not stand in HTTP/2, or `null`.
 *
 * The list is of a response with that status, of a request where it is `null`. What an HTTP/2 library hands over is
 * checked with this, before it is taken for a message. RFC 9113, section 8.2.2.
 */
export function checkHttp2(status: number | null, headers: HeaderSource): OverHttp2 | null {
  const fault = raw.check_http2(status === null ? 0 : statusOf(status) + 1, encodeHeaders(headers));
  return fault === 0 ? null : (faults[fault - 1] as OverHttp2);
}

/**
 * Converts the field lines of an HTTP/2 request to HTTP/1.1.
 *
 * Host comes from `:authority`, cookies in one line again (RFC 9113, section 8.2.3); pseudo-header fields among them
 * are left out. Throws a `ProfileError` with the `OverHttp2` where the list is malformed. Next: `sendRequest` with
 * them. For an extended CONNECT send GET, its `:path`, and its `:protocol` as the offer. For `websocket` add a key of
 * this hop's own, see `websocketKey` (RFC 8441, section 5).
 */
export function http1Fields(authority: string, headers: HeaderSource, key?: string): Headers {
  const args = encodeArgs(() => {
    putAscii(authority, "authority");
    putAsciis(key === undefined ? [] : [key], "key");
    putHeaders(headers);
  });
  if (!raw.http1_fields(args)) throw new ProfileError(new Reader());
  return new Reader().headers();
}
