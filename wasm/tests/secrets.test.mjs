// Tests that values of fields that commonly hold a credential never appear in logs: neither in a console nor as JSON.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";

import * as switchover from "switchover";
import { Capsules, Connection, Datagram, Deflate, GoneError, Prepared, ProfileError, ProtocolError, SECRET_FIELDS, Selection, Splice } from "switchover";

const SECRET = "zyzzyva";
/** @type {[name: string, value: string][]} */
const LINES = [["Authorization", SECRET], ["proxy-authorization", SECRET], ["COOKIE", SECRET], ["Set-Cookie", SECRET]];
const TRAILERS = LINES.map(([name, value]) => `${name}: ${value}\r\n`).join("");

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));

/**
 * Returns the error that a call throws.
 * @param {() => unknown} call
 */
function thrown(call) {
  try {
    call();
  } catch (error) {
    return error;
  }
  return assert.fail("nothing was thrown");
}

/**
 * Returns at least one object of each public class.
 *
 * The field lines passed to them contain secrets.
 */
function everything() {
  const client = new Connection("client");
  const server = new Connection("server");
  /** @type {unknown[]} */
  const shown = [new Capsules(), new Datagram(0n, new Uint8Array()), new Deflate()];
  /** @param {Uint8Array} sent @param {Connection} receiver */
  const pass = (sent, receiver) => {
    receiver.receive(sent);
    for (;;) {
      const step = receiver.nextEvent();
      shown.push(step, receiver.event(), receiver.request, receiver.endToEnd, receiver.http2Fields, receiver.http2Request);
      if (step.kind === "need-data" || step.kind === "paused") break;
    }
    shown.push(receiver.state, receiver.trace());
  };
  // A request and a response with all parts that hold field lines, then a switch. The engine refuses to send such
  // trailers, so these are written by hand.
  const chunked = /** @type {const} */ (["Transfer-Encoding", "chunked"]);
  const host = /** @type {const} */ (["Host", "a"]);
  pass(client.sendRequest({ method: "POST", target: "/", headers: [host, chunked, ...LINES], offer: ["foo"] }), server);
  pass(server.sendInformational({ status: 103, headers: LINES }), client);
  client.sendEnd();
  pass(bytesOf(`0\r\n${TRAILERS}\r\n`), server);
  const answer = server.sendResponse({ status: 200, headers: [chunked, ...LINES] });
  server.sendEnd();
  pass(answer, client);
  pass(bytesOf(`0\r\n${TRAILERS}\r\n`), client);
  const h2c = [["HTTP2-Settings", "AAMAAABkAAQAAP__"], ["Connection", "HTTP2-Settings"]].map(([name = "", value = ""]) => /** @type {const} */ ([name, value]));
  pass(client.sendRequest({ method: "GET", target: "/", headers: [host, ...LINES, ...h2c], offer: ["h2c", "foo"] }), server);
  const selection = server.select(["foo"]) ?? assert.fail();
  shown.push(selection, new Splice(server, new Uint8Array()), new Prepared({ status: 200, headers: LINES }));
  pass(server.accept(selection, LINES), client);
  shown.push(server.nextEvent());

  // Errors, and connections in each state; one has unread bytes of the peer.
  const broken = new Connection("server");
  broken.receive(bytesOf(`GET / HTTP/1.1\r\nHost: a\r\nCookie: ${SECRET}\0\r\n\r\n`));
  shown.push(thrown(() => broken.nextEvent()), broken.toJSON());
  for (const [name] of LINES) {
    for (const value of [`${SECRET}\0`, `${SECRET}\u20ac`, [SECRET]]) {
      const headers = /** @type {any} */ ([host, [name, value]]);
      shown.push(thrown(() => new Connection("client").sendRequest({ method: "GET", target: "/", headers })));
    }
    shown.push(thrown(() => switchover.http1Fields("a", [[name, SECRET], ["te", SECRET]])));
  }
  const lent = new Connection("server");
  const space = lent.receiveBuffer(1000);
  space.set(bytesOf(`GET / HTTP/1.1\r\nCookie: ${SECRET}`));
  const freed = new Connection("client");
  freed.free();
  shown.push(thrown(() => freed.why), client, server, broken, lent, freed);
  return shown;
}

/** Returns a value as JSON; a datagram's context is a bigint, which JSON lacks. @param {unknown} thing */
const json = (thing) => JSON.stringify(thing, (_, value) => (typeof value === "bigint" ? Number(value) : value));

/**
 * Returns the secret as a list of numbers, as byte arrays are printed.
 * @param {string} separator
 */
const numbers = (separator) => [...bytesOf(SECRET)].join(separator);

test("no secret is in what logs show", () => {
  const shown = everything();
  const texts = shown.flatMap((thing) => [inspect(thing, { depth: 9 }), inspect(thing, { showHidden: true, depth: 9 }), json(thing), String(thing)]);
  for (const text of texts) {
    for (const secret of [SECRET, numbers(", "), numbers(",")]) assert(!(text ?? "").includes(secret), text);
  }
  assert(texts.some((text) => text?.includes("COOKIE: <hidden>")) && texts.some((text) => text?.includes('["COOKIE","<hidden>"]')));

  // A new public class must be added to this test.
  const classes = Object.values(switchover).filter((value) => typeof value === "function" && /^class /.test(String(value)));
  const missing = classes.filter((value) => !shown.some((thing) => thing instanceof /** @type {any} */ (value)));
  assert.deepEqual(missing, []);
  for (const value of [Capsules, Connection, Datagram, Deflate, GoneError, ProfileError, ProtocolError, Selection, Splice]) {
    assert(/** @type {unknown[]} */ (classes).includes(value));
  }
});

test("a secret is still there for who asks", () => {
  const server = new Connection("server");
  server.receive(bytesOf(`GET / HTTP/1.1\r\nHost: a\r\n${TRAILERS}\r\n`));
  const event = server.nextEvent();
  assert(event.kind === "request");
  assert.deepEqual([...event.headers].slice(1), LINES);
  for (const name of SECRET_FIELDS) assert.equal(event.headers.get(name), SECRET);
  assert.deepEqual(event.headers.at(1), LINES[0]);
});

test("a console shows field lines, and where a connection stands", () => {
  const server = new Connection("server");
  server.receive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\nhost-name: b\r\nCookie: c\r\n\r\nGET"));
  const event = server.nextEvent();
  assert(event.kind === "request");
  assert.equal(inspect(event.headers), "Headers(3) [ 'Host: a', 'host-name: b', 'Cookie: <hidden>' ]");
  assert.match(inspect(server), /^Connection \{\n  role: 'server',\n  state: \{\n    request: 'done',/);
  const { state, awaiting, why, unread: { length: unread } } = server;
  assert.deepEqual(server.toJSON(), { role: "server", state, awaiting, why, unread, error: null });
  assert.deepEqual([awaiting, why, unread], ["caller", "not-offered", 3]);
  server.free();
  assert.equal(inspect(server), "Connection { role: 'server', gone: 'freed' }");
  assert.equal(JSON.stringify(server), '{"role":"server","gone":"freed"}');
});
