// The browser of the tests: its program, its pages, and what is asked of each page.
//
// The environment names it: BROWSER is `chrome` or `firefox`, PROGRAM its path, PICTURES a folder for screenshots.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";

import axe from "axe-core";
import puppeteer from "puppeteer-core";

export const { BROWSER: browserName = "chrome", PROGRAM = "", PICTURES = "" } = process.env;
export const isChrome = browserName === "chrome";
/** The timeout of each step in milliseconds, long enough for a busy machine. */
export const PATIENCE = { timeout: 120_000 };
/** Unexpected lines of the browser's console. @type {string[]} */
export const complaints = [];

/** @typedef {import("puppeteer-core").Page} Page @typedef {import("puppeteer-core").Browser} Browser */

/** Starts the browser; only Firefox takes its color scheme from `isDark`. @param {boolean} [isDark] */
export function launch(isDark) {
  return puppeteer.launch({
    browser: isChrome ? "chrome" : "firefox",
    executablePath: PROGRAM,
    headless: true,
    timeout: 60_000,
    args: isChrome ? ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"] : [],
    ...(isChrome ? {} : { extraPrefsFirefox: { "layout.css.prefers-color-scheme.content-override": isDark ? 0 : 1 } }),
  });
}

/** Opens an empty page, whose errors and warnings go into `complaints`. @param {Browser} from */
export async function newPage(from) {
  const page = await from.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  page.on("console", (message) => ["error", "warn"].includes(message.type()) && complaints.push(`${page.url()}: ${message.text()}`));
  page.on("pageerror", (error) => complaints.push(`${page.url()}: ${error}`));
  return page;
}

/** Returns what axe finds wrong with a page. @param {Page} page @returns {Promise<string[]>} */
export async function audit(page) {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => Reflect.get(globalThis, "axe").run({ preload: false }));
  return violations.map((/** @type {any} */ { id, nodes }) => `${id}: ${nodes.map((/** @type {any} */ node) => node.target.join(" ")).join(", ")}`);
}

/** Returns by how many pixels a page is wider than its window. @param {Page} page */
export function overflow(page) {
  return page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
}

/** Takes a screenshot, if `PICTURES` names a folder for it. @param {Page} page @param {string} name */
export async function shot(page, name) {
  if (PICTURES === "") return;
  mkdirSync(PICTURES, { recursive: true });
  await page.screenshot({ path: /** @type {`${string}.png`} */ (join(PICTURES, `${browserName}-${name}.png`)), fullPage: name.includes("narrow") });
}
