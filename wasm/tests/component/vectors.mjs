// A guest that plays the vectors through the engine that it is composed with.

import { digests } from "./runner/digests.mjs";

/** Returns the digests of test cases, then the number of runs; all is UTF-8 text. */
export function serve(cases) {
  const { text, runs } = digests(new TextDecoder().decode(cases));
  return new TextEncoder().encode(`${text}runs ${runs}\n`);
}
