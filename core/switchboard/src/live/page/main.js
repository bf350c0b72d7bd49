// The page's state and its list of connections. Received entries are added to stories. Each animation frame draws the stories
// that have changed, each once, so that two hundred connections at once cost no more than the screen can show.

import { AUDIT, CROWD, fill, IN_THE_BROWSER, playWebSocket } from "./gallery.js";
import { LANGUAGES } from "./code.js";
import { Story } from "./story.js";
import { blank, draw } from "./timeline.js";

/** The number of connections above which the page forgets the oldest. */
const MOST = 300;

const at = (id) => document.getElementById(id);
const list = at("connections");

/** The `Story` of each connection, with its entries, by the connection's number. */
const stories = new Map();
/** The row of each connection in the list, by its number. */
const rows = new Map();
const changed = new Set();
let chosen = null;
/** The story of the list's active row, from which the arrow keys move on. */
let active = null;
/** The address of a demonstration's client, to choose its connection once seen. */
let awaited = null;
/** The newest connection's number before a demonstration; only later ones match. */
let latest = 0;
/** The path of the browser's own request, to choose its connection once seen. */
let awaitedPath = null;
/** True until the user chooses; until then the first connection seen is chosen. */
let follows = true;
let leftOut = 0;
/** The ID of the server's run that is shown; `null` before the first message. */
let known = null;

// Received entries.

function tell(moments) {
  for (const moment of moments) {
    let story = stories.get(moment.connection);
    if (story === undefined) {
      story = new Story(moment.connection);
      stories.set(moment.connection, story);
      forgetTheOldest();
    }
    story.add(moment);
    changed.add(story);
    if (isAwaited(story, moment)) choose(story);
  }
  plan();
}

function isAwaited(story, moment) {
  if (moment.what === "opened" && awaited !== null && story.peer === awaited) {
    awaited = null;
    return true;
  }
  if (moment.name === "request" && awaitedPath !== null && story.asked.endsWith(awaitedPath)) {
    awaitedPath = null;
    return true;
  }
  return follows && chosen === null;
}

/**
 * Forgets the oldest connections if there are too many.
 *
 * Closed ones are forgotten above `MOST`, open ones only above twice as many, and the chosen one never.
 */
function forgetTheOldest() {
  for (const isEnough of [(story) => story.isOver, () => stories.size > 2 * MOST]) {
    for (const story of stories.values()) {
      if (stories.size > MOST && story !== chosen && isEnough(story)) forget(story);
    }
  }
}

function forget(story) {
  stories.delete(story.number);
  changed.delete(story);
  rows.get(story.number)?.row.remove();
  rows.delete(story.number);
}

/**
 * Handles the first message of the server, which has the ID of its run.
 *
 * After a restart the server numbers its connections anew, so all old ones are forgotten. In the same run, events of the open
 * connections may have been missed, so their stories are marked as lost.
 */
function begin(run) {
  if (run === known) {
    for (const story of stories.values()) {
      if (!story.isOver) changed.add(story);
      story.lose();
    }
  } else {
    [...stories.values()].forEach(forget);
    [chosen, active, awaited, awaitedPath, follows, leftOut, latest] = [null, null, null, null, true, 0, 0];
    at("bar").hidden = true;
    at("story-title").textContent = "Transcript";
    at("story-none").hidden = false;
    at("story-body").hidden = true;
    list.removeAttribute("aria-activedescendant");
  }
  known = run;
  plan();
}

// Drawing.

let isPlanned = false;

function plan() {
  if (isPlanned) return;
  isPlanned = true;
  requestAnimationFrame(() => {
    isPlanned = false;
    measure();
    for (const story of changed) drawRow(story);
    if (chosen !== null && changed.has(chosen)) drawStory();
    markActive();
    changed.clear();
    const open = [...stories.values()].filter((story) => !story.isOver).length;
    at("count").textContent = `${stories.size}, ${open} open${leftOut > 0 ? `; ${leftOut} steps left out` : ""}`;
    at("nothing").hidden = stories.size > 0;
  });
}

function drawRow(story) {
  let parts = rows.get(story.number);
  if (parts === undefined) {
    parts = newRow(story);
    rows.set(story.number, parts);
    place(parts.row, story.number);
  }
  parts.title.textContent = `#${story.number} ${story.title || story.peer}`;
  parts.result.textContent = story.summary;
  parts.result.title = story.summary;
  const isSwitched = story.outcome === "switched" || (!story.isOver && story.protocol !== "");
  parts.result.className = `result ${isSwitched ? "switched" : story.outcome}`;
  draw(parts.svg, story, width);
}

/** Inserts a row into the list, in descending order of connection numbers. */
function place(row, number) {
  let before = list.firstElementChild;
  while (before !== null && numberOf(before) > number) before = before.nextElementSibling;
  list.insertBefore(row, before);
}

function numberOf(row) {
  return Number(row.id.replace("connection-", ""));
}

/** The width of all timelines, in pixels. */
let width = 480;

function measure() {
  const first = list.querySelector("svg")?.clientWidth ?? 0;
  if (first === 0 || first === width) return;
  width = first;
  for (const story of stories.values()) changed.add(story);
}

new ResizeObserver(plan).observe(list);

function newRow(story) {
  const row = document.createElement("div");
  row.className = "connection new";
  row.role = "option";
  row.id = `connection-${story.number}`;
  row.setAttribute("aria-selected", "false");
  // The result may be long, so it has a line of its own.
  const title = Object.assign(document.createElement("span"), { className: "title" });
  const result = document.createElement("span");
  const svg = blank();
  row.append(title, svg, result);
  row.addEventListener("click", (event) => {
    follows = false;
    choose(story);
    const mark = event.target.closest(".mark");
    if (mark !== null) light(Number(mark.dataset.step));
  });
  return { row, title, result, svg };
}

// The chosen connection.

function choose(story) {
  const before = chosen === null ? undefined : rows.get(chosen.number)?.row;
  before?.setAttribute("aria-selected", "false");
  before?.querySelectorAll(".lit").forEach((mark) => mark.classList.remove("lit"));
  chosen = story;
  told = 0;
  lit = null;
  at("lines").replaceChildren();
  at("copied").textContent = "";
  changed.add(story);
  moveTo(story);
  plan();
}

/** The number of the chosen connection's transcript lines that the page shows. */
let told = 0;

function drawStory() {
  rows.get(chosen.number)?.row.setAttribute("aria-selected", "true");
  at("story-none").hidden = true;
  at("story-body").hidden = false;
  at("story-title").textContent = `Transcript of connection ${chosen.number}`;
  const outcome = `${chosen.title ? `${chosen.title}: ` : ""}${chosen.summary}`;
  // Screen readers announce each change, so unchanged text is not set again.
  if (at("outcome").textContent !== outcome) {
    at("outcome").replaceChildren(...withRules(outcome));
    at("result").textContent = `#${chosen.number} ${outcome}`;
    at("bar").hidden = false;
  }
  const chips = chosen.chips;
  for (const field of document.querySelectorAll("[data-state]")) {
    const now = chips[field.dataset.state];
    field.textContent = now;
    field.classList.toggle("changed", chosen.protocol !== "" && now.includes(chosen.protocol.split(", ")[0]));
  }
  for (const what of ["code", "vector", "curl"]) at(`copy-${what}`).disabled = chosen.flaw !== "";
  at("vector-hint").textContent = chosen.flaw || "The vector is a case for the engine’s tests: save it under tests/vectors and say what it proves.";
  const lines = at("lines");
  // If the user has scrolled to the end, keep the list there as lines are added.
  const overflow = lines.scrollHeight - lines.clientHeight;
  const isAtEnd = overflow > 0 && overflow - lines.scrollTop < 40;
  lines.append(...chosen.lines.slice(told).map(lineOf));
  told = chosen.lines.length;
  if (isAtEnd) lines.scrollTop = lines.scrollHeight;
  showLight();
}

function lineOf({ moment, text }) {
  const line = document.createElement("li");
  line.className = text.startsWith("*") && moment.what !== "verdict" ? "remark" : moment.what;
  const time = document.createElement("time");
  time.textContent = moment.at.toFixed(1);
  const code = document.createElement("code");
  if (moment.what === "refused" && text.startsWith("? ")) code.append("? ", rule(text.slice(2), moment.error.code));
  else code.append(...withRules(text));
  line.dataset.step = moment.step;
  line.append(time, code);
  return line;
}

/** Returns text as nodes, with the number of an error as a link to its rule. */
function withRules(text) {
  if (!/^= error|\(error \d/.test(text)) return [text];
  const [, before, number, after] = /^(.*?\berror )(\d+)(.*)$/.exec(text);
  return [before, rule(number, number), after];
}

function rule(textContent, number) {
  return Object.assign(document.createElement("a"), { textContent, href: `/errors#e${number}`, target: "_blank" });
}

// Highlighting of a mark in the timeline together with its lines.

/** The number of the highlighted entry of the chosen connection; `null` for none. */
let lit = null;

function light(step) {
  lit = step;
  plan();
  changed.add(chosen);
}

function showLight() {
  const parts = [...at("lines").children, ...rows.get(chosen.number).svg.querySelectorAll(".mark")];
  for (const part of parts) part.classList.toggle("lit", lit !== null && Number(part.dataset.step) === lit);
}

/** Scrolls the list of lines, and nothing else, to the first highlighted line. */
function bringLine() {
  const [lines, line] = [at("lines"), at("lines").querySelector(".lit")];
  if (line === null) return;
  const [top, bottom] = [line.offsetTop - lines.offsetTop, line.offsetTop - lines.offsetTop + line.offsetHeight];
  if (top < lines.scrollTop) lines.scrollTop = top;
  else if (bottom > lines.scrollTop + lines.clientHeight) lines.scrollTop = bottom - lines.clientHeight;
}

function stepAt(target) {
  const found = target.closest("[data-step]");
  const row = found?.closest(".connection");
  return found === null || (row && row !== rows.get(chosen?.number)?.row) ? null : Number(found.dataset.step);
}

for (const place of [list, at("lines")]) {
  place.addEventListener("pointerover", ({ target }) => {
    const step = stepAt(target);
    if (step === null || step === lit) return;
    lit = step;
    showLight();
    if (place === list) bringLine();
  });
}

at("lines").addEventListener("keydown", (event) => {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (by === undefined) return;
  const steps = [...new Set(chosen.lines.map(({ moment }) => moment.step))];
  const here = steps.indexOf(lit);
  lit = steps[Math.min(Math.max(here < 0 ? 0 : here + by, 0), steps.length - 1)];
  showLight();
  bringLine();
  event.preventDefault();
});

// Keyboard control of the list: arrows, Page Up and Down, Home and End, Enter.

function moveTo(story) {
  if (active !== null) rows.get(active.number)?.row.classList.remove("active");
  active = story;
  hasMoved = true;
}

let hasMoved = false;

/** Highlights the active row, after the drawing, which may have created the row. */
function markActive() {
  const row = active === null ? undefined : rows.get(active.number)?.row;
  if (row === undefined || !hasMoved) return;
  hasMoved = false;
  row.classList.add("active");
  list.setAttribute("aria-activedescendant", row.id);
  if (document.activeElement === list) row.scrollIntoView({ block: "nearest" });
}

list.addEventListener("keydown", (event) => {
  const order = [...list.children].map((row) => stories.get(numberOf(row)));
  if (order.length === 0) return;
  const here = order.indexOf(active);
  const last = order.length - 1;
  const next = {
    ArrowDown: Math.min(here + 1, last),
    ArrowUp: Math.max(here - 1, 0),
    PageDown: Math.min(here + 10, last),
    PageUp: Math.max(here - 10, 0),
    Home: 0,
    End: last,
  }[event.key];
  if (event.key === "Enter" || event.key === " ") at("lines").focus();
  else if (next === undefined) return;
  else {
    follows = false;
    choose(order[next]);
  }
  event.preventDefault();
});

// Copying to the clipboard.

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

at("copy-curl").addEventListener("click", () => copy(chosen.curl(location.origin), "command"));
at("copy-code").addEventListener("click", () => copy(chosen.code(at("language").value), "program"));
at("language").append(...Object.entries(LANGUAGES).map(([value, { name }]) => new Option(name, value)));
at("copy-text").addEventListener("click", () => copy(chosen.text(), "transcript"));
at("copy-vector").addEventListener("click", () => copy(chosen.vector(), "vector"));

// The connection to the server.

function open() {
  const link = at("link");
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
  socket.addEventListener("open", () => {
    link.textContent = "watching";
    link.className = "up";
  });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.run !== undefined) begin(message.run);
    if (message.exhibits !== undefined) fill([...message.exhibits, IN_THE_BROWSER, AUDIT, CROWD], (name) => play(socket, name));
    if (message.peer !== undefined) awaitPeer(message.peer);
    if (message.moments !== undefined) {
      leftOut += message.left_out;
      tell(message.moments);
    }
  });
  socket.addEventListener("close", () => {
    link.textContent = "the server has gone; trying again";
    link.className = "down";
    setTimeout(open, 1500);
  });
}

function play(socket, name) {
  if (name === IN_THE_BROWSER.name) {
    awaitedPath = "/ws";
    playWebSocket();
  } else if (socket.readyState === WebSocket.OPEN) {
    latest = Math.max(0, ...stories.keys());
    socket.send(name);
  } else {
    at("result").textContent = "The server has gone; nothing can be played before it is back.";
    at("bar").hidden = false;
  }
}

/**
 * Chooses the connection of a client, now or once it appears.
 *
 * Its events may have arrived before the message with the client's address.
 */
function awaitPeer(peer) {
  const known = [...stories.values()].findLast((story) => story.peer === peer && story.number > latest);
  if (known === undefined) awaited = peer;
  else choose(known);
}

at("commands").textContent = [
  `curl ${location.origin}/`,
  `curl -v --http2 ${location.origin}/h2c`,
  "echo hello | cargo run -- \\",
  `  probe ${location.origin}/foo --offer foo/2`,
].join("\n");
open();
