// What can be played: a button for each, by how it comes out, with what there is to see.

const GROUPS = [
  ["switches", "It becomes something else"],
  ["stays", "It stays HTTP/1.1"],
  ["fails", "It is refused"],
  ["many", "Many"],
];

/** Fills the gallery; `play` is called with an exhibit's name. */
export function fill(exhibits, play) {
  const groups = GROUPS.map(([group, title]) => {
    const heading = Object.assign(document.createElement("h3"), { textContent: title });
    const buttons = exhibits.filter((exhibit) => exhibit.group === group).map((exhibit) => button(exhibit, play));
    const part = document.createElement("div");
    part.append(heading, ...buttons);
    return part;
  });
  document.getElementById("exhibits").replaceChildren(...groups);
}

function button({ name, title, path, about }, play) {
  const made = document.createElement("button");
  made.type = "button";
  made.dataset.exhibit = name;
  const part = (kind, className, textContent) => Object.assign(document.createElement(kind), { className, textContent });
  made.append(part("b", "", title), " ", part("code", "path", path), " ", part("span", "about", about));
  made.addEventListener("click", () => play(name));
  return made;
}

/** The demonstrations that a browser can be the client of itself. */
export const IN_THE_BROWSER = {
  name: "websocket",
  group: "switches",
  title: "This browser’s WebSocket",
  path: "GET /ws",
  about: "The page sends a message, gets it back, and closes.",
};

/** The command that audits this server, each check on connections of its own. */
export const AUDIT = {
  name: "audit",
  group: "many",
  title: "The audit",
  path: "all paths",
  about: "What must change nothing, after the same without it.",
};

/** The number of connections in the crowd. */
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
