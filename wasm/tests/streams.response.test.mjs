// Tests of `FastResponse`, where each assertion is made of a native `Response` too, and of `fetchHandler`.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { FastResponse, fetchHandler, serveConnection } from "switchover/streams";
import { TIMEOUTS, connected, listening, rest, until } from "./sockets.mjs";

const options = { timeout: TIMEOUTS };
const bytes = new TextEncoder().encode("bytes");

/**
 * Arguments of the constructor of `Response`, valid and not.
 * @type {Record<string, () => any[]>}
 */
const ARGUMENTS = {
  "nothing": () => [],
  "a text": () => ["hello"],
  "an empty text": () => [""],
  "a text above U+00FF": () => ["\u20ac \ud83d\ude00 \ud800"],
  "bytes": () => [bytes],
  "no content": () => [null, { status: 404 }],
  "undefined content": () => [undefined, undefined],
  "an object": () => ["x", { status: 201, statusText: "Made", headers: { "X-A": "1", "Content-Type": "text/html" } }],
  "pairs": () => ["x", { headers: [["X-A", "1"], ["x-a", "2"], ["Set-Cookie", "a"], ["set-cookie", "b"]] }],
  "a Map": () => ["x", { headers: new Map([["X-A", "1"]]) }],
  "a Headers": () => ["x", { headers: new Headers({ "X-A": "1" }) }],
  "values with white space": () => ["x", { headers: { "X-A": " 1\t" } }],
  "a number as a value": () => ["x", { headers: { "X-A": 1 } }],
  "an empty value": () => ["x", { headers: { "X-A": "" } }],
  "a value above ASCII": () => ["x", { headers: { "X-A": "\u00e4" } }],
  "a value above U+00FF": () => ["x", { headers: { "X-A": "\u20ac" } }],
  "a line break in a value": () => ["x", { headers: { "X-A": "1\r\nB: 2" } }],
  "a line break in a name": () => ["x", { headers: { "X-A\r\n": "1" } }],
  "a name with a space": () => ["x", { headers: { "X A": "1" } }],
  "a line break in the reason": () => ["x", { statusText: "a\r\nb" }],
  "a triple": () => ["x", { headers: [["a", "b", "c"]] }],
  "null": () => ["x", null],
  "a number for options": () => ["x", 5],
  "null for headers": () => ["x", { headers: null }],
  "a status of 101": () => [null, { status: 101 }],
  "a status of 199": () => ["x", { status: 199 }],
  "a status of 600": () => ["x", { status: 600 }],
  "a status that is a text": () => ["x", { status: "404" }],
  "a status of 404.7": () => ["x", { status: 404.7 }],
  "a 204": () => [null, { status: 204 }],
  "a 204 with content": () => ["x", { status: 204 }],
  "a 304 with an empty text": () => ["", { status: 304 }],
  "a number as content": () => [5],
  "an object as content": () => [{}],
  "a buffer": () => [bytes.buffer.slice(0)],
  "words": () => [new Uint16Array([65, 66])],
  "a query": () => [new URLSearchParams({ a: "b c" })],
  "a Blob": () => [new Blob(["blob"], { type: "text/html" })],
  "a form": () => {
    const form = new FormData();
    form.set("a", "b");
    return [form];
  },
  "a stream": () => [new Blob(["stream"]).stream()],
};

/**
 * Functions that return the compared properties of a response, by name.
 * @type {Record<string, (response: Response) => unknown>}
 */
const QUESTIONS = {
  "the head": ({ status, statusText, ok, type, url, redirected, bodyUsed }) => ({ status, statusText, ok, type, url, redirected, bodyUsed }),
  "the field lines": ({ headers }) => [...headers].map(([name, value]) => [name, value.replace(/boundary=.*/, "")]),
  "a changed field line": (response) => {
    response.headers.set("Content-Type", "x/y");
    response.headers.append("X-B", "2");
    return [[...response.headers], [...response.clone().headers]];
  },
  "a removed type": (response) => {
    response.headers.delete("Content-Type");
    return [[...response.headers], [...response.clone().headers], [...new Response(null, response).headers]];
  },
  "the same Headers": (response) => [response.headers === response.headers, response.headers instanceof Headers],
  "whether there is content": ({ body }) => [body === null, body instanceof ReadableStream],
  "its class": (response) => [response instanceof Response, Object.prototype.toString.call(response)],
  "the text": async (response) => [(await response.text()).replace(/--+.*/g, ""), response.bodyUsed],
  "the bytes": async (response) => [(await response.arrayBuffer()).byteLength > 0, response.bodyUsed],
  "the text, twice": async (response) => {
    await response.text();
    await response.text();
  },
  "JSON": async (response) => response.json(),
  "the Blob": async (response) => {
    const { size, type } = await response.blob();
    return [size > 0, type.replace(/boundary=.*/, "")];
  },
  "the form": async (response) => [...(await response.formData())],
  "the type of a changed Blob": async (response) => {
    response.headers.set("Content-Type", "x/y");
    return (await response.blob()).type;
  },
  "a clone": async (response) => {
    const clone = response.clone();
    const texts = await Promise.all([response.text(), clone.text()]);
    return [texts.map((text) => text.length), clone.status, clone.statusText, [...clone.headers].length, clone.bodyUsed];
  },
  "a clone of what was read": async (response) => {
    await response.text();
    return response.clone().status;
  },
  "a response of it": async (response) => {
    const copy = new Response(response.body, response);
    return [copy.status, copy.statusText, [...copy.headers].length, (await copy.text()).length];
  },
  "the stream": async ({ body }) => {
    let length = 0;
    for await (const piece of body ?? /** @type {any} */ ([])) length += piece.length;
    return length > 0;
  },
  "a cancelled stream": async (response) => {
    await response.body?.cancel();
    return [response.bodyUsed, response.body === null];
  },
};

/** Returns the value that `act` gives, or the name of its error's class. @param {() => unknown} act */
async function outcome(act) {
  try {
    return { value: await act() };
  } catch (error) {
    return { error: /** @type {Error} */ (error).constructor.name };
  }
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

describe("FastResponse answers as a native Response does", options, () => {
  for (const [name, made] of Object.entries(ARGUMENTS)) {
    test(name, async () => {
      for (const [question, ask] of Object.entries(QUESTIONS)) {
        // A native response of a form goes on after that, and fails where nobody can catch it (Node 26).
        if (name === "a form" && question === "a cancelled stream") continue;
        const [native, own] = await Promise.all([Response, FastResponse].map((Kind) => outcome(() => ask(new Kind(...made())))));
        assert.deepEqual(own, native, question);
      }
    });
  }

  test("to print one makes no native response of it", async () => {
    const response = new FastResponse("again", { status: 201 });
    const { Response: native } = globalThis;
    // @ts-expect-error There is none.
    globalThis.Response = undefined;
    try {
      assert.match(inspect(response), /status: 201/);
    } finally {
      globalThis.Response = native;
    }
    const [line, , content] = await served(() => response, GET);
    assert.equal(line, "HTTP/1.1 201 Created");
    assert.match(String(content), /again$/);
  });

  test("static methods", async () => {
    /** @type {Record<string, (Kind: typeof Response) => Response>} */
    const calls = {
      "error": (Kind) => Kind.error(),
      "redirect": (Kind) => Kind.redirect("http://a/b", 303),
      "a wrong redirect": (Kind) => Kind.redirect("http://a/b", 200),
      "json": (Kind) => Kind.json({ a: [1, null] }),
      "json with a head": (Kind) => Kind.json("x", { status: 201, headers: { "X-A": "1" } }),
      "json with a status of a class": (Kind) => Kind.json(1, new (class {
        get status() {
          return 404;
        }
      })()),
      "json of what counts": (Kind) => {
        let count = 0;
        return Kind.json({ toJSON: () => ++count }, { headers: new Headers({ A: "b" }) });
      },
      "json with a type": (Kind) => Kind.json(1, { headers: [["Content-Type", "a/b"]] }),
      "json of nothing": (Kind) => Kind.json(undefined),
      "json with a status without content": (Kind) => Kind.json(1, { status: 204 }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const told = await Promise.all([Response, FastResponse].map((Kind) => outcome(async () => {
        const response = call(Kind);
        return [response.status, response.type, [...response.headers], await response.text(), response instanceof Response];
      })));
      assert.deepEqual(told[1], told[0], name);
    }
  });
});

/** Returns a response of `served` without its framing. @param {any} response */
function unframed([line, lines, content]) {
  const chunk = /^[\da-f]+\r\n([^]*)\r\n0\r\n\r\n$/.exec(content);
  return [line, lines.filter((/** @type {string} */ each) => !/^(content-length|transfer-encoding):/.test(each)), chunk?.[1] ?? content];
}

/** Returns the response to a request: lines sorted, field names in lower case. @param {import("switchover/streams").Handler} handler */
async function served(handler, request = "GET / HTTP/1.1\r\nHost: a\r\n\r\n") {
  const server = await listening((socket) => serveConnection(socket, handler, { date: false, onError: () => {} }));
  const socket = await connected(server.port);
  socket.end(request);
  const [head = "", ...content] = (await rest(socket)).split("\r\n\r\n");
  await server.close();
  const [line, ...lines] = head.split("\r\n");
  return [line, lines.map((each) => each.replace(/^[^:]*/, (name) => name.toLowerCase()).replace(/boundary=.*/, "")).sort(), content.join("\r\n\r\n").replace(/--+.*/g, "")];
}

test("FastResponse is served as a native Response is", options, async () => {
  for (const [name, made] of Object.entries(ARGUMENTS)) {
    // Lines of one name stay apart: a native response joins them.
    if (name === "pairs") continue;
    for (const request of [undefined, "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"]) {
      const [native, own] = await Promise.all([Response, FastResponse].map((Kind) => served(() => new Kind(...made()), request)));
      // The end of a Blob may come late: it is chunked then.
      const compared = /Blob|stream/.test(name) ? unframed : (/** @type {any} */ response) => response;
      assert.deepEqual(compared(own), compared(native), `${name}: ${request}`);
    }
  }
});

test("FastResponse is served as it has become", options, async () => {
  /** @type {Record<string, (response: Response) => unknown>} */
  const changes = {
    "a field line": ({ headers }) => headers.set("X-A", "1"),
    "no type": ({ headers }) => headers.delete("Content-Type"),
    "a clone": (response) => response.clone(),
    "read": (response) => response.text(),
    "half read": (response) => response.body?.getReader().read(),
  };
  for (const [name, change] of Object.entries(changes)) {
    const [native, own] = await Promise.all([Response, FastResponse].map((Kind) => served(async () => {
      const response = new Kind("hello", { headers: { "Content-Type": "a/b" } });
      await change(response);
      return response;
    })));
    assert.deepEqual(own, native, name);
  }
});

test("a shared FastResponse answers any number of requests", options, async () => {
  for (const content of ["again", Buffer.from("again")]) {
    const response = FastResponse.shared(content, { status: 201, headers: { "X-A": "b" } });
    let count = 0;
    const answered = await served(async () => {
      // Each reader gets the whole content.
      assert.equal(await response.text(), "again");
      assert.equal(await new Response(response.body).text(), "again");
      assert.equal(response.bodyUsed, false);
      if (++count !== 2) return response;
      const copy = response.clone();
      copy.headers.append("Set-Cookie", "client=2");
      return copy;
    }, GET.repeat(4));
    const text = answered.join("");
    assert.deepEqual([/again/g, /client/g, /201/g, /x-a: b/gi].map((each) => text.match(each)?.length), [4, 1, 4, 4]);
    const [one, two] = [response, response.clone()].map((each) => each.headers.get("content-type"));
    assert.equal(one, two);
  }
});

test("the headers of a shared FastResponse are immutable", options, () => {
  const response = FastResponse.shared("again", { headers: [["X-A", "b"]] });
  assert(response instanceof Response);
  assert.throws(() => response.headers.append("Set-Cookie", "client=1"), { name: "TypeError", message: /immutable/ });
  assert.throws(() => response.headers.set("X-A", "c"), TypeError);
  assert.throws(() => response.headers.delete("X-A"), TypeError);
  Headers.prototype.append.call(response.headers, "Set-Cookie", "client=1");
  assert.deepEqual([...new Headers(response.headers)], [["content-type", "text/plain;charset=UTF-8"], ["x-a", "b"]]);
  // As frameworks answer a HEAD, or change a response.
  const other = new Response(null, response);
  other.headers.append("Set-Cookie", "client=1");
  assert.deepEqual([other.headers.get("x-a"), response.headers.has("set-cookie")], ["b", false]);
  for (const refused of [new ReadableStream(), new Blob(["a"])]) assert.throws(() => FastResponse.shared(/** @type {any} */ (refused)), TypeError);
  assert.equal(FastResponse.shared().body, null);
});

test("a FastResponse answers one request, as a native one", options, async () => {
  const response = new FastResponse("again");
  /** @type {unknown[]} */
  const errors = [];
  const server = await listening((socket) => serveConnection(socket, () => {
    response.headers.append("Set-Cookie", "client=1");
    return response;
  }, { onError: (error) => errors.push(error) }));
  const socket = await connected(server.port);
  socket.end(GET.repeat(2));
  const text = await rest(socket);
  assert.deepEqual([text.match(/HTTP\/1.1 \d+/g), text.match(/client/g)?.length], [["HTTP/1.1 200", "HTTP/1.1 500"], 1]);
  assert.match(String(errors[0]), /shared\(\)/);
  await server.close();
});

test("a shared FastResponse that is not sent answers the next requests all the same", options, async () => {
  const shared = FastResponse.shared("again");
  let isLate = true;
  const server = await listening((socket) => serveConnection(socket, async (request) => {
    const foo = request.method === "GET" ? await request.upgrade(["foo"]) : null;
    if (foo) await foo.readable.pipeTo(foo.writable);
    else if (request.target === "/late" && isLate) await new Promise((resolve) => setTimeout(resolve, 2_500));
    return shared;
  }, { timeouts: { exchange: 2_000 }, onError: () => {} }));
  for (const asked of ["CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", GET.replace("\r\n\r\n", "\r\nConnection: upgrade\r\nUpgrade: foo\r\n\r\n"), GET.replace("/", "/late")]) {
    const socket = await connected(server.port);
    socket.end(asked);
    assert.match(await rest(socket), /^HTTP\/1\.1 (501|101|503) /);
  }
  await new Promise((resolve) => setTimeout(resolve, 800));
  isLate = false;
  for (const asked of [GET, GET.replace("/", "/late")]) {
    const socket = await connected(server.port);
    socket.end(asked);
    assert.match(await rest(socket), /^HTTP\/1\.1 200 [^]*again$/);
  }
  await server.close();
});

describe("fetchHandler", options, () => {
  /** @param {import("switchover/streams").FetchHandler} fetch @param {string} request */
  const answered = (fetch, request) => served(fetchHandler(fetch), request);

  test("gives a Request of the platform, and what it has not", async () => {
    const request = "POST /x?y=z HTTP/1.1\r\nHost: a:8080\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 5\r\n\r\nhello";
    const [line, , content] = await answered(async (request, context) => {
      assert(request instanceof Request);
      assert.equal(request.signal, context.request.signal);
      assert.equal(request.clone().clone().signal, context.request.signal);
      assert.equal(context.remoteAddr?.hostname, "127.0.0.1");
      return Response.json([request.method, request.url, request.headers.get("x-a"), await request.text(), context.request.target]);
    }, request);
    assert.deepEqual([line, content], ["HTTP/1.1 200 OK", '["POST","http://a:8080/x?y=z","1, 2","hello","/x?y=z"]']);
  });

  test("sends a 426 of FastResponse any number of times", async () => {
    const shared = FastResponse.shared("foo\n", { status: 426, headers: { Upgrade: "foo/2", Connection: "upgrade" } });
    const text = (await answered(() => shared, "GET / HTTP/1.1\r\nHost: a\r\n\r\n".repeat(3))).join("");
    assert.deepEqual([text.match(/426/g)?.length, text.match(/foo\n/g)?.length, text.match(/upgrade: foo\/2/gi)?.length], [3, 3, 3]);
  });

  test("is not blamed for a client that resets after the switch", async () => {
    // As a framework does, it answers what its route throws with a 500.
    const route = fetchHandler(async (_, { request }) => {
      try {
        const switched = await request.upgrade(["foo/2"]);
        for await (const bytes of /** @type {any} */ (switched?.readable)) assert(bytes);
        return new Response();
      } catch {
        return new Response("failed", { status: 500 });
      }
    });
    /** @type {unknown[]} */
    const told = [];
    const server = await listening((socket) => serveConnection(socket, route, { onError: (error) => told.push(error) }));
    const socket = await connected(server.port);
    socket.write("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n");
    await until(socket, "\r\n\r\n");
    socket.resetAndDestroy();
    const [result] = /** @type {import("switchover/streams").ServeResult[]} */ (await server.close());
    assert.deepEqual([result?.how, told], ["gone", []]);
  });

  test("answers what no Request can be made of", async () => {
    const never = () => assert.fail("it was called");
    assert.equal((await answered(never, "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n"))[0], "HTTP/1.1 501 Not Implemented");
    assert.equal((await answered(never, "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n"))[0], "HTTP/1.1 501 Not Implemented");
    assert.equal((await answered(never, "GET / HTTP/1.0\r\n\r\n"))[0], "HTTP/1.1 400 Bad Request");
    assert.throws(() => fetchHandler(/** @type {any} */ ({ fetch: never })), TypeError);
  });

  test("sends text in pieces", async () => {
    const stream = () => /** @type {any} */ (new ReadableStream({
      start(to) {
        for (const piece of ["\u20ac", bytes, "", " and text"]) to.enqueue(piece);
        to.close();
      },
    }));
    const [line, , content] = await answered(() => new Response(stream()), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.equal(line, "HTTP/1.1 200 OK");
    assert(String(content).includes("bytes") && String(content).includes(" and text"), String(content));
  });

  test("leaves out a reason of another server that has no bytes", async () => {
    const upstream = await listening(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.end("HTTP/1.1 203 \u0423\u0441\u043f\u0435\u0448\u043d\u043e\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    });
    const passed = () => fetch(`http://127.0.0.1:${upstream.port}/`);
    const [line, , content] = await answered(passed, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    assert.deepEqual([line, content], ["HTTP/1.1 203 Non-Authoritative Information", "ok"]);
    await upstream.close();
  });

  test("takes responses and failures at once or later", async () => {
    const get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    assert.equal((await answered(() => new Response("x"), get))[2], "x");
    assert.equal((await answered(() => assert.fail("at once"), get))[0], "HTTP/1.1 500 Internal Server Error");
    assert.equal((await answered(async () => assert.fail("later"), get))[0], "HTTP/1.1 500 Internal Server Error");
    assert.equal((await answered(/** @type {any} */ (() => undefined), get))[0], "HTTP/1.1 500 Internal Server Error");
    const required = { status: 426, headers: { Upgrade: "a/1, ,b", Connection: "Upgrade, close" } };
    const [line, lines] = await answered(() => new Response(null, required), get);
    assert.equal(line, "HTTP/1.1 426 Upgrade Required");
    assert(Array.isArray(lines) && lines.includes("upgrade: a/1, b") && /^connection: .*close/m.test(lines.join("\n")), String(lines));
    // It has to name a protocol.
    for (const Upgrade of [undefined, "", ","]) {
      const malformed = new Response("text", { status: 426, headers: Upgrade === undefined ? {} : { Upgrade } });
      const [status, , content] = await answered(() => malformed, get);
      assert.deepEqual([status, content], ["HTTP/1.1 400 Bad Request", "text"]);
    }
  });
});

test("FastResponse in the place of the platform's class", options, () => {
  const script = `
    import { FastResponse } from "switchover/streams";
    globalThis.Response = class extends FastResponse {};
    globalThis.Response = FastResponse;
    const shown = [];
    shown.push(await new Response(new Blob(["stream"]).stream()).text());
    shown.push(await new Response("abc").clone().text(), await Response.json([1], { headers: new Headers() }).text());
    shown.push(Response.redirect("http://a/", 303).headers.get("location"), Response.error().type);
    shown.push(new Response("x") instanceof Response, Response === FastResponse, {} instanceof Response);
    // Frameworks ask so whether a handler has returned a response.
    shown.push((await fetch("data:,x")) instanceof Response, Response.redirect("http://a/") instanceof Response);
    class Own extends FastResponse {}
    shown.push(new Own("x") instanceof Own, new Own("x") instanceof Response, new Response("x") instanceof Own);
    console.log(shown.join(" "));
  `;
  assert.equal(printed(script), "stream abc [1] http://a/ error true true false true true true true false");
});

// A guard asks so whether it has refused a request. Each script runs in a process of its own, whose first act may be any.
test("a FastResponse is a Response, whatever comes first", options, () => {
  const first = {
    "a FastResponse": `new FastResponse("x")`,
    "a redirection": `FastResponse.redirect("http://a/")`,
    "an error": `FastResponse.error()`,
    "a native json": `FastResponse.json([1], { headers: new Headers() })`,
    "instanceof": `({}) instanceof FastResponse`,
    "instanceof, replaced": `(globalThis.Response = FastResponse, {}) instanceof Response`,
  };
  for (const [name, act] of Object.entries(first)) {
    const script = `
      import { FastResponse } from "switchover/streams";
      const native = globalThis.Response;
      ${act};
      const made = [new FastResponse("x"), FastResponse.shared("x"), FastResponse.json(1), new (class extends FastResponse {})("x")];
      console.log(made.every((one) => one instanceof native && one instanceof FastResponse));
    `;
    assert.equal(printed(script), "true", name);
  }
});

test("a FastResponse has what its class gets at runtime", options, () => {
  const script = `
    import { FastResponse } from "switchover/streams";
    const { text } = Response.prototype;
    // As of later platforms, for native responses alone.
    Response.prototype.textStream = function () { return text.call(this); };
    // As of an app.
    Response.prototype.marked = function () { this.headers.set("b", "2"); return this; };
    const marked = new FastResponse("abc", { headers: { a: "1" } }).marked();
    console.log(await marked.textStream(), marked.bodyUsed, marked.headers.get("a"), marked.headers.get("b"), typeof FastResponse.prototype.textStream);
  `;
  assert.equal(printed(script), "abc true 1 2 function");
});

// As in Jest: the class is another realm's, and its prototype no heir of this one's Object.
test("a FastResponse in a realm of its own", options, () => {
  const script = `
    import { createContext, SourceTextModule } from "node:vm";
    import { readFile } from "node:fs/promises";
    const context = createContext({ Response, Headers, TextEncoder, TextDecoder, WebAssembly, performance, console, setTimeout, clearTimeout, URL });
    const modules = new Map();
    const load = async (url) => {
      if (!modules.has(url)) modules.set(url, new SourceTextModule(await readFile(new URL(url), "utf8"), { context, identifier: url }));
      return modules.get(url);
    };
    // Alone, as the module of all streams asks for a folder, which such a context does not tell.
    const main = await load(new URL("streams/fast-response.js", import.meta.resolve("switchover/streams")).href);
    await main.link((name, from) => load(new URL(name, from.identifier).href));
    await main.evaluate();
    const { FastResponse } = main.namespace;
    const response = new FastResponse("abc");
    console.log(response instanceof Response, await response.text(), Object.hasOwn(FastResponse.prototype, "toString"));
  `;
  assert.equal(printed(script, "--experimental-vm-modules", "--no-warnings"), "true abc false");
});

/**
 * @param {string} script of a module in a project that has installed the package
 * @param {string[]} flags
 */
function printed(script, ...flags) {
  const given = [...flags, "--input-type=module", "--eval", script];
  return execFileSync(process.execPath, given, { encoding: "utf8", cwd: process.env["CONSUMER"] }).trim();
}
