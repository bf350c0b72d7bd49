// Prints the playground's menu and diagrams into `generated/`: vectors of tests/vectors, and the diagrams of core/docs/states.md.

import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";

const ROOT = new URL("../../", import.meta.url);
const GENERATED = new URL("generated/", import.meta.url);

/** The titles of the menu, and the names of the vectors below each. */
const MENU = {
  "An exchange": `
    keep-alive-default respond-chunked chunks trailers pipeline-of-three expect-100-then-content client-waits
    early-final-response http-1.0-until-close response-until-close response-204 send-length send-chunked reject-half-head
    connect-form client-connect-200`,
  "An upgrade": `
    accept-simple accept-with-body accept-early-length expect-100-then-101 leftover-get-accepted decline-with-body
    decline-early-speaker require-426 offer-server-order offer-without-option client-101-fields client-101-not-offered
    client-declined client-426 resume-server resume-client`,
  "A particular protocol": `
    offer-websocket ws-no-key ws-client-wrong-accept h2c-accept h2c-no-settings offer-h2-preface-allowed tls-mandatory
    tls-client-stripped udp-bad-target ip-accept`,
  "A capture": `
    capture-chromium-156-websocket-request capture-chromium-156-websocket-response
    capture-curl-7.88.1-h2c-post-expect-request capture-curl-7.88.1-h2c-post-expect-response
    capture-docker-28.2.2-attach-request capture-docker-28.2.2-attach-response
    capture-cups-2.4.2-real-lpstat-and-cupsd-request capture-cups-2.4.2-real-lpstat-and-cupsd-response
    capture-kubectl-1.32.4-exec-ws-request capture-nginx-1.22.1-proxy-upstream-ws-request
    capture-haproxy-2.6.12-proxy-upstream-hijack-coalesced-response capture-node-20.20.2-http-upgrade-426-response`,
  "A smuggling case": `
    chunked-and-length length-lines-differ length-signed length-space-inside coding-chunked-twice coding-similar-name
    coding-not-final coding-in-1.0 field-space-before-colon field-bare-cr field-bare-lf fold-in-request fold-framing-field
    chunk-size-signed chunk-line-bare-lf chunk-data-too-long host-twice leftover-get-declined unsolicited response-both`,
  "Another mistake": `
    two-spaces-before-target tls-hello version-2 host-missing absolute-form-userinfo end-inside-content send-injected-crlf
    send-both-framings respond-data-too-early answered-twice`,
};

/** The beginnings of diagram headings in states.md, and the page's names for them. */
const DIAGRAMS = { "One exchange": "exchange", "The directions": "directions", "The effect": "upgrade" };

/**
 * Reads a text of the repository.
 * @param {string} path
 */
function read(path) {
  return readFileSync(new URL(path, ROOT), "utf8");
}

/** Returns all test vectors by name, without the lists of requirements they prove. */
function vectors() {
  const files = readdirSync(new URL("tests/vectors", ROOT), { recursive: true }).map(String);
  const sections = files.filter((file) => file.endsWith(".md")).flatMap((file) => read(`tests/vectors/${file}`).split("\n## ").slice(1));
  return new Map(
    sections.flatMap((section) => {
      const [, name, about, info, block] = section.match(/^(.*)\n+([^]*?)\n\n[^]*?\n?```(.*)\n([^]*?)\n```/) ?? [];
      return block === undefined ? [] : [[name, { name, about: about.split(/\s+/).join(" "), info, lines: block.split("\n") }]];
    }),
  );
}

/** Returns the arrows of each diagram by role: from, to, by what input. */
function diagrams() {
  /** @type {Record<string, Record<string, string[][]>>} */
  const roles = { client: {}, server: {} };
  let [role, diagram] = ["", ""];
  for (const line of read("core/docs/states.md").split("\n")) {
    const [, heading] = line.match(/^#+ (.*)/) ?? [];
    if (heading !== undefined) {
      role = { "The client": "client", "The server": "server" }[heading] ?? role;
      diagram = Object.entries(DIAGRAMS).find(([begin]) => heading.startsWith(begin))?.[1] ?? "";
    }
    const arrow = line.match(/^\s*(.*?) --> (.*?) : (.*)/)?.slice(1);
    if (arrow && diagram !== "") (roles[role][diagram] ??= []).push(arrow);
  }
  for (const drawn of Object.values(roles)) {
    if (Object.keys(drawn).length !== Object.keys(DIAGRAMS).length) throw new Error("states.md lacks a diagram of a role");
  }
  return roles;
}

/**
 * Writes a module with one constant.
 * @param {string} file @param {string} name @param {unknown} value
 */
function print(file, name, value) {
  const text = `// Printed by print.mjs; do not edit.\nexport const ${name} = ${JSON.stringify(value, null, 2)};\n`;
  writeFileSync(new URL(file, GENERATED), text);
}

const found = vectors();
const groups = Object.entries(MENU).map(([title, names]) => {
  const cases = names.trim().split(/\s+/).map((name) => {
    if (!found.has(name)) throw new Error(`no vector is ${name}`);
    return found.get(name);
  });
  return { title, cases };
});
mkdirSync(GENERATED, { recursive: true });
print("cases.js", "GROUPS", groups);
print("states.js", "STATES", diagrams());
