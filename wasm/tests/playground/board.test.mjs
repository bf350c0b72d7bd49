// Tests of the switchboard's page in a real browser: its look, and what is in sight. `tests/interop` clicks through the rest.
//
//   BROWSER=chrome|firefox PROGRAM=… ORIGIN=… [PICTURES=…] node --test board.test.mjs

import assert from "node:assert/strict";
import process from "node:process";
import { after, before, test } from "node:test";

import { audit, browserName, complaints, isChrome, launch, newPage, overflow, PATIENCE, shot } from "./browser.mjs";

const { ORIGIN = "" } = process.env;
const WIDTHS = { wide: { width: 1440, height: 900 }, middle: { width: 1024, height: 768 }, phone: { width: 390, height: 844 } };
const options = { timeout: 240_000 };
/** @type {import("puppeteer-core").Browser} */
let browser;

before(async () => {
  browser = await launch(false);
});
after(() => browser?.close());

/** Opens the page and plays a demonstration to its end. @param {import("puppeteer-core").Page} page @param {string} name */
async function play(page, name) {
  await page.goto(new URL("/", ORIGIN).href);
  await page.waitForSelector("#link.up");
  await page.locator(`[data-exhibit="${name}"]`).click();
  await page.waitForFunction(() => document.getElementById("demo")?.textContent !== "" && document.querySelector("#lines .verdict") !== null, PATIENCE);
}

for (const [name, viewport] of Object.entries(WIDTHS)) {
  for (const scheme of ["light", "dark"]) {
    test(`${name}, ${scheme}: input, result and meaning are in sight, and axe finds nothing`, options, async () => {
      const isDark = scheme === "dark";
      const own = !isChrome && isDark ? await launch(true) : browser;
      const page = await newPage(own);
      await page.setViewport(viewport);
      if (isChrome) await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
      await play(page, "smuggling");
      assert.equal(await page.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), isDark);
      await page.evaluate(() => scrollTo(0, 0));
      const hidden = await page.evaluate(() => {
        const parts = [...document.querySelectorAll("#exhibits, #own summary, #outcome, #lines, #meaning h3, #meaning p:first-of-type")];
        return parts.filter((part) => part.getBoundingClientRect().height === 0 || part.getBoundingClientRect().bottom > innerHeight).map(({ id, textContent }) => id || textContent);
      });
      assert.deepEqual(hidden, []);
      assert.deepEqual([await audit(page), await overflow(page)], [[], 0]);
      await shot(page, `board-${name}-${scheme}`);
      await page.close();
      if (own !== browser) await own.close();
    });
  }
}

test("by keyboard: a button, the lines, the connections, and bytes of one's own", options, async () => {
  const page = await newPage(browser);
  await page.setViewport(WIDTHS.wide);
  await play(page, "accept");
  await page.focus("#lines");
  await page.keyboard.press("Home");
  const meaning = () => page.$eval("#meaning", ({ textContent }) => textContent);
  assert.match(await meaning(), /^A connection/);
  await page.keyboard.press("ArrowDown");
  assert.match(await meaning(), /^Method GET/);
  await page.keyboard.press("End");
  assert.match(await meaning(), /^The outcome/);
  for (let count = 0; count < 8; count++) await play(page, "accept");
  await page.focus("#connections");
  const isSeen = () =>
    page.evaluate(() => {
      const [list, row] = ["#connections", "#connections .active"].map((at) => document.querySelector(at)?.getBoundingClientRect());
      return row !== undefined && list !== undefined && row.top >= list.top - 1 && row.bottom <= list.bottom + 1;
    });
  for (const key of /** @type {const} */ (["End", "ArrowUp", "Home", "ArrowDown"])) {
    await page.keyboard.press(key);
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    assert.ok(await isSeen(), `the active row is out of sight after ${key}`);
  }
  await page.focus("#bytes");
  await page.$eval("#bytes", (field) => Object.assign(field, { value: "GET /plain HTTP/1.1\nHost: a\nConnection: close\n\n" }));
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => /^GET \/plain: /.test(document.getElementById("outcome")?.textContent ?? "") && document.querySelector("#lines .verdict") !== null, PATIENCE);
  assert.match(await meaning(), /^Decision: respond.*The server sends a whole response/);
  await page.close();
});

test("an address or a text that is too long, or none, leaves the page usable", options, async () => {
  const page = await newPage(browser);
  await page.setViewport(WIDTHS.wide);
  await page.goto(new URL("/#send=%", ORIGIN).href);
  await page.waitForSelector("#link.up");
  const typed = () => page.$eval("#bytes", (field) => /** @type {HTMLTextAreaElement} */ (field).value);
  assert.match(await typed(), /^GET \/foo/);
  await page.$eval("#bytes", (field) => Object.assign(field, { value: "x".repeat(70_000) }));
  await page.click("#send");
  assert.match(await page.$eval("#bytes-hint", ({ textContent }) => textContent), /At most 65536 bytes.*70000/);
  // The skip link changes the address, and nothing else.
  await page.evaluate(() => (location.hash = "#story"));
  assert.equal((await typed()).length, 70_000);
  assert.equal(await page.$eval("#link", ({ className }) => className), "up");
  await page.close();
});

test(`${browserName} has nothing to say`, () => {
  assert.deepEqual(complaints, []);
});
