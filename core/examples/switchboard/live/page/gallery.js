// What can be played: a button for each, and what there is to see.

/** Fills the gallery; `play` is called with an exhibit's name. */
export function fill(exhibits, play) {
  const about = document.getElementById("about");
  const buttons = exhibits.map(({ name, title, about: text }) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.exhibit = name;
    button.textContent = title;
    button.title = text;
    button.addEventListener("click", () => {
      about.textContent = text;
      play(name);
    });
    return button;
  });
  document.getElementById("exhibits").replaceChildren(...buttons);
}

/** What a browser can be the client of itself. */
export const IN_THE_BROWSER = {
  name: "websocket",
  title: "This browser’s WebSocket",
  about: "The page opens a WebSocket to /ws, sends a message, gets it back, and closes.",
};

/** As many as there may be. */
export const CROWD = {
  name: "crowd",
  title: "Two hundred at once",
  about: "All of these, many times over, at the same time.",
};

export function playWebSocket() {
  const socket = new WebSocket(`${location.origin.replace("http", "ws")}/ws`);
  socket.addEventListener("open", () => socket.send("hello from the browser"));
  socket.addEventListener("message", () => socket.close(1000));
}
