// Tests of the playground without its page: each case of the menu gives the output of its vector, also after a round
// trip through an address.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GROUPS } from "../../playground/generated/cases.js";
import { Ineligible, NoOffer, Paused, whyText } from "../../dist/bytes.js";
import { DECISIONS } from "../../playground/decisions.js";
import { play, tryAll } from "../../playground/engine.js";
import { explainByte, explainLine, explainStep, rangesOf } from "../../playground/explain.js";
import { DECIDED, FIELDS, INELIGIBLE, NO_OFFER, WAITS } from "../../playground/explain/words.js";
import { unescape } from "../../playground/code.js";
import { isQuestion, ofAddress, ofVector, toAddress, toVector } from "../../playground/scenario.js";
import { STATES } from "../../playground/generated/states.js";

const CASES = GROUPS.flatMap(({ cases }) => cases);

/**
 * Returns the lines of a test vector with the engine's output or a decision.
 *
 * It leaves out questions to the engine, their answers, leftovers, and lines that say that more bytes are needed.
 * @param {string[]} lines
 */
function outcome(lines) {
  /** @type {string[]} */
  const kept = [];
  let asked = "";
  for (const line of lines) {
    const [mark, word] = line.split(" ");
    if (mark === "!") asked = isQuestion(line.slice(2)) ? word === "take-end" ? "taken" : word : "";
    if (asked !== "" && (mark === "!" || word === asked)) continue;
    if (!/^[=!>?]/.test(line) || line === "= need-data" || line.startsWith("= leftover")) continue;
    // A question between two pauses makes the same pause appear twice.
    if (line.startsWith("= paused") && kept.at(-1) === line) continue;
    kept.push(mark === ">>" ? `>> ${unescape(line.slice(3))}` : line);
  }
  return kept;
}

for (const { name, info, lines } of CASES) {
  test(`${name} comes out as its vector says`, async () => {
    const scenario = ofVector({ info, lines });
    const { log } = play(scenario);
    const copied = toVector(scenario, log).split("```")[1]?.split("\n").slice(1, -1) ?? [];
    assert.deepEqual(outcome(copied), outcome(lines));
    assert.equal(ofVector({ info, lines: copied }).bytes, scenario.bytes);
    // The result must not depend on how the input is cut.
    for (const cut of [{ isEachByte: true }, { cuts: [1, Math.floor(scenario.bytes.length / 2)] }]) {
      const other = play({ ...scenario, ...cut }).log;
      /** @param {Pick<ReturnType<typeof play>, "log">} played */
      const ends = ({ log }) => log.filter(({ kind }) => kind !== "stop" && kind !== "unread").map(({ line, from, to, out }) => [line, from, to, out]);
      assert.deepEqual(ends({ log: other }), ends({ log }));
    }
    assert.deepEqual(await ofAddress(await toAddress(scenario)), scenario);
  });
}

test("what may be decided is what the engine would not refuse", () => {
  const scenario = ofVector({ info: "server", lines: ["< GET / HTTP/1.1", "< Host: a", "< Upgrade: foo/2", "< Connection: Upgrade", "<"] });
  const { mark } = play(scenario).log.at(-1) ?? assert.fail("nothing happened");
  const [accept, respond, data, request] = tryAll(scenario, mark, ["accept foo/2", "respond 200", "data hello", "request GET /"]);
  assert.deepEqual([accept, respond], [null, null]);
  assert.deepEqual([data?.kind, request?.kind], ["no-content", "wrong-role"]);
  assert.equal(tryAll(scenario, mark, ["accept bar"])[0]?.code, 0);
});

test("the diagrams have every pair of states that a case comes through", () => {
  /** @param {"client" | "server"} role @param {"directions" | "exchange" | "upgrade"} diagram */
  const places = (role, diagram) => new Set(STATES[role][diagram].flatMap(([from, to]) => [from, to]));
  for (const { info, lines } of CASES) {
    const scenario = ofVector({ info, lines });
    for (const { state } of play(scenario).log) {
      assert.ok(places(scenario.role, "directions").has(`${state.rx}_${state.tx}`), `${state.rx}_${state.tx}`);
      assert.ok(places(scenario.role, "upgrade").has(state.upgrade), state.upgrade);
    }
  }
});

test("an address that unpacks to more than a scenario is refused", async () => {
  const scenario = ofVector(CASES[0]);
  const act = { at: 0, events: 0, data: 0, isEnded: false, isStopped: false, isAfterInput: false, text: "! respond 200 OK \\{4000000*a}" };
  await ofAddress(await toAddress({ ...scenario, acts: [act] }));
  await assert.rejects(async () => ofAddress(await toAddress({ ...scenario, acts: [act, act] })));
  // What would take the square of its length, or twice the time for each further byte.
  for (const text of ["{1*".repeat(1_000_000), `\\{1*${"\\x41".repeat(100_000)}`]) {
    assert.equal(unescape(text).length > 0, true);
    await ofAddress(await toAddress({ ...scenario, acts: [{ ...act, text }] }));
  }
  assert.equal(unescape("\\{30*\\x7d}"), "}".repeat(30));
  await assert.rejects(async () => ofAddress(await toAddress({ ...scenario, bytes: "a".repeat(5_000_000) })));
  await assert.rejects(async () => ofAddress(await toAddress({ ...scenario, cuts: Array(5_000).fill(1) })));
  await assert.rejects(async () => ofAddress(await toAddress({ ...scenario, acts: Array(2_000).fill(act) })));
  // Decisions after the end, each of which would try all the bytes again.
  const late = { ...act, at: 4_000_100, events: 1e9, isStopped: true, text: "x" };
  const closed = { bytes: `GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${"a".repeat(4_000_000)}`, role: /** @type {const} */ ("server") };
  const first = { ...act, at: closed.bytes.indexOf("\r\n\r\n") + 4, isAfterInput: true, text: "respond 200" };
  assert.equal(play({ ...scenario, ...closed, acts: [first, ...Array(1_000).fill(late)] }).log.filter(({ kind }) => kind === "decision").length, 1_001);
  const many = { ...scenario, bytes: "a".repeat(70_000) };
  await ofAddress(await toAddress({ ...many, isEachByte: false }));
  await assert.rejects(async () => ofAddress(await toAddress({ ...many, isEachByte: true })));
});

test("an address that is none is refused", async () => {
  for (const text of ["", "no address", "AAAA", await toAddress({ ...ofVector(CASES[0]), bytes: "\u0100" })]) {
    await assert.rejects(ofAddress(text));
  }
});

/** Divides a scenario's bytes among the steps of its play. @param {import("../../playground/engine.js").Scenario} scenario */
function rangesIn(scenario) {
  const steps = play(scenario).log.filter(({ kind }) => kind === "event" || kind === "error");
  return rangesOf(scenario.bytes, steps.map(({ line, kind, to, leftover }) => ({ line, to: kind === "error" ? null : to, left: leftover.length })));
}

test("every byte and every step of every case is explained", () => {
  for (const { name, info, lines } of CASES) {
    const scenario = ofVector({ info, lines });
    const ranges = rangesIn(scenario);
    let end = 0;
    for (const { from, to } of ranges) {
      assert.equal(from, end, `${name}: a gap`);
      end = to;
    }
    assert.equal(end, scenario.bytes.length, name);
    for (let at = 0; at < scenario.bytes.length; at++) {
      const { title, words } = explainByte(scenario.bytes, at, ranges);
      assert.ok(title !== "Nothing" && !/undefined|NaN/.test(title + words), `${name}, byte ${at}: ${title}: ${words}`);
    }
    for (const { kind, name: step, line } of play(scenario).log) {
      if (kind === "unread") continue;
      const { title, words } = explainStep(kind === "decision" ? "!" : kind === "end" ? "<end" : "=", kind === "end" ? step : line);
      assert.ok(!["A step"].includes(title) && words !== "Your code has called the engine." && !/undefined/.test(title + words), `${name}: ${line}: ${words}`);
    }
  }
});

test("a byte is explained by its part of the message", () => {
  const text = "\r\nPOST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nUpgrade: foo/2\r\nX: 1\r\n\r\n5;x\r\nhello\r\n0\r\nT: 1\r\n\r\nGET / HTTP/1.1\r\n";
  const scenario = { ...ofVector({ info: "server", lines: [] }), bytes: text };
  const ranges = rangesIn(scenario);
  /** @param {string} part */
  const titleOf = (part) => explainByte(text, text.indexOf(part), ranges).title;
  const titles = {
    "\r\nPOST": "An empty line", POST: "Method POST", "/a": "Target /a", "HTTP/1.1": "Version", "Host:": "Field Host", "chunked": "Field Transfer-Encoding",
    "X: 1": "Field X", "\r\n5;x": "The end of the head", "5;x": "Size of a chunk", ello: "Content", "\r\n0\r\n": "The end of a chunk", "0\r\nT": "Size of a chunk",
    "T: 1": "Trailer", "\r\nGET": "The end of the message", "GET / ": "Not read",
  };
  for (const [part, title] of Object.entries(titles)) assert.equal(titleOf(part), title, JSON.stringify(part));
  assert.match(explainByte(text, text.indexOf("foo/2"), ranges).words, /Connection does not list upgrade/);
});

test("a client's bytes: status, reason, the switch, and what comes after it", () => {
  const lines = ["! request GET / offer foo/2 | Host: a", "< HTTP/1.1 103 Early Hints", "< Link: x", "<", "< HTTP/1.1 101 Switching Protocols", "< Upgrade: foo/2", "< Connection: upgrade", "<", "<< hello"];
  const scenario = ofVector({ info: "client", lines });
  const ranges = rangesIn(scenario);
  /** @param {string} part */
  const explained = (part) => explainByte(scenario.bytes, scenario.bytes.indexOf(part), ranges);
  assert.equal(explained("103").title, "Status 103");
  assert.match(explained("101").words, /accepts the offer/);
  assert.equal(explained("Switching").title, "Reason phrase");
  assert.match(explained("foo/2").words, /names foo\/2/);
  assert.equal(explained("hello").title, "Leftover");
});

test("HTTP that goes on in TLS is explained as HTTP, after the leftover", () => {
  const lines = ["< OPTIONS * HTTP/1.1", "< Host: a", "< Upgrade: TLS/1.2", "< Connection: Upgrade", "<", "<< hello", "= request x", "= end", "! accept TLS/1.2", "= switched", "! take", "! resume", "! response 200 | Content-Length: 0", "< GET /in HTTP/1.1", "< Host: a", "<"];
  const scenario = ofVector({ info: "server", lines });
  const ranges = rangesIn(scenario);
  assert.equal(explainByte(scenario.bytes, scenario.bytes.indexOf("hello"), ranges).title, "Leftover");
  assert.equal(explainByte(scenario.bytes, scenario.bytes.indexOf("/in"), ranges).title, "Target /in");
});

test("the byte that is wrong is an error, and what follows is not read", () => {
  const scenario = { ...ofVector({ info: "server", lines: [] }), bytes: "GET / HTTP/1.1\r\nHost : a\r\n\r\nGET" };
  const ranges = rangesIn(scenario);
  const kindAt = (/** @type {number} */ at) => ranges.find(({ from, to }) => from <= at && at < to)?.kind;
  assert.deepEqual([kindAt(0), kindAt(20), kindAt(21), kindAt(29)], ["unread", "error", "unread", "unread"]);
});

test("a name of JavaScript's own is a field like any other", () => {
  const text = "GET / HTTP/1.1\r\nHost: a\r\nconstructor: x\r\n__proto__: y\r\n\r\n";
  const ranges = rangesIn({ ...ofVector({ info: "server", lines: [] }), bytes: text });
  for (const name of ["constructor", "__proto__"]) assert.equal(explainByte(text, text.indexOf(name), ranges).title, `Field ${name}`);
  assert.equal(explainStep("!", "constructor").title, "Decision: constructor");
});

test("a line is explained by itself where not all bytes are shown", () => {
  assert.equal(explainLine("GET / HTTP/1.1").title, "Method GET");
  assert.equal(explainLine("Cookie: <hidden>").title, "Field Cookie");
  assert.equal(explainLine("hello").title, "Bytes of the client");
});

test("the explanations have the engine's words, names and decisions, all of them", () => {
  const names = (/** @type {Record<string, unknown>} */ table) => Object.keys(table).sort();
  assert.deepEqual(names(NO_OFFER), names(NoOffer).filter((name) => name !== "absent"));
  for (const [name, words] of Object.entries(NO_OFFER)) {
    const text = whyText(/** @type {import("../../dist/bytes.js").Why} */ (name));
    assert.equal(words.replace(/^the field/, "the Upgrade field").replace(/^it names/, "the offer names"), text);
  }
  assert.deepEqual(names(INELIGIBLE), names(Ineligible));
  assert.deepEqual(names(WAITS), names(Paused));
  for (const { verb } of DECISIONS) assert.ok(Object.hasOwn(DECIDED, verb), verb);
  for (const [words, clause] of Object.values(DECIDED)) assert.match(`${words} ${clause}`, /^[A-Z].*\. (RFC \d{4}, \d+(\.\d+)*)?$/);
  for (const [name, [words, clause]] of Object.entries(FIELDS)) {
    assert.match(clause, /^RFC \d{4}, \d+(\.\d+)*$/, name);
    assert.ok(typeof words === "function" || words.endsWith("."), name);
  }
});
