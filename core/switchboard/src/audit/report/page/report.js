// The report of an audit: draws the timelines, and copies the commands that repeat findings.

import { blank, draw } from "./timeline.js";

/** Draws a figure's timeline at the figure's width; skips it while it is hidden. */
function redraw(figure) {
  const svg = figure.querySelector("svg");
  if (svg.clientWidth > 0) draw(svg, JSON.parse(figure.dataset.story), svg.clientWidth);
}

const watcher = new ResizeObserver((entries) => entries.forEach(({ target }) => redraw(target)));
for (const figure of document.querySelectorAll("figure")) {
  figure.append(blank());
  watcher.observe(figure);
}

function button(text, act) {
  const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
  made.addEventListener("click", () => act(made));
  return made;
}

async function copy(made, text) {
  const was = made.textContent;
  try {
    await navigator.clipboard.writeText(text);
    made.textContent = "Copied";
  } catch {
    // A page from a file may not write to the clipboard everywhere.
    made.textContent = "Select it, and copy it by hand";
  }
  setTimeout(() => (made.textContent = was), 2000);
}

for (const again of document.querySelectorAll(".again")) {
  const text = again.querySelector("pre").textContent;
  again.append(button("Copy", (made) => copy(made, text)));
}

for (const time of document.querySelectorAll("time[data-seconds]")) {
  const date = new Date(1000 * Number(time.dataset.seconds));
  time.dateTime = date.toISOString();
  time.textContent = `${date.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}, `;
}

/** Opens the details around the check that the address names, and shows it. */
function show() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target === null) return;
  for (let each = target; each; each = each.parentElement?.closest("details")) each.open = true;
  target.scrollIntoView();
}

addEventListener("hashchange", show);
show();
