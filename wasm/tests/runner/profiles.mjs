// The protocol-specific questions of a test vector; must behave as `tests/rust/src/script/profiles.rs`.

import {
  agreedDeflate,
  Capsules,
  checkHttp2,
  http1Fields,
  IP_TEMPLATE,
  ipTarget,
  mayForward,
  ProfileError,
  saysCapsules,
  Splice,
  UDP_TEMPLATE,
  udpTarget,
  websocketKey,
} from "switchover";

import { fields, unhex, untext } from "./cases.mjs";
import { fields as shown } from "./lines.mjs";
import { summary } from "./text.mjs";

/**
 * The connection and the arguments of a question in a test vector.
 * @typedef {import("switchover").Connection} Connection
 * @typedef {{ connection: Connection, bytes: Uint8Array, text: string, given: [string, Uint8Array][] }} Question
 */

/** @type {Record<string, (question: Question) => string | string[]>} */
const QUESTIONS = {
  "websocket-key": ({ bytes }) => `websocket-key ${websocketKey(bytes)}`,
  subprotocol: ({ connection, text }) => `subprotocol ${subprotocol(connection, text) ?? "none"}`,
  deflate: ({ connection, text }) => `deflate ${connection.selectDeflate(ownDeflate(text)) ?? "none"}`,
  "agreed-deflate": ({ connection }) => `agreed-deflate ${agreedDeflate(headersOf(connection)) ?? "none"}`,
  "says-capsules": ({ connection }) => `says-capsules ${saysCapsules(headersOf(connection))}`,
  "udp-target": ({ connection, text }) => {
    const target = udpTarget(text || UDP_TEMPLATE, connection.request?.target ?? "");
    return `udp-target ${target === null ? "none" : `${target.host} ${target.port}`}`;
  },
  "ip-target": ({ connection, text }) => {
    const target = ipTarget(text || IP_TEMPLATE, connection.request?.target ?? "");
    return `ip-target ${target === null ? "none" : `${target.target ?? "*"} ${target.protocol ?? "*"}`}`;
  },
  capsules: ({ bytes }) => capsules(bytes),
  "may-forward": ({ text }) => `may-forward ${mayForward(text)}`,
  forwardable: ({ connection }) => `forwardable ${connection.forwardable.join(", ")}`.trimEnd(),
  "end-to-end": ({ connection }) => line("end-to-end", connection.endToEnd),
  "check-http2": ({ text, given }) => `check-http2 ${checkHttp2(text === "" ? null : Number(text), given) ?? "ok"}`,
  http2: ({ connection }) => line("http2", connection.http2Request),
  extended: ({ connection, text }) => line("extended", connection.extendedConnect(text)),
  "http2-fields": ({ connection }) => line("http2-fields", connection.http2Fields),
  http1: ({ text, given }) => {
    const [authority = "", key] = text.split(" ");
    return reasoned("http1", () => shown(http1Fields(authority, given, key)));
  },
};

/** The caller's part for particular protocols, with its `h2c` relay (`Splice`). */
export class Profiles {
  /** @type {Splice | undefined} */ #splice;

  /** @param {Connection} connection */
  constructor(connection) {
    this.connection = connection;
  }

  /**
   * Returns the lines that answer a vector's question; `undefined` for other verbs.
   * @param {string} verb
   * @param {string[]} words
   * @returns {string[] | undefined}
   */
  answer(verb, [what = "-", ...rest]) {
    const { connection } = this;
    const bytes = unhex(what);
    // A getter, because the bytes of a splice are more than some runtimes can convert to a string at once.
    const question = { connection, bytes, get text() { return untext(what); }, given: fields(rest) };
    if (verb === "splice") {
      return [reasoned("splice", () => ((this.#splice = new Splice(connection, bytes, question.given)), " ok"))];
    }
    if (verb === "from-client" || verb === "from-engine" || verb === "client-ended") return this.#move(verb, bytes);
    const answer = QUESTIONS[verb]?.(question);
    return answer === undefined ? undefined : [answer].flat();
  }

  free() {
    this.#splice?.free();
  }

  /**
   * Passes bytes, or the client's end, to the `h2c` relay (`Splice`).
   *
   * Returns a line for the bytes emitted on each side, and one for the relay's state.
   * @param {string} verb @param {Uint8Array} bytes
   */
  #move(verb, bytes) {
    const splice = this.#splice;
    if (splice === undefined) throw new Error(`${verb} without a splice`);
    if (verb === "from-client") splice.clientSent(bytes);
    else if (verb === "from-engine") splice.engineSent(bytes);
    else splice.clientEnded();
    const taken = /** @type {const} */ ([["for-engine", splice.takeForEngine()], ["for-client", splice.takeForClient()]]);
    const lines = taken.filter(([, bytes]) => bytes.length > 0).map(([name, bytes]) => `${name} ${summary(bytes)}`);
    const { isDone, isWaiting, wantsClient } = splice;
    return [...lines, `splice done=${isDone} waiting=${isWaiting} wants=${wantsClient}`];
  }
}

/** Returns the field lines of the current head, or an empty list without one. @param {Connection} connection */
function headersOf(connection) {
  const event = connection.event();
  if (event?.kind === "response" || event?.kind === "informational") return event.headers;
  const head = event?.kind === "switched" && event.response !== null ? event.response : connection.request;
  return head?.headers ?? [];
}

/** Returns a log line: the name and a head's field lines. @param {string} name @param {import("switchover").Headers | null} headers */
function line(name, headers) {
  if (headers === null) throw new Error(`${name} without a head`);
  return name + shown(headers);
}

/**
 * Returns `name`, then the output of `make` or the reason of its `ProfileError`.
 * @param {string} name @param {() => string} make
 */
function reasoned(name, make) {
  try {
    return name + make();
  } catch (error) {
    if (!(error instanceof ProfileError)) throw error;
    return `${name} ${error.reason}`;
  }
}

/** @param {Connection} connection @param {string} text */
function subprotocol(connection, text) {
  const preferences = text.replace(/ by server$/, "").split(";").map((name) => name.trim());
  return connection.selectSubprotocol(preferences.filter(Boolean), text.endsWith(" by server") ? "server" : "client");
}

/** @param {string} text @returns {import("switchover").DeflateParameters} */
function ownDeflate(text) {
  const named = text.split(" ").filter(Boolean).map((word) => {
    const [name = "", bits] = word.split("=");
    return [name.replace(/_(.)/g, (_, letter) => letter.toUpperCase()), bits === undefined ? true : Number(bits)];
  });
  return Object.fromEntries(named);
}

/** @param {Uint8Array} bytes */
function capsules(bytes) {
  const reader = new Capsules();
  /** @type {string[]} */
  const lines = [];
  const end = reasoned("capsules", () => {
    reader.receive(bytes);
    for (let next; (next = reader.nextDatagram()) !== null; ) {
      lines.push(`datagram ${next.context} ${summary(next.payload)} ${next.write().length}`);
    }
    reader.finish();
    return " end";
  });
  reader.free();
  return [...lines, end];
}
