// The built-in servers of Deno and Bun: each sends a message and then echoes messages.
"use strict";

const tell = (port) => console.log(`listening ${port}`);
const hostname = "127.0.0.1";
const isPlain = (request) => new URL(request.url).pathname === "/plain";

async function plain(request) {
  await request.arrayBuffer();
  return new Response("in HTTP/1.1\n");
}

function deno() {
  Deno.serve({ hostname, port: 0, onListen: ({ port }) => tell(port) }, (request) => {
    if (isPlain(request) || !request.headers.get("upgrade")) return plain(request);
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
    fetch: (request, server) => (!isPlain(request) && server.upgrade(request) ? undefined : plain(request)),
    websocket: {
      maxPayloadLength: 1 << 24,
      open: (socket) => void socket.send("welcome"),
      message: (socket, data) => void socket.send(data),
    },
  });
  tell(server.port);
}

typeof Deno === "undefined" ? bun() : deno();
