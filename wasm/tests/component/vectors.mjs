// A guest that plays the vectors through the engine that it is composed with.

import { digests } from "./runner/digests.mjs";

/** Returns the digests of cases, whose text is given and returned in UTF-8. */
export function serve(cases) {
  const { text, runs } = digests(new TextDecoder().decode(cases));
  return new TextEncoder().encode(`${text}runs ${runs}\n`);
}
