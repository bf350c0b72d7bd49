// Tests of what goes on at the same time: reads of content beside a switch, a signal beside a switch, and a client that
// leaves beside an answer that is silent.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "switchover";
import { request, serveConnection } from "switchover/streams";
import { TIMEOUTS, connected, forms, listening, rest } from "./sockets.mjs";

/** @typedef {import("switchover/streams").ServeHandle} ServeHandle */
/** @typedef {import("switchover/streams").ServerRequest} ServerRequest */

const OFFER = "GET /chat HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";
const WITH_CONTENT = "POST / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\nContent-Length: 10\r\n\r\n";
const options = { timeout: TIMEOUTS };

/** Returns a stream of a generator's pieces. @param {AsyncGenerator<Uint8Array>} pieces */
function streamOf(pieces) {
  return new ReadableStream({
    pull: async (controller) => {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

/** Returns all bytes of a stream, as text. @param {AsyncIterable<Uint8Array>} stream */
async function textOf(stream) {
  let text = "";
  for await (const bytes of stream) text += Buffer.from(bytes).toString("latin1");
  return text;
}

test("content and first bytes that come while an early 101 is written are not lost", options, async () => {
  for (const latency of [0, 5, 20]) {
    /** @type {ReadableStreamDefaultController<Uint8Array>} */
    let peer = /** @type {any} */ (undefined);
    const readable = new ReadableStream({ start: (controller) => void (peer = controller) });
    const writable = new WritableStream({ write: () => (peer.enqueue(Buffer.from("0123456789hello")), peer.close(), sleep(latency)) });
    const heard = { content: "", protocol: "" };
    const serving = serveConnection({ readable, writable }, async (asked) => {
      const reading = textOf(/** @type {ReadableStream<Uint8Array>} */ (asked.body));
      await sleep(5);
      const switched = await asked.upgrade(["foo/2"], undefined, { early: true });
      assert(switched);
      heard.protocol = await textOf(switched.readable);
      heard.content = await reading;
      await switched.writable.close();
    });
    peer.enqueue(Buffer.from(WITH_CONTENT));
    assert.equal((await serving).how, "switched");
    assert.deepEqual(heard, { content: "0123456789", protocol: "hello" }, `${latency} ms`);
  }
});

for (const [form, shape] of Object.entries(forms)) {
  test(`a client that leaves while its content is unread and the answer silent is noticed, over ${form}`, options, async () => {
    for (const [fields, content] of [["Content-Length: 10", "0123456789"], ["Content-Length: 10", "01234"], ["Transfer-Encoding: chunked", "5\r\nhello\r\n0\r\n\r\n"]]) {
      for (const leaves of /** @type {const} */ (["destroy", "resetAndDestroy"])) {
        let isCancelled = false;
        /** @type {Promise<string>} */
        let outcome = Promise.resolve("");
        const server = await listening((socket) => {
          const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(":")), cancel: () => void (isCancelled = true) });
          const serving = serveConnection(shape(socket), () => ({ body }), { timeouts: { content: 5000, write: 300 } });
          outcome = serving.then(({ how }) => how);
          return serving;
        });
        const socket = await connected(server.port);
        socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
        await once(socket, "data");
        socket.write(String(content));
        await sleep(20);
        socket[leaves]();
        assert.equal(await outcome, "gone", `${fields}, ${content}, ${leaves}`);
        assert(isCancelled);
        await server.close();
      }
    }
  });
}

test("deadlines hold beside an answer that reads its request, and after one that was streamed", options, async () => {
  const stream = () => new ReadableStream({ start: (controller) => (controller.enqueue(Buffer.from("a")), controller.close()) });
  const timeouts = { request: 2000, head: 300, content: 300, write: 2000 };
  const server = await listening((socket) =>
    serveConnection(socket, ({ method, body }) => ({ body: method === "POST" ? body : stream() }), { timeouts }),
  );
  const streamed = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  const post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n";
  for (const [begin, drips] of [[streamed, streamed], [streamed, post + "x".repeat(9)], [post, "x".repeat(99)]]) {
    const socket = await connected(server.port);
    let isOver = false;
    socket.on("error", () => (isOver = true)).on("end", () => (isOver = true)).on("data", () => {});
    socket.write(String(begin));
    await sleep(100);
    const slowly = String(drips).startsWith("POST") ? [post, ..."x".repeat(9)] : [...String(drips)];
    for (const byte of slowly.slice(0, 12)) {
      if (isOver) break;
      socket.write(byte);
      await sleep(200);
    }
    assert(isOver, String(begin));
    socket.destroy();
  }
  await server.close();
});

/**
 * Checks that a disconnect is noticed while a begun response to a POST is silent.
 * @param {(asked: ServerRequest) => void} reads What the handler does beside the answer.
 * @param {string} fields @param {string[]} pieces The content. @param {number} between The milliseconds after each piece.
 */
async function leavesBeside(reads, fields, pieces, between) {
  for (const leaves of /** @type {const} */ (["destroy", "resetAndDestroy"])) {
    /** @type {Promise<string>} */
    let outcome = Promise.resolve("");
    const server = await listening((socket) => {
      const handler = (/** @type {ServerRequest} */ asked) => {
        reads(asked);
        return { body: new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from(":")) }) };
      };
      const serving = serveConnection(socket, handler, { timeouts: { content: 5000, write: 300 } });
      outcome = serving.then(({ how }) => how);
      return serving;
    });
    const socket = await connected(server.port);
    socket.on("error", () => {});
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${fields}\r\n\r\n`);
    await once(socket, "data");
    for (const piece of pieces) {
      socket.write(piece);
      await sleep(between);
    }
    socket[leaves]();
    assert.equal(await Promise.race([outcome, sleep(5000, "kept")]), "gone", leaves);
    await server.close();
  }
}

test("a client that leaves after its handler has read much content late is noticed", options, async () => {
  const late = (/** @type {ServerRequest} */ asked) => void sleep(300).then(() => asked.bytes());
  await leavesBeside(late, "Content-Length: 300000", ["x".repeat(300_000)], 600);
});

test("a client that leaves after malformed content beside a silent answer is noticed", options, async () => {
  const atOnce = (/** @type {ServerRequest} */ asked) => void asked.bytes().catch(() => {});
  await leavesBeside(atOnce, "Transfer-Encoding: chunked", ["zz\r\n", "x"], 50);
});

test("content that comes while the handler works extends its deadline", options, async () => {
  const server = await listening((socket) =>
    serveConnection(
      socket,
      (asked) => ({
        body: (async function* () {
          for await (const piece of /** @type {ReadableStream<Uint8Array>} */ (asked.body)) {
            await sleep(100);
            yield new TextEncoder().encode(`${piece.length} `);
          }
        })(),
      }),
      { timeouts: { content: 1500 } },
    ),
  );
  const socket = await connected(server.port);
  socket.write("POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (let round = 0; round < 8; round++) {
    socket.write("4\r\nabcd\r\n");
    await sleep(5);
    socket.write(`3e8\r\n${"x".repeat(1000)}\r\n`);
    await sleep(400);
  }
  socket.write("0\r\n\r\n");
  assert.match(await rest(socket), /\r\n0\r\n\r\n$/);
  await server.close();
});

test("a signal that is asked for while the handler switches takes no bytes of the new protocol", options, async () => {
  for (let ticks = 0; ticks < 12; ticks++) {
    const heard = await (async () => {
      let heard = "";
      const server = await listening((socket) =>
        serveConnection(socket, async (asked) => {
          await sleep(20);
          const asksLater = async () => {
            for (let tick = 0; tick < ticks; tick++) await null;
            return asked.signal;
          };
          const [switched] = await Promise.all([asked.upgrade(["foo/2"]), asksLater()]);
          assert(switched);
          await sleep(10);
          heard = await textOf(switched.readable);
          await switched.writable.close();
        }),
      );
      const socket = await connected(server.port);
      socket.write(OFFER);
      await sleep(5);
      socket.write("first ");
      await sleep(30);
      socket.end("second");
      await rest(socket);
      await server.close();
      return heard;
    })();
    assert.equal(heard, "first second", `after ${ticks} ticks`);
  }
});

test("a refused request whose signal has aborted frees its engine", options, async () => {
  const probe = new Connection("client");
  const size = () => probe.receiveBuffer(1).buffer.byteLength;
  const signal = AbortSignal.abort();
  const one = async () => {
    const pair = { readable: new ReadableStream(), writable: new WritableStream() };
    await assert.rejects(request(pair, { target: "/", headers: { Host: "a", A: "b\r\nc" } }, { signal }));
  };
  for (let round = 0; round < 1000; round++) await one();
  const before = size();
  for (let round = 0; round < 2000; round++) await one();
  assert.equal(size(), before);
});

test("a server may be shut down after an early switch was closed", options, async () => {
  /** @type {ServeHandle | undefined} */
  let handle;
  let wasClosed = false;
  const server = await listening((socket) => {
    handle = serveConnection(socket, async (asked) => {
      const switched = await asked.upgrade(["foo/2"], undefined, { early: true });
      switched?.close();
      wasClosed = true;
      await sleep(50);
    });
    return handle;
  });
  const socket = await connected(server.port);
  socket.on("error", () => {});
  socket.write(WITH_CONTENT);
  while (!wasClosed) await sleep(5);
  assert(handle);
  handle.shutdown();
  assert.equal((await handle).how, "switched");
  await server.close();
});

test("a client that pipelines leaves others a turn", options, async () => {
  const [requests, work] = [200, 1];
  let [answered, before] = [0, 0];
  const server = await listening((socket) =>
    serveConnection(socket, () => {
      if (answered++ === 0) setImmediate(() => (before = answered));
      for (const begun = performance.now(); performance.now() - begun < work; );
      return { body: "here" };
    }),
  );
  const socket = await connected(server.port);
  socket.end("GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(requests));
  assert.equal((await rest(socket)).split("\r\n\r\nhere").length - 1, requests);
  assert(before > 0 && before < requests / 2, `${before} were answered before anything else had a turn`);
  await server.close();
});

for (const kind of ["generator", "stream"]) {
  test(`a response of many small pieces leaves others a turn, as a ${kind}`, options, async () => {
    const [pieces, piece] = [20_000, Buffer.from("ten bytes\n")];
    let [sent, before] = [0, 0];
    const rows = async function* () {
      setImmediate(() => (before = sent));
      for (; sent < pieces; sent++) yield piece;
    };
    const server = await listening((socket) =>
      serveConnection(socket, () => ({ body: kind === "stream" ? streamOf(rows()) : rows() })),
    );
    const socket = await connected(server.port);
    socket.end("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.equal((await rest(socket)).split("ten bytes\n").length - 1, pieces);
    assert(before > 0 && before < pieces / 2, `${before} were sent before anything else had a turn`);
    await server.close();
  });
}

for (const size of [1_000, 20_000]) {
  test(`content that is read on after the last response has no hole, in pieces of ${size} bytes`, options, async () => {
    const content = Uint8Array.from({ length: 458_700 }, (_, at) => at * 31 + (at >> 8));
    // What is dropped after the response has a next request, whose bytes must not fill the place of the content's.
    const next = `GET /next HTTP/1.1\r\nHost: a\r\nX: ${"Z".repeat(900_000)}\r\n\r\n`;
    const all = Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${content.length}\r\n\r\n`), content, Buffer.from(next)]);
    let at = 0;
    const readable = new ReadableStream(
      {
        pull(controller) {
          if (at >= all.length) return new Promise(() => {});
          controller.enqueue(Uint8Array.from(all.subarray(at, (at += size))));
          return undefined;
        },
      },
      { highWaterMark: 0 },
    );
    /** @type {Uint8Array[]} */
    const pieces = [];
    let reading = Promise.resolve();
    const result = await serveConnection({ readable, writable: new WritableStream() }, ({ body }) => {
      reading = (async () => {
        for await (const piece of body ?? []) pieces.push(piece);
      })();
      reading.catch(() => {});
      return { status: 202, headers: { Connection: "close" } };
    });
    assert.equal(result.how, "closed");
    await assert.rejects(reading, { name: "DisconnectedError", message: "the rest of the content was dropped" });
    const got = Buffer.concat(pieces);
    assert(got.length > 0 && got.equals(content.subarray(0, got.length)));
  });
}

test("content that is read on once the connection has ended is an error of the connection", options, async () => {
  let reading = Promise.resolve();
  const server = await listening((socket) =>
    serveConnection(socket, ({ body }) => {
      reading = (async () => {
        for await (const _ of body ?? []) await sleep(100);
      })();
      reading.catch(() => {});
      return { status: 202, headers: { Connection: "close" } };
    }),
  );
  const socket = await connected(server.port);
  socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 700000\r\n\r\n${"z".repeat(1000)}`);
  await rest(socket);
  socket.destroy();
  await assert.rejects(reading, { name: "DisconnectedError", message: "the rest of the content was dropped" });
  await server.close();
});
