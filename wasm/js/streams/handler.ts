// The types of a server: its handler, its options, and the outcome of a connection.

import type { HeaderSource } from "../engine/args.js";
import type { RemoteAddr } from "./address.js";
import type { Body } from "./content.js";
import type { Options } from "./options.js";
import type { ServerRequest } from "./request.js";

/** A response to send; the platform's `Response` may be used instead. */
export interface ServerResponse {
  /**
   * The status code, 200 to 599; 200 by default.
   *
   * A 2xx to CONNECT opens a tunnel: call `ServerRequest.upgrade` to send it. Returned from a handler it is an error.
   */
  readonly status?: number;
  /** The reason phrase; if omitted, the usual one of the status. */
  readonly reason?: string;
  /**
   * The field lines.
   *
   * Content that is complete at once gets a `Content-Length`; a short stream that does not wait is, too. It gets none
   * with `trailers` or `requires`, or if these fields have a `Transfer-Encoding`. Other content is sent chunked, and to
   * an HTTP/1.0 client close-delimited, unless these fields have a framing.
   */
  readonly headers?: HeaderSource;
  /**
   * The content of the response.
   *
   * It is left out in a response to HEAD; with a 204, 205 or 304 there must be none.
   */
  readonly body?: Body | null;
  /**
   * The protocols that a 426 requires; the 426 is sent in place of `status`.
   *
   * RFC 9110, section 15.5.22.
   */
  readonly requires?: readonly string[];
  /** Trailers to send after chunked content. */
  readonly trailers?: HeaderSource;
}

/** Information about the connection, passed to the handler with each request. */
export interface ServeInfo {
  /** The TCP address of the peer; `null` if the runtime does not provide one. */
  readonly remoteAddr: RemoteAddr | null;
}

/**
 * A handler, which `serveConnection` calls with each request.
 *
 * Its result is sent as the response, unless `upgrade` has switched to a new protocol.
 */
export type Handler = (
  request: ServerRequest,
  info: ServeInfo,
) => ServerResponse | Response | void | Promise<ServerResponse | Response | void>;

/** The options of a server. */
export interface ServeOptions extends Options {
  /** The protocols that the handler supports: see `ServerRequest.upgrade`. */
  readonly upgrades?: readonly string[];
  /**
   * Set to add a `Date` to responses without one; `true` by default.
   *
   * RFC 9110, section 6.6.1.
   */
  readonly date?: boolean;
  /**
   * A callback for errors of the handler, its response or the response's body.
   *
   * It is `console.error` by default. It is not called for errors of the connection, such as a client that disconnects,
   * even if the handler throws them on. It is also called if the handler takes longer than `timeouts.exchange`.
   */
  readonly onError?: (error: unknown, request: ServerRequest) => void;
}

/** A connection that is being served: a promise of its outcome, with `shutdown`. */
export interface ServeHandle extends Promise<ServeResult> {
  /**
   * Ends the connection after the response to the current request.
   *
   * The response says that the connection closes, unless its head was sent before. A connection
   * without a request ends at once. Requests that are pipelined after the current one get no
   * response. After a switch, it has no effect. Next: await the result. RFC 9112, section 9.6.
   */
  shutdown(): Promise<ServeResult>;
}

/** The outcome of a connection. */
export interface ServeResult {
  /**
   * The way in which the connection has ended.
   *
   * - `closed`: in order, after the last response.
   * - `switched`: the handler has the streams of a new protocol.
   * - `refused`: the client violated the protocol, sent too much or was too slow; it got an error response if possible.
   * - `gone`: the client disconnected, or after a switch the handler threw an error of the socket.
   * - `failed`: the handler or the body threw an error, or the response was missing, invalid or a 2xx to CONNECT. The
   *   client got a 500, or a 501 for that 2xx, unless a response had begun. Also if the handler took longer than
   *   `timeouts.exchange`: the client got a 503.
   * - `aborted`: the signal has closed the connection, or `timeouts.exchange` during a response.
   */
  readonly how: "closed" | "switched" | "refused" | "gone" | "failed" | "aborted";
  /** The error, except for `closed` and `switched`. */
  readonly error?: unknown;
}
