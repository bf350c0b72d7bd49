// The output of a connection as the lines of a test vector; must equal that of `tests/rust/src/script/lines.rs`.

import { compact, escape, summary } from "./text.mjs";

/**
 * Returns whether a log line is that of `need-data` or `paused`, not of an event.
 * @param {string} line
 */
export function isStop(line) {
  return line === "need-data" || line.startsWith("paused ");
}

/** @param {import("switchover").ProtocolError} error */
export function errorLine({ code, kind, status, offset }) {
  return `error ${code} ${kind} ${status ?? "-"} @${offset ?? "-"}`;
}

/**
 * Returns the log line for a result of `nextEvent`, as it is in a test vector.
 * @param {import("switchover").Step} step
 * @param {number} position
 * @param {boolean} shows
 * @param {number} discarded
 * @returns {string}
 */
export function stepLine(step, position, shows, discarded) {
  switch (step.kind) {
    case "need-data":
      return "need-data";
    case "paused":
      return step.why === "closed" && discarded > 0 ? `paused closed discarded ${discarded}` : `paused ${step.why}`;
    case "request": {
      const line = `request ${compact(step.method)} ${compact(step.target)} 1.${step.minorVersion}${offers(step)}`;
      return `${line}${shows ? fields(step.headers) : ""} @${position}`;
    }
    case "informational":
      return `informational ${step.status}${shows ? fields(step.headers) : ""} @${position}`;
    case "response": {
      const dropped = step.dropped === 0 ? "" : ` dropped ${step.dropped}`;
      const line = `response ${step.status} 1.${step.minorVersion}${dropped}`;
      return `${line}${shows ? fields(step.headers) : ""} @${position}`;
    }
    case "data":
      return `data ${summary(step.data)}`;
    case "end-of-message":
      return `end${fields(step.trailers)} @${position}`;
    case "switched":
      return `switched by ${step.by}${to(step.protocols)}${forWhat(step, shows)} @${position}`;
  }
}

/** @param {readonly string[]} protocols */
function to(protocols) {
  return protocols.length === 0 ? "" : ` to ${protocols.join(", ")}`;
}

/** @param {import("switchover").SwitchedEvent} event @param {boolean} shows */
function forWhat({ request, response }, shows) {
  if (request !== null) return ` for ${request.method} ${request.target}`;
  if (response !== null) return ` ${response.status}${shows ? fields(response.headers) : ""}`;
  return "";
}

/** @param {import("switchover").Request} request */
function offers({ offers, noOffer }) {
  if (noOffer !== null) return noOffer === "absent" ? "" : ` offers nothing (${noOffer})`;
  const list = offers.map(({ protocol, ineligible }) => (ineligible === null ? protocol : `${protocol}!${ineligible}`));
  return ` offers [${list.join(", ")}]`;
}

/** @param {import("switchover").Request | null} request */
export function offersLine(request) {
  return `offers${request === null ? " none" : offers(request)}`;
}

/** @param {Iterable<[name: string, value: string]>} headers */
export function fields(headers) {
  let text = "";
  for (const [name, value] of headers) text += ` {${escape(name)}: ${escape(value)}}`;
  return text;
}
