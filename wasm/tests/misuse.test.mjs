// Tests of misuse: wrong order, wrong arguments and use after `free` throw errors of the exact kind, and never crash.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  Connection,
  Datagram,
  ErrorKind,
  GoneError,
  Limits,
  Prepared,
  ProtocolError,
  errorText,
  ineligibleText,
  reasonPhrase,
  websocketKey,
  whyText,
} from "switchover";

/** @param {string} text */
const bytesOf = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
/** @param {Uint8Array} bytes */
const text = (bytes) => String.fromCharCode(...bytes);
/** @type {any} Passes a value that the types forbid. */
const wrong = (/** @type {unknown} */ value) => value;

const PLAIN = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OFFER = "GET /foo HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";

/** Returns a server that has received this input, and its first event. @param {string} input */
function server(input) {
  const connection = new Connection("server");
  connection.receive(bytesOf(input));
  const event = connection.nextEvent();
  return { connection, event };
}

/**
 * Checks that a call throws a `ProtocolError` of this kind, blamed on the caller.
 * @param {() => unknown} call
 * @param {ErrorKind} kind
 */
function refused(call, kind) {
  assert.throws(call, (error) => {
    assert(error instanceof ProtocolError);
    const { name, blame, offset, status } = error;
    assert.deepEqual({ name, kind: error.kind, code: error.code, blame, offset, status }, {
      name: "ProtocolError",
      kind,
      code: ErrorKind[kind],
      blame: "local",
      offset: null,
      status: null,
    });
    assert.match(error.message, new RegExp(`^[a-zA-Z0-9].* \\(error ${error.code}\\)`));
    return true;
  });
}

test("verbs out of order", () => {
  const connection = new Connection("server");
  refused(() => connection.sendResponse({ status: 200 }), "unasked");
  refused(() => connection.sendRequest({ method: "GET", target: "/", headers: { Host: "a" } }), "wrong-role");
  refused(() => connection.sendData(bytesOf("a")), "no-content");
  refused(() => connection.skipContent(), "no-content");
  refused(() => connection.resumeHttp(), "nothing-owed");
  connection.receiveEof();
  refused(() => connection.receive(bytesOf("a")), "after-end");
  const client = new Connection("client");
  refused(() => client.sendResponse({ status: 200 }), "wrong-role");
  refused(() => client.advertise(["foo/2"]), "wrong-role");
  assert.equal(client.state.request, "idle");
});

test("malformed decisions", () => {
  const client = new Connection("client");
  const send = (/** @type {object} */ request) => () =>
    client.sendRequest({ method: "GET", target: "/", headers: { Host: "a" }, ...request });
  refused(send({ method: "G T" }), "invalid-method");
  refused(send({ target: "/ /" }), "invalid-target");
  refused(send({ target: "/\u00e9" }), "invalid-target");
  refused(send({ headers: {} }), "invalid-host");
  refused(send({ headers: { Host: "a", "a b": "" } }), "invalid-name");
  refused(send({ headers: { Host: "a", a: "b\r\nc: d" } }), "invalid-value");
  refused(send({ headers: { Host: "a", Upgrade: "foo/2" } }), "reserved-field");
  refused(send({ offer: ["foo/"] }), "invalid-protocol");
  assert.match(text(send({})()), /^GET \/ HTTP\/1\.1\r\nHost: a\r\n/);
});

test("arguments of the wrong type", () => {
  const { connection } = server(OFFER);
  for (const value of ["text", [1], null, undefined, new ArrayBuffer(1), 7]) {
    assert.throws(() => connection.receive(wrong(value)), TypeError);
    assert.throws(() => connection.sendData(wrong(value)), TypeError);
  }
  assert.throws(() => new Connection(wrong("proxy")), TypeError);
  assert.throws(() => new Connection(wrong("toString")), TypeError);
  assert.throws(() => new Connection("server", wrong(null)), TypeError);
  assert.throws(() => new Connection("server", wrong({ limit: {} })), TypeError);
  assert.throws(() => new Connection("server", wrong({ limits: { heads: 1 } })), TypeError);
  assert.throws(() => new Connection("server", wrong({ limits: { head: "1" } })), TypeError);
  assert.throws(() => new Connection("server", { limits: { head: -1 } }), RangeError);
  assert.throws(() => new Connection("server", { limits: { head: 1.5 } }), RangeError);
  assert.throws(() => new Connection("server", wrong({ lenient: { all: true } })), TypeError);
  assert.throws(() => new Connection("server", wrong({ secure: 1 })), TypeError);
  assert.throws(() => connection.receiveEof(wrong("reset")), TypeError);
  assert.throws(() => connection.select(wrong("foo/2")), TypeError);
  assert.throws(() => connection.select(["foo/2"], wrong("mine")), TypeError);
  assert.throws(() => connection.accept(wrong({})), TypeError);
  assert.throws(() => connection.accept(wrong(null)), TypeError);
  assert.throws(() => connection.sendResponse(wrong(200)), TypeError);
  assert.throws(() => connection.sendResponse({ status: wrong("200") }), TypeError);
  assert.throws(() => connection.sendResponse({ status: 200.5 }), RangeError);
  assert.throws(() => connection.sendResponse({ status: 70_000 }), RangeError);
  assert.throws(() => connection.sendResponse({ status: 200, headers: wrong("a: b") }), TypeError);
  assert.throws(() => connection.sendResponse({ status: 200, headers: wrong({ a: 1 }) }), TypeError);
  assert.throws(() => connection.sendResponse({ status: 200, headers: { a: "\u20ac" } }), TypeError);
  assert.throws(() => whyText(wrong("toString")), TypeError);
  // The failed calls have changed nothing.
  assert.equal(connection.state.response, "idle");
  const selection = connection.select(["foo/2"]);
  assert(selection);
  assert.match(text(connection.accept(selection)), /^HTTP\/1\.1 101 /);
});

test("bounds that do not fit are refused, not cut", () => {
  const limited = (/** @type {string} */ name, /** @type {unknown} */ value) =>
    () => new Connection("server", wrong({ limits: { [name]: value } })).free();
  for (const name of Object.keys(Limits)) {
    const wide = ["drain", "content", "h2cContent"].includes(name);
    const most = wide ? Number.MAX_SAFE_INTEGER : 2 ** 32 - 1;
    const refused = { name: "RangeError", message: `limits.${name} must be a whole number from 0 to ${most}` };
    for (const value of [-1, 0.5, NaN, Infinity, most + 1, 2 ** 64]) assert.throws(limited(name, value), refused);
    for (const value of ["1", 1n, null, true]) assert.throws(limited(name, value), { name: "TypeError" });
    for (const value of [0, most, undefined]) limited(name, value)();
  }
});

test("what is wrong in a field line names it, and not its value", () => {
  const send = (/** @type {unknown} */ headers) => () =>
    new Connection("client").sendRequest({ method: "GET", target: "/", headers: wrong(headers) });
  const value = "the value must be a string or a Uint8Array";
  const beyond = "holds a character above U+00FF, for which no byte stands";
  for (const [headers, message] of /** @type {const} */ ([
    [{ Host: "a", "X-B": 5 }, `field line 2 ("X-B"): ${value}`],
    [[["Host", "a"], ["Cookie", ["secret"]]], `field line 2 ("Cookie"): ${value}`],
    [[["Host", "secret\u20ac"]], `field line 1 ("Host"): the value ${beyond}`],
    [[["Host", "a"], ["\u20ac", "a"]], `field line 2 ("\u20ac"): the name ${beyond}`],
    [[["Host", "a"], [5, "a"]], "field line 2: the name must be a string"],
    [[["Host", "a"], ["B"]], "field line 2: it must be a pair of name and value"],
  ])) {
    assert.throws(send(headers), { name: "TypeError", message });
  }
});

/** A subclass of `Uint8Array` that reports a false length and buffer. */
class Lying extends Uint8Array {
  /** @type {number} */
  lie = 0;
  get length() {
    return this.lie;
  }
  get byteLength() {
    return this.lie;
  }
  get byteOffset() {
    return 1;
  }
  get buffer() {
    return new ArrayBuffer(8);
  }
}

/** @param {Uint8Array} bytes @param {number} lie */
function lying(bytes, lie) {
  const liar = new Lying(bytes);
  liar.lie = lie;
  return liar;
}

test("bytes are as many as there are, whatever they say of themselves", () => {
  // If the module believed a false length, it would reserve too little and overwrite its own memory.
  for (const size of [10, 65_536, 65_537, 3_000_000]) {
    const content = new Uint8Array(size).fill(97);
    const own = new Uint8Array(content);
    Object.defineProperty(own, "length", { value: 3 });
    for (const liar of [lying(content, 3), lying(content, size + 5), lying(content, 0), lying(content, -1), own]) {
      const connection = new Connection("server");
      connection.receive(bytesOf(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`));
      connection.nextEvent();
      connection.receive(liar);
      const event = connection.nextEvent();
      assert(event.kind === "data");
      assert.deepEqual([event.data.length, connection.unread.length], [size, 0]);
      assert(event.data.every((byte) => byte === 97));
      connection.free();

      const client = new Connection("client");
      const headers = { Host: "a", "Content-Length": `${size}` };
      client.sendRequest({ method: "POST", target: "/", headers });
      assert.deepEqual(client.sendData(liar), content);
      client.free();
      assert.equal(new Datagram(0n, liar).write().length, new Datagram(0n, content).write().length);
    }
  }
  const value = new Connection("client").sendRequest({ method: "GET", target: "/", headers: [["Host", lying(bytesOf("abc"), 900)]] });
  assert.equal(text(value), "GET / HTTP/1.1\r\nHost: abc\r\n\r\n");
  assert.match(websocketKey(lying(new Uint8Array(16), 5)), /^A{21}[AQgw]==$/);
  assert.throws(() => websocketKey(lying(new Uint8Array(5), 16)), RangeError);
  for (const fake of [Object.create(Uint8Array.prototype), Object.setPrototypeOf(new Uint16Array(9), Uint8Array.prototype), new DataView(new ArrayBuffer(2))]) {
    assert.throws(() => new Connection("server").receive(fake), { name: "TypeError", message: "bytes must be a Uint8Array" });
    assert.throws(() => new Datagram(0n, fake), TypeError);
  }
  // The module's own data is intact.
  assert.equal(server(OFFER).event.kind, "request");
});

test("a context that was assigned to a datagram is checked again", () => {
  const datagram = new Datagram(0n, bytesOf("abc"));
  for (const context of [5, -1n, 2n ** 62n, "1"]) {
    Object.assign(datagram, { context });
    assert.throws(() => datagram.write(), { name: typeof context === "bigint" ? "RangeError" : "TypeError" });
  }
  Object.assign(datagram, { context: 1n });
  assert.equal(datagram.write().length, new Datagram(1n, bytesOf("abc")).write().length);
});

test("bytes whose memory shrinks, grows, is shared or is gone", () => {
  const resizable = new ArrayBuffer(PLAIN.length, { maxByteLength: 100_000 });
  const part = new Uint8Array(resizable, 0, PLAIN.length);
  const whole = new Uint8Array(resizable);
  whole.set(bytesOf(PLAIN));
  const kinds = (/** @type {Uint8Array} */ bytes) => {
    const connection = new Connection("server");
    connection.receive(bytes);
    return connection.nextEvent().kind;
  };
  assert.deepEqual([kinds(part), kinds(whole)], ["request", "request"]);
  resizable.resize(100_000);
  assert.deepEqual([kinds(part), kinds(whole)], ["request", "request"]);
  resizable.resize(5);
  // A view of fixed length over resized memory is empty; a length-tracking view has five bytes.
  assert.throws(() => kinds(part), TypeError);
  assert.equal(kinds(whole), "need-data");
  resizable.resize(0);
  assert.equal(kinds(whole), "need-data");
  structuredClone(resizable, { transfer: [resizable] });
  assert.throws(() => kinds(whole), TypeError);

  const shared = new Uint8Array(new SharedArrayBuffer(PLAIN.length, { maxByteLength: 100_000 }));
  shared.set(bytesOf(PLAIN));
  assert.equal(kinds(shared), "request");
  shared.buffer.grow(100_000);
  assert.equal(kinds(shared), "request");
});

test("the configuration of a connection that was not made is not the next one's", () => {
  assert.throws(() => new Connection("server", wrong({ limits: { startLine: 5 }, lenient: { none: true } })), TypeError);
  assert.equal(server(OFFER).event.kind, "request");
});

test("use after free", () => {
  const { connection } = server(OFFER);
  connection.free();
  connection.free();
  connection[Symbol.dispose]();
  const calls = [
    () => connection.receive(bytesOf("a")),
    () => connection.receiveBuffer(1),
    () => connection.commit(0),
    () => connection.nextEvent(),
    () => connection.sendEnd(),
    () => connection.select(["foo/2"]),
    () => connection.state,
    () => connection.why,
    () => connection.release(),
  ];
  for (const call of calls) {
    assert.throws(call, (error) => error instanceof GoneError && error.reason === "freed" && /freed/.test(error.message));
  }
  // The module reuses the handle; the freed object must not reach the new one.
  const other = server(OFFER).connection;
  assert.throws(() => connection.request, GoneError);
  assert.equal(other.request?.target, "/foo");
  other.free();
});

test("use after the peer's error", () => {
  const { connection } = { connection: new Connection("server") };
  connection.receive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\nbad header: 1\r\n\r\n"));
  const isIt = (/** @type {unknown} */ error) => {
    assert(error instanceof ProtocolError);
    const { code, kind, blame, status, offset } = error;
    assert.deepEqual({ code, kind, blame, status, offset }, {
      code: 202,
      kind: "space-before-colon",
      blame: "peer",
      status: 400,
      offset: 28,
    });
    return true;
  };
  assert.throws(() => connection.nextEvent(), isIt);
  assert.throws(() => connection.nextEvent(), isIt);
  assert.throws(() => connection.receive(bytesOf("a")), isIt);
  assert.match(text(connection.sendResponse({ status: 400 })), /^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a selection of another request, or of another connection", () => {
  const { connection } = server(OFFER);
  const first = connection.select(["foo/2"]);
  assert(first);
  assert.equal(connection.nextEvent().kind, "end-of-message");
  connection.sendResponse({ status: 200, headers: { "Content-Length": "0" } });
  connection.sendEnd();
  for (let round = 0; round < 3; round++) {
    connection.receive(bytesOf(OFFER));
    assert.equal(connection.nextEvent().kind, "request");
    connection.select(["foo/2"]);
    refused(() => connection.accept(first), "stale-selection");
    assert.equal(connection.nextEvent().kind, "end-of-message");
    connection.sendResponse({ status: 200, headers: { "Content-Length": "0" } });
    connection.sendEnd();
  }
  const other = server(OFFER).connection;
  assert.throws(() => other.accept(first), TypeError);
});

test("a body that is pending, a verb too late", () => {
  const { connection } = server("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\n");
  const selection = connection.select(["foo/2"]);
  assert(selection);
  refused(() => connection.accept(selection), "body-pending");
  assert.match(text(connection.accept(selection.early())), /^HTTP\/1\.1 101 /);
  refused(() => connection.sendResponse({ status: 200 }), "switched");
});

test("receiveBuffer and commit", () => {
  const connection = new Connection("server");
  assert.throws(() => connection.commit(1), RangeError);
  assert.throws(() => connection.receiveBuffer(-1), RangeError);
  assert.throws(() => connection.receiveBuffer(2 ** 32), RangeError);
  assert.throws(() => connection.receiveBuffer(wrong("1")), TypeError);
  const space = connection.receiveBuffer(10);
  assert(space.length >= 10);
  assert.throws(() => connection.commit(space.length + 1), RangeError);
  assert.throws(() => connection.commit(0.5), RangeError);
  space.set(bytesOf("GET / HTTP"));
  connection.commit(10);
  // The space is used up, so a second commit has nothing to append.
  assert.throws(() => connection.commit(1), RangeError);
  connection.receive(bytesOf("/1.1\r\nHost: a\r\n\r\n"));
  assert.equal(connection.nextEvent().kind, "request");
});

test("bytes that are not there any more are refused, and nobody else suffers", () => {
  const other = new Connection("server");
  const connection = new Connection("client");
  const gone = bytesOf(OFFER);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  assert.throws(() => connection.receive(gone), TypeError);
  connection.sendRequest({ method: "POST", target: "/", headers: { Host: "a", "Content-Length": "10" } });
  assert.throws(() => connection.sendData(gone), TypeError);
  assert.equal(other.awaiting, "request");
});

test("what was written before the memory moved is not committed", () => {
  const connection = new Connection("server");
  const space = connection.receiveBuffer(100);
  const many = [];
  while (space.length > 0) {
    const another = new Connection("server");
    another.receiveBuffer(100_000);
    many.push(another);
  }
  assert.throws(() => connection.commit(10), RangeError);
  connection.receive(bytesOf(OFFER));
  assert.equal(connection.nextEvent().kind, "request");
  many.forEach((another) => another.free());
});

test("arguments that only look right", () => {
  assert.throws(() => new Connection(wrong(["server"])), TypeError);
  assert.throws(() => new Connection("server", { limits: wrong({ start_line: 1 }) }), TypeError);
  assert.throws(() => new Connection("server", { limits: wrong({ nothing: undefined }) }), TypeError);
  const { connection } = server(OFFER);
  connection.nextEvent();
  assert.throws(() => connection.sendResponse({ status: 200, headers: wrong(["Server", "a"]) }), TypeError);
  assert.throws(() => connection.sendResponse({ status: 200, headers: wrong([["A", "b", "c"]]) }), TypeError);
  const inner = { get head() { return (new Connection("server").free(), 8192); } };
  assert.equal(new Connection("server", { secure: true, limits: inner }).awaiting, "request");
});

test("a view of the module's memory is made again when that has grown, and may be passed back in", () => {
  const many = Array.from({ length: 100 }, () => new Connection("server"));
  for (const connection of many) {
    connection.receiveBuffer(100_000).set(bytesOf(OFFER));
    connection.commit(OFFER.length);
    const event = connection.nextEvent();
    assert(event.kind === "request" && event.target === "/foo");
  }
  const client = new Connection("client");
  client.sendRequest({ method: "POST", target: "/", headers: { Host: "a", "Content-Length": "100000" } });
  const view = client.receiveBuffer(100_000).subarray(0, 100_000).fill(97);
  assert.equal(client.sendData(view).length, 100_000);
  many.forEach((connection) => connection.free());
});

test("a buffer that is full", () => {
  const { connection } = server("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  connection.nextEvent();
  connection.receive(new Uint8Array(200_000));
  assert.equal(connection.wantsInput, false);
  refused(() => connection.receive(bytesOf("a")), "buffer-full");
  refused(() => connection.receiveBuffer(1), "buffer-full");
});

test("headers that send something themselves, and those that throw", () => {
  const { connection } = server("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  const inner = new Connection("client");
  function* headers() {
    yield /** @type {const} */ (["A", "1"]);
    assert.match(text(inner.sendRequest({ method: "GET", target: "/x", headers: { Host: "b" } })), /^GET \/x /);
    yield /** @type {const} */ (["Content-Length", bytesOf("0")]);
  }
  connection.nextEvent();
  const failing = { *[Symbol.iterator]() { throw new Error("mine"); } };
  assert.throws(() => connection.sendResponse({ status: 200, headers: wrong(failing) }), /mine/);
  assert.equal(text(connection.sendResponse({ status: 200, headers: headers() })), "HTTP/1.1 200 OK\r\nA: 1\r\nContent-Length: 0\r\n\r\n");
});

test("bytes above ASCII are characters, in and out", () => {
  const { event } = server("GET / HTTP/1.1\r\nHost: a\r\nX: \x80\xe9\r\nx: 2\r\n\r\n");
  assert(event.kind === "request");
  assert.equal(event.headers.get("X"), "\x80\xe9");
  assert.deepEqual(event.headers.getAll("x"), ["\x80\xe9", "2"]);
  assert.deepEqual(event.headers.at(0), ["Host", "a"]);
  assert.deepEqual(event.headers.lines(), [...event.headers]);
  assert.deepEqual(event.headers.flat(), [...event.headers].flat());
  assert.equal(event.headers.at(3), undefined);
  assert.equal(event.headers.at(wrong("0")), undefined);
  assert.equal(event.headers.has("host") && !event.headers.has("hos"), true);
  assert.equal(JSON.stringify(event.headers), '[["Host","a"],["X","\x80\xe9"],["x","2"]]');
  const client = new Connection("client");
  const sent = client.sendRequest({ method: "GET", target: "/", headers: [["Host", "a"], ...[...event.headers].slice(1)] });
  assert.match(text(sent), /\r\nX: \x80\xe9\r\nx: 2\r\n/);
});

test("a head that is longer than 65535 bytes", () => {
  const limits = { head: 300_000, fieldLine: 200_000, buffered: 300_000 };
  const connection = new Connection("server", { limits });
  const long = "a".repeat(100_000);
  connection.receive(bytesOf(`GET /x HTTP/1.1\r\nHost: a\r\nX: ${long}\r\nY: \xe9\r\n\r\n`));
  const event = connection.nextEvent();
  assert(event.kind === "request" && event.target === "/x" && event.headers.length === 3);
  assert.deepEqual([...event.headers], [["Host", "a"], ["X", long], ["Y", "\xe9"]]);
  assert.deepEqual([event.headers.get("y"), event.headers.has("z"), event.headers.at(3)], ["\xe9", false, undefined]);
});

test("texts", () => {
  assert.equal(reasonPhrase(426), "Upgrade Required");
  assert.equal(reasonPhrase(599), "");
  assert.match(whyText("declined"), /HTTP\/1\.1/);
  assert.match(ineligibleText("key"), /Sec-WebSocket-Key/);
  assert.match(errorText("bad-method"), /token/);
});

test("whole answers out of order, and with what is not theirs", () => {
  const idle = new Connection("server");
  refused(() => idle.respond({ status: 200 }), "unasked");
  refused(() => idle.handOver(), "unasked");
  refused(() => idle.passContent(1), "no-content");
  refused(() => idle.reject({ status: 200 }), "invalid-status");
  refused(() => new Connection("client").respond({ status: 200 }), "wrong-role");
  refused(() => new Connection("client").reject({ status: 503 }), "wrong-role");
  assert.equal(text(idle.reject({ status: 503 })), "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  const { connection } = server(`${PLAIN}rest`);
  assert.deepEqual([connection.owes, connection.persists, text(connection.unread)], ["response", true, "rest"]);
  assert.deepEqual([connection.takeEnd(), connection.takeEnd()], [true, false]);
  refused(() => connection.setLimits({ head: 100 }), "unanswered");
  refused(() => connection.respond({ status: 204 }, bytesOf("hello")), "framing-conflict");
  refused(() => connection.respond({ status: 200, headers: { "Content-Length": "4" } }, bytesOf("hello")), "length-exceeded");
  assert.throws(() => connection.respond({ status: 200 }, wrong("hello")), TypeError);
  assert.throws(() => connection.respond(wrong(200)), TypeError);
  assert.throws(() => connection.respondPrepared(wrong({ status: 200 })), TypeError);
  assert.match(text(connection.respond({ status: 200 }, bytesOf("hello"))), /\r\nContent-Length: 5\r\n\r\nhello$/);
  refused(() => connection.respond({ status: 200 }), "answered");
});

test("limits between messages, and names and values that are none", () => {
  const connection = new Connection("server", { limits: { content: 9 } });
  assert.throws(() => connection.setLimits(wrong({ heads: 1 })), TypeError);
  assert.throws(() => connection.setLimits(wrong(null)), TypeError);
  for (const head of [-1, 0.5, 2 ** 32]) assert.throws(() => connection.setLimits({ head }), RangeError);
  connection.setLimits({ fields: 1 });
  connection.receive(bytesOf("POST / HTTP/1.1\r\nHost: a\r\n"));
  assert.equal(connection.nextEvent().kind, "need-data");
  refused(() => connection.setLimits({ fields: 5 }), "unread-input");
  connection.receive(bytesOf("Content-Length: 10\r\n\r\n"));
  assert.throws(() => connection.nextEvent(), { kind: "too-many-fields" });
  const other = new Connection("server", { limits: { content: 9 } });
  other.setLimits({ fields: 2 }); // What is not named stays.
  other.receive(bytesOf("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"));
  assert.throws(() => other.nextEvent(), { kind: "content-too-large", status: 413 });
});

test("a prepared answer is for any connection, and cannot be changed", () => {
  const content = bytesOf("hello");
  const headers = new Map([["X", "y"]]);
  const prepared = new Prepared({ status: 200, headers }, content);
  content.fill(0);
  headers.set("X", "z");
  const given = prepared.content;
  given.fill(0);
  const wanted = "HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: 5\r\n\r\nhello";
  const first = server(PLAIN).connection;
  assert.equal(text(first.respondPrepared(prepared)), wanted);
  first.free();
  const second = server(PLAIN).connection;
  const written = second.respondPrepared(prepared);
  assert.equal(text(written), wanted);
  written.fill(0);
  assert.deepEqual([prepared.status, text(prepared.content)], [200, "hello"]);
  prepared.free();
  prepared.free();
  for (const call of [() => prepared.status, () => prepared.content, () => server(PLAIN).connection.respondPrepared(prepared)]) {
    assert.throws(call, (error) => error instanceof GoneError && error.message === "the prepared response was freed");
  }
  refused(() => new Prepared({ status: 101 }), "invalid-status");
  refused(() => new Prepared({ status: 200, headers: { "Transfer-Encoding": "chunked" } }), "framing-conflict");
  const tidied = new Prepared({ status: 200, headers: { "Transfer-Encoding": "chunked" } }, bytesOf("hello"), { tidy: true });
  refused(() => server(PLAIN).connection.respondPrepared(tidied), "framing-conflict");
  assert.throws(() => new Prepared({ status: 200 }, undefined, wrong({ tydi: true })), TypeError);
  // The configuration of a failed creation must not apply to a later connection.
  refused(() => new Prepared({ status: 101 }, undefined, { tidy: true }), "invalid-status");
  refused(() => server(PLAIN).connection.respond({ status: 204, headers: { "Content-Length": "0" } }), "framing-conflict");
});

test("content past the engine, and the connection handed over", () => {
  const { connection } = server("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n");
  assert.deepEqual(connection.content, { kind: "length", length: 5 });
  refused(() => connection.passContent(6), "length-exceeded");
  for (const length of [-1, 1.5, NaN, 2 ** 53]) assert.throws(() => connection.passContent(length), RangeError);
  assert.throws(() => connection.passContent(wrong("5")), TypeError);
  connection.passContent(5);
  assert.equal(connection.nextEvent().kind, "end-of-message");
  assert.deepEqual(connection.content, { kind: "none", length: 0 });
  refused(() => connection.handOver(), "head-gone");
  const over = server(`${PLAIN}rest`).connection;
  assert.equal(text(over.handOver()), `${PLAIN}rest`);
  refused(() => over.handOver(), "closed");
  assert.deepEqual(over.nextEvent(), { kind: "paused", why: "closed" });
});
