// Generator of programs in Python.

import { hex, inLines, parseDecision, PLAIN, quoted, settings } from "./words.js";

/**
 * Printers of literals, engine calls, steps and whole programs in Python.
 * @type {import("./words.js").Language & { reason(decision: import("./words.js").Decision): string }}
 */
export const python = {
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
