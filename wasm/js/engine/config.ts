// The configuration of connections.

import { boolean, count, object } from "./check.js";
import { raw } from "./calls.js";
import { Flags, Lenient, Limits } from "../generated/tables.js";

/** Limits to set, keyed by their names in `Limits`. */
export type LimitOptions = { readonly [name in keyof typeof Limits]?: number };

/**
 * The configuration of a connection.
 *
 * Omitted options have the defaults given in `Limits`, `Lenient` and `Flags`.
 */
export interface Config {
  /**
   * The limits, in bytes unless the name says otherwise.
   *
   * They hold however the input is split. `buffered` is raised to what one head or trailer section needs.
   */
  readonly limits?: LimitOptions;
  /**
   * The deviations from the protocol that the connection accepts.
   *
   * All but `loneLf` concern clients. Each has a risk, which the core's documentation describes.
   */
  readonly lenient?: { readonly [name in keyof typeof Lenient]?: boolean };
  /**
   * Set if the transport is TLS.
   *
   * Otherwise a server rejects a request for an `https` target, unless `trustedGateway` is set (RFC 9110, section 7.4).
   */
  readonly secure?: boolean;
  /**
   * Set if a trusted gateway in front of the server terminates TLS.
   *
   * The server then accepts `https` targets without TLS, as RFC 9110, section 7.4 allows. The connection itself does
   * not count as TLS, so offers such as `h2c` remain possible.
   */
  readonly trustedGateway?: boolean;
  /**
   * Set if a server accepts the HTTP/2 preface at the start as a switch to HTTP/2.
   *
   * RFC 9113, section 3.4.
   */
  readonly http2Preface?: boolean;
  /**
   * Set if an `h2c` offer without `HTTP2-Settings` is allowed.
   *
   * Such an offer may then be sent and accepted; both sides must agree on what they speak after it (BuildKit reverses
   * the roles of HTTP/2). RFC 7540, section 3.2.1 forbids such an upgrade.
   */
  readonly bareH2c?: boolean;
  /**
   * Set if contradictory fields of a message to send are corrected, not rejected.
   *
   * Use it if other code chooses these fields. Ambiguous ones are still rejected, such as two different
   * lengths. Each correction is recorded in `trace` as `tidied`.
   */
  readonly tidy?: boolean;
  /**
   * Set if the names of the engine's own fields are written in lower case.
   *
   * Use it if your fields have names in lower case, as those of the platform's `Headers` have, so that a head has one
   * case. The names of your own fields stay as you give them. So do those that `switchover/streams` adds: `Date`, and
   * the framing of requests and of large responses.
   */
  readonly lowercaseNames?: boolean;
}

/** @internal Sets the configuration of the next connection or `Prepared` to be created. */
export function configure(config: Config): void {
  object(config, "config");
  // All options are read before the module is called: a getter is the caller's code, which may create a connection.
  const { limits = {}, lenient = {}, ...flags } = config;
  for (const name of Object.keys(flags)) {
    if (!Object.hasOwn(Flags, name)) throw new TypeError(`there is nothing to configure by the name ${name}`);
  }
  const bounds = Object.entries(object(limits, "limits"));
  const deviations = Object.entries(object(lenient, "lenient"));
  try {
    for (const [name, value] of Object.entries(flags)) {
      if (value !== undefined) known(raw.configure_flag(snake(name), boolean(value, name)), name);
    }
    configureLimits(bounds);
    for (const [name, value] of deviations) {
      known(Object.hasOwn(Lenient, name), `lenient.${name}`);
      if (value === undefined) continue;
      known(raw.configure_lenient(snake(name), boolean(value, `lenient.${name}`)), `lenient.${name}`);
    }
  } catch (error) {
    raw.configure_nothing();
    throw error;
  }
}

/**
 * @internal Changes the limits of a connection that `limits` names; the others stay.
 *
 * Returns false if the engine rejects the change.
 */
export function changeLimits(handle: number, limits: LimitOptions): boolean {
  const bounds = Object.entries(object(limits, "limits"));
  raw.configure_as(handle);
  try {
    configureLimits(bounds);
    return raw.set_limits(handle);
  } finally {
    raw.configure_nothing();
  }
}

function configureLimits(bounds: [string, number | undefined][]): void {
  for (const [name, value] of bounds) {
    known(Object.hasOwn(Limits, name), `limits.${name}`);
    if (value === undefined) continue;
    const largest = Math.min(raw.largest_limit(snake(name)), Number.MAX_SAFE_INTEGER);
    known(raw.configure_limit(snake(name), count(value, largest, `limits.${name}`)), `limits.${name}`);
  }
}

function known(isKnown: boolean, what: string): void {
  if (!isKnown) throw new TypeError(`there is nothing to configure by the name ${what}`);
}

/** Converts a name such as `startLine` to `start_line`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
