// Plays the links of a report in the playground's own code, and prints the lines of each as JSON.
//
//   report_links.mjs LINK…
const playground = new URL("../../../wasm/playground/", import.meta.url);
const { ofAddress } = await import(new URL("scenario.js", playground).href);
const { play } = await import(new URL("engine.js", playground).href);

const played = [];
for (const link of process.argv.slice(2)) {
  const scenario = await ofAddress(new URL(link).hash.slice("#s=".length));
  played.push({ role: scenario.role, lines: play(scenario).log.map(({ line, error }) => error?.kind ?? line) });
}
console.log(JSON.stringify(played));
