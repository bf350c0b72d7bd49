// Servers for the probe, by name: `upgrade` (http with a listener), `plain` (http without one), `ws`.
"use strict";
const http = require("node:http");

const servers = {
  upgrade() {
    const server = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    return server.on("upgrade", (request, socket, head) => {
      // The first bytes leave in one segment with the 101, and what came after the request goes back first.
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo/1\r\n\r\nwelcome\n");
      socket.write(head);
      socket.pipe(socket);
    });
  },
  plain() {
    return http.createServer(async (request, response) => {
      let octets = 0;
      for await (const piece of request) octets += piece.length;
      response.end(`${octets} bytes came\n`);
    });
  },
  ws() {
    const { WebSocketServer } = require("ws");
    const server = http.createServer((request, response) => response.end("in HTTP/1.1\n"));
    new WebSocketServer({ server, maxPayload: 1 << 24 }).on("connection", (socket, request) => {
      // At `/ws` it is an echo and nothing else, as the switchboard is.
      if (request.url === "/") socket.send("welcome");
      socket.on("message", (data, isBinary) => socket.send(data, { binary: isBinary }));
    });
    return server;
  },
};

const server = servers[process.argv[2]]();
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
