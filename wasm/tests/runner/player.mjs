// Plays a test case: feeds its input, cut in a given way, makes each decision as soon as the lines before it have
// appeared, and keeps the log.

import { Connection, ProtocolError } from "switchover";

import { Host } from "./host.mjs";
import { errorLine, isStop, stepLine } from "./lines.mjs";
import { summary } from "./text.mjs";

/**
 * The ways to cut the input.
 *
 * `whole` does not cut it, `bytes` feeds single bytes, `committed` feeds at most seven at a time through `receiveBuffer`.
 * A number is the offset at which the input is cut in two.
 * @typedef {"whole" | "bytes" | "committed" | number} Feed
 */

class Player {
  /** @type {string[]} */ log = [];
  /** The index of the next item of the test case. */ at = 0;
  /** @type {Uint8Array[]} The pieces of input not fed yet, the next one last. */ pieces = [];
  /** The number of input bytes that were taken from the items so far. */ fed = 0;
  /** @type {Uint8Array} The content received and not yet logged. */ data = new Uint8Array(0);
  /** @type {Uint8Array} The new protocol's bytes so far. */ leftover = new Uint8Array(0);
  /** The number of bytes that the engine rejected, as it reads no more. */ refused = 0;

  /** @param {import("./cases.mjs").Case} script @param {Feed} feed */
  constructor(script, feed) {
    this.script = script;
    this.feed = feed;
    this.connection = new Connection(script.role, script.config);
    this.host = new Host(this.connection, script.config);
  }

  /** Plays one step of the test case; returns false at its end. */
  step() {
    const item = this.script.items[this.at];
    if (item?.is === "do" && !(this.pieces.length > 0 && this.#lastWasInput())) {
      this.at += 1;
      this.log.push(...this.host.perform(item.verb, item.words));
      return true;
    }
    if (item !== undefined && (item.is === "data" || item.is === "leftover" || item.is === "line")) {
      this.#expect(item);
      return true;
    }
    if (this.pieces.length > 0) {
      this.#feedPiece();
      return true;
    }
    const line = this.#observe();
    if (item === undefined) return this.#end(line);
    if (line !== undefined && !isStop(line)) throw new Error(`unexpected: ${line}`);
    this.#take(item);
    return true;
  }

  /** @param {string | undefined} line */
  #end(line) {
    const isOver = line !== undefined && isStop(line);
    const isKnown = line?.startsWith("error") && this.log.some((before) => before.startsWith("error"));
    if (!isOver && !isKnown) throw new Error(`unexpected at the end: ${line ?? summary(this.data)}`);
    return false;
  }

  #lastWasInput() {
    const before = this.script.items[this.at - 1];
    return before?.is === "feed" || before?.is === "end";
  }

  /** @param {{ is: "data", length: number } | { is: "leftover" } | { is: "line" }} item */
  #expect(item) {
    if (item.is === "data") {
      if (this.data.length >= item.length) return this.#told(`data ${summary(this.#takeData(item.length))}`);
    } else if (this.data.length > 0) {
      throw new Error(`unexpected data ${summary(this.data)}`);
    }
    if (item.is === "leftover") {
      return this.pieces.length > 0 ? this.#feedPiece() : this.#told(`leftover ${summary(this.leftover)}`);
    }
    const line = this.#observe();
    if (line === undefined) return;
    if (isStop(line) && this.pieces.length > 0) return this.#feedPiece();
    this.#told(line);
  }

  /** @param {string} line */
  #told(line) {
    this.at += 1;
    this.log.push(line);
  }

  /** @param {number} length */
  #takeData(length) {
    const taken = this.data.subarray(0, length);
    this.data = this.data.subarray(length);
    return taken;
  }

  /** @param {import("./cases.mjs").Item} item */
  #take(item) {
    this.at += 1;
    if (item.is === "end") return this.connection.receiveEof(item.end);
    if (item.is !== "feed") throw new Error(`${item.is} is no input`);
    const { bytes } = item;
    if (typeof this.feed === "number") {
      const cut = Math.min(Math.max(this.feed - this.fed, 0), bytes.length);
      this.pieces.push(...[bytes.subarray(0, cut), bytes.subarray(cut)].filter((piece) => piece.length > 0));
    } else {
      const size = { whole: Infinity, bytes: 1, committed: 7 }[this.feed];
      for (let at = 0; at < bytes.length; at += size) this.pieces.push(bytes.subarray(at, at + size));
    }
    this.fed += bytes.length;
    this.pieces.reverse();
  }

  #feedPiece() {
    const piece = /** @type {Uint8Array} */ (this.pieces.pop());
    try {
      if (this.feed === "committed") {
        this.connection.receiveBuffer(piece.length).set(piece);
        this.connection.commit(piece.length);
      } else {
        this.connection.receive(piece);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (error.kind === "switched") this.leftover = joined(this.leftover, piece);
      else if (error.kind === "closed" || error.blame === "peer") this.refused += piece.length;
      else throw error;
    }
  }

  /**
   * Asks the engine for one event, and returns the log line for it.
   *
   * Returns `undefined` for content, which is collected.
   */
  #observe() {
    try {
      const step = this.connection.nextEvent();
      if (step.kind === "data") {
        if (step.data.length === 0) throw new Error("empty data");
        this.data = joined(this.data, step.data);
        return undefined;
      }
      if (step.kind === "switched") this.leftover = joined(this.leftover, step.leftover);
      const discarded = this.connection.unread.length + this.refused;
      return stepLine(step, this.connection.position, this.script.showsFields, discarded);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      return errorLine(error);
    }
  }
}

/** @param {Uint8Array} one @param {Uint8Array} other */
function joined(one, other) {
  if (one.length === 0) return other;
  const both = new Uint8Array(one.length + other.length);
  both.set(one);
  both.set(other, one.length);
  return both;
}

/**
 * Plays a test case and returns its log, each line ended by LF.
 * @param {import("./cases.mjs").Case} script
 * @param {Feed} feed
 */
export function play(script, feed) {
  const player = new Player(script, feed);
  try {
    // No case needs that many steps.
    for (let steps = 0; player.step(); steps++) if (steps > 1_000_000) throw new Error("it never ends");
    return player.log.map((line) => `${line}\n`).join("");
  } catch (error) {
    throw new Error(`${script.name} (${player.feed}), after ${JSON.stringify(player.log)}: ${error}`, { cause: error });
  } finally {
    player.host.profiles.free();
    player.connection.free();
  }
}
