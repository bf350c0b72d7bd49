// Parsing of requests for `connect-udp` (RFC 9298) and `connect-ip` (RFC 9484): proxying over HTTP/1.1 by upgrade.

import { encodeArgs, encodeHeaders, putText, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { Reader, utf8Left } from "./reader.js";

/** The destination of a `connect-udp` request (RFC 9298, section 3). */
export interface UdpTarget {
  /** The destination's name or address, decoded; an IPv6 address without brackets. */
  readonly host: string;
  /** The destination's port, 1 to 65535. */
  readonly port: number;
}

/** The destination of a `connect-ip` request (RFC 9484, section 4.6). */
export interface IpTarget {
  /**
   * The destination: a decoded name, address or prefix such as `192.0.2.0/24`.
   *
   * `null` stands for `*`: any destination.
   */
  readonly target: string | null;
  /** The Internet Protocol number; `null` stands for `*`: any protocol. */
  readonly protocol: number | null;
}

/**
 * Returns whether the field lines of a message announce that capsules follow.
 *
 * They do if `Capsule-Protocol` is the item `?1`, with any parameters. Any other value is ignored, as if it were
 * absent. Next: `Capsules` after the 101. RFC 9297, section 3.4.
 */
export function saysCapsules(headers: HeaderSource): boolean {
  return raw.says_capsules(encodeHeaders(headers));
}

/**
 * Server: parses the target of a `connect-udp` request, or returns `null`.
 *
 * The template, such as `UDP_TEMPLATE`, contains the variables `target_host` and `target_port` in `{name}` or
 * `{?name,name}`. Returns `null` if the target does not match or a variable is invalid; respond with a 400 then. Next:
 * `accept`, or decline. RFC 9298, section 3.1.
 */
export function udpTarget(template: string, target: string): UdpTarget | null {
  if (!raw.udp_target(encodeTarget(template, target))) return null;
  return { host: utf8Left(), port: new Reader().number() };
}

/**
 * Server: parses the target of a `connect-ip` request, or returns `null`.
 *
 * The template, such as `IP_TEMPLATE`, contains the variables `target` and `ipproto`. Returns `null` if the target does
 * not match or a variable is invalid; respond with a 400 then. Next: `accept`, or decline. RFC 9484, section 4.6.
 */
export function ipTarget(template: string, target: string): IpTarget | null {
  if (!raw.ip_target(encodeTarget(template, target))) return null;
  const reader = new Reader();
  const protocol = reader.option();
  return { target: reader.boolean() ? utf8Left() : null, protocol };
}

function encodeTarget(template: string, target: string): Uint8Array {
  return encodeArgs(() => {
    putText(template, "template");
    putText(target, "target");
  });
}
