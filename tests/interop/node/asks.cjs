// Clients that offer nothing, by name: Node's `fetch`, `undici` and `axios`. Each sends one request.
"use strict";
const clients = {
  fetch: async (url) => (await fetch(url)).text(),
  undici: async (url) => (await require("undici").request(url)).body.text(),
  axios: async (url) => (await require("axios").get(url, { proxy: false })).data,
};
const [, , name, url] = process.argv;
clients[name](url).then(console.log);
