// Tests of the site in a real browser, opened from its folder: every page is read, and the playground runs.
//
//   BROWSER=chrome|firefox PROGRAM=… SITE=… PICTURES=… node --test site.test.mjs

import assert from "node:assert/strict";
import { join } from "node:path";
import process from "node:process";
import { after, before, test } from "node:test";
import { pathToFileURL } from "node:url";

import { audit, complaints, isChrome, launch, newPage, overflow, shot } from "./browser.mjs";

const { SITE = "" } = process.env;
const options = { timeout: 240_000 };
const START = pathToFileURL(join(SITE, "index.html")).href;
/** @type {import("puppeteer-core").Browser} */
let browser;
/** @type {import("puppeteer-core").Page} */
let page;

before(async () => {
  browser = await launch(false);
  page = await newPage(browser);
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
    if (isChrome || address === START) for (const link of await links()) seen.add(link);
    await page.setViewport({ width: 390, height: 740 });
    assert((await overflow(page)) <= 0, `${address} is wider than a phone`);
  }
  assert(seen.size > (isChrome ? 100 : 20), `${seen.size} pages`);
});

test("the documents are accessible, in light and in dark", options, async () => {
  await page.setViewport({ width: 1440, height: 900 });
  for (const name of ["index.html", "wasm/index.html", "core/docs/errors.html", "core/docs/states.html"]) {
    for (const value of isChrome ? ["light", "dark"] : ["as it is"]) {
      if (isChrome) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value }]);
      await page.goto(new URL(name, START).href);
      assert.deepEqual(await audit(page), [], `${name}, ${value}`);
      await shot(page, `site-${name.replaceAll("/", "-")}-${value}`);
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
