// Tests of `switchover/core` in the published package: what it supports, and what throws an `Error` because it is
// missing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { pathToFileURL } from "node:url";

const consumer = process.env["CONSUMER"] ?? assert.fail("CONSUMER is the folder that the package was installed in");
const entry = createRequire(join(consumer, "package.json")).resolve("switchover/core");
/** @type {typeof import("switchover/core")} */
const core = await import(pathToFileURL(entry).href);
const { Connection, Prepared } = core;

const ABSENT = /^switchover\/core knows no particular protocols: import switchover,/;

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** @param {Uint8Array} bytes */
const text = (bytes) => String.fromCharCode(...bytes);

function pair() {
  return { client: new Connection("client"), server: new Connection("server") };
}

/** Runs a script in another process, in the folder with the installed package. @param {string} script */
function alone(script) {
  const options = /** @type {const} */ ({ cwd: consumer, encoding: "utf8" });
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", script], options);
  return stdout + stderr;
}

test("a request and its answer", () => {
  const { client, server } = pair();
  server.receive(client.sendRequest({ method: "POST", target: "/a?b", headers: { Host: "a", "Content-Length": "2" } }));
  server.receive(client.sendData(bytesOf("hi")));
  const request = server.nextEvent();
  assert(request.kind === "request");
  assert.deepEqual([request.method, request.target, request.headers.get("host")], ["POST", "/a?b", "a"]);
  const data = server.nextEvent();
  assert(data.kind === "data" && text(data.data) === "hi");
  assert.deepEqual([server.advance(), server.advance()], ["end-of-message", "paused"]);
  const prepared = new Prepared({ status: 200, headers: { Server: "core" } }, bytesOf("well"));
  client.receive(server.respondPrepared(prepared));
  const response = client.nextEvent();
  assert(response.kind === "response" && response.status === 200 && response.headers.get("server") === "core");
  const content = client.nextEvent();
  assert(content.kind === "data" && text(content.data) === "well");
  assert.deepEqual([client.advance(), client.awaiting, server.advance()], ["end-of-message", "caller", "need-data"]);
});

test("a peer's mistake has its number, its sentence and its answer", () => {
  const { server } = pair();
  server.receive(bytesOf("GET / HTTP/1.1\r\nHost : a\r\n\r\n"));
  assert.throws(() => server.nextEvent(), { code: 202, kind: "space-before-colon", status: 400, clause: "RFC 9112, 5.1" });
  assert.match(text(server.respond({ status: 400 })), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("an upgrade to a protocol of one's own, on both sides", () => {
  const { client, server } = pair();
  server.receive(client.sendRequest({ method: "GET", target: "/", headers: { Host: "a" }, offer: ["bar", "foo/2"] }));
  const request = server.nextEvent();
  assert(request.kind === "request");
  assert.deepEqual(request.offers.map(({ protocol, ineligible }) => [protocol, ineligible]), [["bar", null], ["foo/2", null]]);
  assert.equal(server.advance(), "end-of-message");
  const selection = server.select(["foo/2"]);
  assert(selection !== null);
  client.receive(server.accept(selection));
  client.receive(bytesOf("hello"));
  for (const end of [server, client]) {
    const switched = end.nextEvent();
    assert(switched.kind === "switched");
    assert.deepEqual([switched.protocols, end.agreed, end.maySpeak], [["foo/2"], ["foo/2"], true]);
    assert.equal(text(switched.leftover), end === client ? "hello" : "");
  }
});

test("what particular protocols ask for is not there, and says so", () => {
  const { client, server } = pair();
  server.receive(client.sendRequest({ method: "GET", target: "/", headers: { Host: "a" }, offer: ["websocket"] }));
  const request = server.nextEvent();
  // `websocket` is a protocol like any other here: no key is required, so a missing one does not matter.
  assert(request.kind === "request" && request.offers[0]?.ineligible === null);
  for (const ask of [
    () => server.subprotocols,
    () => server.selectSubprotocol(["chat"]),
    () => server.selectDeflate(),
    () => server.endToEnd,
    () => server.forwardable,
    () => server.http2Request,
    () => server.extendedConnect("websocket"),
    () => server.http2Fields,
  ]) {
    assert.throws(ask, { name: "Error", message: ABSENT });
  }
  // The failed calls have changed nothing, and the connection can still be used.
  assert.equal(server.request?.method, "GET");
  for (const name of ["Splice", "Capsules", "Deflate", "websocketKey", "http1Fields", "initSync"]) assert(!(name in core), name);
  const missing = alone(`import { Splice } from "switchover/core";`);
  assert.match(missing, /does not provide an export named 'Splice'/);
});

test("who imports both gets the module that knows everything, in either order", () => {
  const both = ["switchover/core", "switchover"];
  for (const [first, second] of [both, both.toReversed()]) {
    const script = `
      import * as one from "${first}";
      import * as other from "${second}";
      const { websocketKey } = "websocketKey" in one ? one : other;
      new one.Connection("server");
      console.log(one.Connection === other.Connection, websocketKey(new Uint8Array(16)));`;
    assert.equal(alone(script), "true AAAAAAAAAAAAAAAAAAAAAA==\n");
  }
});

test("who has made a connection before importing the rest hears of it", () => {
  const script = `
    import { Connection } from "switchover/core";
    new Connection("server");
    const { websocketKey } = await import("switchover");
    try { websocketKey(new Uint8Array(16)) } catch (error) { console.log(error.message) }
    console.log(new Connection("client").awaiting);`;
  const [message = "", ...rest] = alone(script).split("\n");
  assert.match(message, ABSENT);
  assert.deepEqual(rest, ["caller", ""]);
});

test("its module may be started by hand", () => {
  const script = `
    import { readFileSync } from "node:fs";
    import { Connection, initSync } from "switchover/manual";
    initSync(readFileSync(new URL(import.meta.resolve("switchover/core.wasm"))));
    console.log(new Connection("server").awaiting);
    try { new Connection("server").forwardable } catch (error) { console.log(error.message) }`;
  const [awaiting, message = ""] = alone(script).split("\n");
  assert.equal(awaiting, "request");
  assert.match(message, ABSENT);
});

test("sockets above the smaller module", () => {
  const said = alone(`
    import { once } from "node:events";
    import { connect, createServer } from "node:net";
    import { Connection } from "switchover/core";
    import { serveConnection, upgrade } from "switchover/core/streams";
    const answer = async (request) => void (await (await request.upgrade(["foo/2"])).writable.close());
    const server = createServer({ allowHalfOpen: true }, (socket) => serveConnection(socket, answer)).listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = connect({ port: server.address().port, host: "127.0.0.1" });
    await once(socket, "connect");
    const { protocol } = await upgrade(socket, { target: "/", headers: { Host: "a" } }, { offer: ["foo/2"] });
    try { new Connection("server").subprotocols; } catch (error) { console.log(protocol, error.message); }
    process.exit();
  `);
  assert.match(said, /^foo\/2 switchover\/core knows no particular protocols: /);
});
