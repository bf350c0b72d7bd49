// Options of both clients and servers.

import type { Config } from "../engine/config.js";

/**
 * Timeouts in milliseconds; `Infinity` disables one.
 *
 * `Connection.awaiting` selects the one for the next input. The time runs while the connection
 * waits for the peer, not while your code works; those of `unread` and `exchange` run then, too.
 * Each event restarts it, except content; each byte of content adds a millisecond, up to the whole
 * timeout. When one other than `expectContinue` expires, the error is a `DOMException` named
 * `TimeoutError`; that of `unread` is a `DisconnectedError`.
 */
export interface Timeouts {
  /** The timeout of a server for the first byte of a request. 60,000 by default. */
  readonly request?: number;
  /** The timeout for the rest of a request's head. 30,000 by default. */
  readonly head?: number;
  /**
   * The timeout for more content, or the end of the message. 30,000 by default.
   *
   * It does not run while a client sends its request, but does while that waits for a 100.
   */
  readonly content?: number;
  /**
   * The timeout of a client for the next response head. 60,000 by default.
   *
   * It begins once the request is sent, or its content waits for a 100 without an end. An informational response
   * restarts it.
   */
  readonly response?: number;
  /**
   * The timeout of a client for a 100. 1,000 by default.
   *
   * When it expires, the client sends its content anyway (RFC 9110, section 10.1.1). After a
   * response it sends none, unless that is a 2xx and nothing follows it for this time.
   */
  readonly expectContinue?: number;
  /**
   * The timeout for the peer to accept the bytes that are sent. 30,000 by default.
   *
   * Each byte that the system has accepted adds a millisecond, up to nine times the timeout. A system may buffer a
   * megabyte, and accept more bytes only once a third of them is sent.
   */
  readonly write?: number;
  /**
   * The timeout of a server for the next piece of a response while input is unread.
   *
   * 300,000 by default. Bytes of the client that the connection cannot read ahead may hide that the
   * client has left. When it expires, the client counts as disconnected.
   */
  readonly unread?: number;
  /**
   * The timeout for a whole exchange. `Infinity` by default.
   *
   * It runs while your code works, too. It begins with the head of a request, and ends with the
   * response or a switch. For a client, it goes on after the response while the request is still
   * being sent.
   *
   * When it expires, a server responds with a 503, or closes the connection if a response has
   * begun. A client closes the connection.
   */
  readonly exchange?: number;
}

/** The options of both clients and servers. */
export interface Options {
  /**
   * A signal that ends the connection at once.
   *
   * When it aborts, the socket is closed, and pending operations fail with the signal's reason. It has no effect once
   * both sides have switched.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The configuration of the connection.
   *
   * If `secure` is omitted, it is taken from the socket. If `limits.content` is omitted, a request may have 1 GiB. If
   * `tidy` is omitted, it is on for a server, so that wrong framing fields are corrected. A response of `fetch` still has
   * those with which it was received.
   */
  readonly config?: Config | undefined;
  /** The timeouts for actions of the peer. */
  readonly timeouts?: Timeouts | undefined;
}

/** @internal The default timeouts. */
export const TIMEOUTS: Required<Timeouts> = {
  request: 60_000,
  head: 30_000,
  content: 30_000,
  response: 60_000,
  expectContinue: 1_000,
  write: 30_000,
  unread: 300_000,
  exchange: Infinity,
};
