// Player of scenarios: runs one on the engine and records what happens. It does not use the page.
//
// A string has one character per byte.

import { Connection, errorText, Flags, ProtocolError, whyText } from "../dist/bytes.js";

import { parseDecision, textOf } from "./code.js";
import { errorLine, stepLine } from "./lines.js";

/**
 * A scenario: the peer's bytes, the offsets that cut them, and the caller's calls.
 *
 * `words` are the configuration, which follows the role in a test vector.
 * @typedef {{ role: "client" | "server", words: string[], bytes: string, cuts: number[], isEachByte: boolean,
 *   end: null | "clean" | "truncated", acts: Act[] }} Scenario
 *
 * A decision as the text of a test vector, and the position at which it is made. `events` counts the events before it
 * other than content, errors included; `data` counts the bytes of content after the latest of them. With `isEnded` the
 * end of the input was received; with `isStopped` the engine's latest step was a pause, or needed more bytes. At most
 * `at` bytes may be received before the decision; with `isAfterInput` exactly as many.
 * @typedef {{ at: number, isAfterInput: boolean, events: number, data: number, isEnded: boolean, isStopped: boolean,
 *   text: string }} Act
 *
 * An entry of the log. `from` and `to` delimit the peer's bytes that it results from.
 * @typedef {{ kind: "event" | "stop" | "error" | "decision" | "end" | "unread", name: string, line: string, from: number,
 *   to: number, fields: [string, string][], content: string, leftover: string, out: string, error: Fault | null, act: number,
 *   mark: Mark, state: any }} Entry
 * @typedef {{ code: number, kind: string, text: string, clause: string, advice: string, status: number | null,
 *   offset: number | null }} Fault
 *
 * A mark: a position in the play of a scenario. `fed` counts the peer's bytes so far, also after a switch, `acts` the
 * decisions made; the rest is as in `Act`.
 * @typedef {{ fed: number, events: number, data: number, isEnded: boolean, isStopped: boolean, acts: number,
 *   isAfterInput?: boolean }} Mark
 */

/** The maximum number of steps of a scenario, to stop one that never ends. */
const MOST_STEPS = 200_000;

/**
 * The engine's methods without arguments that send nothing.
 *
 * The keys are their verbs in a test vector.
 * @type {Record<string, string>}
 */
const PLAIN = {
  skip: "skipContent",
  close: "closeAfterResponse",
  resume: "resumeHttp",
  take: "takeLeftover",
  abandon: "abandon",
  release: "release",
  "hand-over": "handOver",
};

/** @param {string} text */
export const bytesOf = (text) => Uint8Array.from(text, (one) => one.charCodeAt(0));

/**
 * Parses the configuration that follows the role in a test vector.
 * @param {string[]} words
 */
export function configOf(words) {
  /** @param {string} name */
  const camel = (name) => name.replace(/_(.)/g, (_, one) => one.toUpperCase());
  /** @type {Record<string, any>} */
  const config = { limits: Object.create(null), lenient: Object.create(null) };
  for (const word of words.filter((word) => word !== "fields")) {
    // A link may have any words, and they stand in the programs that are copied.
    if (!/^[a-z0-9_]+(=[0-9]+)?$/.test(word)) throw new RangeError(`no word of a configuration: ${word}`);
    const [name, value] = word.split("=");
    if (value !== undefined) config.limits[camel(name)] = Number(value);
    else if (Object.hasOwn(Flags, camel(name))) config[camel(name)] = true;
    else config.lenient[camel(name)] = true;
  }
  return config;
}

class Player {
  /** @type {Entry[]} */ log = [];
  /** @type {import("./code/words.js").Step[]} The calls made, which a program repeats. */ steps = [];
  /** @type {Mark} */ mark = { fed: 0, events: 0, data: 0, isEnded: false, isStopped: false, acts: 0 };
  #position = 0;
  /** @type {import("../dist/bytes.js").Selection | null} */
  #selection = null;
  #isOver = false;
  /** True once the engine has refused further bytes. */
  #takesNoMore = false;
  /** True if the latest log entry is content, to which more may be added. */
  #isGrowing = false;
  #left = MOST_STEPS;

  /** Creates the connection of a scenario; nothing is played yet. @param {Scenario} scenario */
  constructor(scenario) {
    this.scenario = scenario;
    this.connection = new Connection(scenario.role, configOf(scenario.words));
    const places = scenario.cuts.concat(scenario.acts.map(({ at }) => at));
    this.begin = this.#state();
    this.places = [...new Set(places)].sort((one, other) => one - other);
  }

  /**
   * Plays the scenario up to a `Mark` (a position in it), or as far as possible.
   * @param {Omit<Mark, "acts">} mark
   */
  advance(mark) {
    const hasCome = () =>
      this.mark.events >= mark.events && (this.mark.events > mark.events || this.mark.data >= mark.data) && (this.mark.isEnded || !mark.isEnded) && (this.mark.isStopped || !mark.isStopped);
    const isFed = () => this.mark.fed >= mark.fed || mark.isAfterInput === false;
    while (!this.#isOver && !(hasCome() && isFed()) && this.#left-- > 0) {
      if (!hasCome() && this.#step()) continue;
      if (this.mark.fed < mark.fed) this.#feed(mark.fed);
      else if (mark.isEnded && !this.mark.isEnded) this.#end();
      else break;
    }
  }

  /**
   * Plays the rest of the scenario.
   *
   * If bytes stay unread and there was no switch, logs their number.
   */
  drain() {
    const { bytes, end } = this.scenario;
    this.advance({ fed: bytes.length, events: Infinity, data: 0, isEnded: end !== null, isStopped: true });
    const { fed } = this.mark;
    const unread = textOf(this.connection.unread);
    this.#settle();
    const hasSwitched = this.log.some(({ name }) => name === "switched");
    if (!hasSwitched && (fed < bytes.length || unread.length > 0)) this.#note("unread", "unread", `not read: ${bytes.length - fed + unread.length} bytes`, this.#position, bytes.length);
  }

  /** @param {string} text */
  decide(text) {
    const entry = this.#note("decision", text.split(" ")[0], text, this.#position, this.#position);
    entry.act = this.mark.acts++;
    try {
      const output = this.#perform(parseDecision(text));
      if (output instanceof Uint8Array) entry.out = textOf(output);
    } catch (error) {
      if (error instanceof ProtocolError) entry.error = faultOf(error);
      else entry.error = { code: 0, kind: "wrong", text: String(Object(error).message), clause: "", advice: "", status: null, offset: null };
    }
    this.#isOver = false;
    this.mark.isStopped = false;
    this.#called({ is: "do", decision: text });
    Object.assign(entry, { state: this.#state(), mark: { ...this.mark } });
    return entry;
  }

  /** Calls `nextEvent` and logs the result; false for a stop or a repeated error. */
  #step() {
    this.#called({ is: "next", times: 1 });
    let step;
    try {
      step = this.connection.nextEvent();
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      const fault = faultOf(error);
      const at = fault.offset ?? this.#position;
      // The engine throws the same error again, which is not recorded twice.
      this.#isOver = this.log.some(({ kind }) => kind === "error");
      if (!this.#isOver) this.mark.events++;
      if (!this.#isOver) this.#note("error", fault.kind, errorLine(error), at, at + 1).error = fault;
      return !this.#isOver;
    }
    const { position } = this.connection;
    this.mark.isStopped = step.kind === "need-data" || step.kind === "paused";
    if (this.mark.isStopped) {
      this.#isOver = step.kind === "paused" && step.why === "closed";
      // A copy of all that is unread, so only at the end.
      const discarded = this.#isOver ? this.connection.unread.length + this.scenario.bytes.length - this.mark.fed : 0;
      const line = stepLine(step, position, this.#shows) + (discarded > 0 ? ` discarded ${discarded}` : "");
      const last = this.log.at(-1);
      // A need for more bytes is not recorded before the first byte, nor between single bytes.
      const isSilent = this.scenario.isEachByte || this.log.length === 0;
      if (isSilent && step.kind === "need-data" && this.mark.fed < this.scenario.bytes.length) return false;
      const isKnown = last?.kind === "stop" && last.line === line && (step.kind === "paused" || last.mark.fed === this.mark.fed);
      // A pause lasts while more bytes arrive.
      if (isKnown) last.mark = { ...this.mark };
      else this.#note("stop", step.kind, line, position, position);
      return false;
    }
    const last = this.log.at(-1);
    if (step.kind === "data") {
      this.mark.data += step.data.length;
      const content = textOf(step.data);
      const before = last?.kind === "stop" && last.name === "need-data" && this.log.at(-2)?.name === "data" ? this.log.at(-2) : last;
      if (before?.name === "data") {
        // Adjacent pieces of content become one entry, however the input was cut.
        if (before !== last) this.log.pop();
        Object.assign(before, { to: position, content: before.content + content });
        Object.assign(before.mark, this.mark);
        before.state.position = position;
      } else this.#note("event", "data", "", this.#position, position).content = content;
      this.#isGrowing = true;
    } else {
      this.mark.events++;
      this.mark.data = 0;
      const entry = this.#note("event", step.kind, stepLine(step, position, this.#shows), this.#position, position);
      entry.fields = [...fieldsOf(step)];
      if (step.kind === "switched") entry.leftover = textOf(step.leftover);
    }
    this.#position = position;
    return true;
  }

  get #shows() {
    return this.scenario.words.includes("fields");
  }

  /** Passes the next piece of the input to the engine. @param {number} limit */
  #feed(limit) {
    const from = this.mark.fed;
    this.mark.isStopped = false;
    if (this.#takesNoMore) {
      this.#isOver = true;
      return;
    }
    const next = this.scenario.isEachByte ? from + 1 : (this.places.find((place) => place > from) ?? limit);
    const to = Math.min(next, limit);
    try {
      this.connection.receive(bytesOf(this.scenario.bytes.slice(from, to)));
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      // Bytes received after a switch belong to the new protocol.
      const switched = error.kind === "switched" && this.log.findLast(({ name }) => name === "switched");
      if (switched) switched.leftover += this.scenario.bytes.slice(from, to);
      else this.#isOver = this.#takesNoMore = true;
      if (this.#isOver) return;
      this.mark.fed = to;
      return;
    }
    this.mark.fed = to;
    this.#called({ is: "receive", bytes: this.scenario.bytes.slice(from, to) });
  }

  #end() {
    Object.assign(this.mark, { isEnded: true, isStopped: false });
    const end = this.scenario.end ?? "clean";
    this.connection.receiveEof(end);
    this.#called({ is: "eof", end });
    this.#note("end", end, `end ${end}`, this.mark.fed, this.mark.fed);
  }

  /** @param {import("./code/words.js").Step} step */
  #called(step) {
    const last = this.steps.at(-1);
    if (step.is === "next" && last?.is === "next") last.times++;
    else this.steps.push(step);
  }

  /** Completes the log line of the latest content, whose length is now known. */
  #settle() {
    if (!this.#isGrowing) return;
    this.#isGrowing = false;
    const entry = this.log.findLast(({ name }) => name === "data");
    if (entry === undefined) return;
    entry.line = stepLine({ kind: "data", data: entry.content }, entry.to, false);
  }

  /** @param {Entry["kind"]} kind @param {string} name @param {string} line @param {number} from @param {number} to @returns {Entry} */
  #note(kind, name, line, from, to) {
    this.#settle();
    const entry = { kind, name, line, from, to, fields: [], content: "", leftover: "", out: "", error: null, act: -1, mark: { ...this.mark }, state: this.#state() };
    this.log.push(entry);
    return entry;
  }

  #state() {
    const { state, why, awaiting, owes, persists, maySpeak, closing } = this.connection;
    const { position } = this.connection;
    return { ...state, position, why: why === null ? "" : whyText(why), awaiting, owes, persists, maySpeak, closing };
  }

  /** @param {import("./code/words.js").Decision} decision */
  #perform(decision) {
    const { connection } = this;
    const { verb, list } = decision;
    const headers = decision.fields.map(([name, value]) => /** @type {[string, Uint8Array]} */ ([name, bytesOf(value)]));
    const reason = decision.reason === "" ? {} : { reason: decision.reason };
    const response = { status: decision.status, ...reason, headers };
    switch (verb) {
      case "request":
        return connection.sendRequest({ method: decision.method, target: decision.target, offer: list, headers });
      case "response":
        return connection.sendResponse(response);
      case "inform":
        return connection.sendInformational(response);
      case "prepared":
      case "respond":
        return connection.respond(response, bytesOf(decision.content));
      case "reject":
        return connection.reject(response, bytesOf(decision.content));
      case "select":
        this.#selection = connection.select(list, decision.by);
        return undefined;
      case "accept":
      case "accept-early": {
        if (list.length > 0) this.#selection = connection.select(list, decision.by);
        if (this.#selection === null) throw new Error("nothing of the offer matches");
        return connection.accept(verb === "accept" ? this.#selection : this.#selection.early(), headers);
      }
      case "require":
        return connection.require(list, headers);
      case "advertise":
        return connection.advertise(list);
      case "data":
        return connection.sendData(bytesOf(decision.content));
      case "end":
        return connection.sendEnd(headers);
      case "pass":
        return connection.passContent(decision.length);
      default:
        if (PLAIN[verb] === undefined) throw new Error(`${verb} is no decision`);
        return void (/** @type {any} */ (connection)[PLAIN[verb]]());
    }
  }
}

/** @param {ProtocolError} error @returns {Fault} */
function faultOf(error) {
  const { code, kind, clause, advice, status, offset } = error;
  return { code, kind, text: errorText(kind), clause, advice, status, offset };
}

/** Returns the field lines of an event, but not of a server's switch. @param {import("../dist/bytes.js").Step} step @returns {Iterable<[string, string]>} */
function fieldsOf(step) {
  if (step.kind === "end-of-message") return step.trailers ?? [];
  if (step.kind === "switched") return step.response?.headers ?? [];
  return "headers" in step ? step.headers : [];
}

/**
 * @param {Scenario} scenario @returns {{ log: Entry[], steps: import("./code/words.js").Step[], begin: object }} `begin` is the initial state
 */
export function play(scenario) {
  const player = new Player(scenario);
  try {
    for (const act of scenario.acts) {
      player.advance({ ...act, fed: act.at });
      player.decide(act.text);
    }
    player.drain();
    return { log: player.log, steps: player.steps, begin: player.begin };
  } finally {
    player.connection.free();
  }
}

/**
 * Tries each decision at a mark of a scenario; returns their errors, or `null`s.
 *
 * Each has a connection of its own, as only the engine knows what is allowed. The result does not depend on the cuts.
 * @param {Scenario} given @param {Mark} mark @param {string[]} decisions @returns {(Fault | null)[]}
 */
export function tryAll(given, mark, decisions) {
  const scenario = { ...given, isEachByte: false, cuts: [] };
  return decisions.map((decision) => {
    const player = new Player(scenario);
    try {
      for (const act of scenario.acts.slice(0, mark.acts)) {
        player.advance({ ...act, fed: act.at });
        player.decide(act.text);
      }
      player.advance(mark);
      return player.decide(decision).error;
    } finally {
      player.connection.free();
    }
  });
}
