// Conversion of a recorded scenario to a program in Rust, C, Python or JavaScript that repeats it without a transport.
//
// Such a program prints a line for each step of the engine and each error, and at the end the number of bytes it would
// have sent. The playground and the switchboard's page use these files.

import { c } from "./code/c.js";
import { javascript } from "./code/javascript.js";
import { python } from "./code/python.js";
import { rust } from "./code/rust.js";
import { unescape } from "./code/words.js";

export { bytesOfTyped, escape, hex, parseDecision, textOf, typedOf, unescape } from "./code/words.js";

/**
 * The generators of programs that repeat a scenario, one for each language.
 * @type {Record<string, { name: string, program(program: import("./code/words.js").Program): string }>}
 */
export const LANGUAGES = { rust, c, python, javascript };

/**
 * Converts a test vector to a program that receives its bytes and makes its calls.
 * @returns {import("./code/words.js").Program} @param {string} info @param {string[]} lines
 */
export function programOf(info, lines) {
  const [role, ...words] = info.split(" ");
  /** @type {import("./code/words.js").Step[]} */
  const steps = [];
  /** @param {string} bytes */
  const receive = (bytes) => {
    const last = steps.at(-1);
    if (last?.is === "receive") last.bytes += bytes;
    else steps.push({ is: "receive", bytes });
  };
  for (const line of lines) {
    if (line.startsWith("<end ")) steps.push({ is: "eof", end: line.slice(5).trim() });
    else if (line.startsWith("<<")) receive(unescape(line.slice(2).replace(/^ /, "")));
    else if (line.startsWith("<")) receive(`${unescape(line.slice(1).replace(/^ /, ""))}\r\n`);
    else if (line.startsWith("! ")) steps.push({ is: "do", decision: line.slice(2) });
    else if (line.startsWith("= ") && !line.startsWith("= leftover ")) {
      const last = steps.at(-1);
      if (last?.is === "next") last.times++;
      else steps.push({ is: "next", times: 1 });
    }
  }
  return { role: role === "client" ? role : "server", words, steps };
}
