// How a connection behaves.

import { boolean, count, object } from "./check.js";
import { raw } from "./calls.js";
import { Flags, Lenient, Limits } from "../generated/tables.js";

/** Bounds, by their names in `Limits`. */
export type LimitOptions = { readonly [name in keyof typeof Limits]?: number };

/**
 * The configuration of a connection.
 *
 * What is left out has the default that `Limits`, `Lenient` and `Flags` show.
 */
export interface Config {
  /**
   * The bounds, in bytes unless the name says otherwise.
   *
   * Every one of them is counted byte by byte.
   */
  readonly limits?: LimitOptions;
  /**
   * Deviations that a client accepts.
   *
   * Each has a risk, which the core's documentation names.
   */
  readonly lenient?: { readonly [name in keyof typeof Lenient]?: boolean };
  /**
   * The transport is TLS.
   *
   * Without it a request for an `https` target is refused (RFC 9110, section 7.4).
   */
  readonly secure?: boolean;
  /**
   * A server takes the HTTP/2 preface as the connection's first bytes for a switch.
   *
   * RFC 9113, section 3.4.
   */
  readonly http2Preface?: boolean;
  /**
   * An `h2c` offer without `HTTP2-Settings` is an offer like any other.
   *
   * It may be made and accepted, and what the two sides speak is their own affair (BuildKit reverses the roles of
   * HTTP/2). RFC 7540, section 3.2.1 forbids such an upgrade.
   */
  readonly bareH2c?: boolean;
  /**
   * Headers that contradict themselves are corrected, not refused.
   *
   * For programs whose headers are not their own. `trace` says what was done (`tidied`).
   */
  readonly tidy?: boolean;
}

/** @internal Hands a configuration to the module, for the connection that is made next. */
export function configure(config: Config): void {
  object(config, "config");
  // Read before the module hears of anything: a getter is the caller's code, and may make a connection itself.
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

/** @internal Changes the limits of a connection: those that are named, and no others. */
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

/** `startLine` as `start_line`. */
function snake(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
