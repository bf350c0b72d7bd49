// Generator of programs in C.

import { inLines, parseDecision, PLAIN, quoted, settings } from "./words.js";

/**
 * Printers of literals, engine calls, steps and whole programs in C.
 * @type {import("./words.js").LanguageOfTexts & { slice(text: string): string }}
 */
export const c = {
  name: "C",
  // An octal escape ends after three digits, whatever follows. `?` after `?` is escaped, since trigraphs begin with two
  // of them (C17, 5.2.1.1).
  text: (text) => quoted(text, (one) => `\\${one.charCodeAt(0).toString(8).padStart(3, "0")}`).replace(/(?<=\?)\?/g, "\\?"),
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
