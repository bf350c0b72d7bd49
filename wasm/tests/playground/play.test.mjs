// Tests of the playground without its page: each case of the menu gives the output of its vector, also after a round
// trip through an address.

import assert from "node:assert/strict";
import { test } from "node:test";

import { GROUPS } from "../../playground/generated/cases.js";
import { play, tryAll } from "../../playground/engine.js";
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

test("an address that is none is refused", async () => {
  for (const text of ["", "no address", "AAAA", await toAddress({ ...ofVector(CASES[0]), bytes: "\u0100" })]) {
    await assert.rejects(ofAddress(text));
  }
});
