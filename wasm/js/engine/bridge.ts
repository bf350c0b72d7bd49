// The fields that an intermediary forwards; conversion of HTTP/2 fields to HTTP/1.1, and a check of them (RFC 9113,
// 8.2.2; RFC 8441). `ProfileMethods` converts to HTTP/2.

import { statusOf } from "./check.js";
import { ProfileError } from "./error.js";
import type { Headers } from "./headers.js";
import { encodeArgs, encodeHeaders, putAscii, putAsciis, putHeaders, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { namesOf, Reader } from "./reader.js";
import { OverHttp2 } from "../generated/tables.js";

const faults = namesOf(OverHttp2);

/**
 * Returns why a field list is malformed in HTTP/2, or `null` if it is not.
 *
 * The list belongs to a response with `status`, or to a request if `status` is `null`. Use it to validate what an
 * HTTP/2 library delivers before converting it. `Sec-WebSocket-Key`, `Sec-WebSocket-Accept` and status 101 are
 * rejected too. RFC 9113, sections 8.2.1, 8.2.2 and 8.6; RFC 8441, section 5.
 */
export function checkHttp2(status: number | null, headers: HeaderSource): OverHttp2 | null {
  const fault = raw.check_http2(status === null ? 0 : statusOf(status) + 1, encodeHeaders(headers));
  return fault === 0 ? null : (faults[fault - 1] as OverHttp2);
}

/**
 * Returns the end-to-end field lines among those of a received message.
 *
 * They are all but `Connection`, the fields it lists, and other hop-by-hop fields. Some are kept even if it lists them,
 * such as `Host` and `Content-Length`. Equal lengths become one; beside a `Transfer-Encoding` there is none. For a head
 * that is current, `Connection.endToEnd` has them. Next: send them on the other side, and add `Via`. RFC 9110, section
 * 7.6.1.
 */
export function endToEndFields(headers: HeaderSource): Headers {
  raw.end_to_end_fields(encodeHeaders(headers));
  return new Reader().headers();
}

/**
 * Converts the field lines of an HTTP/2 request to HTTP/1.1.
 *
 * `authority` becomes Host; if it is empty, the field `host` does. Cookies are joined into one line (RFC 9113, section
 * 8.2.3). Pseudo-header fields and `http2-settings` are left out. Throws a `ProfileError` with the `OverHttp2` if the
 * list, the authority or the key is malformed.
 *
 * Next: `sendRequest` with the result. For an extended CONNECT send a GET with its `:path`, and offer its `:protocol`.
 * For `websocket` pass a new `key` for this connection, see `websocketKey` (RFC 8441, section 5).
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
