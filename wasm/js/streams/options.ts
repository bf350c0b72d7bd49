// The options that a client and a server have in common.

import type { Config } from "../engine/config.js";

/**
 * Timeouts in milliseconds, by `Connection.awaiting`; `Infinity` disables one.
 *
 * The time runs while there is something to wait for, not while your code works. It begins anew with each event but
 * content; each byte of content adds a millisecond. When it is over, the error is a `DOMException` by the name
 * `TimeoutError`.
 */
export interface Timeouts {
  /** A server waits for the first byte of a request. 60,000 unless given. */
  readonly request?: number;
  /** The rest of its head. 30,000 unless given. */
  readonly head?: number;
  /** More content, or the end of the message. 30,000 unless given. */
  readonly content?: number;
  /** A client waits for a response, or the next interim one. 60,000 unless given. */
  readonly response?: number;
  /**
   * The timeout for a 100, 1,000 unless given.
   *
   * Then a client sends its content all the same (RFC 9110, section 10.1.1).
   */
  readonly expectContinue?: number;
  /**
   * The peer takes what is sent.
   *
   * Each byte that the system has taken for it adds a millisecond, up to three times as long again. It takes more only
   * once a third has left of all that it holds, which may be a megabyte. 30,000 unless given.
   */
  readonly write?: number;
}

/** The options that a client and a server have in common. */
export interface Options {
  /**
   * A signal that ends everything at once.
   *
   * The socket is closed, and what was awaited fails with the signal's reason.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The configuration of the connection.
   *
   * Where it does not say `secure`, the socket is asked. Where it does not say `limits.content`, a request may have 1
   * GiB. Where it does not say `tidy`, a server is: a response of `fetch` names the framing that it had.
   */
  readonly config?: Config | undefined;
  /** The timeouts of the peer. */
  readonly timeouts?: Timeouts | undefined;
}

/** @internal The timeouts unless given. */
export const TIMEOUTS: Required<Timeouts> = {
  request: 60_000,
  head: 30_000,
  content: 30_000,
  response: 60_000,
  expectContinue: 1_000,
  write: 30_000,
};
