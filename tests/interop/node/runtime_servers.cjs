// The servers that Deno and Bun come with: an echo of messages that speaks first.
"use strict";

const tell = (port) => console.log(`listening ${port}`);
const hostname = "127.0.0.1";

function deno() {
  Deno.serve({ hostname, port: 0, onListen: ({ port }) => tell(port) }, (request) => {
    if (!request.headers.get("upgrade")) return new Response("in HTTP/1.1\n");
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.addEventListener("open", () => socket.send("welcome"));
    socket.addEventListener("message", ({ data }) => socket.send(data));
    return response;
  });
}

function bun() {
  const server = Bun.serve({
    hostname,
    port: 0,
    fetch: (request, server) => (server.upgrade(request) ? undefined : new Response("in HTTP/1.1\n")),
    websocket: {
      maxPayloadLength: 1 << 24,
      open: (socket) => void socket.send("welcome"),
      message: (socket, data) => void socket.send(data),
    },
  });
  tell(server.port);
}

typeof Deno === "undefined" ? bun() : deno();
