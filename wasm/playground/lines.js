// The output of a connection as the lines of a test vector; must equal that of `tests/rust/src/script/lines.rs`.

import { escape, hex } from "./code.js";

/** @param {{ code: number, kind: string, status: number | null, offset: number | null }} fault */
export function errorLine({ code, kind, status, offset }) {
  return `error ${code} ${kind} ${status ?? "-"} @${offset ?? "-"}`;
}

/**
 * @param {any} step whose content, if any, has one character per byte @param {number} position @param {boolean} shows whether header lines are included
 */
export function stepLine(step, position, shows) {
  switch (step.kind) {
    case "need-data":
      return "need-data";
    case "paused":
      return `paused ${step.why}`;
    case "request":
      return `request ${compact(step.method)} ${compact(step.target)} 1.${step.minorVersion}${offers(step)}${shows ? fields(step.headers) : ""} @${position}`;
    case "informational":
      return `informational ${step.status}${shows ? fields(step.headers) : ""} @${position}`;
    case "response": {
      const dropped = step.dropped === 0 ? "" : ` dropped ${step.dropped}`;
      return `response ${step.status} 1.${step.minorVersion}${dropped}${shows ? fields(step.headers) : ""} @${position}`;
    }
    case "data":
      return `data ${summary(step.data)}`;
    case "end-of-message":
      return `end${fields(step.trailers)} @${position}`;
    default: {
      const to = step.protocols.length === 0 ? "" : ` to ${step.protocols.join(", ")}`;
      return `switched by ${step.by}${to}${forWhat(step, shows)} @${position}`;
    }
  }
}

/** @param {Pick<import("../dist/bytes.js").SwitchedEvent, "request" | "response">} event @param {boolean} shows */
function forWhat({ request, response }, shows) {
  if (request !== null) return ` for ${request.method} ${request.target}`;
  return response === null ? "" : ` ${response.status}${shows ? fields(response.headers) : ""}`;
}

/** @param {import("../dist/bytes.js").RequestEvent} event */
function offers({ offers, noOffer }) {
  if (noOffer !== null) return noOffer === "absent" ? "" : ` offers nothing (${noOffer})`;
  return ` offers [${offers.map(({ protocol, ineligible }) => protocol + (ineligible === null ? "" : `!${ineligible}`)).join(", ")}]`;
}

/** @param {Iterable<[string, string]> | null} headers */
function fields(headers) {
  return [...(headers ?? [])].map(([name, value]) => ` {${escape(name)}: ${escape(value)}}`).join("");
}

/** Escapes a text, with long runs of one byte written as a repetition. @param {string} text */
function compact(text) {
  return text.replace(/([^])\1*/g, (run, one) => (run.length >= 24 ? `\\{${run.length}*${escape(one).replace(/[{}]/, (brace) => `\\x${hex(brace)}`)}}` : escape(run)));
}

/** Returns the bytes as escaped text, or for long ones their number and checksum. @param {string} text */
export function summary(text) {
  return text.length <= 160 ? `"${escape(text)}"` : `${text.length} bytes ${checksum(text)}`;
}

/**
 * Returns the 64-bit FNV-1a hash, computed in two halves of 32 bits.
 *
 * The prime is 2 ** 40 + 0x1b3, so each product stays below 2 ** 53.
 * @param {string} text
 */
function checksum(text) {
  let [high, low] = [0xcbf29ce4, 0x84222325];
  for (let at = 0; at < text.length; at++) {
    low = (low ^ text.charCodeAt(at)) >>> 0;
    const product = low * 0x1b3;
    high = (high * 0x1b3 + ((low << 8) >>> 0) + Math.floor(product / 2 ** 32)) % 2 ** 32;
    low = product % 2 ** 32;
  }
  return high.toString(16).padStart(8, "0") + low.toString(16).padStart(8, "0");
}
