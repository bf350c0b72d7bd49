// More WebSocket clients of npm, by name: each sends a line and stays connected.
"use strict";
const clients = {
  faye(url) {
    const { Client } = require("faye-websocket");
    const client = new Client(url);
    client.on("open", () => client.send("hello"));
    client.on("error", ({ message }) => console.error(message));
    client.on("close", () => process.exit(0));
  },
  websocket(url) {
    const { client: Client } = require("websocket");
    const client = new Client();
    client.on("connectFailed", (error) => console.error(String(error)));
    client.on("connect", (connection) => connection.on("error", console.error).sendUTF("hello"));
    client.connect(url);
  },
};
clients[process.argv[2]](process.argv[3]);
