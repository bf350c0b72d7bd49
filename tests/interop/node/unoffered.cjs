// Node's own `http` as a client: it offers `foo/2` and prints the protocol that the server has switched to.
"use strict";
const http = require("node:http");

const request = http.get(process.argv[2], { headers: { Connection: "Upgrade", Upgrade: "foo/2" } });
request.on("upgrade", (response, socket) => {
  console.log(response.headers.upgrade);
  socket.destroy();
});
