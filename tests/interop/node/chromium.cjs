// Headless Chromium: it loads the page of the server, and the page acts as the client.
"use strict";
const { chromium } = require("playwright-core");
const { play } = require("./standard_client.cjs");

const [, , executablePath, page, socket] = process.argv;
const quiet = ["no-first-run", "disable-background-networking", "disable-component-update", "disable-sync"];
const args = ["headless", "no-sandbox", "disable-gpu", "disable-quic", ...quiet].map((name) => `--${name}`);

(async () => {
  const browser = await chromium.launch({ executablePath, args });
  try {
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    const tab = await context.newPage();
    await tab.goto(page);
    const hop = await tab.evaluate(() => performance.getEntriesByType("navigation")[0].nextHopProtocol);
    console.log(`${hop}: ${await tab.evaluate(play, socket)}`);
  } finally {
    await browser.close();
  }
})();
