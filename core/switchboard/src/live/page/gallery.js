// The demonstrations that can be played: a button for each, grouped by outcome, with a description.

const GROUPS = [
  ["switches", "It becomes something else"],
  ["stays", "It stays HTTP/1.1"],
  ["fails", "It is refused"],
  ["many", "Many"],
];

const demos = new Map();

/** Returns the demonstration with a name, or `null`. */
export const demo = (name) => demos.get(name) ?? null;

/** Fills the gallery with buttons; a click calls `play` with its name. */
export function fill(exhibits, play) {
  for (const exhibit of exhibits) demos.set(exhibit.name, exhibit);
  const groups = GROUPS.map(([group, title]) => {
    const heading = Object.assign(document.createElement("h3"), { textContent: title });
    const buttons = exhibits.filter((exhibit) => exhibit.group === group).map((exhibit) => button(exhibit, play));
    const part = document.createElement("div");
    part.append(heading, ...buttons);
    return part;
  });
  document.getElementById("exhibits").replaceChildren(...groups);
}

/** Marks a button of the gallery as pressed, and no other; `null` for none. */
export function press(pressed) {
  for (const button of document.querySelectorAll("#exhibits button")) button.setAttribute("aria-pressed", String(button === pressed));
}

function button({ name, title, path, about }, play) {
  const made = Object.assign(document.createElement("button"), { type: "button", title: about });
  made.dataset.exhibit = name;
  made.setAttribute("aria-pressed", "false");
  made.append(title, " ", Object.assign(document.createElement("code"), { className: "path", textContent: path }));
  made.addEventListener("click", () => {
    // On a phone the buttons are a strip, which scrolls to the pressed one.
    const strip = document.getElementById("exhibits");
    strip.scrollLeft = Math.min(Math.max(strip.scrollLeft, made.offsetLeft + made.offsetWidth - strip.offsetLeft - strip.clientWidth), made.offsetLeft - strip.offsetLeft);
    press(made);
    play(name);
  });
  return made;
}

/** The demonstration in which the browser itself is the client, over a WebSocket. */
export const IN_THE_BROWSER = {
  name: "websocket",
  group: "switches",
  title: "This browser’s WebSocket",
  path: "GET /ws",
  about: "The page sends a message, gets it back, and closes.",
};

/** The demonstration that audits this server, on many connections. */
export const AUDIT = {
  name: "audit",
  group: "many",
  title: "The audit",
  path: "all paths",
  about: "What must change nothing, after the same without it.",
};

/** The demonstration that opens two hundred connections at once. */
export const CROWD = {
  name: "crowd",
  group: "many",
  title: "Two hundred at once",
  path: "all of these",
  about: "Each of them many times over, at the same time.",
};

export function playWebSocket() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  socket.addEventListener("open", () => socket.send("hello from the browser"));
  socket.addEventListener("message", () => socket.close(1000));
}
