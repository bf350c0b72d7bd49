// Edits of scenarios, and their conversion from and to test vectors, and from and to addresses.

import { escape, textOf, unescape } from "./code.js";
import { summary as summaryOf } from "./lines.js";

/** The verbs of a test vector that a scenario omits: queries, `trace`, `take-end`. */
const QUESTIONS = new Set(
  "why awaiting may-speak wants-input closing owes persists content take-end event required agreed unread unanswered offers trace udp-target ip-target".split(" "),
);

/** @param {string} text a decision of a test vector */
export function isQuestion(text) {
  const [verb, ...rest] = text.split(" ");
  return QUESTIONS.has(verb) || (verb === "request" && rest.length === 0);
}

/** @param {{ info: string, lines: string[] }} vector @returns {import("./engine.js").Scenario} */
export function ofVector({ info, lines }) {
  const [role, ...words] = info.split(" ");
  /** @type {import("./engine.js").Scenario} */
  const scenario = { role: role === "client" ? role : "server", words, bytes: "", cuts: [], isEachByte: false, end: null, acts: [] };
  const mark = { events: 0, data: 0, isStopped: false };
  let isAfterInput = true;
  // The line that answers a question is not an event.
  let asked = "";
  for (const line of lines) {
    if (line.startsWith("! ")) asked = isQuestion(line.slice(2)) ? line.split(" ")[1] : "";
    if (asked !== "" && line.startsWith(`= ${asked}`)) continue;
    if (line.startsWith("<")) isAfterInput = true;
    else if (line.startsWith("= ")) isAfterInput = false;
    if (line.startsWith("<end ")) scenario.end = line.slice(5).trim() === "clean" ? "clean" : "truncated";
    else if (line.startsWith("<<")) scenario.bytes += unescape(line.slice(2).replace(/^ /, ""));
    else if (line.startsWith("<")) scenario.bytes += `${unescape(line.slice(1).replace(/^ /, ""))}\r\n`;
    else if (line.startsWith("= data ")) mark.data += lengthOf(line.slice(7));
    else if (/^= (request|informational|response|end|switched|error)\b/.test(line)) Object.assign(mark, { events: mark.events + 1, data: 0, isStopped: false });
    else if (/^= (paused|need-data)\b/.test(line)) mark.isStopped = true;
    else if (line.startsWith("! ") && !isQuestion(line.slice(2))) {
      scenario.acts.push({ at: scenario.bytes.length, isAfterInput, ...mark, isEnded: scenario.end !== null, text: line.slice(2) });
      mark.isStopped = false;
    }
  }
  return scenario;
}

/** @param {string} summary */
function lengthOf(summary) {
  const counted = /^(\d+) bytes /.exec(summary);
  return counted === null ? unescape(summary.slice(1, -1)).length : Number(counted[1]);
}

/**
 * Returns a scenario as a test vector for the engine's tests.
 * @param {import("./engine.js").Scenario} scenario @param {import("./engine.js").Entry[]} log
 */
export function toVector(scenario, log) {
  /** @type {(string | null)[]} */
  const lines = [];
  let fed = 0;
  /** @param {number} to */
  const feed = (to) => {
    const bytes = scenario.bytes.slice(fed, to);
    fed = Math.max(fed, to);
    for (const line of bytes.match(/[^\r\n]*\r\n|(?:(?!\r\n)[^])+/g) ?? []) {
      if (!line.endsWith("\r\n")) lines.push(`<< ${escape(line)}`);
      else lines.push(`< ${escape(line.slice(0, -2))}`.trimEnd().replace(/^<( .*)?$/, (whole) => (line.endsWith(" \r\n") ? `<< ${escape(line)}` : whole)));
    }
  };
  const shown = log.filter(({ kind, name }) => kind !== "unread" && !(kind === "stop" && name === "need-data"));
  for (const entry of shown) {
    feed(Math.max(entry.mark.fed, 0));
    if (entry.kind === "decision") {
      lines.push(`! ${entry.line}`);
      if (entry.error !== null) lines.push(`? ${entry.error.kind}`);
      for (const line of entry.out.match(/[^\r\n]*\r\n|(?:(?!\r\n)[^])+/g) ?? []) {
        lines.push(line.endsWith("\r\n") ? `> ${escape(line.slice(0, -2))}`.replace(/^> $/, ">") : `>> ${escape(line)}`);
      }
    } else if (entry.kind === "end") lines.push(`<end ${entry.name}`);
    else lines.push(`= ${entry.line}`);
    if (entry.name === "switched" && entry.leftover !== "") lines.push(null);
  }
  feed(scenario.bytes.length);
  const leftover = log.find(({ name }) => name === "switched")?.leftover ?? "";
  const text = lines.flatMap((line) => (line === null ? [`= leftover ${summaryOf(leftover)}`] : [line])).join("\n");
  return `## from-the-playground\n\nProves: \n\n\`\`\`${[scenario.role, ...scenario.words].join(" ")}\n${text}\n\`\`\`\n`;
}

// The address contains JSON, deflated and encoded in base64url.

const FLAGS = /** @type {const} */ (["isEnded", "isStopped", "isAfterInput"]);

/** @param {import("./engine.js").Scenario} scenario */
export async function toAddress(scenario) {
  const { role, words, bytes, cuts, isEachByte, end, acts } = scenario;
  const text = JSON.stringify([role, words.join(" "), bytes, cuts, isEachByte ? 1 : 0, end, acts.map((act) => [act.at, act.events, act.data, FLAGS.reduce((bits, flag, at) => bits | (Number(act[flag]) << at), 0), act.text])]);
  const packed = await through(new CompressionStream("deflate-raw"), new TextEncoder().encode(text));
  return btoa(textOf(packed)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

/** @param {string} text @returns {Promise<import("./engine.js").Scenario>} */
export async function ofAddress(text) {
  const packed = Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
  const unpacked = new TextDecoder().decode(await through(new DecompressionStream("deflate-raw"), packed));
  const [role, words, bytes, cuts, isEachByte, end, acts] = JSON.parse(unpacked);
  if (!["client", "server"].includes(role) || typeof bytes !== "string" || /[^\0-\xff]/.test(bytes)) throw new Error("no scenario");
  // The repetitions in all decisions, as each alone may be long.
  const decisions = acts.map((/** @type {unknown[]} */ act) => String(act[4])).join("\n");
  const repeated = [...decisions.matchAll(/\{(\d+)\*([^{}]*)\}/g)].reduce((sum, [, count, what = ""]) => sum + Number(count) * what.length, 0);
  if (repeated > MOST_UNPACKED) throw new RangeError("repetitions of more than a scenario");
  if (cuts.length > MOST_CUTS) throw new RangeError("more cuts than a scenario may have");
  if (isEachByte === 1 && bytes.length > MOST_EACH) throw new RangeError("more single bytes than a scenario may have");
  if (acts.length > MOST_ACTS) throw new RangeError("more decisions than a scenario may have");
  return {
    role,
    words: words.split(" ").filter((/** @type {string} */ word) => word !== ""),
    bytes,
    cuts: cuts.map(Number),
    isEachByte: isEachByte === 1,
    end: ["clean", "truncated"].includes(end) ? end : null,
    acts: acts.map((/** @type {[unknown, unknown, unknown, number, unknown]} */ [at, events, data, bits, text]) => ({ at: Number(at), events: Number(events), data: Number(data), text: String(text), ...Object.fromEntries(FLAGS.map((flag, at) => [flag, ((bits >> at) & 1) === 1])) })),
  };
}

/** The limit in bytes of an unpacked address: a link must not exhaust the memory. */
const MOST_UNPACKED = 2 ** 22;
/** The maximum number of cuts in an address, each of which the page shows. */
const MOST_CUTS = 4096;
/** The maximum number of input bytes in an address if they arrive one by one. */
const MOST_EACH = 2 ** 16;
/** The maximum number of decisions in an address; each new one plays all of them. */
const MOST_ACTS = 1024;

/**
 * Runs bytes through a compression stream.
 *
 * An error in the bytes is thrown by the read, so that of the write is ignored.
 * @param {CompressionStream | DecompressionStream} stream @param {Uint8Array<ArrayBuffer>} bytes
 */
async function through(stream, bytes) {
  const writer = stream.writable.getWriter();
  writer.write(bytes).catch(() => {});
  writer.close().catch(() => {});
  const reader = stream.readable.getReader();
  const parts = [];
  let length = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    parts.push(part.value);
    if ((length += part.value.length) > MOST_UNPACKED) throw new RangeError("an address of more than a scenario");
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}

/**
 * Returns a scenario with other bytes, with which cuts and decisions move.
 * @param {import("./engine.js").Scenario} scenario @param {string} bytes
 */
export function edit({ bytes: before, acts, cuts }, bytes) {
  let [start, same] = [0, 0];
  const most = Math.min(before.length, bytes.length);
  while (start < most && before[start] === bytes[start]) start++;
  while (same < most - start && before[before.length - 1 - same] === bytes[bytes.length - 1 - same]) same++;
  /** @param {number} place */
  const move = (place) => (place <= start ? place : Math.max(start, place + (place >= before.length - same ? bytes.length - before.length : 0)));
  /** @param {number} place */
  const moved = (place) => Math.min(move(place), bytes.length);
  return { bytes, acts: acts.map((act) => ({ ...act, at: moved(act.at) })), cuts: tidy(cuts.map(moved), bytes.length) };
}

/** Returns the cuts that divide input of a length, in order. @param {number[]} cuts @param {number} length */
export function tidy(cuts, length) {
  return [...new Set(cuts)].filter((place) => place > 0 && place < length).sort((one, other) => one - other);
}
