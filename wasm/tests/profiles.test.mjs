// Tests of the protocol-specific API: how values are spelled, and errors for misuse.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as switchover from "switchover";
import { Capsules, Connection, Datagram, Deflate, GoneError, ProfileError, Splice, checkHttp2, sameProtocol } from "switchover";

const { agreedDeflate, http1Fields, ipTarget, saysCapsules, udpTarget, websocketKey } = switchover;
const { IP_TEMPLATE, UDP_PAYLOAD, UDP_TEMPLATE } = switchover;

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** @param {Uint8Array} bytes */
const text = (bytes) => String.fromCharCode(...bytes);
/** @type {any} Passes a value that the types forbid. */
const wrong = (/** @type {unknown} */ value) => value;

const H2C =
  "POST /up HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\n" +
  "HTTP2-Settings: AAMAAABkAAQAAP__\r\nContent-Length: 2\r\n\r\n";
const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
const ACK = "\0\0\0\x04\x01\0\0\0\0";

/** Returns a server that has read the first event of this input. @param {string} input @param {switchover.Config} [config] */
function server(input, config) {
  const connection = new Connection("server", config);
  connection.receive(bytesOf(input));
  connection.nextEvent();
  return connection;
}

/** @param {() => unknown} call @param {ProfileError["reason"]} reason */
function broken(call, reason) {
  assert.throws(call, (error) => {
    assert(error instanceof ProfileError);
    assert.deepEqual([error.name, error.reason], ["ProfileError", reason]);
    assert.match(error.message, /^.{10,}/);
    return true;
  });
}

test("protocols are compared as they are meant", () => {
  assert(sameProtocol("WebSocket", "websocket"));
  assert(sameProtocol("foo/2", "FOO/2"));
  assert(!sameProtocol("foo/a", "foo/A"));
  assert(!sameProtocol("foo", "foo/2"));
  for (const none of ["", "foo/", "a b", "foo, bar", "\xe9"]) assert(!sameProtocol(none, none), none);
  assert.throws(() => sameProtocol("foo", wrong(undefined)), TypeError);
  assert.throws(() => sameProtocol(wrong(["foo"]), "foo"), TypeError);
});

test("both ends of a WebSocket handshake", () => {
  const nonce = crypto.getRandomValues(new Uint8Array(16));
  const client = new Connection("client");
  const headers = {
    Host: "a",
    "Sec-WebSocket-Key": websocketKey(nonce),
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Protocol": "v1, v2",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
  };
  const host = server(text(client.sendRequest({ method: "GET", target: "/", headers, offer: ["WebSocket"] })));
  const selection = host.select(["foo", "websocket"]);
  assert.equal(selection?.preference, 1);
  assert.deepEqual([...host.subprotocols].sort(), [...new Set(host.subprotocols)].sort());
  assert.equal(host.selectSubprotocol(["v3", "v2", "v1"]), "v1");
  assert.equal(host.selectSubprotocol(["v3", "v2", "v1"], "server"), "v2");
  assert.equal(host.selectSubprotocol(["v3", "\xe9"]), null);
  assert.equal(host.selectSubprotocol([]), null);
  const deflate = host.selectDeflate({ clientMaxWindowBits: 10, serverNoContextTakeover: true });
  const value = "permessage-deflate; server_no_context_takeover; client_max_window_bits=10";
  assert.equal(String(deflate), value);
  host.nextEvent();
  const chosen = { "Sec-WebSocket-Protocol": "v1", "Sec-WebSocket-Extensions": String(deflate) };
  client.receive(host.accept(selection ?? assert.fail(), chosen));
  const switched = client.nextEvent();
  assert(switched.kind === "switched" && switched.response && sameProtocol(switched.protocols[0] ?? "", "websocket"));
  assert.deepEqual(agreedDeflate(switched.response.headers), deflate);
});

test("parameters of permessage-deflate", () => {
  const none = { serverNoContextTakeover: false, clientNoContextTakeover: false };
  assert.deepEqual({ ...new Deflate() }, { ...none, serverMaxWindowBits: null, clientMaxWindowBits: null });
  assert.equal(`${new Deflate({ serverMaxWindowBits: 15, clientMaxWindowBits: null })}`, "permessage-deflate; server_max_window_bits=15");
  assert.deepEqual(agreedDeflate({ "sec-websocket-extensions": "permessage-deflate" }), new Deflate());
  assert.equal(agreedDeflate([]), null);
  assert.equal(new Connection("server").selectDeflate(), null);
  assert.throws(() => new Deflate(wrong("permessage-deflate")), TypeError);
  assert.throws(() => new Deflate(wrong(null)), TypeError);
  assert.throws(() => new Deflate({ serverNoContextTakeover: wrong(1) }), TypeError);
  assert.throws(() => new Deflate({ clientMaxWindowBits: wrong("9") }), TypeError);
  assert.throws(() => new Deflate({ clientMaxWindowBits: 9.5 }), RangeError);
  assert.throws(() => new Deflate({ serverMaxWindowBits: 256 }), RangeError);
  assert.throws(() => new Connection("server").selectDeflate(wrong(7)), TypeError);
  assert.throws(() => websocketKey(new Uint8Array(15)), RangeError);
  assert.throws(() => websocketKey(wrong("the sample nonce")), TypeError);
  assert.throws(() => agreedDeflate(wrong("permessage-deflate")), TypeError);
});

test("targets are text", () => {
  const udp = (/** @type {string} */ host) => udpTarget(UDP_TEMPLATE, `/.well-known/masque/udp/${host}/443/`);
  assert.deepEqual(udp("2001%3Adb8%3A%3A1"), { host: "2001:db8::1", port: 443 });
  assert.equal(udp("%C3%A9.example"), null);
  assert.equal(udp("%FF"), null);
  assert.deepEqual(udpTarget("/p{?target_host,target_port}", "/p?target_host=a&target_port=1"), { host: "a", port: 1 });
  const ip = (/** @type {string} */ rest) => ipTarget(IP_TEMPLATE, `/.well-known/masque/ip/${rest}/`);
  assert.deepEqual(ip("*/*"), { target: null, protocol: null });
  assert.deepEqual(ip("192.0.2.0%2F24/0"), { target: "192.0.2.0/24", protocol: 0 });
  assert.deepEqual(ip("a.example/255"), { target: "a.example", protocol: 255 });
  assert.equal(ip("a/256"), null);
  assert.throws(() => udpTarget(wrong(undefined), "/"), TypeError);
  assert.throws(() => ipTarget(IP_TEMPLATE, wrong(null)), TypeError);
  assert.equal(saysCapsules([["capsule-protocol", "?1;a"]]), true);
  assert.equal(saysCapsules({ "Capsule-Protocol": "?0" }), false);
  assert.throws(() => saysCapsules(wrong(7)), TypeError);
});

test("datagrams there and back, however they are cut", () => {
  const sent = [new Datagram(0n, bytesOf("one")), new Datagram(2n ** 62n - 1n, new Uint8Array(0)), new Datagram(64n, bytesOf("\0\xff"))];
  const stream = sent.flatMap((datagram) => [...datagram.write(), ...bytesOf("\x1b\x02xx")]);
  for (let size = 1; size <= stream.length; size++) {
    const capsules = new Capsules(3);
    const got = [];
    for (let at = 0; at < stream.length; at += size) {
      capsules.receive(Uint8Array.from(stream.slice(at, at + size)));
      for (let next; (next = capsules.nextDatagram()); ) got.push(next);
    }
    capsules.finish();
    capsules.free();
    assert.deepEqual(got, sent);
  }
  assert.equal(UDP_PAYLOAD, 65_527);
});

test("capsules that are broken, and misuse of their reader", () => {
  const read = (/** @type {string} */ stream, longest = 9) => () => {
    const capsules = new Capsules(longest);
    try {
      capsules.receive(bytesOf(stream));
      while (capsules.nextDatagram());
      capsules.finish();
    } finally {
      capsules.free();
    }
  };
  broken(read("\0\x04\0all", 2), "too-long");
  broken(read("\0\0"), "no-context");
  broken(read("\0\x04\0"), "truncated");
  assert.throws(() => new Capsules(-1), RangeError);
  assert.throws(() => new Capsules(2 ** 32), RangeError);
  assert.throws(() => new Capsules(wrong("9")), TypeError);
  assert.throws(() => new Datagram(wrong(0), bytesOf("a")), TypeError);
  assert.throws(() => new Datagram(-1n, bytesOf("a")), RangeError);
  assert.throws(() => new Datagram(2n ** 62n, bytesOf("a")), RangeError);
  assert.throws(() => new Datagram(0n, wrong("a")), TypeError);
  const capsules = new Capsules();
  assert.throws(() => capsules.receive(wrong("a")), TypeError);
  capsules.free();
  capsules.free();
  for (const call of [() => capsules.receive(bytesOf("a")), () => capsules.nextDatagram(), () => capsules.finish()]) {
    assert.throws(call, (error) => error instanceof GoneError && error.message === "the reader of capsules was freed");
  }
});

test("what an intermediary passes on", () => {
  const front = server(
    "GET /a HTTP/1.1\r\nHost: a\r\nX: 1\r\nKeep-Alive: 9\r\nHop: 1\r\nTE: trailers\r\n" +
      "Upgrade: foo/2, TLS/1.2, bar\r\nConnection: upgrade, hop, te\r\n\r\n",
  );
  assert.deepEqual(front.forwardable, ["foo/2", "bar"]);
  assert.deepEqual([...(front.endToEnd ?? [])], [["Host", "a"], ["X", "1"]]);
  const back = new Connection("client");
  const headers = [...(front.endToEnd ?? []), /** @type {const} */ (["Via", "1.1 here"])];
  const sent = back.sendRequest({ method: "GET", target: "/a", headers, offer: front.forwardable });
  assert.match(text(sent), /^GET \/a HTTP\/1\.1\r\nHost: a\r\n[^]*Via: 1\.1 here\r\n/);
  assert.deepEqual([back.endToEnd, back.http2Fields, back.http2Request], [null, null, null]);
  back.receive(bytesOf("HTTP/1.1 101 A\r\nUpgrade: FOO/2\r\nConnection: upgrade\r\nContent-Length: 0\r\nY: 2\r\n\r\n"));
  back.nextEvent();
  assert.deepEqual([...(back.endToEnd ?? [])], [["Content-Length", "0"], ["Y", "2"]]);
  assert.deepEqual(back.forwardable, []);
});

test("there and back between the versions", () => {
  const front = server("GET http://b/x?y HTTP/1.1\r\nHost: b\r\nX: \xe9\r\nTE: trailers\r\nConnection: te\r\n\r\n", { secure: true });
  const lines = [[":method", "GET"], [":scheme", "https"], [":authority", "b"], [":path", "/x?y"], ["x", "\xe9"], ["te", "trailers"]];
  assert.deepEqual([...(front.http2Request ?? [])], lines);
  assert.deepEqual([...(front.http2Fields ?? [])], lines.slice(4));
  const extended = front.extendedConnect("websocket");
  assert.deepEqual(extended?.get(":protocol"), "websocket");
  assert.equal(checkHttp2(null, front.http2Fields ?? assert.fail()), null);
  assert.equal(checkHttp2(101, []), "switching");
  assert.equal(checkHttp2(null, { Upgrade: "foo" }), "upgrade");
  const back = http1Fields("b", [[":path", "/"], ["cookie", "a"], ["x", bytesOf("\xe9")], ["cookie", "b"]], "key");
  assert.deepEqual([...back], [["host", "b"], ["x", "\xe9"], ["sec-websocket-key", "key"], ["cookie", "a; b"]]);
  broken(() => http1Fields("b", { "Keep-Alive": "1" }), "keep-alive");
  assert.throws(() => http1Fields("\xe9", []), TypeError);
  assert.throws(() => http1Fields("b", [], wrong(7)), TypeError);
  assert.throws(() => http1Fields(wrong(undefined), []), TypeError);
  assert.throws(() => checkHttp2(wrong("200"), []), TypeError);
  assert.throws(() => checkHttp2(-1, []), RangeError);
  assert.throws(() => front.extendedConnect(wrong(undefined)), TypeError);
  assert.throws(() => front.extendedConnect("\xe9"), TypeError);
  assert.equal(new Connection("server").extendedConnect("foo"), null);
});

test("a splice hands over and is out of the way", () => {
  const connection = server(H2C);
  const selection = connection.select(["h2c"]);
  const splice = new Splice(connection, bytesOf("hi"), { "X-Sum": "7" });
  connection.receive(bytesOf("hi"));
  while (!["paused", "need-data"].includes(connection.nextEvent().kind));
  connection.accept(selection ?? assert.fail());
  // The splice does not depend on the connection, which may be freed first.
  connection.free();
  assert.deepEqual([splice.isDone, splice.isWaiting, splice.wantsClient], [false, false, true]);
  for (const byte of bytesOf(PREFACE)) splice.clientSent(Uint8Array.of(byte));
  const request = text(splice.takeForEngine());
  assert(request.startsWith(PREFACE.slice(0, 24)) && request.includes("hi") && request.includes("x-sum"));
  splice.engineSent(bytesOf(`\0\0\0\x04\0\0\0\0\0${ACK}`));
  assert.equal(text(splice.takeForClient()), "\0\0\0\x04\0\0\0\0\0");
  splice.engineSent(bytesOf("\0\0\x04\x08\0\0\0\0\0\0\0\0\x05"));
  assert.equal(text(splice.takeForClient()), "\0\0\x04\x08\0\0\0\0\0\0\0\0\x03");
  assert.equal(splice.isDone, true);
  splice.clientEnded();
  splice.free();
});

test("splices that cannot be, and misuse", () => {
  const connection = server(H2C);
  broken(() => new Splice(connection, bytesOf("more than two")), "content");
  broken(() => new Splice(server("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), bytesOf("")), "settings");
  assert.throws(() => new Splice(new Connection("server"), bytesOf("")), /^TypeError: the connection has no current request$/);
  assert.throws(() => new Splice(new Connection("client"), bytesOf("")), TypeError);
  assert.throws(() => new Splice(wrong({}), bytesOf("")), TypeError);
  assert.throws(() => new Splice(wrong(null), bytesOf("")), TypeError);
  assert.throws(() => new Splice(connection, wrong("hi")), TypeError);
  assert.throws(() => new Splice(connection, bytesOf("hi"), wrong("X: 1")), TypeError);
  const splice = new Splice(connection, bytesOf("hi"));
  const other = new Splice(connection, bytesOf("hi"));
  assert.throws(() => splice.clientSent(wrong("text")), TypeError);
  splice.free();
  splice[Symbol.dispose]();
  const calls = [
    () => splice.clientSent(bytesOf("a")),
    () => splice.clientEnded(),
    () => splice.engineSent(bytesOf("a")),
    () => splice.takeForEngine(),
    () => splice.takeForClient(),
    () => splice.wantsClient,
    () => splice.isWaiting,
    () => splice.isDone,
  ];
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof GoneError && error.message === "the splice was freed");
  }
  other.clientSent(bytesOf("GET / HTTP/1.1\r\n"));
  assert.equal(text(other.takeForEngine()), "GET / HTTP/1.1\r\n");
  connection.free();
  assert.throws(() => new Splice(connection, bytesOf("hi")), GoneError);
  assert.throws(() => connection.endToEnd, GoneError);
  assert.throws(() => connection.forwardable, GoneError);
});

test("trailers that free the connection of a splice", () => {
  const connection = server(H2C);
  const trailers = { *[Symbol.iterator]() { connection.free(); } };
  assert.throws(() => new Splice(connection, bytesOf("hi"), wrong(trailers)), GoneError);
});

test("bounds and the flag of h2c", () => {
  const offer = (/** @type {string} */ fields, /** @type {switchover.Config} */ config) =>
    server(`GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n${fields}\r\n`, config).request?.offers[0];
  const bare = "Connection: upgrade\r\n";
  assert.equal(offer(bare, {})?.ineligible, "settings");
  assert.equal(offer(bare, { bareH2c: true })?.ineligible, null);
  const { status, ineligible } = offer("Connection: upgrade, http2-settings\r\nHTTP2-Settings: \r\n", { limits: { h2cHead: 10 } }) ?? {};
  assert.deepEqual([ineligible, status], ["head", 431]);
  assert.equal(server(H2C, { limits: { h2cContent: 1 } }).request?.offers[0]?.ineligible, "content");
  assert.throws(() => new Connection("server", { bareH2c: wrong(1) }), TypeError);
});
