// Tests of the playground in a real browser, from a file server: it is clicked through, checked for accessibility, and
// screenshots are taken.
//
//   BROWSER=chrome|firefox PROGRAM=… PICTURES=… [ORIGIN=…] node --test page.test.mjs
//
// ORIGIN is the URL at which it is served, ending with `/playground/` or `/play/`. Without it, Python's file server is
// used.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";

import { GROUPS } from "../../playground/generated/cases.js";
import { toAddress } from "../../playground/scenario.js";
import { audit, browserName, complaints, isChrome, launch, newPage, overflow, PATIENCE, shot } from "./browser.mjs";

const { ORIGIN = "" } = process.env;
const WIDE = { width: 1440, height: 900 };
const MIDDLE = { width: 1024, height: 768 };
const NARROW = { width: 360, height: 740 };

let origin = ORIGIN;
/** @typedef {import("puppeteer-core").Page} Page @typedef {import("puppeteer-core").Browser} Browser */
/** @type {import("node:child_process").ChildProcessByStdio<null, import("node:stream").Readable, null> | undefined} */
let server;
/** @type {Browser} */
let browser;
/** @type {Page} */
let page;

/** @param {Browser} from */
async function open(from, { viewport = WIDE, hash = "", isDark = false } = {}) {
  const tab = await newPage(from);
  await tab.setViewport(viewport);
  if (isChrome) await tab.emulateMediaFeatures([{ name: "prefers-color-scheme", value: isDark ? "dark" : "light" }]);
  await tab.goto(`${origin}${hash}`);
  await settled(tab);
  return tab;
}

/** Waits until the page has found which engine calls are possible. @param {Page} tab */
function settled(tab) {
  const hasTried = () => {
    const decisions = /** @type {HTMLElement} */ (document.getElementById("decisions"));
    return decisions.childNodes.length > 0 && !decisions.ariaBusy;
  };
  return tab.waitForFunction(hasTried, PATIENCE);
}

/** Returns the contents of those parts of the page that the tests compare. */
function seen(tab = page) {
  return tab.evaluate(() => {
    /** @param {string} selector */
    const texts = (selector) => [...document.querySelectorAll(selector)].map((at) => at.textContent);
    /** @param {string} id */
    const at = (id) => /** @type {HTMLTextAreaElement} */ (document.getElementById(id));
    return {
      log: [...document.querySelectorAll(".entry:not(.start)")].map((entry) => entry.firstChild?.textContent ?? ""),
      chosen: document.querySelector('.entry[aria-selected="true"]')?.firstChild?.textContent,
      place: at("place").textContent,
      fault: at("fault").textContent,
      meaning: at("meaning").textContent,
      case: at("case").value,
      bad: texts("#bytes .bad").join(""),
      sent: at("sent").textContent,
      here: [...document.querySelectorAll("svg")].map((svg) => svg.getAttribute("aria-label")),
      decisions: [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("#decisions [data-verb]"))].map((button) => button.dataset["verb"]),
      refused: at("refused").textContent,
      cuts: [...document.querySelectorAll(".cut")].map((cut) => Number(cut.getAttribute("aria-valuenow"))),
      chips: at("chips").textContent,
      text: at("text").value,
    };
  });
}

/** @param {string} name */
async function choose(name, tab = page) {
  await tab.select("#case", name);
  await settled(tab);
}

/** Replaces the text of the bytes field, as pasting does. @param {string} text */
async function paste(text, tab = page) {
  await tab.evaluate((text) => {
    const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }, text);
  await settled(tab);
}

/** @param {string} selector @param {import("puppeteer-core").KeyInput} key */
async function press(selector, key) {
  await page.focus(selector);
  await page.keyboard.press(key);
  await settled(page);
}

/** @param {string} selector */
async function click(selector, tab = page) {
  await tab.locator(selector).click();
  await settled(tab);
}

before(async () => {
  if (origin === "") {
    server = spawn("python3", ["-u", "-m", "http.server", "0", "--bind", "127.0.0.1", "--directory", join(import.meta.dirname, "../..")], { stdio: ["ignore", "pipe", "ignore"] });
    const [line] = await once(server.stdout, "data");
    origin = `http://127.0.0.1:${/port (\d+)/.exec(line)?.[1]}/playground/`;
  }
  browser = await launch(false);
  page = await open(browser);
});

after(async () => {
  await browser?.close();
  server?.kill();
});

test("every case of the menu is shown to its end", async () => {
  for (const { cases } of GROUPS) {
    for (const { name, lines } of cases) {
      await choose(name);
      const { log, fault } = await seen();
      const events = lines.filter((line) => /^= (request|response|switched|informational) |^= error /.test(line)).length;
      assert.ok(log.filter((line) => /^= (request|response|switched|informational|error) /.test(line)).length >= Math.min(events, 1), `${name}: ${log}`);
      const error = lines.find((line) => line.startsWith("= error "));
      if (error !== undefined) assert.match(fault, new RegExp(`Error ${error.split(" ")[2]}`), name);
    }
  }
});

test("an error shows its byte, rule, clause and advice", async () => {
  await choose("");
  await paste("GET / HTTP/1.1\nHost : a\n\n");
  const { log, fault, bad } = await seen();
  assert.match(log.at(-1) ?? "", /not read/);
  assert.match(fault, /Error 202 space-before-colon at byte 20 .*RFC 9112, 5\.1.*Never to be repaired.*A server answers with 400/s);
  assert.equal(bad, " ");
  assert.equal(await page.$eval("#fault a", (link) => link.href), "https://www.rfc-editor.org/rfc/rfc9112#section-5.1");
  await shot(page, "error");
});

test("a server decides with buttons and fields, and can take it back", async () => {
  await choose("");
  await paste("GET /a HTTP/1.1\nHost: a\n\nGET /b HTTP/1.1\nHost: a\n\n");
  assert.deepEqual((await seen()).log.map((line) => line.split(" ").slice(0, 3).join(" ")), ["= request GET", "= end @28", "= paused answer", "· not read:"]);
  await click("#previous");
  const { decisions, refused } = await seen();
  assert.ok(decisions.includes("respond") && !decisions.includes("accept") && !decisions.includes("data"), String(decisions));
  assert.match(refused, /Accept: nothing of the offer matches/);
  await click('[data-verb="respond"]');
  await page.$eval("#form [name=content]", (field) => ((/** @type {HTMLInputElement} */ (field)).value = "hi | there"));
  await shot(page, "form");
  await click("#form .row button");
  const answered = await seen();
  assert.ok(answered.log.includes("! respond 200 content hi \\x7c there | Content-Type: text/plain"), String(answered.log));
  assert.match(answered.sent, /HTTP\/1\.1 200 OK.*Content-Length: 10.*hi \| there/s);
  assert.ok(answered.log.some((line) => line.startsWith("= request GET /b")));
  // The first decision is removed, while later steps stay.
  await click(".entry.decision");
  await page.locator("#decisions ::-p-text(Take this decision back)").click();
  await settled(page);
  assert.equal((await seen()).sent, "");
});

test("a client sends a request, and its offer is accepted", async () => {
  await choose("");
  await click('[name=role][value="client"]');
  await click('[data-verb="request"]');
  await click("#form .row button");
  await paste("HTTP/1.1 101 Switching Protocols\nUpgrade: foo/2\nConnection: upgrade\n\nhello");
  const { log, sent, here, chips } = await seen();
  assert.match(sent, /^GET \/ HTTP\/1\.1.*Upgrade: foo\/2/s);
  assert.equal(log.at(-2), "= switched by upgrade to foo/2 101 @73");
  assert.match(chips, /leftoverhello/);
  assert.match(here[0] ?? "", /: switched \/ switched$/);
});

test("cuts are added, dragged, moved by keys and taken away; the events stay", async () => {
  await choose("accept-simple");
  const whole = (await seen()).log;
  await click("#cut");
  const [at] = (await seen()).cuts;
  assert.equal(at, 36);
  await press(".cut", "ArrowRight");
  await press(".cut", "PageDown");
  assert.deepEqual((await seen()).cuts, [27]);
  await shot(page, "cut");
  // The mouse drags the cut to the first line.
  const box = async (/** @type {string} */ selector) => page.$eval(selector, (part) => JSON.parse(JSON.stringify(part.getClientRects()[0])));
  const [handle, part] = [await box(".cut"), await box("#bytes .part")];
  await page.mouse.move(handle.x + 3, handle.y + 8);
  await page.mouse.down();
  await page.mouse.move(part.x + 60, part.y + 8, { steps: 5 });
  await page.mouse.up();
  await settled(page);
  const [dragged] = (await seen()).cuts;
  assert.ok(dragged > 3 && dragged < 14, String(dragged));
  assert.deepEqual((await seen()).log.filter((line) => line !== "= need-data"), whole);
  await press(".cut", "Delete");
  assert.deepEqual((await seen()).cuts, []);
  await click("#each");
  assert.deepEqual((await seen()).log, whole);
  await click("#whole");
});

test("steps by buttons, the slider and keys; the state goes along", async () => {
  await choose("accept-simple");
  await click("#first");
  const first = await seen();
  assert.equal(first.place, "0 of 6");
  assert.match(first.here[0] ?? "", /: open \/ open$/);
  assert.equal(first.sent, "");
  for (let count = 0; count < 4; count++) await press("#log", "ArrowDown");
  assert.match((await seen()).chosen ?? "", /^! accept/);
  await press("#step", "ArrowRight");
  const switched = await seen();
  assert.match(switched.chosen ?? "", /^= switched/);
  assert.match(switched.here[0] ?? "", /: switched \/ switched$/);
  assert.equal(await page.$eval("#log", (log) => document.getElementById(log.getAttribute("aria-activedescendant") ?? "")?.ariaSelected), "true");
  await click("#last");
  assert.equal((await seen()).place, "6 of 6");
});

test("an event and its bytes light each other", async () => {
  await choose("accept-with-body");
  const lit = () => page.$$eval(".lit", (parts) => [...new Set(parts.map((part) => part.getAttribute("data-entry")))]);
  await page.hover(".entry.event");
  const byEvent = await lit();
  await page.mouse.move(0, 0);
  const entry = await page.$eval("#bytes .odd", (part) => part.getAttribute("data-entry"));
  await page.hover("#bytes .odd");
  assert.deepEqual(byEvent, ["0"]);
  assert.deepEqual(await lit(), [entry]);
  assert.equal(await page.$$eval(".lit", (parts) => parts.length), 2);
});

test("each step says what it means, and leads to its section", async () => {
  await choose("accept-with-body");
  await click("#first");
  assert.match((await seen()).meaning, /^The beginning/);
  const { log } = await seen();
  const said = [];
  for (const line of log) {
    await click("#next");
    const { meaning, chosen } = await seen();
    assert.equal(chosen, line);
    said.push(meaning);
  }
  assert.match(said[0] ?? "", /^A request has come.*It offers other protocols.*RFC 9110, 7\.8$/);
  const accepted = log.findLastIndex((line) => line.startsWith("! accept"));
  assert.match(said[accepted] ?? "", /^Decision: accept.*a 101 that names it/);
  await click("#first");
  await click("#next");
  assert.equal(await page.$eval("#meaning a", (link) => /** @type {HTMLAnchorElement} */ (link).href), "https://www.rfc-editor.org/rfc/rfc9110#section-7.8");
});

/** Clicks a text of the peer's bytes, and returns what the page says of it. @param {string} text */
async function meaningOf(text) {
  const { x, y } = await page.evaluate((text) => {
    const bytes = /** @type {HTMLElement} */ (document.getElementById("bytes"));
    const walker = document.createTreeWalker(bytes, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const at = (node.nodeValue ?? "").indexOf(text);
      if (at < 0) continue;
      const range = document.createRange();
      range.setStart(node, at);
      range.setEnd(node, at + 1);
      range.startContainer.parentElement?.scrollIntoView({ block: "nearest" });
      const { left, top, width, height } = range.getBoundingClientRect();
      return { x: left + width / 3, y: top + height / 2 };
    }
    throw new Error(`${text} is not there`);
  }, text);
  await page.mouse.click(x, y);
  await settled(page);
  return (await seen()).meaning;
}

test("a click on a byte says what the engine takes from it", async () => {
  await choose("");
  await paste("POST /a HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\nX-Mine: 1\nUpgrade: foo/2\nConnection: close\n\n3\nabc\n0\nX-Sum: 9\n\n");
  assert.match(await meaningOf("POST"), /^Method POST/);
  assert.match(await meaningOf("/a"), /^Target \/a.*origin-form.*RFC 9112, 3\.2$/);
  assert.match(await meaningOf("HTTP/1.1"), /^Version/);
  assert.match(await meaningOf("foo/2"), /^Field Upgrade.*Connection does not list upgrade.*RFC 9110, 7\.8$/);
  assert.match(await meaningOf("close"), /^Field Connection.*ends after the response.*RFC 9110, 7\.6\.1$/);
  assert.match(await meaningOf("X-Mine"), /^Field X-Mine.*acts on nothing in it/);
  assert.match(await meaningOf("3"), /^Size of a chunk.*3 bytes.*RFC 9112, 7\.1$/);
  assert.match(await meaningOf("abc"), /^Content/);
  assert.match(await meaningOf("X-Sum"), /^Trailer/);
});

test("a change of role is no dead end: the beginning can be decided at", async () => {
  await choose("accept-simple");
  await click('[name=role][value="client"]');
  const { place, decisions, meaning } = await seen();
  assert.match(place, /^0 of /);
  assert.ok(decisions.includes("request"), String(decisions));
  assert.match(meaning, /send a request below/);
  await click('[name=role][value="server"]');
  assert.ok((await seen()).log.some((line) => line.startsWith("= request GET /chat")));
});

test("bytes of one's own lose the name of the case, and decisions that are refused now", async () => {
  await choose("accept-simple");
  const { text, log } = await seen();
  await paste(text.replace("foo/2", "bar"));
  const other = await seen();
  assert.equal(other.case, "");
  assert.equal(await page.$eval("#about", (about) => about.textContent), "");
  assert.ok(!other.log.some((line) => line.startsWith("! accept")), String(other.log));
  // What was typed is taken back, and the decision with it.
  await paste(text);
  assert.deepEqual((await seen()).log, log);
});

test("input, result, decisions and meaning are in sight at once", async () => {
  await choose("capture-docker-28.2.2-attach-request");
  await click("#first");
  await click("#next");
  const hidden = () =>
    page.evaluate(() =>
      ["text", "bytes", "log", "decisions", "meaning", "sent"].filter((id) => {
        const { top, bottom, height } = /** @type {HTMLElement} */ (document.getElementById(id)).getBoundingClientRect();
        return top < 0 || bottom > innerHeight || height === 0;
      }),
    );
  assert.deepEqual(await hidden(), []);
  assert.equal(await page.evaluate(() => document.documentElement.scrollHeight - innerHeight), 0);
  await click('[data-verb="respond"]');
  assert.ok(await page.$eval("#form button", (button) => button.getBoundingClientRect().bottom <= innerHeight));
  await page.locator("#form ::-p-text(Cancel)").click();
});

test("where the switchboard serves the page, it leads to the live server", async () => {
  await choose("accept-simple");
  const live = await page.evaluate(() => {
    const [pages, send] = [document.getElementById("pages"), document.getElementById("send-live")];
    return { pages: pages?.checkVisibility(), send: send?.checkVisibility() ? send.getAttribute("href") : null };
  });
  if (!origin.endsWith("/play/")) return assert.deepEqual(live, { pages: false, send: null });
  assert.equal(live.pages, true);
  await page.goto(new URL(live.send ?? "", origin).href);
  assert.match(await page.$eval("#bytes", (field) => /** @type {HTMLTextAreaElement} */ (field).value), /^GET \/chat HTTP\/1\.1\n.*\n\nhello$/s);
  await page.locator("#send").click();
  const isOver = () => {
    const [outcome, link] = [document.getElementById("outcome"), /** @type {HTMLAnchorElement} */ (document.getElementById("open-play"))];
    return outcome?.textContent?.startsWith("GET /chat") && document.querySelector("#lines .verdict") !== null && link.hash !== "";
  };
  await page.waitForFunction(isOver, PATIENCE);
  const back = await page.$eval("#open-play", (link) => /** @type {HTMLAnchorElement} */ (link).href);
  await page.goto(back);
  await settled(page);
  const { text, log } = await seen();
  assert.match(text, /^GET \/chat HTTP\/1\.1\n.*\n\nhello$/s);
  assert.ok(log.some((line) => line.startsWith("= request GET /chat 1.1 offers [foo/2]")) && log.some((line) => line.startsWith("! respond")), String(log));
});

test("a link shows the same, and what is copied is what is shown", async () => {
  await choose("expect-100-then-101");
  await click("#cut");
  await page.evaluate(() => {
    Object(window).copied = [];
    Object.defineProperty(navigator, "clipboard", { value: { writeText: async (/** @type {string} */ text) => void Object(window).copied.push(text) }, configurable: true });
  });
  await click("#copy-link");
  for (const format of ["rust", "c", "python", "javascript", "vector"]) {
    await page.select("#format", format);
    await click("#copy");
  }
  await page.waitForFunction(() => Object(window).copied.length === 6, PATIENCE);
  const [link = "", ...programs] = await page.evaluate(() => Object(window).copied);
  const wanted = ["use switchover::", "#include <switchover.h>", "from switchover import", 'from "switchover"', "```server"];
  for (const [index, mark] of wanted.entries()) assert.ok(programs[index]?.includes(mark), mark);
  const other = await open(browser, { hash: new URL(link).hash });
  // A link has the bytes, and not the name of the case.
  assert.deepEqual(await seen(other), { ...(await seen()), case: "" });
  await other.close();
  const wrong = await open(browser, { hash: "#s=nothing" });
  assert.match(await wrong.$eval("#copied", (said) => said.textContent), /holds no scenario/);
  await wrong.close();
});

test("a link whose words are no configuration changes no program", async () => {
  const tab = await open(browser);
  const scenario = { role: /** @type {const} */ ("server"), words: ['x:(console.log("taken"),true),x'], bytes: "", cuts: [], isEachByte: false, end: null, acts: [] };
  const hash = `#s=${await toAddress(scenario)}`;
  await tab.evaluate((hash) => void (location.hash = hash), hash);
  await tab.waitForFunction(() => document.getElementById("copied")?.textContent?.includes("holds no scenario"), PATIENCE);
  const programs = await tab.evaluate(async () => {
    const { program } = await import(new URL("main.js", location.href).href);
    return ["javascript", "python", "vector"].map((format) => String(program(format)));
  });
  for (const program of programs) assert.doesNotMatch(program, /taken/);
  await tab.close();
});

test("a configuration is taken, or said to be none", async () => {
  await choose("accept-simple");
  const words = async (/** @type {string} */ text) => {
    await page.evaluate((text) => {
      const field = /** @type {HTMLInputElement} */ (document.getElementById("words"));
      field.value = text;
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }, text);
    await settled(page);
  };
  await words("start_line=10");
  assert.match((await seen()).fault, /Error 106 start-line-too-long/);
  await words("start_line=ten nonsense");
  assert.notEqual(await page.$eval("#words-fault", (said) => said.textContent), "");
});

test("a key in 10 kB draws an element per run, not per byte", async (t) => {
  await choose("");
  const fields = Array.from({ length: 60 }, (_, index) => `X-Field-${index}: ${"value ".repeat(8)}`).join("\n");
  const chunks = Array.from({ length: 100 }, (_, index) => `3c\n${String(index % 10).repeat(60)}`).join("\n");
  await paste(`POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n${fields}\n\n${chunks}\n0\n\n`);
  // The work is counted, since the time is that of the machine; `bench/playground.mjs` measures it.
  const { length, drawn } = await page.evaluate(async () => {
    const field = /** @type {HTMLTextAreaElement} */ (document.getElementById("text"));
    const observer = new MutationObserver(() => {});
    observer.observe(document.body, { childList: true, subtree: true, attributes: true, characterData: true });
    field.setRangeText("y", 60, 60, "end");
    field.dispatchEvent(new Event("input", { bubbles: true }));
    const changes = observer.takeRecords();
    observer.disconnect();
    const added = changes.flatMap(({ addedNodes }) => [...addedNodes]);
    const nodes = added.flatMap((node) => [node, ...(node instanceof Element ? node.querySelectorAll("*") : [])]);
    return { length: field.value.length, drawn: { changes: changes.length, nodes: nodes.length } };
  });
  t.diagnostic(`${browserName}: a key in ${length} bytes: ${JSON.stringify(drawn)}`);
  assert.ok(length > 10_000, String(length));
  assert.ok(drawn.nodes > 0 && drawn.nodes < 1_000, JSON.stringify(drawn));
});

test("the skip link leaves what was typed", async () => {
  await choose("");
  await paste("GET /mine HTTP/1.1\nHost: a\n\n");
  await page.evaluate(() => (location.hash = "#log"));
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.match((await seen()).text, /^GET \/mine/);
});

test("typing with keys changes what is shown", async () => {
  await choose("");
  await page.focus("#text");
  await page.keyboard.type("GET /typed HTTP/1.1\nHost: a\n\n");
  await settled(page);
  assert.match((await seen()).log[0] ?? "", /^= request GET \/typed 1\.1 @32/);
});

test("bytes that are too many are said to be", async () => {
  await choose("");
  const said = () => page.$eval("#text", (text) => /** @type {HTMLTextAreaElement} */ (text).validationMessage);
  await paste("\\{9999999999*a}");
  assert.match(await said(), /^a repetition of more than /);
  await paste("GET / HTTP/1.1\nHost: a\n\n");
  assert.equal(await said(), "");
  assert.match((await seen()).log[0] ?? "", /^= request GET/);
});

test("at three widths, light and dark: nothing sticks out, and the audit finds nothing", async () => {
  await choose("capture-docker-28.2.2-attach-request");
  assert.deepEqual([await audit(page), await overflow(page)], [[], 0]);
  await shot(page, "light");
  const night = isChrome ? browser : await launch(true);
  for (const [name, viewport] of Object.entries({ wide: WIDE, middle: MIDDLE, narrow: NARROW })) {
    for (const isDark of [false, true]) {
      const tab = await open(isDark ? night : browser, { viewport, isDark, hash: name === "narrow" ? "#case=chunked-and-length" : "#case=resume-server" });
      assert.equal(await tab.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), isDark);
      assert.deepEqual([await audit(tab), await overflow(tab)], [[], 0], `${name}, ${isDark ? "dark" : "light"}`);
      await shot(tab, isDark ? `${name}-dark` : name);
      await tab.close();
    }
  }
  if (night !== browser) await night.close();
});

test("the console has nothing to say", () => {
  assert.deepEqual(complaints, []);
});
