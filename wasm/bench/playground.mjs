// Measures how long the playground's page is blocked with 10 kB of input, whole and byte by byte, in a real browser.
//
// `playground.mjs BROWSER PROGRAM` (chrome or firefox, and its path) prints the time of a click, of a key and of a
// choice in the log, including layout: median and worst of 20. Then the longest pause in the next 2 seconds. Needs
// `npm ci --prefix tests/playground` and a built package.

import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { extname, join } from "node:path";
import process from "node:process";

const [browser = "chrome", executablePath = ""] = process.argv.slice(2);
const home = join(import.meta.dirname, "..");
const puppeteer = createRequire(join(home, "tests/playground/package.json"))("puppeteer-core");
/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

const server = createServer((request, response) => {
  const { pathname } = new URL(request.url ?? "", "http://a");
  const file = join(home, pathname.endsWith("/") ? `${pathname}index.html` : pathname);
  response.setHeader("Content-Type", TYPES[extname(file)] ?? "text/plain");
  createReadStream(file).on("error", () => response.writeHead(404).end()).pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const { port } = Object(server.address());

/**
 * The inputs of 10 kB that are measured, by name.
 * @type {Record<string, string>}
 */
const INPUTS = {
  "one head, chunks": [
    "POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked",
    ...Array.from({ length: 60 }, (_, index) => `X-Field-${index}: ${"value ".repeat(8)}`),
    "",
    ...Array.from({ length: 100 }, (_, index) => `3c\n${String(index % 10).repeat(60)}`),
    "0\n\n",
  ].join("\n"),
  "300 requests": "GET /a/path HTTP/1.1\nHost: a\n\n".repeat(300),
  "content of one length": `POST / HTTP/1.1\nHost: a\nContent-Length: 10000\n\n${"x".repeat(10_000)}`,
};

const driven = await puppeteer.launch({ browser, executablePath, headless: true, args: browser === "chrome" ? ["--no-sandbox", "--disable-gpu"] : [] });
try {
  const page = await driven.newPage();
  await page.goto(`http://127.0.0.1:${port}/playground/`);
  await page.waitForSelector("#each");
  console.log(`${browser}: milliseconds, median and worst of 20`.padEnd(52), "whole".padStart(14), "byte by byte".padStart(14));
  for (const [name, text] of Object.entries(INPUTS)) {
    const figures = await page.evaluate(measured, text);
    for (const [what, [whole, each]] of Object.entries(figures)) console.log(`${name}: ${what}`.padEnd(52), whole?.padStart(14), each?.padStart(14));
  }
} finally {
  await driven.close();
  server.close();
}

/**
 * Measures the page's actions with an input; runs in the page.
 * @param {string} text @returns {Promise<Record<string, string[]>>}
 */
async function measured(text) {
  const at = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
  const field = /** @type {HTMLTextAreaElement} */ (at("text"));
  const rest = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 0)));
  /** @param {(round: number) => void} act */
  async function timed(act) {
    const times = [];
    for (let round = 0; round < 20; round++) {
      const begun = performance.now();
      act(round);
      void document.body.offsetHeight;
      times.push(performance.now() - begun);
      await rest();
    }
    times.sort((one, other) => one - other);
    return `${times[10]?.toFixed(1)}, ${times[19]?.toFixed(1)}`;
  }
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await rest();
  if (at("each").getAttribute("aria-pressed") === "true") at("each").click();
  /** @type {Record<string, string[]>} */
  const figures = { "a click on Byte by byte": ["", await timed(() => at("each").click())], "a key": [], "a step on": [] };
  for (const isEach of [false, true]) {
    if ((at("each").getAttribute("aria-pressed") === "true") !== isEach) at("each").click();
    figures["a key"]?.push(await timed((round) => {
      field.setRangeText("y", 7 + round, 7 + round, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }));
    const entries = () => /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".entry"));
    figures["a step on"]?.push(await timed((round) => entries()[round % entries().length]?.click()));
    // The possible decisions are tried once nothing changes any more; this measures how long that blocks the page.
    let longest = 0;
    for (let last = performance.now(), end = last + 2000; last < end; ) {
      await new Promise((resolve) => setTimeout(resolve, 0));
      const now = performance.now();
      longest = Math.max(longest, now - last);
      last = now;
    }
    (figures["the longest pause in 2 s after it"] ??= []).push(longest.toFixed(1));
  }
  return figures;
}
