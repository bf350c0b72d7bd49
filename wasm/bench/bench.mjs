// `bench.mjs FOLDER`: FOLDER contains `inputs` and `npm`; the results go to standard output and to `FOLDER/wasm.jsonl`.
//
// All jobs of a row take turns in one process, in batches long enough to include their garbage collection. The best
// batch counts, since other programs may use the machine.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";

import { composed, handshake, Kept, parse, prepared, strings, untouched } from "./ours.mjs";
import { Native, undici, undiciBuffers, undiciSilent, undiciStrings } from "./peers.mjs";

const [folder = "target/bench"] = process.argv.slice(2);
const ROUNDS = Number(process.env.ROUNDS ?? 21);
const BATCH = Number(process.env.BATCH ?? 10);

/**
 * One measured cell of the results; `run` parses all messages of an input once.
 *
 * `run` returns the number of names and values that it has read, or -1 for each message if it does not read them.
 */
/** @typedef {{ row: string, column: string, messages: number, fields: number, run: () => number }} Job */

const OURS = "switchover";
/** The titles of undici's columns; the second is for fields as strings. */
const UNDICI = "undici llhttp_simd.wasm";
const UNDICI_STRINGS = `${UNDICI}, strings`;
const NATIVE = "node http_parser";

/** @param {string} name @returns {Buffer[]} the messages of an input */
function input(name) {
  const bytes = readFileSync(`${folder}/inputs/${name}`);
  /** @type {Buffer[]} */
  const messages = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf("\r\n\r\n", start) + 4;
    messages.push(bytes.subarray(start, end));
    start = end;
  }
  return messages;
}

/** Returns a message's field names and values, split at CRLFs and colons. @param {Buffer} message */
function expected(message) {
  const lines = message.toString("latin1").split("\r\n").slice(1, -2);
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
}

/**
 * Returns a measured cell for `look`, after checking the fields that `look` reads.
 * @param {string} row
 * @param {string} column
 * @param {Buffer[]} messages
 * @param {(message: Buffer) => readonly unknown[] | null} look
 * @returns {Job}
 */
function job(row, column, messages, look) {
  // llhttp does not strip spaces after a value.
  const texts = (/** @type {readonly unknown[]} */ seen) =>
    seen.map((field) => (Buffer.isBuffer(field) ? field.toString("latin1") : String(field)).trimEnd());
  let fields = 0;
  for (const message of messages) {
    const seen = look(message);
    if (seen === null) fields--;
    else {
      assert.deepEqual(texts(seen), expected(message), `${row}, ${column}`);
      fields += seen.length;
    }
  }
  const run = () => {
    let count = 0;
    for (const message of messages) count += look(message)?.length ?? -1;
    return count;
  };
  return { row, column, messages: messages.length, fields, run };
}

/** @param {import("./peers.mjs").Native | ReturnType<typeof undiciSilent>} peer @param {boolean} looks */
function driven(peer, looks) {
  return (/** @type {Buffer} */ message) => {
    const before = peer.messages;
    peer.execute(message);
    if (peer.messages !== before + 1) throw new Error("no message has come");
    return looks ? peer.fields : null;
  };
}

/** @param {WebAssembly.Module} module @returns {Job[][]} */
function plan(module) {
  const names = process.env.INPUTS?.split(" ") ?? ["a", "b", "c", "e", "f", "f2", "k"];
  const kept = new Kept();
  const silent = driven(undiciSilent(module), false);
  const buffers = driven(undiciBuffers(module), true);
  const latin = driven(undiciStrings(module), true);
  const native = driven(new Native(), true);
  const rows = names.flatMap((name) => {
    const messages = input(name);
    const peers = (/** @type {string} */ row) => [
      job(row, UNDICI, messages, buffers),
      job(row, UNDICI_STRINGS, messages, latin),
      job(row, NATIVE, messages, native),
    ];
    const exchange = (/** @type {string} */ row, /** @type {typeof untouched | typeof strings} */ look) => [
      job(row, `${OURS}, prepared`, messages, (message) => kept.exchange(message, look, prepared)),
      job(row, `${OURS}, composed`, messages, (message) => kept.exchange(message, look, composed)),
    ];
    return [
      [
        job(`kinds ${name}`, OURS, messages, (message) => kept.kinds(message)),
        job(`kinds ${name}`, UNDICI, messages, silent),
      ],
      exchange(`events ${name}`, untouched),
      [...exchange(`strings ${name}`, strings), ...peers(`strings ${name}`)],
      [job(`new ${name}`, OURS, messages, parse)],
    ];
  });
  const offer = input("c");
  const accepted = "HTTP/1.1 101 Switching Protocols\r\n";
  assert.ok(Buffer.from(handshake(/** @type {Buffer} */ (offer[0]))).toString("latin1").startsWith(accepted));
  const shakes = job("handshake c", OURS, offer, (message) => {
    if (handshake(message).length < accepted.length) throw new Error("no 101");
    return null;
  });
  return [...rows, [shakes]];
}

/** Returns the best time per message of each job, in nanoseconds. @param {Job[]} jobs */
function measure(jobs) {
  const batches = jobs.map((job) => {
    const times = (/** @type {number} */ count) => {
      const start = process.hrtime.bigint();
      let fields = 0;
      for (let index = 0; index < count; index++) fields += job.run();
      const spent = Number(process.hrtime.bigint() - start);
      assert.equal(fields, count * job.fields, `${job.row}, ${job.column}`);
      return spent;
    };
    // Runs the job until it is compiled, then measures how many rounds fill a batch.
    const first = Math.max(1, Math.ceil(20_000 / job.messages));
    times(first);
    const count = Math.max(1, Math.ceil((BATCH * 1e6 * first) / times(first)));
    return () => times(count) / count / job.messages;
  });
  const best = jobs.map(() => Infinity);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [index, batch] of batches.entries()) best[index] = Math.min(best[index] ?? Infinity, batch());
  }
  return best;
}

const { version, module } = undici(`${folder}/npm`);
const versions = { node: process.versions.node, v8: process.versions.v8, undici: version, "node http_parser": `llhttp ${process.versions.llhttp}` };
const lines = Object.entries(versions).map(([name, version]) => JSON.stringify({ version: { name, version } }));
console.log(`Node ${process.versions.node}, undici ${version}; best of ${ROUNDS} rounds, ns per message, and how many times ours that is\n`);
for (const row of plan(module)) {
  const best = measure(row);
  const own = best[0] ?? 0;
  const cells = row.map(({ column }, index) => {
    const ns = best[index] ?? 0;
    lines.push(JSON.stringify({ table: "wasm", row: row[0]?.row, column, ns: Number(ns.toFixed(1)) }));
    return index === 0 ? `${column} ${ns.toFixed(0)}` : `${column} ${ns.toFixed(0)} (${(ns / own).toFixed(2)}x)`;
  });
  console.log(`${row[0]?.row}: ${cells.join(", ")}`);
}
writeFileSync(`${folder}/wasm.jsonl`, `${lines.join("\n")}\n`);
