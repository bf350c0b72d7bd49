// The caller's side of a test vector: maps each decision to a method of the connection, and answers each question.

import { Limits, Prepared, ProtocolError } from "switchover";

import { fields, limits, list, unhex, untext } from "./cases.mjs";
import { offersLine, stepLine } from "./lines.mjs";
import { Profiles } from "./profiles.mjs";
import { escape, hex, summary } from "./text.mjs";

/** @typedef {import("switchover").Connection} Connection */

/** @type {Record<string, (connection: Connection) => string[]>} */
const QUESTIONS = {
  why: ({ why }) => [`why ${why ?? "none"}`],
  awaiting: ({ awaiting }) => [`awaiting ${awaiting}`],
  "may-speak": ({ maySpeak }) => [`may-speak ${maySpeak}`],
  closing: ({ closing }) => [`closing ${closing}`],
  "wants-input": ({ wantsInput }) => [`wants-input ${wantsInput}`],
  required: ({ required }) => [`required ${required.join(", ")}`.trimEnd()],
  agreed: ({ agreed }) => [`agreed ${agreed.join(", ")}`.trimEnd()],
  unanswered: ({ unanswered }) => [`unanswered ${unanswered}`],
  unread: ({ unread }) => [`unread ${summary(unread)}`],
  owes: ({ owes }) => [`owes ${owes}`],
  persists: ({ persists }) => [`persists ${persists}`],
  content: ({ content: { kind, length } }) => [`content ${kind}${kind === "length" || kind === "chunked" ? ` ${length}` : ""}`],
  event: (connection) => {
    const event = connection.event();
    return [`event ${event === null ? "none" : stepLine(event, connection.position, true, 0)}`];
  },
  "take-end": (connection) => [`taken ${connection.takeEnd()}`],
  request: ({ request }) => [request === null ? "request none" : `request ${request.method} ${request.target}`],
  offers: ({ request }) => [offersLine(request)],
  trace: (connection) => connection.trace().map(({ step, number, offset }) => `trace ${step} ${number} @${offset}`),
};

/** @type {Record<string, string>} */
const SHORT = { skip: "skipContent", close: "closeAfterResponse", resume: "resumeHttp", take: "takeLeftover" };

/** The caller in a test case: its connection, and the values that its calls need. */
export class Host {
  /** @param {Connection} connection @param {import("switchover").Config} config */
  constructor(connection, config) {
    this.connection = connection;
    this.config = config;
    /** @type {import("switchover").Selection | null} */
    this.selection = null;
    this.profiles = new Profiles(connection);
  }

  /**
   * Makes a call of a test case; returns its result, output and error as log lines.
   * @param {string} verb
   * @param {string[]} words
   * @returns {string[]}
   */
  perform(verb, words) {
    // The verb `request` without arguments is the question for the current request.
    const question = words.every((word) => word === "-") ? QUESTIONS[verb] : undefined;
    if (question !== undefined) return question(this.connection);
    const answer = this.profiles.answer(verb, words);
    if (answer !== undefined) return answer;
    const lines = this.#attempt(verb, words);
    if (!lines.at(-1)?.startsWith("?")) return lines;
    // An error has changed nothing, so the same call must fail again. The Rust runner also calls twice, which the trace
    // shows.
    const again = this.#attempt(verb, words);
    if (again.join() !== lines.join()) throw new Error(`refused with ${lines}, then ${again}`);
    return again;
  }

  /** @param {string} verb @param {string[]} words */
  #attempt(verb, words) {
    /** @type {string[]} */
    const lines = [];
    try {
      const output = this.#decide(verb, words, lines);
      if (output instanceof Uint8Array && output.length > 0) lines.push(`> ${hex(output)}`);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      lines.push(`? ${error.kind}`);
    }
    return lines;
  }

  /** @param {string} verb @param {string[]} words @param {string[]} lines @returns {Uint8Array | void} */
  #decide(verb, words, lines) {
    const { connection } = this;
    const [first = "-", second = "-", third = "-"] = words;
    switch (verb) {
      case "request": {
        const method = untext(first);
        const request = { method, target: untext(second), offer: list(third), headers: fields(words.slice(3)) };
        return connection.sendRequest(request);
      }
      case "response":
      case "respond":
      case "reject":
      case "prepared": {
        const reason = second === "-" ? {} : { reason: untext(second) };
        const lines = words.filter((word) => word.includes(":"));
        const response = { status: Number(first), ...reason, headers: fields(lines) };
        if (verb === "response") return connection.sendResponse(response);
        const content = third.includes(":") ? undefined : unhex(third);
        if (verb === "respond") return connection.respond(response, content);
        if (verb === "reject") return connection.reject(response, content);
        const prepared = new Prepared(response, content, this.config);
        try {
          return connection.respondPrepared(prepared);
        } finally {
          prepared.free();
        }
      }
      case "limits":
        return connection.setLimits({ ...Limits, ...this.config.limits, ...limits(words) });
      case "hand-over":
        return void lines.push(`handed ${summary(connection.handOver())}`);
      case "inform":
        return connection.sendInformational({ status: Number(first), headers: fields(words.slice(1)) });
      case "select":
        this.selection = this.#select(first, second, lines);
        return;
      case "accept":
      case "accept-early": {
        const selection = second === "-" ? this.selection : this.#select(first, second, lines);
        if (selection === null) return;
        const headers = fields(words.slice(2));
        return connection.accept(verb === "accept" ? selection : selection.early(), headers);
      }
      case "require":
        return connection.require(list(first), fields(words.slice(1)));
      case "parts": {
        const { prefix, suffix } = connection.sendDataParts(Number(first));
        const text = (/** @type {Uint8Array} */ part) => escape(String.fromCharCode(...part));
        lines.push(`parts "${text(prefix)}" "${text(suffix)}"`);
        return;
      }
      case "end":
        return connection.sendEnd(fields(words));
      case "data":
        return connection.sendData(unhex(first));
      default:
        return void this.#act(verb, first);
    }
  }

  /**
   * Calls a method of the connection that returns no bytes to send.
   * @param {string} verb @param {string} first
   */
  #act(verb, first) {
    const { connection } = this;
    switch (verb) {
      case "advertise":
        return connection.advertise(list(first));
      case "pass":
        return connection.passContent(Number(first));
      case "receive":
        return connection.receive(unhex(first));
      default: {
        // A verb without arguments is the name of a method, unless `SHORT` has another name for it.
        const name = SHORT[verb] ?? verb.replace(/-./g, (letter) => letter.slice(1).toUpperCase());
        const verbs = /** @type {Record<string, () => void>} */ (/** @type {unknown} */ (connection));
        if (typeof verbs[name] !== "function") throw new Error(`${verb} is no decision`);
        return void verbs[name]();
      }
    }
  }

  /** @param {string} by @param {string} preferences @param {string[]} lines */
  #select(by, preferences, lines) {
    const selection = this.connection.select(list(preferences), by === "server" ? "server" : "client");
    if (selection === null) lines.push("selected nothing");
    return selection;
  }
}
