// Runs the test cases and returns for each the digest of its log, which must be the same however the input is cut.

import { parse } from "./cases.mjs";
import { play } from "./player.mjs";
import { checksum } from "./text.mjs";

const encoder = new TextEncoder();

/**
 * Plays all test cases; returns their logs' digests, and the number of cut runs.
 *
 * A case that fails has its error in place of the digest.
 * @param {string} text the output of `bin/export.rs`; after a first line `every N`, only one in N of the cuts in two is
 *   played, and after `every 0` no cut at all
 */
export function digests(text) {
  let runs = 0;
  const every = Number(/^every (\d+)/.exec(text)?.[1] ?? 1);
  const lines = parse(text).map((script, index) => {
    try {
      const log = play(script, "whole");
      for (const feed of every === 0 ? [] : feeds(script, every, index % every)) {
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
 * Yields the ways to cut the input of a test case that are tried.
 *
 * They are every `Feed` that cuts. Of the cuts in two, inputs over 4,096 bytes use only a sample.
 * @param {import("./cases.mjs").Case} script
 * @param {number} every one in this many cuts in two is used
 * @param {number} first the first cut that is used
 * @returns {Iterable<import("./player.mjs").Feed>}
 */
function* feeds({ items }, every, first) {
  const length = items.reduce((sum, item) => sum + (item.is === "feed" ? item.bytes.length : 0), 0);
  const stride = length > 4096 ? length / 256 : 1;
  yield "bytes";
  yield "committed";
  for (let at = 1 + first * stride; at < length; at += every * stride) yield Math.floor(at);
}
