// Functions that render a scenario and its log as HTML. They read no input field and keep no state.

import { escape } from "./code.js";
import { addressOf } from "./explain.js";

/** @typedef {import("./engine.js").Entry} Entry */

/** @type {Record<string, string>} */
const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

/** @param {string} text */
export function html(text) {
  return text.replace(/[&<>"]/g, (one) => ENTITIES[one]);
}

/**
 * Renders bytes as HTML: CR and LF are escaped, and a line breaks after LF.
 *
 * The function `widthOf` must count the same characters for each byte.
 * @param {string} bytes
 */
function shown(bytes) {
  return bytes.replace(/[^\x20-\x7e]|[&<>"]/g, (one) => {
    if (one === "\n") return "<i>\\n</i>\n";
    if (one === "\r") return "<i>\\r</i>";
    return ENTITIES[one] ?? `<i>\\x${one.charCodeAt(0).toString(16).padStart(2, "0")}</i>`;
  });
}

/**
 * Returns the number of characters that `shown` writes for a byte.
 * @param {string} one
 */
function widthOf(one) {
  if (one === "\n") return 3;
  if (one === "\r") return 2;
  return one >= " " && one <= "~" ? 1 : 4;
}

/**
 * Returns the offset of the byte at a character of a rendered text.
 * @param {string} bytes @param {number} from @param {number} characters
 */
export function byteAt(bytes, from, characters) {
  let at = from;
  for (let left = characters; at < bytes.length && left >= widthOf(bytes[at]); at++) left -= widthOf(bytes[at]);
  return at;
}

/**
 * Renders the peer's bytes in parts, with the cuts between them.
 *
 * Each part has the index of its log entry.
 * @param {import("./engine.js").Scenario} scenario @param {Entry[]} log
 */
export function bytesView({ bytes, cuts, isEachByte }, log) {
  /** @type {{ from: number, to: number, entry: number, kind: string }[]} */
  const parts = [];
  let [end, count] = [0, 0];
  for (const [index, entry] of log.entries()) {
    if (entry.kind !== "event" || entry.to <= end) continue;
    parts.push({ from: end, to: entry.to, entry: index, kind: `event${count++ % 2 === 1 ? " odd" : ""}` });
    end = entry.to;
  }
  const switched = log.findIndex(({ name }) => name === "switched");
  const unread = log.findIndex(({ kind }) => kind === "unread" || kind === "error");
  if (end < bytes.length) parts.push({ from: end, to: bytes.length, entry: switched >= 0 ? switched : unread, kind: switched >= 0 ? "leftover" : "rest" });
  const fault = log.findIndex(({ kind }) => kind === "error");
  const bad = fault < 0 ? -1 : log[fault].from;
  /** @type {{ at: number, index?: number }[]} */
  const places = [...(isEachByte ? [] : cuts.map((at, index) => ({ at, index }))), ...(bad < 0 ? [] : [{ at: bad }, { at: bad + 1 }])];
  const breaks = places.sort((one, other) => one.at - other.at);
  let text = "";
  /** @param {{ entry: number, kind: string }} part @param {number} from @param {number} to */
  const span = (part, from, to) => {
    if (from >= to) return;
    const isBad = from === bad;
    text += `<span class="part ${isBad ? "bad" : part.kind}" data-from="${from}" data-entry="${isBad ? fault : part.entry}">${shown(bytes.slice(from, to))}</span>`;
  };
  let next = 0;
  for (const part of parts) {
    let from = part.from;
    for (; next < breaks.length && breaks[next].at < part.to; next++) {
      const { at, index } = breaks[next];
      span(part, from, at);
      from = Math.max(from, at);
      if (index !== undefined) text += cut(at, index, bytes.length);
    }
    span(part, from, part.to);
  }
  return text;
}

/** @param {number} at @param {number} index @param {number} length */
function cut(at, index, length) {
  return `<span class="cut" role="slider" tabindex="0" data-cut="${index}" aria-label="Cut ${index + 1}" aria-valuemin="1" aria-valuemax="${length - 1}" aria-valuenow="${at}" aria-valuetext="before byte ${at}"></span>`;
}

/** The character that each kind of log entry begins with. */
export const MARKS = { event: "=", stop: "=", error: "=", decision: "!", end: "<", unread: "·" };

/** Renders the log entries as the options of a list. @param {Entry[]} log */
export function logView(log) {
  const start = `<div class="entry start" role="option" id="entry--1" data-entry="-1" aria-selected="false">· the beginning: nothing has come yet</div>`;
  const entries = log
    .map((entry, index) => {
      const kind = entry.kind === "decision" && entry.error !== null ? "refused" : entry.name === "switched" ? "switched" : entry.kind;
      const range = entry.to > entry.from && entry.kind === "event" ? `<small>bytes ${entry.from} to ${entry.to - 1}</small>` : "";
      const fields = entry.fields.slice(0, 100).map(([name, value]) => `<small>${html(escape(name))}: ${html(escape(value))}</small>`).join("");
      const refused = entry.error !== null && entry.kind === "decision" ? `<small>refused: ${html(entry.error.text)}</small>` : "";
      const out = entry.out === "" ? "" : `<small>${entry.out.length} bytes go out</small>`;
      const leftover = entry.leftover === "" ? "" : `<small>leftover: ${html(short(entry.leftover))}</small>`;
      return `<div class="entry ${kind}" role="option" id="entry-${index}" data-entry="${index}" aria-selected="false">${MARKS[entry.kind]} ${html(entry.line)}${range}${fields}${refused}${out}${leftover}</div>`;
    })
    .join("");
  return start + entries;
}

/** @param {string} bytes */
function short(bytes) {
  return bytes.length <= 120 ? escape(bytes) : `${escape(bytes.slice(0, 120))} … (${bytes.length} bytes)`;
}

/** @param {Entry[]} log */
export function sentView(log) {
  return log.map(({ out }) => shown(out)).join("");
}

/**
 * Renders an error: its text, the rule that it cites, its advice and its status.
 * @param {import("./engine.js").Fault} fault @param {string} bytes
 */
export function faultView({ code, kind, text, clause, advice, status, offset }, bytes) {
  if (code === 0) return `<p>${html(text)}</p>`;
  const rule = clauseView(clause);
  const where = offset === null ? "" : ` at byte ${offset}${offset < bytes.length ? ` (<code>${html(escape(bytes[offset]))}</code>)` : ""}`;
  const answer = status === null ? "" : `<p>A server answers with ${status}.</p>`;
  return `<p><b>Error ${code}</b> <code>${html(kind)}</code>${where}: ${html(text)}.</p><p>Rule: ${rule}</p><p>${html(advice).replace(/`([^`]*)`/g, "<code>$1</code>")}</p>${answer}`;
}

/** Renders a section as a link to it. @param {string} clause */
function clauseView(clause) {
  const address = addressOf(clause);
  return address === null ? html(clause) : `<a href="${address}">${html(clause)}</a>`;
}

/**
 * Renders what a step or a byte means.
 * @param {import("./explain.js").Explanation} explanation
 */
export function meaningView({ title, words, clause }) {
  return `<h3>${html(title)}</h3><p>${html(words)}</p>${clause === "" ? "" : `<p>${clauseView(clause)}</p>`}`;
}

/**
 * Returns whether after these log entries there is a leftover that was not taken.
 * @param {Entry[]} passed
 */
export function hasLeft(passed) {
  const switched = passed.findLastIndex(({ name }) => name === "switched");
  const isTaken = passed.slice(switched + 1).some(({ line, error }) => line === "take" && error === null);
  return switched >= 0 && passed[switched].leftover !== "" && !isTaken;
}

/**
 * Renders the values of the connection's getters after these log entries.
 * @param {Entry[]} passed @param {string} bytes @param {any} begin the values before the first
 */
export function chipsView(passed, bytes, begin) {
  const entry = passed.at(-1);
  const leftover = passed.findLast(({ name }) => name === "switched")?.leftover ?? "";
  const { state, fed } = entry === undefined ? { state: begin, fed: 0 } : { state: entry.state, fed: entry.mark.fed };
  /** @param {boolean} is */
  const yes = (is) => (is ? "yes" : "no");
  const chips = [
    ["the engine waits for", state.awaiting],
    ["your code owes", state.owes],
    ["another request may follow", yes(state.persists)],
    ["the new protocol may be spoken", yes(state.maySpeak)],
    ["no switch, because", state.why || "–"],
    ["bytes received", `${fed} of ${bytes.length}`],
    ["bytes read as HTTP", String(state.position)],
    ["leftover", leftover === "" ? "–" : hasLeft(passed) ? short(leftover) : "taken"],
  ];
  return chips.map(([name, value]) => `<dt>${name}</dt><dd>${html(String(value))}</dd>`).join("");
}
