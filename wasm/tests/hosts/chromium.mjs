// `chromium.mjs PLAYWRIGHT CHROMIUM PACKAGE RUNNER CASES` serves a page, opens it in Chromium, and prints the digests
// that the page sends.

import { createReadStream, existsSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import process from "node:process";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";

const [playwright = "", executablePath = "", packed = "", runner = "", cases = ""] = process.argv.slice(2);
/** @type {{ chromium: any }} */
const { chromium } = await import(pathToFileURL(join(playwright, "index.mjs")).href);

const FLAGS =
  "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking " +
  "--disable-component-update --disable-sync";
/** @type {Record<string, string>} */
const TYPES = { ".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm" };

/** Returns the file that the test's server sends for a URL's path. @param {string} path */
function fileOf(path) {
  const [, top = "", ...rest] = normalize(path).split("/");
  if (top === "cases") return cases;
  if (top === "page.html") return join(import.meta.dirname, top);
  return join({ package: packed, runner }[top] ?? "nowhere", ...rest);
}

/** @type {(digests: string) => void} */
let finish = () => {};
/** @type {Promise<string>} */
const digests = new Promise((resolve) => (finish = resolve));
const server = createServer(async (request, response) => {
  if (request.method === "POST") {
    finish(await text(request));
    return response.end();
  }
  const file = fileOf(request.url ?? "/");
  if (!existsSync(file)) return response.writeHead(404).end();
  response.writeHead(200, { "content-type": TYPES[extname(file)] ?? "text/plain" });
  return createReadStream(file).pipe(response);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
const address = server.address();
const port = typeof address === "object" ? address?.port : undefined;

const browser = await chromium.launch({ executablePath, args: FLAGS.split(" ") });
try {
  const page = await browser.newPage();
  const failed = new Promise((_, reject) => page.on("pageerror", reject));
  page.on("console", (/** @type {any} */ message) => console.error(message.text()));
  await page.goto(`http://127.0.0.1:${port}/page.html`);
  process.stdout.write(String(await Promise.race([digests, failed])));
} finally {
  await browser.close();
  server.close();
}
