// Proxying over HTTP/1.1 by upgrade: what requests for `connect-udp` (RFC 9298) and `connect-ip` (RFC 9484) say.

import { encodeArgs, encodeHeaders, putText, type HeaderSource } from "./args.js";
import { raw } from "./calls.js";
import { Reader, utf8Left } from "./reader.js";

/** The destination of a `connect-udp` request (RFC 9298, section 3). */
export interface UdpTarget {
  /** A name or an address, decoded; an IPv6 address without brackets. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** The destination of a `connect-ip` request (RFC 9484, section 4.6). */
export interface IpTarget {
  /**
   * A name, an address or a prefix, decoded; `null` is `*`, any.
   *
   * Such as `192.0.2.0/24`.
   */
  readonly target: string | null;
  /** The Internet Protocol number; `null` is `*`, any. */
  readonly protocol: number | null;
}

/**
 * Returns whether the field lines of a message say that capsules follow.
 *
 * `Capsule-Protocol` is the item `?1`, with any parameters. Anything else counts as absent. Next: `Capsules` after the
 * 101. RFC 9297, section 3.4.
 */
export function saysCapsules(headers: HeaderSource): boolean {
  return raw.says_capsules(encodeHeaders(headers));
}

/**
 * Server: parses the target of a `connect-udp` request, or returns `null`.
 *
 * By a template such as `UDP_TEMPLATE`: variables `target_host` and `target_port` in `{name}` or `{?name,name}`. `null`
 * where it does not fit or a variable is not valid; a 400 is the answer then. Next: `accept`, or decline. RFC 9298,
 * section 3.1.
 */
export function udpTarget(template: string, target: string): UdpTarget | null {
  if (!raw.udp_target(encodeTarget(template, target))) return null;
  return { host: utf8Left(), port: new Reader().number() };
}

/**
 * Server: parses the target of a `connect-ip` request, or returns `null`.
 *
 * By a template such as `IP_TEMPLATE`: variables `target` and `ipproto`. `null` where it does not fit or a variable is
 * not valid; a 400 is the answer then. Next: `accept`, or decline. RFC 9484, section 4.6.
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
