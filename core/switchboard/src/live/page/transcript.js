// The transcript of the chosen connection: its lines, and what the picked line or byte means.

import { LANGUAGES, unescape } from "./code.js";
import { bring, caretAt } from "./dom.js";
import { addressOf, explainByte, explainLine, explainStep } from "./explain.js";
import { toAddress } from "./scenario.js";

const at = (id) => document.getElementById(id);

/** The shown connection; `null` for none. */
let story = null;
/** The number of the shown connection's lines that are in the list. */
let shown = 0;
/** The index of the picked line, whose meaning is shown; -1 for none. */
let picked = -1;
/** True if the user has picked a line; until then the page picks one. */
let isPicked = false;

/** Chooses the connection to show, and clears the list of lines; `draw` fills it. */
export function begin(next) {
  story = next;
  shown = 0;
  isPicked = false;
  picked = -1;
  at("lines").replaceChildren();
  at("copied").textContent = "";
  at("open-play").setAttribute("href", "/play/");
}

/** Hides the transcript's part of the page: no connection is chosen. */
export function clear() {
  story = null;
  at("story-name").textContent = "What comes of it";
  at("story-none").hidden = false;
  at("story-body").hidden = true;
  for (const what of ["code", "vector", "curl", "text"]) at(`copy-${what}`).disabled = true;
  at("open-play").setAttribute("href", "/play/");
  at("meaning").replaceChildren();
}

/** Draws what has changed of the chosen connection. */
export function draw() {
  at("story-none").hidden = true;
  at("story-body").hidden = false;
  at("story-name").textContent = `What came of connection ${story.number}`;
  const outcome = `${story.title ? `${story.title}: ` : ""}${story.summary}`;
  // Screen readers announce each change, so unchanged text is not set again.
  if (at("outcome").textContent !== outcome) at("outcome").replaceChildren(...withRules(outcome));
  at("demo").textContent = story.demo === null ? "" : `${story.demo.title}. ${story.demo.about}`;
  drawChips();
  for (const what of ["code", "vector", "curl"]) at(`copy-${what}`).disabled = story.flaw !== "";
  at("copy-text").disabled = false;
  at("vector-hint").textContent = story.flaw;
  drawLines();
  const { turn } = story;
  if (!isPicked && picked !== turn) pick(turn);
  if (story.isOver) void linkToPlayground(story);
}

function drawChips() {
  const chips = story.chips;
  for (const field of document.querySelectorAll("[data-state]")) {
    const now = chips[field.dataset.state];
    field.textContent = now;
    field.classList.toggle("changed", story.protocol !== "" && now.includes(story.protocol.split(", ")[0]));
  }
}

function drawLines() {
  const lines = at("lines");
  // If the user has scrolled to the end, keep the list there as lines are added.
  const overflow = lines.scrollHeight - lines.clientHeight;
  const isAtEnd = overflow > 0 && overflow - lines.scrollTop < 40;
  lines.append(...story.lines.slice(shown).map((line, index) => lineOf(line, shown + index)));
  shown = story.lines.length;
  if (isAtEnd && isPicked) lines.scrollTop = lines.scrollHeight;
}

function lineOf({ moment, text }, index) {
  const line = document.createElement("li");
  line.className = text.startsWith("*") && moment.what !== "verdict" ? "remark" : moment.what;
  line.role = "option";
  line.id = `line-${index}`;
  line.setAttribute("aria-selected", "false");
  const time = document.createElement("time");
  time.textContent = moment.at.toFixed(1);
  const code = document.createElement("code");
  code.textContent = text;
  line.dataset.step = moment.step;
  line.append(time, code);
  return line;
}

/** Returns text as nodes, with an error's number as a link to its row in `/errors`. */
function withRules(text) {
  const [, before, number, after] = /^(.*\(error )(\d+)(.*)$/.exec(text) ?? [];
  if (number === undefined) return [text];
  return [before, rule(number, number), after];
}

function rule(textContent, number) {
  return Object.assign(document.createElement("a"), { textContent, href: `/errors#e${number}`, target: "_blank" });
}

// The picked line and its meaning.

/**
 * Picks a line of the transcript, and explains it or its byte at `column`.
 *
 * Then dispatches an event `pick` on the list of lines; its `detail` is the number of the line's entry.
 */
function pick(index, column = 2) {
  at("lines").querySelector('[aria-selected="true"]')?.setAttribute("aria-selected", "false");
  picked = index;
  const line = at(`line-${index}`);
  if (line === null) return;
  line.setAttribute("aria-selected", "true");
  at("lines").setAttribute("aria-activedescendant", line.id);
  bring(at("lines"), line);
  const { title, words, ...rest } = meaningOf(story.lines[index], column);
  explain({ title: ofServer(title), words: ofServer(words), ...rest });
  at("lines").dispatchEvent(new CustomEvent("pick", { detail: story.lines[index].moment.step }));
}

/** Picks the first line of the transcript's entry with a number. */
export function pickStep(step) {
  isPicked = true;
  const index = story.lines.findIndex(({ moment }) => moment.step === step);
  if (index >= 0) pick(index);
}

/** Replaces `your code`, the engine's caller, with `the server` in an explanation. */
const ofServer = (text) => text.replaceAll("Your code", "The server").replaceAll("your code", "the server");

function explain({ title, words, clause, code = "" }) {
  const heading = Object.assign(document.createElement("h3"), { className: code === "" ? "" : "fault" });
  heading.append(...(code === "" ? [title] : [rule(`Error ${code}`, code), `: ${title}`]));
  const text = Object.assign(document.createElement("p"), { textContent: words });
  const source = document.createElement("p");
  const address = addressOf(clause);
  if (address !== null) source.append(Object.assign(document.createElement("a"), { textContent: clause, href: address, target: "_blank" }));
  else source.append(clause);
  at("meaning").replaceChildren(heading, text, ...(clause === "" ? [] : [source]));
}

function meaningOf({ moment, text, at: start }, column) {
  const [mark] = text.split(" ", 1);
  const rest = text.slice(mark.length + 1);
  switch (moment.what) {
    case "received": {
      if (text.startsWith("* ")) return { title: "More bytes", words: "The transcript shows the first of them.", clause: "" };
      if (!story.isCertain) return explainLine(rest);
      const place = start + unescape(text.slice(mark.length + 1, Math.max(column, mark.length + 1))).length;
      const { ranges } = story;
      const range = ranges.find(({ from, to }) => from <= place && place < to);
      const error = range?.kind === "error" ? story.moments.find(({ what }) => what === "error") : undefined;
      return error === undefined ? explainByte(story.received, place, ranges) : fault(error);
    }
    case "error":
    case "refused":
      return fault(moment);
    case "ended":
      return explainStep("<end", rest);
    case "event":
    case "paused":
    case "decision":
    case "sent":
      return explainStep(mark, rest);
    case "heard":
    case "spoke":
      return { title: "The new protocol", words: `Bytes of ${story.protocol || "the new protocol"}. The engine is out of the way: the server reads and writes them itself.`, clause: "RFC 9110, 7.8" };
    case "opened":
      return { title: "A connection", words: "A client has connected. Nothing has been read yet.", clause: "" };
    case "verdict":
      return { title: "The outcome", words: `${story.summary.charAt(0).toUpperCase()}${story.summary.slice(1)}.`, clause: "" };
    default:
      return { title: "A remark of the server", words: text.replace(/^\* /, ""), clause: "" };
  }
}

function fault({ what, text, error }) {
  const title = text.replace(` (error ${error.code})`, "");
  const effect = what === "refused" ? " The engine has refused the call, and nothing has changed." : error.status === undefined ? "" : ` The server answers with ${error.status}.`;
  return { title, words: `${error.advice}${effect}`.replaceAll("`", ""), clause: error.rule, code: error.code };
}

at("lines").addEventListener("click", (event) => {
  const line = event.target.closest("li");
  if (line === null) return;
  isPicked = true;
  const { node, offset } = caretAt(event.clientX, event.clientY);
  pick(Number(line.id.slice(5)), line.querySelector("code").contains(node) ? offset : 2);
});

at("lines").addEventListener("keydown", (event) => {
  const last = story.lines.length - 1;
  const next = { ArrowDown: picked + 1, ArrowUp: picked - 1, Home: 0, End: last }[event.key];
  if (next === undefined) return;
  isPicked = true;
  pick(Math.min(Math.max(next, 0), last));
  event.preventDefault();
});

// Taking it along.

/**
 * Sets the link that opens the exchange in the playground.
 *
 * If no test vector can be made of the exchange, the link opens the playground without it.
 */
async function linkToPlayground(of) {
  const address = of.flaw === "" ? `/play/#s=${await toAddress(of.scenario())}` : "/play/";
  if (story === of) at("open-play").setAttribute("href", address);
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    at("copied").textContent = `The ${what} is on the clipboard.`;
  } catch {
    // Without permission, or over plain HTTP from another machine, the user can copy the selected lines by hand.
    getSelection().selectAllChildren(at("lines"));
    at("copied").textContent = "The browser does not let the page copy; the lines are selected.";
  }
}

at("copy-curl").addEventListener("click", () => copy(story.curl(location.origin), "command"));
at("copy-code").addEventListener("click", () => copy(story.code(at("language").value), "program"));
at("language").append(...Object.entries(LANGUAGES).map(([value, { name }]) => new Option(name, value)));
at("copy-text").addEventListener("click", () => copy(story.text(), "transcript"));
at("copy-vector").addEventListener("click", () => copy(story.vector(), "vector"));
