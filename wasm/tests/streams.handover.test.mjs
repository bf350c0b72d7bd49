// Tests of data that is pending at a change of state: bytes read ahead of an upgrade, content of a response that is not
// sent, a response that arrives before the request is sent.

import assert from "node:assert/strict";
import { getEventListeners, once } from "node:events";
import { connect, constants, createServer } from "node:http2";
import { connect as connectTcp, createServer as createTcpServer } from "node:net";
import process from "node:process";
import { Duplex } from "node:stream";
import { pipeline } from "node:stream/promises";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { Connection } from "switchover";
import { DisconnectedError, request, serveConnection, upgrade } from "switchover/streams";
import { TIMEOUTS, connected, forms, holds, listening, paired, rest, still, toWeb, until } from "./sockets.mjs";

/** @typedef {import("switchover/streams").ServerRequest} ServerRequest */
/** @typedef {import("switchover/streams").ServerResponse} ServerResponse */
/** @typedef {{ readonly readable: ReadableStream<Uint8Array>, readonly writable: WritableStream<Uint8Array> }} Pair */

const HOST = { Host: "a.example" };
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OFFER = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";
const CLOSES = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const options = { timeout: TIMEOUTS };
const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Returns content that stalls after one piece, and a promise of its cancel reason. */
function stalled() {
  /** @type {(reason: unknown) => void} */
  let note = () => {};
  const cancelled = new Promise((resolve) => (note = resolve));
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from("first")),
    pull: () => new Promise(() => {}),
    cancel: (reason) => note(reason),
  });
  return { body, cancelled };
}

/** Returns content that records whether it was cancelled. */
function watched() {
  const state = { isCancelled: false };
  const body = new ReadableStream({ pull: () => {}, cancel: () => void (state.isCancelled = true) }, { highWaterMark: 0 });
  return { state, body };
}

for (const [form, shape] of Object.entries(forms)) {
  describe(`over ${form}`, { timeout: TIMEOUTS }, () => {
    /** Returns a handler that responds slowly without an offer, and accepts one. @param {boolean} early */
    const slowThenSwitched = (early) => async (/** @type {ServerRequest} */ asked) => {
      const switched = await asked.upgrade(["foo/2"], undefined, { early });
      if (!switched) return { body: (async function* () { for (let i = 0; i < 4; i++) yield pause(50).then(() => Buffer.from("piece")); })() };
      await switched.readable.pipeTo(switched.writable);
      return undefined;
    };

    for (const early of [false, true]) {
      for (const length of [10, 1_000_000]) {
        test(`${length} first bytes after an upgrade in the pipeline come back${early ? ", early" : ""}`, async () => {
          /** @type {unknown[]} */
          const unhandled = [];
          const note = (/** @type {unknown} */ error) => void unhandled.push(error);
          process.on("unhandledRejection", note);
          const server = await listening((socket) => serveConnection(shape(socket), slowThenSwitched(early)));
          const socket = await connected(server.port);
          const bytes = Buffer.from(Uint8Array.from({ length }, (_, at) => 97 + (at % 26)));
          socket.write(GET);
          await until(socket, "piece");
          // Some bytes arrive with the offer, some while the response is made, some after the 101.
          const some = length === 10 ? 5 : 500;
          socket.write(OFFER + bytes.subarray(0, some).toString());
          const switching = until(socket, "HTTP/1.1 101 ");
          await pause(20);
          if (length > 10) socket.write(bytes.subarray(some));
          const head = await switching;
          if (length === 10) for (const byte of bytes.subarray(some)) (socket.write(Buffer.of(byte)), await pause(2));
          socket.end();
          const said = head + (await rest(socket));
          assert.equal(said.slice(said.indexOf("HTTP/1.1 101 ")).split("\r\n\r\n")[1], bytes.toString());
          await server.close();
          process.off("unhandledRejection", note);
          assert.deepEqual(unhandled, []);
        });
      }
    }

    test("a request that is answered before it has left does not leave the socket free", async () => {
      const server = await listening(async (socket) => {
        await once(socket, "readable");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await closed(socket);
      });
      const socket = await connected(server.port);
      const asked = { method: "POST", target: "/", headers: HOST, body: new Uint8Array(30_000_000) };
      const answer = await request(shape(socket), asked, { timeouts: { write: 1_000 } });
      assert.equal(await answer.text(), "ok");
      assert.equal(answer.persists, false);
      // The rest is still sent, until the server has read nothing for too long.
      await holds(() => socket.destroyed);
      await server.close();
    });

    test("a socket is taken by one request at a time", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), async ({ target }) => ({ body: `of ${target}` })));
      const connection = await connected(server.port);
      try {
        const socket = shape(connection);
        const first = await request(socket, { target: "/first", headers: HOST });
        await assert.rejects(request(socket, { target: "/second", headers: HOST }), TypeError);
        assert.equal(await first.text(), "of /first");
        const third = await request(socket, { target: "/third", headers: HOST });
        assert.equal(await third.text(), "of /third");
      } finally {
        connection.destroy();
        await server.close();
      }
    });

    test("a request that has left does, also where it was more than one piece", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), async (asked) => ({ body: `${(await asked.bytes()).length}` })));
      const socket = await connected(server.port);
      for (const length of [0, 10, 100_000, 1_000_000]) {
        const answer = await request(shape(socket), { method: "POST", target: "/", headers: HOST, body: new Uint8Array(length) });
        assert.equal(await answer.text(), String(length));
        assert.equal(answer.persists, true);
      }
      socket.destroy();
      await server.close();
    });

    /**
     * Responses of a handler that are not sent, by what prevents it.
     * @type {Record<string, { asks?: string, answer: (body: ReadableStream, asked: ServerRequest) => unknown }>}
     */
    const unsent = {
      "a 2xx to CONNECT": { asks: "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", answer: (body) => ({ body }) },
      "a response after an upgrade": {
        asks: OFFER,
        answer: async (body, asked) => {
          const switched = await asked.upgrade(["foo/2"]);
          switched?.close();
          return { body };
        },
      },
      "a status that is none": { answer: (body) => ({ status: 99, body }) },
      "fields that fail": {
        answer: (body) => ({
          headers: { *[Symbol.iterator]() { throw new Error("a mistake"); } },
          body,
        }),
      },
    };
    for (const [name, { asks = GET, answer }] of Object.entries(unsent)) {
      test(`the content of ${name} is cancelled`, async () => {
        const { state, body } = watched();
        const handler = async (/** @type {ServerRequest} */ asked) => /** @type {ServerResponse} */ (await answer(body, asked));
        const server = await listening((socket) => serveConnection(shape(socket), handler, { onError: () => {} }));
        const socket = await connected(server.port);
        socket.end(asks);
        await rest(socket);
        await holds(() => state.isCancelled);
        await server.close();
      });
    }

    test("and that of a response that comes when the connection has been given up", async () => {
      const { state, body } = watched();
      const stop = new AbortController();
      const handler = async () => (stop.abort("enough"), await pause(20), { body });
      const server = await listening((socket) => serveConnection(shape(socket), handler, { signal: stop.signal }));
      const socket = await connected(server.port);
      socket.end(GET);
      await rest(socket);
      await holds(() => state.isCancelled);
      await server.close();
    });

    /** Ways in which a request cannot be sent. @type {Record<string, (socket: import("node:net").Socket) => object>} */
    const unsendable = {
      "on a socket that is closed": (socket) => (socket.destroy(), {}),
      "with a signal that is aborted": () => ({ signal: AbortSignal.abort("enough") }),
      "whose server leaves before its 100": (socket) => (setTimeout(() => socket.destroy(), 20), {}),
    };
    for (const [name, spoil] of Object.entries(unsendable)) {
      test(`and that of a request ${name}`, async () => {
        const { state, body } = watched();
        const server = await listening(closed);
        const socket = await connected(server.port);
        const shaped = shape(socket);
        const headers = { ...HOST, "Transfer-Encoding": "chunked", ...(name.includes("100") && { Expect: "100-continue" }) };
        await assert.rejects(request(shaped, { method: "POST", target: "/", headers, body }, spoil(socket)));
        await holds(() => state.isCancelled);
        socket.destroy();
        await server.close();
      });
    }

    test("trailers are left out where there are no chunks", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body: "content", trailers: { "X-T": "a" } })));
      const socket = await connected(server.port);
      socket.end("GET / HTTP/1.0\r\n\r\n");
      assert.match(await rest(socket), /\r\n\r\ncontent$/);
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
    });

    test("a response whose body was read already is a mistake", async () => {
      /** @type {unknown[]} */
      const reported = [];
      const handler = async () => {
        const response = new Response("content");
        await response.text();
        return response;
      };
      const server = await listening((socket) => serveConnection(shape(socket), handler, { onError: (error) => void reported.push(error) }));
      const socket = await connected(server.port);
      socket.end(GET);
      assert.match(await rest(socket), /^HTTP\/1\.1 500 /);
      assert.match(String(reported), /^TypeError: the body of the response was read already$/);
      await server.close();
    });

    test("a signal that is none leaves the socket as it was", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body: "ok" })));
      const socket = await connected(server.port);
      const shaped = shape(socket);
      const signal = /** @type {any} */ ({ aborted: false });
      await assert.rejects(request(shaped, { target: "/", headers: HOST }, { signal }), TypeError);
      assert.equal(await (await request(shaped, { target: "/", headers: HOST })).text(), "ok");
      socket.destroy();
      await server.close();
    });
  });
}

/**
 * Waits until a socket is closed, for whatever reason.
 * @param {import("node:net").Socket} socket
 */
async function closed(socket) {
  if (!socket.closed) await new Promise((resolve) => socket.on("close", resolve));
}

/**
 * Returns a socket whose peer responds to a POST at once.
 *
 * Each write takes `takes` milliseconds.
 * @param {number} takes
 */
function slow(takes) {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  /** @type {Duplex & { heard: string }} */
  const socket = Object.assign(new Duplex({
    writableHighWaterMark: 16_384,
    read: () => {},
    write: (bytes, _, taken) => {
      socket.heard += String(bytes);
      if (String(bytes).startsWith("POST")) setImmediate(() => socket.push(answer));
      const timer = setTimeout(taken, takes);
      if (takes === TIMEOUTS) timer.unref();
    },
  }), { heard: "" });
  return socket;
}

const POST = { method: "POST", target: "/", headers: HOST, body: new Uint8Array(20_000) };

test("a socket that is free while its peer has still to take the request has nothing left on it", options, async () => {
  const socket = slow(60);
  for (let requests = 0; requests < 3; requests++) {
    const answer = await request(socket, POST);
    assert.equal(await answer.text(), "ok");
    assert(answer.persists && socket.writableLength > 0);
    assert.equal(socket.listenerCount("drain"), 0);
  }
  socket.destroy();
});

test("the next request waits until the peer has taken the one before", options, async () => {
  const socket = slow(TIMEOUTS);
  await (await request(socket, POST)).text();
  const queued = socket.writableLength;
  await assert.rejects(request(socket, POST, { timeouts: { write: 50 } }), { name: "TimeoutError" });
  assert.equal(socket.writableLength, queued);
});

/** Returns a socket that has received these bytes, and the count of its resets. @param {string} said */
function counting(said) {
  const resets = { count: 0 };
  const socket = Object.assign(slow(0), { resetAndDestroy: () => (resets.count++, socket.destroy()) });
  socket.push(said);
  return { socket: /** @type {any} */ (socket), resets };
}

/**
 * Ways in which code that speaks the new protocol fails.
 * @type {Record<string, (streams: import("switchover/streams").Switched) => Promise<void>>}
 */
const failing = {
  "a handler that throws": () => Promise.reject(new Error("too bad")),
  "a writer that aborts": ({ writable }) => writable.abort("enough"),
};
for (const [name, fails] of Object.entries(failing)) {
  test(`${name} resets the connection of a new protocol`, options, async () => {
    const { socket, resets } = counting(OFFER);
    await serveConnection(socket, async (asked) => fails(/** @type {any} */ (await asked.upgrade(["foo/2"]))), { onError: () => {} });
    assert(resets.count > 0);
  });
}

/**
 * Returns a server's response over an HTTP/2 stream, and the stream's error code.
 * @param {string} request @param {import("switchover/streams").ServerResponse} response
 */
async function overHttp2(request, response) {
  const server = createServer();
  server.on("stream", (/** @type {import("node:http2").ServerHttp2Stream} */ stream) => {
    stream.respond({ ":status": 200 });
    serveConnection(stream, () => response, { onError: () => {} }).catch(() => {});
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const session = connect(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`);
  try {
    const stream = session.request({ ":method": "CONNECT", ":authority": "a" });
    stream.on("error", () => {});
    stream.write(request);
    let said = "";
    stream.on("data", (bytes) => (said += bytes));
    await new Promise((resolve) => stream.on("close", resolve));
    return { said, code: stream.rstCode };
  } finally {
    session.destroy();
    server.close();
  }
}

test("an answer that is cut in a stream of HTTP/2 does not look whole", options, async () => {
  const half = async function* () {
    yield Buffer.from("half");
    await pause(50);
    throw new Error("too bad");
  };
  const cut = await overHttp2("GET / HTTP/1.0\r\n\r\n", { body: half() });
  assert.match(cut.said, /half$/);
  assert.notEqual(cut.code, constants.NGHTTP2_NO_ERROR);
  // The last chunk is missing.
  const framed = await overHttp2(CLOSES, { body: half() });
  assert.match(framed.said, /half\r\n$/);
  const whole = await overHttp2(CLOSES, { body: Buffer.from("whole") });
  assert.match(whole.said, /whole$/);
  assert.equal(whole.code, constants.NGHTTP2_NO_ERROR);
});

test("a client that half-closes before the streams are looked at still gets its answer", options, async () => {
  for (const as of ["streams", "toDuplex"]) {
    const server = createTcpServer((socket) => {
      serveConnection(socket, async (asked) => {
        const switched = await asked.upgrade(["foo/2"]);
        assert(switched);
        await pause(50);
        if (as === "toDuplex") return void switched.toDuplex(Duplex).end("answer");
        const writer = switched.writable.getWriter();
        await writer.write(Buffer.from("answer"));
        await writer.close();
      });
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const socket = await connected(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
    socket.end(OFFER);
    assert.match(await rest(socket), /\r\n\r\nanswer$/);
    server.close();
  }
});

test("a client that resets a Duplex of ours is gone, and no mistake of the handler's", options, async () => {
  let reports = 0;
  const server = await listening((socket) => serveConnection(socket, async (asked) => {
    const switched = await asked.upgrade(["foo/2"]);
    assert(switched);
    for await (const _ of switched.toDuplex(Duplex)) continue;
  }, { onError: () => reports++ }));
  const socket = await connected(server.port);
  socket.write(OFFER);
  await until(socket, "101");
  socket.resetAndDestroy();
  const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
  assert.deepEqual([ending?.how, reports], ["gone", 0]);
});

/**
 * Ways in which a handler of a new protocol fails while it reads or pipes bytes.
 * @type {Record<string, (switched: import("switchover/streams").Switched) => Promise<void>>}
 */
const passing = {
  "a transform": ({ readable, writable }) => {
    const bug = () => { throw new Error("a bug"); };
    return readable.pipeThrough(new TransformStream({ transform: bug })).pipeTo(/** @type {any} */ (writable));
  },
  "a pipeline": (switched) => {
    const duplex = switched.toDuplex(Duplex);
    return pipeline(duplex, async function* () { throw new Error("a bug"); }, duplex);
  },
  "a reader": async ({ readable }) => {
    const reader = readable.getReader();
    await reader.read();
    await reader.cancel();
    throw new Error("a bug");
  },
};
for (const [name, passes] of Object.entries(passing)) {
  test(`${name} that fails is the handler's failure`, options, async () => {
    /** @type {unknown[]} */
    const reports = [];
    const server = await listening((socket) => serveConnection(socket, async (asked) => {
      const switched = await asked.upgrade(["foo/2"]);
      assert(switched);
      await passes(switched);
    }, { onError: (error) => void reports.push(error) }));
    const socket = await connected(server.port);
    let hasReset = false;
    socket.on("error", (/** @type {NodeJS.ErrnoException} */ error) => (hasReset = error.code === "ECONNRESET"));
    socket.write(OFFER);
    await until(socket, "101");
    socket.write("hello");
    await rest(socket);
    const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
    assert.deepEqual([ending?.how, reports.length], ["failed", 1]);
    // Node's own pipeline ends the writable in order when it fails.
    assert.equal(hasReset, name !== "a pipeline");
  });
}

for (const how of /** @type {const} */ (["fails", "closes"])) {
  test(`a handler that ${how} while it holds the locks of Node's web streams ends the connection`, options, async () => {
    const server = await listening((socket) => serveConnection(toWeb(socket), async (asked) => {
      const switched = await asked.upgrade(["foo/2"]);
      switched?.readable.getReader();
      switched?.writable.getWriter();
      if (how === "fails") throw new Error("after the switch");
      switched?.close();
    }, { onError: () => {} }));
    const socket = await connected(server.port);
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.write(OFFER);
    socket.resume();
    await once(socket, "close");
    await server.close();
  });
}

test("a transform that fails over web streams is the handler's failure", options, async () => {
  let reports = 0;
  const server = await listening((socket) => serveConnection(paired(socket), async (asked) => {
    const switched = await asked.upgrade(["foo/2"]);
    assert(switched);
    await passing["a transform"]?.(switched);
  }, { onError: () => reports++ }));
  const socket = await connected(server.port);
  socket.write(OFFER);
  await until(socket, "101");
  socket.write("hello");
  await rest(socket);
  const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
  assert.deepEqual([ending?.how, reports], ["failed", 1]);
});

/** Ways in which a handler copies bytes from another connection. @type {Record<string, (from: Pair, to: Pair) => Promise<void>>} */
const copying = {
  "a loop": async ({ readable }, { writable }) => {
    const writer = writable.getWriter();
    for await (const bytes of /** @type {any} */ (readable)) await writer.write(bytes);
    await writer.close();
  },
  "pipeTo": ({ readable }, { writable }) => readable.pipeTo(/** @type {any} */ (writable)),
};
for (const [form, shape] of Object.entries(forms)) {
  for (const [name, copies] of Object.entries(copying)) {
    test(`a backend that resets is no end of its client's, by ${name} over ${form}`, options, async () => {
      const backend = await listening((socket) => serveConnection(socket, async (asked) => {
        const writer = (await asked.upgrade(["foo/2"]))?.writable.getWriter();
        await writer?.write(Buffer.from("half of it"));
        await pause(100);
        socket.resetAndDestroy();
      }, { onError: () => {} }));
      let reports = 0;
      const server = await listening((socket) => serveConnection(shape(socket), async (asked) => {
        const from = await upgrade(shape(await connected(backend.port)), { target: "/", headers: HOST }, { offer: ["foo/2"] });
        const to = await asked.upgrade(["foo/2"]);
        assert("readable" in from && to);
        await copies(from, to);
      }, { onError: () => reports++ }));
      const socket = await connected(server.port);
      let hasReset = false;
      socket.on("error", (/** @type {NodeJS.ErrnoException} */ error) => (hasReset = error.code === "ECONNRESET"));
      socket.write(OFFER);
      assert.match(await rest(socket), /half of it$/);
      const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
      await backend.close();
      assert.deepEqual([ending?.how, reports], ["failed", 1]);
      // A pair of web streams cannot be reset.
      assert.equal(hasReset, form === "net.Socket");
    });
  }
}

/**
 * Serves one connection over an HTTP/2 stream, whose client offers a protocol.
 * @param {(duplex: Duplex) => Promise<void>} switched speaks the new protocol
 */
async function switchingOverHttp2(switched) {
  let reports = 0;
  const server = createServer();
  /** @type {Promise<import("switchover/streams").ServeResult>} */
  const ending = new Promise((resolve) => {
    server.on("stream", (/** @type {import("node:http2").ServerHttp2Stream} */ stream) => {
      stream.respond({ ":status": 200 });
      resolve(serveConnection(stream, async (asked) => {
        const duplex = (await asked.upgrade(["foo/2"]))?.toDuplex(Duplex);
        assert(duplex);
        await switched(duplex);
      }, { onError: () => reports++ }));
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const session = connect(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`);
  const stream = session.request({ ":method": "CONNECT", ":authority": "a" });
  stream.on("error", () => {});
  stream.write(OFFER);
  await once(stream, "data");
  /** Waits for the outcome, closes both sides; returns it and the number of errors. */
  const ended = async () => {
    const { how } = await ending;
    session.destroy();
    server.close();
    return [how, reports];
  };
  return { session, stream, ended };
}

for (const code of [constants.NGHTTP2_INTERNAL_ERROR, constants.NGHTTP2_CANCEL]) {
  test(`a client that resets its stream of HTTP/2 is gone, over a Duplex of ours, by ${code}`, options, async () => {
    const { session, stream, ended } = await switchingOverHttp2(
      (duplex) => pipeline(duplex, async function* (said) { yield* said; }, duplex),
    );
    // `destroy` without an error sends a CANCEL.
    if (code === constants.NGHTTP2_CANCEL) session.destroy();
    else stream.destroy(new Error("too bad"));
    assert.deepEqual(await ended(), ["gone", 0]);
  });
}

for (const way of ["cancelled", "left", "aborted"]) {
  test(`a response over a stream of HTTP/2 that is ${way} does not stay open at the server`, options, async () => {
    const server = createServer();
    let open = 0;
    server.on("stream", (/** @type {import("node:http2").ServerHttp2Stream} */ stream) => {
      open++;
      stream.on("error", () => {}).on("close", () => open--);
      stream.respond({ ":status": 200 });
      stream.once("data", () => stream.write(`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${"x".repeat(200_000)}`));
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const session = connect(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`);
    const stream = session.request({ ":method": "CONNECT", ":authority": "a" });
    const stop = new AbortController();
    const response = await request(stream, { target: "/", headers: HOST }, { signal: stop.signal });
    if (way === "cancelled") await response.body?.cancel();
    if (way === "left") for await (const _ of response.body ?? []) break;
    // A reason that is no error.
    if (way === "aborted") stop.abort("enough");
    while (open > 0) await pause(5);
    session.destroy();
    server.close();
  });
}

test("a socket that was closed after its answer is not in use, but gone", options, async () => {
  const server = await listening((socket) => serveConnection(socket, () => ({ headers: { Connection: "close" }, body: "ok" })));
  const socket = await connected(server.port);
  assert.equal(await (await request(socket, { target: "/", headers: HOST })).text(), "ok");
  await assert.rejects(request(socket, { target: "/", headers: HOST }), { name: "DisconnectedError" });
  await server.close();
});

test("noDelay is set on a socket of Node", options, async () => {
  /** @type {unknown[]} */
  const said = [];
  const server = await listening((socket) => {
    socket.setNoDelay = (on) => (said.push(on), socket);
    return serveConnection(socket, () => ({ body: "ok" }));
  });
  const socket = await connected(server.port);
  socket.end(CLOSES);
  await rest(socket);
  await server.close();
  assert.deepEqual(said, [true]);
});

// Each row has the client's action after its request, and the response that it then receives.
for (const [leaves, answer] of /** @type {[(socket: import("node:net").Socket) => void, RegExp][]} */ ([
  [(socket) => void socket.resetAndDestroy(), /^$/],
  [(socket) => void socket.end(), /^HTTP\/1\.1 500 /],
])) {
  test(`a handler that ends with the signal of a client that ${answer.source === "^$" ? "resets" : "half-closes"} has not failed`, options, async () => {
    let reports = 0;
    const server = await listening((socket) => serveConnection(socket, (asked) => new Promise((_, reject) => {
      asked.signal.addEventListener("abort", () => reject(asked.signal.reason));
    }), { onError: () => reports++ }));
    const socket = await connected(server.port);
    const said = rest(socket).catch(() => "");
    socket.write(GET);
    await pause(100);
    leaves(socket);
    assert.match(await said, answer);
    const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
    assert.deepEqual([ending?.how, reports], ["gone", 0]);
  });
}

test("a handler that ends with the signal of a half-closed client after a switch has said half of it", options, async () => {
  let reports = 0;
  const server = await listening((socket) => serveConnection(socket, async (asked) => {
    const { signal } = asked;
    await once(signal, "abort");
    const switched = await asked.upgrade(["foo/2"]);
    const writer = switched?.writable.getWriter();
    await writer?.write(Buffer.from("half"));
    // Node 20 reports a reset right after the last bytes as an orderly end.
    await pause(100);
    signal.throwIfAborted();
  }, { onError: () => reports++ }));
  const socket = await connected(server.port);
  let hasReset = false;
  socket.on("error", (/** @type {NodeJS.ErrnoException} */ error) => (hasReset = error.code === "ECONNRESET"));
  socket.end(OFFER);
  await rest(socket);
  const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
  assert.deepEqual([ending?.how, reports, hasReset], ["gone", 0, true]);
});

test("a wait that the signal of a client ends has not failed, as Node wraps the reason", options, async () => {
  let reports = 0;
  const server = await listening((socket) => serveConnection(socket, async ({ signal }) => {
    await sleep(TIMEOUTS, undefined, { signal });
    return { body: "late" };
  }, { onError: () => reports++ }));
  const socket = await connected(server.port);
  socket.write(GET);
  await pause(100);
  socket.resetAndDestroy();
  const [ending] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
  assert.deepEqual([ending?.how, reports], ["gone", 0]);
});

test("a backend that goes away is no client that has cancelled its stream of HTTP/2", options, async () => {
  const { ended } = await switchingOverHttp2(async (duplex) => {
    const backend = new Duplex({ read: () => {}, write: (_, __, done) => done() });
    setTimeout(() => backend.destroy(), 50);
    await pipeline(backend, duplex);
  });
  assert.deepEqual(await ended(), ["failed", 1]);
});

test("a client that says nothing, or no more, has ended in order, over web streams of Node, too", options, async () => {
  for (const says of ["", GET]) {
    const server = createTcpServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const ending = once(server, "connection").then(([socket]) => serveConnection(toWeb(socket), () => ({ body: "ok" })));
    const socket = await connected(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
    if (says) {
      socket.write(says);
      await until(socket, "ok");
    }
    socket.end();
    await rest(socket);
    assert.deepEqual(await ending, { how: "closed" });
    server.close();
  }
});

test("a response whose end was not taken is not closed in order", options, async () => {
  const { socket } = counting(CLOSES);
  socket._write = (/** @type {Buffer} */ _, /** @type {string} */ __, /** @type {(error: Error) => void} */ taken) => {
    setTimeout(taken, 10, new Error("reset"));
  };
  const ending = await serveConnection(socket, () => ({ body: "ok" }));
  assert.equal(ending.how, "gone");
});

test("a signal has one listener for all connections, and none after them", options, async () => {
  const { signal } = new AbortController();
  const sockets = Array.from({ length: 12 }, () => slow(0));
  const served = sockets.map((socket) => serveConnection(socket, () => ({}), { signal }));
  assert.equal(getEventListeners(signal, "abort").length, 1);
  for (const socket of sockets) socket.destroy();
  await Promise.all(served);
  assert.equal(getEventListeners(signal, "abort").length, 0);
});

/**
 * Returns a socket that buffers two megabytes for its peer, as a system does.
 *
 * It accepts another megabyte each time that one has been sent.
 * @param {number} leaves milliseconds in which a megabyte is sent
 */
function deep(leaves) {
  let room = 2 ** 21;
  const readable = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(CLOSES)) });
  const writable = new WritableStream({
    write: async (bytes) => {
      if (room < bytes.length) room += await new Promise((resolve) => void setTimeout(resolve, leaves, 2 ** 20).unref());
      room -= bytes.length;
    },
  });
  return { readable, writable };
}

for (const [leaves, how] of [[150, "closed"], [TIMEOUTS, "refused"]]) {
  test(`what the system has taken earns time: ${leaves} ms, ${how}`, options, async () => {
    const body = new Uint8Array(5 * 2 ** 20);
    const ending = await serveConnection(deep(Number(leaves)), () => ({ body }), { timeouts: { write: 100 } });
    assert.equal(ending.how, how);
  });
}

test("a handler that throws after the end of its new protocol takes nothing back", options, async () => {
  const { socket, resets } = counting(OFFER);
  const handler = async (/** @type {ServerRequest} */ asked) => {
    const switched = await asked.upgrade(["foo/2"]);
    await switched?.writable.getWriter().close();
    throw new Error("too bad");
  };
  assert.equal((await serveConnection(socket, handler, { onError: () => {} })).how, "failed");
  assert.equal(resets.count, 0);
});

test("a signal that cuts an answer without a length resets the connection", options, async () => {
  for (const [version, count] of [["1.0", 1], ["1.1", 0]]) {
    const { socket, resets } = counting(`GET / HTTP/${version}\r\nHost: a\r\n\r\n`);
    const body = (async function* () {
      yield Buffer.from("half");
      await new Promise(() => {});
    })();
    const stop = new AbortController();
    const serving = serveConnection(socket, () => ({ body }), { signal: stop.signal });
    // The signal cuts what has begun, and no write: a write that is cut may have sent a part of its bytes.
    while (!socket.heard.includes("half")) await pause(5);
    await pause(50);
    stop.abort();
    const ending = await serving;
    assert.deepEqual([ending.how, resets.count], ["aborted", count]);
  }
});

test("an upload that ends badly resets the new protocol that was spoken early", options, async () => {
  const { socket, resets } = counting(OFFER.replace("\r\n\r\n", "\r\nContent-Length: 5\r\n\r\n"));
  const handler = async (/** @type {ServerRequest} */ asked) => {
    const switched = await asked.upgrade(["foo/2"], undefined, { early: true });
    await switched?.readable.getReader().read();
  };
  const ending = await serveConnection(socket, handler, { timeouts: { content: 50 }, onError: () => {} });
  assert.equal(ending.how, "gone");
  assert(resets.count > 0);
});

test("content that is being read at an early switch is given to its reader once", options, async () => {
  const server = await listening((socket) => serveConnection(socket, async (asked) => {
    await pause(60);
    /** @type {string[]} */
    const content = [];
    const read = (async () => {
      for await (const piece of asked.body ?? []) content.push(Buffer.from(piece).toString());
    })().catch(() => content.push("dropped"));
    // The switch comes while the read waits.
    for (let turn = 0; turn < 4; turn++) await Promise.resolve();
    const switched = await asked.upgrade(["foo/2"], undefined, { early: true });
    assert(switched);
    let heard = "";
    for await (const piece of switched.readable) heard += Buffer.from(piece).toString();
    await read;
    const writer = switched.writable.getWriter();
    await writer.write(Buffer.from(JSON.stringify({ content, heard })));
    await writer.close();
  }));
  const socket = await connected(server.port);
  socket.write(OFFER.replace("\r\n\r\n", "\r\nContent-Length: 20\r\n\r\n"));
  await pause(30);
  socket.write("0123456789");
  await pause(120);
  socket.write("abcdefghij");
  await pause(20);
  socket.end("HELLO");
  const said = (await rest(socket)).toString();
  assert.match(said, /{"content":\["0123456789",.*"heard":"HELLO"}$/);
  server.close();
});

for (const framing of ["Content-Length: 1000000", "Transfer-Encoding: chunked"]) {
  test(`much content that is read at an early switch, with the signal in use, keeps its order: ${framing}`, options, async () => {
    const content = Buffer.from(Array.from({ length: 200_000 }, (_, number) => String(number).padStart(5, "0")).join("").slice(0, 1_000_000));
    const more = content.subarray(0, 300_000);
    const server = await listening((socket) => serveConnection(socket, async (asked) => {
      void asked.signal.aborted;
      await pause(20);
      const read = asked.bytes(1 << 30);
      const switched = await asked.upgrade(["foo/2"], undefined, { early: true });
      assert(switched);
      const same = [content.equals(await read)];
      const heard = [];
      for await (const piece of switched.readable) heard.push(piece);
      same.push(more.equals(Buffer.concat(heard)));
      const writer = switched.writable.getWriter();
      await writer.write(Buffer.from(JSON.stringify(same)));
      await writer.close();
    }));
    const socket = await connected(server.port);
    const framed = framing.includes("chunked") ? [`${content.length.toString(16)}\r\n`, content, "\r\n0\r\n\r\n"] : [content];
    const pieces = [OFFER.replace("\r\n\r\n", `\r\n${framing}\r\n\r\n`), ...framed, more].map((piece) => Buffer.from(piece));
    socket.end(Buffer.concat(pieces));
    assert.match((await rest(socket)).toString(), /\[true,true\]$/);
    await server.close();
  });
}

for (const [form, shape] of Object.entries(forms)) {
  test(`a client reads what comes after a 101 while its request is being sent, over ${form}`, options, async () => {
    const server = await listening(async (socket) => {
      await until(socket, "first");
      socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\nhel");
      await pause(30);
      socket.write("lo");
      return rest(socket);
    });
    /** @type {() => void} */
    let release = () => {};
    const released = new Promise((resolve) => (release = () => resolve(undefined)));
    const body = (async function* () {
      yield Buffer.from("first");
      await released;
      yield Buffer.from("last!");
    })();
    const asked = { method: "POST", target: "/", headers: { ...HOST, "Content-Length": "10" }, body };
    const switched = await upgrade(shape(await connected(server.port)), asked, { offer: ["foo/2"] });
    assert(switched.protocol !== null);
    const [reader, writer] = [switched.readable.getReader(), switched.writable.getWriter()];
    const written = writer.write(Buffer.from("and more")).then(() => writer.close());
    let heard = "";
    while (heard !== "hello") heard += Buffer.from((await reader.read()).value ?? assert.fail(heard)).toString();
    release();
    await written;
    const [received] = await server.close();
    assert.equal(received, "last!and more");
    assert.equal((await reader.read()).done, true);
  });

  for (const how of /** @type {const} */ (["resetAndDestroy", "destroy"])) {
    test(`a reader notices a server that leaves after its 101, by ${how} over ${form}`, options, async () => {
      const server = await listening(async (socket) => {
        await until(socket, "first");
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n");
        await pause(30);
        socket[how]();
      });
      const socket = await connected(server.port);
      const { body, cancelled } = stalled();
      const asked = { method: "POST", target: "/", headers: HOST, body };
      const switched = await upgrade(shape(socket), asked, { offer: ["foo/2"] });
      assert(switched.protocol !== null);
      const read = switched.readable.getReader().read();
      if (how === "resetAndDestroy") await assert.rejects(read);
      // A FIN is only the end of the server's direction.
      else assert.equal((await read).done, true);
      if (how === "destroy") switched.close();
      assert((await cancelled) instanceof DisconnectedError);
      await holds(() => socket.destroyed);
      await server.close();
    });
  }

  for (const resumes of form === "net.Socket" ? [false, true] : [false]) {
    test(`a reset after a 101 reaches a client that only ${resumes ? "waits for TLS" : "writes"}, over ${form}`, options, async () => {
      const server = await listening(async (socket) => {
        await until(socket, "first");
        socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n");
        await pause(30);
        socket.resetAndDestroy();
      });
      const { body, cancelled } = stalled();
      const asked = { method: "POST", target: "/", headers: HOST, body };
      const write = async () => {
        const switched = await upgrade(shape(await connected(server.port)), asked, { offer: ["foo/2"], resumes });
        assert(switched.protocol !== null);
        await switched.writable.getWriter().write(Buffer.from("and more"));
      };
      await assert.rejects(write, DisconnectedError);
      assert((await cancelled) instanceof DisconnectedError);
      await server.close();
    });
  }
}

test("content that waits for a 100 stays with its sender at a 103 and without a timeout", options, async () => {
  for (const expectContinue of [60_000, Infinity, 2 ** 31]) {
    const server = await listening(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.write("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n");
      await pause(50);
      socket.end("HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n");
      return rest(socket);
    });
    const asked = { method: "PUT", target: "/", headers: { ...HOST, Expect: "100-continue" }, body: "kept here" };
    const response = await request(await connected(server.port), asked, { timeouts: { expectContinue } });
    assert.equal(response.status, 417);
    await response.text();
    assert.deepEqual(await server.close(), [""]);
  }
});

test("a response whose content is not read when the signal ends it frees its engine", options, async () => {
  const probe = new Connection("client");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const head = Buffer.from("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(5000));
  const one = async () => {
    const readable = new ReadableStream({ start: (controller) => controller.enqueue(head) });
    const stop = new AbortController();
    const pair = { readable, writable: new WritableStream() };
    await request(pair, { target: "/", headers: HOST }, { signal: stop.signal });
    stop.abort();
  };
  for (let round = 0; round < 200; round++) await one();
  const before = size();
  for (let round = 0; round < 1000; round++) await one();
  assert.equal(size(), before);
});

test("a request that is given up after a 101 frees its engine", options, async () => {
  const probe = new Connection("client");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const head = Buffer.from(`HTTP/1.1 101 S\r\nConnection: upgrade\r\nUpgrade: foo/2\r\n\r\n${"x".repeat(5000)}`);
  const one = async () => {
    const readable = new ReadableStream({ start: (controller) => controller.enqueue(head) });
    const stop = new AbortController();
    const asked = { method: "POST", target: "/", headers: HOST, body: stalled().body };
    await upgrade({ readable, writable: new WritableStream() }, asked, { offer: ["foo/2"], signal: stop.signal });
    stop.abort();
  };
  for (let round = 0; round < 200; round++) await one();
  const before = size();
  for (let round = 0; round < 1000; round++) await one();
  assert.equal(size(), before);
});

test("a response whose content is not read when the socket is destroyed frees its engine", options, async () => {
  const probe = new Connection("client");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const head = "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + "x".repeat(5000);
  const server = await listening((socket) => void socket.once("data", () => socket.write(head)));
  const one = async () => {
    // A socket that is connecting yet has no address.
    const socket = connectTcp(server.port, "127.0.0.1").on("error", () => {});
    const response = await request(socket, { target: "/", headers: HOST });
    socket.destroy(mine);
    await new Promise((resolve) => socket.once("close", resolve));
    return response;
  };
  const mine = new Error("mine");
  await assert.rejects((await one()).text(), { name: "DisconnectedError", cause: mine });
  for (let round = 0; round < 50; round++) await one();
  const before = size();
  for (let round = 0; round < 300; round++) await one();
  assert.equal(size(), before);
  await server.close();
});

test("a whole response is read though a reset has followed it", options, async () => {
  /** @type {import("node:net").Socket | undefined} */
  let peer;
  const server = await listening((socket) => {
    peer = socket;
    socket.once("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"));
  });
  const socket = await connected(server.port);
  const response = await request(socket, { target: "/", headers: HOST });
  peer?.resetAndDestroy();
  await sleep(50);
  assert.equal(await response.text(), "hi");
  await server.close();
});

test("a whole response is read though the HTTP/2 stream below has been cancelled", options, async () => {
  const server = createServer();
  server.on("stream", (/** @type {import("node:http2").ServerHttp2Stream} */ stream) => {
    stream.on("error", () => {}).respond({ ":status": 200 });
    stream.once("data", () => {
      stream.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
      setTimeout(() => stream.close(constants.NGHTTP2_CANCEL), 20);
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const session = connect(`http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (server.address()).port}`);
  const stream = session.request({ ":method": "CONNECT", ":authority": "a" });
  stream.on("error", () => {});
  await once(stream, "response");
  const response = await request(stream, { target: "/", headers: HOST });
  if (!stream.closed) await new Promise((resolve) => stream.once("close", resolve));
  assert(stream.destroyed);
  assert.equal(await response.text(), "hi");
  session.destroy();
  server.close();
});

test("a stream that takes one write at a time, or none beforehand, is written", options, async () => {
  for (const highWaterMark of [0, 1, 5]) {
    let written = "";
    const readable = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(CLOSES)) });
    const writable = new WritableStream({ write: (bytes) => void (written += Buffer.from(bytes)) }, { highWaterMark });
    await serveConnection({ readable, writable }, () => ({ body: "content" }), { timeouts: { write: 500 } });
    assert.match(written, /content$/);
  }
});

test("a client that leaves a handler which only writes has gone, over web streams", options, async () => {
  /** @type {unknown[]} */
  const told = [];
  const server = await listening((socket) => {
    return serveConnection(toWeb(socket), async (asked) => {
      const writer = (await asked.upgrade(["foo/2"]))?.writable.getWriter();
      for (;;) await writer?.write(new Uint8Array(100_000));
    }, { onError: (error) => void told.push(error) });
  });
  const socket = await connected(server.port);
  socket.write(OFFER);
  await until(socket, "\r\n\r\n");
  socket.resetAndDestroy();
  const results = await server.close();
  assert.deepEqual([results.map((result) => Object(result).how), told], [["gone"], []]);
});

for (const early of [false, true]) test(`the first bytes of a new protocol are not kept once they are read${early ? ", early" : ""}`, options, async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const first = Buffer.alloc(200_000, "x");
  /** @type {unknown[]} */
  const open = [];
  const server = await listening((socket) =>
    serveConnection(socket, async (request) => {
      const switched = await request.upgrade(["foo/2"], {}, { early });
      assert(switched);
      const reader = switched.readable.getReader();
      for (let left = first.length + 2; left > 0; ) left -= (await reader.read()).value?.length ?? left;
      open.push(switched, request.signal, reader);
      await reader.read();
    }),
  );
  const kept = async (/** @type {number} */ number) => {
    const sockets = await Promise.all(Array.from({ length: number }, () => connected(server.port)));
    const before = open.length;
    for (const socket of sockets) socket.write(Buffer.concat([Buffer.from(OFFER), first]));
    await Promise.all(sockets.map((socket) => until(socket, "\r\n\r\n")));
    // The last piece that a loop holds is a small one.
    for (const socket of sockets) socket.write("ab");
    await holds(() => open.length === before + 3 * number);
    // Buffers are freed some turns after their last use.
    const bytes = await still(() => (gc(), process.memoryUsage().arrayBuffers));
    return { sockets, bytes };
  };
  const some = await kept(5);
  const more = await kept(30);
  assert(more.bytes - some.bytes < 30 * 20_000, `${more.bytes - some.bytes} bytes`);
  for (const socket of [...some.sockets, ...more.sockets]) socket.destroy();
  await server.close();
});
