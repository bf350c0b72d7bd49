// Tests of a handler's view of its client, and of the orderly end of a server: `signal`, `remoteAddr`, `shutdown`,
// `Connection: close`; and of a switch before the request is complete.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import process from "node:process";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { promisify } from "node:util";
import { ProtocolError } from "switchover";
import { DisconnectedError, request, serveConnection } from "switchover/streams";
import { TIMEOUTS, connected, forms, holds, listening, rest, said, say, until } from "./sockets.mjs";

/** @typedef {import("switchover/streams").Handler} Handler */
/** @typedef {import("switchover/streams").ServeResult} ServeResult */
/** @typedef {import("switchover/streams").ServeHandle} ServeHandle */

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const POST = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
const OFFER = "Host: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n";

const options = { timeout: TIMEOUTS };
const pause = (/** @type {number} */ milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/**
 * Resolves with the reason when the signal aborts.
 * @param {AbortSignal} signal @returns {Promise<any>}
 */
const aborted = (signal) => new Promise((resolve) => (signal.aborted ? resolve(signal.reason) : signal.addEventListener("abort", () => resolve(signal.reason))));

for (const [form, shape] of Object.entries(forms)) {
  /** @param {Handler} handler @param {import("switchover/streams").ServeOptions} [options] */
  async function serving(handler, options) {
    /** @type {ServeHandle[]} */
    const open = [];
    const server = await listening((socket) => {
      const begun = serveConnection(shape(socket), handler, options);
      open.push(begun);
      return begun;
    });
    return { server, open };
  }

  describe(`a client that leaves, over ${form}`, { timeout: TIMEOUTS }, () => {
    test("aborts the signal of its request, however it leaves", async () => {
      for (const leaves of /** @type {const} */ (["end", "destroy", "resetAndDestroy"])) {
        for (const request of [GET, `${POST}hello`]) {
          /** @type {unknown} */
          let reason;
          let isRead = false;
          const { server } = await serving(async (request) => {
            const { signal } = request;
            await request.text();
            isRead = true;
            reason = await aborted(signal);
            return { body: "too late" };
          });
          const socket = await connected(server.port);
          socket.write(request);
          await holds(() => isRead);
          socket[leaves]();
          await holds(() => reason !== undefined);
          assert(reason instanceof DisconnectedError);
          // A client that has only closed its sending side receives the response.
          if (leaves === "end") assert.match(await rest(socket), /too late$/);
          await server.close();
        }
      }
    });

    test("stops a response that has nothing to write", async () => {
      let isStopped = false;
      const { server } = await serving(({ signal }) => ({
        body: (async function* () {
          yield Buffer.from("first");
          await aborted(signal);
          isStopped = true;
        })(),
      }));
      const socket = await connected(server.port);
      socket.write(GET);
      await until(socket, "first");
      assert(!isStopped);
      socket.destroy();
      await holds(() => isStopped);
      await server.close();
    });

    test("and one that stays does not, whose next requests are answered", async () => {
      /** @type {AbortSignal[]} */
      const signals = [];
      const { server } = await serving(async (request) => {
        signals.push(request.signal);
        await pause(20);
        return { body: `${request.method} ${request.target} ${await request.text()};` };
      });
      const socket = await connected(server.port);
      // The second request arrives while the first is handled, the third after both.
      socket.write(GET);
      await pause(10);
      socket.write(`${POST}he`);
      await until(socket, "GET / ;");
      socket.write(`llo${LAST}`);
      const answers = await rest(socket);
      assert.match(answers, /POST \/ hello;[^]*GET \/last ;$/);
      socket.destroy();
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
      assert.deepEqual(signals.map(({ aborted }) => aborted), [false, false, false]);
    });

    test("the signal of serve is that of its requests too", async () => {
      const stop = new AbortController();
      /** @type {unknown} */
      let reason;
      let hasCome = false;
      const { server } = await serving(async ({ signal }) => {
        hasCome = true;
        reason = await aborted(signal);
      }, { signal: stop.signal });
      const client = await connected(server.port);
      client.write(GET);
      await holds(() => hasCome);
      stop.abort("enough");
      const closed = server.close();
      await rest(client);
      assert.deepEqual(await closed, [{ how: "aborted", error: "enough" }]);
      assert.equal(reason, "enough");
    });

    test("a switch after the signal was asked for loses nothing", async () => {
      for (const early of [true, false]) {
        for (const asDuplex of [true, false]) {
          const { server } = await serving(async (request) => {
            assert(!request.signal.aborted);
            await pause(50);
            const switched = await request.upgrade(["foo/2"]);
            assert(switched);
            if (asDuplex) {
              const duplex = switched.toDuplex(Duplex);
              duplex.end((await until(/** @type {any} */ (duplex), "here")).toUpperCase());
              return;
            }
            await say(switched.writable, (await said(switched.readable)).toUpperCase(), { ends: true });
          });
          const socket = await connected(server.port);
          socket.write(`GET / HTTP/1.1\r\n${OFFER}\r\n${early ? "hello " : ""}`);
          await pause(10);
          if (early) socket.write("from ");
          await until(socket, "\r\n\r\n");
          socket.end("here");
          assert.equal(await rest(socket), early ? "HELLO FROM HERE" : "HERE");
          assert.deepEqual(await server.close(), [{ how: "switched" }]);
        }
      }
    });
  });

  describe(`a server ends in order, over ${form}`, { timeout: TIMEOUTS }, () => {
    test("between two requests, at once", async () => {
      for (const said of ["", GET, GET.slice(0, 9)]) {
        const { server, open } = await serving(() => ({ body: "done" }));
        const socket = await connected(server.port);
        socket.write(said);
        if (said === GET) await until(socket, "done");
        await holds(() => open.length === 1);
        await pause(20);
        const ending = open[0]?.shutdown();
        assert.equal(await rest(socket), "");
        socket.end();
        assert.deepEqual(await ending, { how: "closed" });
        await server.close();
      }
    });

    test("after the response that is being made, which says so", async () => {
      /** @type {ServeHandle[]} */
      let open = [];
      const { server, open: begun } = await serving((request) => {
        void open[0]?.shutdown();
        return { body: request.target };
      });
      open = begun;
      const socket = await connected(server.port);
      // A pipelined request after the shutdown gets no response.
      socket.write(GET + LAST);
      const answer = await rest(socket);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n[^]*Connection: close\r\n\r\n\/$/);
      assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
      socket.end();
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
    });

    test("after a response whose head has left", async () => {
      /** @type {() => void} */
      let go = () => {};
      const gone = new Promise((resolve) => (go = () => resolve(undefined)));
      const { server, open } = await serving(() => ({
        body: (async function* () {
          yield Buffer.from("first");
          await gone;
          yield Buffer.from("second");
        })(),
      }));
      const socket = await connected(server.port);
      socket.write(GET + GET);
      await until(socket, "first");
      const ending = open[0]?.shutdown();
      go();
      const answer = await rest(socket);
      assert.match(answer, /6\r\nsecond\r\n0\r\n\r\n$/);
      assert.doesNotMatch(answer, /HTTP/);
      socket.end();
      assert.deepEqual(await ending, { how: "closed" });
      await server.close();
    });

    test("after a response that says so itself", async () => {
      const { server } = await serving(() => new Response("done", { headers: { Connection: "close" } }));
      const socket = await connected(server.port);
      socket.write(GET + GET);
      assert.equal((await rest(socket)).match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 1);
      socket.end();
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
    });

    test("what was switched is not ended, and what is over is not either", async () => {
      const { server, open } = await serving(async (request) => {
        const switched = await request.upgrade(["foo/2"]);
        assert(switched);
        await say(switched.writable, await said(switched.readable), { ends: true });
      });
      const socket = await connected(server.port);
      socket.write(`GET / HTTP/1.1\r\n${OFFER}\r\n`);
      await until(socket, "\r\n\r\n");
      const ending = open[0]?.shutdown();
      await pause(20);
      socket.end("still here");
      assert.equal(await rest(socket), "still here");
      assert.deepEqual(await ending, { how: "switched" });
      assert.deepEqual(await open[0]?.shutdown(), { how: "switched" });
      await server.close();
    });
  });

  test(`a response says that it is the last if the rest of the request is too long to discard, over ${form}`, options, async () => {
    /** @type {Record<string, Handler>} */
    const handlers = {
      untouched: () => ({ body: "here" }),
      trailers: () => ({ body: "here", trailers: { A: "b" } }),
      streamed: async (request) => (request.body, { body: (async function* () { yield Buffer.from("here"); })() }),
      // Longer than a turn, also on a busy machine.
      paused: () => ({ body: (async function* () { await pause(300); yield Buffer.from("here"); })() }),
      cancelled: async (request) => {
        await request.body?.cancel();
        return { body: "here" };
      },
      begun: async (request) => {
        for await (const _ of request.body ?? []) break;
        return { body: "here" };
      },
      tooLong: (request) => request.text(3).then(() => ({ body: "here" }), () => ({ status: 413, body: "here" })),
    };
    for (const [name, handler] of Object.entries(handlers)) {
      for (const [length, isLast] of /** @type {const} */ ([[1_000, false], [1_200, true]])) {
        const { server } = await serving(handler, { config: { limits: { drain: 1_000 } } });
        const socket = await connected(server.port);
        socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n${"x".repeat(100)}`);
        assert.equal(/^connection: close\r$/im.test(await until(socket, "here")), isLast, `${name} ${length}`);
        socket.end("x".repeat(length - 100) + GET);
        assert.equal((await rest(socket)).includes("here"), !isLast, `${name} ${length}`);
        await server.close();
      }
      // Of chunked content only the end tells that it is short.
      for (const end of ["0\r\n\r\n", ""]) {
        const { server } = await serving(handler);
        const socket = await connected(server.port);
        socket.write(`POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n${end}`);
        const isLast = end === "" || !["untouched", "trailers", "streamed", "cancelled"].includes(name);
        assert.equal(/^connection: close\r$/im.test(await until(socket, "here")), isLast, `${name}, chunked ${end}`);
        socket.destroy();
        await server.close();
      }
    }
  });

  test(`content that is cancelled after the response is not that of the next request, over ${form}`, options, async () => {
    /** @type {ReadableStreamDefaultReader<Uint8Array>[]} */
    const readers = [];
    /** @type {string[]} */
    const texts = [];
    const { server } = await serving(async (request) => {
      if (request.target === "/two") texts.push(await request.text());
      else readers.push(request.body?.getReader() ?? assert.fail());
      return { body: "here" };
    });
    const socket = await connected(server.port);
    socket.write("POST /one HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
    await until(socket, "here");
    socket.write("POST /two HTTP/1.1\r\nHost: a\r\nContent-Length: 20\r\n\r\n0123456789");
    await pause(30);
    await readers[0]?.cancel();
    await pause(10);
    socket.end("abcdefghij");
    await rest(socket);
    assert.deepEqual(texts, ["0123456789abcdefghij"]);
    await server.close();
  });

  test(`the last response ends the connection although content is still to come, over ${form}`, options, async () => {
    for (const version of ["1.1", "1.0"]) {
      const { server, open } = await serving(() => ({ headers: { Connection: "close" }, body: (async function* () { yield Buffer.from("here"); })() }));
      const socket = await connected(server.port);
      const begun = performance.now();
      socket.write(`POST / HTTP/${version}\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc`);
      assert.match(await rest(socket), /here/);
      // The timeout for content is 30 seconds.
      assert(performance.now() - begun < 20_000);
      socket.destroy();
      assert.equal((await open[0])?.how, "closed");
      await server.close();
    }
  });

  test(`content that a streamed response reads late is not dropped, over ${form}`, options, async () => {
    const { server } = await serving((request) => ({
      body: (async function* () {
        await pause(30);
        yield* request.body ?? [];
      })(),
    }), { config: { limits: { drain: 10 } } });
    const socket = await connected(server.port);
    socket.end(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n${"x".repeat(1_000)}`);
    assert.equal((await rest(socket)).match(/x/g)?.length, 1_000);
    await server.close();
  });

  describe(`a switch before the request has ended, over ${form}`, { timeout: TIMEOUTS }, () => {
    const head = `POST / HTTP/1.1\r\n${OFFER}`;

    test("we speak first, the client ends its request, then it speaks", async () => {
      for (const framing of ["Content-Length: 5\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nExpect: 100-continue\r\n"]) {
        for (const reads of [true, false]) {
          let content = "";
          const { server } = await serving(async (request) => {
            const switched = await request.upgrade(["foo/2"], { X: "y" }, { early: true });
            assert.equal(switched?.protocol, "foo/2");
            await say(switched.writable, "welcome");
            if (reads) content = await request.text();
            await say(switched.writable, (await said(switched.readable)).toUpperCase(), { ends: true });
          });
          const socket = await connected(server.port);
          socket.write(`${head}${framing}\r\n`);
          const begun = await until(socket, "welcome");
          assert.match(begun, /HTTP\/1\.1 101 [^]*X: y\r\n[^]*\r\n\r\nwelcome$/);
          assert.equal(begun.startsWith("HTTP/1.1 100 Continue\r\n"), framing.includes("100"));
          const chunked = framing.startsWith("Transfer");
          socket.write(chunked ? "2\r\nhe" : "he");
          await pause(10);
          socket.write(chunked ? "\r\n3\r\nllo\r\n0\r\n\r\nfrom " : "llofrom ");
          await pause(10);
          socket.end("here");
          assert.equal(await rest(socket), "FROM HERE");
          assert.deepEqual(await server.close(), [{ how: "switched" }]);
          assert.equal(content, reads ? "hello" : "");
        }
      }
    });

    test("of a request that is complete it is a switch like any other", async () => {
      const { server } = await serving(async (request) => {
        assert(!request.signal.aborted);
        const switched = await request.upgrade(["foo/2"], undefined, { early: true });
        assert(switched);
        const duplex = switched.toDuplex(Duplex);
        assert(!("remoteAddress" in duplex));
        duplex.end((await until(/** @type {any} */ (duplex), "hello")).toUpperCase());
        // The stream is closed after the client has disconnected.
        duplex.on("error", () => {}).resume();
      });
      const socket = await connected(server.port);
      socket.write(`GET / HTTP/1.1\r\n${OFFER}\r\nhello`);
      const answer = await until(socket, "HELLO");
      socket.end();
      assert.match(answer + (await rest(socket)), /^HTTP\/1\.1 101 [^]*\r\n\r\nHELLO$/);
      assert.deepEqual(await server.close(), [{ how: "switched" }]);
    });

    test("a client that leaves inside its request is an error to who reads", async () => {
      /** @type {unknown} */
      let error;
      const { server } = await serving(async (request) => {
        const switched = await request.upgrade(["foo/2"], undefined, { early: true });
        assert(switched);
        error = await said(switched.readable).catch((error) => error);
      });
      const socket = await connected(server.port);
      socket.write(`${head}Content-Length: 5\r\n\r\nhe`);
      await until(socket, "\r\n\r\n");
      socket.end();
      await rest(socket);
      await holds(() => error !== undefined);
      assert.equal(/** @type {any} */ (error).kind, "truncated");
      await holds(() => server.open === 0);
      await server.close();
    });

    test("a handler that returns leaves the rest of the request to be dropped", async () => {
      const { server } = await serving(async (request) => {
        const switched = await request.upgrade(["foo/2"], undefined, { early: true });
        assert(switched);
        void (async () => say(switched.writable, await said(switched.readable), { ends: true }))();
      });
      const socket = await connected(server.port);
      socket.write(`${head}Content-Length: 5\r\n\r\nhe`);
      await until(socket, "\r\n\r\n");
      await pause(20);
      socket.end("lloand on");
      assert.equal(await rest(socket), "and on");
      assert.deepEqual(await server.close(), [{ how: "switched" }]);
    });
  });

  describe(`a mistake of the client's, over ${form}`, { timeout: TIMEOUTS }, () => {
    test("a new protocol that ends with its socket is not the handler's failure", async () => {
      /** @type {unknown[]} */
      const reported = [];
      for (const first of ["", "hello"]) {
        const { server } = await serving(async (request) => {
          const switched = await request.upgrade(["foo/2"]);
          assert(switched);
          await switched.readable.pipeThrough(new TransformStream()).pipeTo(switched.writable);
        }, { onError: (error) => void reported.push(error) });
        const socket = await connected(server.port);
        socket.write(`GET / HTTP/1.1\r\n${OFFER}\r\n${first}`);
        await until(socket, "\r\n\r\n");
        socket.resetAndDestroy();
        const [ending] = /** @type {ServeResult[]} */ (await server.close());
        assert.equal(ending?.how, "gone");
        assert(ending?.error instanceof Error);
      }
      assert.deepEqual(reported, []);
    });
  });
}

test("where a connection comes from", { timeout: TIMEOUTS }, async () => {
  for (const [form, shape] of Object.entries(forms)) {
    const server = await listening((socket) => serveConnection(shape(socket), (_, { remoteAddr }) => Response.json(remoteAddr)));
    const socket = await connected(server.port);
    const { localPort } = socket;
    socket.end(LAST);
    const answer = JSON.parse((await rest(socket)).split("\r\n\r\n")[1] ?? "");
    assert.deepEqual(answer, form === "net.Socket" ? { transport: "tcp", hostname: "127.0.0.1", port: localPort } : null);
    await server.close();
  }
});

const CLOSES = "GET / HTTP/1.0\r\n\r\n";

for (const leaves of ["destroy", "resetAndDestroy"]) {
  test(`content that has nothing to send hears of a client's ${leaves}`, options, async () => {
    let isCancelled = false;
    const body = () => new ReadableStream({
      start: (to) => to.enqueue(new TextEncoder().encode("event\n")),
      cancel: () => void (isCancelled = true),
    });
    const server = await listening((socket) => serveConnection(socket, () => ({ body: body() }), { timeouts: { write: 100 } }));
    const socket = await connected(server.port);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await until(socket, "event\n");
    /** @type {any} */ (socket)[leaves]();
    await holds(() => isCancelled && server.open === 0);
    const [ending] = /** @type {any[]} */ (await server.close());
    assert.equal(ending.how, "gone");
  });
}

test("a pipelined byte hides no reset from content that has nothing to send", options, async () => {
  let isCancelled = false;
  const body = () => new ReadableStream({
    start: (to) => to.enqueue(new TextEncoder().encode("event\n")),
    cancel: () => void (isCancelled = true),
  });
  const server = await listening((socket) => serveConnection(socket, () => ({ body: body() })));
  const socket = await connected(server.port);
  socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(socket, "event\n");
  socket.write("G");
  await pause(20);
  socket.resetAndDestroy();
  await holds(() => isCancelled && server.open === 0);
  await server.close();
});

test("a response has its time from the end of its request on", options, async () => {
  async function* pieces() {
    // Longer than the time of the response.
    for (let i = 0; i < 4; i++) {
      await pause(400);
      yield new Uint8Array(9);
    }
  }
  for (const isSilent of [false, true]) {
    const server = await listening(async (socket) => {
      await until(socket, "0\r\n\r\n");
      if (!isSilent) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      await rest(socket).catch(() => {});
    });
    const socket = await connected(server.port);
    const asked = request(socket, { method: "POST", target: "/", headers: { Host: "a" }, body: pieces() }, { timeouts: { response: 1_000 } });
    if (isSilent) await assert.rejects(asked, { name: "TimeoutError" });
    else assert.equal((await asked).status, 200);
    socket.destroy();
    await server.close();
  }
});

test("a client that half-closes gets content that is slow", options, async () => {
  async function* slow() {
    for (const part of ["a", "b", "c"]) {
      await new Promise((resolve) => setTimeout(resolve, 700));
      yield new TextEncoder().encode(part);
    }
  }
  const server = await listening((socket) => serveConnection(socket, () => ({ body: slow() }), { timeouts: { write: 2_000 } }));
  const socket = await connected(server.port);
  socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await rest(socket), /1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n$/);
  await server.close();
});

for (const [sending, isWhole] of /** @type {[number, boolean][]} */ ([[100, false], [30_000, true]])) {
  test(`the tail of an answer that is taken late, with ${sending} ms for it`, options, async () => {
    const length = 12_000_000;
    const body = new Uint8Array(length);
    const server = await listening((socket) => serveConnection(socket, () => ({ body: one(body) }), { timeouts: { write: sending } }));
    const socket = await connected(server.port);
    socket.write(CLOSES);
    let got = 0;
    const ended = new Promise((resolve) => socket.on("end", () => resolve("end")).on("error", (error) => resolve(Object(error).code)));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    socket.on("data", (bytes) => (got += bytes.length));
    const how = await ended;
    assert.equal(got > length, isWhole, `${got} bytes`);
    // Node 20 reports a reset after the last bytes as an orderly end.
    assert(how === (isWhole ? "end" : "ECONNRESET") || process.versions.node.startsWith("20."), String(how));
    socket.destroy();
    await server.close();
  });
}

/** @param {Uint8Array} bytes */
async function* one(bytes) {
  yield bytes;
}

test("content whose head is refused is cancelled", options, async () => {
  for (const wrong of [{ headers: { "X-Name": "caf\u0119" } }, { status: 99 }]) {
    let isCancelled = false;
    const body = new ReadableStream({ cancel: () => void (isCancelled = true) });
    const server = await listening((socket) => serveConnection(socket, () => ({ ...wrong, body }), { onError: () => {} }));
    const socket = await connected(server.port);
    socket.end(CLOSES);
    assert.match(await rest(socket), /^HTTP\/1\.1 500 /);
    await server.close();
    assert(isCancelled);
  }
});

test("a response that says that it is chunked may be whole at once", options, async () => {
  const headers = { "Transfer-Encoding": "chunked" };
  const server = await listening((socket) => serveConnection(socket, () => new Response("hello", { headers })));
  const socket = await connected(server.port);
  socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await rest(socket), /^HTTP\/1\.1 200 [^]*\r\n\r\n5\r\nhello\r\n0\r\n\r\n$/);
  await server.close();
});

test("one that says so is not chunked for a client of HTTP/1.0", options, async () => {
  const headers = { "Transfer-Encoding": "chunked" };
  const pieces = async function* () {
    yield Buffer.from("hel");
    yield pause(10).then(() => Buffer.from("lo"));
  };
  for (const body of ["hello", /** @type {any} */ (ReadableStream).from(pieces())]) {
    const server = await listening((socket) => serveConnection(socket, () => new Response(body, { headers })));
    const socket = await connected(server.port);
    socket.end("GET / HTTP/1.0\r\nHost: a\r\n\r\n");
    const answer = await rest(socket);
    assert.match(answer, /^HTTP\/1\.1 200 [^]*\r\n\r\nhello$/);
    assert.doesNotMatch(answer, /Transfer-Encoding/i);
    await server.close();
  }
});

test("an onError that throws takes nothing with it", options, async (context) => {
  const shown = context.mock.method(console, "error", () => {});
  const fails = () => {
    throw new Error("its own");
  };
  const failsLater = async () => fails();
  for (const onError of [fails, failsLater]) {
    shown.mock.resetCalls();
    const server = await listening((socket) => serveConnection(socket, fails, { onError }));
    const socket = await connected(server.port);
    socket.end(CLOSES);
    assert.match(await rest(socket), /^HTTP\/1\.1 500 /);
    assert.equal(shown.mock.callCount(), 1);
    await server.close();
  }
});

test("a client's error that comes back as the cause of another is the client's", options, async () => {
  /** @type {unknown[]} */
  const told = [];
  const server = await listening((socket) =>
    serveConnection(
      socket,
      async (request) => {
        const body = /** @type {any} */ (request.body);
        await fetch(`http://127.0.0.1:${upstream.port}/`, /** @type {any} */ ({ method: "POST", body, duplex: "half" }));
        return { body: "sent on" };
      },
      { onError: (error) => told.push(error) },
    ),
  );
  const upstream = await listening((socket) => serveConnection(socket, async (request) => ({ body: await request.text() })));
  const socket = await connected(server.port);
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nnone");
  assert.match(await rest(socket), /^HTTP\/1\.1 400 /);
  assert.deepEqual(told, []);
  await server.close();
  await upstream.close();
});

test("an iterator that throws when it is given back takes nothing with it", options, async () => {
  const body = { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: false, value: new Uint8Array(9) }), return: () => { throw new Error("no"); } }) };
  const server = await listening((socket) => serveConnection(socket, () => ({ body: /** @type {any} */ (body) })));
  const socket = await connected(server.port);
  socket.end("HEAD / HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await rest(socket), /^HTTP\/1\.1 200 [^]*\r\n\r\n$/);
  await server.close();
});

test("a request without a host has no URL", options, async () => {
  for (const host of ["", ":80"]) {
    const server = await listening((socket) => serveConnection(socket, (request) => ({ body: String(request.url) })));
    const socket = await connected(server.port);
    socket.end(`GET /public/admin HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    assert.match(await rest(socket), /\r\n\r\nnull$|^HTTP\/1\.1 400 /);
    await server.close();
  }
});

for (const [form, shape] of Object.entries(forms)) {
  test(`interim responses, over ${form}`, options, async () => {
    const server = await listening((socket) => serveConnection(shape(socket), async (request) => {
      const hints = request.sendInformational({ status: 103, headers: { Link: ["</a>; rel=preload", "</b>"] } });
      // What is sent meanwhile follows.
      const waits = request.sendInformational({ status: 102 });
      const text = request.text();
      if (request.target === "/awaited") await Promise.all([hints, waits]);
      await assert.rejects(request.sendInformational({ status: 101 }), ProtocolError);
      return { body: await text };
    }));
    for (const target of ["/awaited", "/at-once"]) {
      const socket = await connected(server.port);
      socket.write(`POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello`);
      const heads = (await rest(socket)).split("\r\n\r\n");
      assert.equal(heads[0], "HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nLink: </b>");
      assert.match(heads[1] ?? "", /^HTTP\/1\.1 102 /);
      assert.match(heads[2] ?? "", /^HTTP\/1\.1 200 /);
      assert.equal(heads[3], "hello");
    }
    await server.close();
  });
}

test("an interim response that cannot be sent is no failure of the handler", options, async () => {
  for (const isAwaited of [true, false]) {
    /** @type {unknown[]} */
    const told = [];
    /** @type {ServeHandle | undefined} */
    let served;
    const server = await listening((socket) => {
      served = serveConnection(socket, async (request) => {
        await pause(50);
        const sent = request.sendInformational({ status: 103, headers: { A: "x".repeat(1_000) } });
        if (isAwaited) await sent.catch(() => {});
        return { body: "x" };
      }, { onError: (error) => void told.push(error) });
      return served;
    });
    const socket = await connected(server.port);
    socket.write(GET);
    await pause(20);
    socket.resetAndDestroy();
    await holds(() => served !== undefined);
    assert.equal((await served)?.how, "gone");
    assert.deepEqual(told, []);
    await server.close();
  }
});

test("content is the same wherever its bytes are split", options, async () => {
  const content = "0123456789".repeat(8);
  const head = "POST / HTTP/1.1\r\nHost: a\r\n";
  const chunks = `Transfer-Encoding: chunked\r\n\r\n32\r\n${content.slice(0, 50)}\r\n1e\r\n${content.slice(50)}\r\n0\r\nA: b\r\n\r\n`;
  const bytes = Buffer.from(`${head}Content-Length: 80\r\n\r\n${content}${head}${chunks}${head}Content-Length: 80\r\n\r\n${content}${LAST}`);
  for (let at = 1; at <= bytes.length; at++) {
    /** @type {string[]} */
    const received = [];
    const pieces = [bytes.subarray(0, at), bytes.subarray(at)].filter((piece) => piece.length > 0);
    const socket = new Duplex({ read: () => {}, write: (_bytes, _encoding, done) => done() });
    const served = serveConnection(socket, async (request) => {
      const pieces = [];
      for await (const piece of request.body ?? []) pieces.push(piece);
      const text = Buffer.concat(pieces).toString();
      received.push(text, request.trailers?.get("a") ?? "");
      return { body: "x" };
    });
    for (const piece of pieces) {
      socket.push(Uint8Array.from(piece));
      await pause(0);
    }
    socket.push(null);
    assert.equal((await served).how, "closed");
    assert.deepEqual(received, [content, "", content, "b", content, "", "", ""], `split at ${at}`);
  }
});

test("bytes that are sent do not share what a stream of bytes transfers", options, async () => {
  /** @param {number} milliseconds */
  const received = async (milliseconds) => {
    /** @type {ReadableByteStreamController | undefined} */
    let sent;
    const output = new ReadableStream({ type: "bytes", start: (controller) => void (sent = controller) });
    const readable = new ReadableStream({ start: (controller) => (controller.enqueue(Buffer.from(GET + LAST)), controller.close()) });
    const writable = new WritableStream({ write: (bytes) => pause(milliseconds).then(() => sent?.enqueue(bytes)), close: () => sent?.close() });
    const served = serveConnection({ readable, writable }, async () => ({ body: "hello" }));
    const text = await new Response(output).text();
    assert.equal((await served).how, "closed");
    return text.match(/hello/g)?.length;
  };
  assert.deepEqual(await Promise.all([received(1), received(20), received(30)]), [2, 2, 2]);
});

test("each request has its own info, and its own response", options, async () => {
  const server = await listening((socket) => serveConnection(socket, (_, info) => {
    const { user = "nobody" } = /** @type {any} */ (info);
    Object.assign(info, { user: "alice" });
    return { body: user };
  }));
  const socket = await connected(server.port);
  socket.write(GET + LAST);
  assert.equal((await rest(socket)).match(/nobody/g)?.length, 2);
  await server.close();
});

test("content with a status that allows none is a failure, long or short", options, async () => {
  for (const status of [204, 205, 304]) {
    for (const length of [40, 40_000]) {
      /** @type {unknown[]} */
      const told = [];
      const server = await listening((socket) => serveConnection(socket, () => ({ status, body: new Uint8Array(length) }), { onError: (error) => void told.push(error) }));
      const socket = await connected(server.port);
      socket.write(GET);
      assert.match(await rest(socket), /^HTTP\/1\.1 500 /);
      assert.equal(told.length, 1);
      await server.close();
    }
  }
});

test("a response that cannot be written is not said to be sent", options, async () => {
  /** @type {Record<string, (socket: import("node:net").Socket) => unknown>} */
  const faults = {
    "ended by other code": (socket) => socket.end(),
    "throws": (socket) => (socket.write = () => {
      throw new Error("no more");
    }),
  };
  for (const [name, fault] of Object.entries(faults)) {
    for (const later of [false, true]) {
      /** @type {ServeHandle | undefined} */
      let served;
      const server = await listening((socket) => {
        const handler = () => (fault(socket), { body: "x" });
        return (served = serveConnection(socket, later ? async () => handler() : handler));
      });
      const socket = await connected(server.port);
      socket.write(GET);
      assert.equal((await rest(socket).catch(() => "")).includes("200"), false);
      await holds(() => served !== undefined);
      assert.equal((await served)?.how, "gone", name);
      await server.close();
    }
  }
});

test("a deadline that is over keeps no process alive", options, async () => {
  const script = `
    import { Duplex } from "node:stream";
    import { request } from "switchover/streams";
    const socket = new Duplex({ read() {}, write(_, __, done) {
      done();
      setTimeout(() => this.push("HTTP/1.1 200 OK\\r\\nContent-Length: 5\\r\\n\\r\\n"), 10);
    } });
    await request(socket, { target: "/", headers: { Host: "a" } }, { timeouts: { response: 3_600_000 } });
  `;
  const cwd = process.env["CONSUMER"] ?? import.meta.dirname;
  // A process that goes on is killed, which rejects.
  await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], { cwd, timeout: TIMEOUTS / 2 });
});

test("content that was read whole cannot be passed on as an empty stream", options, async () => {
  const server = await listening((socket) => serveConnection(socket, async (request) => {
    const text = request.text();
    assert(request.body?.locked);
    assert.throws(() => new Response(request.body), TypeError);
    return { body: await text };
  }));
  const socket = await connected(server.port);
  socket.end("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello");
  assert.match(await rest(socket), /\r\n\r\nhello$/);
  await server.close();
});

test("an interim response is refused once the response has begun", options, async () => {
  /** @type {unknown} */
  let late;
  let begin = () => {};
  const hasBegun = new Promise((resolve) => void (begin = () => resolve(undefined)));
  const server = await listening((socket) => serveConnection(socket, (request) => ({
    body: (async function* () {
      yield Buffer.from("a");
      await hasBegun;
      late = await request.sendInformational({ status: 103 }).catch((error) => error);
    })(),
  })));
  const socket = await connected(server.port);
  socket.write(LAST);
  await until(socket, "\r\na\r\n");
  begin();
  assert.match(await rest(socket), /^0\r\n\r\n$/);
  assert(late instanceof ProtocolError && late.kind === "answered", String(late));
  await server.close();
});

test("a URL has the scheme of an absolute target", options, async () => {
  const config = { trustedGateway: true };
  const server = await listening((socket) => serveConnection(socket, (request) => ({ body: String(request.url) }), { config }));
  const urls = { "https://a/x?y": "https://a/x?y", "HTTP://a/": "http://a/", "/x": "http://a/x", "/https://b/": "http://a/https://b/" };
  for (const [target, url] of Object.entries(urls)) {
    const socket = await connected(server.port);
    socket.end(`GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
    assert((await rest(socket)).endsWith(`\r\n\r\n${url}`), target);
  }
  await server.close();
});

test("a URL is https where the configuration says that TLS is ended elsewhere", options, async () => {
  const config = { secure: true };
  const server = await listening((socket) => serveConnection(socket, (request) => ({ body: String(request.url) }), { config }));
  const socket = await connected(server.port);
  socket.end("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
  assert.match(await rest(socket), /\r\n\r\nhttps:\/\/a\/x$/);
  await server.close();
});

test("an answer that nobody has asked for is none (RFC 9112, 9.2)", options, async () => {
  const answer = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx";
  let [isTaken, isWritten] = [false, false];
  const server = await listening(async (socket) => {
    await until(socket, "\r\n\r\n");
    socket.write(answer);
    // Together with the first it would end the connection.
    await holds(() => isTaken);
    socket.write(answer, () => (isWritten = true));
    await rest(socket);
  });
  const socket = await connected(server.port);
  const asked = { target: "/", headers: { Host: "a" } };
  assert.equal(await (await request(socket, asked)).text(), "x");
  isTaken = true;
  await holds(() => isWritten);
  await new Promise((resolve) => setTimeout(resolve, 60));
  await assert.rejects(request(socket, asked), ProtocolError);
  // Bytes that follow would be taken for the response to the next request.
  assert(socket.destroyed);
  await server.close();
});

test("a pair of streams is closed where a handler fails after a switch", options, async () => {
  /** @type {string[]} */
  const ends = [];
  const offer = "GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nfirst";
  const readable = new ReadableStream({
    start: (to) => to.enqueue(new TextEncoder().encode(offer)),
    cancel: () => void ends.push("cancelled"),
  });
  const writable = new WritableStream({ abort: () => void ends.push("aborted") });
  const fails = async (/** @type {import("switchover/streams").ServerRequest} */ request) => {
    await request.upgrade(["foo/2"]);
    throw new Error("after it");
  };
  const ending = await serveConnection({ readable, writable }, fails, { onError: () => {} });
  assert.equal(ending.how, "failed");
  await holds(() => ends.length === 2);
});

for (const [form, shape] of Object.entries(forms)) {
  test(`an exchange that takes too long, over ${form}`, options, async () => {
    /** @type {string[]} */
    const told = [];
    /** @type {unknown} */
    let reason;
    /** @type {Record<string, Handler>} */
    const handlers = {
      "/never": ({ signal }) => new Promise(() => signal.addEventListener("abort", () => void (reason = signal.reason))),
      "/content": async (asked) => ({ body: await asked.text() }),
      "/drips": () => ({ body: drips() }),
      "/blocks": () => {
        for (const begun = Date.now(); Date.now() - begun < 1_700; );
        return { body: nothing() };
      },
      "/foo": async (asked) => {
        const foo = await asked.upgrade(["foo/2"]);
        await pause(1_800);
        await foo?.readable.pipeTo(foo.writable);
      },
    };
    const server = await listening((socket) =>
      serveConnection(shape(socket), (asked, info) => (handlers[asked.target] ?? (() => pause(800).then(() => ({ body: "in time" }))))(asked, info), {
        timeouts: { exchange: 1_500 },
        onError: (error) => void told.push(String(error)),
      }),
    );
    async function* drips() {
      for (;;) {
        yield Buffer.from("x");
        await pause(20);
      }
    }
    let isCancelled = false;
    const nothing = () => new ReadableStream({ cancel: () => void (isCancelled = true) });
    const socket = await connected(server.port);
    // Each exchange has its own time.
    for (const asked of [GET, GET]) {
      socket.write(asked);
      assert.match(await until(socket, "in time"), /^HTTP\/1\.1 200 /);
    }
    socket.write(GET.replace("/", "/never"));
    assert.match(await rest(socket), /^HTTP\/1\.1 503 [^]*Connection: close\r\n/);
    assert.equal(Object(reason).name, "TimeoutError");
    const uploading = await connected(server.port);
    uploading.write(POST.replace("/", "/content"));
    assert.match(await rest(uploading), /^HTTP\/1\.1 503 /);
    // The handler has returned, and the head waits for content that may come in the same turn.
    const waiting = await connected(server.port);
    waiting.write(GET.replace("/", "/blocks"));
    assert.match(await rest(waiting), /^HTTP\/1\.1 503 /);
    assert.ok(isCancelled);
    const receiving = await connected(server.port);
    receiving.write(GET.replace("/", "/drips"));
    const cut = await rest(receiving);
    assert.match(cut, /^HTTP\/1\.1 200 [^]*x/);
    assert.doesNotMatch(cut, /0\r\n\r\n$/);
    const switching = await connected(server.port);
    switching.write(`GET /foo HTTP/1.1\r\n${OFFER}\r\nfirst`);
    assert.match(await until(switching, "first"), /^HTTP\/1\.1 101 /);
    switching.destroy();
    const results = /** @type {ServeResult[]} */ (await server.close());
    assert.deepEqual(results.slice(0, 4).map(({ how }) => how), ["failed", "failed", "failed", "aborted"]);
    for (const { error } of results.slice(0, 4)) assert.equal(String(error), "TimeoutError: the exchange has taken too long");
    assert.deepEqual(told.slice(0, 3), Array(3).fill("TimeoutError: the exchange has taken too long"));
  });

  test(`a client's exchange that takes too long, over ${form}`, options, async () => {
    const server = await listening((socket) => {
      const timer = setInterval(() => socket.write("x"), 20);
      socket.on("close", () => clearInterval(timer));
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    });
    const socket = await connected(server.port);
    const response = await request(shape(socket), { target: "/", headers: { Host: "a" } }, { timeouts: { exchange: 1_500 } });
    await assert.rejects(response.text(), { name: "TimeoutError", message: "the exchange has taken too long" });
    await holds(() => server.open === 0);
    await server.close();
  });
}

test("bytes that are sent do not share what a stream of one's own transfers", options, async () => {
  /** Serves two requests over a stream that transfers the written buffers. @param {number} milliseconds */
  const received = async (milliseconds) => {
    let text = "";
    const socket = new Duplex({
      read: () => {},
      write(bytes, _encoding, done) {
        setTimeout(() => {
          text += Buffer.from(structuredClone(bytes, { transfer: [bytes.buffer] })).toString();
          done();
        }, milliseconds);
      },
    });
    const served = serveConnection(socket, () => ({ body: "hello" }));
    socket.push(GET + LAST);
    socket.push(null);
    assert.equal((await served).how, "closed");
    return text.match(/hello/g)?.length;
  };
  assert.deepEqual(await Promise.all([received(1), received(20), received(30)]), [2, 2, 2]);
});

test("a request that was read before shutdown() is answered", options, async () => {
  /** @type {Set<ServeHandle>} */
  const open = new Set();
  const server = await listening((socket) => {
    const served = serveConnection(socket, () => ({ body: "hello" }));
    open.add(served);
    return served;
  });
  const control = await listening((socket) => {
    socket.on("data", () => open.forEach((served) => void served.shutdown()));
  });
  const sockets = await Promise.all(Array.from({ length: 8 }, () => connected(server.port)));
  const stop = await connected(control.port);
  for (const socket of sockets) {
    socket.write(GET);
    await until(socket, "hello");
  }
  await pause(20);
  const ends = sockets.map(rest);
  for (const socket of sockets) socket.write(GET);
  stop.write("stop");
  for (const said of await Promise.all(ends)) assert.match(said, /hello$/);
  stop.destroy();
  await Promise.all([server.close(), control.close()]);
});

test("a response on its way arrives whole if its client pipelines after shutdown()", options, async () => {
  /** @type {ServeHandle | undefined} */
  let served;
  const server = await listening((socket) => (served = serveConnection(socket, () => ({ body: new Uint8Array(2_000_000) }))));
  const socket = await connected(server.port);
  socket.write(GET);
  await pause(300);
  void served?.shutdown();
  await pause(50);
  socket.write(GET);
  let length = 0;
  for await (const piece of socket) length += piece.length;
  assert(length > 2_000_000, `${length} bytes`);
  await server.close();
});

test("options that are none are refused, for both roles", options, async () => {
  const server = await listening(() => {});
  const socket = await connected(server.port);
  const head = { target: "/", headers: { Host: "a" } };
  for (const wrong of [{ timeouts: { exchnge: 5 } }, { timeouts: { exchange: 0 } }, { config: 5 }, { config: null }, { config: { limits: null } }]) {
    await assert.rejects(request(socket, head, /** @type {any} */ (wrong)), TypeError);
    await assert.rejects(serveConnection(socket, () => ({}), /** @type {any} */ (wrong)), TypeError);
  }
  socket.destroy();
  await server.close();
});

test("a handler that throws undefined has failed", options, async () => {
  for (const handler of [() => { throw undefined; }, () => Promise.reject(undefined)]) {
    const server = await listening((socket) => serveConnection(socket, handler, { onError: () => {} }));
    const socket = await connected(server.port);
    socket.write(GET);
    assert.match(await rest(socket), /^HTTP\/1\.1 500 /);
    await server.close();
  }
});

test("a handler may return what only resembles a promise", options, async () => {
  /** @type {any[]} */
  const promises = [
    { then: (/** @type {(response: object) => void} */ resolve) => resolve({ body: "hello" }) },
    { then: (/** @type {(response: object) => void} */ resolve) => resolve(Promise.resolve({ body: "hello" })) },
    { then() { throw new Error("no promise"); } },
  ];
  const server = await listening((socket) => serveConnection(socket, ({ target }) => promises[Number(target.slice(1))], { onError: () => {} }));
  const socket = await connected(server.port);
  for (const at of [0, 1, 2]) socket.write(GET.replace("/", `/${at}`));
  const said = await rest(socket);
  assert.equal(said.match(/ 200 OK\r\n[^]*?hello/g)?.length, 2);
  assert.match(said, /HTTP\/1\.1 500 /);
  await server.close();
});

test("a piece of content is a Uint8Array, and not of the buffer of the next request", options, async () => {
  /** @type {string[]} */
  const pieces = [];
  const server = await listening((socket) => serveConnection(socket, async ({ body }) => {
    for await (const piece of body ?? []) {
      const moved = structuredClone(piece, { transfer: [piece.buffer] });
      pieces.push(`${piece.constructor.name} ${Buffer.from(moved)}`);
    }
    return { body: "x" };
  }));
  const socket = await connected(server.port);
  socket.write(`${POST}hello${POST}there${POST}again${LAST}`);
  await rest(socket);
  assert.deepEqual(pieces, ["Uint8Array hello", "Uint8Array there", "Uint8Array again"]);
  await server.close();
});

test("the time of an exchange ends with its response", options, async () => {
  const server = await listening((socket) => serveConnection(socket, () => ({ body: "hello" }), { timeouts: { exchange: 2_000 } }));
  const socket = await connected(server.port);
  socket.write(POST);
  await until(socket, "hello");
  await pause(2_300);
  socket.write(`first${LAST}`);
  assert.match(await rest(socket), /hello$/);
  await server.close();
});

test("rfc9110_10_1_1_content_that_comes_while_a_100_is_sent_is_received", options, async () => {
  /** @type {(bytes: Uint8Array) => void} */
  let come = () => {};
  let received = "";
  const client = {
    readable: new ReadableStream({ start: (controller) => void (come = (bytes) => controller.enqueue(bytes)) }),
    writable: new WritableStream({
      async write(bytes) {
        received += Buffer.from(bytes).toString();
        if (!received.endsWith(" 100 Continue\r\n\r\n")) return;
        come(Buffer.from("hello"));
        await pause(20);
      },
    }),
  };
  come(Buffer.from("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
  // With a signal the engine gets what comes, also while nobody reads.
  const serving = serveConnection(client, async (request) => ({ status: request.signal.aborted ? 500 : 200, body: await request.text() }), { timeouts: { content: 500 } });
  await holds(() => received.endsWith("hello") || received.includes(" 408 "));
  assert.match(received, /^HTTP\/1\.1 100 [^]*\r\n\r\nHTTP\/1\.1 200 /);
  await serving;
});
