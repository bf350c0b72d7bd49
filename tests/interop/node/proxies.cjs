// A reverse proxy of npm, by its name and the port behind it; set up for WebSocket as its documentation says.
"use strict";
const http = require("node:http");

const [, , name, backend] = process.argv;
const proxy = require(name).createProxyServer({ target: `http://127.0.0.1:${backend}` });
// Taken from its documentation.
proxy.on("error", (error, request, answer) => answer.end?.());
const server = http.createServer((request, response) => proxy.web(request, response));
server.on("upgrade", (request, socket, head) => proxy.ws(request, socket, head));
server.listen(0, "127.0.0.1", () => console.log(`listening ${server.address().port}`));
