// Generator of programs in JavaScript.

import { camel, FLAGS, hex, inLines, parseDecision, PLAIN, quoted, settings } from "./words.js";

/** Printers of literals, engine calls, steps and whole programs in JavaScript. @type {import("./words.js").LanguageOfTexts} */
export const javascript = {
  name: "JavaScript",
  text: (text) => quoted(text, (one) => `\\x${hex(one)}`),
  bytes: (text) => `bytes(${javascript.text(text)})`,
  fields: ({ fields }) => `[${fields.map(([name, value]) => `[${javascript.text(name)}, ${javascript.text(value)}]`).join(", ")}]`,
  list: (list) => `[${list.map(javascript.text).join(", ")}]`,
  head: (decision) => {
    const reason = decision.reason === "" ? "" : `, reason: ${javascript.text(decision.reason)}`;
    return `{ status: ${decision.status}${reason}, headers: ${javascript.fields(decision)} }`;
  },
  decide(decision) {
    const { verb, list, by, content } = decision;
    const [fields, head] = [javascript.fields(decision), javascript.head(decision)];
    const select = `http.select(${javascript.list(list)}, "${by}")`;
    switch (verb) {
      case "request": {
        const { method, target } = decision;
        return `told(() => http.sendRequest({ method: ${javascript.text(method)}, target: ${javascript.text(target)}, offer: ${javascript.list(list)}, headers: ${fields} }));`;
      }
      case "response":
        return `told(() => http.sendResponse(${head}));`;
      case "inform":
        return `told(() => http.sendInformational(${head}));`;
      case "prepared":
      case "respond":
      case "reject":
        return `told(() => http.${verb === "reject" ? verb : "respond"}(${head}, ${javascript.bytes(content)}));`;
      case "select":
        return `selection = ${select};`;
      case "accept":
      case "accept-early": {
        const choose = list.length === 0 ? "" : `selection = ${select};\n`;
        return `${choose}if (selection) told(() => http.accept(selection${verb === "accept" ? "" : ".early()"}, ${fields}));`;
      }
      case "require":
        return `told(() => http.require(${javascript.list(list)}, ${fields}));`;
      case "advertise":
        return `told(() => http.advertise(${javascript.list(list)}));`;
      case "data":
        return `told(() => http.sendData(${javascript.bytes(content)}));`;
      case "end":
        return `told(() => http.sendEnd(${fields}));`;
      case "pass":
        return `told(() => http.passContent(${decision.length}));`;
      case "take":
      case "hand-over":
        return `told(() => void http.${camel(PLAIN[verb])}());`;
      default:
        return `told(() => http.${camel(PLAIN[verb])}());`;
    }
  },
  step(step) {
    if (step.is === "receive") return `told(() => http.receive(bytes(\n  ${inLines(step.bytes, javascript.text, "  + ")},\n)));`;
    if (step.is === "eof") return `http.receiveEof("${step.end}");`;
    if (step.is === "next") return `steps(${step.times});`;
    return javascript.decide(parseDecision(step.decision));
  },
  program({ role, words, steps }) {
    /** @param {string[][]} list */
    const group = (list) => list.map(([name, value]) => `${camel(name)}: ${value ?? "true"}`).join(", ");
    const named = settings(words);
    const limits = named.filter(([, value]) => value !== undefined);
    const lenient = named.filter(([name, value]) => value === undefined && !FLAGS.includes(name));
    const config = [
      ...(limits.length > 0 ? [`limits: { ${group(limits)} }`] : []),
      ...(lenient.length > 0 ? [`lenient: { ${group(lenient)} }`] : []),
      ...named.filter(([name]) => FLAGS.includes(name)).map(([name]) => `${camel(name)}: true`),
    ];
    const body = steps.map(javascript.step).join("\n");
    return `import { Connection, ProtocolError } from "switchover";

const http = new Connection("${role}"${config.length > 0 ? `, { ${config.join(", ")} }` : ""});
const bytes = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));
let sent = 0;

/** Calls \`nextEvent\` so many times, and prints the outcome of each call. */
function steps(times) {
  for (let step = 0; step < times; step++) {
    try {
      const event = http.nextEvent();
      console.log(event.kind === "paused" ? \`paused \${event.why}\` : event.kind);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      console.log(\`error \${error.code} \${error.kind}\`);
    }
  }
}

function told(decide) {
  try {
    sent += decide()?.length ?? 0;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    console.log(\`refused \${error.kind}\`);
  }
}

${body.includes("selection") ? "let selection = null;\n" : ""}${body}
console.log(\`sent \${sent} bytes\`);
http.free();
`;
  },
};
