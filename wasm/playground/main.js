// The page's script: builds a scenario from the input fields and draws its result. Each change plays the scenario
// again. The possible decisions are tried after the page has been drawn.

import { GROUPS } from "./generated/cases.js";
import { bytesOfTyped, escape, LANGUAGES, typedOf } from "./code.js";
import { DECISIONS, defaults, written } from "./decisions.js";
import { showStates } from "./diagram.js";
import { bring, caretAt } from "./dom.js";
import { configOf, play, tryAll } from "./engine.js";
import { explainByte, explainStep, rangesOf } from "./explain.js";
import { edit, ofAddress, ofVector, tidy, toAddress, toVector } from "./scenario.js";
import { byteAt, bytesView, chipsView, faultView, hasLeft, html, logView, MARKS, meaningView, sentView } from "./view.js";
import { Connection } from "../dist/bytes.js";

/** A decision (a call of the engine) that the page's menu offers. @typedef {{ verb: string, roles: string[], label: string, fields: string[][] }} Kind */

/** @param {string} id @returns {any} */
const at = (id) => document.getElementById(id);
const CASES = new Map(GROUPS.flatMap(({ cases }) => cases.map((one) => [one.name, one])));
const FIRST = "accept-simple";
/** @type {NodeListOf<HTMLInputElement>} */
const ROLES = document.querySelectorAll("[name=role]");

/** @type {import("./engine.js").Scenario} */
let scenario = ofVector(CASES.get(FIRST) ?? { info: "server", lines: [] });
let { log, steps, begin } = play(scenario);
/** The index of the selected step in the log; -1 is the beginning. */
let cursor = -1;
/** True if the switchboard serves this page; then its live server can be used. */
const isLive = location.pathname.endsWith("/play/");

// Drawing.

/** Plays the scenario again, and selects its last step or the same index as before. */
function replay({ isAtEnd = true } = {}) {
  edited = null;
  ({ log, steps, begin } = play(scenario));
  at("log").innerHTML = logView(log);
  drawBytes();
  linkToServer();
  at("step").max = String(log.length);
  look(isAtEnd ? log.length - 1 : Math.min(cursor, log.length - 1));
  saveSoon();
}

function drawBytes() {
  at("bytes").innerHTML = bytesView(scenario, log);
  at("each").setAttribute("aria-pressed", String(scenario.isEachByte));
  at("cut-hint").hidden = scenario.isEachByte || scenario.cuts.length === 0;
}

/** Selects a step of the log and shows the state after it. @param {number} index */
function look(index) {
  cursor = Math.max(-1, index);
  const entry = log[cursor];
  for (const part of document.querySelectorAll('.now, [aria-selected="true"]')) {
    part.classList.remove("now");
    if (part.role === "option") part.setAttribute("aria-selected", "false");
  }
  const option = at(`entry-${cursor}`);
  if (option !== null) {
    option.setAttribute("aria-selected", "true");
    at("log").setAttribute("aria-activedescendant", option.id);
    bring(at("log"), option);
    for (const part of at("bytes").querySelectorAll(`[data-entry="${cursor}"]`)) part.classList.add("now");
  } else at("log").removeAttribute("aria-activedescendant");
  at("step").value = String(cursor + 1);
  at("step").setAttribute("aria-valuetext", entry?.line ?? "the beginning");
  at("place").textContent = `${cursor + 1} of ${log.length}`;
  const passed = log.slice(0, cursor + 1);
  at("sent").innerHTML = sentView(passed);
  // The error of a failed decision is shown only at its step, since it changes nothing; the peer's error stays visible.
  const fault = entry?.error ?? passed.find(({ kind }) => kind === "error")?.error;
  const words = fault ? faultView(fault, scenario.bytes) : "";
  if (at("fault").dataset.words !== words) Object.assign(at("fault"), { innerHTML: words }).dataset.words = words;
  showStates(at("diagrams"), scenario.role, [begin, ...passed.map(({ state }) => state)]);
  at("chips").innerHTML = chipsView(passed, scenario.bytes, begin);
  explain(meaningOf(entry));
  decideSoon();
}

/** @param {import("./engine.js").Entry | undefined} entry @returns {import("./explain.js").Explanation} */
function meaningOf(entry) {
  if (entry === undefined) {
    const words = scenario.role === "client" ? "Nothing has been sent. Your code begins: send a request below." : "Nothing has come. Go on with Next, or click a step.";
    return { title: "The beginning", words, clause: "" };
  }
  if (entry.kind === "unread") return { title: "Not read", words: "The engine has not taken these bytes: an error came before them, or it waits for a decision.", clause: "" };
  if (entry.kind === "end") return explainStep("<end", entry.name);
  return explainStep(entry.error !== null && entry.kind === "decision" ? "?" : MARKS[entry.kind], entry.line);
}

/** @param {import("./explain.js").Explanation} explanation */
function explain(explanation) {
  at("meaning").innerHTML = meaningView(explanation);
}

/** Selects the step that consumed a byte, and explains the byte. @param {number} place @param {HTMLElement} part */
function lookAtByte(place, part) {
  const entry = Number(part.dataset.entry);
  if (entry >= 0 && entry !== cursor) look(entry);
  const steps = log.filter(({ kind }) => kind === "event" || kind === "error").map(({ line, kind, to, leftover }) => ({ line, to: kind === "error" ? null : to, left: leftover.length }));
  const ranges = rangesOf(scenario.bytes, steps);
  explain(explainByte(scenario.bytes, place, ranges));
}

// The fields for the peer's bytes.

/** Loads a scenario into all fields, and replays it. @param {import("./engine.js").Scenario} next */
function load(next, { isAtEnd = true } = {}) {
  scenario = next;
  at("text").value = typedOf(scenario.bytes);
  at("words").value = scenario.words.join(" ");
  at("words-fault").textContent = "";
  at("end").value = scenario.end ?? "";
  for (const radio of ROLES) radio.checked = radio.value === scenario.role;
  closeForm();
  if (!isAtEnd) cursor = -1;
  replay({ isAtEnd });
}

/**
 * The scenario before the user began to type; `null` after any other change.
 *
 * `change` starts from it each time, so a decision that it left out may come back as the user types on.
 * @type {import("./engine.js").Scenario | null}
 */
let edited = null;

/**
 * Replaces the input; cuts and decisions after the change move with their bytes.
 *
 * A decision that is not possible with these bytes is left out.
 * @param {string} bytes
 */
function change(bytes) {
  at("case").value = at("about").textContent = "";
  const base = edited ?? scenario;
  scenario = { ...scenario, ...edit(base, bytes) };
  replay();
  while (leaveOutRefused()) replay();
  edited = base;
}

/** Leaves out decisions that were refused or not reached; returns whether any was. */
function leaveOutRefused() {
  const made = new Set(log.filter(({ kind, error }) => kind === "decision" && error === null).map(({ act }) => act));
  const acts = scenario.acts.filter((_, index) => made.has(index));
  if (acts.length === scenario.acts.length) return false;
  scenario = { ...scenario, acts };
  return true;
}

at("text").addEventListener("input", () => {
  const text = at("text");
  try {
    change(bytesOfTyped(text.value));
    text.setCustomValidity("");
  } catch (error) {
    text.setCustomValidity(Object(error).message);
    text.reportValidity();
  }
});

at("words").addEventListener("input", () => {
  const words = at("words").value.split(/\s+/).filter((/** @type {string} */ word) => word !== "");
  try {
    new Connection(scenario.role, configOf(words)).free();
    at("words-fault").textContent = "";
    scenario = { ...scenario, words };
    replay();
  } catch (error) {
    at("words-fault").textContent = Object(error).message;
  }
});

for (const radio of ROLES) {
  // Decisions of one role do not apply to the other.
  radio.addEventListener("change", () => {
    at("case").value = at("about").textContent = "";
    load({ ...scenario, role: radio.value === "client" ? "client" : "server", acts: [] }, { isAtEnd: radio.value === "server" });
  });
}

at("end").addEventListener("change", () => {
  scenario = { ...scenario, end: at("end").value || null };
  replay();
});

function fillMenu() {
  const groups = GROUPS.map(({ title, cases }) => {
    const group = Object.assign(document.createElement("optgroup"), { label: title });
    group.append(...cases.map(({ name }) => new Option(name.replaceAll("-", " "), name)));
    return group;
  });
  at("case").append(new Option("bytes of your own", ""), ...groups);
  at("case").addEventListener("change", () => choose(at("case").value));
}

/** @param {string} name */
function choose(name) {
  const one = CASES.get(name);
  at("case").value = one === undefined ? "" : name;
  at("about").textContent = one?.about.replaceAll("`", "") ?? "";
  load(one === undefined ? { role: scenario.role, words: [], bytes: "", cuts: [], isEachByte: false, end: null, acts: [] } : ofVector(one));
}

// Cuts of the input.

/** @param {number[]} cuts @param {number | null} focused */
function setCuts(cuts, focused = null) {
  scenario = { ...scenario, isEachByte: false, cuts: tidy(cuts, scenario.bytes.length) };
  replay({ isAtEnd: false });
  if (focused !== null) at("bytes").querySelectorAll(".cut")[scenario.cuts.indexOf(focused)]?.focus();
}

at("cut").addEventListener("click", () => {
  // A new cut halves the longest piece.
  const places = [0, ...scenario.cuts, scenario.bytes.length];
  const pieces = places.slice(1).map((end, index) => [end - places[index], Math.floor((end + places[index]) / 2)]);
  const [, middle] = pieces.reduce((longest, piece) => (piece[0] > longest[0] ? piece : longest));
  setCuts([...scenario.cuts, middle], middle);
});
at("whole").addEventListener("click", () => setCuts([]));
at("each").addEventListener("click", () => {
  scenario = { ...scenario, isEachByte: !scenario.isEachByte };
  replay();
});

/** @param {number} index @param {number} place */
function moveCut(index, place) {
  const moved = Math.min(Math.max(place, 1), scenario.bytes.length - 1);
  setCuts(scenario.cuts.with(index, moved), moved);
}

/**
 * The distance in bytes by which each key moves a cut (where the input is split).
 * @type {Record<string, number>}
 */
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10, Home: -Infinity, End: Infinity };

at("bytes").addEventListener("keydown", (/** @type {KeyboardEvent & { target: HTMLElement }} */ event) => {
  const index = Number(event.target.dataset.cut ?? -1);
  if (index < 0) return;
  const by = STEPS[event.key];
  if (by !== undefined) moveCut(index, scenario.cuts[index] + by);
  else if (event.key === "Delete" || event.key === "Backspace") setCuts(scenario.cuts.toSpliced(index, 1));
  else return;
  event.preventDefault();
});

/** The index of the cut of the input that is being dragged, or -1. */
let dragged = -1;

at("bytes").addEventListener("pointerdown", (/** @type {PointerEvent & { target: HTMLElement }} */ event) => {
  dragged = Number(event.target.dataset.cut ?? -1);
  if (dragged >= 0) {
    event.preventDefault();
    event.target.focus();
  }
});
document.addEventListener("pointermove", (event) => {
  if (dragged < 0) return;
  const place = byteUnder(event.clientX, event.clientY);
  if (place === null || place === scenario.cuts[dragged] || scenario.cuts.includes(place)) return;
  const moved = Math.min(Math.max(place, 1), scenario.bytes.length - 1);
  moveCut(dragged, moved);
  dragged = scenario.cuts.indexOf(moved);
});
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => (dragged = -1));

/** Returns the offset of the byte at a position of the screen, or `null`. @param {number} x @param {number} y */
function byteUnder(x, y) {
  const { node, offset } = caretAt(x, y);
  /** @type {HTMLElement | null | undefined} */
  const part = (node instanceof Element ? node : node?.parentElement)?.closest("#bytes .part");
  if (!part || node === null) return null;
  const range = document.createRange();
  range.setStart(part, 0);
  range.setEnd(node, offset);
  return byteAt(scenario.bytes, Number(part.dataset.from), range.toString().length);
}

// Navigation in the log.

const GO = { first: () => -1, previous: () => cursor - 1, next: () => Math.min(cursor + 1, log.length - 1), last: () => log.length - 1 };
for (const [id, to] of Object.entries(GO)) at(id).addEventListener("click", () => look(to()));
at("step").addEventListener("input", () => look(Number(at("step").value) - 1));
/**
 * The index of the log entry that each key selects.
 * @type {Record<string, () => number>}
 */
const KEYS = { ArrowDown: GO.next, ArrowUp: GO.previous, Home: GO.first, End: GO.last };

at("log").addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  const to = KEYS[event.key];
  if (to === undefined) return;
  look(to());
  event.preventDefault();
});

for (const place of [at("log"), at("bytes")]) {
  /** @param {Event} event */
  const entryOf = ({ target }) => /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (target).closest("[data-entry]"))?.dataset.entry;
  place.addEventListener("click", (/** @type {Event} */ event) => {
    const part = entryOf(event);
    if (part !== undefined && place === at("log")) look(Number(part));
  });
  place.addEventListener("pointerover", (/** @type {Event} */ event) => light(entryOf(event)));
  place.addEventListener("pointerleave", () => light(undefined));
}

at("bytes").addEventListener("click", (/** @type {MouseEvent & { target: HTMLElement }} */ event) => {
  const [place, part] = [byteUnder(event.clientX, event.clientY), /** @type {HTMLElement | null} */ (event.target.closest(".part"))];
  if (place !== null && part !== null) lookAtByte(place, part);
});

/** Highlights a log entry and the bytes from which it results. @param {string | undefined} entry */
function light(entry) {
  for (const part of document.querySelectorAll(".lit")) part.classList.remove("lit");
  if (entry === undefined) return;
  for (const part of document.querySelectorAll(`#log [data-entry="${entry}"], #bytes [data-entry="${entry}"]`)) part.classList.add("lit");
}

// Decisions.

/** @type {any} */
let decideTimer = 0;

/** Finds the possible decisions 80 ms later; each is tried on its own connection. */
function decideSoon() {
  clearTimeout(decideTimer);
  at("decisions").setAttribute("aria-busy", "true");
  decideTimer = setTimeout(showDecisions, 80);
}

function hereMark() {
  return log[cursor]?.mark ?? { fed: 0, events: 0, data: 0, isEnded: false, isStopped: false, acts: 0 };
}

/** Returns the acceptable protocols of the latest request, to fill form fields. */
function offered() {
  const line = log.slice(0, cursor + 1).findLast(({ name }) => name === "request")?.line ?? "";
  const [, list] = / offers \[([^\]]*)\]/.exec(line) ?? [];
  return (list ?? "").split(", ").filter((entry) => entry !== "" && !entry.includes("!")).join("; ");
}

function showDecisions() {
  // Two are always allowed, but make sense only with a leftover, and before a switch.
  const isUseful = { take: hasLeft(log.slice(0, cursor + 1)), advertise: (log[cursor]?.state ?? begin).tx !== "switched" };
  const kinds = DECISIONS.filter(({ verb, roles }) => roles.includes(scenario.role) && (isUseful[/** @type {"take"} */ (verb)] ?? true));
  // `accept` is possible only for a protocol that is listed, so one is tried.
  const values = kinds.map((kind) => defaults(kind, offered() || "foo/2"));
  const faults = tryAll(scenario, hereMark(), kinds.map((kind, index) => written(kind, values[index])));
  const buttons = kinds.flatMap((kind, index) => (faults[index] === null ? [decisionButton(kind, values[index])] : []));
  if (log[cursor]?.kind === "decision") buttons.push(button("Take this decision back", () => takeBack(log[cursor].act)));
  at("decisions").replaceChildren(...(buttons.length > 0 ? buttons : ["Nothing. The connection is over, or waits for the peer."]));
  at("decisions").removeAttribute("aria-busy");
  at("refused").innerHTML = kinds.map((kind, index) => (faults[index] === null ? "" : `<li>${html(kind.label)}: ${html(faults[index].text)}</li>`)).join("");
}

/** @param {string} text @param {() => void} act */
function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", act);
  return made;
}

/** @param {Kind} kind @param {Record<string, string>} values */
function decisionButton(kind, values) {
  const made = button(kind.label + (kind.fields.length > 0 ? "…" : ""), () => (kind.fields.length > 0 ? openForm(kind, values) : decide(written(kind, {}))));
  made.dataset.verb = kind.verb;
  return made;
}

/** Adds a decision (a call of the engine) to the scenario at the selected step. @param {string} text */
function decide(text) {
  const { fed, events, data, isEnded, isStopped, acts } = hereMark();
  const act = { at: fed, isAfterInput: true, events, data, isEnded, isStopped, text };
  scenario = { ...scenario, acts: scenario.acts.toSpliced(acts, 0, act) };
  closeForm();
  replay();
  at("log").focus({ preventScroll: true });
}

/** @param {number} index */
function takeBack(index) {
  scenario = { ...scenario, acts: scenario.acts.toSpliced(index, 1) };
  replay();
}

/** @param {Kind} kind @param {Record<string, string>} values */
function openForm(kind, values) {
  const form = at("form");
  const inputs = kind.fields.map(([name, label]) => {
    const input = document.createElement(name === "headers" || name === "content" ? "textarea" : "input");
    Object.assign(input, { name, value: values[name], spellcheck: false, autocomplete: "off" });
    const made = document.createElement("label");
    made.append(label, input);
    return made;
  });
  const row = Object.assign(document.createElement("div"), { className: "row" });
  row.append(Object.assign(document.createElement("button"), { textContent: kind.label }), button("Cancel", closeForm));
  form.replaceChildren(...inputs, row);
  form.onsubmit = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    decide(written(kind, Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value).replaceAll("\r\n", "\n")]))));
  };
  form.hidden = false;
  form.querySelector("input, textarea").focus();
}

function closeForm() {
  at("form").hidden = true;
}

// Sharing of a scenario.

/** @type {any} */
let saveTimer = 0;

function saveSoon() {
  clearTimeout(saveTimer);
  saveTimer = setTimeout(save, 300);
}

async function save() {
  clearTimeout(saveTimer);
  const address = `#s=${await toAddress(scenario)}`;
  if (location.hash !== address) history.replaceState(null, "", address);
}

/**
 * Loads the scenario or the test vector in the fragment of the page's address.
 *
 * For a vector that the menu lacks, the vector `FIRST` is loaded. Any other address changes no scenario, except at the
 * start: then `FIRST` is loaded too.
 */
async function ofLocation(isStart = false) {
  const [, kind, text] = /^#(s|case)=(.*)$/.exec(location.hash) ?? [];
  try {
    if (kind === "s") {
      at("case").value = at("about").textContent = "";
      const next = await ofAddress(text);
      // What cannot be configured is loaded nowhere, as its words would stand in the programs that are copied.
      new Connection(next.role, configOf(next.words)).free();
      return load(next);
    }
  } catch {
    at("copied").textContent = "The address holds no scenario.";
  }
  if (isStart || kind === "case") choose(CASES.has(text) ? text : FIRST);
}

/** @param {string} text @param {string} what */
async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    at("copied").textContent = `${what} is on the clipboard.`;
  } catch {
    at("copied").textContent = "The browser does not let the page copy.";
  }
}

at("copy-link").addEventListener("click", async () => {
  await save();
  await copy(location.href, "The link");
});
at("copy").addEventListener("click", () => copy(program(at("format").value), "It"));
at("format").append(...Object.entries(LANGUAGES).map(([value, { name }]) => new Option(name, value)), new Option("a test vector", "vector"));

/** Returns the scenario as a program, or as a test vector. @param {string} format */
export function program(format) {
  if (format === "vector") return toVector(scenario, log);
  return LANGUAGES[format].program({ role: scenario.role, words: scenario.words, steps });
}

/** Sets the link that sends the peer's bytes to the switchboard's server. */
function linkToServer() {
  if (!isLive) return;
  at("send-live").setAttribute("href", `/#send=${encodeURIComponent(escape(scenario.bytes))}`);
  at("send-live").hidden = scenario.role === "client";
}

if (isLive) at("pages").hidden = false;
at("read").open = matchMedia("(min-width: 60.01rem)").matches;
fillMenu();
addEventListener("hashchange", () => void ofLocation());
void ofLocation(true);
