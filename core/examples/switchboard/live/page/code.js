// What happened on a connection as a program in Rust, C, Python or JavaScript that does the same again without a transport.
//
// A program prints a line for each step of the engine, the refusals, and at the end how many bytes it would have sent. The same
// file serves the playground (`wasm/playground/code.js`); a test compares the two.
//
// Texts have one character for each byte.

/**
 * @typedef {{ verb: string, method: string, target: string, list: string[], by: "client" | "server", status: number, reason: string,
 *   content: string, length: number, fields: [string, string][] }} Decision
 * @typedef {{ is: "receive", bytes: string } | { is: "eof", end: string } | { is: "next", times: number }
 *   | { is: "do", decision: string }} Step
 * @typedef {{ role: "client" | "server", words: string[], steps: Step[] }} Program
 */

/** A decision in the words of a vector, taken apart; `tests/src/script/host.rs` reads the same. @returns {Decision} */
export function parseDecision(text) {
  const [verb, rest] = cut(text.trim(), " ");
  const [what, ...lines] = rest.split("|");
  const fields = lines.map((line) => cut(line, ":")).map(([name, value]) => [unescape(name.trim()), unescape(value.trim())]);
  /** @type {Decision} */
  const decision = { verb, method: "", target: "", list: [], by: "client", status: 0, reason: "", content: "", length: 0, fields };
  const said = what.trim();
  if (verb === "request") {
    const [line, offer] = cut(said, / offer /);
    const [method, target] = cut(line, " ");
    Object.assign(decision, { method: unescape(method), target: unescape(target), list: entries(offer) });
  } else if (["response", "respond", "reject", "prepared", "inform"].includes(verb)) {
    const [head, content] = cut(said, / content /);
    const [status, reason] = cut(head, " ");
    Object.assign(decision, { status: Number(status), reason: unescape(reason), content: unescape(content) });
  } else if (["select", "accept", "accept-early", "require", "advertise"].includes(verb)) {
    const [list, server] = said.endsWith(" by server") ? [said.slice(0, -10), true] : [said, false];
    Object.assign(decision, { list: entries(list), by: server ? "server" : "client" });
  } else if (verb === "data" || verb === "receive") decision.content = unescape(said);
  else if (verb === "pass" || verb === "parts") decision.length = Number(said);
  return decision;
}

function cut(text, mark) {
  const at = text.search(mark);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + (text.slice(at).match(mark)?.[0].length ?? 1))];
}

function entries(list) {
  return list.split(";").map((entry) => entry.trim()).filter((entry) => entry !== "");
}

const NAMED = { r: "\r", n: "\n", t: "\t", 0: "\0", "\\": "\\" };

/** What a line of a vector stands for: `\r \n \t \0 \\ \xHH`, and `\{3*ab}` for a repetition. */
export function unescape(text) {
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  return bytes.replace(/\\(?:x([0-9a-fA-F]{2})|\{(\d+)\*((?:\\x..|[^}])*)\}|([rnt0\\]))/g, (_, hex, count, what, name) => {
    if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16));
    return what === undefined ? NAMED[name] : unescape(what).repeat(Number(count));
  });
}

const NAMES = { "\r": "\\r", "\n": "\\n", "\t": "\\t", "\0": "\\0", "\\": "\\\\" };

/** The text that stands for bytes. */
export function escape(bytes) {
  return bytes.replace(/[^\x20-\x5b\x5d-\x7e]/g, (one) => NAMES[one] ?? `\\x${hex(one)}`);
}

function hex(one) {
  return one.charCodeAt(0).toString(16).padStart(2, "0");
}

/** A string literal between double quotes; `other` writes what is not printable. */
function quoted(text, other) {
  const named = { "\r": "\\r", "\n": "\\n", "\\": "\\\\", '"': '\\"' };
  return `"${text.replace(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, (one) => named[one] ?? other(one))}"`;
}

/** Literals in lines that end where those of HTTP do. */
function inLines(text, literal, indent) {
  const lines = text.match(/[^\n]*\n|[^\n]+/g) ?? [""];
  return lines.map(literal).join(`\n${indent}`);
}

const pascal = (name) => name.replace(/(?:^|[-_])(.)/g, (_, one) => one.toUpperCase());
const camel = (name) => name.replace(/[-_](.)/g, (_, one) => one.toUpperCase());

/** What writes nothing and takes nothing, by its name in a vector. */
const PLAIN = {
  skip: "skip_content",
  close: "close_after_response",
  resume: "resume_http",
  take: "take_leftover",
  abandon: "abandon",
  release: "release",
  "hand-over": "hand_over",
};

/** What cannot be refused. */
const SURE = new Set(["take", "release"]);

/** Whether the configuration's word is one of its flags, a leniency, or a limit. */
const FLAGS = ["secure", "http2_preface", "bare_h2c", "tidy"];
const settings = (words) => words.filter((word) => word !== "fields").map((word) => word.split("="));

const rust = {
  name: "Rust",
  text: (text) => quoted(text, (one) => (one < "\x80" ? `\\x${hex(one)}` : `\\u{${hex(one)}}`)),
  bytes: (text) => `b${quoted(text, (one) => `\\x${hex(one)}`)}`,
  fields: ({ fields }) => (fields.length === 0 ? "()" : `[${fields.map(([name, value]) => `(&${rust.bytes(name)}[..], &${rust.bytes(value)}[..])`).join(", ")}]`),
  list: (list) => `&[${list.map(rust.text).join(", ")}]`,
  head: (decision) => {
    const reason = decision.reason === "" ? "" : `head.reason = ${rust.bytes(decision.reason)};\n        `;
    return `let fields = ${rust.fields(decision)};\n        let ${reason && "mut "}head = ResponseHead::new(${decision.status}, &fields);\n        ${reason}`;
  },
  decide(decision) {
    const { verb, list, by, content } = decision;
    const select = `http.select(${rust.list(list)}, Order::${pascal(by)})`;
    switch (verb) {
      case "request":
        return `{\n        let fields = ${rust.fields(decision)};\n        let head = RequestHead::new(${rust.text(decision.method)}, ${rust.text(decision.target)}, &fields);\n        told(http.send_request(&head, ${rust.list(list)}, &mut out));\n    }`;
      case "response":
        return `{\n        ${rust.head(decision)}told(http.send_response(&head, &mut out));\n    }`;
      case "inform":
        return `{\n        ${rust.head(decision)}told(http.send_informational(&head, &mut out));\n    }`;
      case "prepared":
      case "respond":
      case "reject":
        return `{\n        ${rust.head(decision)}told(http.${verb === "reject" ? verb : "respond"}(&head, ${rust.bytes(content)}, &mut out));\n    }`;
      case "select":
        return `selection = ${select};`;
      case "accept":
      case "accept-early": {
        const chosen = verb === "accept" ? "chosen" : "chosen.early()";
        const from = list.length === 0 ? "selection" : select;
        return `if let Some(chosen) = ${from} {\n        told(http.accept(${chosen}, &${rust.fields(decision)}, &mut out));\n    }`;
      }
      case "require":
        return `told(http.require(${rust.list(list)}, &${rust.fields(decision)}, &mut out));`;
      case "advertise":
        return `told(http.advertise(${rust.list(list)}));`;
      case "data":
        return `told(http.send_data(${rust.bytes(content)}, &mut out));`;
      case "end":
        return `told(http.send_end(&${rust.fields(decision)}, &mut out));`;
      case "pass":
        return `told(http.pass_content(${decision.length}));`;
      case "hand-over":
        return "told(http.hand_over().map(|_| ()));";
      default: {
        const call = `http.${PLAIN[verb]}()`;
        return SURE.has(verb) ? `${call};` : `told(${call});`;
      }
    }
  },
  step(step) {
    if (step.is === "receive") {
      // What begins a continued line is skipped, if it is a space.
      const lines = inLines(step.bytes, (line) => `${rust.bytes(line).slice(2, -1).replace(/^ /, "\\x20")}\\`, "        ");
      return `told(http.receive(\n        b"${lines.slice(0, -1)}",\n    ));`;
    }
    if (step.is === "eof") return `http.receive_eof(End::${pascal(step.end)});`;
    if (step.is === "next") return `steps(&mut http, ${step.times});`;
    return rust.decide(parseDecision(step.decision));
  },
  program({ role, words, steps }) {
    const config = settings(words).map(([name, value]) =>
      FLAGS.includes(name) ? `config.${name} = true;` : value === undefined ? `config.lenient.set("${name}", true);` : `config.limits.set("${name}", ${value});`,
    );
    const lines = steps.map(rust.step);
    const body = lines.join("\n    ");
    const uses = ["Connection", "Error", "Role", "Step", ...(config.length > 0 ? ["Config"] : [])];
    for (const name of ["End::", "Order::", "RequestHead::", "ResponseHead::"]) if (body.includes(name)) uses.push(name.slice(0, -2));
    const selects = body.includes("selection");
    return `use switchover::{${uses.sort().join(", ")}};

/// Takes so many steps, and says what each comes to.
fn steps(http: &mut Connection, times: usize) {
    for _ in 0..times {
        match http.advance() {
            Ok(Step::Event) => println!("{}", http.event().map_or("", |event| event.name())),
            Ok(Step::NeedData) => println!("need-data"),
            Ok(Step::Paused(why)) => println!("paused {}", why.name()),
            Err(error) => println!("error {} {}", error.code(), error.kind().name()),
        }
    }
}

fn told(outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        println!("refused {}", error.kind().name());
    }
}

fn main() {
${config.length > 0 ? `    let mut config = Config::default();\n    ${config.join("\n    ")}\n    let mut http = Connection::with_config(Role::${pascal(role)}, config);` : `    let mut http = Connection::new(Role::${pascal(role)});`}
    let mut out${body.includes("out") ? "" : ": Vec<u8>"} = Vec::new();
${selects ? "    let mut selection = None;\n" : ""}    ${body}
    println!("sent {} bytes", out.len());
}
`.replace(body.includes("&mut out") ? "\0" : "let mut out: Vec<u8>", "let out: Vec<u8>");
  },
};

const c = {
  name: "C",
  // An octal escape ends after three digits, whatever follows.
  text: (text) => quoted(text, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`).replaceAll("??", '?""?'),
  slice: (text) => `SWO_TEXT(${c.text(text)})`,
  fields: ({ fields }) =>
    fields.length === 0 ? "NULL, 0" : `(swo_field[]){${fields.map(([name, value]) => `{${c.slice(name)}, ${c.slice(value)}}`).join(", ")}}, ${fields.length}`,
  list: (list) => (list.length === 0 ? "NULL, 0" : `(swo_slice[]){${list.map(c.slice).join(", ")}}, ${list.length}`),
  bytes: (text) => `(const uint8_t *)${c.text(text)}, ${text.length}`,
  head: (decision) => `&(swo_response_head){${decision.status}, ${decision.reason === "" ? "{NULL, 0}" : c.slice(decision.reason)}, ${c.fields(decision)}}`,
  decide(decision) {
    const { verb, list, by, content } = decision;
    const OUT = "out, sizeof out, &written";
    const select = () => `is_selected = !swo_select(http, ${c.list(list)}, SWO_ORDER_${by.toUpperCase()}, &selection);`;
    switch (verb) {
      case "request":
        return `wrote(swo_send_request(http, &(swo_request_head){${c.slice(decision.method)}, ${c.slice(decision.target)}, ${c.fields(decision)}}, ${c.list(list)}, ${OUT}));`;
      case "response":
        return `wrote(swo_send_response(http, ${c.head(decision)}, ${OUT}));`;
      case "inform":
        return `wrote(swo_send_informational(http, ${c.head(decision)}, ${OUT}));`;
      case "prepared":
      case "respond":
        return `wrote(swo_respond(http, ${c.head(decision)}, ${c.bytes(content)}, ${OUT}));`;
      case "reject":
        return `wrote(swo_reject(http, ${c.head(decision)}, ${c.bytes(content)}, ${OUT}));`;
      case "select":
        return select();
      case "accept":
      case "accept-early": {
        const choose = list.length === 0 ? "" : `${select()}\n    `;
        const early = verb === "accept" ? "" : "swo_selection_early(&selection, &selection);\n        ";
        return `${choose}if (is_selected) {\n        ${early}wrote(swo_accept(http, &selection, ${c.fields(decision)}, ${OUT}));\n    }`;
      }
      case "require":
        return `wrote(swo_require(http, ${c.list(list)}, ${c.fields(decision)}, ${OUT}));`;
      case "advertise":
        return `told(swo_advertise(http, ${c.list(list)}));`;
      case "data":
        return `wrote(swo_send_data(http, ${c.bytes(content)}, ${OUT}));`;
      case "end":
        return `wrote(swo_send_end(http, ${c.fields(decision)}, ${OUT}));`;
      case "pass":
        return `told(swo_pass_content(http, ${decision.length}));`;
      case "take":
        return "told(swo_take_leftover(http, out, sizeof out, &written));";
      case "hand-over":
        return "told(swo_hand_over(http, out, sizeof out, &written));";
      default:
        return `told(swo_${PLAIN[verb]}(http));`;
    }
  },
  step(step) {
    if (step.is === "receive") {
      return `told(swo_receive(http, (const uint8_t *)\n        ${inLines(step.bytes, c.text, "        ")}, ${step.bytes.length}));`;
    }
    if (step.is === "eof") return `told(swo_receive_eof(http, SWO_END_${step.end.toUpperCase()}));`;
    if (step.is === "next") return `steps(http, ${step.times});`;
    return c.decide(parseDecision(step.decision));
  },
  program({ role, words, steps }) {
    const config = settings(words).map(([name, value]) => `config.${name} = ${value ?? 1};`);
    const body = steps.map(c.step).join("\n    ");
    const writes = body.includes("wrote(");
    const [tells, selects] = [writes || body.includes("told("), body.includes("selection")];
    return `#include <stdio.h>
#include <switchover.h>

${body.includes("sizeof out") ? "static uint8_t out[1 << 20];\nstatic size_t written;\n" : ""}static unsigned long sent;

/* Takes so many steps, and says what each comes to. */
static void steps(swo_conn *http, int times) {
    swo_event event;
    while (times-- > 0) {
        swo_result result = swo_next_event(http, &event);
        if (result) printf("error %u %s\\n", (unsigned)result, swo_error_name(result));
        else if (event.kind == SWO_EVENT_KIND_PAUSED) printf("paused %s\\n", swo_name(SWO_TABLE_PAUSED, event.u.paused));
        else printf("%s\\n", swo_name(SWO_TABLE_EVENT_KIND, event.kind));
    }
}
${tells ? `
static void told(swo_result result) {
    if (result) printf("refused %s\\n", swo_error_name(result));
}
` : ""}${writes ? `
static void wrote(swo_result result) {
    told(result);
    if (!result) sent += (unsigned long)written;
}
` : ""}
int main(void) {
    swo_conn *http;
${selects ? "    swo_selection selection;\n    int is_selected = 0;\n" : ""}${config.length > 0 ? `    swo_config config;\n    if (swo_config_init(&config, sizeof config)) return 1;\n    ${config.join("\n    ")}\n` : ""}    if (swo_conn_new(SWO_ROLE_${role.toUpperCase()}, ${config.length > 0 ? "&config" : "NULL"}, &http)) return 1;
    ${body}
    printf("sent %lu bytes\\n", sent);
    swo_conn_free(http);
    return 0;
}
`;
  },
};

const python = {
  name: "Python",
  bytes: (text) => `b${quoted(text, (one) => `\\x${hex(one)}`)}`,
  fields: ({ fields }) => `[${fields.map(([name, value]) => `(${python.bytes(name)}, ${python.bytes(value)})`).join(", ")}]`,
  list: (list) => `[${list.map((entry) => quoted(entry, (one) => `\\x${hex(one)}`)).join(", ")}]`,
  reason: ({ reason }) => (reason === "" ? "" : `, reason=${python.bytes(reason)}`),
  decide(decision) {
    const { verb, list, by, content, status } = decision;
    const fields = python.fields(decision);
    const select = `http.select(${python.list(list)}, Order.${by.toUpperCase()})`;
    switch (verb) {
      case "request":
        return `told(lambda: http.send_request(${python.bytes(decision.method)}, ${python.bytes(decision.target)}, ${fields}, ${python.list(list)}))`;
      case "response":
        return `told(lambda: http.send_response(${status}, ${fields}${python.reason(decision)}))`;
      case "inform":
        return `told(lambda: http.send_informational(${status}, ${fields}${python.reason(decision)}))`;
      case "prepared":
      case "respond":
      case "reject":
        return `told(lambda: http.${verb === "reject" ? verb : "respond"}(${status}, ${fields}, ${python.bytes(content)}${python.reason(decision)}))`;
      case "select":
        return `selection = ${select}`;
      case "accept":
      case "accept-early": {
        const choose = list.length === 0 ? "" : `selection = ${select}\n`;
        return `${choose}if selection:\n    told(lambda: http.accept(selection${verb === "accept" ? "" : ".early()"}, ${fields}))`;
      }
      case "require":
        return `told(lambda: http.require(${python.list(list)}, ${fields}))`;
      case "advertise":
        return `told(lambda: http.advertise(${python.list(list)}))`;
      case "data":
        return `told(lambda: http.send_data(${python.bytes(content)}))`;
      case "end":
        return `told(lambda: http.send_end(${fields}))`;
      case "pass":
        return `told(lambda: http.pass_content(${decision.length}))`;
      case "take":
      case "hand-over":
        return `told(lambda: http.${PLAIN[verb]}() and None)`;
      default:
        return `told(lambda: http.${PLAIN[verb]}())`;
    }
  },
  step(step) {
    if (step.is === "receive") return `told(lambda: http.receive_data(\n    ${inLines(step.bytes, python.bytes, "    ")}\n))`;
    if (step.is === "eof") return `http.receive_eof(clean=${step.end === "clean" ? "True" : "False"})`;
    if (step.is === "next") return `steps(${step.times})`;
    return python.decide(parseDecision(step.decision));
  },
  program({ role, words, steps }) {
    const config = settings(words).map(([name, value]) => `${name}=${value ?? "True"}`);
    const body = steps.map(python.step).join("\n");
    const uses = ["Connection", "Paused", "ProtocolError", "Role", ...(config.length > 0 ? ["Config"] : []), ...(body.includes("Order.") ? ["Order"] : [])];
    return `from switchover import ${uses.sort().join(", ")}

http = Connection(Role.${role.toUpperCase()}${config.length > 0 ? `, Config(${config.join(", ")})` : ""})
out = bytearray()


def steps(times):
    """Takes so many steps, and says what each comes to."""
    for _ in range(times):
        try:
            step = http.next_event()
        except ProtocolError as error:
            print("error", error.code, error.kind.label)
            continue
        if isinstance(step, Paused):
            print("paused", step.reason.label)
        else:
            print(step.kind.label if hasattr(step, "kind") else "need-data")


def told(decide):
    try:
        out.extend(decide() or b"")
    except ProtocolError as error:
        print("refused", error.kind.label)


${body.includes("if selection:") ? "selection = None\n" : ""}${body}
print("sent", len(out), "bytes")
`;
  },
};

const javascript = {
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

/** Takes so many steps, and says what each comes to. */
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

/** By name: the program in that language. @type {Record<string, { name: string, program(program: Program): string }>} */
export const LANGUAGES = { rust, c, python, javascript };

/** The same as a list of lines of a vector, out of its block. @returns {Program} */
export function programOf(info, lines) {
  const [role, ...words] = info.split(" ");
  const steps = [];
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
  return { role, words, steps };
}
