// Servers by name: `upgrade` (http with an upgrade listener), `plain` (http without one), and `ws`, `faye` and
// `websocket` of npm.
"use strict";
const fs = require("node:fs");
const http = { ...require("node:http") };
const https = require("node:https");

const servers = {
  upgrade() {
    const server = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    return server.on("upgrade", (request, socket, head) => {
      // The first bytes are sent in one segment with the 101; bytes received with the request are echoed first.
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nwelcome\n");
      socket.write(head);
      socket.pipe(socket);
    });
  },
  plain() {
    return http.createServer(async (request, response) => {
      let bytes = 0;
      for await (const piece of request) bytes += piece.length;
      response.end(`${bytes} bytes came\n`);
    });
  },
  ws() {
    const { WebSocketServer } = require("ws");
    const server = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    new WebSocketServer({ server, maxPayload: 1 << 24 }).on("connection", (socket, request) => {
      // At `/ws` it only echoes, as the switchboard does.
      if (request.url === "/") socket.send("welcome");
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
      // A client's violation ends only its connection, not the server.
      socket.on("error", () => {});
    });
    return server;
  },
  faye() {
    const WebSocket = require("faye-websocket");
    const server = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    // Taken from its documentation.
    return server.on("upgrade", (request, socket, body) => {
      if (!WebSocket.isWebSocket(request)) return;
      const client = new WebSocket(request, socket, body);
      client.on("message", ({ data }) => client.send(data));
    });
  },
  websocket() {
    const { server: WebSocketServer } = require("websocket");
    const httpServer = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    new WebSocketServer({ httpServer, autoAcceptConnections: true }).on("connect", (client) => {
      client.on("message", ({ type, utf8Data, binaryData }) => {
        type === "utf8" ? client.sendUTF(utf8Data) : client.sendBytes(binaryData);
      });
    });
    return httpServer;
  },
};

// If a certificate and its key are given, the server uses TLS.
const [, , name, ...files] = process.argv;
if (files.length) {
  const [cert, key] = files.map((file) => fs.readFileSync(file));
  http.createServer = (listener) => https.createServer({ cert, key }, listener);
}
const server = servers[name]();
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
