// Headless Chromium on the switchboard's page: it clicks through the page and prints what the page shows as one JSON
// object.
//
//   page.cjs CHROMIUM URL FOLDER SWITCHBOARD      screenshots are written to the folder
"use strict";
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const { spawn } = require("node:child_process");
const net = require("node:net");
const { once } = require("node:events");
const path = require("node:path");

const [, , executablePath, url, folder, switchboard] = process.argv;
const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const args = ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((name) => `--${name}`);
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 360, height: 740 };

/** The timeout of each step in milliseconds, long enough for a busy machine. */
const PATIENCE = { timeout: 120_000 };
/** Errors and warnings of the console; none are expected. */
const complaints = [];

async function open(browser, options, page = url, prepare = () => {}) {
  const context = await browser.newContext({ viewport: WIDE, ...options });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: new URL(page).origin });
  context.setDefaultTimeout(PATIENCE.timeout);
  const tab = await context.newPage();
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(error.message));
  await prepare(tab);
  await tab.goto(page);
  await tab.waitForSelector("#exhibits button");
  await tab.waitForSelector("#link.up");
  return tab;
}

/**
 * Waits until a transcript other than `before` is shown to its end.
 *
 * `before` is the title of the transcript that was shown. If `isDemo`, the new one must be that of
 * a demonstration, which has a description, else that of another connection. Connections that began
 * before the page was loaded do not count.
 */
function settled(tab, before, isDemo = true) {
  const isThere = ([before, isDemo]) => {
    if ((document.getElementById("demo").textContent !== "") !== isDemo) return false;
    const title = document.getElementById("story-name").textContent;
    const isWhole = !document.getElementById("copy-vector").disabled;
    return title !== before && isWhole && document.querySelector("#lines .verdict") !== null;
  };
  return tab.waitForFunction(isThere, [before, isDemo], PATIENCE);
}

/** Runs a demonstration to its end, and returns what the page shows. */
async function play(tab, name) {
  const before = await tab.textContent("#story-name");
  await tab.locator(`[data-exhibit="${name}"]`).scrollIntoViewIfNeeded();
  const places = await buttons(tab);
  await tab.click(`[data-exhibit="${name}"]`);
  await settled(tab, before);
  const moved = (await buttons(tab)).filter((place, index) => place !== places[index]);
  const seen = await tab.evaluate(() => {
    const row = document.querySelector('.connection[aria-selected="true"]');
    const count = (selector) => row.querySelectorAll(`svg ${selector}`).length;
    return {
      label: row.textContent,
      outcome: document.getElementById("outcome").textContent,
      began: document.querySelector("#lines li:first-child time").textContent,
      rule: document.querySelector("#meaning .fault a")?.getAttribute("href") ?? "",
      lanes: [...row.querySelectorAll("svg .name")].map((name) => name.textContent),
      meaning: document.getElementById("meaning").textContent,
      demo: document.getElementById("demo").textContent,
      hidden: [...document.querySelectorAll("#exhibits, #send, #outcome, #lines, #meaning h3, #meaning p")].filter((at) => at.getBoundingClientRect().bottom > innerHeight).map((at) => at.id || at.parentElement.id),
      cutOff: [...document.querySelectorAll(".title, .result, #outcome, #exhibits button")].filter((at) => at.scrollWidth > at.clientWidth + 1).length,
      last: document.querySelector("#lines li:last-child code").textContent,
      state: Object.fromEntries([...document.querySelectorAll("[data-state]")].map((at) => [at.dataset.state, at.textContent])),
      drawn: { events: count(".event"), decisions: count(".decision"), switches: count(".switch"), faults: count(".fault"), other: count(".bytes.other") },
      lines: [...document.querySelectorAll("#lines code")].map((line) => line.textContent),
    };
  });
  seen.moved = moved;
  await tab.click("#copy-curl");
  seen.curl = await copied(tab, "command");
  await tab.selectOption("#language", "c");
  await tab.click("#copy-code");
  seen.code = await copied(tab, "program");
  await tab.click("#copy-text");
  seen.text = await copied(tab, "transcript");
  await tab.click("#copy-vector");
  seen.vector = await copied(tab, "vector");
  return seen;
}

/** Returns the positions of the buttons on the screen. */
function buttons(tab) {
  return tab.$$eval("#exhibits button", (all) => all.map((button) => JSON.stringify(button.getBoundingClientRect())));
}

/**
 * Returns the highlighted marks and lines while the pointer is on one of them.
 *
 * The pointer is first on a mark of the chosen connection, then on one of its lines. Then a key is pressed in the
 * lines.
 */
async function lights(tab) {
  const lit = () =>
    tab.evaluate(() => {
      const steps = (selector) => [...new Set([...document.querySelectorAll(selector)].map((at) => at.dataset.step))];
      return { marks: steps(".mark.lit"), lines: steps("#lines .lit") };
    });
  const wanted = await tab.$eval('.connection[aria-selected="true"] .mark:nth-last-of-type(2)', (mark) => mark.dataset.step);
  await tab.hover('.connection[aria-selected="true"] .mark:nth-last-of-type(2)');
  const byMark = await lit();
  const first = await tab.$eval('.connection[aria-selected="true"] .mark', (mark) => mark.dataset.step);
  await tab.focus("#lines");
  await tab.hover(`#lines [data-step="${first}"]`);
  const byLine = await lit();
  await tab.keyboard.press("Home");
  await tab.keyboard.press("ArrowDown");
  return { wanted, byMark, first, byLine, byKey: await lit(), picked: await tab.getAttribute("#lines", "aria-activedescendant") };
}

/**
 * Returns what the page says of each received line, and of a word and a mark.
 *
 * It clicks them in the transcript of the chosen connection.
 */
async function explained(tab) {
  await play(tab, "bad-key");
  const said = {};
  const meaning = () => tab.textContent("#meaning");
  for (const line of await tab.$$("#lines .received")) {
    await line.click({ position: { x: 75, y: 8 } });
    said[(await line.textContent()).replace(/^[\d.]+/, "")] = await meaning();
  }
  const [first] = await tab.$$("#lines .received code");
  const box = await first.boundingBox();
  // The request line is `< GET /ws HTTP/1.1`, so each character has an eighteenth of its width.
  const place = await first.evaluate((code) => {
    const range = document.createRange();
    range.setStart(code.firstChild, 6);
    range.setEnd(code.firstChild, 7);
    const { left, width } = range.getBoundingClientRect();
    return left + width / 3;
  });
  await tab.mouse.click(place, box.y + box.height / 2);
  const word = await meaning();
  await tab.click('.connection[aria-selected="true"] .mark:last-of-type');
  return { said, word, mark: await meaning(), link: await tab.getAttribute("#meaning a", "href").catch(() => null) };
}

/** Sends bytes by the page's field for them; returns what the page then shows. */
async function own(tab, bytes) {
  const before = await tab.textContent("#story-name");
  await tab.fill("#bytes", bytes);
  await tab.click("#send");
  await settled(tab, before, false);
  return { outcome: await tab.textContent("#outcome"), lines: await tab.$$eval("#lines code", (all) => all.map((line) => line.textContent)), meaning: await tab.textContent("#meaning") };
}

/** Opens a page after the other connections, and returns what it shows of them. */
async function late(browser) {
  const tab = await open(browser, {});
  await tab.waitForSelector(".connection");
  await tab.waitForFunction(() => document.querySelector("#lines .verdict") !== null, null, PATIENCE);
  await drawn(tab);
  const seen = await tab.evaluate(() => ({
    titles: [...document.querySelectorAll(".title")].map((title) => title.textContent),
    flaw: document.getElementById("copy-vector").disabled,
  }));
  await tab.close();
  return seen;
}

/**
 * Returns the parts of two demonstrations that a phone shows only after scrolling.
 *
 * With them are the text of each outcome, and the buttons that moved.
 */
async function onPhone(tab) {
  const names = ["tls", "smuggling"];
  const seen = {};
  for (const name of names) {
    const { outcome, moved } = await play(tab, name);
    await tab.evaluate(() => scrollTo(0, 0));
    seen[name] = await tab.evaluate(() => {
      const parts = [...document.querySelectorAll("#exhibits, #outcome, #lines, #meaning h3")];
      const isSeen = (part) => part.getBoundingClientRect().top >= 0 && part.getBoundingClientRect().bottom <= innerHeight;
      return { text: document.getElementById("outcome").textContent, hidden: parts.filter((part) => !isSeen(part)).map(({ id, parentElement }) => id || parentElement.id) };
    });
    Object.assign(seen[name], { outcome, moved });
  }
  return seen;
}

/**
 * Returns the statuses of the links, the actions, and a row of the page of errors.
 *
 * With them are the accessibility violations of that page.
 */
async function around(browser) {
  const tab = await open(browser, {});
  const places = await tab.$$eval("nav a", (links) => links.map((link) => link.getAttribute("href")));
  const answers = {};
  for (const place of places) answers[place] = (await tab.request.get(new URL(place, url).href)).status();
  const actions = await tab.$$eval(".actions button", (all) => all.map((button) => button.id));
  await tab.goto(`${url}errors#e308`);
  const row = await tab.textContent("tr:target");
  const wrong = await audit(tab);
  await tab.close();
  return { answers, actions, row, wrong };
}

async function copied(tab, what) {
  await tab.waitForFunction((what) => document.getElementById("copied").textContent.includes(what), what, PATIENCE);
  return tab.evaluate(() => navigator.clipboard.readText());
}

/** Returns the violations that an accessibility audit finds. */
async function audit(tab) {
  await tab.evaluate(axe.source);
  const { violations } = await tab.evaluate(() => window.axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target.join(" ")).join(", ")}`);
}

/**
 * Returns the accessibility violations while all lines are highlighted.
 *
 * Contrast is included. A line is highlighted while the pointer is on it or on its mark.
 */
async function auditLit(tab) {
  const light = (on) => tab.evaluate((on) => document.querySelectorAll("#lines li").forEach((line) => line.classList.toggle("lit", on)), on);
  await light(true);
  const found = await audit(tab);
  await light(false);
  return found;
}

/**
 * Returns the rows of the list of connections, and the chosen one, after each key.
 *
 * With them is the ID of the element that has the focus after Enter.
 */
async function byKeyboard(tab) {
  const before = await tab.textContent("#story-name");
  await tab.evaluate(() => document.activeElement?.blur());
  await tab.focus("#exhibits button");
  await tab.keyboard.press("Enter");
  await settled(tab, before);
  await tab.focus("#connections");
  // Rows may appear at any time: the connection that loaded the page is listed when the server closes it.
  await tab.evaluate(() => {
    window.moves = [];
    const list = document.getElementById("connections");
    const note = (key, rows) => {
      const selected = [...list.querySelectorAll('.connection[aria-selected="true"]')].map((row) => row.id);
      const active = list.getAttribute("aria-activedescendant");
      window.moves.push({ key, rows, selected, active, title: document.getElementById("story-name").textContent });
    };
    // The page's own listener runs first, and so does its animation frame.
    list.addEventListener("keydown", ({ key }) => {
      const rows = [...list.children].map((row) => row.id);
      requestAnimationFrame(() => note(key, rows));
    });
  });
  const keys = ["Home", "ArrowDown", "ArrowDown", "ArrowUp", "End"];
  for (const [index, key] of keys.entries()) {
    await tab.keyboard.press(key);
    await tab.waitForFunction((drawn) => window.moves.length === drawn, index + 1, PATIENCE);
  }
  const moves = await tab.evaluate(() => window.moves);
  await tab.keyboard.press("Enter");
  const focused = await tab.evaluate(() => document.activeElement.id);
  return { moves, focused };
}

/** Waits until no connection is open, and returns the count as the page shows it. */
async function idle(tab) {
  const isIdle = () => {
    const { textContent } = document.getElementById("count");
    return textContent.includes(", 0 open") && textContent;
  };
  const said = await tab.waitForFunction(isIdle, null, PATIENCE);
  return said.jsonValue();
}

/** Waits until the list has a drawn row for each connection; a frame draws a few. */
function drawn(tab) {
  const isDrawn = () => document.querySelectorAll(".connection").length >= Number.parseInt(document.getElementById("count").textContent, 10);
  return tab.waitForFunction(isDrawn, null, PATIENCE);
}

/** Opens two hundred connections at once; the page must still respond. */
async function crowd(tab) {
  const rows = () => tab.evaluate(() => document.querySelectorAll(".connection").length);
  const before = await rows();
  await tab.evaluate(() => {
    window.frames = [];
    let last = performance.now();
    const frame = (now) => {
      window.frames.push(now - last);
      last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
  });
  await tab.click('[data-exhibit="crowd"]');
  await tab.waitForFunction((wanted) => document.querySelectorAll(".connection").length >= wanted, before + 200, PATIENCE);
  await idle(tab);
  const frames = await tab.evaluate(() => window.frames.sort((one, other) => one - other));
  const after = await play(tab, "accept");
  const at = (share) => Number(frames[Math.floor(share * (frames.length - 1))].toFixed(1));
  return { came: (await rows()) - before, count: await idle(tab), after: after.outcome, frames: { count: frames.length, median: at(0.5), p95: at(0.95), longest: at(1) } };
}

/** Runs the server's audit from the page; returns its requests and drawings. */
async function audited(browser) {
  const tab = await open(browser, {});
  await tab.waitForSelector(".connection");
  await drawn(tab);
  const latest = () => Math.max(...[...document.querySelectorAll(".connection")].map(({ id }) => Number(/\d+$/.exec(id)[0])));
  const before = await tab.evaluate(latest);
  await tab.click('[data-exhibit="audit"]');
  // Waits until nothing new has appeared for a while.
  const since = Date.now();
  for (let [seen, now] = [0, -1]; seen !== now || seen < before + 70; ) {
    if (Date.now() - since > PATIENCE.timeout) throw new Error(`the audit has come to ${now - before} connections`);
    [seen, now] = [now, await tab.evaluate(latest)];
    await new Promise((resolve) => setTimeout(resolve, 2000));
  }
  await idle(tab);
  await drawn(tab);
  await tab.waitForFunction(() => /\d+ passed/.test(document.getElementById("verdict").textContent), null, PATIENCE);
  const seen = await tab.evaluate((before) => {
    const number = ({ id }) => Number(/\d+$/.exec(id)[0]);
    const title = (row) => row.querySelector(".title").textContent;
    const since = [...document.querySelectorAll(".connection")].filter((row) => number(row) > before);
    // Skips connections before the first request: sockets that the browser has opened ahead and closes unused.
    const first = Math.min(...since.filter((row) => / \S/.test(title(row))).map(number));
    const rows = since.filter((row) => number(row) >= first);
    const count = (selector) => rows.filter((row) => row.querySelector(`svg ${selector}`) !== null).length;
    return {
      titles: rows.map(title),
      drawn: { switches: count(".switch"), faults: count(".fault"), other: count(".bytes.other") },
      empty: rows.filter((row) => row.querySelector("svg .mark") === null).length,
      verdict: document.getElementById("verdict").textContent,
    };
  }, before);
  await tab.close();
  return seen;
}

/**
 * Restarts the server below the page, and returns what the page then shows.
 *
 * The restarted server numbers its connections from the start. The page must not mix them with the old ones.
 */
async function restarted(browser) {
  let server = await started(0);
  const port = server.port;
  const tab = await open(browser, {}, `http://127.0.0.1:${port}/`);
  for (let count = 0; count < 3; count++) await play(tab, "accept");
  await stopped(server);
  await tab.waitForSelector("#link.down");
  server = await started(port);
  await tab.waitForSelector("#link.up");
  await tab.waitForFunction(() => document.querySelectorAll(".connection").length === 0);
  const seen = await play(tab, "content");
  const rows = await tab.evaluate(() => document.querySelectorAll(".connection").length);
  await stopped(server);
  return { rows, outcome: seen.outcome, lines: seen.lines };
}

/**
 * Returns the outcomes of three demonstrations that seem to come from one port.
 *
 * A client may get the port of an earlier client. The page must choose the connection that was just made.
 */
async function fromOnePort(browser) {
  const tab = await open(browser, {}, url, (tab) =>
    tab.routeWebSocket("**/live", (page) => {
      const server = page.connectToServer();
      server.onMessage((text) => page.send(text.replace(/(?<="127\.0\.0\.1:)\d+(?=")/g, "1")));
    }),
  );
  const outcomes = [];
  for (const name of ["accept", "bad-key", "accept"]) outcomes.push((await play(tab, name)).outcome);
  await tab.close();
  return outcomes;
}

/**
 * Returns the heights of the elements that show a long target and a long offer.
 *
 * Both have about 3,000 bytes. The heights are measured in a wide window and on a phone.
 */
async function long(browser) {
  const heights = {};
  const { hostname, port } = new URL(url);
  for (const [name, viewport] of Object.entries({ wide: WIDE, narrow: NARROW })) {
    const tab = await open(browser, { viewport });
    const target = `/${name}${"a".repeat(3_000)}`;
    const socket = net.connect(Number(port), hostname);
    socket.end(`GET ${target} HTTP/1.1\r\nHost: a\r\nUpgrade: ${"b".repeat(3_000)}\r\nConnection: upgrade, close\r\n\r\n`);
    socket.resume();
    const row = tab.locator(".connection", { hasText: target.slice(0, 40) }).first();
    await row.click(PATIENCE);
    await tab.waitForFunction(() => document.querySelector("#lines .verdict") !== null, null, PATIENCE);
    heights[name] = await tab.evaluate(() => {
      const height = (element) => Math.round(element.getBoundingClientRect().height);
      const row = document.querySelector('.connection[aria-selected="true"]');
      return { row: height(row), outcome: height(document.getElementById("outcome")), state: height(document.getElementById("state")) };
    });
    heights[name].over = await overflow(tab);
    await tab.close();
  }
  return heights;
}

async function started(port) {
  const process = spawn(switchboard, ["--port", String(port)], { stdio: ["ignore", "pipe", "inherit"] });
  const [first] = await once(process.stdout, "data");
  return { process, port: Number(/:(\d+)/.exec(first)[1]) };
}

async function stopped({ process }) {
  process.kill("SIGINT");
  await once(process, "exit");
}

function overflow(tab) {
  return tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

(async () => {
  const browser = await chromium.launch({ executablePath, args });
  const shot = (tab, name) => tab.screenshot({ path: path.join(folder, `${name}.png`) });
  try {
    const tab = await open(browser, { colorScheme: "light" });
    const names = await tab.evaluate(() => [...document.querySelectorAll("#exhibits button")].map((at) => at.dataset.exhibit));
    const played = {};
    for (const name of names.filter((name) => !["audit", "crowd"].includes(name))) played[name] = await play(tab, name);
    await tab.evaluate(() => scrollTo(0, 0));
    await shot(tab, "light");
    const violations = { light: await audit(tab), lightLit: await auditLit(tab) };
    const meanings = await explained(tab);
    const sent = [await own(tab, "GET /foo HTTP/1.1\nHost: a\nUpgrade: foo/2\nConnection: upgrade\n\nhi\\nQUIT\\n"), await own(tab, "GET / HTTP/1.1\nHost: \\xff"), await own(tab, "GET /\\x00 HTTP/1.1\n\n")];
    await play(tab, "accept");
    const lit = await lights(tab);
    const led = await around(browser);
    const keyboard = await byKeyboard(tab);
    const many = await crowd(tab);
    await shot(tab, "crowd");
    const later = await late(browser);
    const dark = await open(browser, { colorScheme: "dark" });
    await play(dark, "h2c");
    await play(dark, "smuggling");
    violations.dark = await audit(dark);
    violations.darkLit = await auditLit(dark);
    await shot(dark, "dark");
    const narrow = await open(browser, { viewport: NARROW });
    const phone = await onPhone(narrow);
    await shot(narrow, "phone");
    violations.narrow = await audit(narrow);
    const widths = { wide: await overflow(tab), narrow: await overflow(narrow) };
    await narrow.screenshot({ path: path.join(folder, "narrow.png"), fullPage: true });
    // Closing other pages must leave no connection open, and the first page is notified.
    await narrow.close();
    await dark.close();
    await idle(tab);
    const ofItself = await audited(browser);
    const lengthy = await long(browser);
    const port = await fromOnePort(browser);
    const said = complaints.splice(0);
    const anew = await restarted(browser);
    console.log(JSON.stringify({ names, played, meanings, sent, keyboard, many, ofItself, violations, widths, port, lit, led, later, phone, lengthy, complaints: said, anew }));
  } finally {
    await browser.close();
  }
})();
