// What a runtime answers: for each case the digest of its log, which was the same however the input was cut.

import { parse } from "./cases.mjs";
import { play } from "./player.mjs";
import { checksum } from "./text.mjs";

const encoder = new TextEncoder();

/**
 * A line for each case, and how many times cases were played.
 * @param {string} text what `bin/export.rs` has written; after a first line `every N`, one in N of the two-way cuts is played
 */
export function digests(text) {
  let runs = 0;
  const every = Number(/^every (\d+)/.exec(text)?.[1] ?? 1);
  const lines = parse(text).map((script, index) => {
    try {
      const log = play(script, "whole");
      for (const feed of feeds(script, every, index % every)) {
        runs += 1;
        const other = play(script, feed);
        if (other !== log) throw new Error(`cut at ${feed}: ${JSON.stringify(other)} is not ${JSON.stringify(log)}`);
      }
      return `${script.name} ${checksum(encoder.encode(log))}\n`;
    } catch (error) {
      return `${script.name} ${String(error).replaceAll("\n", " ")}\n`;
    }
  });
  return { text: lines.join(""), runs };
}

/**
 * Yields every cut; of long inputs a sample of the two-way ones.
 * @param {import("./cases.mjs").Case} script
 * @param {number} every how many two-way cuts stand for one
 * @param {number} first the first of them
 * @returns {Iterable<import("./player.mjs").Feed>}
 */
function* feeds({ items }, every, first) {
  const length = items.reduce((sum, item) => sum + (item.is === "feed" ? item.bytes.length : 0), 0);
  const stride = length > 4096 ? length / 256 : 1;
  yield "bytes";
  yield "committed";
  for (let at = 1 + first * stride; at < length; at += every * stride) yield Math.floor(at);
}
