// Tests of `switchover/streams` in Node: requests, responses and switches, over real sockets in each form.

import assert from "node:assert/strict";
import { Duplex } from "node:stream";
import { describe, test } from "node:test";
import { runInNewContext } from "node:vm";
import { Connection, ProtocolError } from "switchover";
import { ContentTooLargeError, DisconnectedError, FastResponse, events, request, serveConnection, upgrade } from "switchover/streams";
import { TIMEOUTS, connected, forms, holds, listening, rest, said, say, until } from "./sockets.mjs";

/** @typedef {import("switchover/streams").Handler} Handler */
/** @typedef {import("switchover/streams").ServeOptions} ServeOptions */
/** @typedef {import("switchover/streams").ServeResult} ServeResult */
/** @typedef {import("node:net").Socket} NetSocket */

const HOST = { Host: "a.example" };
const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const OFFER = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2, bar\r\nConnection: upgrade\r\n\r\n";
const LAST = "GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const CONNECT = "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n";

/** Returns the bytes of `hello`, as a `Uint8Array` of another realm. */
const foreign = () => runInNewContext("new Uint8Array([104, 101, 108, 108, 111])");

/**
 * Responds with the method, target and content of the request.
 * @type {Handler}
 */
const echo = async (request) => ({ body: `${request.method} ${request.target} ${await request.text()}` });

/** Returns a value that throws at whatever is asked of it. */
function revoked() {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

/** @param {string} target @param {string} content */
const post = (target, content) => `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n${content}`;

/** Switches to foo/2, and sends back all bytes in upper case. @type {Handler} */
const speak = async (request) => {
  const switched = await request.upgrade(["foo/2"]);
  if (!switched) return new Response("in HTTP");
  void (async () => {
    const reader = switched.readable.getReader();
    const writer = switched.writable.getWriter();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return writer.close();
      await writer.write(Buffer.from(Buffer.from(value).toString("latin1").toUpperCase(), "latin1"));
    }
  })();
  return undefined;
};

for (const [form, shape] of Object.entries(forms)) {
  /** Starts a server that serves each connection over the tested form of socket. @param {Handler} handler @param {ServeOptions} [options] */
  const serving = (handler, options) => listening((socket) => serveConnection(shape(socket), handler, options));

  /**
   * Sends pieces to a new server; returns its responses and the outcome.
   * @param {Handler} handler @param {string[]} pieces @param {ServeOptions} [options]
   */
  async function exchange(handler, pieces, options) {
    const server = await serving(handler, options);
    const socket = await connected(server.port);
    for (const piece of pieces) {
      socket.write(piece, "latin1");
      await new Promise((resolve) => setTimeout(resolve, pieces.length > 1 ? 1 : 0));
    }
    socket.end();
    const answer = await rest(socket);
    const [ending] = /** @type {ServeResult[]} */ (await server.close());
    return { answer, ending };
  }

  describe(`a server over ${form}`, { timeout: TIMEOUTS }, () => {
    test("requests in one segment, and byte by byte", async () => {
      const said = `${GET}${post("/p", "hello")}${LAST}`;
      for (const pieces of [[said], [...said]]) {
        const { answer, ending } = await exchange(echo, pieces);
        assert.deepEqual(answer.match(/(GET|POST) .*?(?=HTTP|$)/gs), ["GET / ", "POST /p hello", "GET /last "]);
        assert.deepEqual(ending, { how: "closed" });
      }
    });

    test("four thousand requests in one go", async () => {
      const { answer } = await exchange(echo, [GET.repeat(4_000) + LAST]);
      assert.equal(answer.match(/HTTP\/1\.1 200 OK\r\n/g)?.length, 4_001);
    });

    test("responses of the platform, and others", async () => {
      /** @type {[Handler, RegExp][]} */
      const responses = [
        [() => Response.json({ a: 1 }, { status: 201 }), /^HTTP\/1\.1 201 Created\r\n[^]*Content-Length: 7\r\n[^]*\r\n\r\n\{"a":1\}$/i],
        [() => new Response(null, { status: 204 }), /^HTTP\/1\.1 204 No Content\r\n(?![^]*length)[^]*\r\n\r\n$/i],
        [() => ({ status: 404, reason: "Gone fishing" }), /^HTTP\/1\.1 404 Gone fishing\r\nDate: .* GMT\r\nContent-Length: 0\r\n/],
        [() => ({ requires: ["foo/2"], body: "please" }), /^HTTP\/1\.1 426 [^]*Upgrade: foo\/2\r\n[^]*please/],
        [() => ({ body: "x", trailers: { Digest: "y" } }), /chunked\r\n[^]*\r\n1\r\nx\r\n0\r\nDigest: y\r\n\r\n$/],
        [() => ({ headers: { "Content-Length": "3" }, body: pieces("a", "bc") }), /Content-Length: 3\r\n[^]*\r\n\r\nabc$/],
      ];
      for (const [handler, expected] of responses) {
        assert.match((await exchange(handler, [LAST])).answer, expected);
      }
    });

    test("content that is not there at once is chunked, after a head that does not wait for it", async () => {
      /** @type {() => void} */
      let go = () => {};
      const gone = new Promise((resolve) => (go = () => resolve(undefined)));
      const server = await serving(() => ({
        body: (async function* () {
          yield Buffer.from("first");
          await gone;
          yield Buffer.from("second");
        })(),
      }));
      const socket = await connected(server.port);
      socket.write(LAST);
      assert.match(await until(socket, "first"), /Transfer-Encoding: chunked\r\n[^]*\r\n\r\n5\r\nfirst/);
      go();
      assert.match(await rest(socket), /6\r\nsecond\r\n0\r\n\r\n$/);
      await server.close();
    });

    test("each response has a Date, once, unless it is not wanted", async () => {
      const date = /\r\nDate: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/;
      const own = "Thu, 01 Jan 1970 00:00:00 GMT";
      /** @type {any[]} */
      const headers = [undefined, {}, [["A", "b"]], new Map([["A", "b"]]), new Headers({ A: "b" }), (function* () { yield ["A", "b"]; })()];
      for (const given of headers) {
        const { answer } = await exchange(() => ({ headers: given, body: "x" }), [LAST]);
        assert.match(answer, date);
        assert.equal(/\r\nA: b\r\n/i.test(answer), given !== undefined && given !== headers[1]);
      }
      for (const given of /** @type {any[]} */ ([{ date: own }, [["DATE", own]], new Headers({ date: own })])) {
        const { answer } = await exchange(() => ({ headers: given }), [LAST]);
        assert.deepEqual(answer.match(/^date: .*$/gim), [answer.match(new RegExp(`^date: ${own}$`, "im"))?.[0]]);
      }
      assert.match((await exchange(() => ({ requires: ["foo/2"] }), [LAST])).answer, date);
      assert.match((await exchange(() => ({ body: "x" }), ["GET /\r\n\r\n"])).answer, date);
      assert.doesNotMatch((await exchange(() => ({ body: "x" }), [LAST], { date: false })).answer, date);
      assert.doesNotMatch((await exchange(() => ({ body: "x" }), ["GET /\r\n\r\n"], { date: false })).answer, date);
    });

    test("a name may have an array of values", async () => {
      const headers = { "Set-Cookie": ["a=1", "b=2"], Vary: "x", Link: [] };
      const { answer } = await exchange(() => ({ headers, body: "x" }), [LAST]);
      assert.match(answer, /\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nVary: x\r\nDate/);
      assert(!answer.includes("Link"));
    });

    test("a request has at most 1 GiB of content, unless a limit is given", async () => {
      const large = (/** @type {number} */ length) => `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n`;
      assert.match((await exchange(() => ({ body: "x" }), [large(2 ** 30 + 1)])).answer, /^HTTP\/1\.1 413 /);
      assert.match((await exchange(() => ({ body: "x" }), [large(4), "abcd"], { config: { limits: { content: 4 } } })).answer, /^HTTP\/1\.1 200 /);
      assert.match((await exchange(() => ({ body: "x" }), [large(5), "abcde"], { config: { limits: { content: 4 } } })).answer, /^HTTP\/1\.1 413 /);
      const unset = /** @type {any} */ ({ limits: { content: undefined }, tidy: undefined, secure: undefined });
      assert.match((await exchange(() => ({ body: "x" }), [large(2 ** 30 + 1)], { config: unset })).answer, /^HTTP\/1\.1 413 /);
    });

    test("HEAD has the length and no content", async () => {
      const { answer } = await exchange(() => new Response("hello"), [`HEAD / HTTP/1.1\r\nHost: a\r\n\r\n${LAST}`]);
      assert.equal(answer.match(/Content-Length: 5\r\n/gi)?.length, 2);
      assert.equal(answer.match(/hello/g)?.length, 1);
    });

    test("content in pieces, both ways", async () => {
      const chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";
      /** @type {Handler} */
      const back = async (request) => {
        assert(request.body);
        const content = await said(request.body);
        return { body: `${content} ${request.trailers?.get("a")}` };
      };
      for (const pieces of [[chunked], [...chunked]]) {
        assert.match((await exchange(back, pieces)).answer, /\r\n\r\nabcde b$/);
      }
    });

    test("what a request knows", async () => {
      /** @type {unknown[]} */
      const seen = [];
      const { answer } = await exchange(
        async (request) => {
          const { method, target, url, minorVersion, offers, body } = request;
          seen.push({ method, target, url, minorVersion, offers, body }, request.headers.get("x"), request.fields.getAll("X"));
          return {};
        },
        ["GET /a?b=c HTTP/1.1\r\nHost: a.example:81\r\nX: 1\r\nx: 2\r\nUpgrade: foo/2\r\nConnection: upgrade, close\r\n\r\n"],
      );
      assert.match(answer, /^HTTP\/1\.1 200 /);
      const offers = [{ protocol: "foo/2", ineligible: null, status: null }];
      const url = "http://a.example:81/a?b=c";
      assert.deepEqual(seen, [{ method: "GET", target: "/a?b=c", url, minorVersion: 1, offers, body: null }, "1, 2", ["1", "2"]]);
    });

    test("a 100 is sent when content is read, and not before", async () => {
      const waiting = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n";
      const server = await serving(async (request) => ({ body: request.target === "/" ? await request.text() : "" }));
      const socket = await connected(server.port);
      socket.write(waiting);
      assert.equal(await until(socket, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
      socket.write("hello");
      assert.match(await until(socket, "hello"), /^HTTP\/1\.1 200 OK\r\n/);
      socket.end(waiting.replace("/", "/unread"));
      assert.match(await rest(socket), /^HTTP\/1\.1 200 OK\r\n/);
      await server.close();
    });

    test("content that was not read is dropped, and the next request is served", async () => {
      const { answer } = await exchange((request) => ({ body: request.target }), [post("/a", "x".repeat(30_000)) + LAST]);
      assert.match(answer, /\r\n\r\n\/aHTTP[^]*\r\n\r\n\/last$/);
    });

    test("an early answer to content without end arrives", async () => {
      const server = await serving(() => ({ status: 403, body: "no" }));
      const socket = await connected(server.port);
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n");
      const writing = setInterval(() => socket.write(Buffer.alloc(60_000)), 1);
      assert.match(await until(socket, "no"), /^HTTP\/1\.1 403 /);
      clearInterval(writing);
      socket.destroy();
      await server.close();
    });

    test("what is no HTTP is answered with the status that fits", async () => {
      /** @type {[string, number, string][]} */
      const cases = [
        ["bad\r\n\r\n", 400, "refused"],
        ["GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400, "refused"],
        ["GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505, "refused"],
        [`GET / HTTP/1.1\r\nHost: a\r\nA: ${"x".repeat(1 << 20)}\r\n\r\n`, 431, "refused"],
        ["POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400, "refused"],
        ["POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell", 400, "gone"],
      ];
      for (const [said, status, how] of cases) {
        const { answer, ending } = await exchange(echo, [said]);
        assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `));
        assert.equal(ending?.how, how);
        assert(ending?.error instanceof ProtocolError);
      }
    });

    test("content that is larger than a handler takes", async () => {
      const { answer, ending } = await exchange(async (request) => ({ body: await request.text(4) }), [post("/", "hello")]);
      assert.match(answer, /^HTTP\/1\.1 413 /);
      assert(ending?.how === "refused" && ending.error instanceof ContentTooLargeError);
    });

    test("content of another connection that is too large is the handler's failure", async () => {
      const backend = await listening((socket) => serveConnection(socket, () => ({ body: "x".repeat(100) })));
      const relays = async () => {
        const answer = await request(await connected(backend.port), { target: "/", headers: { Host: "b" } });
        return { body: await answer.text(4) };
      };
      const { answer, ending } = await exchange(relays, [LAST]);
      await backend.close();
      assert.match(answer, /^HTTP\/1\.1 500 /);
      assert(ending?.how === "failed" && ending.error instanceof ContentTooLargeError);
    });

    test("a handler that fails is answered for, and reported", async () => {
      const mistake = new Error("a mistake");
      /** @type {[Handler, (error: any) => boolean, RegExp][]} */
      const handlers = [
        [() => Promise.reject(mistake), (error) => error === mistake, /^HTTP\/1\.1 500 [^]*Connection: close\r\n/],
        [() => undefined, (error) => error instanceof TypeError, /^HTTP\/1\.1 500 /],
        // A value that cannot be looked at.
        [() => Promise.reject(revoked()), (error) => error instanceof TypeError, /^HTTP\/1\.1 500 /],
        [() => /** @type {any} */ ({ body: 1 }), (error) => error instanceof TypeError, /^HTTP\/1\.1 500 /],
        [() => ({ headers: { "A\n": "b" } }), (error) => error instanceof ProtocolError, /^HTTP\/1\.1 500 /],
        [() => ({ body: failing(mistake) }), (error) => error === mistake, /^HTTP\/1\.1 200 (?![^]*\r\n0\r\n\r\n)/],
      ];
      for (const [handler, isIt, expected] of handlers) {
        /** @type {unknown[]} */
        const reported = [];
        const { answer, ending } = await exchange(handler, [GET + GET], { onError: (error) => void reported.push(error) });
        assert.match(answer, expected);
        assert.equal(reported.length, 1);
        assert(isIt(reported[0]), String(reported[0]));
        assert(ending?.how === "failed" && ending.error === reported[0]);
      }
    });

    test("a switch loses nothing", async () => {
      for (const pieces of [[`${OFFER}hello`, " there"], [...`${OFFER}hello there`], [OFFER, "hello there"]]) {
        const { answer, ending } = await exchange(speak, pieces);
        const [head = "", body] = answer.split("\r\n\r\n");
        assert.match(head, /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*Upgrade: foo\/2/);
        assert.equal(body, "HELLO THERE");
        assert.deepEqual(ending, { how: "switched" });
      }
    });

    test("a switch after content, read and unread", async () => {
      for (const reads of [false, true]) {
        let content = "";
        const offer = "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nhello";
        /** @type {Handler} */
        const handler = async (request, info) => {
          if (reads) content = await request.text();
          return speak(request, info);
        };
        const { answer } = await exchange(handler, [`${offer}there`]);
        assert.match(answer, /^HTTP\/1\.1 101 [^]*\r\n\r\nTHERE$/);
        assert.equal(content, reads ? "hello" : "");
      }
    });

    test("an offer that is declined changes nothing", async () => {
      const { answer } = await exchange(speak, [OFFER.replace("foo/2, ", "") + LAST]);
      assert.equal(answer.match(/HTTP\/1\.1 200 OK[^]*?in HTTP/g)?.length, 2);
    });

    test("a tunnel by CONNECT", async () => {
      const { answer } = await exchange(speak, [`${CONNECT}hello`]);
      assert.match(answer, /^HTTP\/1\.1 200 OK\r\n\r\nHELLO$/);
    });

    test("a 2xx to CONNECT, whose tunnel nothing takes, is a 501", async () => {
      for (const response of [{}, { status: 204 }, { body: "text" }, new Response("text"), { status: 299, body: failing(new Error("unread")) }]) {
        /** @type {any[]} */
        const reported = [];
        const { answer, ending } = await exchange(() => response, [CONNECT + LAST], { onError: (error) => void reported.push(error) });
        // Bytes after the CONNECT may have been meant for the tunnel, so they must not be parsed as a request.
        assert.match(answer, /^HTTP\/1\.1 501 Not Implemented\r\n(.+\r\n)*Connection: close\r\n(.+\r\n)*\r\n$/);
        assert.equal(answer.match(/HTTP\/1\.1/g)?.length, 1);
        assert.equal(reported.length, 1);
        assert(reported[0] instanceof TypeError && /2xx to CONNECT .* request\.upgrade/.test(reported[0].message), String(reported[0]));
        assert(ending?.how === "failed" && ending.error === reported[0]);
      }
    });

    test("another answer to CONNECT is sent", async () => {
      /** @type {[import("switchover/streams").ServerResponse | Response, RegExp][]} */
      const responses = [
        [{ status: 405, body: "no" }, /^HTTP\/1\.1 405 [^]*no$/],
        [new Response("no", { status: 501 }), /^HTTP\/1\.1 501 [^]*no$/],
        [{ requires: ["foo/2"] }, /^HTTP\/1\.1 426 [^]*Upgrade: foo\/2/],
      ];
      for (const [response, expected] of responses) {
        const { answer, ending } = await exchange(() => response, [CONNECT]);
        assert.match(answer, expected);
        assert.deepEqual(ending, { how: "closed" });
      }
    });

    test("upgrades are the preferences unless others are given", async () => {
      /** @type {Handler} */
      const handler = async (request) => {
        const switched = await request.upgrade();
        if (!switched) return {};
        await say(switched.writable, switched.protocol, { ends: true });
        await switched.readable.cancel();
        return undefined;
      };
      assert.match((await exchange(handler, [OFFER], { upgrades: ["bar"] })).answer, /\r\n\r\nbar$/);
      assert.match((await exchange(handler, [OFFER])).answer, /^HTTP\/1\.1 200 OK\r\n/);
    });

    test("a request that is over refuses everything", async () => {
      /** @type {import("switchover/streams").ServerRequest | undefined} */
      let kept;
      await exchange((request) => ((kept = request), {}), [post("/", "hello")]);
      assert.throws(() => kept?.connection, DisconnectedError);
      await assert.rejects(async () => kept?.upgrade(["foo/2"]), DisconnectedError);
      await assert.rejects(async () => kept?.text(), DisconnectedError);
    });

    test("content that was dropped does not look whole", async () => {
      /** @type {Promise<unknown> | undefined} */
      let later;
      /** @type {Handler} */
      const handler = async (request) => {
        const reader = request.body?.getReader();
        if (!reader) return {};
        await reader.read();
        later = new Promise((resolve) => setTimeout(resolve, 50)).then(() => reader.read()).catch((error) => error);
        return {};
      };
      const { answer } = await exchange(handler, [post("/", "hello").slice(0, -2), "lo", LAST]);
      assert.equal(answer.match(/HTTP\/1\.1 200 OK/g)?.length, 2);
      assert((await later) instanceof DisconnectedError);
    });
  });

  /**
   * Calls `use` with a socket to a server that sends `answer` after a request head.
   *
   * Returns the result and the bytes that the server has received.
   * @template T @param {string} answer @param {(socket: import("switchover/streams").Socket) => Promise<T>} use
   */
  async function against(answer, use, { ends = false } = {}) {
    /** @type {string[]} */
    const heard = [];
    const server = await listening(async (socket) => {
      heard.push(await until(socket, "\r\n\r\n"));
      socket.write(answer, "latin1");
      if (ends) socket.end();
      heard.push(await rest(socket));
      socket.end();
    });
    const socket = await connected(server.port);
    const result = await use(shape(socket));
    if (!socket.destroyed) socket.destroy();
    await server.close();
    return { result, heard: heard.join("") };
  }

  describe(`a client over ${form}`, { timeout: TIMEOUTS }, () => {
    const SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nX: y\r\n\r\n";

    test("a switch, with first bytes and without", async () => {
      for (const first of ["", "hello"]) {
        const { result, heard } = await against(
          SWITCHED + first,
          async (socket) => {
            const switched = await upgrade(socket, { target: "/chat", headers: HOST }, { offer: ["foo/2", "bar"] });
            assert(switched.protocol !== null);
            assert.equal(switched.protocol, "foo/2");
            assert.equal(switched.response?.headers.get("x"), "y");
            if ("readable" in socket && !("unshift" in socket)) {
              assert.equal(switched.readable === socket.readable, first === "", "the socket's own stream");
              assert.equal(switched.writable, socket.writable);
            }
            await say(switched.writable, "and on", { ends: true });
            return said(switched.readable);
          },
          { ends: true },
        );
        assert.equal(result, first);
        assert.match(heard, /^GET \/chat HTTP\/1\.1\r\nHost: a\.example\r\n[^]*Upgrade: foo\/2, bar\r\n[^]*\r\n\r\nand on$/);
      }
    });

    test("a decline is a response whose content streams", async () => {
      const answer = "HTTP/1.1 426 Upgrade Required\r\nUpgrade: bar\r\nConnection: upgrade\r\nContent-Length: 5\r\n\r\nhe";
      const server = await listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write(answer);
        await until(socket, "on").catch(() => {});
        socket.end();
      });
      const socket = await connected(server.port);
      const declined = await upgrade(shape(socket), { target: "/", headers: HOST }, { offer: ["foo/2"] });
      assert(declined.protocol === null);
      assert.deepEqual([declined.response.status, declined.required], [426, ["bar"]]);
      assert.equal(typeof declined.why, "string");
      assert(declined.response.body && !declined.response.persists);
      const reader = declined.response.body.getReader();
      assert.equal(Buffer.from((await reader.read()).value ?? []).toString(), "he");
      await reader.cancel();
      await server.close();
      assert(socket.destroyed);
    });

    test("a socket carries requests and a second try", async () => {
      const server = await serving(async (request, info) => {
        const switched = await request.upgrade(["bar"]);
        if (!switched) return echo(request, info);
        await say(switched.writable, "welcome", { ends: true });
        await switched.readable.cancel();
        return undefined;
      });
      const socket = shape(await connected(server.port));
      for (const target of ["/a", "/b"]) {
        const headers = { ...HOST, "Content-Length": "5" };
        const answer = await request(socket, { method: "POST", target, headers, body: "hello" });
        assert.equal(answer.status, 200);
        assert.equal(await answer.text(), `POST ${target} hello`);
        assert(answer.persists);
      }
      const declined = await upgrade(socket, { target: "/", headers: HOST }, { offer: ["foo/2"] });
      assert(declined.protocol === null);
      assert.equal(await declined.response.text(), "GET / ");
      const switched = await upgrade(socket, { target: "/", headers: HOST }, { offer: ["foo/2", "bar"] });
      assert.equal(switched.protocol, "bar");
      assert.equal(await said(/** @type {any} */ (switched).readable), "welcome");
      await server.close();
    });

    test("responses after which the socket is closed", async () => {
      /** @type {[string, string, boolean][]} */
      const answers = [
        ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi", "hi", false],
        ["HTTP/1.0 200 OK\r\n\r\nhi", "hi", true],
        ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi and more", "hi", false],
      ];
      for (const [answer, content, ends] of answers) {
        const { result } = await against(
          answer,
          async (socket) => {
            const answer = await request(socket, { target: "/", headers: HOST });
            const text = await answer.text();
            return [text, answer.persists];
          },
          { ends },
        );
        assert.deepEqual(result, [content, false]);
      }
    });

    test("interim responses", async () => {
      /** @type {number[]} */
      const interim = [];
      await against("HTTP/1.1 103 E\r\n\r\nHTTP/1.1 102 P\r\n\r\nHTTP/1.1 204 N\r\n\r\n", async (socket) => {
        const informational = (/** @type {{ status: number }} */ { status }) => void interim.push(status);
        const answer = await request(socket, { target: "/", headers: HOST }, { informational });
        assert.deepEqual([answer.status, answer.body, answer.persists], [204, null, true]);
      });
      assert.deepEqual(interim, [103, 102]);
    });

    test("content in every form goes with the request", async () => {
      const server = await serving(echo);
      const socket = shape(await connected(server.port));
      const chunked = { ...HOST, "Transfer-Encoding": "chunked" };
      const sized = { ...HOST, "Content-Length": "5" };
      const stream = () => new Blob(["hello"]).stream();
      const bodies = [
        { headers: sized, body: "hello" },
        { headers: sized, body: Buffer.from("hello") },
        { headers: chunked, body: stream() },
        { headers: sized, body: stream() },
        { headers: chunked, body: pieces("he", "", "llo") },
        { headers: sized, body: foreign() },
      ];
      for (const { headers, body } of bodies) {
        const answer = await request(socket, { method: "PUT", target: "/", headers, body });
        assert.equal(await answer.text(), "PUT / hello");
      }
      socket instanceof Duplex ? socket.destroy() : await /** @type {any} */ (socket).readable.cancel();
      await server.close();
    });

    test("a response with bytes of another window", async () => {
      const answers = { "/": () => ({ body: foreign() }), "/fast": () => new FastResponse(foreign()) };
      const server = await serving((request) => answers[/** @type {"/" | "/fast"} */ (request.target)]());
      const socket = shape(await connected(server.port));
      for (const target of Object.keys(answers)) {
        assert.equal(await (await request(socket, { method: "GET", target, headers: HOST })).text(), "hello");
      }
      socket instanceof Duplex ? socket.destroy() : await /** @type {any} */ (socket).readable.cancel();
      await server.close();
    });

    test("content waits for a 100, but not for ever, and is not sent when it is refused", async () => {
      const headers = { ...HOST, "Content-Length": "5", Expect: "100-continue" };
      const asked = { method: "POST", target: "/", headers, body: "hello" };
      const server = await serving(echo);
      assert.equal(await (await request(shape(await connected(server.port)), asked)).text(), "POST / hello");
      await server.close();
      const silent = await listening(async (socket) => {
        await until(socket, "hello");
        socket.end("HTTP/1.1 204 N\r\n\r\n");
      });
      const { status } = await request(shape(await connected(silent.port)), asked, { timeouts: { expectContinue: 10 } });
      assert.equal(status, 204);
      await silent.close();
      const { heard, result } = await against("HTTP/1.1 417 E\r\nContent-Length: 0\r\n\r\n", (socket) => request(socket, asked));
      assert.deepEqual([result.status, result.persists], [417, false]);
      assert.doesNotMatch(heard, /hello/);
    });

    test("content is sent after a success that came before its 100 if nothing follows it", async () => {
      const headers = { ...HOST, "Content-Length": "5", Expect: "100-continue" };
      const asked = { method: "POST", target: "/", headers, body: "hello" };
      const timeouts = { expectContinue: 200 };
      for (const close of ["", "Connection: close\r\n"]) {
        for (const first of ["", "3\r\nyes\r\n"]) {
          const server = await listening(async (socket) => {
            await until(socket, "\r\n\r\n");
            socket.write(`HTTP/1.1 200 OK\r\n${close}Transfer-Encoding: chunked\r\n\r\n${first}`);
            await until(socket, "hello");
            socket.write("4\r\nlast\r\n0\r\n\r\n");
            await rest(socket);
            socket.end();
          });
          const socket = await connected(server.port);
          const response = await request(shape(socket), asked, { timeouts });
          assert.match(await response.text(), /last$/);
          assert.equal(response.persists, close === "");
          socket.destroy();
          await server.close();
        }
      }
    });

    test("content stays with its sender while a success that came before its 100 goes on", async () => {
      const headers = { ...HOST, "Content-Length": "5", Expect: "100-continue" };
      const asked = { method: "POST", target: "/", headers, body: "hello" };
      const server = await listening(async (socket) => {
        const heard = await until(socket, "\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (let index = 0; index < 8; index++) {
          socket.write("1\r\nx\r\n");
          await new Promise((resolve) => setTimeout(resolve, 300));
        }
        socket.end("0\r\n\r\n");
        return heard + (await rest(socket));
      });
      const response = await request(shape(await connected(server.port)), asked, { timeouts: { expectContinue: 2_000 } });
      assert.equal(await response.text(), "xxxxxxxx");
      assert.equal(response.persists, false);
      const [heard] = await server.close();
      assert.doesNotMatch(String(heard), /hello/);
    });

    test("a reader that pauses is no server that stalls", async () => {
      const server = await listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n${"x".repeat(300_000)}`);
        return rest(socket);
      });
      const headers = { ...HOST, "Content-Length": "5", Expect: "100-continue" };
      const asked = { method: "POST", target: "/", headers, body: "hello" };
      const response = await request(shape(await connected(server.port)), asked, { timeouts: { expectContinue: 2_000 } });
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      assert.equal((await response.text()).length, 300_000);
      assert.equal(response.persists, false);
      assert.deepEqual(await server.close(), [""]);
    });

    /** Starts a server that sends half a response before it has the request's content. */
    const stalling = () =>
      listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        return rest(socket);
      });
    async function* hello() {
      yield "hello";
    }
    const expecting = { method: "POST", target: "/", headers: { ...HOST, Expect: "100-continue" }, body: new Uint8Array(100) };

    const begun = () => process.getActiveResourcesInfo().filter((name) => name === "Timeout").length;

    test("a request that is aborted while it is sent leaves no timer", async () => {
      const server = await listening((socket) => rest(socket));
      const socket = await connected(server.port);
      const before = begun();
      const stop = new AbortController();
      async function* body() {
        yield "a";
        await new Promise((resolve) => setTimeout(resolve, 20));
        stop.abort();
        yield "b";
      }
      await assert.rejects(request(shape(socket), { method: "POST", target: "/", headers: HOST, body: body() }, { signal: stop.signal }), { name: "AbortError" });
      // Less than the time for which a response would be awaited.
      await new Promise((resolve) => setTimeout(resolve, 100));
      assert(begun() <= before);
      await server.close();
    });

    test("content that waits behind an early success has no timer while no one reads", async () => {
      const server = await stalling();
      const socket = await connected(server.port);
      const before = begun();
      const response = await request(shape(socket), expecting, { timeouts: { expectContinue: 2_000 } });
      assert.equal(response.status, 200);
      await holds(() => begun() <= before);
      socket.destroy();
      assert.deepEqual(await server.close(), [""]);
    });

    test("a server that is silent while content waits for its 100 is slow", async () => {
      const server = await stalling();
      const timeouts = { expectContinue: Infinity, content: 200 };
      for (const body of [expecting.body, hello()]) {
        const response = await request(shape(await connected(server.port)), { ...expecting, body }, { timeouts });
        await assert.rejects(response.text(), { name: "TimeoutError" });
      }
      assert.deepEqual(await server.close(), ["", ""]);
    });

    test("a server that says nothing while content waits for its 100 is slow", async () => {
      for (const says of ["", "HTTP/1.1 103 Early Hints\r\n\r\n"]) {
        const server = await listening((socket) => {
          socket.write(says);
          return rest(socket);
        });
        for (const body of [expecting.body, hello()]) {
          const asked = request(shape(await connected(server.port)), { ...expecting, body }, { timeouts: { expectContinue: Infinity, response: 200 } });
          await assert.rejects(asked, { name: "TimeoutError" });
        }
        await server.close();
      }
    });

    test("a wait for a 100 that ends is not bounded by the time for a response", async () => {
      const server = await listening(async (socket) => {
        await until(socket, "hello");
        socket.write("HTTP/1.1 204 No Content\r\n\r\n");
      });
      const asked = { method: "POST", target: "/", headers: { ...HOST, Expect: "100-continue" }, body: "hello" };
      const response = await request(shape(await connected(server.port)), asked, { timeouts: { expectContinue: 600, response: 300 } });
      assert.equal(response.status, 204);
      await server.close();
    });

    test("a source may use its buffer again once the next piece is asked for", async () => {
      const length = 8_000;
      const number = 1_200;
      async function* body() {
        const buffer = new Uint8Array(length);
        for (let at = 0; at < number; at += 1) yield buffer.fill(at);
      }
      for (const headers of [{}, { "Content-Length": `${length * number}` }]) {
        const server = await listening((socket) => serveConnection(shape(socket), () => ({ headers, body: body() })));
        const response = await request(await connected(server.port), { target: "/", headers: HOST });
        // The system's buffers are full before anything is read.
        await new Promise((resolve) => setTimeout(resolve, 300));
        const got = await response.bytes(length * number);
        assert.equal(got.length, length * number);
        assert.equal(got.findIndex((byte, at) => byte !== Math.floor(at / length) % 256), -1);
        await server.close();
      }
    });

    test("content that waited for its 100 may take longer than the server", async () => {
      const size = 20_000_000;
      const server = await listening(async (socket) => {
        await until(socket, "\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        let left = size;
        await new Promise((resolve) => socket.on("data", (piece) => (left -= piece.length) > 0 || resolve(undefined)));
        socket.end("hello");
      });
      const asked = { method: "POST", target: "/", headers: { ...HOST, Expect: "100-continue" }, body: new Uint8Array(size) };
      const timeouts = { expectContinue: 100, content: 2_000 };
      const response = await request(shape(await connected(server.port)), asked, { timeouts });
      assert.equal(await response.text(), "hello");
      await server.close();
    });

    test("a server that responds early and reads late is no slow server", async () => {
      const size = 20_000_000;
      const server = await listening(async (socket) => {
        const first = await until(socket, "\r\n\r\n");
        socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        await new Promise((resolve) => setTimeout(resolve, 2_500));
        let left = size - (first.length - first.indexOf("\r\n\r\n") - 4);
        await new Promise((resolve) => socket.on("data", (piece) => (left -= piece.length) > 0 || resolve(undefined)));
        socket.end("4\r\nread\r\n0\r\n\r\n");
      });
      const asked = { method: "POST", target: "/", headers: HOST, body: new Uint8Array(size) };
      const response = await request(shape(await connected(server.port)), asked, { timeouts: { content: 2_000 } });
      assert.equal(await response.text(), "read");
      await server.close();
    });

    test("a source that is silent behind the response ends with its server, or with the time of the exchange", async () => {
      for (const leaves of ["destroy", "end", "resetAndDestroy", null]) {
        let cancelled = false;
        const body = new ReadableStream({
          start: (controller) => controller.enqueue(new Uint8Array(10)),
          cancel: () => void (cancelled = true),
        });
        const server = await listening(async (socket) => {
          await until(socket, "\r\n\r\n");
          socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
          await new Promise((resolve) => setTimeout(resolve, 100));
          if (leaves) /** @type {any} */ (socket)[leaves]();
          else await rest(socket);
        });
        const socket = await connected(server.port);
        const asked = { method: "POST", target: "/", headers: { ...HOST, "Transfer-Encoding": "chunked" }, body };
        const response = await request(shape(socket), asked, { timeouts: leaves ? { write: 300 } : { exchange: 1_000 } });
        assert.equal(await response.text(), "ok");
        await holds(() => socket.destroyed && cancelled);
        await server.close();
      }
    });

    test("a switch while content waits for a 100: the request is completed first", async () => {
      const headers = { ...HOST, "Content-Length": "5", Expect: "100-continue" };
      const asked = { method: "POST", target: "/", headers, body: "hello" };
      const { result, heard } = await against(SWITCHED, async (socket) => {
        const switched = await upgrade(socket, asked, { offer: ["foo/2"] });
        assert(switched.protocol !== null);
        await say(switched.writable, " there", { ends: true });
        return said(switched.readable);
      });
      assert.equal(result, "");
      assert.match(heard, /\r\n\r\nhello there$/);
    });

    test("an answer to content that is still being sent", async () => {
      const server = await serving(() => ({ status: 413, body: "enough" }), { config: { limits: { drain: 1000 } } });
      let cancelled = false;
      const body = new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
        cancel: () => void (cancelled = true),
      });
      const headers = { ...HOST, "Transfer-Encoding": "chunked" };
      const answer = await request(shape(await connected(server.port)), { method: "POST", target: "/", headers, body });
      assert.deepEqual([answer.status, await answer.text(), answer.persists], [413, "enough", false]);
      await server.close();
      assert(cancelled);
    });

    test("content is sent whole after an early response that is no error", async () => {
      async function* slowly() {
        for (let index = 0; index < 5; index++) {
          yield new Uint8Array(100);
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      }
      const large = () => new Uint8Array(3_000_000);
      for (const head of ["202 A\r\nContent-Length: 0\r\n\r\n", "200 O\r\nContent-Length: 2\r\n\r\nok", "204 N\r\n\r\n"]) {
        for (const body of [large, slowly]) {
          let hear = (/** @type {string} */ _) => {};
          const heard = new Promise((resolve) => (hear = resolve));
          const server = await listening(async (socket) => {
            const begun = await until(socket, "\r\n\r\n");
            socket.write(`HTTP/1.1 ${head}`);
            hear(begun + (await rest(socket)));
            socket.end();
          });
          const asked = { method: "POST", target: "/", headers: HOST, body: body() };
          const socket = await connected(server.port);
          const response = await request(shape(socket), asked);
          assert.equal(await response.text(), head.endsWith("ok") ? "ok" : "");
          // Web streams may have accepted the whole request before the response.
          if (response.persists) socket.end();
          assert((await heard).endsWith(body === large ? "\0".repeat(3_000_000) : "\r\n0\r\n\r\n"));
          await server.close();
        }
      }
    });

    test("an abort at the server's end, while content is being sent, is the error of the response", async () => {
      for (const wait of [setImmediate, queueMicrotask, (/** @type {() => void} */ act) => setTimeout(act, 0)]) {
        const server = await listening(async (socket) => {
          await until(socket, "\r\n\r\n");
          socket.end("HTTP/1.1 200 OK\r\n\r\nhello");
          return rest(socket);
        });
        const socket = await connected(server.port);
        const stop = new AbortController();
        const reason = new Error("enough");
        socket.on("end", () => wait(() => stop.abort(reason)));
        const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
        const asked = { method: "POST", target: "/", headers: { ...HOST, "Transfer-Encoding": "chunked" }, body };
        const response = await request(shape(socket), asked, { signal: stop.signal });
        const read = await response.text().catch((/** @type {unknown} */ error) => error);
        // The end of the response may have been read before.
        assert(read === reason || read === "hello", String(read));
        socket.destroy();
        await server.close();
      }
    });

    test("content that fails ends everything", async () => {
      const mistake = new Error("a mistake");
      const headers = { ...HOST, "Transfer-Encoding": "chunked" };
      const asked = { method: "POST", target: "/", headers, body: failing(mistake) };
      const server = await listening((socket) => rest(socket));
      const socket = await connected(server.port);
      await assert.rejects(request(shape(socket), asked), mistake);
      assert(socket.destroyed);
      await server.close();
    });

    test("content has its length, or is chunked", async () => {
      /** @type {[object, RegExp][]} */
      const sent = [
        [{ body: "hello" }, /\r\nContent-Length: 5\r\n(.+\r\n)*\r\nhello$/],
        [{ body: "" }, /\r\nContent-Length: 0\r\n(.+\r\n)*\r\n$/],
        [{ body: null }, /^POST \/ HTTP\/1\.1\r\nHost: a.example\r\nContent-Length: 0\r\n\r\n$/],
        [{ body: "hello", headers: { ...HOST, "Content-Length": "5" } }, /^POST \/ HTTP\/1\.1\r\nHost: a.example\r\nContent-Length: 5\r\n\r\nhello$/],
        [{ body: "hello", headers: { ...HOST, "transfer-encoding": "chunked" } }, /\r\n5\r\nhello\r\n0\r\n\r\n$/],
        [{ body: pieces("a", "bc") }, /Transfer-Encoding: chunked\r\n(.+\r\n)*\r\n1\r\na\r\n2\r\nbc\r\n0\r\n\r\n$/],
        [{ body: pieces("a", "bc"), headers: { ...HOST, "Content-Length": "3" } }, /\r\nContent-Length: 3\r\n\r\nabc$/],
        [{ body: "hello", trailers: { Digest: "y" } }, /chunked\r\n(.+\r\n)*\r\n5\r\nhello\r\n0\r\nDigest: y\r\n\r\n$/],
        [{ body: pieces("a"), trailers: { Digest: "y" } }, /\r\n1\r\na\r\n0\r\nDigest: y\r\n\r\n$/],
      ];
      for (const [given, expected] of sent) {
        let asked = "";
        const server = await listening(async (socket) => {
          socket.on("data", (bytes) => void (asked += bytes.toString("latin1")));
          await holds(() => expected.test(asked));
          socket.end("HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
        });
        const socket = await connected(server.port);
        const answer = await request(shape(socket), { method: "POST", target: "/", headers: HOST, ...given });
        assert.equal(answer.status, 204);
        await answer.text();
        socket.destroy();
        await server.close();
      }
    });

    test("a refused request sends nothing and leaves the socket", async () => {
      const server = await serving(echo);
      const socket = shape(await connected(server.port));
      /** @type {any[]} */
      const requests = [
        { target: "/", headers: {} },
        { target: "/ /", headers: HOST },
        { target: "/", headers: { ...HOST, "Content-Length": "4" }, body: "hello" },
        { target: "/", headers: { ...HOST, "Content-Length": "6" }, body: "hello" },
        { target: "/", headers: HOST, body: 1 },
        { target: 1, headers: HOST },
      ];
      for (const refused of requests) {
        await assert.rejects(request(socket, refused), (error) => error instanceof ProtocolError || error instanceof TypeError);
      }
      await assert.rejects(upgrade(socket, { target: "/", headers: HOST }, { offer: ["a b"] }), ProtocolError);
      await assert.rejects(request(socket, { target: "/", headers: HOST }, { config: /** @type {any} */ ({ x: 1 }) }), TypeError);
      await assert.rejects(request(socket, { target: "/", headers: HOST }, { timeouts: { write: 0 } }), TypeError);
      assert.equal(await (await request(socket, { target: "/", headers: HOST })).text(), "GET / ");
      socket instanceof Duplex ? socket.destroy() : await /** @type {any} */ (socket).readable.cancel();
      await server.close();
    });

    test("a switch to what was not offered", async () => {
      const { result } = await against(SWITCHED, async (socket) => {
        const error = await upgrade(socket, { target: "/", headers: HOST }, { offer: ["bar"] }).catch((error) => error);
        assert(error instanceof ProtocolError);
        return error.kind;
      });
      assert.equal(result, "switch-not-offered");
    });

    test("a tunnel by CONNECT, with upgrade alone", async () => {
      const asked = { method: "CONNECT", target: "a.example:443", headers: { Host: "a.example:443" } };
      const { result } = await against("HTTP/1.1 200 OK\r\n\r\nhello", async (socket) => {
        const switched = await upgrade(socket, asked);
        assert(switched.protocol !== null);
        assert.deepEqual([switched.protocol, switched.protocols], ["", []]);
        await say(switched.writable, "", { ends: true });
        return said(switched.readable);
      });
      assert.equal(result, "hello");
      await against("HTTP/1.1 200 OK\r\n\r\nhello", (socket) => assert.rejects(request(socket, asked), TypeError));
    });

    test("events of a stream", async () => {
      if (form === "net.Socket") return;
      const { result } = await against("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", async (socket) => {
        const { readable, writable } = /** @type {import("switchover/streams").Pair} */ (socket);
        const http = new Connection("client");
        await say(writable, Buffer.from(http.sendRequest({ method: "GET", target: "/", headers: HOST })).toString("latin1"));
        const kinds = [];
        for await (const event of events(readable, http)) {
          kinds.push(event.kind);
          if (event.kind === "end-of-message") break;
        }
        http.free();
        assert(!readable.locked);
        return kinds;
      });
      assert.deepEqual(result, ["response", "data", "end-of-message"]);
    });
  });
}

/** @param {string[]} texts */
async function* pieces(...texts) {
  for (const text of texts) yield Buffer.from(text);
}

/** @param {Error} mistake */
async function* failing(mistake) {
  yield Buffer.from("a piece");
  await new Promise((resolve) => setTimeout(resolve, 200));
  throw mistake;
}
