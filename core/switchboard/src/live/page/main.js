// The page's state and its list of connections. Received entries are added to stories. Each animation frame draws the stories
// that have changed, each once, so that two hundred connections at once cost no more than the screen can show.

import { bytesOfTyped, typedOf, unescape } from "./code.js";
import { bring } from "./dom.js";
import { AUDIT, CROWD, demo, fill, IN_THE_BROWSER, playWebSocket, press } from "./gallery.js";
import { Story } from "./story.js";
import { blank, draw } from "./timeline.js";
import * as transcript from "./transcript.js";

/** The number of connections above which the page forgets the oldest closed ones. */
const MOST = 300;
/**
 * The most transcript entries that wait for an animation frame.
 *
 * If there are more, all are added to their stories at once.
 */
const MOST_WAITING = 20_000;
/** The milliseconds of an animation frame for adding entries and drawing rows. */
const AT_ONCE = 2.5;

const at = (id) => document.getElementById(id);
const list = at("connections");

/** The `Story` of each connection, with its entries, by the connection's number. */
const stories = new Map();
/** The row of each connection in the list, by the connection's number. */
const rows = new Map();
const changed = new Set();
let chosen = null;
/** The story of the list's active row, from which the arrow keys move on. */
let active = null;
/**
 * The client whose connection is to be chosen: `{ peer, name }`; `null` for none.
 *
 * Its connection has not appeared yet. `peer` is the client's address, `name` that of its demonstration.
 */
let awaited = null;
/**
 * The newest connection's number when the page last requested a client.
 *
 * Of the connections that are known by then, none can be that client's.
 */
let latest = 0;
/** The path of a request whose connection is chosen once it appears, or `null`. */
let awaitedPath = null;
let leftOut = 0;
/** The ID of the server's run that is shown; `null` before the first message. */
let known = null;

// Received entries.

/** Received entries that are not yet in the `Story` of their connection. */
let waiting = [];

/**
 * Adds waiting entries to their stories until none is left, or the time is `end`.
 *
 * Chooses the connection that is awaited, once it appears.
 */
function tell(end) {
  let count = 0;
  while (count < waiting.length && performance.now() < end) {
    const moment = waiting[count++];
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
  waiting = waiting.slice(count);
  if (waiting.length === 0) chooseOne();
}

function isAwaited(story, moment) {
  if (moment.what === "opened" && awaited !== null && story.peer === awaited.peer) {
    story.demo = demo(awaited.name);
    awaited = null;
    return true;
  }
  if (moment.name === "request" && awaitedPath !== null && story.asked.endsWith(awaitedPath)) {
    story.demo = IN_THE_BROWSER;
    awaitedPath = null;
    return true;
  }
  return false;
}

/** Chooses the latest closed connection with a request, if none is chosen yet. */
function chooseOne() {
  if (chosen !== null) return;
  const latest = [...stories.values()].findLast(({ requests, isOver }) => requests > 0 && isOver);
  if (latest !== undefined) choose(latest);
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
  tell(Infinity);
  at("verdict").textContent = "";
  if (run === known) {
    for (const story of stories.values()) {
      if (!story.isOver) changed.add(story);
      story.lose();
    }
  } else {
    [...stories.values()].forEach(forget);
    waiting = [];
    [chosen, active, awaited, awaitedPath, leftOut, latest] = [null, null, null, null, 0, 0];
    transcript.clear();
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
    // Many connections may change at once; a frame does as much as it has time for.
    const end = performance.now() + AT_ONCE;
    tell(end - AT_ONCE / 2);
    measure();
    if (chosen !== null && changed.has(chosen)) drawChosen();
    for (const story of changed) {
      if (performance.now() > end) break;
      drawRow(story);
      changed.delete(story);
    }
    if (changed.size + waiting.length > 0) plan();
    markActive();
    const open = [...stories.values()].filter((story) => !story.isOver).length;
    at("count").textContent = `${stories.size} shown, ${open} open${leftOut > 0 ? `; ${leftOut} steps left out` : ""}`;
  });
}

function drawChosen() {
  drawRow(chosen);
  rows.get(chosen.number)?.row.setAttribute("aria-selected", "true");
  changed.delete(chosen);
  transcript.draw();
  showLight();
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
    choose(story);
    const mark = event.target.closest(".mark");
    if (mark !== null) {
      drawChosen();
      transcript.pickStep(Number(mark.dataset.step));
    }
  });
  return { row, title, result, svg };
}

// The chosen connection.

function choose(story) {
  const before = chosen === null ? undefined : rows.get(chosen.number)?.row;
  before?.setAttribute("aria-selected", "false");
  before?.querySelectorAll(".lit").forEach((mark) => mark.classList.remove("lit"));
  chosen = story;
  lit = null;
  transcript.begin(story);
  changed.add(story);
  moveTo(story);
  plan();
}

// Highlighting of a mark in the timeline together with its lines.

/** The number of the chosen connection's highlighted entry; `null` for none. */
let lit = null;

function showLight() {
  const parts = [...at("lines").children, ...(rows.get(chosen.number)?.svg.querySelectorAll(".mark") ?? [])];
  for (const part of parts) part.classList.toggle("lit", lit !== null && Number(part.dataset.step) === lit);
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
  });
}

at("lines").addEventListener("pick", ({ detail }) => {
  lit = detail;
  showLight();
});

// Keyboard control of the list: arrows, Page Up and Down, Home and End, Enter.

function moveTo(story) {
  if (active !== null) rows.get(active.number)?.row.classList.remove("active");
  active = story;
  hasMoved = true;
}

let hasMoved = false;

/**
 * Highlights the list's active row if it has changed, and scrolls to it.
 *
 * It is called after the drawing, which may create the row.
 */
function markActive() {
  const row = active === null ? undefined : rows.get(active.number)?.row;
  if (row === undefined || !hasMoved) return;
  hasMoved = false;
  row.classList.add("active");
  list.setAttribute("aria-activedescendant", row.id);
  bring(list, row);
  // A row that comes into sight gets its height by that, which moves those below it.
  requestAnimationFrame(() => bring(list, row));
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
  else choose(order[next]);
  event.preventDefault();
});

// The connection to the server.

let socket = null;

function open() {
  const link = at("link");
  socket = new WebSocket(`${location.origin.replace("http", "ws")}/live`);
  socket.addEventListener("open", () => {
    link.textContent = "watching";
    link.className = "up";
  });
  socket.addEventListener("message", ({ data }) => {
    const message = JSON.parse(data);
    if (message.run !== undefined) begin(message.run);
    if (message.exhibits !== undefined) fill([...message.exhibits, IN_THE_BROWSER, AUDIT, CROWD], play);
    if (message.peer !== undefined) awaitPeer(message.peer, message.playing);
    if (message.verdict !== undefined) at("verdict").textContent = `The audit of this server: ${message.verdict}.`;
    if (message.moments !== undefined) {
      leftOut += message.left_out;
      waiting.push(...message.moments);
      // A hidden page draws no frames.
      if (waiting.length > MOST_WAITING) tell(Infinity);
      plan();
    }
  });
  socket.addEventListener("close", () => {
    link.textContent = "the server has gone; trying again";
    link.className = "down";
    setTimeout(open, 1500);
  });
}

/** Plays a demonstration: in the browser for its WebSocket, else by the server. */
function play(name) {
  if (name === IN_THE_BROWSER.name) {
    awaitedPath = "/ws";
    playWebSocket();
  } else if (request(name) && name === AUDIT.name) at("verdict").textContent = "The audit of this server is running.";
}

/**
 * Sends a message to the server, which then starts a client.
 *
 * The message is a demonstration's name, or bytes for the client to send. Returns false if the WebSocket is not open.
 */
function request(message) {
  // The status line says that the server has gone, so nothing else does.
  if (socket.readyState !== WebSocket.OPEN) return false;
  latest = Math.max(0, ...stories.keys());
  socket.send(message);
  return true;
}

/**
 * Chooses the connection of the client `peer`, an address, once it has appeared.
 *
 * The connection's events may have arrived before the message with the client's address.
 */
function awaitPeer(peer, name) {
  const known = [...stories.values()].findLast((story) => story.peer === peer && story.number > latest);
  if (known === undefined) awaited = { peer, name };
  else {
    known.demo = demo(name);
    choose(known);
  }
}

// Bytes of the user's own.

/** The most bytes of a message that the server accepts from the page. */
const MOST_BYTES = 65_536;

const EXAMPLE = "GET /foo HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: example/1, foo/2\r\nConnection: upgrade\r\n\r\nhello\nQUIT\n";

at("own-form").addEventListener("submit", (event) => {
  event.preventDefault();
  press(null);
  const bytes = bytesOfTyped(at("bytes").value);
  at("bytes-hint").textContent = bytes.length > MOST_BYTES ? `At most ${MOST_BYTES} bytes can be sent; these are ${bytes.length}.` : "";
  if (bytes.length <= MOST_BYTES) request(Uint8Array.from(bytes, (one) => one.charCodeAt(0)));
});

/**
 * Fills the field of bytes to send with those of `#send=` in the page's address.
 *
 * Does nothing if there are none, or if they are malformed or contain a repetition.
 */
function fillBytes() {
  const [, text] = /^#send=(.*)$/.exec(location.hash) ?? [];
  if (text === undefined) return;
  try {
    const typed = decodeURIComponent(text);
    // A repetition could make a short link long.
    if (typed.replaceAll("\\\\", "").includes("\\{")) return;
    at("bytes").value = typedOf(unescape(typed));
  } catch {
    return;
  }
  at("own").open = true;
  at("send").focus();
}

at("own").open = matchMedia("(min-width: 60.01rem)").matches;
at("signs").open = matchMedia("(min-width: 60.01rem) and (min-height: 50rem)").matches;
at("bytes").value = typedOf(EXAMPLE);
addEventListener("hashchange", fillBytes);
fillBytes();
at("commands").textContent = [
  `curl ${location.origin}/`,
  `curl -v --http2 ${location.origin}/h2c`,
  "echo hello | cargo run -- \\",
  `  probe ${location.origin}/foo --offer foo/2`,
].join("\n");
open();
