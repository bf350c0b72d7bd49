// Tests of the site in a real browser, opened from its folder: every page is read, and the playground runs.
//
//   BROWSER=chrome|firefox PROGRAM=… SITE=… PICTURES=… node --test site.test.mjs

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import axe from "axe-core";
import puppeteer from "puppeteer-core";

const { BROWSER: browserName = "chrome", PROGRAM = "", SITE = "", PICTURES = "" } = process.env;
const options = { timeout: 240_000 };
const START = pathToFileURL(join(SITE, "index.html")).href;
/** @type {import("puppeteer-core").Browser} */
let browser;
/** @type {import("puppeteer-core").Page} */
let page;
/** Unexpected lines of the browser's console. @type {string[]} */
const complaints = [];

before(async () => {
  const isChrome = browserName === "chrome";
  browser = await puppeteer.launch({
    browser: isChrome ? "chrome" : "firefox",
    executablePath: PROGRAM,
    headless: true,
    timeout: 60_000,
    args: isChrome ? ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] : [],
  });
  page = await browser.newPage();
  page.setDefaultTimeout(30_000);
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && complaints.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
});
after(() => browser?.close());

/** Returns where the links of the page lead, without what is outside of the site. */
function links() {
  return page.evaluate(() => {
    const found = [...document.querySelectorAll("a[href]")].map((link) => String(Object(link).href));
    return found.map((href) => href.split("#")[0] ?? "").filter((href) => href.startsWith("file:"));
  });
}

test("every page that a link leads to opens, on a wide and on a narrow screen", options, async () => {
  const seen = new Set([START]);
  for (const address of seen) {
    await page.setViewport({ width: 1440, height: 900 });
    await page.goto(address);
    assert.notEqual(await page.title(), "", address);
    if (/\.(png|svg)$/.test(address)) continue;
    // All pages in one browser; in the other, those that the first one leads to.
    if (browserName === "chrome" || address === START) for (const link of await links()) seen.add(link);
    await page.setViewport({ width: 390, height: 740 });
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    assert(!isWide, `${address} is wider than a phone`);
  }
  assert(seen.size > (browserName === "chrome" ? 100 : 20), `${seen.size} pages`);
});

test("the documents are accessible, in light and in dark", options, async () => {
  await page.setViewport({ width: 1440, height: 900 });
  for (const name of ["index.html", "wasm/index.html", "core/docs/errors.html", "core/docs/states.html"]) {
    for (const value of browserName === "chrome" ? ["light", "dark"] : ["as it is"]) {
      if (browserName === "chrome") await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      await page.goto(new URL(name, START).href);
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => Reflect.get(globalThis, "axe").run({ preload: false }));
      assert.deepEqual(violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes[0].html}`), [], `${name}, ${value}`);
      if (PICTURES) {
        mkdirSync(PICTURES, { recursive: true });
        await page.screenshot({ path: /** @type {`${string}.png`} */ (join(PICTURES, `site-${browserName}-${name.replaceAll("/", "-")}-${value}.png`)) });
      }
    }
  }
});

test("the playground runs the engine, and leads back", options, async () => {
  await page.goto(new URL("wasm/playground/index.html#case=accept-simple", START).href);
  await page.waitForFunction(() => /101 Switching Protocols/.test(document.body.innerText));
  await page.click("header a");
  await page.waitForFunction((start) => location.href === start, {}, START);
});

test("the browser has not complained", () => {
  assert.deepEqual(complaints, []);
});
