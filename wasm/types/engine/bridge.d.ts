import type { Headers } from "./headers.js";
import { type HeaderSource } from "./args.js";
import { OverHttp2 } from "../generated/tables.js";
/**
 * Returns why a field list may not stand in HTTP/2; `null` if it may.
 *
 * The list is of a response with that status, of a request where it is `null`. What an HTTP/2 library hands over is
 * checked with this, before it is taken for a message. RFC 9113, section 8.2.2.
 */
export declare function checkHttp2(status: number | null, headers: HeaderSource): OverHttp2 | null;
/**
 * Converts the field lines of an HTTP/2 request to HTTP/1.1.
 *
 * Host comes from `:authority`, cookies in one line again (RFC 9113, section 8.2.3); pseudo-header fields among them
 * are left out. Throws a `ProfileError` with the `OverHttp2` where the list is malformed. Next: `sendRequest` with
 * them. For an extended CONNECT send GET, its `:path`, and its `:protocol` as the offer. For `websocket` add a key of
 * this hop's own, see `websocketKey` (RFC 8441, section 5).
 */
export declare function http1Fields(authority: string, headers: HeaderSource, key?: string): Headers;
