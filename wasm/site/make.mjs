// Makes the site from the documents and the playground: `make.mjs FOLDER`. Every link is checked.

import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { build } from "esbuild";
import { Marked } from "marked";
import { getHeadingList, gfmHeadingId, resetHeadings } from "marked-gfm-heading-id";

const ROOT = resolve(import.meta.dirname, "../..");
const [site = ""] = process.argv.slice(2);

/** The documents by their names in the menu, in its order. */
const DOCUMENTS = {
  "README.md": "switchover",
  "core/tokio/README.md": "tokio",
  "ffi-c/README.md": "C",
  "py/README.md": "Python",
  "wasm/README.md": "JavaScript",
  "core/docs/states.md": "States",
  "core/docs/errors.md": "Errors",
  "core/docs/coming-from.md": "Coming from",
  "core/docs/performance.md": "Figures",
  "core/docs/security.md": "Security",
  "core/docs/decisions.md": "Decisions",
  "core/docs/audit.md": "Audit",
  "core/docs/architecture.md": "Architecture",
  "core/docs/testing.md": "Tests",
};
const PLAYGROUND = "wasm/playground/index.html";

/** The pages that are made, by the files that they show. @type {Map<string, string>} */
const pages = new Map(Object.keys(DOCUMENTS).map((file) => [file, pageOf(file)]));
pages.set("wasm/playground/README.md", "wasm/playground/README.html");
/** The documents, folders and files that are still to be written. @type {string[]} */
const waiting = [...pages.keys()];
pages.set("wasm/playground", PLAYGROUND);
/** The links that are faulty, each with its fault. @type {string[]} */
const faults = [];
/** The identifiers that links may lead to, for the page of each document. @type {Map<string, Set<string>>} */
const identifiers = new Map();
/** The links that lead to an identifier of a page. @type {{ from: string, page: string, identifier: string }[]} */
const places = [];

/** Returns the page that shows a file or a folder. @param {string} file */
function pageOf(file) {
  if (file === "README.md") return "index.html";
  if (statSync(join(ROOT, file)).isDirectory()) return `${file}/index.html`;
  if (!file.endsWith(".md")) return /\.(png|svg)$/.test(file) ? file : `${file}.html`;
  return file.replace(/(?:(?<=\/)README)?\.md$/, (end) => (end.startsWith("README") ? "index.html" : ".html"));
}

/**
 * Returns where a link of a document leads, as seen from its page.
 *
 * What it leads to becomes part of the site.
 * @param {string} file @param {string} link
 */
function leading(file, link) {
  if (/^[a-z]+:/.test(link)) return link;
  const [path = "", identifier = ""] = link.split("#");
  const named = path === "" ? file : relative(ROOT, resolve(ROOT, dirname(file), path));
  // A folder is shown by its own document.
  const to = !pages.has(named) && existsSync(join(ROOT, named, "README.md")) ? join(named, "README.md") : named;
  if (!existsSync(join(ROOT, to)) || to.startsWith("..")) {
    faults.push(`${file}: ${link} leads nowhere`);
    return link;
  }
  if (!pages.has(to)) {
    pages.set(to, pageOf(to));
    waiting.push(to);
  }
  const page = pages.get(to) ?? "";
  if (identifier) places.push({ from: file, page, identifier });
  const seen = relative(dirname(pages.get(file) ?? ""), page) || basename(page);
  return identifier ? `${seen}#${identifier}` : seen;
}

/** @param {string} text */
const escaped = (text) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);

/** Returns the links of the menu, as seen from a page. @param {string} page */
function menuOf(page) {
  const menu = Object.entries(DOCUMENTS).map(([file, name]) => [pages.get(file) ?? "", name]);
  menu.splice(1, 0, [PLAYGROUND, "Playground"]);
  const links = menu.map(([to = "", name]) => {
    const seen = relative(dirname(page), to) || basename(to);
    return `<a href="${seen}"${to === page ? ' aria-current="page"' : ""}>${name}</a>`;
  });
  return links.join("\n    ");
}

/**
 * Returns a page's HTML: its content between the parts that all pages share.
 * @param {string} page @param {string} title @param {string} content
 */
function framed(page, title, content) {
  const from = (/** @type {string} */ to) => relative(dirname(page), to) || basename(to);
  return `<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <meta name="color-scheme" content="light dark">
  <title>${escaped(title)}</title>
  <link rel="stylesheet" href="${from("wasm/playground/theme.css")}">
  <link rel="stylesheet" href="${from("style.css")}">
</head>
<body class="document">
  <a class="skip" href="#content">To the content</a>
  <nav aria-label="Pages">${menuOf(page)}</nav>
  <main id="content" tabindex="-1">
${content}
  </main>
</body>
</html>
`;
}

/** Writes a page of the site, and creates its folders. @param {string} page @param {string} content */
function write(page, content) {
  mkdirSync(dirname(join(site, page)), { recursive: true });
  writeFileSync(join(site, page), content);
}

/** Writes the page of a document. @param {string} file */
function writeDocument(file) {
  const marked = new Marked(gfmHeadingId(), {
    walkTokens(token) {
      if (token.type === "link" || token.type === "image") token.href = leading(file, token.href);
      if (token.type === "html" && /\b(href|src)=/.test(token.raw)) faults.push(`${file}: a link that is not checked: ${token.raw}`);
    },
  });
  resetHeadings();
  const content = /** @type {string} */ (marked.parse(readFileSync(join(ROOT, file), "utf8")));
  const headings = getHeadingList();
  const page = pages.get(file) ?? "";
  identifiers.set(page, new Set(["content", ...headings.map(({ id }) => id)]));
  const title = headings[0]?.raw.replaceAll("`", "") ?? file;
  // A table may be wider than a phone.
  let tables = 0;
  const scrolling = content
    .replaceAll("<table>", () => `<div class="wide" tabindex="0" role="region" aria-label="Table ${++tables}"><table>`)
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<th></th>", "<td></td>");
  write(page, framed(page, title, scrolling.replaceAll("<pre>", '<pre tabindex="0">')));
}

/** Writes the page of a folder: a list of its files. @param {string} folder */
function writeFolder(folder) {
  const names = readdirSync(join(ROOT, folder)).filter((name) => !/^(\.|node_modules$|__pycache__$)/.test(name));
  const items = names.map((name) => `<li><a href="${escaped(encodeURI(leading(folder, `${basename(folder)}/${name}`)))}">${escaped(name)}</a></li>`);
  const page = pages.get(folder) ?? "";
  write(page, framed(page, folder, `<h1><code>${escaped(folder)}</code></h1>\n<ul>\n${items.join("\n")}\n</ul>`));
}

/** Writes the page of a file with its text, or copies an image. @param {string} file */
function writeFile(file) {
  const page = pages.get(file) ?? "";
  if (page === file) {
    mkdirSync(dirname(join(site, page)), { recursive: true });
    return copyFileSync(join(ROOT, file), join(site, page));
  }
  const text = escaped(readFileSync(join(ROOT, file), "utf8"));
  write(page, framed(page, file, `<h1><code>${escaped(file)}</code></h1>\n<pre tabindex="0"><code>${text}</code></pre>`));
}

/**
 * Writes the playground as one script, with the engine in it.
 *
 * A page that is opened from a folder may not load modules.
 */
async function writePlayground() {
  const home = join(ROOT, "wasm/playground");
  const module = readFileSync(join(ROOT, "wasm/dist/switchover.wasm")).toString("base64");
  const engine = `
import { initSync } from "./index.js";
initSync(Uint8Array.from(atob("${module}"), (character) => character.charCodeAt(0)));
export * from "./index.js";
`;
  await build({
    entryPoints: [join(home, "main.js")],
    outfile: join(site, dirname(PLAYGROUND), "main.js"),
    bundle: true,
    minify: true,
    format: "iife",
    logLevel: "error",
    plugins: [
      {
        name: "engine",
        setup: ({ onLoad }) => onLoad({ filter: /dist\/bytes\.js$/ }, ({ path }) => ({ contents: engine, resolveDir: dirname(path) })),
      },
    ],
  });
  for (const style of ["theme.css", "layout.css", "style.css"]) copyFileSync(join(home, style), join(site, "wasm/playground", style));
  const page = readFileSync(join(home, "index.html"), "utf8");
  write(
    PLAYGROUND,
    page
      .replace(/ *<meta http-equiv="Content-Security-Policy"[^>]*>\n/, "")
      .replace('<script type="module" src="main.js"></script>', '<script defer src="main.js"></script>')
      // The menu of the switchboard would lead nowhere here.
      .replace(/<nav id="pages"[^]*?<\/nav>/, `<nav aria-label="Pages">${menuOf(PLAYGROUND)}</nav>`),
  );
}

if (existsSync(site) && readdirSync(site).length > 0 && !existsSync(join(site, PLAYGROUND))) {
  throw new Error(`${site} holds something other than a site`);
}
rmSync(site, { recursive: true, force: true });
mkdirSync(site, { recursive: true });
copyFileSync(join(import.meta.dirname, "style.css"), join(site, "style.css"));
await writePlayground();
for (let file; (file = waiting.shift()) !== undefined; ) {
  if (file.endsWith(".md")) writeDocument(file);
  else if (statSync(join(ROOT, file)).isDirectory()) writeFolder(file);
  else writeFile(file);
}
for (const { from, page, identifier } of places) {
  if (!identifiers.get(page)?.has(identifier)) faults.push(`${from}: ${page} has no #${identifier}`);
}
for (const fault of faults) console.error(fault);
console.log(`${pages.size + 1} pages and files in ${site}, ${faults.length} links that lead nowhere`);
process.exitCode = faults.length > 0 ? 1 : 0;
