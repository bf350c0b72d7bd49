// Headless Chromium on the page of a report: it prints what the page shows as one JSON object.
//
//   report_page.cjs CHROMIUM PAGE FOLDER      screenshots are written to the folder
"use strict";
const { chromium } = require("playwright-core");
const axe = require("axe-core");
const path = require("node:path");
const { pathToFileURL } = require("node:url");

const [, , executablePath, page, folder] = process.argv;
const args = ["headless", "no-sandbox", "disable-gpu"].map((name) => `--${name}`);
const url = pathToFileURL(page).href;
const SIZES = { wide: { width: 1440, height: 900 }, narrow: { width: 390, height: 844 } };

/** Errors and warnings of the console; none are expected. */
const complaints = [];

async function open(browser, options, address = url) {
  const context = await browser.newContext(options);
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const tab = await context.newPage();
  tab.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(error.message));
  await tab.goto(address);
  return tab;
}

/** Returns the marks of a finding's timelines, as classes or texts, and their tips. */
function drawn(tab, id) {
  return tab.evaluate((id) => {
    const figures = [...document.querySelectorAll(`#${id} figure`)];
    return figures.map((figure) => ({
      marks: [...figure.querySelectorAll(".mark > :not(.ground)")].map((mark) => mark.textContent && mark.tagName === "text" ? mark.textContent : mark.getAttribute("class")),
      tips: [...figure.querySelectorAll(".mark title")].map((title) => title.textContent),
    }));
  }, id);
}

async function audited(tab) {
  await tab.evaluate(axe.source);
  const { violations } = await tab.evaluate(() => axe.run());
  return violations.map(({ id, nodes }) => `${id}: ${nodes[0].html.slice(0, 200)}`);
}

async function looked(browser, size, colorScheme) {
  const tab = await open(browser, { viewport: SIZES[size], colorScheme });
  await tab.waitForSelector("details.fail figure svg .mark");
  const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  await tab.screenshot({ path: path.join(folder, `report-${size}-${colorScheme}.png`) });
  const violations = await audited(tab);
  await tab.context().close();
  return { overflow, violations };
}

(async () => {
  const browser = await chromium.launch({ executablePath, args });
  try {
    const views = [];
    for (const size of Object.keys(SIZES)) for (const scheme of ["light", "dark"]) views.push(await looked(browser, size, scheme));
    const tab = await open(browser, { viewport: SIZES.wide });
    const counts = await tab.evaluate(() => [...document.querySelectorAll(".counts b")].map((count) => Number(count.textContent)));
    const states = () => tab.evaluate(() => Object.fromEntries([...document.querySelectorAll(".finding")].map((each) => [each.id, each.checkVisibility() && each.open])));
    const before = await states();
    const failed = await drawn(tab, "S46");
    const closed = await drawn(tab, "S30");
    await tab.click(".map a[href='#S30']");
    await tab.waitForSelector("#S30 figure svg .mark");
    const opened = { states: await states(), drawn: await drawn(tab, "S30") };
    await tab.click("#S46 .again button");
    const copied = await tab.evaluate(() => navigator.clipboard.readText());
    const again = await tab.evaluate(() => document.querySelector("#S46 .again pre").textContent);
    const links = await tab.evaluate(() => [...document.querySelectorAll("#S46 .links a")].map((link) => link.href));
    const clause = await tab.evaluate(() => document.querySelector("#S46 .rule a").href);
    const unscripted = await open(browser, { javaScriptEnabled: false }, `${url}#S46`);
    const text = await unscripted.locator("#S46").innerText();
    console.log(JSON.stringify({ views, counts, before, failed, closed, opened, isCopied: copied === again, again, links, clause, text, complaints }));
  } finally {
    await browser.close();
  }
})();
