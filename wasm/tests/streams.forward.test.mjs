// Tests of `forward`: what is passed on, what is not, and what the client gets if the other server fails.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { forward, request, serveConnection } from "switchover/streams";
import { TIMEOUTS, connected, forms, holds, listening, rest, until } from "./sockets.mjs";

const options = { timeout: TIMEOUTS };
const OFFER = "Connection: upgrade\r\nUpgrade: foo/2\r\n";
const SWITCH = "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n";

/** @typedef {import("switchover/streams").ForwardOptions} ForwardOptions */
/** @typedef {import("node:net").Socket} NetSocket */

/**
 * Starts a gateway before a server that calls `behave` with each socket.
 * @param {(socket: NetSocket) => unknown} behave @param {ForwardOptions} [given]
 * @param {(socket: NetSocket) => import("switchover/streams").Socket} [form]
 */
async function gateway(behave, given, form = (socket) => socket) {
  const server = await listening(behave);
  /** @type {unknown[]} */
  const told = [];
  const served = { onError: (/** @type {unknown} */ error) => void told.push(error) };
  const dial = () => form(connect({ port: server.port, host: "127.0.0.1", allowHalfOpen: true }));
  const front = await listening((socket) => serveConnection(socket, (request) => forward(request, dial, given), served));
  return { port: front.port, server, front, told };
}

/** Returns the response to one request. @param {number} port @param {string} request */
async function answer(port, request) {
  const socket = await connected(port);
  socket.write(request);
  return rest(socket);
}

/** Returns the request that a server behind the gateway receives. @param {string} request @param {ForwardOptions} [given] */
async function forwarded(request, given) {
  let received = "";
  const { port, server, front } = await gateway(async (socket) => {
    received = await until(socket, "\r\n\r\n");
    socket.end("HTTP/1.1 204 No Content\r\n\r\n");
  }, given);
  const response = await answer(port, request);
  await Promise.all([server.close(), front.close()]);
  return { received, response };
}

for (const [kind, form] of Object.entries(forms)) {
  test(`a switch and bytes in both directions, over ${kind}`, options, async () => {
    const { port, server, front, told } = await gateway(async (socket) => {
      const request = await until(socket, "\r\n\r\n");
      assert.match(request, /\r\nUpgrade: foo\/2\r\n/);
      socket.write(`${SWITCH}first`);
      await until(socket, "new");
      socket.end("last");
    }, {}, form);
    const response = await answer(port, `GET / HTTP/1.1\r\nHost: a\r\n${OFFER}\r\nnew`);
    assert.match(response, /^HTTP\/1\.1 101 [^]*\r\n\r\nfirstlast$/);
    await Promise.all([server.close(), front.close()]);
    assert.deepEqual(told, []);
  });
}

test("rfc9110_7_6_2_max_forwards_is_decremented_and_zero_ends", options, async () => {
  const asked = (/** @type {string} */ method, /** @type {string} */ hops) =>
    forwarded(`${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nMax-Forwards: ${hops}\r\n\r\n`);
  assert.match((await asked("OPTIONS", "3")).received, /\r\nMax-Forwards: 2\r\n/);
  assert.match((await asked("TRACE", "1")).received, /\r\nMax-Forwards: 0\r\n/);
  assert.match((await asked("GET", "0")).received, /\r\nMax-Forwards: 0\r\n/);
  assert.match((await asked("OPTIONS", "x")).received, /\r\nMax-Forwards: x\r\n/);
  for (const [method, status] of [["OPTIONS", "200"], ["TRACE", "501"]]) {
    const { received, response } = await asked(String(method), "0");
    assert.equal(received, "");
    assert.match(response, new RegExp(`^HTTP/1\\.1 ${status} [^]*\\r\\nContent-Length: 0\\r\\n`, "i"));
  }
});

test("rfc9110_7_6_3_a_request_gets_via_and_the_given_fields", options, async () => {
  const { received } = await forwarded(`GET /x HTTP/1.0\r\nHost: a\r\nVia: 1.0 b\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\r\n`, {
    via: "front",
    headers: [["Forwarded", "for=192.0.2.1"]],
  });
  assert.match(received, /^GET \/x HTTP\/1\.1\r\nHost: a\r\n/);
  assert.match(received, /\r\nVia: 1\.0 b\r\n[^]*Via: 1\.0 front\r\n/);
  assert.match(received, /\r\nForwarded: for=192\.0\.2\.1\r\n/);
  assert.doesNotMatch(received, /X-Hop/);
});

test("given fields replace those of the client, and fields for one hop go", options, async () => {
  const lines = "X-Forwarded-For: 192.0.2.9\r\nTrailer: X-T\r\nTE: trailers\r\nKeep-Alive: 5\r\nAccept: text/plain\r\n";
  const { received } = await forwarded(`GET / HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`, {
    headers: [["x-forwarded-for", "192.0.2.1"], ["host", "b"]],
  });
  const head = received.toLowerCase().trimEnd().split("\r\n").slice(1).sort();
  assert.deepEqual(head, ["accept: text/plain", "connection: close", "host: b", "via: 1.1 switchover", "x-forwarded-for: 192.0.2.1"]);
});

test("a CONNECT is not forwarded", options, async () => {
  const { received, response } = await forwarded("CONNECT b:80 HTTP/1.1\r\nHost: b:80\r\n\r\n");
  assert.equal(received, "");
  assert.match(response, /^HTTP\/1\.1 501 /);
});

test("a server that is too slow is a 504, and one that cannot be reached a 502", options, async () => {
  /** @type {unknown[]} */
  const errors = [];
  const onError = (/** @type {unknown} */ error) => void errors.push(error);
  const slow = await gateway((socket) => once(socket, "close"), { timeouts: { response: 50 }, onError });
  assert.match(await answer(slow.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 504 /);
  await Promise.all([slow.server.close(), slow.front.close()]);

  const refusal = new Error("no such server");
  const none = await listening((socket) => serveConnection(socket, (request) => forward(request, () => Promise.reject(refusal), { onError })));
  assert.match(await answer(none.port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 502 /);
  await none.close();
  assert.deepEqual(errors.map((error) => Object(error).name), ["TimeoutError", "Error"]);
  assert.equal(errors[1], refusal);
});

test("a client's own fault is no 502", options, async () => {
  const { port, server, front, told } = await gateway(async (socket) => {
    await rest(socket);
  });
  const response = await answer(port, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n");
  assert.match(response, /^HTTP\/1\.1 400 /);
  assert.match(await answer(port, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n"), /^HTTP\/1\.1 501 /);
  await Promise.all([server.close(), front.close()]);
  assert.deepEqual(told, []);
});

const EARLY = `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n${OFFER}\r\n3\r\nabc\r\n`;

test("a server that resets after an early switch is a 502, and no switch", options, async () => {
  /** @type {unknown[]} */
  const errors = [];
  const given = { onError: (/** @type {unknown} */ error) => void errors.push(error) };
  const { port, server, front } = await gateway(async (socket) => {
    await until(socket, "abc");
    socket.write(`${SWITCH}first`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    socket.resetAndDestroy();
  }, given);
  const client = await connected(port);
  client.write(EARLY);
  await holds(() => server.open === 1);
  await holds(() => server.open === 0);
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.end("3\r\ndef\r\n0\r\n\r\n");
  assert.match(await rest(client), /^HTTP\/1\.1 502 /);
  assert.equal(errors.length, 1);
  await Promise.all([server.close(), front.close()]);
});

test("a client's own fault after an early switch is no 502", options, async () => {
  let hasSwitched = false;
  const { port, server, front } = await gateway(async (socket) => {
    await until(socket, "abc");
    socket.write(SWITCH, () => (hasSwitched = true));
    await rest(socket);
    socket.end();
  });
  const client = await connected(port);
  client.write(EARLY);
  await holds(() => hasSwitched);
  await new Promise((resolve) => setTimeout(resolve, 100));
  client.write("zz\r\n");
  assert.match(await rest(client), /^HTTP\/1\.1 400 /);
  await holds(() => server.open === 0);
  await Promise.all([server.close(), front.close()]);
});

test("a client that leaves ends the wait for a connection", options, async () => {
  /** @type {AbortSignal | undefined} */
  let given;
  /** @type {(socket: import("switchover/streams").Socket) => void} */
  let connect = () => {};
  const front = await listening((socket) =>
    serveConnection(socket, (request) =>
      forward(request, (signal) => {
        given = signal;
        return new Promise((resolve) => (connect = resolve));
      }),
    ),
  );
  const client = await connected(front.port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await holds(() => given !== undefined);
  client.resetAndDestroy();
  await holds(() => given?.aborted === true && front.open === 0);
  // A connection that comes too late is closed, and if that fails nothing is unhandled.
  let closed = 0;
  const { readable, writable } = new TransformStream();
  connect({ readable, writable, close: () => (closed++, Promise.reject(new Error("closed before"))) });
  await holds(() => closed === 1);
  await front.close();
});

test("a 205 with content is a 502, and a cut response is cut", options, async () => {
  const cut = await gateway(async (socket) => {
    const request = await until(socket, "\r\n\r\n");
    socket.end(request.includes("/205") ? "HTTP/1.1 205 Reset Content\r\nContent-Length: 2\r\n\r\nab" : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
  });
  const { port, server, front, told } = cut;
  assert.match(await answer(port, "GET /205 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 502 /);
  assert.doesNotMatch(await answer(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /\r\n0\r\n\r\n$|Content-Length: 2/i);
  await Promise.all([server.close(), front.close()]);
  assert.equal(told.length, 1);
});

test("a client that resets ends the request at the other server", options, async () => {
  const { port, server, front, told } = await gateway(async (socket) => {
    await until(socket, "\r\n\r\n");
    client.resetAndDestroy();
    await rest(socket);
    socket.end();
  });
  const client = await connected(port);
  client.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await once(client, "close");
  await holds(() => server.open === 0 && front.open === 0);
  await Promise.all([server.close(), front.close()]);
  assert.deepEqual(told, []);
});

test("a tunnel that the other server resets is reset, and no handler has failed", options, async () => {
  const { port, server, front, told } = await gateway(async (socket) => {
    await until(socket, "\r\n\r\n");
    socket.write(`${SWITCH}first`);
    await until(socket, "go");
    socket.resetAndDestroy();
  });
  const client = await connected(port);
  client.write(`GET / HTTP/1.1\r\nHost: a\r\n${OFFER}\r\n`);
  await until(client, "first");
  const failed = once(client, "error");
  client.write("go");
  const [error] = await failed;
  assert.equal(error.code, "ECONNRESET");
  await holds(() => server.open === 0 && front.open === 0);
  await Promise.all([server.close(), front.close()]);
  assert.deepEqual(told, []);
});

test("a tunnel that the client resets is reset at the other server", options, async () => {
  const { port, server, front, told } = await gateway(async (socket) => {
    await until(socket, "\r\n\r\n");
    socket.write(`${SWITCH}first`);
    await assert.rejects(socket.toArray(), { code: "ECONNRESET" });
  });
  const client = await connected(port);
  client.write(`GET / HTTP/1.1\r\nHost: a\r\n${OFFER}\r\n`);
  await until(client, "first");
  client.resetAndDestroy();
  await holds(() => server.open === 0 && front.open === 0);
  await Promise.all([server.close(), front.close()]);
  assert.deepEqual(told, []);
});

const encoder = new TextEncoder();

/**
 * Returns a socket to a server in memory, which sends what `pull` enqueues.
 * @param {(controller: ReadableStreamDefaultController<Uint8Array>) => void} pull @param {() => Promise<void>} [write]
 */
const inMemory = (pull, write = () => Promise.resolve()) => ({
  readable: new ReadableStream({ pull }, { highWaterMark: 0 }),
  writable: new WritableStream({ write }),
});

test("a server that switches and does not take the request is a 502", options, async () => {
  /** @type {unknown[]} */
  const errors = [];
  let fail = () => {};
  // The write of the head fails once the 101 was read, before any content was.
  const pull = (/** @type {ReadableStreamDefaultController<Uint8Array>} */ controller) => {
    controller.enqueue(encoder.encode(SWITCH));
    setTimeout(() => fail(), 10);
  };
  const dial = () => inMemory(pull, () => new Promise((_, reject) => (fail = () => reject(new Error("reset")))));
  const given = { onError: (/** @type {unknown} */ error) => void errors.push(error) };
  const front = await listening((socket) => serveConnection(socket, (request) => forward(request, dial, given)));
  const response = await answer(front.port, `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${OFFER}\r\nhello`);
  assert.match(response, /^HTTP\/1\.1 502 /);
  assert.deepEqual(errors.map((error) => Object(error).name), ["DisconnectedError"]);
  await front.close();
});

test("interim responses wait for a client that does not read", options, async () => {
  const limit = 500;
  let pulled = 0;
  const pull = (/** @type {ReadableStreamDefaultController<Uint8Array>} */ controller) => {
    pulled += 1;
    const status = pulled > limit ? "204 No Content" : "103 Early Hints";
    controller.enqueue(encoder.encode(`HTTP/1.1 ${status}\r\n\r\n`));
  };
  let read = () => {};
  const reads = new Promise((resolve) => (read = () => resolve(undefined)));
  let received = "";
  const client = {
    readable: new ReadableStream({ start: (controller) => controller.enqueue(encoder.encode("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")) }),
    writable: new WritableStream({ write: (bytes) => reads.then(() => void (received += Buffer.from(bytes).toString())) }),
  };
  const serving = serveConnection(client, (request) => forward(request, () => inMemory(pull), { config: { limits: { informational: limit } } }));
  await holds(() => pulled > 0);
  for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  assert.ok(pulled < 10, `${pulled} responses were read`);
  read();
  await holds(() => received.includes(" 204 "));
  assert.equal(received.match(/ 103 /g)?.length, limit);
  await serving;
});

test("rfc9112_6_3_a_length_beside_a_transfer_coding_is_not_forwarded", options, async () => {
  const { port, server, front, told } = await gateway(async (socket) => {
    await until(socket, "\r\n\r\n");
    socket.end("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\nb\r\nhello world\r\n0\r\n\r\n");
  }, { config: { lenient: { bothFramings: true } } });
  const response = await answer(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  assert.match(response, /\r\nContent-Length: 11\r\n[^]*\r\n\r\nhello world$/);
  await Promise.all([server.close(), front.close()]);
  assert.deepEqual(told, []);
});

test("rfc9110_8_6_an_invalid_length_of_a_response_to_head_is_a_502", options, async () => {
  for (const [length, status] of [["5, 6", "502"], ["+5", "502"], ["5, 05", "200"]]) {
    const { port, server, front, told } = await gateway(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.end(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`);
    });
    assert.match(await answer(port, "HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), new RegExp(`^HTTP/1\\.1 ${status} `));
    await Promise.all([server.close(), front.close()]);
    assert.deepEqual(told, []);
  }
});

test("rfc9110_15_5_22_a_426_names_only_protocols_that_are_forwarded", options, async () => {
  for (const [upgrade, expected] of [["h2c, TLS/1.2", /^HTTP\/1\.1 400 (?![^]*\r\nupgrade:)/i], ["h2c, foo/2", /^HTTP\/1\.1 426 [^]*\r\nupgrade: foo\/2\r\n/i]]) {
    const { port, server, front } = await gateway(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.end(`HTTP/1.1 426 Upgrade Required\r\nConnection: upgrade\r\nUpgrade: ${upgrade}\r\nContent-Length: 0\r\n\r\n`);
    });
    assert.match(await answer(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"), /** @type {RegExp} */ (expected));
    await Promise.all([server.close(), front.close()]);
  }
});

test("rfc9112_9_5_a_response_that_ends_the_connection_is_whole_while_its_request_is_sent", options, async () => {
  let goOn = () => {};
  const hasPiece = new Promise((resolve) => (goOn = () => resolve(undefined)));
  async function* body() {
    yield encoder.encode("first");
    await hasPiece;
    yield encoder.encode("second");
  }
  const answered = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello";
  const socket = inMemory((controller) => controller.enqueue(encoder.encode(answered)));
  const response = await request(socket, { method: "POST", target: "/", headers: [["Host", "a"]], body: body() });
  assert.ok(response.body);
  let content = "";
  for await (const piece of response.body) {
    content += Buffer.from(piece).toString();
    goOn();
    for (let turn = 0; turn < 5; turn++) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  assert.equal(content, "hello");
});

test("a callback for interim responses that does not end hinders no signal", options, async () => {
  const socket = inMemory((controller) => controller.enqueue(encoder.encode("HTTP/1.1 103 Early Hints\r\n\r\n")));
  const stopping = new AbortController();
  const asked = request(socket, { target: "/", headers: [["Host", "a"]] }, {
    signal: stopping.signal,
    informational: () => new Promise(() => stopping.abort(new Error("stop"))),
  });
  await assert.rejects(asked, { message: "stop" });
});
