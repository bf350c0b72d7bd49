// Generator of programs in Rust.

import { FLAGS, hex, inLines, parseDecision, pascal, PLAIN, quoted, settings, SURE } from "./words.js";

/** Printers of literals, engine calls, steps and whole programs in Rust. @type {import("./words.js").LanguageOfTexts} */
export const rust = {
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
      // Rust skips leading spaces of a continued line, so such a space is escaped.
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
