// Tests of the JavaScript API beyond the vectors: how values are spelled, and that it has every name of the core.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Connection, ErrorKind, Flags, Ineligible, Lenient, Limits, ProtocolError, Why, errorText, ineligibleText, whyText } from "switchover";

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/** Creates a client and a server: the two ends of a connection. */
function pair() {
  return { client: new Connection("client"), server: new Connection("server") };
}

/** Returns the names in a table of the core's constants. @template {string} T @param {Readonly<Record<T, unknown>>} table */
const names = (table) => /** @type {T[]} */ (Object.keys(table));

test("to advance is to hear only the kind", () => {
  const server = new Connection("server");
  assert.equal(server.advance(), "need-data");
  server.receive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /"));
  assert.equal(server.advance(), "request");
  const request = server.event();
  assert(request?.kind === "request" && request.headers.get("host") === "a" && server.request?.target === "/");
  assert.deepEqual([server.advance(), server.event()?.kind], ["end-of-message", "end-of-message"]);
  assert.deepEqual([server.advance(), server.event(), server.nextEvent()], ["paused", null, { kind: "paused", why: "answer" }]);
  server.sendResponse({ status: 204 });
  server.receive(bytesOf(" HTTP/9\r\n"));
  assert.throws(() => server.advance(), { code: 105, blame: "peer", offset: 38 });
});

test("what one end sends the other reads", () => {
  const { client, server } = pair();
  const headers = { Host: "a", "Transfer-Encoding": "chunked", Expect: "100-continue" };
  server.receive(client.sendRequest({ method: "POST", target: "/x?y", headers, offer: ["foo/2", "bar"] }));
  assert.equal(client.awaiting, "continue");
  const request = server.nextEvent();
  assert(request.kind === "request");
  assert.deepEqual([request.method, request.target, request.minorVersion], ["POST", "/x?y", 1]);
  assert.deepEqual(request.offers.map(({ protocol }) => protocol), ["foo/2", "bar"]);
  assert.equal(request.noOffer, null);
  assert.deepEqual([...(server.request?.headers ?? [])], [...request.headers]);

  assert.equal(server.owes, "continue");
  client.receive(server.sendInformational({ status: 100, headers: [["X", "1"]] }));
  const early = client.nextEvent();
  assert(early.kind === "informational" && early.status === 100 && early.headers.get("x") === "1");

  server.receive(client.sendData(bytesOf("abc")));
  const data = server.nextEvent();
  assert(data.kind === "data");
  const again = server.event();
  assert(again?.kind === "data");
  assert.deepEqual([data.data, again.data], [bytesOf("abc"), bytesOf("abc")]);
  const { prefix, suffix } = client.sendDataParts(2);
  server.receive(prefix);
  server.receive(bytesOf("de"));
  server.receive(suffix);
  server.receive(client.sendEnd({ Checksum: "5" }));
  const more = server.nextEvent();
  assert(more.kind === "data" && more.data.length === 2);
  const end = server.nextEvent();
  assert(end.kind === "end-of-message" && end.trailers.get("checksum") === "5");

  server.advertise(["baz/1"]);
  client.receive(server.sendResponse({ status: 299, reason: "Fine", headers: { "Content-Length": "0" } }));
  const response = client.nextEvent();
  assert(response.kind === "response");
  assert.deepEqual([response.status, response.reason, response.advertised, response.dropped], [299, "Fine", ["baz/1"], 0]);
  assert.equal(client.why, "declined");
  assert.equal(server.why, "declined");
  client.free();
  server.free();
});

test("a switch, its leftover, and what a 426 requires", () => {
  const { client, server } = pair();
  const request = { method: "GET", target: "/", headers: { Host: "a" } };
  server.receive(client.sendRequest(request));
  server.nextEvent();
  client.receive(server.require(["foo/2"], { "Content-Length": "0" }));
  while (client.nextEvent().kind !== "need-data");
  assert.deepEqual(client.required, ["foo/2"]);
  server.nextEvent();
  server.receive(client.sendRequest({ ...request, offer: client.required }));
  server.receive(bytesOf("early"));
  server.nextEvent();
  const selection = server.select(["foo/2"], "server");
  assert(selection);
  const answer = server.accept(selection);
  client.receive(answer);
  client.receive(bytesOf("hello"));
  const switched = client.nextEvent();
  assert(switched.kind === "switched" && switched.request === null && switched.response?.status === 101);
  assert.deepEqual([switched.by, switched.protocols, client.agreed], ["upgrade", ["foo/2"], ["foo/2"]]);
  assert.deepEqual(client.unread, bytesOf("hello"));
  assert.deepEqual(client.takeLeftover(), bytesOf("hello"));
  assert.deepEqual([client.unread.length, client.maySpeak, client.unanswered], [0, true, 1]);
  assert.deepEqual(server.state.tx, "switched");
  assert.equal(server.nextEvent().kind, "end-of-message");
  const left = server.nextEvent();
  assert(left.kind === "switched" && left.request?.target === "/" && left.response === null);
  assert.deepEqual(server.takeLeftover(), bytesOf("early"));
  client.resumeHttp();
  server.resumeHttp();
  client.receive(server.sendResponse({ status: 204 }));
  const final = client.nextEvent();
  assert(final.kind === "response" && final.status === 204);
});

test("every bound, leniency and flag is taken", () => {
  new Connection("server", { limits: { ...Limits }, lenient: { ...Lenient }, ...Flags }).free();
  const flags = { secure: true, http2Preface: true, bareH2c: true, tidy: true };
  const connection = new Connection("server", { ...flags, limits: Object.fromEntries(names(Limits).map((name) => [name, 9])) });
  connection.receive(bytesOf("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  const event = connection.nextEvent();
  assert(event.kind === "switched" && event.by === "http2-preface");
  const strict = new Connection("server", { limits: { startLine: 20 } });
  strict.receive(bytesOf(`GET /${"a".repeat(30)}`));
  assert.throws(() => strict.nextEvent(), { kind: "start-line-too-long", status: 414, blame: "peer" });
});

test("every reason and error has its sentence", () => {
  for (const why of names(Why)) assert.match(whyText(why), /^[a-zA-Z].{10,}/, why);
  for (const reason of names(Ineligible)) assert.match(ineligibleText(reason), /^[a-zA-Z].{10,}/, reason);
  for (const kind of names(ErrorKind)) assert.match(errorText(kind), /^[a-zA-Z].{4,}/, kind);
});

test("events end where it is another's turn", () => {
  const { server } = pair();
  server.receive(bytesOf("POST http://b/ HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi"));
  assert.deepEqual([...server.events()].map(({ kind }) => kind), ["request", "data", "end-of-message"]);
  assert.deepEqual(server.nextEvent(), { kind: "paused", why: "answer" });
  server.respond({ status: 204 });
  assert.deepEqual([[...server.events()], server.nextEvent()], [[], { kind: "need-data" }]);
  server.receive(bytesOf("GET / HTTP/9\r\n"));
  assert.throws(() => [...server.events()], { code: 105 });
});

test("an error says what it is about, and what to do", () => {
  const { client } = pair();
  const asked = { method: "GET", target: "/", headers: { Host: "a", "A B": "c" } };
  assert.throws(() => client.sendRequest(asked), { kind: "invalid-name", field: 1, ineligible: null, clause: "RFC 9110, 5.1" });
  const offer = { method: "GET", target: "/", headers: { Host: "a" }, offer: ["websocket"] };
  assert.throws(() => client.sendRequest(offer), { kind: "profile-field", field: null, ineligible: "version" });
  assert.throws(() => client.sendRequest(asked), ({ advice }) => advice.length > 10);
});

test("path and query of each form", () => {
  for (const [line, path, query] of [
    ["GET /a/b?c?d", "/a/b", "c?d"],
    ["GET /?", "/", ""],
    ["GET http://b", "/", null],
    ["OPTIONS *", "*", null],
    ["CONNECT a:443", "", null],
  ]) {
    const { server } = pair();
    assert.deepEqual([server.path, server.query], [null, null]);
    server.receive(bytesOf(`${line} HTTP/1.1\r\nHost: a\r\n\r\n`));
    server.nextEvent();
    assert.deepEqual([server.path, server.query], [path, query]);
  }
});

test("what is left of the peer's bytes, and the trace", () => {
  const { server } = pair();
  server.receive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest"));
  server.nextEvent();
  assert.deepEqual([server.position, server.authority, server.owes], [27, "a", "response"]);
  const before = server.trace();
  assert.deepEqual(before, [{ step: "received-request", number: 0, offset: 27 }]);
  assert.deepEqual(server.trace(), []);
  server.release();
  server.abandon();
  const step = server.nextEvent();
  assert(step.kind === "end-of-message");
  assert.deepEqual([server.nextEvent(), [...server.events()]], [{ kind: "paused", why: "closed" }, []]);
  assert.deepEqual([server.unread, server.authority], [bytesOf("rest"), null]);
  assert.equal(server.awaiting, "nothing");
});

test("headers are put right where asked", () => {
  const answer = (/** @type {import("switchover").Config} */ config) => {
    const server = new Connection("server", config);
    server.receive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert.equal(server.advance(), "request");
    return server.sendResponse({ status: 204, headers: { "Content-Length": "5" } });
  };
  assert.throws(() => answer({}), { kind: "framing-conflict" });
  assert.deepEqual(answer({ tidy: true }), bytesOf("HTTP/1.1 204 No Content\r\n\r\n"));
});

test("an answer that a close would end early", () => {
  const server = new Connection("server");
  server.receive(bytesOf("GET / HTTP/1.0\r\n\r\n"));
  server.nextEvent();
  assert.equal(server.closing, "close");
  server.sendResponse({ status: 200 });
  assert.equal(server.closing, "reset");
  server.sendEnd();
  assert.equal(server.closing, "linger");
});

test("texts name what JavaScript has", () => {
  const advice = Object.getOwnPropertyDescriptor(ProtocolError.prototype, "advice")?.get;
  assert(advice);
  let known = 0;
  for (const kind of names(ErrorKind)) {
    for (const text of [errorText(kind), String(advice.call({ code: ErrorKind[kind] }))]) {
      assert.doesNotMatch(text, /::|`[a-z]+_[a-z_]+`/);
      for (const [, group, name = ""] of text.matchAll(/`(limits|lenient)\.(\w+)/g)) {
        assert(Object.hasOwn(group === "limits" ? Limits : Lenient, name), text);
        known += 1;
      }
      for (const [, name = ""] of text.matchAll(/`([a-z]+[A-Z]\w*)`/g)) {
        assert(name in Connection.prototype || Object.hasOwn(Flags, name), text);
        known += 1;
      }
    }
  }
  assert(known > 30, `${known}`);
});
