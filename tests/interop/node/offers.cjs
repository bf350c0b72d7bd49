// Node's own `http` as a client: it offers `foo/2`, and sends a line if the server accepts.
"use strict";
const http = require("node:http");

const request = http.get(process.argv[2], { headers: { Connection: "Upgrade", Upgrade: "foo/2" } });
request.on("upgrade", (response, socket) => socket.resume().write("hello\n"));
request.on("response", (response) => response.resume());
