// Tests of how connections of `switchover/streams` end: by a disconnect, a signal, a timeout, or in order; and of
// back-pressure.

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ProtocolError } from "switchover";
import { DisconnectedError, fetchHandler, request, serveConnection, upgrade } from "switchover/streams";
import { TIMEOUTS, bound, connected, flood, forms, holds, listening, rest, said, say, still, toWeb, until } from "./sockets.mjs";

/** @typedef {import("switchover/streams").Handler} Handler */
/** @typedef {import("switchover/streams").ServeOptions} ServeOptions */
/** @typedef {import("switchover/streams").ServeResult} ServeResult */
/** @typedef {import("node:net").Socket} NetSocket */

const HOST = { Host: "a.example" };
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const SIZED = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n";
const CHUNKED = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const OFFER = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";
const SWITCHED = "HTTP/1.1 101 S\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";
const OK = "HTTP/1.1 200 OK\r\n";
const BOUND = await bound();

const never = new Promise(() => {});

/** Returns endless content, its number of bytes read, and whether it was cancelled. */
function endless() {
  const sent = { bytes: 0, isCancelled: false };
  const body = new ReadableStream(
    {
      pull(controller) {
        sent.bytes += 65_536;
        controller.enqueue(new Uint8Array(65_536));
      },
      cancel: () => void (sent.isCancelled = true),
    },
    { highWaterMark: 0 },
  );
  return { body, sent };
}

/**
 * The points at which a client disconnects: what it has sent and received by then.
 *
 * `fin` are the outcomes, beside `gone`, that the server may report after a FIN.
 * @type {{ point: string, says: string, hears?: string, handler?: Handler, fin: ServeResult["how"][] }[]}
 */
const clientGoes = [
  { point: "nothing was said", says: "", fin: ["closed"] },
  { point: "half a head", says: GET.slice(0, 9), fin: ["gone"] },
  { point: "content that is awaited", says: SIZED, fin: ["gone"] },
  { point: "half of the content", says: `${SIZED}hell`, fin: ["gone"] },
  { point: "half of a chunk's size", says: `${CHUNKED}5\r\nhello\r\n3`, fin: ["gone"] },
  {
    point: "a whole request, while the handler works",
    says: `GET /slow HTTP/1.1\r\nHost: a\r\n\r\n`,
    // The response may be sent before the disconnect is known.
    fin: ["closed", "gone"],
  },
  { point: "the response is on its way", says: "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n", hears: "\r\n\r\n", fin: ["gone"] },
  { point: "between two requests", says: GET, hears: "done", fin: ["closed"] },
  { point: "half of a second request", says: `${GET}GET / HT`, hears: "done", fin: ["gone"] },
  { point: "an offer is undecided", says: OFFER.replace("/chat", "/slow"), fin: ["switched", "gone"] },
  { point: "the new protocol is spoken", says: `${OFFER}hell`, hears: "\r\n\r\n", fin: ["switched"] },
  { point: "the last response has left", says: GET.replace("Host", "Connection: close\r\nHost"), hears: "done", fin: ["closed"] },
];

/** @type {Handler} */
async function handle(request) {
  if (request.target === "/slow") await new Promise((resolve) => setTimeout(resolve, 20));
  if (request.target === "/endless") return { body: endless().body };
  const switched = await request.upgrade(["foo/2"]);
  if (!switched) return { body: `${await request.text()}done` };
  const reader = switched.readable.getReader();
  try {
    while (!(await reader.read()).done);
    await switched.writable.close();
  } catch {
    // The socket was reset and is closed.
  }
  return undefined;
}

for (const [form, shape] of Object.entries(forms)) {
  describe(`a client vanishes, seen over ${form}`, { timeout: TIMEOUTS }, () => {
    for (const { point, says, hears, fin } of clientGoes) {
      for (const resets of [false, true]) {
        test(`${point}, ${resets ? "reset" : "closed"}`, async () => {
          /** @type {unknown[]} */
          const reported = [];
          const server = await listening((socket) => serveConnection(shape(socket), handle, { onError: (error) => void reported.push(error) }));
          const socket = await connected(server.port);
          socket.write(says);
          if (hears) await until(socket, hears);
          else await new Promise((resolve) => setTimeout(resolve, 5));
          if (resets) socket.resetAndDestroy();
          else socket.destroy();
          // The server must close all sockets by itself.
          await holds(() => server.open === 0);
          const [ending] = /** @type {ServeResult[]} */ (await server.close());
          assert(ending);
          assert(resets ? ["closed", "gone", "switched"].includes(ending.how) : [...fin, "gone"].includes(ending.how), ending.how);
          assert.equal(ending.error === undefined, ending.how !== "gone");
          assert.deepEqual(reported, []);
        });
      }
    }
  });

  describe(`a signal ends a server over ${form}`, { timeout: TIMEOUTS }, () => {
    for (const { point, says, hears } of clientGoes) {
      test(point, async () => {
        const stop = new AbortController();
        const reason = new Error("enough");
        /** @type {Handler} */
        const handler = (request, info) => (request.target === "/slow" ? /** @type {Promise<undefined>} */ (never) : handle(request, info));
        const server = await listening((socket) =>
          serveConnection(shape(socket), handler, { signal: stop.signal }),
        );
        const socket = await connected(server.port);
        socket.write(says);
        if (hears) await until(socket, hears);
        else await new Promise((resolve) => setTimeout(resolve, 5));
        stop.abort(reason);
        if (says.includes("chat")) socket.end();
        else await holds(() => server.open === 0);
        const [ending] = /** @type {any[]} */ (await server.close());
        // After the switch, the signal no longer closes the socket.
        if (says.includes("chat")) assert.equal(ending.how, "switched");
        else assert.deepEqual(ending, { how: "aborted", error: reason });
        socket.destroy();
      });
    }
  });

  /**
   * The points at which a server disconnects: what it has sent by then.
   * @type {{ point: string, says?: string, request?: object, content?: boolean }[]}
   */
  const serverGoes = [
    { point: "before it has read anything" },
    { point: "a whole request is with it", says: "" },
    { point: "content is on its way", says: "", request: { method: "POST", headers: { ...HOST, "Transfer-Encoding": "chunked" } } },
    { point: "a 100 is awaited", says: "", request: { method: "POST", headers: { ...HOST, "Content-Length": "5", Expect: "100-continue" }, body: "hello" } },
    { point: "half a status line", says: "HTTP/1." },
    { point: "after an interim response", says: "HTTP/1.1 103 E\r\n\r\n" },
    { point: "half a head", says: `${OK}Content-Le` },
    { point: "before the content", says: `${OK}Content-Length: 9\r\n\r\n`, content: true },
    { point: "half of the content", says: `${OK}Content-Length: 9\r\n\r\nhell`, content: true },
    { point: "half of a chunk", says: `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhe`, content: true },
    { point: "half a 101", says: SWITCHED.slice(0, -2) },
    { point: "the new protocol is spoken", says: `${SWITCHED}hell` },
  ];

  describe(`a server vanishes, seen over ${form}`, { timeout: TIMEOUTS }, () => {
    for (const { point, says, request: given = {}, content } of serverGoes) {
      for (const resets of [false, true]) {
        test(`${point}, ${resets ? "reset" : "closed"}`, async () => {
          const { body, sent } = endless();
          const server = await listening(async (socket) => {
            if (says !== undefined) await until(socket, "\r\n\r\n");
            if (says) await new Promise((resolve) => socket.write(says, resolve));
            await new Promise((resolve) => setTimeout(resolve, 5));
            if (resets) socket.resetAndDestroy();
            else socket.destroy();
          });
          const socket = await connected(server.port);
          const asked = { target: "/", headers: HOST, ...(/** @type {any} */ (given)) };
          if (point.startsWith("content")) asked.body = body;
          const outcome = await upgrade(shape(socket), asked, { offer: ["foo/2"] }).then(
            async (answer) => {
              if (answer.protocol !== null) return said(answer.readable);
              assert(content, "no response was to come");
              return answer.response.text();
            },
          ).catch((error) => error);
          if (point.startsWith("the new")) assert(outcome === "hell" || outcome instanceof Error, String(outcome));
          else {
            assert(outcome instanceof DisconnectedError || outcome instanceof ProtocolError, String(outcome));
            if (outcome instanceof ProtocolError) assert.match(outcome.kind, /^(truncated|no-response)$/);
            await holds(() => socket.destroyed);
          }
          if (point.startsWith("content")) await holds(() => sent.isCancelled);
          socket.destroy();
          await server.close();
        });
      }
    }
  });

  describe(`a signal ends a client over ${form}`, { timeout: TIMEOUTS }, () => {
    for (const { point, says, request: given = {}, content } of serverGoes) {
      test(point, async () => {
        const { body, sent } = endless();
        const server = await listening(async (socket) => {
          if (says !== undefined) await until(socket, "\r\n\r\n");
          if (says) socket.write(says);
          if (!point.startsWith("content")) await rest(socket);
          else await closed(socket);
        });
        const stop = new AbortController();
        const reason = new Error("enough");
        const socket = await connected(server.port);
        const asked = { target: "/", headers: HOST, ...(/** @type {any} */ (given)) };
        if (point.startsWith("content")) asked.body = body;
        const isLate = point.startsWith("the new");
        if (says === undefined) stop.abort(reason);
        else if (!isLate) setTimeout(() => stop.abort(reason), 40);
        const answering = upgrade(shape(socket), asked, { offer: ["foo/2"], signal: stop.signal });
        if (isLate) {
          const switched = await answering;
          stop.abort(reason);
          await new Promise((resolve) => setTimeout(resolve, 40));
          assert.equal(switched.protocol, "foo/2");
          assert(!socket.destroyed, "the switch has taken the socket out of the signal's reach");
        } else {
          await assert.rejects(
            answering.then((answer) => {
              assert(content && answer.protocol === null);
              return answer.response.text();
            }),
            (error) => error === reason,
          );
          await holds(() => socket.destroyed);
        }
        if (point.startsWith("content")) await holds(() => sent.isCancelled);
        socket.destroy();
        await server.close();
      });
    }
  });

  describe(`who does not read stands still, over ${form}`, { timeout: TIMEOUTS }, () => {
    test("a client that does not read its response", async () => {
      const { body, sent } = endless();
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body })));
      const socket = await connected(server.port);
      socket.write(GET);
      assert((await still(() => sent.bytes)) <= BOUND, `${sent.bytes}`);
      socket.destroy();
      await server.close();
      assert(sent.isCancelled);
    });

    test("a handler that does not read its content", async () => {
      let hasCome = false;
      const stop = new AbortController();
      const server = await listening((socket) => serveConnection(shape(socket), async (request) => {
        const reader = request.body?.getReader();
        await reader?.read();
        hasCome = true;
        return /** @type {Promise<undefined>} */ (never);
      }, { signal: stop.signal }));
      const socket = await connected(server.port);
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 999999999\r\n\r\n");
      const amount = await flood(socket);
      assert(hasCome);
      assert(amount <= BOUND, `${amount}`);
      // The handler never returns; only the signal ends the connection.
      stop.abort("enough");
      await closed(socket);
      assert.deepEqual(await server.close(), [{ how: "aborted", error: "enough" }]);
    });

    test("a server that does not read, and one whose response is not read", async () => {
      const silent = await listening(closed);
      const { body, sent } = endless();
      const stop = new AbortController();
      const socket = await connected(silent.port);
      const headers = { ...HOST, "Transfer-Encoding": "chunked" };
      const asking = request(shape(socket), { method: "POST", target: "/", headers, body }, { signal: stop.signal });
      asking.catch(() => {});
      assert((await still(() => sent.bytes)) <= BOUND, `${sent.bytes}`);
      stop.abort();
      await assert.rejects(asking, { name: "AbortError" });
      await silent.close();

      let amount = 0;
      const talking = await listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write(`${OK}Content-Length: 99999999999\r\n\r\n`);
        amount = await flood(socket);
        await closed(socket);
      });
      const other = await connected(talking.port);
      const answer = await request(shape(other), { target: "/", headers: HOST });
      await holds(() => amount > 0);
      assert(amount <= BOUND, `${amount}`);
      await answer.body?.cancel();
      await holds(() => other.destroyed);
      await talking.close();
    });

    test("both directions of a tunnel", async () => {
      for (const first of ["", "hello"]) {
        let amount = 0;
        const server = await listening(async (socket) => {
          await until(socket, "\r\n\r\n");
          socket.pause();
          socket.write(SWITCHED + first);
          amount = await flood(socket);
          await closed(socket);
        });
        const socket = await connected(server.port);
        const switched = await upgrade(shape(socket), { target: "/", headers: HOST }, { offer: ["foo/2"] });
        assert(switched.protocol !== null);
        const reader = switched.readable.getReader();
        await reader.read();
        const writer = switched.writable.getWriter();
        let sent = 0;
        const sending = (async () => {
          for (;;) {
            await writer.ready;
            writer.write(new Uint8Array(65_536)).catch(() => {});
            sent += 65_536;
          }
        })();
        sending.catch(() => {});
        assert((await still(() => sent)) <= BOUND, `${sent}`);
        await holds(() => amount > 0);
        assert(amount <= BOUND, `${amount}`);
        await reader.cancel();
        await holds(() => socket.destroyed);
        await assert.rejects(sending);
        await server.close();
      }
    });
  });

  describe(`time-outs over ${form}`, { timeout: TIMEOUTS }, () => {
    // The first byte may take long on a busy machine.
    const timeouts = { request: 2_000, head: 50, content: 50, response: 50, write: 200 };

    test("a client that is too slow is answered where that helps", async () => {
      /** @type {[string, string, ServeResult["how"]][]} */
      const cases = [
        ["", "", "refused"],
        [GET, "HTTP/1.1 200 ", "refused"],
        [GET.slice(0, 9), "HTTP/1.1 408 ", "refused"],
        [`${SIZED}hell`, "HTTP/1.1 408 ", "refused"],
      ];
      for (const [said, answer, how] of cases) {
        const server = await listening((socket) => serveConnection(shape(socket), async (request) => ({ body: await request.text() }), {
          timeouts: said ? timeouts : { ...timeouts, request: 50 },
        }));
        const socket = await connected(server.port);
        socket.write(said);
        const got = await rest(socket);
        assert(got.startsWith(answer), `${JSON.stringify(said)}: ${got}`);
        socket.end();
        const [ending] = /** @type {ServeResult[]} */ (await server.close());
        assert.equal(ending?.how, how);
        assert.equal(/** @type {any} */ (ending?.error).name, "TimeoutError");
      }
    });

    test("a head has a time of its own, which its bytes do not lengthen", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body: "done" }), { timeouts: { request: 60_000, head: 300 } }));
      const socket = await connected(server.port);
      let sent = 0;
      const trickle = setInterval(() => (socket.write("x".repeat(10)), (sent += 10)), 10);
      socket.write("GET /");
      assert.match(await rest(socket), /^HTTP\/1\.1 408 /);
      clearInterval(trickle);
      // A millisecond for each sent byte would exceed the time that has passed.
      assert(sent < 2_000, `${sent}`);
      socket.destroy();
      await server.close();
    });

    test("the time of a handler does not count", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), async () => {
        await new Promise((resolve) => setTimeout(resolve, 1500));
        return { body: "done" };
        // A loaded machine may take some tenths of a second for the request.
      }, { timeouts: { ...timeouts, request: 1000, head: 1000, content: 1000 } }));
      const socket = await connected(server.port);
      socket.write(GET.replace("Host", "Connection: close\r\nHost"));
      assert.match(await rest(socket), /done$/);
      socket.destroy();
      await server.close();
    });

    test("a client that does not read is given up", async () => {
      const { body, sent } = endless();
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body }), { timeouts }));
      const socket = await connected(server.port);
      socket.write(GET);
      await holds(() => sent.isCancelled);
      await holds(() => server.open === 0);
      const [ending] = /** @type {ServeResult[]} */ (await server.close());
      assert.deepEqual([ending?.how, /** @type {any} */ (ending?.error).name], ["refused", "TimeoutError"]);
      socket.destroy();
    });

    test("a client that does not read small pieces is given up", async () => {
      async function* body() {
        for (;;) yield new Uint8Array(8_000);
      }
      /** @type {unknown[]} */
      const told = [];
      const options = { timeouts, onError: (/** @type {unknown} */ error) => void told.push(error) };
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ headers: { "Content-Length": "1000000000" }, body: body() }), options));
      const socket = await connected(server.port);
      socket.write(GET);
      await holds(() => server.open === 1);
      await holds(() => server.open === 0);
      const [ending] = /** @type {ServeResult[]} */ (await server.close());
      assert.deepEqual([ending?.how, /** @type {any} */ (ending?.error).name, told], ["refused", "TimeoutError", []]);
      socket.destroy();
    });

    test("a server whose early response stalls", async () => {
      /** @param {number} pieces */
      async function* content(pieces) {
        for (let index = 0; index < pieces; index++) yield new Uint8Array(100_000);
      }
      for (const [pieces, expects] of /** @type {[number, boolean][]} */ ([[1, true], [300, false]])) {
        const server = await listening(async (socket) => {
          await until(socket, "\r\n\r\n");
          socket.pause();
          socket.write("HTTP/1.1 401 U\r\nContent-Length: 9\r\n\r\nh");
          await once(socket, "close");
        });
        const socket = await connected(server.port);
        const headers = expects ? { ...HOST, Expect: "100-continue" } : HOST;
        const response = await request(shape(socket), { method: "POST", target: "/", headers, body: content(pieces) }, {
          timeouts: { ...timeouts, response: 10_000, write: 2_000 },
        });
        assert.equal(response.status, 401);
        await assert.rejects(response.text(), { name: "TimeoutError" });
        await holds(() => socket.destroyed);
        await server.close();
      }
    });

    test("an early response that takes long is received whole", async () => {
      async function* content() {
        yield new Uint8Array(9);
      }
      const server = await listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write("HTTP/1.1 401 U\r\nContent-Length: 12000\r\n\r\n");
        for (let index = 0; index < 12; index++) {
          await new Promise((resolve) => setTimeout(resolve, 100));
          socket.write("x".repeat(1000));
        }
        await rest(socket);
      });
      const socket = await connected(server.port);
      const asked = { method: "POST", target: "/", headers: { ...HOST, Expect: "100-continue" }, body: content() };
      const response = await request(shape(socket), asked, { timeouts: { ...timeouts, response: 10_000, expectContinue: 10_000, content: 1_000 } });
      assert.equal((await response.text()).length, 12_000);
      socket.destroy();
      await server.close();
    });

    test("a server that is too slow, and one that trickles", async () => {
      for (const pieces of [[""], ["HTTP/1.1 103 E\r\n\r\n"], [OK], [`${OK}Content-Length: 9\r\n\r\n`, "h"]]) {
        const server = await listening(async (socket) => {
          await until(socket, "\r\n\r\n");
          for (const piece of pieces) socket.write(piece);
          await rest(socket);
        });
        const socket = await connected(server.port);
        const answering = request(shape(socket), { target: "/", headers: HOST }, { timeouts }).then((answer) => answer.text());
        await assert.rejects(answering, { name: "TimeoutError" });
        await holds(() => socket.destroyed);
        await server.close();
      }
      const server = await listening(async (socket) => {
        const trickle = setInterval(() => socket.write("x"), 10);
        await rest(socket);
        clearInterval(trickle);
      });
      const socket = await connected(server.port);
      const slow = request(shape(socket), { target: "/", headers: HOST }, { timeouts: { response: 100 } });
      await assert.rejects(slow, (/** @type {Error} */ error) => ["TimeoutError", "ProtocolError"].includes(error.name));
      await server.close();
    });

    test("a server that does not read is given up", async () => {
      const server = await listening(closed);
      const socket = await connected(server.port);
      const { body, sent } = endless();
      const headers = { ...HOST, "Transfer-Encoding": "chunked" };
      const asking = request(shape(socket), { method: "POST", target: "/", headers, body }, { timeouts });
      await assert.rejects(asking, { name: "TimeoutError" });
      await holds(() => sent.isCancelled && socket.destroyed);
      await server.close();
    });
  });

  describe(`in order, over ${form}`, { timeout: TIMEOUTS }, () => {
    test("after the last response the server ends its direction, and closes when the client has", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), () => ({ body: "done" })));
      const socket = await connected(server.port);
      socket.write(GET.replace("Host", "Connection: close\r\nHost"));
      await rest(socket);
      assert.equal(server.open, 1, "it reads on");
      socket.end("more");
      await holds(() => server.open === 0);
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
    });

    test("a client that has ended its direction is answered", async () => {
      const server = await listening((socket) => serveConnection(shape(socket), async () => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        return { body: "done" };
      }));
      const socket = await connected(server.port);
      socket.end(GET);
      assert.match(await rest(socket), /done$/);
      assert.deepEqual(await server.close(), [{ how: "closed" }]);
    });

    test("a response that is cut does not look whole to HTTP/1.0", async () => {
      const mistake = new Error("a mistake");
      /** @type {() => void} */
      let hasReceived = () => {};
      const received = new Promise((resolve) => (hasReceived = () => resolve(undefined)));
      const server = await listening((socket) => serveConnection(shape(socket), () => ({
        body: (async function* () {
          yield Buffer.from("a piece");
          await received;
          throw mistake;
        })(),
      }), { onError: () => {} }));
      const socket = await connected(server.port);
      socket.write("GET / HTTP/1.0\r\n\r\n");
      await until(socket, "a piece");
      hasReceived();
      const failed = await rest(socket).then(() => socket.errored);
      // A pair of web streams cannot be reset.
      if (form === "net.Socket") assert.equal(/** @type {any} */ (failed)?.code, "ECONNRESET");
      await server.close();
    });

    test("a response that is cut takes none before it along", async () => {
      const first = Buffer.alloc(300_000, "a response that waits in the system's buffer\n");
      let requests = 0;
      let hasFailed = false;
      const server = await listening((socket) => serveConnection(shape(socket), () => {
        requests += 1;
        if (requests === 1) return { body: first };
        return {
          body: (async function* () {
            yield Buffer.from("half");
            // A response that fails at once would still become a 500.
            await still(() => requests);
            hasFailed = true;
            throw new Error("a mistake");
          })(),
        };
      }, { onError: () => {} }));
      const socket = await connected(server.port);
      socket.pause();
      socket.write(GET + GET);
      while (!hasFailed) await still(() => requests);
      const got = await rest(socket);
      assert(got.includes(`\r\n\r\n${first}HTTP/1.1 200 OK\r\n`));
      assert(got.endsWith("\r\n4\r\nhalf\r\n"), got.slice(-100));
      const [result] = /** @type {ServeResult[]} */ (await server.close());
      assert.equal(result?.how, "failed");
    });

    test("half-close, either side first", async () => {
      for (const first of ["client", "server"]) {
        for (const leftover of ["", "hello"]) {
          const server = await listening((socket) => serveConnection(shape(socket), async (request) => {
            const switched = await request.upgrade(["foo/2"]);
            assert(switched);
            const ears = async () => assert.equal(await said(switched.readable), `${leftover}bye`);
            if (first === "client") await ears();
            await say(switched.writable, "and you", { ends: true });
            if (first === "server") await ears();
            return undefined;
          }));
          const socket = await connected(server.port);
          socket.write(OFFER + leftover);
          await until(socket, "\r\n\r\n");
          if (first === "server") await holds(() => socket.readableLength > 0 || socket.readableEnded);
          socket.end("bye");
          assert.match(await rest(socket), /and you$|^$/);
          await holds(() => server.open === 0);
          assert.deepEqual(await server.close(), [{ how: "switched" }]);
        }
      }
    });

    test("what was switched is the handler's to close, unless the handler fails", async () => {
      const mistake = new Error("a mistake");
      for (const fails of [false, true]) {
        /** @type {import("switchover/streams").Switched | null} */
        let switched = null;
        /** @type {unknown[]} */
        const reported = [];
        const handler = async (/** @type {import("switchover/streams").ServerRequest} */ request) => {
          switched = await request.upgrade(["foo/2"]);
          if (fails) throw mistake;
        };
        const server = await listening((socket) => serveConnection(shape(socket), handler, { onError: (error) => void reported.push(error) }));
        const socket = await connected(server.port);
        socket.write(OFFER);
        await until(socket, "\r\n\r\n");
        if (!fails) {
          await new Promise((resolve) => setTimeout(resolve, 50));
          assert.equal(server.open, 1);
          /** @type {any} */ (switched).close();
        }
        await rest(socket);
        await holds(() => server.open === 0);
        assert.deepEqual(await server.close(), [fails ? { how: "failed", error: mistake } : { how: "switched" }]);
        assert.deepEqual(reported, fails ? [mistake] : []);
      }
    });
  });
}

/**
 * Waits until a socket is closed, for whatever reason.
 * @param {NetSocket} socket
 */
async function closed(socket) {
  if (!socket.closed) await new Promise((resolve) => socket.on("close", resolve));
}

describe("a peer that has ended its direction", { timeout: TIMEOUTS }, () => {
  const moments = [0, 1, 5];
  const CONNECT = "CONNECT a.example:1 HTTP/1.1\r\nHost: a.example:1\r\n\r\n";

  for (const [form, shape] of Object.entries(forms)) {
    for (const as of ["readable", "duplex"]) {
      for (const asked of [OFFER, CONNECT]) {
        test(`its first bytes of the new protocol are read by a handler that waits: ${form}, ${as}, ${asked.slice(0, 7)}`, async () => {
          for (const moment of moments) {
            /** @type {string | undefined} */
            let heard;
            const server = await listening((socket) => serveConnection(shape(socket), async (request) => {
              await new Promise((resolve) => setTimeout(resolve, moment));
              void request.signal;
              await new Promise((resolve) => setTimeout(resolve, moment));
              const switched = await request.upgrade(["foo/2"]);
              assert(switched);
              heard = await heardOf(switched, as);
              switched.close();
            }));
            const socket = await connected(server.port);
            socket.end(`${asked}hello`);
            await rest(socket);
            assert.equal(heard, "hello");
            assert.deepEqual(await server.close(), [{ how: "switched" }]);
          }
        });
      }

      test(`and by a client that still sends its request: ${form}, ${as}`, async () => {
        for (const moment of moments) {
          const server = await listening(async (socket) => {
            await until(socket, "\r\n\r\n");
            socket.end(`${SWITCHED}hello`);
            await rest(socket);
          });
          const socket = await connected(server.port);
          const body = new ReadableStream({
            async pull(controller) {
              await new Promise((resolve) => setTimeout(resolve, 20 + moment));
              controller.enqueue(Buffer.from("content"));
              controller.close();
            },
          }, { highWaterMark: 0 });
          const switched = await upgrade(shape(socket), { method: "POST", target: "/", headers: HOST, body }, { offer: ["foo/2"] });
          assert(switched.protocol !== null);
          assert.equal(await heardOf(switched, as), "hello");
          switched.close();
          await server.close();
        }
      });
    }
  }

  test("is answered, also where a socket would have ended with it", async () => {
    const server = createServer((socket) => void serveConnection(socket, async () => {
      await new Promise((resolve) => setTimeout(resolve, 50));
      return { body: "answered" };
    }));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const socket = await connected(/** @type {import("node:net").AddressInfo} */ (server.address()).port);
    socket.end(GET);
    assert.match(await rest(socket), /answered$/);
    server.close();
  });

  test("a socket is given back as it was", async () => {
    const server = await listening((socket) => serveConnection(socket, () => ({ body: "x" })));
    for (const allowHalfOpen of [true, false]) {
      const socket = connect({ port: server.port, host: "127.0.0.1", allowHalfOpen });
      await once(socket, "connect");
      const listeners = socket.listenerCount("error");
      const answer = await request(socket, { target: "/", headers: HOST });
      await answer.text();
      assert.equal(socket.allowHalfOpen, allowHalfOpen);
      socket.destroy();
      assert(socket.listenerCount("error") <= listeners + 1);
    }
    await server.close();
  });

  test("the errors of a socket that toDuplex has given are for who has it", async () => {
    const server = await listening((socket) => serveConnection(socket, async (request) => {
      const switched = await request.upgrade(["foo/2"]);
      assert(switched);
      const before = socket.listenerCount("error");
      assert.equal(switched.toDuplex(Duplex), socket);
      assert.equal(socket.listenerCount("error"), before - 1);
      socket.end();
    }));
    const socket = await connected(server.port);
    socket.write(OFFER);
    await rest(socket);
    socket.end();
    await server.close();
  });
});

describe("content whose buffer is transferred", () => {
  /** Returns both ends of a stream that transfers each piece. */
  function transferring() {
    /** @type {ReadableByteStreamController} */
    let to;
    const readable = new ReadableStream({ type: "bytes", start: (controller) => void (to = controller) });
    const writable = new WritableStream({ write: (piece) => to.enqueue(piece), close: () => to.close(), abort: (reason) => to.error(reason) });
    return { readable, writable };
  }

  for (const [name, body] of /** @type {const} */ ([["a text", "s".repeat(100_000)], ["an array", new Uint8Array(100_000).fill(115)], ["a small array", new Uint8Array(32_768).fill(115)]])) {
    test(`by the socket: ${name} is sent whole, twice`, async () => {
      const [up, down] = [transferring(), transferring()];
      const served = serveConnection({ readable: up.readable, writable: down.writable }, () => ({ body }));
      // Not by `say`, whose bytes are of a buffer that Node shares.
      const asked = new TextEncoder().encode(`${GET}GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      await up.writable.getWriter().write(asked);
      const answers = await said(down.readable);
      assert.deepEqual([...answers.matchAll(/s{100,}/g)].map(([content]) => content.length), [body.length, body.length]);
      assert.equal((await served).how, "closed");
    });
  }

  test("by the handler, while it is sent: nothing follows it", async () => {
    const body = new Uint8Array(200_000);
    const asked = [new TextEncoder().encode(GET + GET)];
    let [sent, hasClosed] = ["", false];
    // A connection of Deno, which takes a piece and then finds its buffer transferred.
    const socket = {
      read: async (/** @type {Uint8Array} */ space) => {
        const bytes = asked.pop();
        if (!bytes) await never;
        space.set(bytes ?? []);
        return bytes?.length ?? null;
      },
      write: async (/** @type {Uint8Array} */ bytes) => {
        const { length } = bytes;
        sent += Buffer.from(bytes).toString("latin1");
        if (sent.length > 50_000 && body.length > 0) structuredClone(body, { transfer: [body.buffer] });
        return length;
      },
      closeWrite: async () => {},
      close: () => void (hasClosed = true),
    };
    /** @type {unknown[]} */
    const told = [];
    const { how } = await serveConnection(socket, () => ({ body }), { onError: (error) => told.push(error) });
    assert.deepEqual([how, hasClosed, sent.split("HTTP/1.1 ").length], ["failed", true, 2]);
    assert.match(String(told), /^TypeError: the buffer of the content was transferred/);
  });
});

describe("a reset behind content that fills all buffers", () => {
  /** @type {[string, (left: () => void) => Handler][]} */
  const handlers = [
    ["the handler that waits for its signal", (left) => (request) => new Promise((resolve) => request.signal.addEventListener("abort", () => (left(), resolve({ body: "?" }))))],
    ["the source of an answer that is silent", (left) => () => ({ body: new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(5)), cancel: left }) })],
  ];
  for (const [who, handler] of handlers) {
    test(`is told to ${who}`, async () => {
      let leaves = () => {};
      const left = /** @type {Promise<void>} */ (new Promise((resolve) => (leaves = resolve)));
      const server = await listening((socket) => serveConnection(socket, handler(() => leaves())));
      const socket = await connected(server.port);
      socket.on("error", () => {});
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 90000000\r\n\r\n");
      await flood(socket);
      socket.resetAndDestroy();
      await left;
      const [result] = /** @type {ServeResult[]} */ (await server.close());
      assert.equal(result?.how, "gone");
    });
  }
});

describe("what fails beside a switch or after it", () => {
  /** Returns the outcome of a connection whose client offers `foo/2`. @param {Handler} handler */
  async function outcome(handler) {
    const server = await listening((socket) => serveConnection(socket, handler, { onError: () => {} }));
    const socket = await connected(server.port);
    socket.on("error", () => {});
    socket.write(OFFER);
    // `once` of events would reject with the error of a reset.
    const ended = new Promise((resolve) => socket.once("close", resolve));
    socket.resume();
    socket.once("end", () => socket.end());
    await ended;
    const [result] = /** @type {ServeResult[]} */ (await server.close());
    return result?.how;
  }

  test("a handler that fails while it switches closes the connection", async () => {
    for (let turns = 0; turns < 12; turns++) {
      const fails = async () => {
        for (let turn = 0; turn < turns; turn++) await null;
        throw new Error("not allowed");
      };
      const how = await outcome(async (request) => {
        await Promise.all([request.upgrade(["foo/2"]), fails()]);
        return { status: 200 };
      });
      assert.equal(how, "failed", `${turns} turns`);
    }
  });

  test("a fetch handler's 500 after its switch closes the connection", async () => {
    const how = await outcome(fetchHandler(async (_, { request }) => {
      await request.upgrade(["foo/2"]);
      return new Response("a framework's answer to what was thrown", { status: 500 });
    }));
    assert.equal(how, "failed");
  });

  test("content that has failed is still the client's fault when the handler switches", async () => {
    const server = await listening((socket) => serveConnection(socket, async (request) => {
      await request.text().catch(() => {});
      await request.upgrade(["foo/2"]);
      return { status: 200 };
    }, { timeouts: { content: 50 } }));
    const socket = await connected(server.port);
    socket.write("POST / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nhe");
    assert.match(await rest(socket), /^HTTP\/1.1 408 /);
    socket.end();
    await server.close();
  });
});

test("a client that leaves behind content which nobody reads is let go, while the response is silent", { timeout: TIMEOUTS }, async () => {
  let isCancelled = false;
  const silent = () => new ReadableStream({ start: (to) => to.enqueue(new TextEncoder().encode("first")), cancel: () => void (isCancelled = true) });
  const server = await listening((socket) => serveConnection(socket, () => ({ body: silent() }), { timeouts: { unread: 100 } }));
  const socket = await connected(server.port);
  socket.write(SIZED.replace("9", "400000"));
  socket.write(new Uint8Array(400_000));
  await until(socket, "first");
  socket.end();
  await holds(() => server.open === 0);
  const [ending] = /** @type {ServeResult[]} */ (await server.close());
  assert.equal(ending?.how, "gone");
  assert(isCancelled);
});

for (const [source, waits] of /** @type {const} */ ([["that waits", 20], ["that never waits", 0]])) {
  for (const [where, sent] of /** @type {const} */ ([["", 0], [" behind content which nobody reads", 400_000]])) {
    test(`empty pieces of content ${source} do not hide a client that leaves${where}`, { timeout: TIMEOUTS }, async () => {
      let isOver = false;
      const empties = async function* () {
        try {
          yield new TextEncoder().encode("first");
          for (;;) {
            if (waits) await new Promise((resolve) => setTimeout(resolve, waits));
            yield new Uint8Array(0);
          }
        } finally {
          isOver = true;
        }
      };
      const timeouts = { write: 200, unread: 200 };
      const server = await listening((socket) => serveConnection(socket, () => ({ body: empties() }), { timeouts }));
      const socket = await connected(server.port);
      socket.write(SIZED.replace("9", String(sent)));
      socket.write(new Uint8Array(sent));
      await until(socket, "first");
      socket.end();
      await holds(() => server.open === 0 && isOver);
      assert.equal(/** @type {ServeResult[]} */ (await server.close())[0]?.how, "gone");
    });
  }
}

test("content that is read late is no client that has left", { timeout: TIMEOUTS }, async () => {
  const server = await listening((socket) => serveConnection(socket, (request) => ({
    body: (async function* () {
      yield new TextEncoder().encode("first");
      await new Promise((resolve) => setTimeout(resolve, 50));
      yield new TextEncoder().encode(String((await request.bytes()).length));
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      yield new TextEncoder().encode(" last");
    })(),
  }), { timeouts: { unread: 2_000 } }));
  const socket = await connected(server.port);
  socket.write(SIZED.replace("9", "400000").replace("Host", "Connection: close\r\nHost"));
  socket.write(new Uint8Array(400_000));
  assert.match(await rest(socket), /400000.* last/s);
  socket.end();
  assert.equal(/** @type {ServeResult[]} */ (await server.close())[0]?.how, "closed");
});

test("a new protocol ends with a peer that resets behind its end", { timeout: TIMEOUTS }, async () => {
  /** @type {unknown} */
  let failure;
  const server = await listening((socket) => serveConnection(socket, async (request) => {
    const switched = await request.upgrade(["foo/2"]);
    assert(switched);
    assert.equal(await said(switched.readable), "");
    // Nothing is left to be read, and nothing to be said.
    const writer = switched.writable.getWriter();
    failure = await writer.closed.catch((error) => error);
  }));
  const socket = await connected(server.port);
  socket.write(OFFER);
  await until(socket, "\r\n\r\n");
  socket.end();
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.resetAndDestroy();
  await holds(() => server.open === 0);
  await server.close();
  assert(failure instanceof Error);
});

test("a socket that has failed is let go, even if its sending side never closes, as behind a service binding", { timeout: TIMEOUTS }, async () => {
  for (const sent of ["GET / HTTP/1.1\r\nHost: a", GET]) {
    const client = new TransformStream();
    const writer = client.writable.getWriter();
    const writable = new WritableStream({ close: () => new Promise(() => {}) });
    const serving = serveConnection({ readable: client.readable, writable }, () => ({}), { timeouts: { write: Infinity } });
    await writer.write(Buffer.from(sent));
    setTimeout(() => writer.abort(new Error("Network connection lost.")), 10);
    assert.equal((await serving).how, "gone", sent);
  }
});

test("small pieces are kept in few arrays", async () => {
  const { Gathered } = await import(new URL("../dist/engine/bytes.js", import.meta.url).href);
  const [gathered, large] = [new Gathered(), new Uint8Array(5_000).fill(2)];
  for (let piece = 0; piece < 100_000; piece++) gathered.add(piece === 50_000 ? large : Uint8Array.of(piece & 1));
  const arrays = gathered.arrays();
  assert(arrays.length < 12, `${arrays.length} arrays`);
  const all = Buffer.concat(arrays);
  assert.equal(all.length, gathered.length);
  assert.deepEqual([...all.subarray(49_998, 50_002), ...all.subarray(54_998, 55_002)], [0, 1, 2, 2, 2, 2, 1, 0]);
});

/** Returns all bytes of the new protocol, read from the form of stream in `as`. @param {import("switchover/streams").Switched} switched @param {string} as */
async function heardOf(switched, as) {
  if (as === "readable") return said(switched.readable);
  let text = "";
  for await (const bytes of switched.toDuplex(Duplex)) text += bytes.toString("latin1");
  return text;
}

/** @type {[string, (socket: NetSocket) => import("switchover/streams").Socket][]} */
const shapes = [["net.Socket", (socket) => socket], ["Duplex.toWeb", toWeb]];
for (const [form, shape] of shapes) for (const signal of [undefined, new AbortController().signal]) {
  test(`a response that is forgotten unread closes its ${form}${signal ? ", beside a signal" : ""}`, { timeout: TIMEOUTS }, async () => {
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc");
    const server = await listening((socket) => {
      socket.resume().on("end", () => socket.end());
      socket.write(`${OK}Content-Length: 5\r\n\r\nhel`);
    });
    const status = async () => (await request(shape(await connected(server.port)), { target: "/", headers: HOST }, { signal })).status;
    for (let times = 0; times < 5; times += 1) assert.equal(await status(), 200);
    await holds(() => (gc(), server.open === 0));
    await server.close();
  });
}

test("a socket whose response was read is kept by nothing", { timeout: TIMEOUTS }, async () => {
  setFlagsFromString("--expose-gc");
  const gc = runInNewContext("gc");
  const server = await listening(async (socket) => {
    await until(socket, "\r\n\r\n");
    socket.write(`${OK}Content-Length: 5\r\n\r\nhel`);
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.write("lo");
  });
  /** @type {WeakRef<NetSocket>[]} */
  const sockets = [];
  const read = async () => {
    const socket = await connected(server.port);
    sockets.push(new WeakRef(socket));
    const response = await request(socket, { target: "/", headers: HOST });
    assert.deepEqual([await response.text(), response.persists], ["hello", true]);
    socket.destroy();
  };
  for (let times = 0; times < 10; times += 1) await read();
  await holds(() => (gc(), sockets.filter((socket) => socket.deref()).length <= 1));
  await server.close();
});
